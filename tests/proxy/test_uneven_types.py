"""Where policies compare types that differ, or mask keys, some values cannot be worked out: no error tells of them."""

from contextlib import ExitStack
from pathlib import Path

import duckdb
import pytest

from tests.proxy.world import World, governed

DOCUMENT = """
veil: 1
sources: {data: {connector: duckdb, path: ./shop.db}}
databases: {shop: {}, lab: {}}
datasets:
  shop.visits: {source: data, relation: main.visits}
  lab.rights: {source: data, relation: main.rights}
roles: {analyst: {groups: [analysts]}}
policies:
"""
GRANT = '  - {{policy: p, grant: select, to: [analyst], scope: shop, where: "{}", why: a test}}\n'
FAR = "(date '1970-01-01' + 2000000000)"
"""A day beyond the last moment."""
NOW = "date '2020-01-01'"
ROWS = ("EU", "EU", "US", "EU", "US")


def ask(
    folder: Path, document: str, tables: tuple[str, str], sql: str
) -> tuple[tuple[object, ...], tuple[object, ...]]:
    """The answers where the tables are written in the one way and in the other."""
    with ExitStack() as stack:
        worlds: list[World] = []
        for number, written in enumerate(tables):
            home = folder / str(number)
            home.mkdir()
            with duckdb.connect(str(home / "shop.db")) as connection:
                connection.execute(written)
            worlds.append(stack.enter_context(governed(home, document)))
        first, second = (world.outcome(sql) for world in worlds)
    return first, second


@pytest.mark.parametrize(
    ("type_name", "condition", "secret", "other"),
    [
        ("VARCHAR", "told = 5", "'much'", "'6'"),
        ("VARCHAR", "told in (5, 7)", "'much'", "'6'"),
        ("VARCHAR", "not told", "'much'", "'1'"),
        ("HUGEINT", "told < 1.5", f"{2**127 - 1}", "6"),
        ("DECIMAL(38,0)", "told < 1.5", "9" * 38, "6"),
        ("BIGINT", "round(told, -1) < 0", f"{2**63 - 1}", "6"),
        ("DATE", "told = at", FAR, "date '2020-01-01'"),
    ],
)
def test_a_lookup_passes_over_what_its_condition_cannot_judge(
    tmp_path: Path, type_name: str, condition: str, secret: str, other: str
) -> None:
    tables = [
        f"""
        CREATE TABLE visits AS SELECT unnest({list(ROWS)}) AS land, unnest(range(5)) AS id;
        CREATE TABLE rights AS SELECT 'EU' AS land, 'ana' AS person, NULL::{type_name} AS told, NULL::TIMESTAMP AS at
        UNION ALL SELECT 'US', 'bob', {value}::{type_name}, TIMESTAMP '2000-01-01'
        """
        for value in (secret, other)
    ]
    document = DOCUMENT + GRANT.format(f"land in (select land from lab.rights where {condition} or person = 'ana')")
    first, second = ask(tmp_path, document, (tables[0], tables[1]), "select id from shop.visits")
    assert first == second
    assert first[3] == [("0",), ("1",), ("3",)]


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("'much'", []),  # perhaps what is looked for, so nobody is surely not among them
        ("NULL", [("0",), ("1",), ("3",)]),
        ("'6'", [("0",), ("1",), ("3",)]),
        ("'5'", [("0",), ("1",), ("3",)]),
    ],
)
@pytest.mark.parametrize("kind", ["duckdb", "parquet"])
def test_nothing_is_surely_absent_from_a_set_whose_condition_cannot_be_worked_out(
    tmp_path: Path, kind: str, told: str, shown: list[tuple[str, ...]]
) -> None:
    """Law 5: what cannot be judged protects."""
    tables = f"""
        CREATE TABLE visits AS SELECT unnest({list(ROWS)}) AS land, unnest(range(5)) AS id;
        CREATE TABLE rights AS SELECT 'US' AS land, '5' AS told UNION ALL SELECT 'DE', {told}
    """
    document = DOCUMENT + GRANT.format("land not in (select land from lab.rights where told = 5)")
    if kind == "parquet":
        document = document.replace("connector: duckdb, path: ./shop.db", "connector: files, path: .")
        document = document.replace("main.visits", "visits.parquet").replace("main.rights", "rights.parquet")
        with duckdb.connect() as connection:
            connection.execute(tables)
            for name in ("visits", "rights"):
                connection.execute(f"COPY {name} TO '{tmp_path / name}.parquet'")
    else:
        with duckdb.connect(str(tmp_path / "shop.db")) as connection:
            connection.execute(tables)
    with governed(tmp_path, document) as world:
        assert world.outcome("select id from shop.visits")[3] == shown


@pytest.mark.parametrize(
    ("compared", "looked_for"),
    [
        ("day", "timestamp '2020-01-01'"),
        ("day", "timestamptz '2020-01-01 00:00:00+00'"),
        ("try_cast(day as date)", "timestamp '2020-01-01'"),
        ("moment", "date '2020-01-01'"),
        ("zoned", "date '2020-01-01'"),
        ("day", "date '2020-01-01'"),
    ],
)
def test_a_lookup_compares_days_with_moments_as_far_as_they_are(tmp_path: Path, compared: str, looked_for: str) -> None:
    tables = [
        f"""
        CREATE TABLE visits AS SELECT *, try_cast(day AS TIMESTAMP) AS moment, try_cast(day AS TIMESTAMPTZ) AS zoned
            FROM (SELECT unnest(range(4)) AS id, unnest([{NOW}, {NOW}, {day}, {NOW}]) AS day);
        CREATE TABLE rights AS SELECT {looked_for} AS day
        """
        for day in (FAR, "date '1999-01-01'")
    ]
    document = DOCUMENT + GRANT.format(f"{compared} in (select day from lab.rights)")
    first, second = ask(tmp_path, document, (tables[0], tables[1]), "select id from shop.visits")
    assert first == second
    assert first[3] == [("0",), ("1",), ("3",)]


@pytest.mark.parametrize(("whole", "decimal"), [("HUGEINT", "DECIMAL(18,4)"), ("BIGINT", "DECIMAL(38,20)")])
def test_numbers_that_may_not_fit_each_other_are_not_looked_up(tmp_path: Path, whole: str, decimal: str) -> None:
    most = {"HUGEINT": 2**127 - 1, "BIGINT": 2**63 - 1}[whole]
    tables = [
        f"""
        CREATE TABLE visits AS SELECT 1 AS id, 1::{whole} AS place UNION ALL SELECT 2, {value}::{whole};
        CREATE TABLE rights AS SELECT 1::{decimal} AS place
        """
        for value in (most, 6)
    ]
    document = DOCUMENT + GRANT.format("place in (select place from lab.rights)")
    first, second = ask(tmp_path, document, (tables[0], tables[1]), "select id from shop.visits")
    assert first == second
    assert first[1] == "unknown_dataset"


@pytest.mark.parametrize(
    ("transform", "secret", "other"),
    [
        ("tokenize()", FAR, "date '2020-01-01'"),
        ("tokenize()", "timestamp 'infinity'", "timestamp '2020-01-01'"),
        ("hash()", "timestamptz 'infinity'", "timestamptz '2020-01-01 00:00:00+00'"),
    ],
)
def test_a_map_whose_keys_may_have_no_token_is_hidden(tmp_path: Path, transform: str, secret: str, other: str) -> None:
    tables = [
        f"""
        CREATE TABLE visits AS SELECT 1 AS id, map([{other}], [1]) AS costs UNION ALL SELECT 2, map([{value}], [1]);
        CREATE TABLE rights AS SELECT 1 AS id
        """
        for value in (secret, other)
    ]
    document = DOCUMENT.replace("main.visits}", "main.visits, columns: {costs.key: {tags: [pii.day]}}}")
    document = document.replace("databases:", "tags: {pii.day: {level: restricted}}\ndatabases:")
    document += GRANT.format("id > 0").replace(
        "scope: shop,", f"scope: shop, transform: [{{tagged: pii.day, with: {transform}}}],"
    )
    first, second = ask(tmp_path, document, (tables[0], tables[1]), "from shop.visits")
    assert first == second
    assert first[2] == ["id"]


@pytest.mark.parametrize(
    ("value", "type_name", "secret", "other"),
    [
        ("round(told, -3)", "BIGINT", f"{2**63 - 1}", "9001"),
        ("coalesce(told, 1.5)", "HUGEINT", f"{2**127 - 1}", "7001"),
        ("length(left('abc', told))", "BIGINT", f"{2**63 - 1}", "-1"),
        ("year(greatest(told, try_cast('1999-01-01' as timestamp)))", "DATE", FAR, "date '2020-01-01'"),
    ],
)
def test_no_error_tells_of_a_row_whose_value_cannot_be_looked_up(
    tmp_path: Path, value: str, type_name: str, secret: str, other: str
) -> None:
    tables = [
        f"""
        CREATE TABLE visits AS SELECT 1 AS id, 'EU' AS land, NULL::{type_name} AS told
        UNION ALL SELECT 2, 'US', {told}::{type_name};
        CREATE TABLE rights AS SELECT 7000::BIGINT AS told
        """
        for told in (secret, other)
    ]
    document = DOCUMENT + GRANT.format(f"land = 'EU' or {value} in (select told from lab.rights)")
    first, second = ask(tmp_path, document, (tables[0], tables[1]), "select id from shop.visits where id > 0")
    assert first == second
    assert first[3] == [("1",)]
