"""One browser and one server for all tests here, which run in one process for that."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.people import Entrance, axe_source, chromium
from tests.serving import Home, Server, govern_clinic, serve

PASSWORDS = {
    "demo_admin": "admin-of-the-clinic",
    "demo_user2": "analyst-of-the-clinic",
    "demo_auditor": "auditor-of-the-clinic",
}

HERE = Path(__file__).parent

expect.set_options(timeout=30_000)  # a loaded machine is no failure


@pytest.hookimpl(tryfirst=True)  # before the tests are shared out by their groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests here go to one process, so that there is one browser and one server."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group("browser"))


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
