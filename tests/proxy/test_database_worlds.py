"""Two databases that differ only in what a person may not see answer that person alike, errors of rows included.

In each world one row that the person does not see may hold what cannot be read, beside values that differ: an error may
tell that there is such a row, and nothing else of it. `VEIL_FUZZ` and `VEIL_FUZZ_SEED` are those of
test_noninterference.py.
"""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.databases import Server
from tests.proxy.estates import Estate, Table, estate
from tests.proxy.questions import Questioner
from tests.proxy.shrinking import shrunk
from tests.proxy.test_noninterference import Twins, differs, outcomes
from tests.proxy.world import governed
from tests.remote_tables import KINDS, Database

COUNT = int(os.environ.get("VEIL_FUZZ", "80")) // 4
FIRST_SEED = int(os.environ.get("VEIL_FUZZ_SEED", "1"))
A_ROUND = 60
SPOILT: Mapping[str, Mapping[str, str]] = {
    "postgres": {"DECIMAL(9,2)": "'NaN'", "TIMESTAMP": "'294247-01-02'"},
    "mariadb": {"DATE": "'2020-02-31'", "TIMESTAMP": "'2020-02-31'"},
    "sqlite": {kind: "'much'" for kind in ("INTEGER", "BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "BOOLEAN")},
}
"""What cannot be read, by what a column should hold."""
READ_BY_POLICIES = ("id", "k", "region", "level")
Place = tuple[str, str, str]
"""A table, a column of it, and what that holds in a row."""


@contextmanager
def twins(kind: str, server: Server | None, folder: Path, made: Estate, chance: random.Random) -> Iterator[Twins]:
    """The two worlds of an estate, each in a database of its own, with its pipeline."""
    spoilt = chance.choice([place for table in made.tables for place in _spoilable(kind, table)] or [("", "", "")])
    with ExitStack() as stack:
        worlds = []
        for which in (0, 1):
            home = folder / str(which)
            home.mkdir(parents=True)
            database = Database(kind, server, home)
            document = made.document.replace("{connector: files, path: ./data}", database.shown)
            for table in made.tables:
                rows = [tuple(row[column.name] for column in table.columns) for row in table.worlds[which]]
                database.write(table.name, [(column.name, column.type) for column in table.columns], rows)
                if spoilt[0] == table.name:
                    _spoil(database, spoilt, _alike(table)[0][which])
                document = document.replace(f"{table.name}.parquet", database.relation(table.name))
            database.write("secret", [("s", "VARCHAR")], [(f"world {which}",)])
            document = document.replace("secret.parquet", database.relation("secret"))
            worlds.append(stack.enter_context(governed(home, document)))
        yield worlds[0], worlds[1]


def _spoilable(kind: str, table: Table) -> list[Place]:
    """Where both worlds have room for what cannot be read."""
    fit = [column for column in table.columns if column.type in SPOILT[kind] and column.name not in READ_BY_POLICIES]
    return [(table.name, column.name, SPOILT[kind][column.type]) for column in fit] if _alike(table) else []


def _alike(table: Table) -> list[tuple[object, object]]:
    """Rows that are not seen, one of each world: a policy's filter, which the database may judge, takes both as one."""
    first, second = (
        [(row["region"], row["level"], row["id"]) for row in rows if row["id"] in unseen]
        for rows, unseen in zip(table.worlds, table.unseen, strict=True)
    )
    return [(one[2], other[2]) for one in first for other in second if one[:2] == other[:2]]


def _spoil(database: Database, place: Place, row: object) -> None:
    table, column, bad = place
    modes = "SET sql_mode = 'ANSI_QUOTES,ALLOW_INVALID_DATES'; " if database.kind == "mariadb" else ""
    database.run(f"""{modes}UPDATE {table} SET "{column}" = {bad} WHERE id = {row};""")


def _rounds() -> list[tuple[int, int]]:
    return [(FIRST_SEED + number, min(A_ROUND, COUNT - done)) for number, done in enumerate(range(0, COUNT, A_ROUND))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("seed", "count"), _rounds())
def test_two_databases_that_differ_in_secrets_answer_alike(
    kind: str,
    seed: int,
    count: int,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    server: Server | None = None if kind == "sqlite" else request.getfixturevalue(kind)
    made = estate(seed, is_plain=True)
    questioner = Questioner(made, random.Random(f"questions of {kind} {seed}"))
    kinds: Counter[object] = Counter()
    with twins(kind, server, tmp_path / "uneven", made, random.Random(seed)) as uneven:
        for number in range(count):
            sql = questioner.ask()
            first, second = outcomes(uneven, sql)
            kinds[first[0]] += 1
            if first != second:
                kinds["by size"] += 1
                _refuse_difference(kind, server, tmp_path / f"even{number}", seed, sql)
    for told in ("rows", "error", "by size"):
        record_property(told, kinds[told])
    assert kinds["rows"] > 0 or not any(table.worlds[0] for table in made.tables)
    assert kinds["by size"] <= 2, "more differences than the plans of joins explain"


def _refuse_difference(kind: str, server: Server | None, folder: Path, seed: int, sql: str) -> None:
    """Fails with a small reproduction unless the answers are equal where both databases have as many rows."""
    for rows_of in (0, 1):
        made = estate(seed, rows_of=rows_of, is_plain=True)
        with twins(kind, server, folder / str(rows_of), made, random.Random(seed)) as even:
            if differs(even, sql):
                small = shrunk(sql, partial(differs, even))
                told = "\n\n".join(map(str, outcomes(even, small)))
                pytest.fail(f"{kind}, seed {seed}, rows of {rows_of}\n{small}\n\n{told}\n\n{made.document}")
