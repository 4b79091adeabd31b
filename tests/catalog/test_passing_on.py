"""Many tags at once: what is made of their columns gets them in the same transaction, and each flow is read once."""

import itertools
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import PolicyInvalid
from catalog.flow import Flow, FlowKind
from catalog.flows import Flows
from catalog.model import Database, Field, Source, Tag, TagAssignment, TagOrigin, TagState
from catalog.tag_assignments import Choice, TagAssignments
from catalog.tags import Tags
from policy_engine.tag_review import review

COLUMNS, VIEWS = 40, 6
TAGS = ("pii.email_address", "pii.phone_number")
NAMES = ("t", *(f"v{number}" for number in range(VIEWS)))


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    """A wide table under views, each of the one before it."""
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        datasets = Datasets(catalog)
        datasets.put_source(Source(name="file", connector="duckdb"))
        datasets.put_database(Database(name="shop"))
        for tag in TAGS:
            Tags(catalog).put_tag(Tag(name=tag))
        fields = tuple(Field(name=f"c{number}", type="VARCHAR") for number in range(COLUMNS))
        for name in NAMES:
            datasets.register("shop", name, "file", name, fields)
        for base, view in itertools.pairwise(NAMES):
            Flows(catalog).put(f"shop.{view}", [_flow(number, base, number) for number in range(COLUMNS)])
        yield catalog


@pytest.fixture
def flows_read(catalog: Catalog) -> Callable[[Callable[[], object]], int]:
    """How often something reads flows."""

    def count(work: Callable[[], object]) -> int:
        queries: list[str] = []
        [database] = catalog._open.values()
        database.conn.set_trace_callback(queries.append)
        work()
        database.conn.set_trace_callback(None)
        return sum("FROM flow f JOIN" in query for query in queries)

    return count


def test_however_many_tags_move_the_flows_of_a_dataset_are_read_a_few_times(
    catalog: Catalog, flows_read: Callable[[Callable[[], object]], int]
) -> None:
    assert flows_read(lambda: _suggest(catalog, "t", TAGS[0])) <= 2 * len(NAMES)
    assert {name: len(_standing(catalog, name)) for name in NAMES} == dict.fromkeys(NAMES, COLUMNS)
    for verdict in (TagState.REJECTED, TagState.CONFIRMED):
        assert flows_read(partial(_review_all, catalog, verdict)) <= 3 * len(NAMES)
        assert {each.state for name in NAMES for each in Tags(catalog).assignments(f"shop.{name}")} == {verdict}


def test_what_a_rejected_tag_stood_for_comes_by_other_ways_at_the_end(catalog: Catalog) -> None:
    tags = Tags(catalog)
    _suggest(catalog, "t", TAGS[0])
    with tags.together():
        for number in range(COLUMNS):
            tags.remove("shop.v0", (f"c{number}",), TAGS[0])
        assert not _standing(catalog, "v0")
    assert len(_standing(catalog, "v0")) == COLUMNS


def test_a_part_that_is_taken_back_passes_nothing_on(catalog: Catalog) -> None:
    tags = Tags(catalog)

    def fail() -> None:
        with tags.together():
            _one(catalog, "t", 0, TAGS[0], tags)
            tags.confirm("shop.t", ("c1",), "no.such_tag", by="ada")

    with pytest.raises(PolicyInvalid):
        fail()
    assert not _standing(catalog, "t")
    _one(catalog, "t", 1, TAGS[1], tags)
    assert all(_standing(catalog, name) == {("c1", TAGS[1])} for name in NAMES)


@pytest.mark.parametrize("seed", range(8))
def test_all_at_once_comes_to_the_same_as_one_by_one(catalog: Catalog, seed: int) -> None:
    chance, tags = random.Random(seed), Tags(catalog)
    for place, name in enumerate(NAMES[1:], 1):
        flows = [_flow(chance.randrange(COLUMNS), chance.choice(NAMES[:place]), chance.randrange(COLUMNS))]
        flows += [_flow(chance.randrange(COLUMNS), chance.choice(NAMES), None) for _ in range(chance.randrange(2))]
        flows += [_flow(n, chance.choice(NAMES), chance.randrange(COLUMNS)) for n in range(chance.randrange(20))]
        Flows(catalog).put(f"shop.{name}", flows)
    given = [(chance.choice(NAMES), chance.randrange(COLUMNS), chance.choice(TAGS)) for _ in range(30)]
    with tags.together():
        for name, number, tag in given:
            _one(catalog, name, number, tag, tags)
    together = {name: _standing(catalog, name) for name in NAMES}
    for each in tags.assignments():
        tags.remove(each.dataset, each.path, each.tag)
    with catalog.change() as tx:
        tx.execute("DELETE FROM assignment")
    for name, number, tag in given:
        _one(catalog, name, number, tag)
    assert {name: _standing(catalog, name) for name in NAMES} == together
    assert sum(map(len, together.values())) > len(set(given))


def _flow(number: int, base: str, at: int | None) -> Flow:
    kind = FlowKind.MADE if at is not None else FlowKind.MAY_BE
    return Flow(column=(f"c{number}",), relation=("main", base), at=() if at is None else (f"c{at}",), kind=kind)


def _suggest(catalog: Catalog, name: str, tag: str) -> None:
    tags = Tags(catalog)
    with tags.together():
        for number in range(COLUMNS):
            _one(catalog, name, number, tag, tags)


def _review_all(catalog: Catalog, verdict: TagState) -> None:
    every = TagAssignments(catalog).listed(Choice(), limit=COLUMNS * len(NAMES))
    review(catalog, {each.id: verdict for each in every}, rights=None, by="ada")


def _one(catalog: Catalog, name: str, number: int, tag: str, tags: Tags | None = None) -> None:
    state, origin = TagState.SUGGESTED, TagOrigin.RULE
    (tags or Tags(catalog)).suggest(
        TagAssignment(dataset=f"shop.{name}", path=(f"c{number}",), tag=tag, state=state, origin=origin, rule="r")
    )


def _standing(catalog: Catalog, name: str) -> set[tuple[str, str]]:
    return {(each.path[0], each.tag) for each in Tags(catalog).assignments(f"shop.{name}")}


def _partitions(catalog: Catalog, count: int) -> Callable[[], None]:
    """A table that is no dataset, with partitions that are, one of them tagged; gives what changes its flows."""
    datasets, table = Datasets(catalog), ("main", "parted")
    fields = tuple(Field(name=f"c{number}", type="VARCHAR") for number in range(5))

    def whole(relation: tuple[str, str]) -> Flow:
        return Flow(column=(), relation=relation, at=(), kind=FlowKind.MADE, is_whole=True)

    every = set()
    for number in range(count):
        place = ("main", f"part_{number}")
        datasets.register("shop", f"part_{number}", "file", f"part_{number}", fields)
        Flows(catalog).put(f"shop.part_{number}", [whole(table)])
        every |= {(place, whole(table)), (table, whole(place))}
    Flows(catalog).put_tables("file", frozenset(every))
    _one(catalog, "part_0", 0, TAGS[0])
    assert all(_standing(catalog, f"part_{number}") == {("c0", TAGS[0])} for number in range(count))
    return lambda: Flows(catalog).put_tables("file", frozenset({*every, (("main", "other"), whole(table))}))


def _steps(catalog: Catalog, work: Callable[[], object]) -> int:
    """How many hundreds of steps of SQLite something takes."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    [database] = catalog._open.values()
    database.conn.set_progress_handler(count, 100)
    work()
    database.conn.set_progress_handler(None, 0)
    return taken


def test_what_partitions_pass_on_takes_work_by_their_number_and_not_by_its_square(tmp_path: Path) -> None:
    taken = []
    for count in (60, 120):
        with Catalog(tmp_path / f"{count}.sqlite") as catalog:
            Datasets(catalog).put_source(Source(name="file", connector="duckdb"))
            Datasets(catalog).put_database(Database(name="shop"))
            for tag in TAGS:
                Tags(catalog).put_tag(Tag(name=tag))
            change = _partitions(catalog, count)
            reject = partial(_review_all, catalog, TagState.REJECTED)
            tagged = partial(Datasets(catalog).put_database, Database(name="shop", tags=(TAGS[1],)))
            taken.append([_steps(catalog, work) for work in (change, tagged, reject)])
    assert all(many < 3 * few for few, many in zip(*taken, strict=True)), taken


def test_a_tag_comes_back_from_another_partition_but_not_from_itself(catalog: Catalog) -> None:
    _partitions(catalog, 3)
    tags = Tags(catalog)
    for number in range(3):
        tags.remove(f"shop.part_{number}", ("c0",), TAGS[0])
        assert _standing(catalog, f"part_{number}") == {("c0", TAGS[0])}
    with catalog.change() as tx:
        tx.execute("DELETE FROM assignment WHERE path <> ?", ['["c1"]'])
    _one(catalog, "part_1", 1, TAGS[1])
    with catalog.change() as tx:
        tx.execute("DELETE FROM assignment WHERE origin = 'lineage'")
    tags.remove("shop.part_1", ("c1",), TAGS[1])
    assert not any(_standing(catalog, f"part_{number}") for number in range(3))
