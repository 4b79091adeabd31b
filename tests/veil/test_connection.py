"""A connection asks as the contract says, and tells apart what can go wrong on the way."""

import socket
import time
import warnings

import pyarrow as pa
import pytest

import veil
from tests.veil.peer import ACCESS, Exchange, Peer, unused_port

TABLE = pa.table({"id": [1, 2], "email": ["t1", "t2"]})


def test_a_query_sends_sql_parameters_database_and_token(server: Peer) -> None:
    server.gives(TABLE)
    with veil.connect(server.url, token="veil_secret", database="shop", purpose="billing") as connection:
        connection.query("select * from orders where id > ?", [0]).to_arrow()
    asked = server.asked[0]
    assert (asked.method, asked.path) == ("POST", "/api/v1/query")
    assert asked.body == {
        "sql": "select * from orders where id > ?",
        "params": [0],
        "database": "shop",
        "format": "arrow",
        "purpose": "billing",
    }
    assert asked.headers["Authorization"] == "Bearer veil_secret"
    assert asked.headers["User-Agent"] == f"veil-python/{veil.__version__}"


def test_address_and_token_may_stand_in_the_environment(server: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEIL_URL", server.url + "/")
    monkeypatch.setenv("VEIL_TOKEN", "veil_other")
    server.answers(lambda exchange: exchange.json({"user": "kim"}))
    with veil.connect() as connection:
        assert connection.whoami() == {"user": "kim"}
    assert server.asked[0].path == "/api/v1/whoami"
    assert server.asked[0].headers["Authorization"] == "Bearer veil_other"


def test_an_empty_token_is_none_whatever_the_environment_says(server: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEIL_TOKEN", "veil_other")
    server.answers(lambda exchange: exchange.json({}))
    for token in ("", " ", None):
        with veil.connect(server.url, token=token) as connection:
            connection.whoami()
    assert [asked.headers.get("Authorization") for asked in server.asked] == [None, None, "Bearer veil_other"]


def test_a_server_may_live_below_a_path(server: Peer) -> None:
    server.answers(lambda exchange: exchange.json({}))
    with veil.connect(server.url + "/veil/") as connection:
        connection.whoami()
    assert server.asked[0].path == "/veil/api/v1/whoami"


def test_answers_that_were_read_leave_their_connection_for_the_next_question(
    server: Peer, connection: veil.Connection
) -> None:
    server.gives(TABLE)
    for _ in range(5):
        connection.query("select 1").to_arrow()
    assert (len(server.asked), server.connections) == (5, 1)


def test_two_results_may_be_read_side_by_side(server: Peer, connection: veil.Connection) -> None:
    server.gives(TABLE)
    first, second = connection.query("select 1"), connection.query("select 2")
    assert second.to_arrow() == first.to_arrow() == TABLE


def test_a_kept_connection_that_the_server_closed_is_replaced(server: Peer, connection: veil.Connection) -> None:
    def once(exchange: Exchange) -> None:
        exchange.json({})
        exchange.close_connection = True

    server.answers(once)
    connection.whoami()
    time.sleep(0.1)
    assert connection.whoami() == {}
    assert server.connections == 2


def test_no_address_says_where_to_put_one() -> None:
    with pytest.raises(veil.InterfaceError, match="VEIL_URL"):
        veil.connect()


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://x", "http://", "http://x:port"])
def test_a_wrong_address_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(veil.InterfaceError, match="no address of a server"):
        veil.connect(url)


@pytest.mark.parametrize("held", ["me:secret@x", ":secret@x", "secret@x", "me:secret@x:port", "me:secret@[x"])
def test_no_password_is_taken_in_an_address_or_shown(held: str) -> None:
    with pytest.raises(veil.InterfaceError, match="more than a server and a path") as caught:
        veil.connect(f"http://{held}")
    assert "secret" not in str(caught.value)


def test_nobody_listening_is_unavailable_and_says_what_to_check() -> None:
    url = f"http://127.0.0.1:{unused_port()}"
    with veil.connect(url) as connection, pytest.raises(veil.Unavailable) as caught:
        connection.whoami()
    assert url in str(caught.value)
    assert "veil serve" in str(caught.value)


def test_a_silent_server_is_unavailable_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with veil.connect(url, timeout=0.2) as connection, pytest.raises(veil.Unavailable, match="silent for"):
            connection.whoami()


def test_a_server_that_hangs_up_is_unavailable(server: Peer, connection: veil.Connection) -> None:
    def hang_up(exchange: Exchange) -> None:
        exchange.close_connection = True

    server.answers(hang_up)
    with pytest.raises(veil.Unavailable, match="closed the connection"):
        connection.whoami()


def test_https_to_a_plain_server_says_so(server: Peer) -> None:
    url = server.url.replace("http:", "https:")
    with veil.connect(url) as connection, pytest.raises(veil.Unavailable, match="does not speak TLS"):
        connection.whoami()


def test_another_kind_of_server_is_recognised(server: Peer, connection: veil.Connection) -> None:
    server.answers(lambda exchange: exchange.json({"hello": "world"}))
    with pytest.raises(veil.InterfaceError, match="did not come from a Veil server"):
        connection.query("select 1")


def test_a_redirect_is_not_followed_with_the_token(server: Peer, connection: veil.Connection) -> None:
    def elsewhere(exchange: Exchange) -> None:
        exchange.send_response(302)
        exchange.send_header("Location", "http://elsewhere.test/")
        exchange.send_header("Content-Length", "0")
        exchange.end_headers()

    server.answers(elsewhere)
    with pytest.raises(veil.InterfaceError, match="redirect"):
        connection.whoami()
    assert len(server.asked) == 1


def test_a_notice_warns_once_per_query_at_the_callers_line(server: Peer, connection: veil.Connection) -> None:
    server.gives(TABLE, {**ACCESS, "notices": ["`email` is tokenized for you"]})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        connection.query("select 1 from shop.orders where email = 'x'").to_arrow()
        with connection.cursor() as cursor:
            cursor.execute("select 1 from shop.orders where email = 'x'").fetchall()
    assert [str(warning.message) for warning in caught] == ["`email` is tokenized for you"] * 2
    assert {(warning.category, warning.filename) for warning in caught} == {(veil.AccessNotice, __file__)}


def test_an_access_summary_of_any_size_comes_with_the_answer(server: Peer, connection: veil.Connection) -> None:
    wide = {**ACCESS, "notices": ["`x` is masked for you"] * 5_000}
    server.gives(TABLE, wide)
    with pytest.warns(veil.AccessNotice):
        result = connection.query("select * from shop.orders")
    with result:
        assert result.access == wide
        assert len(server.asked) == 1
        assert result.to_arrow().equals(TABLE)


def test_an_answer_without_an_access_summary_is_refused(server: Peer, connection: veil.Connection) -> None:
    server.gives(TABLE, None)
    with pytest.raises(veil.InternalError, match="access summary"):
        connection.query("select * from shop.orders")


def test_scan_quotes_the_name_and_limits_on_the_server(server: Peer, connection: veil.Connection) -> None:
    server.gives(TABLE)
    frame = connection.scan_as_pandas('clinic."Lab Results"', max_records=10)
    assert server.asked[0].body["sql"] == 'select * from "clinic"."Lab Results" limit 10'
    assert frame["id"].tolist() == [1, 2]
    assert frame.attrs["veil"]["decision_id"] == "9c1e"


@pytest.mark.parametrize("name", ["", "a..b", "a b", 'a"b', "select 1"])
def test_scan_refuses_what_is_no_name(connection: veil.Connection, name: str) -> None:
    with pytest.raises(veil.ProgrammingError, match="no name of a dataset"):
        connection.scan_as_pandas(name)


def test_max_records_is_a_count(connection: veil.Connection) -> None:
    with pytest.raises(veil.ProgrammingError, match="count"):
        connection.scan_as_pandas("a.b", max_records=-1)


def test_datasets_and_describe_read_like_tables(server: Peer, connection: veil.Connection) -> None:
    entry = {"dataset": "shop.orders", "database": "shop", "name": "orders", "comment": ""}
    server.answers(
        lambda exchange: exchange.json({"datasets": [{**entry, "columns": 2, "masked": 1, "filtered": True}]})
    )
    found = connection.datasets(search="ord ers")
    assert server.asked[0].path == "/api/v1/datasets?search=ord+ers"
    assert str(found).splitlines()[1].split() == ["shop.orders", "2", "1", "filtered", "for", "you"]
    assert found.to_pandas()["dataset"].tolist() == ["shop.orders"]
    assert (found[0].column_count, found[0].masked_count, found[0].is_filtered) == (2, 1, True)

    columns = [{"column": "email", "type": "VARCHAR", "outcome": "masked", "transform": "tokenize", "tags": ["a.b"]}]
    rows = {"filtered": True, "policies": ["clerks"], "reason": "policy `clerks` shows some rows"}
    server.answers(lambda exchange: exchange.json({**entry, "tags": ["c.d"], "columns": columns, "rows": rows}))
    described = connection.describe("shop.orders")
    assert server.asked[1].path == "/api/v1/datasets/shop/orders"
    assert str(described).splitlines() == [
        "shop.orders",
        "column  type     for you               tags",
        "email   VARCHAR  ◐ masked by tokenize  a.b",
        "rows: policy `clerks` shows some rows",
    ]
    assert (described.tags, described.columns[0].tags) == (("c.d",), ("a.b",))
    assert "<table>" in described._repr_html_()
    assert "<table>" in found._repr_html_()


def test_explain_may_ask_for_somebody_else(server: Peer, connection: veil.Connection) -> None:
    server.answers(lambda exchange: exchange.json({**ACCESS, "sql": "SELECT id FROM v"}))
    explanation = connection.explain("select * from shop.orders", user="max")
    assert server.asked[0].body["as"] == {"user": "max"}
    assert explanation.sql == "SELECT id FROM v"
    assert "◐ email: masked for you by tokenize because policy `clerks`" in str(explanation)
    connection.explain("select 1", groups=["clerks"], attributes={"land": "NO"})
    assert server.asked[1].body["as"] == {"groups": ["clerks"], "attributes": {"land": "NO"}}


def test_a_closed_connection_asks_nothing_and_ends_what_was_open(server: Peer) -> None:
    server.gives(TABLE)
    connection = veil.connect(server.url)
    result = connection.query("select 1")
    cursor = connection.cursor()
    connection.close()
    connection.close()
    for attempt in (lambda: connection.query("x"), connection.datasets, connection.cursor, result.to_arrow):
        with pytest.raises(veil.InterfaceError):
            attempt()
    with pytest.raises(veil.InterfaceError, match="connection is closed"):
        cursor.execute("select 1")


def test_what_is_not_closed_warns(server: Peer) -> None:
    server.gives(pa.table({"id": range(100_000)}))
    connection = veil.connect(server.url)
    unread = [connection.query("select 1")]
    with pytest.warns(ResourceWarning, match="dropped unread"):
        unread.clear()
    unclosed = [connection]
    del connection
    with pytest.warns(ResourceWarning, match="connection was not closed"):
        unclosed.clear()


@pytest.mark.parametrize("around", ["veil_secret\n", "  veil_secret\r\n"])
def test_a_token_may_come_from_a_file(server: Peer, around: str) -> None:
    server.gives(TABLE)
    with veil.connect(server.url, token=around) as connection:
        connection.query("select 1").to_arrow()
    assert server.asked[0].headers["Authorization"] == "Bearer veil_secret"


@pytest.mark.parametrize("token", ["veil_secret\nHost: other", "veil secret", "veil_secret\x00", "veil_geheimniß"])
def test_what_is_no_token_is_refused_without_being_told(token: str) -> None:
    with pytest.raises(veil.InterfaceError) as caught:
        veil.connect("http://127.0.0.1:1", token=token).query("select 1").to_arrow()
    assert "secret" not in repr(caught.value) + str(caught.value)
    assert caught.value.__cause__ is None
