"""The Query page asks as the person who looks at it, and gives no more than any other door."""

import io
import re

import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog.model import EventKind, Verdict
from tests.web_ui.browsing import csrf_token
from tests.web_ui.test_pages import SignIn
from web_ui.pages import query as query_page
from web_ui.parts import Parts


def _send(browser: FlaskClient, sql: str, action: str = "run", **more: str) -> TestResponse:
    form = {"csrf_token": csrf_token(browser.get("/query")), "sql": sql, "action": action, **more}
    return browser.post("/query", data=form)


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
    for action in ("run", "explain", "csv", "parquet"):
        page = _send(browser("kim"), sql, action)
        assert page.status_code >= 400
        assert "Content-Disposition" not in page.headers
    denied = shop.journal.search(user="kim", limit=10)
    assert {event.verdict for event in denied if event.kind is EventKind.QUERY_DENY} <= {Verdict.DENY}


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
