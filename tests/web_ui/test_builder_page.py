"""The sentence builder: steps that keep all values, a preview that tells no more than its reader may know, drafts."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from catalog.drafts import Drafts
from catalog.journal.event import EventKind
from tests.web_ui.browsing import Outline, SignIn, csrf_token, signed_in_once
from tests.web_ui.building import NEW, Fields, send, sent_again, shop_with_writers, values
from tests.web_ui.test_policy_pages import plan_of, says, words
from web_ui.app import create_app
from web_ui.parts import Parts


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    with shop_with_writers(tmp_path_factory.mktemp("shop")) as parts:
        yield parts


@pytest.fixture(scope="module")
def people(there: Parts) -> SignIn:
    return signed_in_once(create_app(there))


def test_a_policy_is_said_as_sentence_statement_and_yaml_with_what_it_does(people: SignIn, there: Parts) -> None:
    before = there.policies.current()
    page = send(people("max"), NEW, "check")
    text = words(page)
    assert page.status_code == 200
    assert "Role clerk sees dataset shop.orders without columns tagged pii.email" in text
    assert "GRANT SELECT ON TABLE shop.orders HAVING ATTRIBUTE NOT pii.email" in text
    assert "tagged: fin.card" in text
    assert "shop.orders as whoever holds clerk" in text
    assert re.search(r"card changes hidden .* masked by mask", text)
    assert re.search(r"role clerk gains shop\.orders\.card hidden mask", text)
    assert there.policies.current() == before


def test_rows_come_and_go_and_all_values_stay(people: SignIn) -> None:
    admin = people("max")
    page = send(admin, {**NEW, "where": "total >", "from": "tomorrow"}, "add-transform")
    assert values(page, "tagged") == ["fin.card", ""]
    assert values(page, "where") == ["total >"]
    fields = sent_again(page)
    fields["tagged"], fields["with"] = ["fin.card", "pii.email"], ["mask", "tokenize"]
    page = send(admin, fields, "add-role")
    assert values(page, "to") == ["clerk", ""]
    page = send(admin, sent_again(page), "add-attribute")
    page = send(admin, {**sent_again(page), "attribute": ["land"], "values": ["NO\r\nSE"]}, "remove-transform-0")
    again = sent_again(page)
    assert (again["tagged"], again["with"], again["arguments"]) == (["pii.email"], ["tokenize"], [""])
    assert (again["attribute"], again["values"]) == (["land"], ["NO\nSE"])
    assert (again["from"], again["where"], again["why"]) == (["tomorrow"], ["total >"], ["guests may look"])
    assert values(send(admin, again, "remove-role-1"), "to") == ["clerk"]


def test_a_form_has_so_many_rows_that_all_that_is_wrong_can_be_told(people: SignIn) -> None:
    refused = [
        send(people("eve"), {**NEW, "tagged": ["x y"] * number}, "preview").status_code for number in (50, 51, 4_000)
    ]
    assert refused == [200, 400, 400]
    assert people("eve").get(f"/policies/new?{'tagged=x&' * 51}").status_code == 400


def test_what_is_wrong_stands_beside_each_field_with_a_way_on(people: SignIn) -> None:
    page = send(people("max"), {**NEW, "to": ["clark"], "where": "total >", "arguments": ["keep_lost=>4"]}, "check")
    text = page.get_data(as_text=True)
    assert page.status_code == 422
    assert "3 things are not right yet." in words(page)
    for place, field in (("to", "role-0"), ("where", "where"), ("transform-0", "transform-0")):
        assert f'id="{place}-wrong"' in text
        assert f'href="#{field}"' in text
        assert f'id="{field}"' in text
    assert "Did you mean clerk ?" in words(page)


def test_a_filter_is_tried_on_the_datasets_in_scope(people: SignIn) -> None:
    page = send(people("max"), {**NEW, "where": "ghost = 1"}, "check")
    assert page.status_code == 200
    assert "On shop.orders its filter names ghost , which is not there, so the grant gives nothing there." in words(
        page
    )
    page = send(people("max"), {**NEW, "scope": "shopp"}, "check")
    assert "There is no database shopp yet; did you mean shop ?" in words(page)


def test_a_policy_that_is_changed_says_the_same_before_it_is(people: SignIn) -> None:
    page = people("max").get("/policies/clerks/edit")
    assert page.status_code == 200
    assert "What is in force says this already." in words(page)
    again = send(people("max"), sent_again(page), "check", "/policies/clerks/edit")
    assert "What is in force says this already." in words(again)
    renamed = send(people("max"), {**sent_again(page), "policy": "other"}, "check", "/policies/clerks/edit")
    assert "What is in force says this already." in words(renamed)


def test_a_new_policy_takes_no_name_that_is_taken(people: SignIn) -> None:
    page = send(people("max"), {**NEW, "policy": "CLERKS"}, "check")
    assert page.status_code == 422
    assert "There is a policy CLERKS already" in words(page)


def test_the_plan_that_was_looked_at_is_applied_and_its_draft_goes(browser: SignIn, shop: Parts) -> None:
    admin, drafts = browser("max"), Drafts(shop.catalog)
    before = shop.policies.current()
    kept = send(admin, {**NEW, "where": "total >"}, "draft")
    [draft] = drafts.drafts()
    assert (kept.status_code, kept.location) == (303, f"/policies/new?draft={draft.id}&saved=true")
    assert shop.policies.current() == before
    page = admin.get(kept.location)
    assert values(page, "where") == ["total >"]
    assert "Saved as a draft." in words(page)
    page = send(admin, {**sent_again(page), "where": "total > 100"}, "check", draft=draft.id)
    assert send(admin, sent_again(page), "apply", draft=draft.id, plan="00000000").status_code == 409
    assert shop.policies.current() == before
    done = send(admin, sent_again(page), "apply", draft=draft.id, plan=plan_of(page), change_why="asked for")
    live = shop.policies.current()
    assert (done.status_code, done.location) == (303, f"/policies?since={live.revision}")
    assert {policy.id for policy in live.policies} == {"clerks", "bosses", "guests"}
    assert drafts.drafts() == ()
    assert shop.revisions.history()[0].why == "asked for"
    kinds = [event.kind for event in shop.journal.search(user="max", policy="guests")]
    assert {EventKind.DRAFT_SAVE, EventKind.DOCUMENT_APPLY} <= set(kinds)
    assert "4 masked" not in says(browser("kim"), "/data")


def test_an_old_reason_is_not_taken_for_that_of_a_change(browser: SignIn, shop: Parts) -> None:
    admin, address = browser("max"), "/policies/clerks/edit"
    page = send(admin, {**sent_again(admin.get(address)), "where": ""}, "check", address)
    assert send(admin, sent_again(page), "apply", address, plan=plan_of(page)).status_code == 303
    assert shop.revisions.history()[0].why == ""
    page = send(admin, {**sent_again(admin.get(address)), "why": "a new reason"}, "check", address)
    assert send(admin, sent_again(page), "apply", address, plan=plan_of(page)).status_code == 303
    assert shop.revisions.history()[0].why == "a new reason"


def test_a_draft_is_its_authors_and_alters_nobodys_view(people: SignIn, there: Parts) -> None:
    seen = says(people("kim"), "/data/shop/orders")
    send(people("eve"), {**NEW, "policy": "eve's own"}, "draft")
    [draft] = [each for each in Drafts(there.catalog).drafts() if each.by == "eve"]
    assert says(people("kim"), "/data/shop/orders") == seen
    assert "eve's own" in says(people("eve"), "/policies/drafts")
    assert "eve's own" in says(people("max"), "/policies/drafts")
    assert "eve's own" not in says(people("kim"), "/policies/drafts")
    for address in (f"/policies/new?draft={draft.id}", "/policies/new?draft=nothing"):
        assert people("kim").get(address).status_code == 404
    form = {"csrf_token": csrf_token(people("kim").get("/policies"))}
    assert people("kim").post(f"/policies/drafts/{draft.id}/discard", data=form).status_code == 404
    assert send(people("kim"), NEW, "draft", draft=draft.id).status_code == 404
    form = {"csrf_token": csrf_token(people("eve").get("/policies"))}
    assert people("eve").post(f"/policies/drafts/{draft.id}/discard", data=form).status_code == 303
    assert Drafts(there.catalog).draft(draft.id) is None
    told = there.journal.search(user="eve", kind=EventKind.DRAFT_DISCARD, limit=1)
    assert [event.policies for event in told] == [("eve's own",)]


@pytest.mark.parametrize(
    ("user", "kind", "start", "found", "unseen"),
    [
        ("max", "role", "cl", ["clerk"], "boss"),
        ("max", "scope", "shop", ["shop", "shop.orders"], "hr"),
        ("max", "column", "a", ["card", "land", "email", "total"], "id"),
        ("max", "tag", "pii", ["pii.email"], "fin.card"),
        ("max", "user", "k", ["kim"], "max"),
        ("eve", "user", "", [], "kim"),
        ("eve", "group", "", [], "clerks"),
        ("eve", "scope", "", ["shop", "shop.orders"], "*"),
        ("eve", "role", "", ["clerk", "shop writer"], "boss"),
        ("kim", "scope", "", ["shop", "shop.orders"], "*"),
        ("kim", "dataset", "", [], "shop.orders"),
        ("kim", "column", "", ["email", "id", "land", "total"], "card"),
    ],
)
def test_names_are_those_that_the_person_may_know(
    people: SignIn, user: str, kind: str, start: str, found: list[str], unseen: str
) -> None:
    answer = people(user).get(f"/policies/names?kind={kind}&start={start}&scope=shop.orders").get_json()
    assert sorted(answer["names"]) == sorted(found)
    assert unseen not in answer["names"]
    assert people(user).get("/policies/names?kind=secret").status_code == 400
    if kind == "column":  # of a whole database only to whoever writes policies there
        within = people(user).get(f"/policies/names?kind=column&start={start}&scope=shop").get_json()
        assert sorted(within["names"]) == (sorted(found) if user == "max" else [])


def test_a_policy_that_no_fields_can_hold_leads_to_the_document(browser: SignIn, shop: Parts) -> None:
    now = shop.policies.current()
    odd = replace(now.policies[0], id="odd", roles=("night\nshift",))
    shop.policies.put((*now.policies, odd), now.roles, by="test", why="odd", difference="+ policy odd")
    page = browser("max").get("/policies/odd/edit")
    assert page.status_code == 200
    assert "cannot hold whole" in words(page)
    assert "/policies/change?policy=odd" in page.get_data(as_text=True)


def test_the_whole_form_can_be_read_by_ear_and_keyboard(people: SignIn) -> None:
    full: Fields = {**NEW, "to": ["clerk", "boss"], "attribute": ["land"], "values": ["NO"], "purpose": "care"}
    form: list[tuple[Fields, int]] = [(full, 200), ({**full, "where": "total >", "network": "x"}, 422)]
    for fields, status in form:
        page = send(people("max"), {**fields, "extra": ["sql", "rows", "sample"]}, "check")
        outline = Outline(page.get_data(as_text=True))
        assert page.status_code == status
        assert outline.headings.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(outline.headings))
        assert len(outline.ids) == len(set(outline.ids))
        assert set(outline.fields) <= outline.labelled
        assert set(outline.references) <= set(outline.ids)
        assert outline.tags.count("table") == outline.tags.count("caption")
        assert outline.inline == []


def test_an_address_fills_in_the_form(people: SignIn) -> None:
    page = people("max").get("/policies/new?scope=shop.orders&to=clerk&to=boss&policy=p")
    assert (values(page, "scope"), values(page, "to"), values(page, "policy")) == (
        ["shop.orders"],
        ["clerk", "boss"],
        ["p"],
    )
