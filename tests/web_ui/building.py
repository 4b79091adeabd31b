"""The form of a policy as people send it, and a shop in which not everybody writes policies for everything."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from catalog.people.model import Role
from tests.web_ui.browsing import csrf_token
from tests.web_ui.shop import open_shop
from web_ui.parts import Parts

Fields = dict[str, str | list[str]]
NEW: Fields = {
    "policy": "guests",
    "why": "guests may look",
    "effect": "grant",
    "to": ["clerk"],
    "scope": "shop.orders",
    "pick": "untagged",
    "having": "pii.email",
    "tagged": ["fin.card"],
    "with": ["mask"],
    "arguments": ["keep_last=>4"],
    "where": "total > 100",
    "enabled": "true",
}


def send(
    browser: FlaskClient, fields: Fields, action: str, address: str = "/policies/new", **more: str
) -> TestResponse:
    form = MultiDict(
        [(name, each) for name, value in fields.items() for each in ([value] if isinstance(value, str) else value)]
    )
    form.update({"csrf_token": csrf_token(browser.get("/policies")), "action": action, **more})
    return browser.post(address, data=form)


def values(page: TestResponse, name: str) -> list[str]:
    """What the fields of a name hold, as a browser would send it."""
    text = page.get_data(as_text=True)
    found = re.findall(rf'<input[^>]* name="{name}" value="([^"]*)"', text)
    found += re.findall(rf'<textarea[^>]* name="{name}"[^>]*>(.*?)</textarea>', text, re.DOTALL)
    for select in re.findall(rf'<select[^>]* name="{name}"[^>]*>(.*?)</select>', text, re.DOTALL):
        found += (
            re.findall(r'<option value="([^"]*)" selected', select)
            or re.findall(r'<option value="([^"]*)"', select)[:1]
        )
    return [html.unescape(value) for value in found]


def sent_again(page: TestResponse) -> Fields:
    """The form as a browser would send it once more."""
    names = (
        "policy",
        "why",
        "effect",
        "to",
        "scope",
        "columns",
        "pick",
        "having",
        "tagged",
        "with",
        "arguments",
        "where",
    )
    more = (
        "from",
        "until",
        "enabled",
        "purpose",
        "network",
        "group",
        "not_group",
        "attribute",
        "values",
        "time_of_day",
        "zone",
    )
    return {name: values(page, name) for name in (*names, *more)}


@contextmanager
def shop_with_writers(folder: Path) -> Iterator[Parts]:
    """The shop, with somebody who writes policies for it and may not see as others, and for another database."""
    with open_shop(folder) as parts:
        now = parts.policies.current()
        writer = Role(
            name="shop writer", groups=frozenset({"guests"}), capabilities=frozenset({"policy:write on shop"})
        )
        elsewhere = Role(name="hr writer", groups=frozenset({"clerks"}), capabilities=frozenset({"policy:write on hr"}))
        parts.policies.put(now.policies, (*now.roles, writer, elsewhere), by="test", why="x", difference="+ roles")
        yield parts
