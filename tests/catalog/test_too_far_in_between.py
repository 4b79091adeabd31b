"""Tables in between that lead to too much hold nobody up: what holds of them gets every tag that stands there."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog import closure
from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.flow import Flow, FlowKind
from catalog.flows import Flows
from catalog.held import LOST
from catalog.model import Database, Field, Source, Tag, TagAssignment, TagOrigin, TagState
from catalog.tags import Tags
from tests.catalog.test_passing_on_at_random import World

TABLES, COLUMNS = 100, 20
TAGS = tuple(f"x.t{number}" for number in range(COLUMNS))


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    """A source, of which `base` has the columns that get tags, and `leaf` one and `apart` another."""
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        datasets = Datasets(catalog)
        datasets.put_source(Source(name="file", connector="duckdb"))
        datasets.put_database(Database(name="d"))
        for tag in TAGS:
            Tags(catalog).put_tag(Tag(name=tag))
        for name, columns in (("base", [f"b{number}" for number in range(COLUMNS)]), ("leaf", ["x", "y"])):
            fields = tuple(Field(name=column, type="VARCHAR") for column in columns)
            datasets.register("d", name, "file", f"main.{name}", fields)
        yield catalog


def test_tables_that_refer_to_each_other_in_every_way_take_moments(catalog: Catalog) -> None:
    flows, tags, leaf = Flows(catalog), Tags(catalog), _key("x", ("evil", "t50"), "c1")
    mesh = {
        (("evil", f"t{table}"), _key(f"c{column}", ("evil", f"t{(table + 7 * way + 1) % TABLES}"), f"c{at % COLUMNS}"))
        for table in range(TABLES)
        for column in range(COLUMNS)
        for way in range(3)
        for at in (column + way,)
    }
    flows.put_tables("file", frozenset(mesh | {(("evil", "t0"), _from_base(number)) for number in range(COLUMNS)}))
    flows.put("d.leaf", [leaf])
    began_at = time.process_time()
    with tags.together():
        for number, tag in enumerate(TAGS):
            tags.suggest(_said("base", f"b{number}", tag))
    given_at = time.process_time()
    flows.put("d.leaf", [leaf])
    assert len(flows.arrivals("d.leaf")) == len(TAGS)
    assert max(given_at - began_at, time.process_time() - given_at) < 5
    assert {(each.path, each.tag) for each in tags.assignments("d.leaf")} == {(("x",), tag) for tag in TAGS}


@pytest.fixture
def far(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """A walk ends at once; `leaf.x` is made of a table in between, to which in truth no tag comes."""
    monkeypatch.setattr(closure, "MOST_STEPS", 0)
    between = ("evil", "between")
    Flows(catalog).put_tables("file", frozenset({(between, _from_base(0)), (("evil", "t"), _key("a", between, "a"))}))
    Flows(catalog).put("d.leaf", [_key("x", ("evil", "t"), "b")])
    return catalog


def test_what_holds_of_them_gets_every_tag_and_the_reason_is_said(far: Catalog) -> None:
    tags, expected = Tags(far), {TAGS[number]: f"may derive from `d.base.b{number}`: {LOST}" for number in (0, 5)}
    for number in (0, 5):
        tags.suggest(_said("base", f"b{number}", TAGS[number]))
    assert _heard(far) == {TAGS[0]: expected[TAGS[0]]}  # nothing holds of the other column
    Flows(far).put("d.leaf", [_key("x", ("evil", "t"), "b")])
    assert _heard(far) == expected
    assert {each.tag: each.evidence for each in Flows(far).arrivals("d.leaf")} == expected


def test_a_column_that_holds_of_none_of_them_gets_nothing(far: Catalog) -> None:
    Tags(far).suggest(_said("base", "b0", TAGS[0]))
    found = Tags(far).assignments(tag=TAGS[0])
    assert {(each.dataset, each.path) for each in found} == {("d.base", ("b0",)), ("d.leaf", ("x",))}


def test_what_a_person_rejected_stays_away(far: Catalog) -> None:
    Tags(far).suggest(_said("base", "b0", TAGS[0]))
    Tags(far).reject("d.leaf", ("x",), TAGS[0], by="ada")
    Flows(far).put("d.leaf", [_key("x", ("evil", "t"), "b")])
    Tags(far).suggest(_said("base", "b1", TAGS[0]))
    [found] = Tags(far).assignments("d.leaf")
    assert found.state is TagState.REJECTED


def test_a_column_does_not_hold_its_own_tag_up(far: Catalog) -> None:
    Tags(far).suggest(_said("leaf", "x", TAGS[0]))
    assert not Flows(far).arrivals("d.leaf")
    Tags(far).remove("d.leaf", ("x",), TAGS[0])
    assert not Tags(far).assignments()


@pytest.mark.parametrize("most", [0, 2, 5])
def test_no_tag_is_lacking_wherever_a_walk_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(closure, "MOST_STEPS", most)
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        world = World(catalog, random.Random(most))
        for _ in range(200):
            world.step()
            assert not world.lacking(), world.done


def _key(column: str, relation: tuple[str, str], at: str) -> Flow:
    return Flow(column=(column,), relation=relation, at=(at,), kind=FlowKind.REFERS)


def _from_base(number: int) -> Flow:
    return _key(f"c{number}", ("main", "base"), f"b{number}")


def _said(name: str, column: str, tag: str) -> TagAssignment:
    state, origin = TagState.SUGGESTED, TagOrigin.RULE
    return TagAssignment(dataset=f"d.{name}", path=(column,), tag=tag, state=state, origin=origin, rule="r")


def _heard(catalog: Catalog) -> dict[str, str]:
    return {each.tag: each.evidence for each in Tags(catalog).assignments("d.leaf")}
