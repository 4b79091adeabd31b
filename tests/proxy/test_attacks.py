"""Every attack in attacks/*.sql ends the same in two worlds that differ only in what the analyst must not see."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proxy.world import World, world

SECRETS = ("4111", "secret-of-another-length")


def attacks() -> list[tuple[str, str]]:
    found = []
    for file in sorted((Path(__file__).parent / "attacks").glob("*.sql")):
        for block in file.read_text().strip().split("\n\n"):
            title, sql = block.split("\n", 1)
            found.append((f"{file.stem}: {title.removeprefix('-- ')}", sql))
    return found


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    folder = tmp_path_factory.mktemp("twins")
    with world(folder / "a", SECRETS[0]) as first, world(folder / "b", SECRETS[1]) as second:
        yield first, second


@pytest.mark.parametrize(("title", "sql"), attacks(), ids=[title for title, _ in attacks()])
def test_an_attack_learns_nothing(twins: tuple[World, World], title: str, sql: str) -> None:
    outcomes = [twin.outcome(sql) for twin in twins]
    assert outcomes[0] == outcomes[1]
    assert not any(secret in repr(outcome) for secret in SECRETS for outcome in outcomes)


def test_the_worlds_do_differ_for_their_owner(twins: tuple[World, World]) -> None:
    """Without this the comparison above could not fail."""
    from tests.proxy.world import OWNER

    for sql in ("select card from shop.orders", "select count(*) from shop.orders", "select * from lab.results"):
        assert twins[0].outcome(sql, OWNER) != twins[1].outcome(sql, OWNER)
