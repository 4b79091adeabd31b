"""Every type of PostgreSQL comes with its values as they are, or is refused."""

from collections.abc import Callable

import pytest

from catalog.errors import SourceUnavailable
from catalog.model import Source
from catalog.names import quoted
from catalog.registry import connect
from catalog.sources.connector import Expected, Limits
from catalog.sources.sessions import SessionCache
from tests.catalog.sources.postgres.people import described
from tests.contracts.connectors import read
from tests.databases import Server


class TestTypes:
    @pytest.mark.parametrize(
        ("declared", "type_name", "stored", "text"),
        [
            ("int2", "SMALLINT", "'-32768'", "-32768"),
            ("int8", "BIGINT", "'-9223372036854775808'", "-9223372036854775808"),
            ("numeric(38,10)", "DECIMAL(38,10)", "'-1234567890123456789012345678.0123456789'", None),
            ("numeric(4)", "DECIMAL(4,0)", "'-7'", "-7"),
            ("numeric", "VARCHAR", "'1e50'", "1" + "0" * 50),
            ("numeric(40,2)", "VARCHAR", "'0.10'", "0.10"),
            ("float4", "FLOAT", "'1.5'", "1.5"),
            ("float8", "DOUBLE", "'NaN'", "nan"),
            ("char(5)", "VARCHAR", "'ab'", "ab"),
            ("varchar(5)", "VARCHAR", "'ab '", "ab "),
            ("date", "DATE", "'infinity'", "infinity"),
            ("date", "DATE", "'-infinity'", "-infinity"),
            ("date", "DATE", "'4713-01-01 BC'", "4713-01-01 (BC)"),
            ("date", "DATE", "'5874897-12-31'", "5874897-12-31"),
            ("timestamp", "TIMESTAMP", "'infinity'", "infinity"),
            ("timestamp", "TIMESTAMP", "'-infinity'", "-infinity"),
            ("timestamp", "TIMESTAMP", "'2020-01-02 03:04:05.000006'", "2020-01-02 03:04:05.000006"),
            ("timestamptz", "TIMESTAMP WITH TIME ZONE", "'2020-01-02 03:04:05+02'", "2020-01-02 01:04:05+00"),
            ("timestamptz", "TIMESTAMP WITH TIME ZONE", "'infinity'", "infinity"),
            ("time", "TIME", "'23:59:59.999999'", "23:59:59.999999"),
            ("timetz", "VARCHAR", "'01:02:03+02'", "01:02:03+02"),
            ("interval", "INTERVAL", "'1 mon 2 days 03:00:00.5'", "1 month 2 days 03:00:00.5"),
            ("uuid", "UUID", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            ("json", "JSON", "'{\"a\":1}'", '{"a":1}'),
            ("jsonb", "JSON", "'{\"a\": [1, null]}'", '{"a": [1, null]}'),
            ("bytea", "BLOB", "'\\x00ff'", "\\x00\\xFF"),
            ("bool", "BOOLEAN", "true", "true"),
            ("bit(3)", "VARCHAR", "B'101'", "101"),
            ("int4[]", "INTEGER[]", "'{1,NULL}'", "[1, NULL]"),
            ("text[]", "VARCHAR[]", "'{}'", "[]"),
            ("date[]", "VARCHAR", "'{2020-01-01}'", "{2020-01-01}"),
            ("inet", "VARCHAR", "'10.0.0.1'", "10.0.0.1/32"),
            ("int4range", "VARCHAR", "'[1,5)'", "[1,5)"),
            ("money", "VARCHAR", "'5.00'", None),
        ],
    )
    def test_a_type_and_its_values(
        self,
        source: Source,
        made: Callable[[str], str],
        declared: str,
        type_name: str,
        stored: str,
        text: str | None,
    ) -> None:
        table = made(f"CREATE TABLE $t (a {declared}); INSERT INTO $t VALUES ({stored}), (NULL)")
        expected = described(source, table)
        assert expected.columns == (("a", type_name),)
        session = SessionCache(connect).open([(source, expected)])
        physical = session.physical_name("clinic", table)
        run = session.run(f"SELECT CAST(a AS VARCHAR) AS a FROM {physical}", {}, Limits())
        found, nothing = [value for batch in run for value in batch["a"].to_pylist()]
        assert nothing is None
        assert found == text or (text is None and found)

    def test_enums_and_domains(self, source: Source, made: Callable[[str], str]) -> None:
        table = made(
            "CREATE TYPE $t_mood AS ENUM ('ok', 'bad'); CREATE DOMAIN $t_age AS int; "
            "CREATE DOMAIN $t_sum AS numeric(8,2);"
            "CREATE TABLE $t (m $t_mood, a $t_age, s $t_sum); INSERT INTO $t VALUES ('bad', 7, 1.5)"
        )
        expected = described(source, table)
        assert expected.columns == (("m", "VARCHAR"), ("a", "INTEGER"), ("s", "DECIMAL(8,2)"))
        [row] = read(source, expected)
        assert (row["m"], row["a"], str(row["s"])) == ("bad", 7, "1.50")

    @pytest.mark.parametrize(
        ("declared", "stored", "why"),
        [
            ("numeric(8,2)", "'NaN'", "no DECIMAL"),
            ("timestamp", "'294276-12-31'", "no TIMESTAMP"),
            ("int4[]", "'{{1,2},{3,4}}'", "several dimensions"),
        ],
    )
    def test_a_value_without_an_equal_is_refused(
        self, source: Source, made: Callable[[str], str], declared: str, stored: str, why: str
    ) -> None:
        table = made(f"CREATE TABLE $t (a {declared}); INSERT INTO $t VALUES ({stored})")
        with pytest.raises(SourceUnavailable, match=why):
            read(source, described(source, table))

    def test_names_of_any_spelling(self, source: Source, made: Callable[[str], str]) -> None:
        table = made(
            'CREATE TABLE $t ("a""b" int, "Ä %s" int, "c0" int, "select" int); INSERT INTO $t VALUES (1,2,3,4)'
        )
        assert read(source, described(source, table)) == [{'a"b': 1, "Ä %s": 2, "c0": 3, "select": 4}]

    def test_columns_that_differ_only_in_case_are_refused(self, source: Source, made: Callable[[str], str]) -> None:
        table = made('CREATE TABLE $t (a int, "A" int); INSERT INTO $t VALUES (1, 2)')
        with pytest.raises(SourceUnavailable, match="differ only in upper and lower case"):
            connect(source).describe(table)
        with pytest.raises(SourceUnavailable, match="differ only in upper and lower case"):
            read(source, Expected(relation=table, columns=(("a", "INTEGER"),)))

    def test_tables_that_differ_only_in_case_are_told_apart(
        self, source: Source, postgres: Server, database: str
    ) -> None:
        postgres.run(
            'CREATE TABLE "Twin" (b int); CREATE TABLE "twin" (c int); GRANT SELECT ON "Twin" TO reader', database
        )
        try:
            assert [field.name for field in connect(source).describe("public.Twin")] == ["b"]
            with pytest.raises(SourceUnavailable, match="stands in several"):
                connect(source).describe("public.TWIN")
        finally:
            postgres.run('DROP TABLE "Twin", twin', database)

    @pytest.mark.parametrize("name", ["Ärzte", "İl", "ΣΟΦΟΣ", "Straße"])
    def test_tables_of_any_spelling(self, source: Source, postgres: Server, database: str, name: str) -> None:
        table = quoted(name)
        postgres.run(f"CREATE TABLE {table} AS SELECT 1 AS n; GRANT SELECT ON {table} TO reader", database)
        try:
            assert read(source, described(source, f"public.{name}")) == [{"n": 1}]
        finally:
            postgres.run(f"DROP TABLE {table}", database)

    def test_partitions_are_read_through_their_table(self, source: Source, made: Callable[[str], str]) -> None:
        table = made(
            "CREATE TABLE $t (a int) PARTITION BY RANGE (a);"
            "CREATE TABLE $t_1 PARTITION OF $t FOR VALUES FROM (0) TO (9);"
            "CREATE TABLE $t_2 PARTITION OF $t FOR VALUES FROM (9) TO (99); INSERT INTO $t VALUES (1), (10)"
        )
        assert [each.name for each in connect(source).relations() if table in each.name] == [table]
        assert len(read(source, described(source, table))) == 2
        assert connect(source).sample(table, 10).num_rows == 2
