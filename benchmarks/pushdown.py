"""What a governed scan of a database costs, to pandas, against the driver's own plain read of a hand-written view."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import adbc_driver_postgresql.dbapi as adbc
import pandas as pd
import pyarrow as pa
import pymysql
from pymysql.cursors import SSCursor

from benchmarks.ground.figures import figure, minima
from catalog.home import Home
from catalog.registry import connect
from policy_engine.model import Subject
from proxy.pipeline import Request
from tests import serving
from tests.databases import Server, mariadb_server, postgres_server
from tests.remote_tables import Database
from veil.frames import to_frame
from web_ui.parts import Parts, assemble
from web_ui.settings import load_settings

ROWS = 1_000_000
SAMPLED_ROWS = 5_000_000
ROUNDS = 3
SUBJECT = Subject(user="tom", groups=frozenset({"tom", "tokens"}))
SQL = "select * from shop.orders"

_PLAIN = "id, quantity, price, amount, day, region"
_COLUMNS = f"{_PLAIN}, email"
_DOCUMENT = """
veil: 1
sources: {{remote: {source}}}
databases: {{shop: {{}}}}
tags: {{pii.email_address: {{level: confidential}}}}
datasets:
  shop.orders: {{source: remote, relation: {relation}, columns: {{email: {{tags: [pii.email_address]}}}}}}
roles: {{tokens: {{groups: [tokens]}}}}
policies:
  - {{policy: tokens, grant: select, to: [tokens], scope: shop,
     transform: [{{tagged: pii.email_address, with: tokenize()}}], where: quantity <> 3, why: tokens}}
"""
_POSTGRES = f"""
CREATE TABLE orders AS SELECT i::int8 AS id, (i % 17)::int4 AS quantity, (i % 100000) / 100.0::float8 AS price,
  ((i * 7 % 10000000) / 100.0)::numeric(12, 2) AS amount, DATE '2024-01-01' + (i % 730)::int4 AS day,
  CASE WHEN i % 11 > 0 THEN 'region ' || (i % 8) END AS region, 'customer' || (i % 500000) || '@mail.example' AS email
FROM generate_series(1, {{rows}}) i;
CREATE VIEW by_hand AS SELECT {_PLAIN},
  left(encode(sha256(convert_to('k' || email, 'UTF8')), 'hex'), 32) AS email
FROM orders WHERE quantity <> 3; GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC; ANALYZE orders;
"""
_MARIADB = f"""
CREATE TABLE orders (id bigint PRIMARY KEY, quantity int, price double, amount decimal(12, 2), day date,
  region varchar(20), email varchar(60));
INSERT INTO orders SELECT seq, seq % 17, (seq % 100000) / 100.0, (seq * 7 % 10000000) / 100.0,
  DATE '2024-01-01' + INTERVAL (seq % 730) DAY, IF(seq % 11 > 0, CONCAT('region ', seq % 8), NULL),
  CONCAT('customer', seq % 500000, '@mail.example') FROM seq_1_to_{{rows}};
CREATE VIEW by_hand AS SELECT {_PLAIN}, LEFT(SHA2(CONCAT('k', email), 256), 32) AS email
FROM orders WHERE quantity <> 3;
"""


def main(rows: int = ROWS, sampled: int = SAMPLED_ROWS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with postgres_server() as server:
            database = _filled(server, Path(folder), _POSTGRES.format(rows=rows))
            _compare(database, Path(folder) / "postgres", lambda: _by_adbc(database))
            _sample(server, Path(folder), sampled)
        with mariadb_server() as server:
            other = _filled(server, Path(folder), _MARIADB.format(rows=rows))
            _compare(other, Path(folder) / "mariadb", lambda: _by_pymysql(other))


def _filled(server: Server, folder: Path, sql: str) -> Database:
    database = Database(server.kind, server, folder)
    server.run(sql, database.name)
    return database


def _compare(database: Database, folder: Path, by_hand: Callable[[], pd.DataFrame]) -> None:
    with _governed(database, folder, "source") as at_source, _governed(database, folder, "veil") as in_veil:
        ways: dict[str, Callable[[], pd.DataFrame]] = {
            "by_hand": by_hand,
            "governed": lambda: _governed_frame(at_source),
            "masked_in_veil": lambda: _governed_frame(in_veil),
        }
        shapes = {way().shape for way in ways.values()}
        assert len(shapes) == 1, shapes
        assert _tokens(at_source) == _tokens(in_veil)
        best = minima(ways, ROUNDS)
    figure("pushdown", f"{database.kind}_by_hand_s", best["by_hand"], "s")
    for way in ("governed", "masked_in_veil"):
        ratio = best[way] / best["by_hand"]
        figure("pushdown", f"{database.kind}_{way}_s", best[way], "s", against="driver's plain read", ratio=ratio)


@contextmanager
def _governed(database: Database, folder: Path, masks: str) -> Iterator[Parts]:
    folder = folder / masks
    folder.mkdir(parents=True)
    source = database.shown.replace("}", f", masks: {masks}}}")
    document = _DOCUMENT.format(source=source, relation=json.dumps(database.relation("orders")))
    (folder / "orders.yaml").write_text(document)
    home = serving.Home(path=folder / "home")
    home.veil("init")
    home.veil("apply", folder / "orders.yaml")
    opened = Home.open(home.path)
    with assemble(opened, load_settings(opened.settings_file)) as parts:
        yield parts


def _governed_frame(parts: Parts, sql: str = SQL) -> pd.DataFrame:
    with parts.pipeline.query(SUBJECT, Request(sql=sql), decision_id="bench") as answer:
        return to_frame(pa.Table.from_batches(list(answer.batches()), schema=answer.schema))


def _tokens(parts: Parts) -> int:
    """How many tokens there are: as many as there are values, wherever they are made."""
    frame = _governed_frame(parts, "select count(distinct email) as n from shop.orders")
    return int(frame["n"][0])


def _by_adbc(database: Database) -> pd.DataFrame:
    with adbc.connect(database.url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} FROM by_hand")
        return to_frame(cursor.fetch_arrow_table())


def _by_pymysql(database: Database) -> pd.DataFrame:
    host, port, account, word, name = database.address
    with closing(
        pymysql.connect(host=host, port=port, user=account, password=word, database=name, charset="utf8mb4")
    ) as connection:
        cursor = connection.cursor(SSCursor)
        cursor.execute(f"SELECT {_COLUMNS} FROM by_hand")
        rows = cursor.fetchall()
        cursor.close()
    return to_frame(pa.table(dict(zip(_COLUMNS.split(", "), map(pa.array, zip(*rows, strict=True)), strict=True))))


def _sample(server: Server, folder: Path, rows: int) -> None:
    database = _filled(
        server,
        folder,
        "CREATE TABLE big AS SELECT i AS id, md5(i::text) AS a, md5((i + 1)::text) AS b "
        f"FROM generate_series(1, {rows}) i;"
        "ANALYZE big; GRANT SELECT ON big TO PUBLIC",
    )
    connector = connect(database.source)
    assert connector.sample("big", 1000).num_rows > 500
    best = minima({"sample": lambda: connector.sample("big", 1000)}, ROUNDS)
    figure("pushdown", f"postgres_sample_of_{rows}_rows_s", best["sample"], "s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
