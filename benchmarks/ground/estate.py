"""An estate as large as a company's, always the same: a million columns, 200 tags, 500 roles, 2,000 policies."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from catalog.database import Catalog
from catalog.dataset_reader import stored_path
from catalog.datasets import Datasets
from catalog.model import Column, Database, Dataset, Level, Source, Tag
from catalog.names import fold
from catalog.people.model import Role
from catalog.tags import Tags
from policy_engine.filters.filters import check_filter
from policy_engine.live import Live, dataset_key
from policy_engine.model import AllOf, AnyOf, Effect, HasTag, Not, Policy, Scope, Subject, TagExpression, TransformRule
from policy_engine.store import PolicyStore
from policy_engine.transforms.calls import parse_call

_WORDS = (
    "id name status kind amount price total note code created updated region city street postal phone email birth"
    " account card owner manager team product order line tax rate currency count score rank flag label version source"
).split()
_TYPES = (
    "VARCHAR",
    "VARCHAR",
    "VARCHAR",
    "BIGINT",
    "INTEGER",
    "DOUBLE",
    "DECIMAL(12,2)",
    "DATE",
    "TIMESTAMP",
    "BOOLEAN",
)
_CALLS = tuple(map(parse_call, ("tokenize()", "hash()", "mask(keep_last=>4)", "redact()", "null()")))
_FILTERS = ("region_0 = user_attribute('region')", "status_0 <> 'closed'", "NOT flag_0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is of everything."""

    databases: int = 100
    datasets: int = 100
    columns: int = 100
    tags: int = 200
    roles: int = 500
    policies: int = 2_000


def estate(size: Size, seed: int = 7) -> Live:
    """The estate as a live state; the first policy of all is a grant on everything, with a filter.

    Example:
        >>> small = estate(Size(databases=2, datasets=3, columns=4, roles=5, policies=6))
        >>> len(small.datasets), len(small.roles), len(small.policies)
        (6, 5, 6)
    """
    chance = random.Random(seed)
    tags = [f"{'pii phi pci hr fin geo ops web iot law'.split()[n % 10]}.t{n}" for n in range(size.tags)]
    databases = [Database(name=f"db{n}", tags=(tags[n % 7],) if n % 20 == 0 else ()) for n in range(size.databases)]
    roles = [Role(name=f"role{n}", groups=frozenset({f"group{n}"})) for n in range(size.roles)]
    return Live(
        revision=1,
        tags={name: Tag(name=name, level=list(Level)[n % 4]) for n, name in enumerate(tags)},
        databases={database.name: database for database in databases},
        datasets={
            dataset_key(dataset.database, dataset.name): dataset for dataset in _datasets(size, databases, tags, chance)
        },
        roles={fold(role.name): role for role in roles},
        policies={policy.id: policy for policy in _policies(size, tags, chance)},
    )


def person(size: Size, user: str = "pat") -> Subject:
    """Somebody with ten roles, the first of which may see something of everything."""
    groups = frozenset(f"group{n * size.roles // 10}" for n in range(10))
    return Subject(user=user, groups=groups | {user}, attributes={"region": "north"})


def store(live: Live, catalog: Catalog) -> None:
    """Writes an estate into an empty catalog, all at once: one dataset at a time would take minutes."""
    tags, datasets = Tags(catalog), Datasets(catalog)
    with catalog.change() as tx:
        for tag in live.tags.values():
            tags.put_tag(tag)
        datasets.put_source(Source(name="lake", connector="files", options={"path": "/nowhere"}))
        for database in live.databases.values():
            datasets.put_database(database)
        places = {row["name"]: row["id"] for row in tx.rows("SELECT id, name FROM database")}
        known = {row["name"]: row["id"] for row in tx.rows("SELECT id, name FROM tag")}
        for number, dataset in enumerate(live.datasets.values(), 1):
            place = [number, places[dataset.database], dataset.name, dataset.relation]
            tx.execute(
                "INSERT INTO dataset (id, database_id, name, source_id, relation, comment) VALUES (?, ?, ?, 1, ?, '')",
                place,
            )
            fields = [(number, stored_path(item.path), item.type, item.position) for item in dataset.columns]
            tx.execute_many("INSERT INTO field (dataset_id, path, type, position) VALUES (?, ?, ?, ?)", fields)
            tx.execute_many(
                "INSERT INTO assignment (dataset_id, path, tag_id, state, origin, rule, confidence, evidence, by, at)"
                " VALUES (?, ?, ?, ?, 'document', '', 1, '', 'ada', '2026-01-01T00:00:00.000000Z')",
                [
                    (number, stored_path(item.path), known[tag], state)
                    for item in dataset.columns
                    for state, carried in (
                        ("confirmed", item.confirmed),
                        ("suggested", item.suggested - item.confirmed),
                    )
                    for tag in carried
                ],
            )
        everything = (tuple(live.policies.values()), tuple(live.roles.values()))
        PolicyStore(catalog).put(*everything, by="ada", why="a large estate", difference="")


def _datasets(size: Size, databases: list[Database], tags: list[str], chance: random.Random) -> Iterator[Dataset]:
    for database in databases:
        for number in range(size.datasets):
            yield Dataset(
                database=database.name,
                name=f"table{number}",
                source="lake",
                relation=f"{database.name}/table{number}.parquet",
                columns=tuple(_column(place, tags, chance) for place in range(size.columns)),
                database_tags=frozenset(database.tags),
            )


def _column(place: int, tags: list[str], chance: random.Random) -> Column:
    """A quarter of the columns carry a tag, and some a suggested one."""
    return Column(
        path=(f"{_WORDS[place % len(_WORDS)]}_{place // len(_WORDS)}",),
        type=chance.choice(_TYPES),
        position=place,
        confirmed=frozenset({chance.choice(tags)}) if chance.random() < 0.25 else frozenset(),
        suggested=frozenset({chance.choice(tags)}) if chance.random() < 0.02 else frozenset(),
    )


def _policies(size: Size, tags: list[str], chance: random.Random) -> Iterator[Policy]:
    for number in range(size.policies):
        is_first = number == 0
        effect = Effect.GRANT if is_first else chance.choices(list(Effect), (75, 15, 10))[0]
        takes = effect is Effect.DENY
        rule = TransformRule(tagged=_expression(tags, chance), call=chance.choice(_CALLS))
        having = None if is_first else _expression(tags, chance)
        yield Policy(
            id=f"policy{number}",
            effect=effect,
            roles=(f"role{number % size.roles}",),
            scope=Scope() if is_first else _scope(size, effect, chance),
            having=having if effect is not Effect.GRANT or having is None else Not(having),
            transforms=() if takes else (rule,),
            where=check_filter(chance.choice(_FILTERS)) if is_first or (not takes and chance.random() < 0.3) else None,
            why="a rule of the house",
        )


def _scope(size: Size, effect: Effect, chance: random.Random) -> Scope:
    """Half of the policies are about a database, the others about a dataset or some columns; few about everything."""
    if chance.random() < 0.01 and effect is Effect.GRANT:
        return Scope()
    database = f"db{chance.randrange(size.databases)}"
    if chance.random() < 0.5:
        return Scope(database=database)
    columns = (("id_0",), ("name_0",), ("amount_0",)) if chance.random() < 0.1 and size.columns > 4 else ()
    return Scope(database=database, dataset=f"table{chance.randrange(size.datasets)}", columns=columns)


def _expression(tags: list[str], chance: random.Random) -> TagExpression:
    named = tuple(HasTag(tag) for tag in chance.sample(tags, 3))
    return chance.choice((named[0], AnyOf(named), AllOf((named[0], Not(named[1])))))
