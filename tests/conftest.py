"""What many tests share: the tutorial's clinic as a home, its server, and tokens of its people.

Random examples are the same in every run of `make test`, so that it fails for a change and never by chance; `make fuzz`
draws new ones each time.
"""

import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.databases import Server, mariadb_server, postgres_server
from tests.serving import Home, govern_clinic, serve

settings.register_profile("unhurried", derandomize="VEIL_FUZZ" not in os.environ, deadline=None)
settings.load_profile("unhurried")


class _FileByFile(LoadScopeScheduling):  # type: ignore[misc]  # it comes without types
    """Shares tests out by the file, so that what a file shares is made once; those of the browser go to one process."""

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/browser/") else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _FileByFile | None:
    return _FileByFile(config, log) if config.getvalue("dist") == "load" else None


@pytest.fixture(scope="session")
def clinic_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The clinic, governed and crawled; tests read it and never change its policies."""
    return govern_clinic(tmp_path_factory.mktemp("clinic"))


@pytest.fixture(scope="session")
def clinic_url(clinic_home: Home) -> Iterator[str]:
    """The address of a server in front of the clinic."""
    with serve(clinic_home) as server:
        yield server.url


@pytest.fixture(scope="session")
def clinic_token(clinic_home: Home) -> Callable[[str], str]:
    """Gives the token of a user of the clinic, made once."""
    made: dict[str, str] = {}

    def token(user: str) -> str:
        if user not in made:
            made[user] = clinic_home.token(user)
        return made[user]

    return token


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server of this process's tests."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Server]:
    """A MariaDB server of this process's tests."""
    with mariadb_server() as server:
        yield server
