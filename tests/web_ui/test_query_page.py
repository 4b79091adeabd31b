"""The Query page asks as the person who looks at it, and gives no more than any other door."""

import html
import io
import json
import re

import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog.journal.event import EventKind, Verdict
from tests.web_ui.browsing import SignIn, csrf_token
from web_ui.pages import query as query_page
from web_ui.parts import Parts


def _send(browser: FlaskClient, sql: str, action: str = "run", protocol: str = "HTTP/1.1", **more: str) -> TestResponse:
    form = {"csrf_token": csrf_token(browser.get("/query")), "sql": sql, "action": action, **more}
    return browser.post("/query", data=form, environ_overrides={"SERVER_PROTOCOL": protocol})


def _words(page: TestResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.get_data(as_text=True)).split())


def test_a_link_fills_the_form_and_runs_nothing(browser: SignIn, shop: Parts) -> None:
    page = browser("kim").get("/query?sql=select+id+from+shop.orders&database=shop")
    assert ">select id from shop.orders</textarea>" in page.get_data(as_text=True)
    assert shop.journal.search(kind=EventKind.QUERY_BEGIN) == ()


def test_the_answer_is_the_persons_own(browser: SignIn) -> None:
    page = _send(browser("kim"), "select * from shop.orders")
    assert "@x.test" not in page.get_data(as_text=True)
    assert "email masked" in _words(page)
    assert "card" in _words(page)  # told as hidden, with the reason
    boss = _send(browser("max"), "select * from shop.orders")
    assert "@x.test" in boss.get_data(as_text=True)


def test_an_explanation_runs_nothing_and_shows_the_governed_sql(browser: SignIn, shop: Parts) -> None:
    page = _send(browser("kim"), "select email from shop.orders", "explain")
    assert "The SQL that would run" in page.get_data(as_text=True)
    assert "clerks" in _words(page)
    assert shop.journal.search(kind=EventKind.QUERY_BEGIN) == ()
    assert shop.journal.search(kind=EventKind.EXPLAIN_READ, user="kim")


def test_a_mistake_is_told_beside_what_was_written(browser: SignIn) -> None:
    page = _send(browser("kim"), "select emial from shop.orders")
    assert page.status_code == 422
    text = page.get_data(as_text=True)
    assert ">select emial from shop.orders</textarea>" in text
    assert 'role="alert"' in text
    assert "Line 1" in text


@pytest.mark.parametrize("sql", ["", "select card from shop.orders", "select * from shop.nope", "drop table x"])
def test_what_is_refused_elsewhere_is_refused_here(browser: SignIn, shop: Parts, sql: str) -> None:
    for action in ("run", "explain", "csv", "parquet", "notebook"):
        page = _send(browser("kim"), sql, action)
        assert page.status_code >= 400
        assert "Content-Disposition" not in page.headers
    denied = shop.journal.search(user="kim", limit=10)
    assert {event.verdict for event in denied if event.kind is EventKind.QUERY_DENY} <= {Verdict.DENY}


@pytest.mark.parametrize("action", ["csv", "parquet"])
def test_no_file_goes_where_a_part_of_it_would_look_whole(browser: SignIn, shop: Parts, action: str) -> None:
    page = _send(browser("kim"), "select id from shop.orders", action, protocol="HTTP/1.0")
    assert page.status_code == 505
    assert "Content-Disposition" not in page.headers
    assert not shop.journal.search(user="kim", kind=EventKind.QUERY_BEGIN)


def test_files_hold_what_the_person_sees(browser: SignIn) -> None:
    text = _send(browser("kim"), "select id, email from shop.orders order by id", "csv")
    assert text.headers["Content-Disposition"] == 'attachment; filename="answer.csv"'
    assert text.get_data(as_text=True).startswith("id,email")
    assert "@x.test" not in text.get_data(as_text=True)
    table = pq.read_table(io.BytesIO(_send(browser("kim"), "select id from shop.orders", "parquet").get_data()))
    assert table.column_names == ["id"]


def test_a_long_answer_is_cut_and_says_so(browser: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_page, "MOST_ROWS", 1)
    words = _words(_send(browser("max"), "select id from shop.orders"))
    assert "The first 1 rows; fetch a file for all of them" in words


def test_a_page_makes_no_texts_of_millions_of_values(browser: SignIn) -> None:
    words = _words(_send(browser("kim"), "select i, range(150000) as l from range(20) as r(i)"))
    assert "The first 2 rows; fetch a file for all of them" in words
    page = _send(browser("kim"), "select range(500000) as l")
    assert page.status_code == 413
    assert "more than 400,000 values" in _words(page)


def test_sql_and_cells_are_shown_as_text(browser: SignIn) -> None:
    page = _send(browser("kim"), "select '<b onclick=x>' as \"<i>\"").get_data(as_text=True)
    assert "<b onclick" not in page
    assert "<i>" not in page
    assert "&lt;b onclick=x&gt;" in page


def test_an_unknown_action_is_refused(browser: SignIn) -> None:
    assert _send(browser("kim"), "select 1", "delete").status_code == 400


def test_bare_names_stand_in_the_database_of_the_form(browser: SignIn) -> None:
    assert _send(browser("kim"), "select id from orders", database="shop").status_code == 200
    assert _send(browser("kim"), "select id from orders").status_code >= 400


def test_values_are_bound_to_the_parameters_of_the_form(browser: SignIn) -> None:
    kim = browser("kim")
    listed = _send(kim, "select id from shop.orders where id = ?", params="[3]")
    assert "1 row" in _words(listed)
    named = _send(kim, "select $least + 1 as next", params='{"least": 41}')
    assert ">42</td>" in named.get_data(as_text=True)
    for wrong in ("3", "[3", '"3"', "[" * 20_000):
        refused = _send(kim, "select id from shop.orders where id = ?", params=wrong)
        assert refused.status_code == 400
        assert "neither a JSON list nor a JSON object" in _words(refused)


def test_a_notebook_asks_the_same_and_holds_neither_rows_nor_a_token(browser: SignIn, shop: Parts) -> None:
    sql = "select id, email\nfrom orders where id > ? and land = 'NO'"
    given = {"params": '[{"$type": "decimal", "value": "1.5"}]', "database": "shop", "purpose": "care"}
    sent = _send(browser("kim"), sql, "notebook", **given)
    assert sent.headers["Content-Disposition"] == 'attachment; filename="query.ipynb"'
    written = json.loads(sent.get_data())
    assert (written["nbformat"], written["nbformat_minor"]) == (4, 5)
    assert all(not cell.get("outputs") for cell in written["cells"])
    code = "".join(next(cell["source"] for cell in written["cells"] if cell["cell_type"] == "code"))
    compile(code, "notebook", "exec")
    assert sql in code
    assert 'veil.connect("http://localhost", database="shop", purpose="care")' in code
    assert "from decimal import Decimal" in code
    assert "conn.query(sql, [Decimal('1.5')])" in code
    assert shop.journal.search(kind=EventKind.QUERY_BEGIN) == ()
    assert shop.journal.search(kind=EventKind.EXPLAIN_READ, user="kim")


@pytest.mark.parametrize("sql", ["select 'a\\nb' as \"x\"", 'select 1 as """"', 'select \'"""\' as x'])
def test_sql_of_any_quotes_is_the_same_in_a_notebook(browser: SignIn, sql: str) -> None:
    written = json.loads(_send(browser("kim"), sql, "notebook").get_data())
    code = "".join(next(cell["source"] for cell in written["cells"] if cell["cell_type"] == "code"))
    assigned = code[code.index("sql = ") : code.index("with veil.connect")]
    held: dict[str, str] = {}
    exec(assigned, held)
    assert held["sql"] == sql


def test_names_to_complete_are_those_that_the_person_sees(browser: SignIn, shop: Parts) -> None:
    told = browser("kim").get("/query/names").get_json()
    assert [column["name"] for column in told["shop"]["orders"]] == ["id", "email", "land", "total"]
    assert {column["name"]: column["outcome"] for column in told["shop"]["orders"]}["email"] == "masked"
    assert "card" in {column["name"] for column in browser("max").get("/query/names").get_json()["shop"]["orders"]}
    assert browser("eve").get("/query/names").get_json() == {}
    assert {event.user for event in shop.journal.search(kind=EventKind.METADATA_READ)} >= {"kim", "max", "eve"}


def test_a_script_gets_what_came_of_it_without_the_page_around_it(browser: SignIn) -> None:
    kim = browser("kim")
    form = {"csrf_token": csrf_token(kim.get("/query")), "sql": "select id from shop.orders", "action": "run"}
    part = kim.post("/query", data=form, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert part.lstrip().startswith('<div id="result"')
    assert "<html" not in part
    assert "20 rows" in part


def test_ones_earlier_queries_are_listed_as_the_journal_has_them(browser: SignIn, shop: Parts) -> None:
    kim = browser("kim")
    assert "You have asked nothing yet" in _words(kim.get("/query/history"))
    _send(kim, "select id from shop.orders where email = 'secret@x.test'")
    _send(kim, "select card from shop.orders")
    _send(browser("max"), "select total from shop.orders")
    page = kim.get("/query/history")
    assert "secret" not in page.get_data(as_text=True)
    assert "total" not in page.get_data(as_text=True)
    words = _words(page)
    assert words.index("card") < words.index("WHERE")
    assert "refused" in words
    assert "allowed 0 " in words
    read = shop.journal.search(kind=EventKind.AUDIT_READ, user="kim")
    assert [event.details["count"] for event in read] == [2, 0]


def test_the_address_of_a_query_fills_the_form_again(browser: SignIn) -> None:
    kim = browser("kim")
    answered = _send(kim, "select id from orders where id = $n", params='{"n": 1}', database="shop").text
    link = re.search(r'<a href="/query\?([^"]+)">Address of this query', answered)
    assert link is not None
    address = html.unescape(link[1])
    again = html.unescape(kim.get(f"/query?{address}").text)
    assert "select id from orders where id = $n</textarea>" in again
    assert 'value="{"n": 1}"' in again
    assert 'value="shop"' in again
