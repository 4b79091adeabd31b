"""A wrong call gets the documented error, in the reader's words, and changes nothing."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import veil
from tests.serving import Home, govern_clinic

DATASET = "medical_charges.medical_costs"

WRONG_SQL = {
    "an unknown dataset": ("select * from medical_charges.medical_cots", 404, "unknown_dataset", veil.AccessDenied),
    "an unknown database": ("select * from nowhere.medical_costs", 404, "unknown_dataset", veil.AccessDenied),
    "a hidden column": (f"select phone from {DATASET}", 422, "unknown_column", veil.QueryError),
    "a misspelt column": (f"select chrages from {DATASET}", 422, "unknown_column", veil.QueryError),
    "broken SQL": (f"selec id from {DATASET}", 400, "sql_invalid", veil.QueryError),
    "nothing": ("", 400, "sql_invalid", veil.QueryError),
    "a second statement": (f"select 1; select * from {DATASET}", 422, "sql_unsupported", veil.NotSupportedError),
    "an INSERT": (f"insert into {DATASET} values (1)", 422, "sql_unsupported", veil.NotSupportedError),
    "a DELETE in a CTE": (
        f"with gone as (delete from {DATASET} returning *) select * from gone",
        422,
        "sql_unsupported",
        veil.NotSupportedError,
    ),
    "a file": ("select * from read_csv('/etc/passwd')", 422, "sql_unsupported", veil.NotSupportedError),
    "a file by its name": ("select * from '/etc/passwd'", 404, "unknown_dataset", veil.AccessDenied),
    "a setting": ("select current_setting('memory_limit')", 422, "sql_unsupported", veil.NotSupportedError),
}


@pytest.fixture(scope="module")
def analyst(clinic_url: str, clinic_token: Callable[[str], str]) -> Iterator[veil.Connection]:
    with veil.connect(clinic_url, token=clinic_token("demo_user2")) as connection:
        yield connection


@pytest.mark.parametrize("title", WRONG_SQL)
def test_wrong_sql_is_told_in_http_and_in_python(
    title: str, analyst: veil.Connection, clinic_url: str, clinic_token: Callable[[str], str]
) -> None:
    sql, status, code, kind = WRONG_SQL[title]
    answered, problem = _post(clinic_url, clinic_token("demo_user2"), {"sql": sql})
    assert (answered, problem["code"]) == (status, code), problem
    assert {"type", "title", "status", "detail", "code", "decision_id"} <= set(problem)
    with pytest.raises(kind) as error:
        analyst.query(sql).to_arrow()
    assert error.value.code == code
    assert "Traceback" not in str(error.value)


def test_a_hidden_column_is_no_suggestion(analyst: veil.Connection) -> None:
    with pytest.raises(veil.QueryError) as misspelt:
        analyst.query(f"select phon from {DATASET}").to_arrow()
    assert "phone" not in str(misspelt.value)


@pytest.mark.parametrize("token", ["", "x", "veil_" + "A" * 43])
def test_a_token_that_nobody_gave_out_is_refused(token: str, clinic_url: str) -> None:
    status, problem = _post(clinic_url, token, {"sql": "select 1"})
    assert (status, problem["code"]) == (401, "not_authenticated")


def test_a_dataset_whose_filter_names_a_missing_column_stays_closed(tmp_path: Path) -> None:
    """A grant that cannot be judged gives nothing; it does not give everything."""
    home = govern_clinic(tmp_path)
    document = tmp_path / "wrong.yaml"
    document.write_text(
        "veil: 1\nroles: {guests: {groups: [guests]}}\nusers: {gus: {groups: [guests]}}\npolicies:\n"
        "  - {policy: guests, grant: select, to: [guests], scope: medical_charges, where: opted_in = 1, why: example}\n"
    )
    home.veil("apply", document, expect=None)
    assert "medical_costs" not in home.veil("can", "gus", expect=None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("veil: 1\npolicies:\n  - {policy: p, grant: select, to: [r], scoop: '*', why: x}\n", "scope"),
        ("veil: 1\npolices: []\n", "policies"),
        ("veil: 1\nsources: {s: {connector: flies, path: .}}\n", "files"),
        ("veil: 1\ntags: {phi.mrn: {level: secret}}\n", "restricted"),
        ("veil: [1\n", "line"),
    ],
)
def test_a_wrong_document_names_what_was_meant_and_changes_nothing(
    text: str, told: str, clinic_home: Home, tmp_path: Path
) -> None:
    before = _export(clinic_home, tmp_path / "before")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text)
    for verb in ("plan", "apply"):
        said = clinic_home.complaint(verb, wrong)
        assert told in said
        assert "Traceback" not in said
    assert _export(clinic_home, tmp_path / "after") == before


def test_an_unreadable_file_is_reported_and_the_others_are_crawled(tmp_path: Path) -> None:
    home = govern_clinic(tmp_path)
    data = tmp_path / "documents" / "data"
    (data / "broken.parquet").write_bytes(b"this is no parquet file")
    (data / "wards.csv").write_text("ward,beds\nnorth,12\nsouth,14\n")
    said = home.veil("crawl", "clinic", "--into", "medical_charges", expect=None)
    assert "broken" in said
    assert "wards" in home.veil("can", "demo_admin")
    assert "broken" not in home.veil("can", "demo_admin")


def _post(url: str, token: str, body: dict[str, object]) -> tuple[int, dict[str, object]]:
    request = urllib.request.Request(
        f"{url}/api/v1/query",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)
    with refused.value as answer:
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        return answer.code, json.loads(answer.read())


def _export(home: Home, folder: Path) -> dict[str, str]:
    home.veil("export", folder)
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.yaml"))}
