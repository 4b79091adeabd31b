"""Stewards go through suggested tags within their namespaces: listed with evidence, judged together, on record."""

import html
import itertools
import re
from collections.abc import Callable
from dataclasses import replace

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog.journal.event import EventKind
from catalog.model import Level, Tag, TagAssignment, TagOrigin, TagState
from catalog.names import fold
from catalog.people.model import Role
from catalog.tag_assignments import Choice, TagAssignments
from tests.web_ui.browsing import csrf_token
from web_ui.parts import Parts

Bearer = Callable[[str], dict[str, str]]
SignIn = Callable[[str], FlaskClient]
LIST = "/api/v1/tags/assignments"
REVIEW = f"{LIST}/review"


@pytest.fixture
def client(app: flask.Flask, shop: Parts) -> FlaskClient:
    """The shop with two suggestions; eve may assign the tags of `pii`, and nothing else."""
    for path, tag in (("land", "pii.email"), ("total", "fin.card")):
        shop.tags.suggest(
            TagAssignment(
                dataset="shop.orders",
                path=(path,),
                tag=tag,
                state=TagState.SUGGESTED,
                origin=TagOrigin.RULE,
                rule=f"{path} by name",
                confidence=0.8,
                evidence=f"name says `{path}`",
                by="crawl",
            )
        )
    now = shop.policies.current()
    steward = Role(name="steward", groups=frozenset({"guests"}), capabilities=frozenset({"tag:assign on pii"}))
    shop.policies.put(now.policies, (*now.roles, steward), by="test", why="a steward", difference="+ role steward")
    return app.test_client()


def number_of(shop: Parts, column: str) -> int:
    [found] = TagAssignments(shop.catalog).listed(Choice(search=f'["{column}"]'))
    return found.id


def test_a_list_tells_evidence_level_and_state(client: FlaskClient, bearer: Bearer) -> None:
    told = client.get(f"{LIST}?state=suggested&search=land", headers=bearer("max")).get_json()
    [found] = told["assignments"]
    wanted = {"dataset": "shop.orders", "column": "land", "tag": "pii.email", "level": "internal", "type": "VARCHAR"}
    assert wanted.items() <= found.items()
    assert (found["state"], found["rule"], found["evidence"]) == ("suggested", "land by name", "name says `land`")
    assert (found["confidence"], found["by"], found["origin"]) == (0.8, "crawl", "rule")
    assert (told["total"], told["offset"]) == (1, None)


def test_the_number_of_an_assignment_tells_nothing_of_how_many_there_are(shop: Parts) -> None:
    numbers = sorted(found.id for found in TagAssignments(shop.catalog).listed(Choice()))
    assert len(numbers) > 1
    assert all(later - earlier > 1_000 for earlier, later in itertools.pairwise(numbers))


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("", ["email", "card", "land", "total"]),
        ("state=confirmed", ["email", "card"]),
        ("tag=pii", ["email", "land"]),
        ("tag=FIN:card", ["card", "total"]),
        ("dataset=SHOP", ["email", "card", "land", "total"]),
        ("dataset=shop.orders&search=name+TOTAL", ["total"]),
        ("search=%25", []),
        ("tag=p_i", []),
        ("dataset=nowhere", []),
        ("limit=1&offset=2", ["land"]),
    ],
)
def test_every_part_of_a_choice_counts(client: FlaskClient, bearer: Bearer, query: str, columns: list[str]) -> None:
    told = client.get(f"{LIST}?{query}", headers=bearer("max")).get_json()
    assert [each["column"] for each in told["assignments"]] == columns


@pytest.mark.parametrize("query", ["state=maybe", "limit=0", "stat=suggested"])
def test_a_wrong_choice_is_told(client: FlaskClient, bearer: Bearer, query: str) -> None:
    assert client.get(f"{LIST}?{query}", headers=bearer("max")).get_json(force=True)["code"] == "request_invalid"


def test_a_search_of_too_many_words_is_refused(client: FlaskClient, bearer: Bearer) -> None:
    for count, status in ((100, 200), (101, 413), (1900, 413)):
        assert (
            client.get(f"{LIST}?search={'+'.join(map(str, range(count)))}", headers=bearer("max")).status_code == status
        )


def test_a_steward_sees_and_judges_the_own_namespaces_only(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    told = client.get(LIST, headers=bearer("eve")).get_json()
    assert {each["tag"] for each in told["assignments"]} == {"pii.email"}
    foreign, none = number_of(shop, "total"), 9_999
    for number in (foreign, none):
        refused = client.post(REVIEW, json={"reject": [number_of(shop, "land"), number]}, headers=bearer("eve"))
        assert refused.get_json(force=True)["detail"] == f"there is no tag assignment {number} that you may review"
    assert all(each.state is not TagState.REJECTED for each in shop.tags.assignments())
    assert client.get(LIST, headers=bearer("kim")).get_json(force=True)["code"] == "not_allowed"
    assert client.post(REVIEW, json={"reject": [foreign]}, headers=bearer("kim")).status_code == 403
    assert client.get(LIST).status_code == 401


def test_verdicts_are_one_revision_and_one_event(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    right, wrong = number_of(shop, "total"), number_of(shop, "land")
    before = shop.policies.current()
    body = {"confirm": [right], "reject": [wrong], "why": "looked at it"}
    done = client.post(REVIEW, json=body, headers=bearer("max"))
    assert {each["column"]: each["state"] for each in done.get_json()["changed"]} == {
        "land": "rejected",
        "total": "confirmed",
    }
    now = shop.policies.current()
    assert now.revision == done.get_json()["revision"] == before.revision + 1
    assert (now.policies, now.roles) == (before.policies, before.roles)
    [event] = shop.journal.search(kind=EventKind.TAG_REVIEW)
    assert (event.user, event.datasets, event.tags) == ("max", ("shop.orders",), ("fin.card", "pii.email"))
    assert event.details["difference"] == [
        "~ tag pii.email on shop.orders.land: suggested -> rejected",
        "~ tag fin.card on shop.orders.total: suggested -> confirmed",
    ]
    again = client.post(REVIEW, json=body, headers=bearer("max")).get_json()
    assert (again["changed"], again["revision"]) == ([], now.revision)
    assert len(shop.journal.search(kind=EventKind.TAG_REVIEW)) == 1


def test_a_suggested_tag_protects_and_a_rejected_one_does_not(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    def seen() -> dict[str, str]:
        told = client.get("/api/v1/datasets/shop/orders", headers=bearer("kim")).get_json()
        return {each["column"]: each["outcome"] for each in told["columns"]}

    assert seen() == {"id": "clear", "email": "masked", "land": "masked"}
    wrong = [number_of(shop, "total"), number_of(shop, "land")]
    client.post(REVIEW, json={"reject": wrong}, headers=bearer("max"))
    assert seen() == {"id": "clear", "email": "masked", "land": "clear", "total": "clear"}
    suggestion = next(each for each in shop.tags.assignments() if fold(each.path[0]) == "land")
    assert not shop.tags.suggest(replace(suggestion, state=TagState.SUGGESTED, confidence=0.99))


@pytest.mark.parametrize(
    "body",
    [{}, {"confirm": []}, {"confirm": [1], "reject": [1]}, {"confirm": ["1"]}, {"confirm": [True]}, {"confrim": [1]}],
)
def test_verdicts_that_say_nothing_clear_are_refused(client: FlaskClient, bearer: Bearer, body: object) -> None:
    refused = client.post(REVIEW, json=body, headers=bearer("max"))
    assert refused.get_json(force=True)["code"] == "request_invalid"


def verdict(browser: FlaskClient, what: str, *ids: int, **more: str) -> TestResponse:
    form = {"csrf_token": csrf_token(browser.get("/tags")), "verdict": what, "ids": [str(each) for each in ids], **more}
    return browser.post("/tags/review", data=form)


def test_the_page_lists_evidence_and_takes_verdicts(client: FlaskClient, browser: SignIn, shop: Parts) -> None:
    boss = browser("max")
    page = boss.get("/tags").get_data(as_text=True)
    assert "2 tags" in page
    assert "Name says <code>land</code>" in page
    assert "80 % sure" in page
    assert "checked" not in page
    assert boss.get("/tags?all=1").get_data(as_text=True).count(" checked>") == 2
    both = (number_of(shop, "land"), number_of(shop, "total"))
    asked = verdict(boss, "reject", *both, search="by name", state="suggested").get_data(as_text=True)
    done = verdict(boss, "reject", *both, search="by name", state="suggested", plan=plan_of(asked))
    assert done.status_code == 303
    told = boss.get(done.location).get_data(as_text=True)
    assert "2 tags are settled" in told
    assert 'value="by name"' in told
    assert {each.state for each in shop.tags.assignments(tag="pii.email")} == {TagState.CONFIRMED, TagState.REJECTED}


def words(page: TestResponse) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", page.get_data(as_text=True))).split())


def plan_of(page: str) -> str:
    found = re.search(r'name="plan" value="([0-9a-f]{8})"', page)
    assert found is not None, "no plan is shown"
    return found[1]


@pytest.mark.usefixtures("client")
def test_who_gains_is_shown_before_a_verdict_that_opens_a_column(browser: SignIn, shop: Parts) -> None:
    boss, land, total = browser("max"), number_of(shop, "land"), number_of(shop, "total")
    page = words(verdict(boss, "reject", total))
    assert "nothing is changed yet" in page
    assert "role clerk gains shop.orders.total" in page
    assert "shop.orders.land" not in page
    plan = plan_of(verdict(boss, "reject", total).get_data(as_text=True))
    other = verdict(boss, "reject", land, plan=plan)
    assert "This is another plan than the one you looked at" in words(other)
    assert {each.state for each in shop.tags.assignments() if each.path in {("land",), ("total",)}} == {
        TagState.SUGGESTED
    }
    assert verdict(boss, "reject", total, plan=plan).status_code == 303
    again = verdict(boss, "confirm", land)
    assert again.status_code == 303, "a suggested tag protects already, so its confirmation alters nothing for anybody"


def test_the_page_is_for_stewards_and_their_namespaces(client: FlaskClient, browser: SignIn, shop: Parts) -> None:
    steward, nobody = browser("eve"), browser("kim")
    assert "fin.card on" not in steward.get("/tags?state=").get_data(as_text=True)
    assert "pii.email on" in steward.get("/tags?state=").get_data(as_text=True)
    assert nobody.get("/tags").status_code == 403
    assert 'href="/tags"' not in nobody.get("/data").get_data(as_text=True)
    assert 'href="/tags"' in steward.get("/data").get_data(as_text=True)
    assert verdict(steward, "confirm", number_of(shop, "total")).status_code == 422
    assert steward.post("/tags/review", data={"verdict": "confirm", "ids": ["1"]}).status_code == 400
    assert verdict(steward, "maybe", number_of(shop, "land")).status_code == 400
    assert verdict(steward, "confirm").status_code == 400


def test_values_are_looked_at_as_the_steward_sees_them(client: FlaskClient, browser: SignIn, shop: Parts) -> None:
    email = number_of(shop, "email")
    shown = browser("max").get(f"/tags?state=&look={email}").get_data(as_text=True)
    assert "user1@x.test" in shown
    kept_away = browser("eve").get(f"/tags?state=&look={email}").get_data(as_text=True)
    assert "@x.test" not in kept_away
    assert "notice bad" in kept_away


def test_levels_follow_what_the_person_sees(client: FlaskClient, bearer: Bearer, browser: SignIn, shop: Parts) -> None:
    shop.tags.put_tag(Tag(name="fin.card", level=Level.RESTRICTED))
    shop.tags.put_tag(Tag(name="pii.email", level=Level.CONFIDENTIAL))

    def levels(user: str) -> tuple[str, str, dict[str, str]]:
        [listed] = client.get("/api/v1/datasets", headers=bearer(user)).get_json()["datasets"]
        told = client.get("/api/v1/datasets/shop/orders", headers=bearer(user)).get_json()
        return listed["level"], told["level"], {each["column"]: each["level"] for each in told["columns"]}

    assert levels("max")[:2] == ("restricted", "restricted")
    confidential = {"id": "internal", "email": "confidential", "land": "confidential"}
    assert levels("kim") == ("confidential", "confidential", confidential)
    page = browser("kim").get("/data").get_data(as_text=True)
    assert "restricted" not in page
    assert page.count('class="level confidential"') == 2
    shown = browser("max").get("/data/shop/orders").get_data(as_text=True)
    assert shown.count('class="level restricted"') == 3
