"""A table of orders in ten columns of many types, and a home in which three people see it differently.

`paula` sees it as it is, `fred` without e-mail addresses and gifts, `tom` the same rows with tokens for addresses.
"""

from pathlib import Path

import duckdb

from tests.serving import Home

COLUMNS = "id, quantity, price, amount, sold_at, day, is_gift, region, email, rating"
DATASET = "shop.orders"

_ROWS = """
    SELECT
        i AS id,
        (i % 17)::INTEGER AS quantity,
        (hash(i) % 100000) / 100.0::DOUBLE AS price,
        ((hash(i + 1) % 10000000) / 100)::DECIMAL(12, 2) AS amount,
        TIMESTAMP '2024-01-01' + to_seconds(i % 63072000) AS sold_at,
        DATE '2024-01-01' + (i % 730)::INTEGER AS day,
        i % 10 = 0 AS is_gift,
        CASE WHEN i % 11 > 0 THEN 'region ' || (i % 8) END AS region,
        'customer' || (hash(i) % 500000) || '@mail' || (i % 7) || '.example' AS email,
        CASE WHEN i % 5 > 0 THEN (hash(i + 2) % 50) / 10.0::DOUBLE END AS rating
    FROM range({count}) AS series(i)
"""

_DOCUMENT = """
veil: 1
sources: {lake: {connector: files, path: ./data}}
databases: {shop: {}}
tags: {pii.email_address: {level: confidential}}
datasets:
  shop.orders: {source: lake, relation: orders.parquet, columns: {email: {tags: [pii.email_address]}}}
roles: {plain: {groups: [plain]}, filtered: {groups: [filtered]}, tokens: {groups: [tokens]}}
users: {paula: {groups: [plain]}, fred: {groups: [filtered]}, tom: {groups: [tokens]}}
policies:
  - {policy: plain, grant: select, to: [plain], scope: shop, why: all of it}
  - {policy: filtered, grant: select, to: [filtered], scope: shop, having: not pii.email_address,
     where: not is_gift, why: no addresses and no gifts}
  - {policy: tokens, grant: select, to: [tokens], scope: shop,
     transform: [{tagged: pii.email_address, with: tokenize()}], where: not is_gift, why: tokens and no gifts}
"""

_TOKEN = "substr(sha256($outer::BLOB || unhex(sha256($inner::BLOB || encode(email)))), 1, 32)"
VIEWS = {
    "paula": f"SELECT {COLUMNS} FROM raw",
    "fred": f"SELECT {COLUMNS.replace(' email,', '')} FROM raw WHERE NOT is_gift",
    "tom": f"SELECT {COLUMNS.replace('email', f'{_TOKEN} AS email')} FROM raw WHERE NOT is_gift",
}
"""What a careful person would write by hand to give each of the three the same."""


def write(path: Path, rows: int) -> None:
    """A Parquet file of so many orders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as engine:
        engine.execute(f"COPY ({_ROWS.format(count=rows)}) TO '{path}' (FORMAT parquet)")


def govern(folder: Path, rows: int) -> Home:
    """A home in a folder that governs so many orders."""
    write(folder / "data" / "orders.parquet", rows)
    (folder / "orders.yaml").write_text(_DOCUMENT)
    home = Home(path=folder / "home")
    home.veil("init")
    home.veil("apply", folder / "orders.yaml")
    return home


def by_hand(folder: Path) -> duckdb.DuckDBPyConnection:
    """One process with hand-written views over the same file, the way people do it without Veil.

    A view cannot hold bound values, so the key stands in its text; the cost is the same.
    """
    engine = duckdb.connect()
    engine.execute(f"CREATE VIEW raw AS SELECT * FROM read_parquet('{folder / 'data' / 'orders.parquet'}')")
    inner, outer = ("'" + "\\x36" * 64 + "'", "'" + "\\x5C" * 64 + "'")
    for person, select in VIEWS.items():
        engine.execute(f"CREATE VIEW {person} AS {select.replace('$inner', inner).replace('$outer', outer)}")
    return engine
