"""What a browser does beyond a request: it reads forms, carries their tokens, and knows what a page is made of."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web_ui.shop import PASSWORD

SignIn = Callable[[str], FlaskClient]
"""Gives the browser of a user who has signed in."""


def csrf_token(page: TestResponse) -> str:
    """The token in the first form of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.get_data(as_text=True))
    assert found is not None
    return found[1]


def sign_in(client: FlaskClient, user: str, password: str = PASSWORD, **more: str) -> TestResponse:
    """Fill in the sign-in form and send it."""
    form = {"csrf_token": csrf_token(client.get("/sign-in")), "name": user, "password": password, **more}
    return client.post("/sign-in", data=form)


def signed_in_once(app: Flask) -> SignIn:
    """Gives the browser of a user, the same one each time."""
    known: dict[str, FlaskClient] = {}

    def browser(user: str) -> FlaskClient:
        if user not in known:
            known[user] = app.test_client()
            assert sign_in(known[user], user).status_code == 303
        return known[user]

    return browser


def text_of(client: FlaskClient, address: str) -> str:
    """A page's words, without its markup."""
    html = client.get(address).get_data(as_text=True)
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


class Outline(HTMLParser):
    """What a screen reader makes of a page: headings, landmarks, labels, tables and ids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[str] = []
        self.references: list[str] = []
        self.header_scopes: list[str | None] = []
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if identity := given.get("id"):
            self.ids.append(identity)
        if tag == "label":
            self.labelled.add(given.get("for") or "")
        if tag in ("input", "select", "textarea") and given.get("type") != "hidden":
            self.fields.append(given.get("id") or "")
        if tag == "th":
            self.header_scopes.append(given.get("scope"))
        for name in ("aria-labelledby", "aria-describedby"):
            self.references += (given.get(name) or "").split()
        self.addresses += [value for name, value in attrs if name in ("href", "src", "action") and value]
        self.inline += [name for name, _ in attrs if name == "style" or name.startswith("on")]
