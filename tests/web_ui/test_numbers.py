"""Numbers in addresses: no length of a text passes a limit, or ends as a fault of the server."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from tests.web_ui.browsing import sign_in
from tests.web_ui.shop import open_shop
from web_ui.app import create_app

ZEROS, LONG = "0" * 20, "9" * 5_000
ROUTES = (
    "/api/v1/audit/events?limit={}",
    "/api/v1/audit/events?before={}",
    "/api/v1/access-requests?limit={}",
    "/api/v1/access-requests/{}",
    "/api/v1/tags/assignments?limit={}",
    "/api/v1/tags/assignments?offset={}",
    "/api/v1/policies?revision={}",
    "/api/v1/crawls/{}",
    "/api/v1/reports/coverage?limit={}",
    "/api/v1/reports/unused?days={}",
    "/api/v1/reports/changes?since={}d",
    "/api/v1/reports/changes?from={}",
    "/audit?before={}",
)

Ask = Callable[[str], int]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """The status of a route for somebody who may read it all."""
    with open_shop(tmp_path_factory.mktemp("numbers")) as parts:
        text, _ = parts.tokens.create("max", "test", timedelta(days=1))
        client, browser = create_app(parts).test_client(), create_app(parts).test_client()
        sign_in(browser, "max")

        def status(route: str) -> int:
            if route.startswith("/api"):
                return client.get(route, headers={"Authorization": f"Bearer {text}"}).status_code
            return browser.get(route).status_code

        yield status


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("number", [LONG, ZEROS + "1" * 20, "9" * 19, ZEROS + LONG])
def test_a_number_that_is_none_is_refused(ask: Ask, route: str, number: str) -> None:
    assert ask(route.format(number)) in (400, 404)


@pytest.mark.parametrize("number", ["1001", ZEROS + "1000000", "00000000000000001001"])
def test_no_zeros_pass_a_limit(ask: Ask, number: str) -> None:
    assert ask("/api/v1/audit/events?limit=1000") == 200
    assert ask(f"/api/v1/audit/events?limit={number}") == 400
