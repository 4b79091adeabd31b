"""Searches of the journal end, and are few at once for one person: everybody else is answered meanwhile."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import flask
import pytest

from catalog.journal.event import Event, EventKind
from tests.web_ui.browsing import SignIn
from tests.web_ui.running import Server, running
from tests.web_ui.shop import open_shop
from web_ui.parts import Parts

SLOW = """
from web_ui.journal import search
search._STEP_SECONDS = 4.0
"""
SHORT = """
from catalog.journal import journal
journal._SEARCHING = (0.0, "a search of the journal")
"""
EVENTS = "/api/v1/audit/events"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    with open_shop(tmp_path_factory.mktemp("shop")) as parts:
        parts.home.settings_file.write_text("[server]\nport = 0\nthreads = 16\n")
        with parts.catalog.transaction():
            for number in range(3_000):
                parts.journal.append(
                    Event(kind=EventKind.AUDIT_READ, user="kim", details={"text": f"{number}{'x' * 900}"})
                )
        parts.journal.file()
        yield parts


@pytest.fixture(scope="module")
def kim(shop: Parts) -> str:
    text, _ = shop.tokens.create("kim", "test", timedelta(days=1))
    return text


def test_one_person_has_few_searches_at_once_and_nobody_else_waits(shop: Parts, kim: str) -> None:
    with running(shop.home.path, before=SLOW) as server:
        told: list[tuple[int, dict[str, object]]] = []
        searches = [
            threading.Thread(target=lambda: told.append(_asked(server, f"{EVENTS}?limit=1&text=x", kim)))
            for _ in range(8)
        ]
        for search in searches:
            search.start()
        time.sleep(1)
        began = time.monotonic()
        assert _asked(server, "/healthz", "")[0] == 200
        waited = time.monotonic() - began
        for search in searches:
            search.join()
    assert Counter(status for status, _ in told) == {200: 4, 429: 4}
    assert {told["detail"] for status, told in told if status == 429} == {
        "you have 4 searches of the journal running, as many as one person may have at once"
    }
    assert waited < 2


@pytest.mark.parametrize("address", [EVENTS, "/api/v1/audit/export"])
def test_a_search_that_takes_too_long_is_ended(shop: Parts, kim: str, address: str) -> None:
    with running(shop.home.path, before=SHORT) as server:
        tries = (_asked(server, f"{address}?text=%25", kim) for _ in range(100))
        status, told = next((status, told) for status, told in tries if status != 200)
        assert (status, told["code"]) == (413, "limit_exceeded")
        assert "a search of the journal may take 0 seconds" in str(told["detail"])
        assert "Traceback" not in server.log.read_text()


def _asked(server: Server, address: str, token: str) -> tuple[int, dict[str, object]]:
    with server.connection() as connection:
        connection.request("GET", address, headers={"Authorization": f"Bearer {token}"} if token else {})
        with connection.getresponse() as response:
            read = response.read()
            return response.status, {} if response.status == 200 else json.loads(read)


@pytest.mark.parametrize(
    "place", ["/api/v1/datasets", "/data", "/policies", "/roles", "/requests", "/tags", "/api/v1/tags/assignments"]
)
def test_a_search_of_anything_has_so_many_words(
    place: str, browser: SignIn, app: flask.Flask, bearer: Callable[[str], dict[str, str]]
) -> None:
    def status(count: int) -> int:
        asked = {"search": " ".join(map(str, range(count)))}
        if place.startswith("/api/"):
            return app.test_client().get(place, query_string=asked, headers=bearer("max")).status_code
        return browser("max").get(place, query_string=asked).status_code

    assert (status(100), status(101)) == (200, 413)
