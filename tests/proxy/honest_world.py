"""A trading company seen by its analyst, governed by Veil and again by views that a careful person writes by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from policy_engine.model import Subject
from proxy.governance import Request
from proxy.reading.parameters import Values
from tests.proxy.world import World, governed

ANALYST = Subject(user="ana", groups=frozenset({"ana", "analysts"}))

DOCUMENT = """
veil: 1
sources: {data: {connector: files, path: ./data}}
databases: {shop: {}, Lab: {}, hidden: {}}
tags: {t.secret: {}, t.phone: {}, t.mail: {}, t.born: {}}
datasets:
  shop.orders:
    source: data
    relation: orders.parquet
    columns: {card: {tags: [t.secret]}, phone: {tags: [t.phone]}}
  shop.customers:
    source: data
    relation: customers.parquet
    columns: {email: {tags: [t.mail]}, born: {tags: [t.born]}, address.zip: {tags: [t.secret]}}
  shop.rates: {source: data, relation: rates.parquet}
  shop.quarters: {source: data, relation: quarters.parquet}
  'shop."Select"': {source: data, relation: words.parquet}
  'Lab."Größen"': {source: data, relation: sizes.parquet}
  hidden.salaries: {source: data, relation: sizes.parquet}
roles: {analyst: {groups: [analysts]}}
policies:
  - policy: shop
    grant: select
    to: [analyst]
    scope: shop
    having: not t.secret
    transform:
      - {tagged: t.phone, with: mask()}
      - {tagged: t.mail, with: redact()}
      - {tagged: t.born, with: date_trunc('year')}
    why: what an analyst needs
  - {policy: lab, grant: select, to: [analyst], scope: Lab, why: sizes are no secret}
  - {policy: regions, restrict: select, to: [analyst], scope: shop.orders, where: "region in ('EU', 'US')", why: law}
"""

VIEWS = r"""
CREATE SCHEMA shop;
CREATE SCHEMA "Lab";
CREATE VIEW shop.orders AS SELECT id, customer, region, amount, price, note, sold_at, day, is_gift, tags,
    regexp_replace(phone, '[0-9]', 'X', 'g') AS phone FROM read_parquet('{data}/orders.parquet')
    WHERE region IN ('EU', 'US');
CREATE VIEW shop.customers AS SELECT customer, name, CASE WHEN email IS NOT NULL THEN '***' END AS email,
    CAST(date_trunc('year', born) AS DATE) AS born, struct_pack(city := address.city, street := address.street)
    AS address, scores, extra FROM read_parquet('{data}/customers.parquet');
CREATE VIEW shop.rates AS FROM read_parquet('{data}/rates.parquet');
CREATE VIEW shop.quarters AS FROM read_parquet('{data}/quarters.parquet');
CREATE VIEW shop."Select" AS FROM read_parquet('{data}/words.parquet');
CREATE VIEW "Lab"."Größen" AS FROM read_parquet('{data}/sizes.parquet');
USE shop;
"""

TABLES = {
    "orders": """
        SELECT i::INTEGER AS id, (1 + i % 7)::INTEGER AS customer, ['EU', 'US', 'APAC', NULL][1 + i % 4] AS region,
            ((i * 37) % 101)::BIGINT AS amount, ((i * 53) % 1000 / 10)::DECIMAL(9, 2) AS price,
            CASE WHEN i % 5 > 0 THEN 'Note ' || (i % 6) || ', ' || chr((97 + i % 3)::INTEGER) END AS note,
            TIMESTAMP '2026-01-01 08:00:00' + to_hours((i * 7)::INTEGER) AS sold_at,
            DATE '2026-01-01' + (i % 60)::INTEGER AS day, i % 3 = 0 AS is_gift,
            list_filter(['new', 'big', 'odd'], lambda t, n: (i >> (n - 1)::INTEGER) % 2 = 1) AS tags,
            '+1 555 ' || (1000 + i) AS phone, '4111-' || i AS card
        FROM range(80) AS series(i)""",
    "customers": """
        SELECT i::INTEGER AS customer, ['Ann', 'bob', 'Cyd', 'DORA', 'Eve', 'Ørsted', 'Zoë', 'nobody'][i] AS name,
            CASE WHEN i <> 3 THEN 'c' || i || '@example.com' END AS email,
            DATE '1960-05-17' + (i * 997)::INTEGER AS born, struct_pack(city := ['Oslo', 'Rome', NULL][1 + i % 3],
            street := 'Street ' || i, zip := 'N' || i) AS address,
            MAP {'math': i * 10, 'art': 100 - i} AS scores,
            '{"level": ' || i || ', "tags": ["a", "b"], "at": {"x": ' || (i * 2) || '}}' AS extra
        FROM range(1, 9) AS series(i)""",
    "rates": """
        SELECT (1 + i % 3)::INTEGER AS customer, TIMESTAMP '2026-01-01' + to_hours((i * 11)::INTEGER) AS quoted_at,
            (100 + i)::DOUBLE / 8 AS rate FROM range(40) AS series(i)""",
    "quarters": """
        SELECT ['North', 'South', 'East'][i] AS area, i * 10 AS q1, i * 20 AS q2,
            CASE WHEN i <> 2 THEN i * 30 END AS q3, i * 40 AS q4 FROM range(1, 4) AS series(i)""",
    "words": """
        SELECT i::INTEGER AS "order", 'g' || i % 2 AS "Group", i * 2 AS "my col", 'ü' || i AS "ä", i = 1 AS "from",
            i + 100 AS "Größe" FROM range(4) AS series(i)""",
    "sizes": 'SELECT i::INTEGER AS nr, i * i AS "MaßStab" FROM range(5) AS series(i)',
}


def write(folder: Path) -> None:
    """The company's data as Parquet files."""
    folder.mkdir(parents=True)
    with duckdb.connect() as engine:
        for name, select in TABLES.items():
            engine.execute(f"COPY ({select}) TO '{folder / name}.parquet' (FORMAT parquet)")


@contextmanager
def company(folder: Path) -> Iterator[tuple[World, duckdb.DuckDBPyConnection]]:
    """The same company twice: behind Veil, and behind hand-written views in a plain engine."""
    write(folder / "data")
    with governed(folder, DOCUMENT) as world, duckdb.connect() as plain:
        plain.execute(VIEWS.replace("{data}", str(folder / "data")))
        yield world, plain


def ask(world: World, sql: str, parameters: Values = ()) -> pa.Table:
    """The governed answer, whole; a bare name stands in `shop`."""
    request = Request(sql=sql, parameters=parameters, database="shop")
    with world.pipeline.query(ANALYST, request, decision_id="d") as answer:
        return pa.Table.from_batches(list(answer.batches()), schema=answer.schema)


def by_hand(plain: duckdb.DuckDBPyConnection, sql: str, parameters: Values = ()) -> pa.Table:
    """What the plain engine answers over the views."""
    return plain.sql(sql, params=parameters or None).to_arrow_table()


def facts(table: pa.Table) -> tuple[object, ...]:
    """All that two equal answers agree on: names, types and rows, in any order."""
    types = [str(field.type) for field in table.schema]
    return table.column_names, types, sorted(map(repr, zip(*(c.to_pylist() for c in table.columns), strict=True)))
