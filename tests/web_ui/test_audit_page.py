"""The Audit page answers an auditor's questions by clicking, and tells nobody more than the journal's API does."""

import re

import flask
import pytest
from flask.testing import FlaskClient

from catalog.journal.event import EventKind, Verdict
from tests.web_ui.browsing import SignIn, csrf_token, sign_in, text_of
from web_ui.pages.event_words import DEEDS
from web_ui.parts import Parts


def _ask(browser: FlaskClient, sql: str) -> None:
    """Run a query as the person who is signed in."""
    token = csrf_token(browser.get("/connect"))
    answer = browser.post("/api/v1/query", json={"sql": sql, "format": "json"}, headers={"X-CSRF-Token": token})
    assert answer.get_data(as_text=True)


def test_every_kind_of_event_has_its_words() -> None:
    assert set(DEEDS) == set(EventKind)


def test_who_saw_a_column_is_found_and_told_as_a_story(browser: SignIn, shop: Parts) -> None:
    _ask(browser("kim"), "select id, email from shop.orders where total > 3")
    auditor = browser("ada")
    page = auditor.get("/audit?column=shop.orders.email&kind=query:begin").get_data(as_text=True)
    assert "asked a query" in page
    found = re.search(r'href="(/audit/\d+)"', page)
    assert found is not None
    story = text_of(auditor, found[1])
    assert re.search(r"kim asked a query", story)
    assert re.search(r"shop\.orders\.email masked", story)
    assert re.search(r"shop\.orders\.card hidden", story)
    assert "clerks" in story
    assert "got the end of an answer" in story
    assert "total &gt; 3" not in story


def test_a_refusal_tells_what_was_hidden_and_by_which_policy(browser: SignIn, shop: Parts) -> None:
    _ask(browser("kim"), "select card from shop.orders")
    [end] = shop.journal.search(user="kim", kind=EventKind.QUERY_END, verdict=Verdict.DENY, limit=1)
    page = browser("ada").get(f"/audit/{end.seq}").text
    assert "Hidden from them was <code>shop.orders.card</code>, by policy" in page
    assert '<a href="/policies/clerks"><code>clerks</code></a>' in page
    home = text_of(browser("ada"), "/home")
    assert "kim was refused a query: unknown column" in home


def test_a_sign_in_of_nobody_is_no_choice_among_people(browser: SignIn, app: flask.Flask) -> None:
    assert sign_in(app.test_client(), "nobody-like-it").status_code == 401
    page = browser("ada").get("/audit").text
    assert "could not sign in" in page
    assert "<span></span>" not in page


def test_each_part_of_a_search_can_be_taken_away(browser: SignIn) -> None:
    page = browser("ada").get("/audit?user=kim&verdict=deny").get_data(as_text=True)
    assert 'href="/audit?verdict=deny"' in page
    assert 'href="/audit?user=kim"' in page
    assert 'href="/api/v1/audit/events?user=kim&amp;verdict=deny"' in page


def test_what_is_left_empty_is_no_part_of_the_address(browser: SignIn) -> None:
    response = browser("ada").get("/audit?user=+&dataset=&kind=login:ok&from=")
    assert (response.status_code, response.location) == (303, "/audit?kind=login%3Aok")
    assert browser("ada").get("/audit?user=").location == "/audit"


def test_older_events_are_a_page_further(browser: SignIn, shop: Parts) -> None:
    auditor = browser("ada")
    for _ in range(55):
        auditor.get("/audit/999999")
        auditor.get("/data")
    first = auditor.get("/audit?user=ada").get_data(as_text=True)
    older = re.search(r'href="(/audit\?user=ada&amp;before=\d+)"', first)
    assert older is not None
    second = auditor.get(older[1].replace("&amp;", "&")).get_data(as_text=True)
    numbers = [set(re.findall(r'href="/audit/(\d+)"', page)) for page in (first, second)]
    assert numbers[0]
    assert numbers[1]
    assert not numbers[0] & numbers[1]
    assert ">Newest<" in second


@pytest.mark.parametrize("user", ["kim", "eve"])
def test_who_may_not_read_the_journal_sees_own_events_alone(browser: SignIn, shop: Parts, user: str) -> None:
    _ask(browser("max"), "select 1 as secret_of_max")
    [event] = [each for each in shop.journal.search(user="max", kind=EventKind.QUERY_BEGIN, limit=1)]
    person = browser(user)
    page = person.get("/audit?user=max").get_data(as_text=True)
    assert "Your own events." in page
    assert set(re.findall(r'<strong>(\w+)</strong> <span class="deed">', page)) == {user}
    hidden, absent = person.get(f"/audit/{event.seq}"), person.get("/audit/999999")
    assert hidden.status_code == absent.status_code == 404
    without_id = [
        re.sub(r"<code>[0-9a-f]{32}</code>", "", answer.get_data(as_text=True)) for answer in (hidden, absent)
    ]
    assert without_id[0] == without_id[1]
    assert "no event of that number" in without_id[0]


def test_opening_an_event_is_journalled(browser: SignIn, shop: Parts) -> None:
    browser("ada").get("/audit/1")
    [event] = shop.journal.search(user="ada", kind=EventKind.AUDIT_READ, limit=1)
    assert event.details == {"event": 1}


@pytest.mark.parametrize("asked", ["kind=nothing", "verdict=maybe", "from=yesterday", "before=x"])
def test_a_search_that_cannot_be_read_says_why(browser: SignIn, asked: str) -> None:
    response = browser("ada").get(f"/audit?{asked}")
    assert response.status_code == 400
    assert 'class="notice' in response.get_data(as_text=True)
