"""Golden vectors: what is shown for a value, a key and a tag never changes, in the engine and the reference."""

import csv
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from policy_engine.transforms import registry
from policy_engine.transforms.calls import parse_call
from policy_engine.transforms.known import TRANSFORMS
from policy_engine.transforms.spec import Transform
from policy_engine.transforms.types import Kind, read_type
from tests.policy_engine.transforms.engine import Beside, in_python, on_engine
from tests.policy_engine.transforms.samples import CALLS, SAMPLES

VECTORS = list(csv.DictReader((Path(__file__).parent / "vectors.csv").read_text(encoding="utf-8").splitlines()))
BESIDE: Beside = {"who": ("VARCHAR", ["p17"])}
TYPES = (*SAMPLES, "JSON", "VARCHAR[]", "ENUM('a', 'b')")
NAMED: registry.Types = {(name,): "VARCHAR" for name in ("who", "born", "patient")}
DRAWN = [*CALLS, *(vector["call"] for vector in VECTORS), *(known.example.split(" | ")[0] for known in TRANSFORMS)]


@pytest.mark.parametrize(
    "vector", VECTORS, ids=[f"{row['call']} of {row['value']!r} as {row['type']}" for row in VECTORS]
)
def test_golden_vectors_never_change(vector: dict[str, str]) -> None:
    kind = vector["type"]
    with duckdb.connect() as engine:
        rows = engine.execute(f"SELECT CAST($v AS {kind})", {"v": vector["value"]}).fetchall()
    shown = on_engine(vector["call"], list(rows[0]), kind, beside=BESIDE)
    assert [str(cell) for cell in shown] == [vector["result"]]
    assert in_python(vector["call"], list(rows[0]), kind, beside=BESIDE) == shown


def test_no_vector_is_there_twice() -> None:
    assert len({(row["call"], row["type"], row["value"]) for row in VECTORS}) == len(VECTORS)


def test_every_family_of_types_is_tried() -> None:
    assert {read_type(kind).kind for kind in TYPES} == set(Kind)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda transform: transform.name)
def test_every_transform_has_a_vector_for_each_family_of_types_that_it_shows(transform: Transform) -> None:
    calls = {call for call in DRAWN if parse_call(call).name == transform.name}
    shows = {
        read_type(kind).kind for kind in TYPES for call in calls if registry.accepts(parse_call(call), kind, NAMED)
    }
    assert shows
    assert shows - set(_families(transform.name)) == set()


def _families(name: str) -> Iterator[Kind]:
    for vector in VECTORS:
        if parse_call(vector["call"]).name == name:
            yield read_type(vector["type"]).kind
