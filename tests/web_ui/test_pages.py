"""The pages say what is so, to the person who looks, and can be read with eyes, ears and keyboard."""

import re
from collections.abc import Callable
from dataclasses import replace

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog.model import (
    Database,
    Description,
    EventKind,
    Field,
    Key,
    KeyKind,
    Role,
    TagAssignment,
    TagOrigin,
    TagState,
)
from catalog.registry import connect
from policy_engine.circumstances import When
from tests.web_ui.browsing import Outline, csrf_token
from web_ui.parts import Parts

SignIn = Callable[[str], FlaskClient]
PAGES = (
    "/home?role=",
    "/data",
    "/data?search=email",
    "/data?search=nothing-like-it",
    "/data?access=masked&tag=pii.email",
    "/data/shop/orders",
    "/policies",
    "/policies?search=nothing-like-it",
    "/policies/clerks",
    "/policies/nothing-like-it",
    "/roles",
    "/roles/clerk",
    "/roles/nothing-like-it",
    "/requests",
    "/requests?search=nothing-like-it&state=open",
    "/requests/new?d=shop.orders&c=card",
    "/requests/1",
    "/connect",
    "/data/shop/nope",
    "/tags",
    "/crawls",
    "/query",
    "/query?sql=select+1",
    "/audit",
    "/audit?user=nobody-like-it",
    "/audit/1",
)
OF_ADMINS = (
    "/home",
    "/home?role=clerk",
    "/health",
    "/reports",
    "/reports/who-can-see",
    "/reports/who-can-see?thing=shop.orders.email",
    "/reports/who-can-see?thing=shop.nothing",
    "/reports/what-can?subject=kim",
    "/reports/coverage",
    "/reports/unrestricted",
    "/reports/unused",
    "/reports/changes",
    "/reports/warnings",
    "/policies/change",
    "/policies/change?policy=clerks",
    "/policies/change?role=clerk",
    "/roles?unused=true",
    "/roles/boss",
    "/policies/new",
    "/policies/new?to=clerk&to=boss&scope=shop&policy=p&why=x&tagged=pii.email&with=tokenize",
    "/policies/clerks/edit",
    "/policies/drafts",
    "/view-as?kind=user&name=kim",
    "/policies/history",
    "/policies/history/1",
    "/tags?state=",
    "/tags?state=confirmed&all=1&look=1",
    "/tags?search=nothing-like-it",
    "/crawls",
)


def text_of(client: FlaskClient, address: str) -> str:
    """A page's words, without its markup."""
    html = client.get(address).get_data(as_text=True)
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_start_leads_home(browser: SignIn) -> None:
    response = browser("kim").get("/")
    assert (response.status_code, response.location) == (302, "/home")


def test_who_is_not_signed_in_is_asked_to_and_comes_back(app: flask.Flask) -> None:
    response = app.test_client().get("/data?search=x")
    assert response.status_code == 302
    assert response.location == "/sign-in?next=/data?search%3Dx"


def test_the_list_shows_what_the_person_may_see(browser: SignIn) -> None:
    text = text_of(browser("kim"), "/data")
    assert "orders" in text
    assert "3 clear" in text
    assert "1 masked" in text
    assert "what we sold" in text


def test_a_tag_by_lineage_names_no_column_that_the_person_may_not_see(shop: Parts, browser: SignIn) -> None:
    suggestion = TagAssignment(
        dataset="shop.orders",
        path=("land",),
        tag="pii.email",
        state=TagState.SUGGESTED,
        origin=TagOrigin.LINEAGE,
        evidence="refers to `hr.salaries.who`",
    )
    shop.tags.suggest(suggestion)
    text = text_of(browser("kim"), "/data/shop/orders")
    assert "suggested, by lineage" in text
    assert "salaries" not in text


def test_who_was_granted_nothing_is_told_what_to_do(browser: SignIn) -> None:
    text = text_of(browser("eve"), "/data")
    assert "orders" not in text
    assert "no dataset that you may see yet" in text


def test_the_search_finds_columns_and_tags_but_never_hidden_ones(browser: SignIn) -> None:
    kim = browser("kim")
    assert "1 dataset matches" in text_of(kim, "/data?search=PII.email")
    assert "0 datasets match" in text_of(kim, "/data?search=card")
    assert "1 dataset matches" in text_of(browser("max"), "/data?search=card")


def test_a_dataset_tells_how_each_column_is_seen_and_why(browser: SignIn) -> None:
    text = text_of(browser("kim"), "/data/shop/orders")
    assert re.search(r"email masked by tokenize", text)
    assert "clerks" in text
    assert "name matches email" in text
    assert re.search(r"card hidden", text)


def test_who_can_see_a_dataset_is_told_to_owners_alone(browser: SignIn) -> None:
    boss, kim = text_of(browser("max"), "/data/shop/orders"), browser("kim").get("/data/shop/orders").text
    assert "How each role sees each column at most" in boss
    assert re.search(r"card clear hidden", boss)
    assert re.search(r"clerk some rows", boss)
    assert "Who can see this" not in kim
    assert "boss" not in kim


def test_a_delegate_is_told_of_no_role_that_reads_elsewhere_alone(browser: SignIn, shop: Parts) -> None:
    now = shop.policies.current()
    capabilities = frozenset({"policy:write on shop"})
    clerks = tuple(replace(role, capabilities=capabilities) if role.name == "clerk" else role for role in now.roles)
    roles = (*clerks, Role(name="surgeon", groups=frozenset({"surgeons"})))
    shop.policies.put(now.policies, roles, by="test", why="a delegate", difference="~ role clerk\n+ role surgeon")
    delegate, boss = (text_of(browser(user), "/data/shop/orders") for user in ("kim", "max"))
    assert "1 role sees nothing" in boss
    assert "Who can see this" in delegate
    assert "sees nothing" not in delegate


def test_what_a_dataset_refers_to_is_a_picture(browser: SignIn, shop: Parts) -> None:
    [source] = shop.datasets.sources()
    assert "Around it" not in browser("max").get("/data/shop/orders").text
    described = shop.datasets.dataset("shop", "orders")
    assert described is not None
    key = Key(kind=KeyKind.FOREIGN, columns=("id",), refers_to="people.csv", at=("id",))
    (shop.home.path.parent / "data" / "people.csv").write_text("id,name\n1,Ann\n")
    fields = connect(source).describe("people.csv")
    shop.datasets.register("shop", "people", "lake", "people.csv", fields)
    shop.datasets.note_description("shop", "orders", Description(keys=(key,)))
    page = browser("max").get("/data/shop/orders").text
    assert "is read by and refers to" in page
    assert "id refers to id" in page


def test_what_views_read_is_told_in_words_and_in_the_picture_of_what_the_person_sees(
    browser: SignIn, shop: Parts
) -> None:
    [source] = shop.datasets.sources()
    shop.datasets.put_database(Database(name="hr"))
    (shop.home.path.parent / "data" / "big.csv").write_text("id\n1\n")
    shop.datasets.register("hr", "big", source.name, "big.csv", connect(source).describe("big.csv"))
    orders = shop.datasets.dataset("shop", "orders")
    assert orders is not None
    shop.datasets.note_description("hr", "big", Description(reads=(orders.relation,)))
    base, view = (browser("max").get(f"/data/{place}").text for place in ("shop/orders", "hr/big"))
    assert 'Read by <a href="/data/hr/big">hr.big</a>.' in base
    assert 'Made from <a href="/data/shop/orders">shop.orders</a>.' in view
    assert base.count("read by the view") == view.count("read by the view") == 1
    hidden = browser("kim").get("/data/shop/orders").text
    assert "Around it" not in hidden
    assert not re.search(r"\bbig\b", hidden)
    shop.datasets.note_description("hr", "big", Description(reads=None))
    assert "cannot be told" in browser("max").get("/data/hr/big").text


def test_the_sample_is_read_as_the_person(browser: SignIn) -> None:
    kim, boss = browser("kim").get("/data/shop/orders"), browser("max").get("/data/shop/orders")
    assert "@x.test" not in kim.get_data(as_text=True)
    assert "<td>SE</td>" not in kim.get_data(as_text=True)
    assert "user1@x.test" in boss.get_data(as_text=True)
    assert boss.get_data(as_text=True).count("<td>NO</td>") + boss.get_data(as_text=True).count("<td>SE</td>") == 20


def test_an_unseen_dataset_and_an_absent_one_are_the_same_page(browser: SignIn) -> None:
    eve = browser("eve")
    unseen, absent = eve.get("/data/shop/orders"), eve.get("/data/shop/absent")
    assert unseen.status_code == absent.status_code == 404
    blank = [
        re.sub(r"<code>[0-9a-f]{32}</code>|value=\"[^\"]*\"", "", page.get_data(as_text=True).replace(name, "NAME"))
        for page, name in ((unseen, "orders"), (absent, "absent"))
    ]
    assert blank[0] == blank[1]


def test_a_source_that_is_gone_is_told_of_on_the_page(browser: SignIn, shop: Parts) -> None:
    (shop.home.path.parent / "data" / "orders.csv").unlink()
    response = browser("kim").get("/data/shop/orders")
    assert response.status_code == 200
    assert "notice bad" in response.get_data(as_text=True)


def test_the_policies_of_ones_roles_are_listed_and_nobody_elses(browser: SignIn) -> None:
    kim, eve = text_of(browser("kim"), "/policies"), text_of(browser("eve"), "/policies")
    assert "GRANT SELECT ON DATABASE shop HAVING ATTRIBUTE NOT fin.card" in kim
    assert "clerks serve their own land" in kim
    assert "tagged: pii.email" in kim
    assert "bosses" not in kim
    assert "clerks" not in eve
    assert "no policy that you may read" in eve


@pytest.mark.parametrize("user", ["max", "ada"])
def test_administrators_and_auditors_read_every_policy_and_search(browser: SignIn, user: str) -> None:
    text = text_of(browser(user), "/policies")
    assert "clerks" in text
    assert "GRANT SELECT ON CATALOG TO ROLE boss" in text
    found = text_of(browser(user), "/policies?search=OWN+catalog")
    assert "1 policy matches" in found
    assert "fin.card" not in found


def test_the_state_and_the_condition_of_a_policy_are_told(browser: SignIn, shop: Parts) -> None:
    now = shop.policies.current()
    [clerks] = [policy for policy in now.policies if policy.id == "clerks"]
    off = replace(clerks, enabled=False, when=When(purposes=("care",)))
    shop.policies.put((off,), now.roles, by="ada", why="a holiday", difference="~ policy clerks\n- policy bosses")
    text = text_of(browser("kim"), "/policies")
    assert "switched off" in text
    assert "Role clerk sees database shop without columns tagged fin.card" in text
    assert "when purpose is care." in text
    assert "by ada" in text
    assert "a holiday" in text


def test_a_dataset_leads_to_the_policies_that_decide_about_it(browser: SignIn) -> None:
    kim = browser("kim")
    assert re.search(r'href="/policies/clerks\?rev=\d+"', kim.get("/data/shop/orders").get_data(as_text=True))
    assert "GRANT SELECT ON DATABASE shop HAVING ATTRIBUTE NOT fin.card" in text_of(kim, "/data/shop/orders")


def test_a_token_is_shown_once_and_works_and_can_be_revoked(browser: SignIn, app: flask.Flask, shop: Parts) -> None:
    kim = browser("kim")
    form = {"csrf_token": csrf_token(kim.get("/connect")), "name": "my own laptop", "days": "30"}
    page = kim.post("/connect/tokens", data=form)
    found = re.search(r"veil_[A-Za-z0-9_-]{43}", page.get_data(as_text=True))
    assert found is not None
    assert page.headers["Cache-Control"] == "no-store"
    assert found[0] not in kim.get("/connect").get_data(as_text=True)
    header = {"Authorization": f"Bearer {found[0]}"}
    assert app.test_client().get("/api/v1/whoami", headers=header).get_json()["user"] == "kim"
    [token] = shop.tokens.tokens("kim")
    kim.post(f"/connect/tokens/{token.id}/revoke", data={"csrf_token": csrf_token(kim.get("/connect"))})
    assert app.test_client().get("/api/v1/whoami", headers=header).status_code == 401
    assert "my own laptop" not in kim.get("/connect").get_data(as_text=True)
    told = {event.kind for event in shop.journal.search(user="kim")}
    assert {EventKind.TOKEN_CREATE, EventKind.TOKEN_REVOKE} <= told


@pytest.mark.parametrize(("name", "days"), [("", "30"), ("x", "31"), ("x" * 81, "30"), ("x", ""), ("a\nb", "30")])
def test_a_token_without_name_or_end_is_not_made(browser: SignIn, shop: Parts, name: str, days: str) -> None:
    kim = browser("kim")
    form = {"csrf_token": csrf_token(kim.get("/connect")), "name": name, "days": days}
    assert kim.post("/connect/tokens", data=form).status_code == 400
    assert shop.tokens.tokens("kim") == ()


def test_nobody_revokes_the_token_of_another(browser: SignIn, shop: Parts) -> None:
    kim, eve = browser("kim"), browser("eve")
    kim.post("/connect/tokens", data={"csrf_token": csrf_token(kim.get("/connect")), "name": "x", "days": "7"})
    [token] = shop.tokens.tokens("kim")
    response = eve.post(f"/connect/tokens/{token.id}/revoke", data={"csrf_token": csrf_token(eve.get("/connect"))})
    assert response.status_code == 400
    assert shop.tokens.tokens("kim")[0].revoked_at is None


def test_the_snippets_name_this_server_and_a_dataset_of_the_person(browser: SignIn) -> None:
    text = browser("kim").get("/connect").get_data(as_text=True)
    assert "http://localhost/api/v1/query" in text
    assert "shop.orders" in text


@pytest.mark.parametrize("address", ["/sign-in", *PAGES, *OF_ADMINS])
def test_every_page_can_be_read_by_ear_and_keyboard(browser: SignIn, app: flask.Flask, address: str) -> None:
    client = app.test_client() if address == "/sign-in" else browser("max" if address in OF_ADMINS else "kim")
    html = client.get(address).get_data(as_text=True)
    outline = Outline(html)
    assert outline.headings.count(1) == 1
    assert outline.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
    assert len(outline.ids) == len(set(outline.ids))
    assert set(outline.fields) <= outline.labelled
    assert set(outline.references) <= set(outline.ids)
    assert outline.tags.count("table") == outline.tags.count("caption")
    assert None not in outline.header_scopes
    assert outline.tags.count("main") == 1
    assert 'href="#content"' in html
    assert html.startswith("<!doctype html>")
    assert '<html lang="en">' in html


@pytest.mark.parametrize("address", ["/sign-in", *PAGES, *OF_ADMINS])
def test_no_page_needs_anything_from_elsewhere_or_inline(browser: SignIn, app: flask.Flask, address: str) -> None:
    client = app.test_client() if address == "/sign-in" else browser("max" if address in OF_ADMINS else "kim")
    response = client.get(address)
    outline = Outline(response.get_data(as_text=True))
    assert all(found.startswith(("/", "#")) and not found.startswith("//") for found in outline.addresses)
    assert outline.inline == []
    assert "style" not in outline.tags
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_values_cannot_become_markup(browser: SignIn, shop: Parts) -> None:
    data = shop.home.path.parent / "data" / "orders.csv"
    data.write_text("id,email,card,land,total\n1,<script>alert(1)</script>,1,NO,1.5\n")
    html = browser("max").get("/data/shop/orders").get_data(as_text=True)
    assert "<script>alert" not in html
    assert browser("kim").get("/data?search=<b>x</b>").get_data(as_text=True).count("<b>x") == 0


def facets_of(client: FlaskClient, address: str) -> dict[str, str]:
    """The choices of a list by their words, each with how many it leaves."""
    html = client.get(address).get_data(as_text=True)
    return dict(re.findall(r'<span>([^<]+)</span> <span class="count">([\d,]+)</span>', html))


def test_the_list_is_narrowed_by_what_the_person_sees_and_by_nothing_else(shop: Parts, browser: SignIn) -> None:
    kim, boss = browser("kim"), browser("max")
    assert facets_of(boss, "/data") == {}, "there is nothing to choose from yet"
    shop.datasets.register("shop", "returns", "lake", "orders.csv", (Field(name="land", type="VARCHAR"),))
    assert facets_of(boss, "/data")["internal"] == "2"
    assert facets_of(kim, "/data")["some masked"] == "1"
    assert "pii.email" in facets_of(kim, "/data")
    assert "fin.card" in facets_of(boss, "/data")
    assert "fin.card" not in facets_of(kim, "/data")
    for address in ("/data?tag=fin.card", "/data?tag=nothing.like_it"):
        assert "0 datasets match" in text_of(kim, address)
    assert "1 dataset matches in what you chose" in text_of(boss, "/data?tag=fin.card")
    assert kim.get("/data?access=any").status_code == 400


def test_a_program_narrows_the_list_alike(browser: SignIn) -> None:
    def names(user: str, query: str) -> list[str]:
        return [each["dataset"] for each in browser(user).get(f"/api/v1/datasets?{query}").get_json()["datasets"]]

    assert names("kim", "tag=pii.email&access=masked") == ["shop.orders"]
    assert names("kim", "tag=fin.card") == []
    assert "shop.orders" in names("max", "tag=FIN.card&database=SHOP")


def test_a_database_is_made_before_there_is_any_data(shop: Parts, browser: SignIn) -> None:
    boss, kim = browser("max"), browser("kim")

    def send(client: FlaskClient, **form: str) -> TestResponse:
        return client.post("/data/databases", data={"csrf_token": csrf_token(client.get("/data")), **form})

    assert send(kim, name="lab").status_code == 403
    made = send(boss, name="lab", comment="what was measured", why="policies come first")
    assert (made.status_code, made.location) == (303, "/data?made=lab")
    assert "what was measured" in text_of(boss, "/data")
    assert "Databases without data" not in text_of(kim, "/data")
    for name, words in (("LAB", "database lab already"), ("", "needs a name"), ("a.b", "a.b")):
        refused = send(boss, name=name, comment="kept as it was")
        assert refused.status_code == 422, name
        assert "kept as it was" in refused.get_data(as_text=True)
        assert words in re.sub(r"<[^>]+>", "", refused.get_data(as_text=True)), name
    assert [each.name for each in shop.datasets.databases()] == ["lab", "shop"]
