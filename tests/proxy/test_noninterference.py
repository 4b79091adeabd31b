"""Whatever a person asks, two sources that differ only in what the person may not see answer alike.

`VEIL_FUZZ` is the number of questions (`make fuzz` asks tens of thousands), `VEIL_FUZZ_SEED` the estate to begin with.

One difference is known and counted apart: an engine plans its joins by the number of rows, filtered-out ones too, and
whether an expression that raises is run at all may hang on the plan (docs/explanation/threat-model.md). So a
difference is asked about again where both sources have as many rows; there the answers must be equal.
"""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from catalog.errors import VeilError
from policy_engine.model import Subject
from tests.proxy.estates import ATTRIBUTES, Estate, estate, write
from tests.proxy.question_kinds import PARAMETERS
from tests.proxy.questions import Questioner
from tests.proxy.shrinking import shrunk
from tests.proxy.world import World, governed

ANALYST = Subject(user="ana", groups=frozenset({"ana", "analysts"}), attributes=ATTRIBUTES)
COUNT = int(os.environ.get("VEIL_FUZZ", "240"))
FIRST_SEED = int(os.environ.get("VEIL_FUZZ_SEED", "1"))
A_ROUND = 60
Twins = tuple[World, World]


@contextmanager
def twins(folder: Path, made: Estate) -> Iterator[Twins]:
    """The two worlds of an estate, each with its pipeline."""
    with ExitStack() as stack:
        worlds = []
        for which in (0, 1):
            home = folder / str(which)
            (home / "data").mkdir(parents=True)
            write(made, which, home / "data")
            worlds.append(stack.enter_context(governed(home, made.document)))
        yield worlds[0], worlds[1]


def outcome(world: World, sql: str, subject: Subject = ANALYST) -> tuple[object, ...]:
    """All that can be observed but time: rows, schema with its metadata, or the error with all its words.

    The schema's text cuts long names off, so these stand beside it: one that told the SQL that ran would tell the names
    of relations in it, which are drawn anew for each world.
    """
    try:
        table = world.ask(sql, subject, {name: value for name, value in PARAMETERS.items() if f"${name}" in sql})
    except VeilError as error:
        return "error", error.code, error.detail, error.hint, error.position
    schema = table.schema.to_string(show_field_metadata=True, show_schema_metadata=True, truncate_metadata=False)
    cells = [_plain(column).to_pylist() for column in table.columns]
    return "rows", schema, table.schema.names, table.num_rows, sorted(map(repr, zip(*cells, strict=True)))


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Days and moments as numbers: an engine's go beyond the years that Python knows."""
    kind = _numbers(column.type)
    return column if kind == column.type else column.cast(kind)  # Arrow loses items of a list of nothing but NULLs


def _numbers(kind: pa.DataType) -> pa.DataType:
    """The type with whole numbers for days and moments in it."""
    if pa.types.is_date(kind):
        return pa.int32()
    if pa.types.is_timestamp(kind):
        return pa.int64()
    if pa.types.is_map(kind):
        return pa.map_(_numbers(kind.key_type), _numbers(kind.item_type))
    if pa.types.is_list(kind):
        return pa.list_(_numbers(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _numbers(field.type)) for field in kind])
    return kind


def outcomes(pair: Twins, sql: str) -> tuple[tuple[object, ...], ...]:
    """What each world answers; they are asked at once, since most of a question is waiting for a worker."""
    with ThreadPoolExecutor(len(pair)) as pool:
        return tuple(pool.map(outcome, pair, (sql, sql)))


def differs(pair: Twins, sql: str) -> bool:
    first, second = outcomes(pair, sql)
    return first != second


def _rounds() -> list[tuple[int, int]]:
    return [(FIRST_SEED + number, min(A_ROUND, COUNT - done)) for number, done in enumerate(range(0, COUNT, A_ROUND))]


@pytest.mark.parametrize(("seed", "count"), _rounds())
def test_two_worlds_that_differ_in_secrets_answer_alike(
    tmp_path: Path, seed: int, count: int, record_property: Callable[[str, object], None]
) -> None:
    made = estate(seed)
    questioner = Questioner(made, random.Random(f"questions {seed}"))
    kinds: Counter[object] = Counter()
    with twins(tmp_path / "uneven", made) as uneven:
        for number in range(count):
            sql = questioner.ask()
            first, second = outcomes(uneven, sql)
            kinds[first[0]] += 1
            if first != second:
                kinds["by size"] += 1
                _refuse_difference(tmp_path / f"even{number}", seed, sql)
    for told in ("rows", "error", "by size"):
        record_property(told, kinds[told])
    assert kinds["rows"] > 0 or not any(table.worlds[0] for table in made.tables)
    assert kinds["by size"] <= 2, "more differences than the plans of joins explain"


def _refuse_difference(folder: Path, seed: int, sql: str) -> None:
    """Fails with a small reproduction unless the answers are equal where both sources have as many rows.

    Each world is held against one of its size: in one of the two a value that told something is still there.
    """
    for rows_of in (0, 1):
        made = estate(seed, rows_of=rows_of)
        with twins(folder / str(rows_of), made) as even:
            if differs(even, sql):
                small = shrunk(sql, partial(differs, even))
                told = "\n\n".join(map(str, outcomes(even, small)))
                pytest.fail(f"seed {seed}, rows of {rows_of}\n{small}\n\n{told}\n\n{made.document}")


def test_the_worlds_do_differ(tmp_path: Path) -> None:
    """Without this the comparison above could not fail; by chance one estate may have nothing to hide."""
    assert any(_owner_sees_two_worlds(tmp_path / str(seed), seed) for seed in range(FIRST_SEED, FIRST_SEED + 5))


def _owner_sees_two_worlds(folder: Path, seed: int) -> bool:
    owner = Subject(user="olga", groups=frozenset({"olga", "owners"}))
    policies = "  - {policy: all, grant: select, to: [everything], scope: '*', why: the owner sees all}\n"
    made = estate(seed)
    document = made.document.replace("roles: {", "roles: {everything: {groups: [owners]}, ") + policies
    with twins(folder, replace(made, document=document)) as pair:
        answers = [[outcome(world, f"from db.{table.name}", owner) for table in made.tables] for world in pair]
    assert all(answer[0] == "rows" for world in answers for answer in world)
    return answers[0] != answers[1]
