"""In which order rows come from a database tells nothing of what is hidden, masked or filtered out.

Databases give them as they read them: by an index, by a key, as they plan it by what they know of all rows.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import mkdtemp

import duckdb
import pytest

from tests.databases import Server
from tests.proxy.world import OWNER, World, governed
from tests.remote_tables import Database

DOCUMENT = """
veil: 1
sources: {data: SOURCE}
databases: {shop: {}}
tags: {pii.pay: {}}
datasets:
  shop.people: {source: data, relation: RELATION, columns: {pay: {tags: [pii.pay]}}}
roles: {analyst: {groups: [analysts]}, everything: {groups: [owners]}}
policies:
  - {policy: some, grant: select, to: [analyst], scope: shop, POLICY, why: pay is nobody's business}
  - {policy: all, grant: select, to: [everything], scope: shop, why: owners see all}
"""
MASKED = "transform: [{tagged: pii.pay, with: redact()}]"
FILTERED = "having: not pii.pay, where: pay < 1500"
ROWS = 300
QUESTIONS = (
    "select id from shop.people",
    "select id, region from shop.people",
    "from shop.people",
    "select id from shop.people limit 7",
    "select id from shop.people where region = 'EU' limit 7",
    "select id from shop.people where id in (9, 20, 31, 42)",
    "select id from shop.people where id between 9 and 42 and region = 'US'",
    "select list(id) from shop.people where id > 9",
    "select id, row_number() over () from shop.people where region <> 'EU' limit 7",
    "select region, first(id) from shop.people group by region order by region",
    "select a.id, b.id from shop.people as a join shop.people as b on a.id = b.id + 1 where b.id < 50",
)
BY_KEY = "CREATE TABLE people (id int PRIMARY KEY, pay int, region varchar(9), pad varchar(200));"
FILL = "INSERT INTO people SELECT * FROM raw;"
INDEXES = "CREATE INDEX one ON people (pay); CREATE INDEX two ON people (region, pay); ANALYZE TABLE people;"
COVERING = (
    "CREATE INDEX one ON people (pay) INCLUDE (id, region); CREATE INDEX two ON people (region, pay) INCLUDE (id);"
)
SQLITE_INDEXES = INDEXES.replace("TABLE ", "")
KEYED_BY_PAY = "CREATE TABLE people (id int, pay int PRIMARY KEY, region varchar(9), pad varchar(200))"
VIEW = "CREATE VIEW people AS SELECT * FROM raw ORDER BY pay"
PARTS = "".join(
    f"CREATE TABLE part{n} PARTITION OF people FOR VALUES FROM ({n * 400}) TO ({n * 400 + 400});" for n in range(6)
)
MADE = {
    "sqlite": ("sqlite", f"{BY_KEY} {FILL} {SQLITE_INDEXES}"),
    "sqlite without a key": ("sqlite", f"CREATE TABLE people AS SELECT * FROM raw; {SQLITE_INDEXES}"),
    "sqlite by a hidden key": ("sqlite", f"{KEYED_BY_PAY.replace('pay int', 'pay INTEGER')}; {FILL}"),
    "sqlite without row ids": ("sqlite", f"{KEYED_BY_PAY} WITHOUT ROWID; {FILL}"),
    "sqlite view": ("sqlite", VIEW),
    "mariadb": ("mariadb", f"{BY_KEY} {FILL} {INDEXES}"),
    "mariadb without a key": ("mariadb", f"CREATE TABLE people AS SELECT * FROM raw; {INDEXES}"),
    "mariadb by a hidden key": ("mariadb", f"{KEYED_BY_PAY}; {FILL}"),
    "mariadb by two columns": (
        "mariadb",
        f"{BY_KEY.replace(' PRIMARY KEY', '').replace('))', '), PRIMARY KEY (region, id))')} {FILL} {INDEXES}",
    ),
    "mariadb of another engine": ("mariadb", f"{BY_KEY.replace('));', ')) ENGINE = Aria;')} {FILL} {INDEXES}"),
    "mariadb view": ("mariadb", VIEW),
    "postgres": ("postgres", f"{BY_KEY} {FILL} {COVERING} ANALYZE people"),
    "postgres by a hidden key": ("postgres", f"{KEYED_BY_PAY}; {FILL} ANALYZE people"),
    "postgres clustered": ("postgres", f"{BY_KEY} {FILL} {COVERING} CLUSTER people USING one; ANALYZE people"),
    "postgres partitioned": (
        "postgres",
        f"CREATE TABLE people (id int, pay int, region text, pad text) PARTITION BY RANGE (pay); {PARTS} {FILL}",
    ),
    "postgres view": ("postgres", VIEW),
    "postgres materialized view": ("postgres", VIEW.replace("CREATE", "CREATE MATERIALIZED")),
    "duckdb view": ("duckdb", VIEW),
    "folders": ("files", "COPY (SELECT id, pay // 400 AS pay, region, pad FROM raw) TO 'data' (PARTITION_BY (pay))"),
}


def _values(world: int, hidden: int) -> str:
    """Rows whose pay differs between worlds; those whose pay is `hidden` or more are as many in both."""
    pays = [(n * 7919) % 1499 if world else 1498 - (n * 4057) % 1499 for n in range(ROWS - 20)]
    pays += [hidden + (n if world else 100 - n) for n in range(20)]
    rows = ((n, pay, "EU" if n % 3 else "US", "x" * 150) for n, pay in enumerate(pays))
    return ", ".join(f"({n}, {pay}, '{region}', '{pad}')" for n, pay, region, pad in rows)


def _made(kind: str, folder: Path, world: int, request: pytest.FixtureRequest) -> tuple[str, str]:
    connector, sql = MADE[kind]
    raw = "CREATE TABLE raw (id int, pay int, region varchar(9), pad varchar(200)); INSERT INTO raw VALUES "
    script = f"{raw}{_values(world, 2000)}; {sql}"
    if connector == "files":
        (folder / "data").mkdir()
        with closing(duckdb.connect()) as connection:
            connection.execute(script.replace("'data'", f"'{folder}/data/people'"))
        return "{connector: files, path: ./data}", "people"
    if connector == "duckdb":
        with closing(duckdb.connect(str(folder / "shop.db"))) as connection:
            connection.execute(script)
        return "{connector: duckdb, path: ./shop.db}", "main.people"
    server: Server | None = None if connector == "sqlite" else request.getfixturevalue(connector)
    database = Database(connector, server, folder)
    database.run(script)
    return database.shown, database.relation("people")


@pytest.fixture(scope="module", params=MADE)
def sources(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[Path, tuple[str, str]]]:
    """Two worlds, in which everybody's pay is another."""
    folders = [tmp_path_factory.mktemp(f"world{number}") for number in (0, 1)]
    return [(folder, _made(request.param, folder, number, request)) for number, folder in enumerate(folders)]


@pytest.fixture(params=[MASKED, FILTERED])
def twins(request: pytest.FixtureRequest, sources: list[tuple[Path, tuple[str, str]]]) -> Iterator[tuple[World, World]]:
    with ExitStack() as stack:
        worlds = []
        for folder, (source, relation) in sources:
            place = Path(mkdtemp(dir=folder))
            text = DOCUMENT.replace("SOURCE", source.replace("./", f"{folder}/"))
            document = text.replace("RELATION", json.dumps(relation)).replace("POLICY", request.param)
            worlds.append(stack.enter_context(governed(place, document)))
        yield worlds[0], worlds[1]


def test_rows_come_in_the_same_order_whatever_is_not_shown(twins: tuple[World, World]) -> None:
    """Owners see that pay differs: without that the comparison could not fail."""
    assert twins[0].ask("select pay from shop.people", OWNER) != twins[1].ask("select pay from shop.people", OWNER)
    for sql in QUESTIONS:
        first, second = (twin.ask(sql).to_pylist() for twin in twins)
        assert first == second, sql
        assert first, sql


ALIKE = "CREATE VIEW people AS SELECT id, pay, region, CELL AS cell FROM raw ORDER BY pay"
CELLS = (
    "CASE WHEN id % 2 = 0 THEN 0.0::DOUBLE ELSE -0.0::DOUBLE END",
    "CASE WHEN id % 2 = 0 THEN 'nan'::FLOAT ELSE '-nan'::FLOAT END",
    "CASE WHEN id % 2 = 0 THEN INTERVAL '1 month' ELSE INTERVAL '30 days' END",
    "CASE WHEN id % 2 = 0 THEN [0.0::DOUBLE] ELSE [-0.0::DOUBLE] END",
    "CASE WHEN id % 2 = 0 THEN {'a': INTERVAL '1 month'} ELSE {'a': INTERVAL '30 days'} END",
    "{'a': CASE WHEN id % 2 = 0 THEN 'a' COLLATE NOCASE ELSE 'A' COLLATE NOCASE END}",
)
SHOWN = (
    ("select cell::varchar", ""),
    ("select distinct cell", ""),
    ("select first(cell)", ""),
    ("select region, list(cell)", " group by region order by region"),
    ("select cell, region", ""),
)


@pytest.mark.parametrize("cell", CELLS)
def test_cells_that_are_alike_and_told_otherwise_have_an_order_too(tmp_path: Path, cell: str) -> None:
    """An engine that sorts takes 0.0 for -0.0, and a month for thirty days."""
    told = []
    for world in (0, 1):
        folder = tmp_path / str(world)
        folder.mkdir()
        with closing(duckdb.connect(str(folder / "shop.db"))) as connection:
            connection.execute(
                f"CREATE TABLE raw (id int, pay int, region varchar, pad varchar); INSERT INTO raw VALUES "
                f"{_values(world, 2000)}; {ALIKE.replace('CELL', cell)}"
            )
        text = DOCUMENT.replace("SOURCE", "{connector: duckdb, path: ./shop.db}").replace("RELATION", "main.people")
        with governed(folder, text.replace("POLICY", MASKED)) as shop:
            told.append([str(shop.ask(f"{sql} from shop.people{by}").to_pylist()) for sql, by in SHOWN])
    assert told[0] == told[1]
