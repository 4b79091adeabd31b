"""Random policies, tags, data and people: what the proxy returns from DuckDB is what the oracle says, cell by cell.

`make fuzz` tries thousands of worlds; here it is some hundreds, of thousands of cells. A world that fails is made as
small as it goes.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.model import Column, Dataset
from catalog.names import quoted
from catalog.sources.calculator import value_of
from policy_engine.filters.filters import check_filter
from policy_engine.model import PolicySet
from policy_engine.transforms import registry
from policy_engine.transforms.known import TRANSFORMS
from tests.policy_engine import drawn
from tests.policy_engine.oracle import Oracle
from tests.policy_engine.predicates import WHENS, Right, predicates
from tests.policy_engine.seen import Row, Seen, Showing
from tests.proxy.trial import KEYS, Trial, Writes, trial

WORLDS = int(os.environ.get("VEIL_FUZZ_ORACLE", "240"))
SHARDS = 8
RIGHTS = Dataset(
    database="shop",
    name="rights",
    source="s",
    relation="rights",
    columns=tuple(
        Column(path=(name,), type=kind, position=place)
        for place, (name, kind) in enumerate((("person", "VARCHAR"), ("level", "INTEGER"), ("giver", "VARCHAR")))
    ),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with trial(tmp_path_factory.mktemp("trial")) as made:
        yield made


@pytest.mark.parametrize("shard", range(SHARDS))
@settings(max_examples=WORLDS // SHARDS, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_person_sees_the_cells_of_the_oracle(home: Trial, shard: int, data: st.DataObject) -> None:
    dataset = data.draw(drawn.datasets())
    policies = PolicySet(revision=1, policies=data.draw(drawn.policies(dataset)), roles=drawn.ROLES)
    asker, at = data.draw(drawn.askers), data.draw(drawn.moments_asked)
    rights, rows = data.draw(drawn.rights), data.draw(drawn.rows(dataset))
    oracle = Oracle(
        subject=asker,
        dataset=dataset,
        policies=policies,
        at=at,
        predicates=predicates(dataset, rights),
        keys=KEYS,
        whens=WHENS,
        finish=_typed,
    )
    home.at = at
    answer = home.ask("from shop.people", dataset, writes(dataset, rows, rights), policies, asker, RIGHTS)
    seen = oracle.sees(rows)
    if answer.table is None:
        assert answer.code in (("unknown_dataset", "policy_broken") if seen.is_refused else ("unknown_dataset",))
        assert not seen.columns
        return
    assert seen.columns == tuple(answer.table.column_names)
    assert _found(answer.table) == _said(seen, answer.table, dataset)


def test_every_predicate_of_the_oracle_is_a_filter_in_normal_form() -> None:
    columns = tuple(Column(path=(name,), type=kind, position=0) for name, kind in drawn.FIXED.items())
    said = predicates(Dataset(database="shop", name="people", source="s", relation="r", columns=columns), ())
    assert [check_filter(text) for text in said] == list(said)


def test_every_transform_is_drawn_for_every_type_that_it_takes() -> None:
    drawn_kinds = {(call.name, kind) for kind in drawn.KINDS for call in drawn.fitting(kind)}
    assert {name for name, _ in drawn_kinds} == {transform.name for transform in TRANSFORMS} | {"expression"}


def writes(dataset: Dataset, rows: Sequence[Row], rights: Sequence[Right]) -> Writes:
    def write(engine: duckdb.DuckDBPyConnection) -> None:
        for name, columns, values in (
            (dataset.relation, dataset.columns, [[row[c.name] for c in dataset.columns] for row in rows]),
            (RIGHTS.relation, RIGHTS.columns, [list(right) for right in rights]),
        ):
            engine.execute(f"CREATE TABLE {name} ({', '.join(f'{quoted(c.name)} {c.type}' for c in columns)})")
            if values:
                row = f"({', '.join('?' for _ in columns)})"
                cells = [cell for line in values for cell in line]
                engine.execute(f"INSERT INTO {name} VALUES {', '.join([row] * len(values))}", cells)

    return write


def _typed(column: Column, shown: Showing, value: object) -> object:
    """What the oracle shows, with the type that it has before a column's cases are brought together."""
    return value, registry.output_type(shown[0] if shown else None, column.type)


def _said(seen: Seen, table: pa.Table, dataset: Dataset) -> Counter[tuple[str, ...]]:
    kinds = {column.name: column.type for column in dataset.columns}
    texts = [pa.types.is_string(field.type) and kinds[field.name] not in _TEXTS for field in table.schema]
    return Counter(tuple(map(_comparable_said, row, texts)) for row in seen.rows)


_TEXTS = ("VARCHAR", "JSON", "UUID")


def _comparable_said(cell: object, is_text: bool) -> str:
    if cell is None:
        return _comparable(None)
    assert isinstance(cell, tuple)
    value, kind = cell
    if is_text and value is not None:
        value = value_of(f"CAST(CAST($value AS {kind}) AS VARCHAR)", {"value": value})
    return _comparable(float(value) if kind in ("FLOAT", "DOUBLE") and isinstance(value, int) else value)


def _found(table: pa.Table) -> Counter[tuple[str, ...]]:
    rows = zip(*(table.column(place).to_pylist() for place in range(table.num_columns)), strict=True)
    return Counter(tuple(map(_comparable, row)) for row in rows)


def _comparable(value: object) -> str:
    """A value as it is compared: Arrow has no UUIDs and no integers of 128 bits of its own."""
    if isinstance(value, Decimal):
        return str(int(value)) if value == value.to_integral_value() else str(value.normalize())
    if isinstance(value, datetime) and value.tzinfo:
        return repr(value.astimezone(UTC).isoformat())
    return repr(str(value)) if isinstance(value, UUID) else repr(value)
