"""The client against the server it is made for, over a real socket."""

import datetime
import decimal
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

import veil
from tests.serving import Home, serve
from tests.veil.cli.terminal import Terminal
from veil import context

DATASET = "medical_charges.medical_costs"
ENDLESS = f"select count(*) from {DATASET} a, {DATASET} b, {DATASET} c, {DATASET} d where a.age * b.age + c.age < d.bmi"


@pytest.fixture
def analyst(clinic_url: str, clinic_token: Callable[[str], str]) -> Iterator[veil.Connection]:
    with veil.connect(clinic_url, token=clinic_token("demo_user2")) as connection:
        yield connection


def test_a_scan_is_governed_and_says_so(analyst: veil.Connection) -> None:
    frame = analyst.scan_as_pandas(DATASET, max_records=100_000)
    assert "phone" not in frame.columns
    assert frame["mrn"].str.fullmatch("[0-9a-f]{32}").all()
    assert set(frame["opted_out"]) == {0}
    [told] = frame.attrs["veil"]["datasets"]
    assert {column["column"]: column["outcome"] for column in told["columns"]}["mrn"] == "masked"


def test_the_notebook_idiom_sees_the_same(clinic_url: str, clinic_token: Callable[[str], str]) -> None:
    ctx = context()
    ctx.enable_token_auth(token_str=clinic_token("demo_user2"))
    with ctx.connect(host="127.0.0.1", port=int(clinic_url.rpartition(":")[2])) as conn:
        assert len(conn.scan_as_pandas(DATASET, max_records=10)) == 10
        assert len(conn.scan_as_pandas(f"select * from {DATASET} order by id", max_records=10)) == 10
        assert conn.list_databases() == ["medical_charges"]
        assert conn.list_dataset_names("medical_charges") == [DATASET]


def test_parameters_keep_their_types(analyst: veil.Connection) -> None:
    sent = [7, "x", 0.5, True, None, datetime.date(2026, 1, 31), decimal.Decimal("1.50"), b"\x00\xff"]
    row = analyst.query(f"select {', '.join('?' * len(sent))}", sent).to_arrow()
    assert [column[0].as_py() for column in row.columns] == sent


def test_a_comparison_with_a_masked_column_is_noticed(analyst: veil.Connection) -> None:
    with pytest.warns(veil.AccessNotice, match="mrn"):
        result = analyst.query(f"select count(*) from {DATASET} where mrn = 'MRN-9463348'")
    assert result.to_arrow().column(0).to_pylist() == [0]


def test_what_is_described_is_what_is_seen(analyst: veil.Connection) -> None:
    described = analyst.describe(DATASET)
    seen = analyst.query(f"select * from {DATASET} limit 0").to_arrow().column_names
    assert [column.name for column in described.columns] == seen
    assert analyst.datasets()[0].full_name == DATASET
    assert analyst.whoami()["user"] == "demo_user2"


def test_explain_names_the_policy_and_runs_nothing(analyst: veil.Connection) -> None:
    text = str(analyst.explain(f"select mrn from {DATASET}"))
    assert "analysts-medical" in text
    assert "◐ mrn" in text
    with pytest.raises(veil.AccessDenied):
        analyst.explain("select 1", user="demo_admin")


def test_pandas_reads_through_the_cursor(analyst: veil.Connection) -> None:
    with pytest.warns(UserWarning, match="SQLAlchemy"):
        frame = pd.read_sql(f"select id, age from {DATASET} where age > ? order by id", analyst, params=[60])
    assert list(frame.columns) == ["id", "age"]
    assert frame["age"].min() > 60


def test_a_wrong_token_says_how_to_get_one(clinic_url: str) -> None:
    with veil.connect(clinic_url, token="veil_wrong") as connection, pytest.raises(veil.AuthenticationError) as caught:
        connection.datasets()
    assert "veil token create" in str(caught.value)


def test_an_answer_too_wide_for_its_header_still_tells_its_access(tmp_path: Path) -> None:
    """Many columns make a summary that no header holds."""
    columns = [f"measurement_number_{number}" for number in range(120)]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "wide.csv").write_text(f"{','.join(columns)}\n{','.join('1' * 120)}\n")
    (tmp_path / "wide.yaml").write_text(
        "veil: 1\nsources: {s: {connector: files, path: ./data}}\ndatabases: {lab: {}}\n"
        "datasets: {lab.wide: {source: s, relation: wide.csv}}\nusers: {ada: {groups: [admin]}}\n"
    )
    home = Home(path=tmp_path / "home")
    home.veil("init")
    home.veil("apply", tmp_path / "wide.yaml")
    token = home.token("ada")
    with serve(home) as server, veil.connect(server.url, token=token) as connection:
        result = connection.query("select * from lab.wide")
        assert len(result.access["datasets"][0]["columns"]) == 120
        assert result.to_arrow().num_rows == 1


@pytest.mark.slow
def test_interrupting_a_query_cancels_it_on_the_server_and_the_journal_says_so(
    clinic_home: Home, clinic_url: str, clinic_token: Callable[[str], str]
) -> None:
    script = (
        f"import veil\nwith veil.connect() as c:\n    print('asking', flush=True)\n    c.query({ENDLESS!r}).to_arrow()"
    )
    environment = {**os.environ, "VEIL_URL": clinic_url, "VEIL_TOKEN": clinic_token("demo_user2")}
    began_at = datetime.datetime.now(datetime.UTC)
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    assert child.stdout is not None
    child.stdout.readline()
    _wait_for(clinic_home, began_at, "query:begin", "allow")
    child.send_signal(signal.SIGINT)
    _, stderr = child.communicate(timeout=30)
    assert b"KeyboardInterrupt" in stderr
    _wait_for(clinic_home, began_at, "query:end", "cancel")


def test_commands_ask_a_server_when_no_home_is_given(
    clinic_url: str, clinic_token: Callable[[str], str], tmp_path: Path
) -> None:
    analyst = Terminal(tmp_path, VEIL_URL=clinic_url, VEIL_TOKEN=clinic_token("demo_user2"))
    rows = analyst.run("query", f"select id from {DATASET} order by id limit 2", "-f", "json").json()["rows"]
    assert rows == [[1], [2]]
    assert "analysts-medical" in analyst.run("explain", f"select mrn from {DATASET}").out
    assert {event["user"] for event in analyst.run("audit", "search", "-f", "json").json()} == {"demo_user2"}
    complaint = analyst.run("query", "select phone from medical_charges.medical_costs", expect=1).err
    assert complaint.startswith("error: ")
    assert "  id       " in complaint
    (tmp_path / "roles.yaml").write_text("veil: 1\nroles: {nurses: {groups: [nurses]}}\n")
    assert "admin" in analyst.run("plan", "roles.yaml", expect=1).err
    admin = Terminal(tmp_path, VEIL_URL=clinic_url, VEIL_TOKEN=clinic_token("demo_admin"))
    assert "role nurses" in admin.run("plan", "roles.yaml", expect=2).out
    (tmp_path / "more").mkdir()
    assert "one document" in admin.run("plan", "more", expect=1).err


def _wait_for(home: Home, began_at: datetime.datetime, kind: str, verdict: str) -> None:
    ask = ("audit", "search", "--user", "demo_user2", "--from", began_at.isoformat(), "--kind", kind)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if verdict in home.veil(*ask):
            return
    raise AssertionError(f"no {kind} with {verdict}: {home.veil('audit', 'search')}")
