"""Tags with their uses, rules that are tried and kept and how often they were right, and what became of tags."""

import re
from collections.abc import Callable

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog.journal.event import Event, EventKind
from catalog.model import Level, TagAssignment, TagOrigin, TagState
from catalog.people.model import Role
from catalog.tag_assignments import Choice, TagAssignments
from tests.web_ui.browsing import Outline, csrf_token
from web_ui.pages.tag_rules import stated_rule
from web_ui.parts import Parts

Bearer = Callable[[str], dict[str, str]]
SignIn = Callable[[str], FlaskClient]
COUNTS = ("suggested", "confirmed", "rejected")
MAIL = {"name": "mail", "tag": "acme.mail", "content": "user[0-9]+@x.test", "min_match": "0.9", "min_rows": "10"}


@pytest.fixture
def client(app: flask.Flask, shop: Parts) -> FlaskClient:
    """The shop with suggestions of two rules; eve may assign the tags of `pii`, and nothing else."""
    for column, tag, rule in (
        ("land", "pii.email", "mail by name"),
        ("total", "fin.card", "cards"),
        ("id", "pii.email", "mail by name"),
    ):
        shop.tags.suggest(
            TagAssignment(
                dataset="shop.orders",
                path=(column,),
                tag=tag,
                state=TagState.SUGGESTED,
                origin=TagOrigin.RULE,
                rule=rule,
                confidence=0.8,
                evidence=f"name says `{column}`",
                by="crawl",
            )
        )
    now = shop.policies.current()
    steward = Role(name="steward", groups=frozenset({"guests"}), capabilities=frozenset({"tag:assign on pii"}))
    shop.policies.put(now.policies, (*now.roles, steward), by="test", why="a steward", difference="+ role steward")
    return app.test_client()


def send(browser: FlaskClient, address: str, **form: str) -> TestResponse:
    return browser.post(address, data={"csrf_token": csrf_token(browser.get("/tags")), **form})


def number_of(shop: Parts, column: str) -> int:
    [found] = TagAssignments(shop.catalog).listed(Choice(search=f'["{column}"]'))
    return found.id


def test_tags_tell_how_often_they_stand_where(client: FlaskClient, bearer: Bearer, browser: SignIn) -> None:
    tags = {each["tag"]: each for each in client.get("/api/v1/tags/uses", headers=bearer("max")).get_json()["tags"]}
    assert [tags["pii.email"][count] for count in COUNTS] == [2, 1, 0]
    assert [tags["fin.card"][count] for count in COUNTS] == [1, 1, 0]
    page = browser("max").get("/tags/all").get_data(as_text=True)
    assert "pii.email" in page
    assert "fin.card" in page


def test_a_steward_learns_of_the_own_namespaces_alone(
    client: FlaskClient, bearer: Bearer, browser: SignIn, shop: Parts
) -> None:
    steward = bearer("eve")
    assert [each["tag"] for each in client.get("/api/v1/tags/uses", headers=steward).get_json()["tags"]] == [
        "pii.email"
    ]
    client.post(
        "/api/v1/rules",
        json={"rule": {"name": "cards", "tag": "fin.card", "column_name": "card"}},
        headers=bearer("max"),
    )
    assert client.get("/api/v1/rules", headers=steward).get_json() == {"rules": []}
    for address in ("/tags/all", "/tags/rules", "/tags"):
        page = browser("eve").get(address).get_data(as_text=True).replace('<option value="fin.card">', "")
        assert "fin.card" not in page, address
        assert "Try a rule" not in page
    for dataset, column in (("shop.orders", "total"), ("shop.nothing", "total"), ("shop", "")):
        asked = f"/api/v1/tags/history?dataset={dataset}&column={column}"
        told = client.get(asked, headers=steward).get_json()
        assert told == {"dataset": dataset, "column": column, "standing": [], "told": []}
    assert browser("kim").get("/tags/rules").status_code == 403


def test_a_tag_is_made_and_stated_anew_on_record(client: FlaskClient, browser: SignIn, shop: Parts) -> None:
    boss = browser("max")
    made = send(boss, "/tags/all", name="acme:member", comment="who belongs", level="restricted")
    assert (made.status_code, made.location) == (303, "/tags/all?made=acme:member")
    tag = shop.tags.tag("acme.member")
    assert tag is not None
    assert (tag.comment, tag.level) == ("who belongs", Level.RESTRICTED)
    [event] = shop.journal.search(kind=EventKind.DOCUMENT_APPLY)
    assert (event.user, event.tags) == ("max", ("acme.member",))
    refused = send(boss, "/tags/all", name="member", comment="kept words", level="public")
    assert refused.status_code == 422
    assert 'value="kept words"' in refused.text


def test_how_often_a_rule_was_right_is_what_people_said(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    boss = bearer("max")
    rule = {"name": "mail by name", "tag": "pii.email", "column_name": "mail|land"}
    assert client.post("/api/v1/rules", json={"rule": rule, "why": "ours"}, headers=boss).get_json()["applied"]
    before = {each["rule"]: each for each in client.get("/api/v1/rules", headers=boss).get_json()["rules"]}
    assert (before["mail by name"]["precision"], before["mail by name"]["suggested"]) == (None, 2)
    verdicts = {"confirm": [number_of(shop, "id")], "reject": [number_of(shop, "land")]}
    client.post("/api/v1/tags/assignments/review", json=verdicts, headers=boss)
    [after] = client.get("/api/v1/rules", headers=bearer("eve")).get_json()["rules"]
    assert (after["precision"], [after[count] for count in COUNTS]) == (0.5, [0, 1, 1])
    assert after["looks"] == "names like `mail|land`"


def test_a_rule_is_tried_on_real_columns_before_it_is_kept(client: FlaskClient, browser: SignIn, shop: Parts) -> None:
    boss = browser("max")
    tried = send(boss, "/tags/rules", action="try", on="shop", **MAIL).get_data(as_text=True)
    assert "aaaa00@a.aaaa" in tried
    assert "@x.test" not in tried.replace(MAIL["content"], "")
    assert f'value="{MAIL["content"]}"' in tried
    assert shop.tags.rules() == ()
    assert [event.user for event in shop.journal.search(kind=EventKind.RULE_TRY)] == ["max"]
    kept = send(boss, "/tags/rules", action="save", why="our members", **MAIL)
    assert kept.location == "/tags/rules?saved=mail"
    [rule] = shop.tags.rules()
    assert (rule.content, rule.min_match, rule.min_rows, rule.tag) == (MAIL["content"], 0.9, 10, "acme.mail")
    page = boss.get("/tags/rules").get_data(as_text=True)
    assert "at least 90 % of 10 or more" in page
    assert "not judged yet" in page


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({**MAIL, "content": ""}, "looks at nothing"),
        ({**MAIL, "content": "("}, "content"),
        ({**MAIL, "min_match": "much"}, "min_match"),
        ({**MAIL, "on": "shopp"}, "no dataset or database"),
        ({**MAIL, "detector": "credit_card"}, "has `content` and `detector`"),
        ({"name": "x", "tag": "mail", "column_name": "m"}, "mail"),
    ],
)
def test_what_is_no_rule_is_told_and_kept_in_the_form(
    client: FlaskClient, browser: SignIn, shop: Parts, form: dict[str, str], words: str
) -> None:
    refused = send(browser("max"), "/tags/rules", action="try", **{"on": "shop", **form})
    assert 400 <= refused.status_code < 500
    assert words in refused.text.replace("<code>", "`").replace("</code>", "`")
    assert f'value="{form["name"]}"' in refused.text
    assert shop.tags.rules() == ()


def test_a_form_states_a_rule_as_a_document_does() -> None:
    words = {"name": "w", "tag": "a.b", "words": "one\n\n two \n", "min_rows": "5", "detector": " "}
    assert stated_rule(words) == {"name": "w", "tag": "a.b", "words": ["one", "two"], "min_rows": 5}


def test_the_queue_is_narrowed_by_rule_and_judged_as_a_whole(client: FlaskClient, browser: SignIn, shop: Parts) -> None:
    boss = browser("max")
    page = boss.get("/tags").get_data(as_text=True)
    assert "By rule" in page
    only = boss.get("/tags?rule=mail+by+name").get_data(as_text=True)
    assert "2 tags by the rule <code>mail by name</code>" in only
    assert "fin.card on" not in only
    form = {"verdict": "reject", "rule": "mail by name", "state": "suggested"}
    assert send(boss, "/tags/review", everything="3", **form).status_code == 400
    looked = send(boss, "/tags/review", everything="2", **form).get_data(as_text=True)
    [plan] = re.findall(r'name="plan" value="(\w+)"', looked)
    done = send(boss, "/tags/review", everything="2", plan=plan, **form)
    assert done.status_code == 303
    assert "changed=2" in done.location
    assert {each.state for each in shop.tags.assignments() if each.rule == "mail by name"} == {TagState.REJECTED}
    assert send(browser("eve"), "/tags/review", everything="1", verdict="confirm", state="suggested").status_code == 400


def test_a_tag_that_a_detector_knows_is_declared_as_it_knows_it(
    client: FlaskClient, browser: SignIn, shop: Parts
) -> None:
    for name, tag in (("mrn", "phi.mrn"), ("member", "acme.member")):
        send(browser("max"), "/tags/rules", action="save", name=name, tag=tag, column_name=name)
    levels = {tag.name: tag.level for tag in shop.tags.tags()}
    assert (levels["phi.mrn"], levels["acme.member"]) == (Level.RESTRICTED, Level.INTERNAL)


def test_what_became_of_a_column_is_told_with_who_when_and_why(
    client: FlaskClient, browser: SignIn, bearer: Bearer, shop: Parts
) -> None:
    body = {"confirm": [number_of(shop, "land")], "why": "looked at it"}
    client.post("/api/v1/tags/assignments/review", json=body, headers=bearer("eve"))
    client.post(
        "/api/v1/ddl",
        json={"statement": "ALTER TABLE shop.orders ADD COLUMN ATTRIBUTE land fin.card"},
        headers=bearer("max"),
    )
    steward = client.get("/api/v1/tags/history?dataset=SHOP.orders&column=land", headers=bearer("eve")).get_json()
    assert [(each["by"], each["what"], each["why"]) for each in steward["told"]] == [
        ("eve", "`pii.email` from suggested to confirmed", "looked at it")
    ]
    assert [(each["tag"], each["state"], each["evidence"]) for each in steward["standing"]] == [
        ("pii.email", "confirmed", "name says `land`")
    ]
    for address in ("/tags/history", "/api/v1/tags/history"):
        assert client.get(address, headers=bearer("max")).status_code == 400
    whole = browser("max").get("/tags/history?dataset=shop.orders&column=land").get_data(as_text=True)
    assert "fin.card" in whole
    assert "looked at it" in whole


def test_why_a_review_was_made_is_told_to_who_may_judge_all_that_it_judged(
    client: FlaskClient, bearer: Bearer, shop: Parts
) -> None:
    difference = [
        "~ tag pii.email on shop.orders.land: suggested -> confirmed",
        "~ tag fin.card on lab.tests.id: suggested -> confirmed",
    ]
    for lines in (difference, difference[:1]):
        said = {"why": f"{len(lines)} tags", "difference": lines}
        shop.journal.append(Event(kind=EventKind.TAG_REVIEW, user="max", datasets=("shop.orders",), details=said))
    asked = "/api/v1/tags/history?dataset=shop.orders&column=land"
    for user, reasons in (("eve", ["1 tags", ""]), ("max", ["1 tags", "2 tags"])):
        told = client.get(asked, headers=bearer(user)).get_json()["told"]
        assert [each["why"] for each in told] == reasons


def test_what_was_said_of_own_tags_is_told_however_much_was_said_of_others(
    client: FlaskClient, bearer: Bearer, shop: Parts
) -> None:
    body = {"confirm": [number_of(shop, "land")], "why": "looked at it"}
    client.post("/api/v1/tags/assignments/review", json=body, headers=bearer("eve"))
    said = {"why": "again", "difference": ["~ tag fin.card on shop.orders.land: suggested -> confirmed"]}
    other = Event(kind=EventKind.TAG_REVIEW, user="max", datasets=("shop.orders",), details=said)
    with shop.catalog.transaction():
        for _ in range(420):
            shop.journal.append(other)
    asked = "/api/v1/tags/history?dataset=shop.orders&column=land"
    told = client.get(asked, headers=bearer("eve")).get_json()["told"]
    assert [(each["by"], each["why"]) for each in told] == [("eve", "looked at it")]
    assert len(client.get(asked, headers=bearer("max")).get_json()["told"]) == 200


def test_the_pages_have_names_for_everything(client: FlaskClient, browser: SignIn) -> None:
    boss = browser("max")
    pages = [
        boss.get(each)
        for each in ("/tags", "/tags/all", "/tags/rules", "/tags/history?dataset=shop.orders&column=land")
    ]
    for shown in [*pages, send(boss, "/tags/rules", action="try", on="shop", **MAIL)]:
        page = Outline(shown.get_data(as_text=True))
        assert page.headings[0] == 1
        assert set(page.fields) <= page.labelled
        assert len(page.ids) == len(set(page.ids))
        assert set(page.references) <= set(page.ids)
        assert None not in page.header_scopes
        assert page.inline == []


def test_a_rule_is_taken_away_and_what_it_suggested_stays(
    client: FlaskClient, bearer: Bearer, browser: SignIn, shop: Parts
) -> None:
    boss = bearer("max")
    rule = {"name": "mail by name", "tag": "pii.email", "column_name": "mail"}
    client.post("/api/v1/rules", json={"rule": rule}, headers=boss)
    assert "Take away the rule mail by name" in browser("max").get("/tags/rules").get_data(as_text=True)
    refused = client.post("/api/v1/rules/remove", json={"rule": "mail by names"}, headers=boss)
    assert refused.status_code == 422
    assert "did you mean `mail by name`?" in refused.get_json()["hint"]
    done = client.post("/api/v1/rules/remove", json={"rule": "MAIL by name", "why": "too eager"}, headers=boss)
    assert [(each["sign"], each["kind"]) for each in done.get_json()["changes"]] == [("-", "rule")]
    assert shop.tags.rules() == ()
    standing = TagAssignments(shop.catalog).listed(Choice(namespaces=frozenset({"pii"})))
    assert sum(each.assignment.state is TagState.SUGGESTED for each in standing) == 2


def test_a_rule_is_taken_away_on_its_page_by_whoever_administers(
    browser: SignIn, shop: Parts, client: FlaskClient
) -> None:
    boss = browser("max")
    assert send(boss, "/tags/rules", action="save", **MAIL).status_code == 303
    assert send(browser("eve"), "/tags/rules/remove", rule="mail").status_code == 403
    assert [rule.name for rule in shop.tags.rules()] == ["mail"]
    gone = send(boss, "/tags/rules/remove", rule="mail")
    assert (gone.status_code, gone.location) == (303, "/tags/rules?removed=mail")
    assert shop.tags.rules() == ()
    assert send(boss, "/tags/rules/remove", rule="mail").status_code == 422
