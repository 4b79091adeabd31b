"""Whether a query fails tells nothing of the pieces in which an engine takes rows: by its own answers to each function
over a piece of one value and over a mixed one, none fails by the piece but those that are held to.
"""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pytest

from catalog.errors import VeilError
from proxy.fencing.meanings import families
from proxy.pipeline import Request
from proxy.reading.functions import CALLABLE
from proxy.reading.statement import read
from proxy.rewriting.by_piece import raises_by_piece
from tests.proxy.ordered_worlds import KINDS, ordered_twins
from tests.proxy.test_answers_in_order import tells
from tests.proxy.world import ANALYST, World

MIXED = "case when id between {} and {} then 'bad' else 'day' end"
ONCE = "if(id = 1_700, timestamptz '2020-01-01 00:00:00+00', 'infinity'::timestamptz)"
QUESTIONS = (
    *(
        f"select id, date_diff({MIXED.format(0, to)}, day, 'infinity'::date) as x from db.people"
        for to in (1_450, 2_990)
    ),
    f"select id, try(date_trunc(if(id % 2 = 0, 'bad', 'day'), {ONCE}))::varchar as x from db.people",
    "select id, time_bucket(if(id < 1_450, interval 0 day, interval 1 day), 'infinity'::date) as x from db.people",
    "select id from db.people where timezone(if(id < 1_450, 'bad', 'UTC'), 'infinity'::timestamptz) is not null",
    "select count(*) from db.people where date_sub(if(id < 1_450, 'bad', 'day'), day, 'infinity'::date) is null",
)
AS_THEY_COME = (
    "select id, date_diff('day', day, date '2020-01-01') as x from db.people",
    "select id, k + 1 as x, s || 'a' as y, f / 2 as z, try_cast(s as int) as w from db.people",
    "select s::int // 2 + 1 as x from db.people",
    "select id from db.people where s > 5 and day + k > '2020-01-01'",
)


@pytest.fixture(scope="module", params=range(len(KINDS)), ids=KINDS)
def twins(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    with ordered_twins(tmp_path_factory.mktemp("pieces"), request.param) as made:
        yield made


@pytest.mark.parametrize("sql", QUESTIONS)
def test_failures_tell_nothing_of_where_a_piece_ends(twins: tuple[World, World], sql: str) -> None:
    assert not tells(twins, sql)


@pytest.mark.parametrize("sql", AS_THEY_COME)
def test_what_is_worked_out_value_by_value_is_not_sorted(twins: tuple[World, World], sql: str) -> None:
    assert "ORDER BY" not in twins[0].governor.settle(ANALYST, Request(sql=sql)).rewritten.sql
    assert not tells(twins, sql)


VALUES = {
    "VARCHAR": ("'abc'", "'1'", "'day'", "'%Y'", "'['", "'2020-01-01'", "'UTC'", "'$.a'", "''", "NULL::varchar"),
    "BIGINT": ("0", "1", "-1", "9223372036854775807", "NULL::bigint"),
    "DOUBLE": ("0.0::double", "'nan'::double", "'inf'::double", "-2.5::double", "NULL::double"),
    "DATE": ("date '2020-02-29'", "'infinity'::date", "NULL::date"),
    "TIMESTAMP": ("timestamp '2020-02-29 12:34:56'", "'infinity'::timestamp", "NULL::timestamp"),
    "TIMESTAMP WITH TIME ZONE": ("timestamptz '2020-02-29 12:34:56+00'", "'infinity'::timestamptz"),
    "TIME": ("time '12:34:56'", "NULL::time"),
    "INTERVAL": ("interval 1 month", "interval 0 day", "interval '-3' hour", "NULL::interval"),
    "BOOLEAN": ("true", "false", "NULL::boolean"),
    "BLOB": ("'ab'::blob", "''::blob", "NULL::blob"),
    "LIST": ("[1, 2, 3]", "[]::int[]", "[3, NULL]", "NULL::int[]"),
    "ANY": ("1", "'abc'", "[1, NULL]", "{'a': 1}", "map {'a': 1}", "NULL::int", "date '2020-02-29'"),
}
"""Values of each type, those at its ends among them."""
ROUNDS = 12


def _values(type_name: str | None) -> tuple[str, ...]:
    name = (type_name or "ANY").upper()
    if name.endswith("]"):
        return VALUES["LIST"]
    return VALUES.get("BIGINT" if name.endswith("INT") or name == "INTEGER" else name, VALUES["ANY"])


def _argument(type_name: str | None, chance: random.Random) -> str:
    """One value in each row, of a piece's own or written; or several in turn."""
    known = _values(type_name)
    one, form = chance.choice(known), chance.random()
    if form < 0.5:
        return f"([{one}, {one}])[k]"
    return one if form < 0.75 else f"([{one}, {chance.choice(known)}])[id % 2 + 1]"


def _calls(engine: duckdb.DuckDBPyConnection, chance: random.Random) -> Iterator[str]:
    found = engine.execute(
        "SELECT function_name, parameter_types, varargs FROM duckdb_functions() WHERE function_type = 'scalar'"
    ).fetchall()
    for name, types, more in found:
        if name.lower() in CALLABLE:
            for _ in range(ROUNDS):
                given = [*types, *[more] * (chance.randrange(3) if more else 0)]
                yield f"{name}({', '.join(_argument(each, chance) for each in given)})"


def _found(engine: duckdb.DuckDBPyConnection, call: str) -> str:
    try:
        return repr(engine.execute(f"SELECT ({call})::varchar FROM t.t WHERE id > 0 LIMIT 8").fetchall())
    except duckdb.Error as error:
        return "cannot run" if isinstance(error, duckdb.BinderException | duckdb.ParserException) else "failed"


def test_no_call_fails_by_the_piece_but_those_that_are_held_to(tmp_path: Path) -> None:
    """`k` is 1 in all rows that are asked for: in one file nothing else is there, so that a piece holds it once."""
    chance, told = random.Random(43), 0
    with ExitStack() as stack:
        engines = []
        for other in (1, 2):
            file = tmp_path / f"{other}.duckdb"
            with duckdb.connect(str(file)) as made:
                made.execute(
                    f"CREATE TABLE t AS SELECT i::int AS id, if(i = 0, {other}, 1)::int AS k FROM range(3_000) r(i)"
                )
            engine = stack.enter_context(duckdb.connect())
            engine.execute("SET disabled_optimizers = 'statistics_propagation'; SET threads = 1")
            engine.execute(f"ATTACH '{file}' AS t (READ_ONLY)")
            engines.append(engine)
        for call in _calls(engines[0], chance):
            first, second = (_found(engine, call) for engine in engines)
            if first == second:
                continue
            try:
                tree = read(f"SELECT ({call}) AS x FROM t").tree
            except VeilError:
                continue  # nobody can say so
            told += 1
            known = families(tree, [("id", "INTEGER"), ("k", "INTEGER")], {})
            assert raises_by_piece(tree, known), call
    assert told > 5
