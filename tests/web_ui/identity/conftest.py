"""One provider for all tests of a process, and a new shop in front of it for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web_ui.identity.provider import SECRET, Provider, running_provider
from tests.web_ui.identity.world import World, auth, served


@pytest.fixture(scope="session")
def started_provider() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(started_provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """The provider, which knows kim of the clerks, and does what it should when a test begins."""
    monkeypatch.setenv("VEIL_TEST_SECRET", SECRET)
    started_provider.forget_oddities()
    started_provider.know("1001", preferred_username="kim.berg", groups=["clerks"], land="NO")
    return started_provider


@pytest.fixture
def world(tmp_path: Path, provider: Provider) -> Iterator[World]:
    with served(tmp_path, provider, auth(provider)) as world:
        yield world
