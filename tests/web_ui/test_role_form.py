"""The form of a role: looked at before it is applied, and exactly what a document would state."""

import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog.people.model import Role
from tests.web_ui.browsing import SignIn, csrf_token, text_of
from web_ui.parts import Parts


def _send(browser: FlaskClient, action: str = "plan", /, **form: object) -> TestResponse:
    return browser.post("/role", data={"csrf_token": csrf_token(browser.get("/role")), "action": action, **form})


def _plan_of(page: TestResponse) -> str:
    found = re.search(r'name="plan" value="(\w+)"', page.text)
    assert found is not None, page.text
    return found[1]


def _role(shop: Parts, name: str) -> Role | None:
    return next((role for role in shop.policies.current().roles if role.name == name), None)


def test_a_role_is_made_after_a_look_and_told_of(browser: SignIn, shop: Parts) -> None:
    admin = browser("max")
    assert "Known here: admin , auditor , clerks" in text_of(admin, "/role").replace("<code>", "")
    stated = {"name": "steward", "groups": "guests\n\nclerks", "may": ["tag:assign", "audit:read"]}
    asked: dict[str, object] = {**stated, "places-tag:assign": "pii, fin", "why": "to look after tags"}
    looked = _send(admin, **asked)
    assert looked.status_code == 200
    assert "new: role steward" in looked.text
    assert _role(shop, "steward") is None
    done = _send(admin, "apply", plan=_plan_of(looked), **asked)
    assert done.status_code == 303
    made = _role(shop, "steward")
    assert made is not None
    assert made.groups == {"guests", "clerks"}
    assert made.capabilities == {"audit:read", "tag:assign on fin", "tag:assign on pii"}
    assert f"Revision {shop.policies.current().revision} is in force" in text_of(admin, done.location)
    form = admin.get("/role?name=steward").text
    assert 'value="fin, pii"' in form
    assert form.count(" checked") == 2


def test_a_role_is_changed_as_a_whole_and_keeps_its_name(browser: SignIn, shop: Parts) -> None:
    admin = browser("max")
    asked = {"was": "clerk", "name": "clerk", "groups": "clerks\nnight"}
    looked = _send(admin, **asked)
    assert "changed: role clerk" in looked.text
    assert "group night" in looked.text
    assert _send(admin, "apply", plan="of another time", **asked).status_code == 409
    assert _send(admin, "apply", plan=_plan_of(looked), **asked).status_code == 303
    changed = _role(shop, "clerk")
    assert changed is not None
    assert changed.groups == {"clerks", "night"}


def test_a_group_may_have_any_character(browser: SignIn) -> None:
    assert "new: role moon" in _send(browser("max"), name="moon", groups="\N{CRESCENT MOON}").text


def test_what_is_no_role_is_told_and_kept_in_the_form(browser: SignIn) -> None:
    admin = browser("max")
    for form, told in (
        ({"name": "clerk", "groups": "kept-here"}, "There is a role <code>clerk</code> already"),
        ({"name": "BOSS", "was": "clerk", "groups": "kept-here"}, "There is a role <code>BOSS</code> already"),
        ({"name": " ", "groups": "kept-here"}, "The role has no name"),
    ):
        refused = _send(admin, **form)
        assert refused.status_code == 400
        assert told in refused.text
        assert "kept-here" in refused.text
    assert admin.get("/role?name=nothing-like-it").status_code == 404


def test_what_a_group_may_by_itself_is_told(browser: SignIn) -> None:
    admin = browser("max")
    looked = _send(admin, name="chiefs", groups="admin")
    assert _send(admin, "apply", plan=_plan_of(looked), name="chiefs", groups="admin").status_code == 303
    assert "in admin : administer this whole home" in text_of(admin, "/roles/chiefs")
    assert "administer this whole home" in text_of(admin, "/roles")
