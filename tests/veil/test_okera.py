"""The tutorial's notebook cell works as it stands."""

import pyarrow as pa
import pytest

import veil
from tests.veil.peer import Peer
from veil import context

TABLE = pa.table({"id": [1, 2, 3], "name": ["a", "b", None]})


def port(server: Peer) -> int:
    return int(server.url.rpartition(":")[2])


def test_the_notebook_cell_of_the_tutorial(server: Peer) -> None:
    server.gives(TABLE)
    ctx = context()
    ctx.enable_token_auth(token_str="veil_secret")
    with ctx.connect(host="127.0.0.1", port=port(server), ssl=False) as conn:
        frame = conn.scan_as_pandas("medical_charges.medical_costs", max_records=100000, strings_as_utf8=True)
    assert frame["name"].tolist()[:2] == ["a", "b"]
    assert frame.attrs["veil"]["revision"] == 41
    assert server.asked[0].body["sql"] == 'select * from "medical_charges"."medical_costs" limit 100000'
    assert server.asked[0].headers["Authorization"] == "Bearer veil_secret"


def test_no_token_is_sent_that_was_not_given_here_or_was_taken_back(
    server: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEIL_TOKEN", "veil_of_another_server")
    server.answers(lambda exchange: exchange.json({"datasets": []}))
    never, back = context(), context()
    back.enable_token_auth(token_str="veil_secret")
    back.disable_auth()
    for ctx in (never, back):
        with ctx.connect("127.0.0.1", port(server)) as conn:
            assert conn.list_databases() == []
    assert ["Authorization" in asked.headers for asked in server.asked] == [False, False]


@pytest.mark.parametrize("sql", ["select * from a.b", "-- all\nWITH x AS (select 1) select * from x", "(select 1)"])
def test_sql_is_sent_untouched_and_cut_on_this_side(server: Peer, sql: str) -> None:
    server.gives(TABLE)
    with context().connect("127.0.0.1", port(server)) as conn:
        assert conn.scan_as_pandas(sql, max_records=2)["id"].tolist() == [1, 2]
        assert len(conn.scan_as_pandas(sql)) == 3
        assert len(conn.scan_as_pandas(sql, max_records=0)) == 0
    assert server.asked[0].body["sql"] == sql


def test_a_dataset_may_be_called_like_a_keyword(server: Peer) -> None:
    server.gives(TABLE)
    with context().connect("127.0.0.1", port(server)) as conn:
        conn.scan_as_pandas("select.values")
    assert server.asked[0].body["sql"] == 'select * from "select"."values"'


def test_text_may_come_as_bytes(server: Peer) -> None:
    server.gives(TABLE)
    with context().connect("127.0.0.1", port(server)) as conn:
        assert conn.scan_as_pandas("a.b", strings_as_utf8=False)["name"].tolist() == [b"a", b"b", None]


def test_databases_and_datasets_are_listed(server: Peer) -> None:
    found = [{"database": "b", "name": "x"}, {"database": "a", "name": "y"}, {"database": "b", "name": "z"}]
    server.answers(lambda exchange: exchange.json({"datasets": found}))
    with context().connect("127.0.0.1", port(server)) as conn:
        assert conn.list_databases() == ["a", "b"]
        assert [dataset.name for dataset in conn.list_datasets("B")] == ["x", "z"]
        assert conn.list_dataset_names() == ["b.x", "a.y", "b.z"]


def test_an_empty_token_and_a_negative_count_are_refused(server: Peer) -> None:
    with pytest.raises(veil.InterfaceError, match="token is empty"):
        context().enable_token_auth(token_str=" ")
    with context().connect("127.0.0.1", port(server)) as conn, pytest.raises(veil.ProgrammingError, match="count"):
        conn.scan_as_pandas("a.b", max_records=-1)
