"""Whatever becomes known in whatever order: a tag stands wherever a plain search says that it comes to."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.flow import Flow, FlowKind
from catalog.flow import Path as Column
from catalog.flows import Flows
from catalog.model import Database, Field, Source, Tag, TagAssignment, TagOrigin, TagState
from catalog.tags import Tags

RELATIONS = tuple(f"r{number}" for number in range(4))
COLUMNS = ("a", "b", "c")
SOURCES = ("one", "other")  # of one database
TAG = "x.secret"
STEPS = 300

Place = tuple[str, Column]
"""A relation, and a column of it or nothing for the whole."""


class World:
    """A database of which some relations are datasets, others tables in between."""

    def __init__(self, catalog: Catalog, chance: random.Random) -> None:
        self.catalog, self.chance = catalog, chance
        self.datasets, self.flows, self.tags = Datasets(catalog), Flows(catalog), Tags(catalog)
        self.held: dict[str, list[Flow]] = {}
        self.known: dict[str, str] = {}
        self.done: list[str] = []
        [database] = catalog._open.values()
        database.conn.execute("PRAGMA synchronous = OFF")  # nothing need outlast a test
        self.datasets.put_database(Database(name="d"))
        self.tags.put_tag(Tag(name=TAG))
        self.start()

    def start(self) -> None:
        """Afresh: datasets, tags and flows go with their sources."""
        self.held, self.known, self.done = {relation: [] for relation in RELATIONS}, {}, []
        for source in SOURCES:
            self.datasets.remove_source(source)
            self.datasets.put_source(Source(name=source, connector="duckdb", options={"path": source}))
            self.flows.note_database(source, "the same")
        for relation in RELATIONS:
            self.change(relation)

    def step(self) -> None:
        """One thing that happens."""
        self.chance.choices([self.register, self.forget, self.change, self.say, self.start], [5, 2, 3, 10, 3])[0]()

    def register(self) -> None:
        relation, source = self.chance.choice(RELATIONS), self.chance.choice(SOURCES)
        fields = tuple(Field(name=column, type="VARCHAR") for column in COLUMNS)
        self.done.append(f"register {relation}_{source}")
        with self.catalog.transaction():
            self.tell_tables(source)
            self.datasets.register("d", f"{relation}_{source}", source, f"main.{relation}", fields)
            self.flows.put(f"d.{relation}_{source}", self.held[relation])
        self.known[f"d.{relation}_{source}"] = relation

    def forget(self) -> None:
        """What was rejected there stops nothing any more, from the next crawl on."""
        if self.known:
            name = self.chance.choice(sorted(self.known))
            self.done.append(f"forget {name}")
            self.datasets.forget(*name.split("."))
            del self.known[name]
            self.crawl()

    def change(self, relation: str = "") -> None:
        relation = relation or self.chance.choice(RELATIONS)
        self.held[relation] = [self.flow(relation) for _ in range(self.chance.choice([0, 1, 2, 2]))]
        self.done.append(f"{relation} holds {self.held[relation]}")
        self.crawl()

    def say(self) -> None:
        if not self.known:
            return
        name, column = self.chance.choice(sorted(self.known)), self.chance.choice([*COLUMNS, *COLUMNS, None])
        path = () if column is None else (column,)
        what = self.chance.choice(["confirm", "suggest", "suggest", "reject", "remove"])
        self.done.append(f"{what} {name} {path}")
        said = TagAssignment(
            dataset=name, path=path, tag=TAG, state=TagState.SUGGESTED, origin=TagOrigin.RULE, rule="r"
        )
        match what:
            case "confirm":
                self.tags.confirm(name, path, TAG, by="ada")
            case "suggest":
                self.tags.suggest(said)
            case "reject":
                self.tags.reject(name, path, TAG, by="ada")
            case "remove":
                self.tags.remove(name, path, TAG)

    def flow(self, own: str) -> Flow:
        """Some column of another relation, or of its own, or all of them."""
        column, at = ((self.chance.choice(COLUMNS),) for _ in range(2))
        other = ("main", self.chance.choice([relation for relation in RELATIONS if relation != own]))
        key = Flow(column=column, relation=other, at=at, kind=FlowKind.REFERS)
        made = Flow(column=column, relation=other, at=at, kind=FlowKind.MADE, is_whole=self.chance.random() < 0.5)
        generated = Flow(column=column, relation=("main", own), at=at, kind=FlowKind.MADE)
        shown = Flow(column=(), relation=other, at=(), kind=FlowKind.MADE, is_whole=True)
        unclear = Flow(column=(), relation=other, at=(), kind=FlowKind.MAY_BE)
        anything = Flow(column=column, relation=None, at=(), kind=FlowKind.MAY_BE)
        return self.chance.choices([key, made, generated, shown, unclear, anything], [6, 4, 3, 6, 2, 1])[0]

    def crawl(self) -> None:
        """What a crawl of each source tells before it looks at anything."""
        for source in SOURCES:
            self.tell_tables(source)
            for name, relation in sorted(self.known.items()):
                if name.endswith(f"_{source}"):
                    self.flows.put(name, self.held[relation])

    def tell_tables(self, source: str) -> None:
        self.flows.put_tables(
            source, frozenset((("main", name), each) for name, several in self.held.items() for each in several)
        )

    def lacking(self) -> list[str]:
        """Each column that lacks the tag, and from where it comes to it."""
        standing = {(each.dataset, each.path): each.state for each in self.tags.assignments()}
        stays = [where for where, state in standing.items() if state is not TagState.REJECTED]
        wholes = {name for name, path in stays if not path}
        return [
            f"{name} {path} to {dataset}.{column}"
            for name, path in stays
            if name in self.known
            for relation, column in self.reached(self.known[name], path)
            for dataset, its in self.known.items()
            if its == relation and (dataset, (column,)) not in standing and dataset not in wholes
        ]

    def reached(self, start: str, path: Column) -> Iterator[tuple[str, str]]:
        """Every column of a dataset's relation to which a tag comes that stands somewhere."""
        left: list[Place] = [(start, path), *((start, each) for each in _columns(path) if self.has_double(start))]
        seen: set[Place] = set()
        while left:
            where = left.pop()
            if where in seen:
                continue
            seen.add(where)
            relation, at = where
            if relation in self.known.values():
                yield from ((relation, column) for column in at)
                if where != (start, path):
                    continue  # it stands there, and is looked at for itself
            for holder, several in self.held.items():
                left += [(holder, to) for flow in several for to in _passed(flow, holder, relation, at)]

    def has_double(self, relation: str) -> bool:
        return list(self.known.values()).count(relation) > 1


def _passed(flow: Flow, holder: str, relation: str, at: Column) -> list[Column]:
    """The columns of a relation to which a tag at a column of another, or at the whole, comes by a flow."""
    if flow.relation is None and holder == relation and not flow.column:
        return []
    is_from_there = flow.relation in (None, ("main", relation)) and (not at or not flow.at or at == flow.at)
    if not is_from_there or (flow.kind is FlowKind.REFERS and not at):
        return []
    return _columns(flow.column or (at if flow.is_whole else ()))


def _columns(path: Column) -> list[Column]:
    return [path] if path else [(column,) for column in COLUMNS]


@pytest.mark.parametrize("seed", range(8))
def test_a_tag_stands_wherever_it_comes_to(tmp_path: Path, seed: int) -> None:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        world = World(catalog, random.Random(seed))
        for _ in range(STEPS):
            world.step()
            assert not world.lacking(), world.done
