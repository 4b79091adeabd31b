"""A list is narrowed by what is seen, and each choice tells beforehand what it leaves."""

import itertools
import random

import pytest

from catalog.errors import NotAllowed
from catalog.model import Dataset, Level, Tag
from catalog.people.model import Role
from crawler.levels import Levels
from policy_engine.capabilities import Rights
from policy_engine.judging.sights import Sight
from policy_engine.model import PolicySet, Subject
from proxy.narrowing import FACETS, counts, facets_for, narrowed, wanted
from proxy.refusals import RequestInvalid

LEVELS = Levels(
    [
        Tag(name="pii.email", level=Level.CONFIDENTIAL),
        Tag(name="pii.ssn", level=Level.RESTRICTED),
        Tag(name="org.plain", level=Level.PUBLIC),
    ]
)


READER = Role(name="reader", groups=frozenset({"reader"}), capabilities=frozenset({"audit:read on shop"}))


def rights(*groups: str) -> Rights:
    return Rights(Subject(user="ada", groups=frozenset(groups)), PolicySet(revision=1, policies=(), roles=(READER,)))


def estate(seed: int, size: int = 60) -> list[Sight]:
    chance = random.Random(seed)
    return [
        Sight(
            dataset=Dataset(
                database=chance.choice(("shop", "hr", "Lab")),
                name=f"t{number}",
                source=chance.choice(("lake", "Ledger")),
                relation=f"t{number}",
            ),
            clear=chance.randrange(3),
            masked=chance.randrange(2),
            hidden=chance.randrange(2),
            is_filtered=chance.random() < 0.3,
            tag_sets=frozenset(
                chance.choice(((), ("pii.email",), ("pii.ssn", "org.plain"))) for _ in range(chance.randrange(1, 3))
            ),
        )
        for number in range(size)
    ]


@pytest.mark.parametrize("seed", range(8))
def test_each_choice_leaves_as_many_as_it_says(seed: int) -> None:
    sights, chance = estate(seed), random.Random(seed)
    asked: dict[str, str] = {}
    for _ in range(3):
        offered = counts(sights, LEVELS, asked)
        for facet in FACETS:
            for value, number in offered[facet].items():
                assert len(narrowed(sights, LEVELS, {**asked, facet: value})) == number > 0
        facet = chance.choice([name for name in FACETS if offered[name]])
        asked[facet] = chance.choice(sorted(offered[facet]))


def test_access_says_how_the_person_sees_it() -> None:
    sights = estate(1)
    by = {name: narrowed(sights, LEVELS, {"access": name}) for name in ("clear", "masked", "hidden", "filtered")}
    assert all(not (sight.masked or sight.hidden or sight.is_filtered) for sight in by["clear"])
    assert all(sight.masked for sight in by["masked"])
    assert all(sight.hidden for sight in by["hidden"])
    assert all(sight.is_filtered for sight in by["filtered"])
    assert {sight.dataset.name for sight in itertools.chain(*by.values())} == {sight.dataset.name for sight in sights}


def test_names_compare_as_everywhere() -> None:
    sights = estate(2)
    assert narrowed(sights, LEVELS, {"database": "LAB"}) == narrowed(sights, LEVELS, {"database": "Lab"}) != ()
    assert narrowed(sights, LEVELS, {"source": "LEDGER"}) == narrowed(sights, LEVELS, {"source": "Ledger"}) != ()


def test_nothing_wanted_leaves_everything_and_nothing_known_leaves_nothing() -> None:
    sights = estate(3)
    assert narrowed(sights, LEVELS, {}) == tuple(sights)
    assert narrowed(sights, LEVELS, {"tag": "pii.nothing_like_it"}) == ()


def test_a_kind_of_access_that_there_is_not_is_refused() -> None:
    assert wanted({"tag": "pii.email", "level": "", "search": "x"}, rights()) == {"tag": "pii.email"}
    with pytest.raises(RequestInvalid, match="no such kind of access"):
        wanted({"access": "seen"}, rights())


def test_only_who_may_see_sources_narrows_by_them() -> None:
    for some in (rights(), rights("reader")):
        assert facets_for(some) == ("access", "level", "tag", "database")
        with pytest.raises(NotAllowed, match="narrow by source"):
            wanted({"source": "lake"}, some)
    for knowing in (rights("admin"), rights("auditor")):
        assert facets_for(knowing) == FACETS
        assert wanted({"source": "lake"}, knowing) == {"source": "lake"}
        for both in ((knowing, rights()), (rights(), knowing)):
            assert "source" not in facets_for(*both), "who looks as another sees what both may see"
            with pytest.raises(NotAllowed, match="narrow by source"):
                wanted({"source": "lake"}, *both)
