"""Nested data from Parquet, JSON and a database file, through policies, to frames: fields leave, types survive."""

from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from policy_engine.changing.apply import prepare
from policy_engine.changing.export import export_text
from policy_engine.document.reading import load
from policy_engine.live import read_live
from policy_engine.model import Subject
from tests.proxy.world import World, governed

DOCUMENT = """
veil: 1
sources:
  data: {connector: files, path: ./data}
  file: {connector: duckdb, path: ./rooms.duckdb}
databases: {shop: {}}
tags: {pii.phone: {}, pii.note: {}, pii.email: {}}
datasets:
  shop.parquet:
    source: data
    relation: people.parquet
    columns: {contact.phone: {tags: [pii.phone]}, "visits[].note": {tags: [pii.note]}}
  shop.json:
    source: data
    relation: people.json
    columns: {contact.phone: {tags: [pii.phone]}, "visits[].note": {tags: [pii.note]}}
  shop.stored:
    source: file
    relation: main.people
    columns: {contact.phone: {tags: [pii.phone]}, visits.note: {tags: [pii.note]}}
  shop.documents: {source: file, relation: main.documents, columns: {profile.email: {tags: [pii.email]}}}
  shop.plain: {source: file, relation: main.plain}
roles: {analyst: {groups: [analysts]}, caller: {groups: [callers]}}
policies:
  - policy: analysts
    grant: select
    to: [analyst]
    scope: shop
    having: not pii.phone and not pii.email
    transform: [{tagged: pii.note, with: redact()}]
    why: nobody is called
  - {policy: callers, grant: select, to: [caller], scope: "shop.stored(contact.phone, visits[].day)", why: calls}
"""

PEOPLE = """
SELECT 1::INTEGER AS id, {'phone': '555', 'city': 'Ulm', 'zip': 89073::INTEGER} AS contact,
       [{'note': 'ill', 'day': DATE '2026-01-02'}, {'note': NULL, 'day': NULL}] AS visits
UNION ALL SELECT 2, NULL, []
UNION ALL SELECT 3, {'phone': NULL, 'city': NULL, 'zip': NULL}, NULL
ORDER BY id
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("nested")
    (folder / "data").mkdir()
    with duckdb.connect(str(folder / "rooms.duckdb")) as engine:
        engine.execute(f"CREATE TABLE people AS {PEOPLE}")
        engine.execute("CREATE TABLE documents (id INTEGER, profile JSON)")
        engine.execute("""INSERT INTO documents VALUES (1, '{"email": "a@b.c", "n": 12345678901234567890.5}')""")
        engine.execute("CREATE VIEW plain AS SELECT id, contact FROM people")
        for form in ("parquet", "json"):
            engine.execute(f"COPY people TO '{folder / 'data'}/people.{form}' (FORMAT {form})")
    with governed(folder, DOCUMENT) as made:
        yield made


@pytest.mark.parametrize("form", ["parquet", "json", "stored"])
def test_fields_leave_and_types_survive_down_to_a_frame(shop: World, form: str) -> None:
    table = shop.ask(f"select * from shop.{form} order by id")
    zip_type = table.schema.field("contact").type.field("zip").type
    assert zip_type == (pa.int64() if form == "json" else pa.int32())
    assert table.schema.field("contact").type.field(0).name == "city"
    assert table.schema.field("visits").type.value_type.field("day").type == pa.date32()
    frame = table.to_pandas()
    assert frame["contact"].tolist() == [{"city": "Ulm", "zip": 89073}, None, {"city": None, "zip": None}]
    notes = [None if visits is None else [visit["note"] for visit in visits] for visits in frame["visits"]]
    assert notes == [["***", None], [], None]
    assert isinstance(frame, pd.DataFrame)


def test_a_grant_of_fields_shows_just_them(shop: World) -> None:
    caller = Subject(user="cal", groups=frozenset({"cal", "callers"}))
    table = shop.ask("select * from shop.stored", caller)
    assert table.column_names == ["contact", "visits"]
    assert [field.name for field in table.schema.field("contact").type] == ["phone"]
    assert [field.name for field in table.schema.field("visits").type.value_type] == ["day"]


def test_a_document_with_a_governed_field_is_hidden_whole(shop: World) -> None:
    assert shop.ask("select * from shop.documents").column_names == ["id"]
    [dataset] = [each for each in shop.datasets.datasets() if each.name == "documents"]
    assert [column.name for column in dataset.columns] == ["id", "profile", "profile.email"]


def test_tags_inside_documents_and_lists_are_exported_and_applied_again_without_a_change(shop: World) -> None:
    assert not prepare(load([shop.folder / "shop.yaml"]), shop.catalog, at=datetime.now(UTC)).has_changes
    again = shop.folder / "again.yaml"
    again.write_text(export_text(read_live(shop.catalog)))
    assert "profile.email:" in again.read_text()
    assert not prepare(load([again]), shop.catalog, at=datetime.now(UTC)).has_changes
