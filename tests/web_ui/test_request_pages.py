"""Access is asked for, decided on and used on pages: prefilled from what is hidden, the whole story on one page."""

import re
from collections.abc import Callable, Mapping

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web_ui.browsing import Outline, csrf_token, sign_in
from tests.web_ui.desk import Desk
from tests.web_ui.shop import open_shop

People = Callable[[str], FlaskClient]
FORM = {"dataset": "shop.orders", "wanted": "columns", "columns": ["card"], "why": "to call back", "until": ""}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> object:
    with open_shop(tmp_path_factory.mktemp("shop")) as parts:
        yield Desk(parts)


@pytest.fixture
def desk(opened: Desk) -> Desk:
    opened.reset()
    return opened


@pytest.fixture
def people(desk: Desk) -> People:
    """Gives the browser of a user who has signed in."""

    def signed_in(user: str) -> FlaskClient:
        client = desk.app.test_client()
        assert sign_in(client, user).status_code == 303
        return client

    return signed_in


def send(client: FlaskClient, address: str, form: Mapping[str, object]) -> TestResponse:
    return client.post(address, data={"csrf_token": csrf_token(client.get("/requests/new")), **form})


def words_of(response: TestResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.get_data(as_text=True)).split())


def test_whatever_is_hidden_masked_or_filtered_leads_to_the_form(people: People) -> None:
    kim = people("kim")
    page = kim.get("/data/shop/orders").get_data(as_text=True)
    asked = re.findall(r'href="(/requests/new[^"]*)"', page.replace("&amp;", "&"))
    assert [re.sub("^.*orders", "", address) for address in asked] == ["&rows=1", "&c=email", "&c=card"]
    form = kim.get("/requests/new?d=shop.orders&c=card").get_data(as_text=True)
    assert re.findall(r'name="columns" value="(\w+)"( checked)?', form) == [("email", ""), ("card", " checked")]
    assert 'value="columns" checked' in form
    assert 'value="rows" checked' in kim.get("/requests/new?d=shop.orders&rows=1").get_data(as_text=True)


def test_a_refused_query_leads_to_the_form(people: People) -> None:
    kim = people("kim")
    for sql, asked in (("select card from shop.orders", "shop.orders.card"), ("from lab.results", "lab.results")):
        refused = send(kim, "/query", {"sql": sql, "action": "run"})
        assert f'href="/requests/new?d={asked}"' in refused.get_data(as_text=True)
    form = kim.get("/requests/new?d=shop.orders.card").get_data(as_text=True)
    assert re.findall(r'value="(\w+)" checked', form) == ["columns", "card"]


def test_a_request_goes_from_asking_to_a_ready_snippet(desk: Desk, people: People) -> None:
    kim, eve = people("kim"), people("eve")
    sent = send(kim, "/requests/new", {**FORM, "purpose": "recall"})
    assert sent.status_code == 303
    address = sent.location.partition("?")[0]
    assert "Your request is on its way" in words_of(kim.get(sent.location))
    assert address in eve.get("/requests").get_data(as_text=True)
    page = eve.get(f"{address}?mask=hash()&bound=true")
    text = words_of(page)
    assert re.search(r"card hidden hash from hidden to hash, as circumstances are", text)
    assert "Masked for you by hash because policy request" in text
    assert "role boss : clear card" in text
    form = {**hidden_fields(page), "verdict": "approve", "words": "for the recall"}
    assert form["mask"] == "hash()"
    assert send(eve, f"{address}/decide", form).status_code == 303
    told = words_of(kim.get(address))
    assert "approved by eve" in told
    assert "for the recall" in told
    assert "purpose=&#34;recall&#34;" in told
    assert "--purpose recall" in told
    assert {len(str(row["card"])) for row in desk.sees(purpose="recall")} == {64}
    assert "card" not in desk.sees()[0]


def test_some_of_the_columns_for_a_shorter_time(desk: Desk, people: People) -> None:
    number = desk.ask(columns=["card", "email"])
    eve = people("eve")
    page = eve.get(f"/requests/{number}?column=email")
    assert re.findall(r'name="column" value="(\w+)"( checked)?', page.get_data(as_text=True)) == [
        ("email", " checked"),
        ("card", ""),
        ("email", ""),
    ]
    done = send(eve, f"/requests/{number}/decide", {**hidden_fields(page), "verdict": "approve"})
    assert done.status_code == 303
    seen = desk.sees()
    assert "card" not in seen[0]
    assert "@x.test" in str(seen[0]["email"])


def test_what_would_be_an_empty_promise_has_no_button(desk: Desk, people: People) -> None:
    desk.apply("  - {policy: no cards, deny: select, to: [clerk], scope: shop, having: fin.card}\n")
    text = people("eve").get(f"/requests/{desk.ask()}").get_data(as_text=True)
    assert 'value="approve"' not in text
    assert 'href="/policies/no%20cards">no cards</a> (ask max)' in text
    assert "It cannot be approved so" in text


def test_a_stale_plan_is_told_and_the_words_stay(desk: Desk, people: People) -> None:
    eve, number = people("eve"), desk.ask()
    form = {**hidden_fields(eve.get(f"/requests/{number}")), "verdict": "approve", "words": "my words"}
    desk.apply("  - {policy: x, restrict: select, to: [clerk], scope: shop, where: id < 30}\n")
    refused = send(eve, f"/requests/{number}/decide", form)
    assert refused.status_code == 422
    assert "Something was changed since this was looked at" in words_of(refused)
    assert ">my words</textarea>" in refused.get_data(as_text=True)
    assert "card" not in desk.sees()[0]


def test_a_denial_with_words_and_a_withdrawal(desk: Desk, people: People) -> None:
    kim, eve = people("kim"), people("eve")
    first, second = desk.ask(), desk.ask(columns=["email"])
    assert send(eve, f"/requests/{first}/decide", {"verdict": "deny", "words": ""}).status_code == 422
    assert send(eve, f"/requests/{first}/decide", {"verdict": "deny", "words": "ask the bank"}).status_code == 303
    told = words_of(kim.get(f"/requests/{first}"))
    assert "denied by eve" in told
    assert "ask the bank" in told
    assert send(kim, f"/requests/{second}/withdraw", {}).status_code == 303
    assert "withdrawn" in words_of(kim.get(f"/requests/{second}"))
    assert send(eve, f"/requests/{second}/decide", {"verdict": "perhaps"}).status_code == 400


def test_what_cannot_be_sent_keeps_what_was_filled_in(people: People) -> None:
    kim = people("kim")
    wrongs: tuple[dict[str, object], ...] = (
        {"why": ""},
        {"columns": []},
        {"dataset": "orders"},
        {"until": "2020-01-01"},
        {"wanted": "all"},
    )
    for wrong in wrongs:
        refused = send(kim, "/requests/new", {**FORM, "named": "land, ghost", **wrong})
        assert refused.status_code in (400, 422), wrong
        assert 'role="alert"' in refused.get_data(as_text=True)
    refused = send(kim, "/requests/new", {**FORM, "why": "kept words", "named": "ghost"})
    page = refused.get_data(as_text=True)
    assert "kept words</textarea>" in page
    assert 'value="card" checked' in page
    assert 'name="named" value="ghost"' in page


def test_nobody_else_finds_a_request(desk: Desk, people: People) -> None:
    number, ada = desk.ask(), people("ada")
    unseen, absent = ada.get(f"/requests/{number}"), ada.get("/requests/7")
    assert unseen.status_code == absent.status_code == 404
    assert _blank(unseen).replace(str(number), "N") == _blank(absent).replace("`7`", "`N`").replace(">7<", ">N<")
    assert "There is no request of yours" in words_of(ada.get("/requests"))
    assert send(ada, f"/requests/{number}/decide", {"verdict": "deny", "words": "no"}).status_code == 404


def test_the_form_says_nothing_of_what_is_not_seen(people: People) -> None:
    ada = people("ada")
    unseen, absent = ada.get("/requests/new?d=shop.orders"), ada.get("/requests/new?d=shop.absent")
    assert _blank(unseen).replace("shop.orders", "D") == _blank(absent).replace("shop.absent", "D")


def test_words_cannot_become_markup(desk: Desk, people: People) -> None:
    number = desk.ask(why="<script>alert(1)</script>", purpose="<b>x</b>")
    for user in ("kim", "eve"):
        for address in ("/requests", f"/requests/{number}"):
            page = people(user).get(address).get_data(as_text=True)
            assert "<script>alert" not in page
            assert "<b>x" not in page


@pytest.mark.parametrize("user", ["kim", "eve"])
def test_the_pages_can_be_read_by_ear_and_keyboard(desk: Desk, people: People, user: str) -> None:
    number, other = desk.ask(purpose="recall"), desk.ask(columns=["card", "email"])
    desk.deny(other, words="no")
    client = people(user)
    for address in ("/requests", f"/requests/{number}", f"/requests/{number}?mask=hash()", f"/requests/{other}"):
        html = client.get(address).get_data(as_text=True)
        outline = Outline(html)
        assert outline.headings.count(1) == 1
        assert all(after - before <= 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
        assert len(outline.ids) == len(set(outline.ids))
        assert set(outline.fields) - {""} <= outline.labelled
        assert set(outline.references) <= set(outline.ids)
        assert outline.tags.count("table") == outline.tags.count("caption")
        assert None not in outline.header_scopes
        assert outline.inline == []


def hidden_fields(page: TestResponse) -> dict[str, str]:
    """The hidden fields of the form that decides."""
    form = page.get_data(as_text=True).partition('class="card decide"')[2]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def _blank(page: TestResponse) -> str:
    """A page without what differs from one request to the next."""
    return re.sub(r"<code>[0-9a-f]{32}</code>|name=\"csrf_token\" value=\"[^\"]*\"", "", page.get_data(as_text=True))
