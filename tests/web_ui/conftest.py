"""The shop as an application, and people who look at its pages and call its API."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from tests.web_ui.browsing import SignIn, sign_in
from tests.web_ui.shop import open_shop
from web_ui.app import create_app
from web_ui.parts import Parts


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Parts]:
    with open_shop(tmp_path) as parts:
        yield parts


@pytest.fixture
def app(shop: Parts) -> flask.Flask:
    return create_app(shop)


@pytest.fixture
def client(app: flask.Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def browser(app: flask.Flask) -> SignIn:
    """Gives the browser of a user who has signed in."""

    def signed_in(user: str) -> FlaskClient:
        client = app.test_client()
        assert sign_in(client, user).status_code == 303
        return client

    return signed_in


@pytest.fixture
def bearer(shop: Parts) -> Callable[[str], dict[str, str]]:
    """Gives the header that a user's token makes."""

    def header(user: str) -> dict[str, str]:
        text, _ = shop.tokens.create(user, "test", timedelta(days=1))
        return {"Authorization": f"Bearer {text}"}

    return header
