"""A tag comes through a table in between to other columns of the dataset in which it stands, never to its own."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.flow import Flow, FlowKind
from catalog.flows import Flows
from catalog.model import Database, Field, Source, Tag, TagAssignment, TagOrigin, TagState
from catalog.tags import Tags

T, U, BETWEEN = ("main", "t"), ("main", "u"), ("main", "between")
TAG = "x.secret"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    """Two tables that are datasets."""
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        datasets = Datasets(catalog)
        datasets.put_source(Source(name="file", connector="duckdb"))
        datasets.put_database(Database(name="d"))
        Tags(catalog).put_tag(Tag(name=TAG))
        fields = tuple(Field(name=name, type="VARCHAR") for name in ("ssn", "shown"))
        for name in ("t", "u"):
            datasets.register("d", name, "file", f"main.{name}", fields)
        yield catalog


def test_it_comes_in_whatever_order_things_are_told(catalog: Catalog) -> None:
    into, out = _made("no", T, "ssn"), _made("shown", BETWEEN, "no")
    told: dict[str, Callable[[], object]] = {
        "tables": lambda: Flows(catalog).put_tables("file", frozenset({(BETWEEN, into), (T, out)})),
        "flows": lambda: Flows(catalog).put("d.t", [out]),
        "tag": lambda: _suggest(catalog, "t", "ssn"),
    }
    for order in itertools.permutations(told):
        for each in order:
            told[each]()
        assert _heard(catalog, "t") == {"shown": "derives from `d.t.ssn`"}, order
        with catalog.change() as tx:
            for table in ("assignment", "flow", "table_flow"):
                tx.execute(f"DELETE FROM {table}")


def test_it_does_not_hold_itself_up(catalog: Catalog) -> None:
    back = [_made("ssn", BETWEEN, "no")]
    Flows(catalog).put_tables("file", frozenset({(BETWEEN, _made("no", T, "ssn"))}))
    Flows(catalog).put("d.t", back)
    _suggest(catalog, "t", "ssn")
    assert not Flows(catalog).arrivals("d.t")
    Tags(catalog).remove("d.t", ("ssn",), TAG)
    assert not Tags(catalog).assignments("d.t")


def test_what_another_dataset_says_too_is_told(catalog: Catalog) -> None:
    into = {(BETWEEN, _made("no", T, "ssn")), (BETWEEN, _made("no", U, "ssn"))}
    Flows(catalog).put_tables("file", frozenset(into))
    Flows(catalog).put("d.t", [_made("ssn", BETWEEN, "no"), _made("shown", BETWEEN, "no")])
    _suggest(catalog, "u", "ssn")
    expected = {"ssn": "derives from `d.u.ssn`", "shown": "derives from `d.u.ssn`"}
    assert _heard(catalog, "t") == expected
    assert {each.path[0] for each in Flows(catalog).arrivals("d.t")} == expected.keys()


def test_a_key_takes_what_comes_to_each_column_in_between(catalog: Catalog) -> None:
    unclear = Flow(column=(), relation=T, at=("ssn",), kind=FlowKind.MAY_BE)
    Flows(catalog).put_tables("file", frozenset({(BETWEEN, unclear)}))
    Flows(catalog).put("d.u", [Flow(column=("ssn",), relation=BETWEEN, at=("no",), kind=FlowKind.REFERS)])
    _suggest(catalog, "t", "ssn")
    assert _heard(catalog, "u") == {"ssn": "may derive from `d.t.ssn`"}


def test_what_was_rejected_of_a_whole_dataset_comes_to_its_columns(catalog: Catalog) -> None:
    unclear = Flow(column=(), relation=T, at=("ssn",), kind=FlowKind.MAY_BE)
    Flows(catalog).put_tables("file", frozenset({(BETWEEN, unclear)}))
    Flows(catalog).put("d.u", [Flow(column=(), relation=BETWEEN, at=(), kind=FlowKind.MADE, is_whole=True)])
    Tags(catalog).reject("d.u", (), TAG, by="ada")
    _suggest(catalog, "t", "ssn")
    assert _heard(catalog, "u").keys() == {"ssn", "shown"}


def _made(column: str, relation: tuple[str, str], at: str) -> Flow:
    return Flow(column=(column,), relation=relation, at=(at,), kind=FlowKind.MADE)


def _suggest(catalog: Catalog, name: str, column: str) -> None:
    state, origin = TagState.SUGGESTED, TagOrigin.RULE
    Tags(catalog).suggest(
        TagAssignment(dataset=f"d.{name}", path=(column,), tag=TAG, state=state, origin=origin, rule="r")
    )


def _heard(catalog: Catalog, name: str) -> dict[str, str]:
    found = Tags(catalog).assignments(f"d.{name}", state=TagState.SUGGESTED)
    return {each.path[0]: each.evidence for each in found if each.origin is TagOrigin.LINEAGE}
