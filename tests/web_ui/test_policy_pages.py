"""Policies as sentences, the page of each, how they came to be, and the ways back: each looked at before it is done."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog.journal.event import EventKind
from catalog.people.model import Role
from policy_engine.document.reading import loads
from policy_engine.model import Policy, Scope
from tests.web_ui.browsing import SignIn, csrf_token, signed_in_once
from tests.web_ui.shop import open_shop
from web_ui.app import create_app
from web_ui.pages.addresses import policy_url
from web_ui.parts import Parts

ODD = ("a/b", "policy", "history", "what? 50 % & <more>", "..x", "ümlaut #1", ".")


def named(policies: tuple[Policy, ...], name: str) -> Policy:
    return next(policy for policy in policies if policy.id == name)


def words(page: TestResponse) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page.get_data(as_text=True)).split()))


def unnumbered(text: str) -> str:
    """A page's words without what the names, numbers and minutes of revisions are."""
    return re.sub(r"falcon|heron|egret|stork", "bird", re.sub(r"\d+", "0", text))


def says(browser: FlaskClient, address: str) -> str:
    """A page's words as a person reads them."""
    return words(browser.get(address))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """The shop with a history: clerks were opened to boss alone, then given back, and odd names came."""
    with open_shop(tmp_path_factory.mktemp("shop")) as parts:
        now = parts.policies.current()
        clerks, bosses = named(now.policies, "clerks"), named(now.policies, "bosses")
        wide = replace(clerks, roles=("boss",), where=None, why="only bosses now")
        odd = tuple(replace(bosses, id=name, scope=Scope(database="shop")) for name in ODD)
        put = parts.policies.put
        put((wide, bosses), now.roles, by="max", why="a try", difference="~ policy clerks")
        put((clerks, bosses), now.roles, by="max", why="back again", difference="~ policy clerks")
        put((clerks,), now.roles, by="max", why="no bosses", difference="- policy bosses")
        added = "\n".join(f"+ policy {name}" for name in ("bosses", *ODD))
        put((clerks, bosses, *odd), now.roles, by="max", why="odd names", difference=added)
        yield parts


@pytest.fixture(scope="module")
def people(told: Parts) -> SignIn:
    """Gives a signed-in browser, one for each person."""
    return signed_in_once(create_app(told))


def test_a_policy_is_told_as_a_sentence_a_statement_and_yaml(people: SignIn) -> None:
    text = says(people("kim"), "/policies/clerks")
    assert (
        "Role clerk sees database shop without columns tagged fin.card , columns tagged pii.email through tokenize() ,"
        " only rows where land = user_attribute('land') ." in text
    )
    assert "GRANT SELECT ON DATABASE shop HAVING ATTRIBUTE NOT fin.card" in text
    assert "having: not fin.card" in text
    assert "clerks serve their own land" in text


def test_a_policy_that_may_not_be_read_is_as_good_as_absent(people: SignIn) -> None:
    for address in ("/policies/{}", "/policies/{}?rev=1", "/policies/policy?name={}"):
        unread, absent = (people("kim").get(address.format(name)) for name in ("bosses", "nobody"))
        assert unread.status_code == absent.status_code == 404
        assert "no policy of that name" in unread.get_data(as_text=True)
    assert people("max").get("/policies/bosses").status_code == 200


def test_an_earlier_revision_is_read_by_the_roles_held_now(people: SignIn, told: Parts) -> None:
    first = told.policies.current().revision - 4
    assert people("kim").get(f"/policies/clerks?rev={first + 1}").status_code == 404
    then = says(people("max"), f"/policies/clerks?rev={first + 1}")
    assert f"As it stood in revision {first + 1}. It says something else today." in then
    assert "only bosses now" in then
    same = says(people("kim"), f"/policies/clerks?rev={first}")
    assert "It says the same today." in same
    gone = people("max").get(f"/policies/bosses?rev={first + 3}")
    assert gone.status_code == 404
    assert people("max").get("/policies/clerks?rev=0").status_code == 400
    assert people("max").get("/policies/clerks?rev=999999").status_code == 404


def test_the_api_tells_the_same_of_one_policy(people: SignIn, told: Parts) -> None:
    live = told.policies.current().revision
    page = people("max").get(f"/policies/clerks?rev={live - 3}").get_data(as_text=True)
    [twin] = re.findall(r'<link rel="alternate" type="application/json" href="([^"]+)">', page)
    answer = people("max").get(html.unescape(twin))
    assert answer.get_json()["revision"] == live - 3
    assert [policy["why"] for policy in answer.get_json()["policies"]] == ["only bosses now"]
    assert answer.headers["Veil-Policy-Revision"] == str(live - 3)
    assert people("kim").get(html.unescape(twin)).status_code == 404
    assert people("kim").get("/api/v1/policies?policy=CLERKS").get_json()["policies"][0]["policy"] == "clerks"
    assert people("kim").get("/api/v1/policies?policy=bosses").status_code == 404
    assert people("kim").get("/api/v1/policies?revision=1").status_code == 400


def test_how_a_policy_came_to_be_tells_only_what_was_theirs_to_read(people: SignIn) -> None:
    admin, clerk = says(people("max"), "/policies/clerks"), says(people("kim"), "/policies/clerks")
    assert "to: clerk -> boss" in admin
    assert "back again" in admin
    assert "boss" not in clerk
    assert "back again" not in clerk
    bosses = says(people("max"), "/policies/bosses")
    assert re.search(r"new odd names .* removed no bosses", bosses)


@pytest.mark.parametrize("name", ODD)
def test_a_policy_of_any_name_has_an_address(people: SignIn, told: Parts, name: str) -> None:
    with create_app(told).test_request_context():
        address = policy_url(name)
    page = people("max").get(address)
    assert page.status_code == 200
    assert f"POLICYPROPERTIES('name'='{name}'" in words(page)


def test_the_export_says_what_one_may_read_and_nothing_else(people: SignIn, told: Parts) -> None:
    every = people("max").get("/policies/export")
    assert every.headers["Content-Disposition"] == 'attachment; filename="policies.yaml"'
    said = {stated.value for stated in loads(every.get_data(as_text=True)).policies}
    assert said == set(told.policies.current().policies)
    own = loads(people("kim").get("/policies/export").get_data(as_text=True)).policies
    assert [stated.value.id for stated in own] == ["clerks"]
    assert loads(people("eve").get("/policies/export").get_data(as_text=True)).policies == ()


def test_the_history_lists_revisions_and_what_each_changed(people: SignIn, told: Parts) -> None:
    live = told.policies.current().revision
    listed = says(people("ada"), "/policies/history")
    assert f"Revision {live} is in force" in listed
    assert listed.index("odd names") < listed.index("no bosses") < listed.index("a try")
    assert "odd names" not in says(people("ada"), f"/policies/history?before={live}")
    changed = says(people("ada"), f"/policies/history/{live - 3}")
    assert "changed: policy clerks" in changed
    assert "to: clerk -> boss" in changed
    assert "Go back to this revision" not in changed
    assert "Go back to this revision" in says(people("max"), f"/policies/history/{live - 3}")
    assert people("ada").get("/policies/history/999").status_code == 404


def test_two_revisions_are_compared_and_what_lies_between_is_told_for_people(people: SignIn, told: Parts) -> None:
    live = told.policies.current().revision
    same = says(people("ada"), f"/policies/history/{live - 2}?from={live - 4}")
    assert "No policy and no role is different" in same
    assert f"From revision {live - 4} to revision {live - 2}" in same
    compared = says(people("ada"), f"/policies/history/{live - 3}?from={live - 4}&people=true")
    assert re.search(r"role clerk loses shop\.orders\.email", compared)


def test_the_history_is_for_administrators_and_auditors(people: SignIn) -> None:
    assert people("kim").get("/policies/history").status_code == 403
    assert people("kim").get("/policies/history/1").status_code == 403
    assert "/policies/history" not in people("kim").get("/policies").get_data(as_text=True)
    assert "/policies/history" not in people("kim").get("/policies/clerks").get_data(as_text=True)


def send(browser: FlaskClient, address: str, action: str, **more: str) -> TestResponse:
    form = {"csrf_token": csrf_token(browser.get("/policies")), "action": action, **more}
    return browser.post(address, data=form)


def plan_of(page: TestResponse) -> str:
    found = re.search(r'name="plan" value="(\w+)"', page.get_data(as_text=True))
    assert found is not None
    return found[1]


def test_a_policy_is_removed_after_a_look_and_comes_back_by_going_back(browser: SignIn, shop: Parts) -> None:
    admin, start = browser("max"), shop.policies.current()
    looked = send(admin, "/policies/clerks/remove", "plan")
    assert re.search(r"role clerk loses shop\.orders\.email", words(looked))
    assert shop.policies.current() == start
    assert send(admin, "/policies/clerks/remove", "apply", plan="00000000").status_code == 409
    assert shop.policies.current() == start
    done = send(admin, "/policies/clerks/remove", "apply", plan=plan_of(looked), why="no clerks any more")
    removed = shop.policies.current()
    assert (done.status_code, done.location) == (303, f"/policies?since={removed.revision}")
    assert [policy.id for policy in removed.policies] == ["bosses"]
    assert "orders" not in says(browser("kim"), "/data")

    address = f"/policies/history/{start.revision}"
    back = send(admin, address, "plan")
    assert re.search(r"role clerk gains shop\.orders\.id hidden clear", words(back))
    assert shop.policies.current() == removed
    assert send(admin, address, "apply", plan="00000000").status_code == 409
    assert send(admin, address, "apply", plan=plan_of(back), why="too early").status_code == 303
    again = shop.policies.current()
    assert (again.revision, again.policies) == (removed.revision + 1, start.policies)
    [event] = shop.journal.search(kind=EventKind.POLICY_ROLLBACK, limit=1)
    assert (event.user, event.details["back_to"], event.details["why"]) == ("max", start.revision, "too early")
    assert "Nothing to change" in words(send(admin, address, "plan"))


def test_who_writes_policies_elsewhere_removes_none_and_goes_nowhere_back(browser: SignIn, shop: Parts) -> None:
    now = shop.policies.current()
    helper = Role(name="hr writer", groups=frozenset({"guests"}), capabilities=frozenset({"policy:write on hr"}))
    shop.policies.put(now.policies, (*now.roles, helper), by="test", why="hr", difference="+ role hr writer")
    eve, start = browser("eve"), shop.policies.current()
    assert send(eve, "/policies/clerks/remove", "plan").status_code == 404
    assert send(eve, f"/policies/history/{now.revision}", "plan").status_code == 403
    assert send(browser("kim"), "/policies/clerks/remove", "apply").status_code == 403
    assert shop.policies.current() == start


def test_nobody_is_told_what_became_of_a_policy_that_is_not_theirs_any_more(people: SignIn, told: Parts) -> None:
    """Whether it is removed, or is somebody else's by now, is the same to who could read it once."""
    put, now = told.policies.put, told.policies.current()
    falcon = replace(named(now.policies, "clerks"), id="falcon")
    put((*now.policies, falcon), now.roles, by="max", why="a try", difference="+ policy falcon")
    number = told.policies.current().revision
    others = replace(falcon, roles=("boss",))
    put((*now.policies, others), now.roles, by="max", why="for bosses alone", difference="~ policy falcon")
    theirs = says(people("kim"), f"/policies/falcon?rev={number}")
    assert "It says something else today." in says(people("max"), f"/policies/falcon?rev={number}")
    assert "It is not in force any more, or not yours to read." in theirs
    assert "removed, or not yours since" in theirs
    assert "for bosses alone" not in theirs

    heron = replace(falcon, id="heron")
    put((*now.policies, heron), now.roles, by="max", why="a try", difference="+ policy heron")
    number = told.policies.current().revision
    put(now.policies, now.roles, by="max", why="for bosses alone", difference="- policy heron")
    gone = says(people("kim"), f"/policies/heron?rev={number}")
    assert unnumbered(gone) == unnumbered(theirs)


def test_nobody_is_told_that_a_policy_of_theirs_was_somebody_elses_before(people: SignIn, told: Parts) -> None:
    put, now = told.policies.put, told.policies.current()
    mine = replace(named(now.policies, "clerks"), id="egret")
    put((*now.policies, replace(mine, roles=("boss",))), now.roles, by="max", why="first", difference="+ policy egret")
    put((*now.policies, mine), now.roles, by="max", why="for clerks", difference="~ policy egret")
    became = says(people("kim"), "/policies/egret")
    new = replace(mine, id="stork")
    put((*now.policies, mine, new), now.roles, by="max", why="for clerks", difference="+ policy stork")
    assert "new" in became
    assert unnumbered(became) == unnumbered(says(people("kim"), "/policies/stork"))
    told_better = replace(new, why="said better")
    put((*now.policies, mine, told_better), now.roles, by="max", why="in plain words", difference="~ policy stork")
    assert "in plain words" in says(people("kim"), "/policies/stork"), "what is theirs before and after is told whole"
