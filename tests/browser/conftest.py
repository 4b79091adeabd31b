"""One browser and one server for all tests here, which run in one process for that (`tests/conftest.py`)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.people import Entrance, axe_source, chromium
from tests.serving import Home, Server, govern_clinic, serve

PASSWORDS = {
    "demo_admin": "admin-of-the-clinic",
    "demo_user2": "analyst-of-the-clinic",
    "demo_auditor": "auditor-of-the-clinic",
}

expect.set_options(timeout=30_000)  # a loaded machine is no failure


@pytest.fixture(scope="session")
def chrome() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def axe() -> str:
    return axe_source()


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The clinic; tests here may change it, each what no other looks at."""
    return govern_clinic(tmp_path_factory.mktemp("clinic"))


@pytest.fixture(scope="session")
def server(clinic: Home) -> Iterator[Server]:
    with serve(clinic) as running:
        yield running


@pytest.fixture(scope="session")
def sign_in(chrome: Browser, server: Server) -> Entrance:
    """Gives a person of the clinic in front of a browser of their own."""
    return Entrance(chrome, server.url, PASSWORDS)
