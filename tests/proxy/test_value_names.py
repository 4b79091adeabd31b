"""Names that an engine takes for a call where no column bears them are all known here."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from proxy.reading.functions import VALUE_NAMES
from tests.proxy.world import ANALYST, World, governed

DOCUMENT = """
veil: 1
sources: {data: {connector: files, path: ./data}}
databases: {shop: {}}
datasets: {shop.a: {source: data, relation: a.parquet}, shop.b: {source: data, relation: b.parquet}}
roles: {analyst: {groups: [analysts]}}
policies: [{policy: a, grant: select, to: [analyst], scope: shop, where: id < 2, why: example}]
"""
COLUMNS = (
    'SELECT "user" AS x FROM shop.a',
    'SELECT a."user" AS x FROM shop.b JOIN shop.a AS a USING (id)',
    'SELECT "user" AS x FROM shop.b JOIN shop.a USING (id) WHERE "user" <> \'\'',
    'SELECT "user" AS x FROM (SELECT "user", id FROM shop.a) AS q ORDER BY "user"',
    'SELECT (SELECT max("user") FROM shop.a) AS x FROM shop.b',
)
CALLS = (
    'SELECT "user" FROM shop.b',
    'SELECT "user", (SELECT count(*) FROM shop.a) AS n FROM shop.b',
    'SELECT "user" FROM shop.b UNION ALL SELECT "user" FROM shop.a',
    'SELECT (SELECT max("user") FROM shop.b) AS x FROM shop.a WHERE "user" = \'u\'',
    'SELECT "current_timestamp" FROM shop.b, (SELECT 1 AS i) AS q WHERE EXISTS (FROM shop.a)',
    'SELECT "user" FROM shop.a AS a(id, other)',
)


def test_no_other_name_is_a_call() -> None:
    connection = duckdb.connect(":memory:")
    names = {str(name) for (name,) in connection.execute("SELECT function_name FROM duckdb_functions()").fetchall()}
    names |= {str(name) for (name,) in connection.execute("SELECT keyword_name FROM duckdb_keywords()").fetchall()}
    found = set()
    for name in names | VALUE_NAMES:
        try:
            connection.execute('SELECT typeof("' + name.replace('"', '""') + '")').fetchall()
        except duckdb.Error:
            continue
        found.add(name)
    connection.close()
    assert found == VALUE_NAMES


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("names")
    (folder / "data").mkdir()
    table = pa.table({"id": [1, 2], "user": ["u", "v"], "current_timestamp": ["s", "t"]})
    pq.write_table(table, folder / "data" / "a.parquet")
    pq.write_table(table.select(["id"]), folder / "data" / "b.parquet")
    with governed(folder, DOCUMENT) as world:
        yield world


@pytest.mark.parametrize("sql", COLUMNS)
def test_a_column_may_bear_such_a_name(shop: World, sql: str) -> None:
    assert shop.ask(sql, ANALYST).column("x").to_pylist() == ["u"]


@pytest.mark.parametrize("sql", CALLS)
def test_where_no_relation_of_its_own_select_has_the_column_it_is_refused(shop: World, sql: str) -> None:
    outcome = shop.outcome(sql)
    assert outcome[:2] == ("error", "sql_unsupported")
    assert "is a function of the engine where no column bears the name" in str(outcome)
