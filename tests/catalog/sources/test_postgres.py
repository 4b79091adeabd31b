"""The connector `postgres`, against a real server: types, snapshots, failures, and a password that nobody ever sees."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalog.errors import SettingsInvalid, SourceTimeout, SourceUnavailable, VeilError
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import Expected, KnowsViews, Limits
from catalog.sources.sessions import SessionCache
from tests.contracts.connectors import PEOPLE_SQL, ConnectorContract, Stop, read
from tests.databases import PASSWORD, Server

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def database(postgres: Server) -> str:
    """A database with an account `reader`, who may read what is in the schema `public`."""
    postgres.run(f"CREATE DATABASE clinic; CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
    postgres.run(
        f"""
        CREATE TABLE people AS {PEOPLE_SQL};
        CREATE SCHEMA lab; CREATE TABLE lab."Lab Results" (n int, kind text);
        CREATE VIEW lab.names AS SELECT name FROM people;
        CREATE TABLE hidden (a int);
        ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader;
        GRANT USAGE ON SCHEMA lab TO reader;
        GRANT SELECT ON people, lab."Lab Results", lab.names TO reader;
        """,
        "clinic",
    )
    return "clinic"


@pytest.fixture
def source(postgres: Server, database: str, tmp_path: Path) -> Source:
    return given(tmp_path, postgres.url(database, "reader"))


def given(folder: Path, url: str) -> Source:
    """A source whose URL lies in a file, as an operator keeps it."""
    file = folder / f"url{next(_NUMBERS)}"
    file.write_text(f"{url}\n")
    return Source(name="clinic", connector="postgres", options={"url_file": str(file)})


@pytest.fixture
def made(postgres: Server, database: str) -> Iterator[Callable[[str], str]]:
    """Makes a table out of its columns and values, and gives its name; it is dropped in the end."""
    names: list[str] = []

    def make(sql: str) -> str:
        names.append(f"t{next(_NUMBERS)}")
        postgres.run(sql.replace("$t", names[-1]), database)
        return names[-1]

    yield make
    postgres.run("".join(f"DROP TABLE IF EXISTS {name} CASCADE;" for name in names), database)


def described(source: Source, relation: str) -> Expected:
    fields = connect(source).describe(relation)
    return Expected(relation=relation, columns=tuple((field.name, field.type) for field in fields))


class TestPostgres(ConnectorContract):
    @pytest.fixture
    def relation(self) -> str:
        return "public.people"

    def test_a_view_that_writes_is_refused(self, source: Source, postgres: Server, database: str) -> None:
        sql = "CREATE FUNCTION grow() RETURNS int LANGUAGE sql "
        sql += "AS 'INSERT INTO lab.\"Lab Results\" VALUES (1) RETURNING 1';"
        postgres.run(
            f"{sql} CREATE VIEW writing AS SELECT grow() AS a; GRANT SELECT ON writing TO reader;"
            'GRANT INSERT ON lab."Lab Results" TO reader',
            database,
        )
        try:
            with pytest.raises(SourceUnavailable, match="a source is only read"):
                read(source, described(source, "writing"))
        finally:
            postgres.run("DROP VIEW writing; DROP FUNCTION grow", database)

    def test_tables_and_views_of_all_schemas_are_relations(self, source: Source) -> None:
        found = {each.name: each.suggested_name for each in connect(source).relations()}
        assert found == {
            'lab."Lab Results"': "Lab Results",
            "lab.names": "names",
            "public.hidden": "hidden",
            "public.people": "people",
        }
        assert [each.name for each in connect(source).relations("LAB")] == ['lab."Lab Results"', "lab.names"]

    def test_views_are_known_by_their_sql(self, source: Source) -> None:
        connector = connect(source)
        assert isinstance(connector, KnowsViews)
        assert "FROM public.people" in connector.views()["lab.names"]

    def test_fingerprint_tells_of_a_change(
        self, source: Source, postgres: Server, database: str, made: Callable[[str], str]
    ) -> None:
        table = made("CREATE TABLE $t (a int)")

        def fingerprint() -> str:
            return next(each.fingerprint for each in connect(source).relations(f"public.{table}"))

        before = fingerprint()
        postgres.run(f"INSERT INTO {table} VALUES (1); SELECT pg_stat_force_next_flush()", database)
        deadline = time.monotonic() + 20
        while fingerprint() == before and time.monotonic() < deadline:
            time.sleep(0.1)
        assert fingerprint() != before


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

    def test_partitions_are_read_through_their_table(self, source: Source, made: Callable[[str], str]) -> None:
        table = made(
            "CREATE TABLE $t (a int) PARTITION BY RANGE (a);"
            "CREATE TABLE $t_1 PARTITION OF $t FOR VALUES FROM (0) TO (9);"
            "CREATE TABLE $t_2 PARTITION OF $t FOR VALUES FROM (9) TO (99); INSERT INTO $t VALUES (1), (10)"
        )
        assert [each.name for each in connect(source).relations() if table in each.name] == [f"public.{table}"]
        assert len(read(source, described(source, table))) == 2
        assert connect(source).sample(table, 10).num_rows == 2


def test_a_sample_comes_from_all_over_a_big_table(source: Source, made: Callable[[str], str]) -> None:
    table = made("CREATE TABLE $t AS SELECT n AS a, repeat('x', 100) AS b FROM generate_series(1, 300000) n")
    found = connect(source).sample(table, 1000).column("a").to_pylist()
    assert 500 < len(found) <= 1000
    assert min(found) < 30_000
    assert max(found) > 270_000
    assert len(set(found)) == len(found)


class TestRuns:
    @pytest.fixture
    def big(self, made: Callable[[str], str]) -> str:
        return made("CREATE TABLE $t AS SELECT n AS a, md5(n::text) AS b FROM generate_series(1, 400000) n")

    def test_all_scans_of_a_run_read_one_state(self, source: Source, postgres: Server, database: str, big: str) -> None:
        session = SessionCache(connect).open([(source, described(source, big))])
        name = session.physical_name("clinic", big)
        batches = iter(session.run(f"SELECT a FROM {name} UNION ALL SELECT a FROM {name}", {}, Limits(batch_rows=1000)))
        seen = next(batches).num_rows
        postgres.run(f"INSERT INTO {big} SELECT a + 1000000, b FROM {big}", database)
        assert seen + sum(batch.num_rows for batch in batches) == 800_000
        counted = session.run(f"SELECT count(*) AS n FROM {name}", {}, Limits())
        assert [batch.to_pylist() for batch in counted] == [[{"n": 800_000}]]

    def test_joined_to_itself(self, source: Source, big: str) -> None:
        session = SessionCache(connect).open([(source, described(source, big))])
        name = session.physical_name("clinic", big)
        run = session.run(f"SELECT count(*) AS n FROM {name} x JOIN {name} y ON x.a = y.a + 1", {}, Limits())
        assert [batch.to_pylist() for batch in run] == [[{"n": 399_999}]]

    def test_what_is_bound_stands_in_no_statement(
        self, source: Source, postgres: Server, database: str, big: str
    ) -> None:
        session = SessionCache(connect).open([(source, described(source, big))])
        name = session.physical_name("clinic", big)
        sql = f"SELECT a FROM {name} WHERE b = 'o''hara $1' OR b IS NULL"
        assert list(session.run(sql, {}, Limits())) == []
        run = session.run(f"SELECT a FROM {name} WHERE a IN (7, 8) AND b > '' AND a <> 8", {}, Limits())
        assert [batch["a"].to_pylist() for batch in run] == [[7]]

    @pytest.mark.parametrize("is_limited", [True, False])
    def test_a_stopped_run_is_stopped_in_the_server(
        self, source: Source, postgres: Server, database: str, is_limited: bool
    ) -> None:
        view = f"slow{next(_NUMBERS)}"
        postgres.run(f"CREATE VIEW {view} AS SELECT 1 AS a, pg_sleep(60) IS NULL AS b", database)
        asked = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'veil' AND query LIKE '%{view}%'"
        session = SessionCache(connect).open([(source, described(source, view))])
        run = session.run(
            f"FROM {session.physical_name('clinic', view)}", {}, Limits(seconds=1 if is_limited else None)
        )
        if not is_limited:
            threading.Timer(1, run.cancel, [Stop()]).start()
        begun = time.monotonic()
        with pytest.raises(SourceTimeout if is_limited else Stop):
            list(run)
        assert time.monotonic() - begun < 20
        deadline = time.monotonic() + 20
        while postgres.run(f"{asked} AND state = 'active'", database).strip() != "0":
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def test_an_abandoned_run_leaves_nothing_open(
        self, postgres: Server, database: str, big: str, tmp_path: Path
    ) -> None:
        source = given(tmp_path, postgres.url(database, "reader") + "?application_name=abandoned")
        asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'abandoned'"
        session = SessionCache(connect).open([(source, described(source, big))])
        run = session.run(f"FROM {session.physical_name('clinic', big)}", {}, Limits(batch_rows=1000))
        batches = iter(run)
        assert next(batches).num_rows == 1000
        assert postgres.run(asked, database).strip() == "2"
        run.close()
        deadline = time.monotonic() + 20
        while postgres.run(asked, database).strip() != "0":
            assert time.monotonic() < deadline
            time.sleep(0.05)


class TestFailures:
    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (("reader:", "nobody:"), "refuses the account or its password"),
            ((PASSWORD, "wrong"), "refuses the account or its password"),
            (("/clinic", "/nothing"), "no database of the URL's name"),
            (("/clinic", "/clinic?sslmode=require"), "do not agree on encryption"),
            (("/clinic", "/clinic?nonsense=1"), "none that PostgreSQL understands"),
        ],
    )
    def test_what_is_wrong_with_the_url_is_told(
        self, postgres: Server, database: str, tmp_path: Path, change: tuple[str, str], why: str
    ) -> None:
        source = given(tmp_path, postgres.url(database, "reader").replace(*change))
        with pytest.raises(SourceUnavailable, match=why) as caught:
            list(connect(source).relations())
        _tells_no_secret(caught.value)

    def test_unreachable_server(self, tmp_path: Path) -> None:
        source = given(tmp_path, f"postgresql://reader:{PASSWORD}@127.0.0.1:1/clinic")
        with pytest.raises(SourceUnavailable, match="cannot be reached") as caught:
            connect(source).describe("people")
        _tells_no_secret(caught.value)

    def test_missing_url(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("NO_SUCH_URL", raising=False)
        for options in ({"url_file": str(tmp_path / "absent")}, {"url_env": "NO_SUCH_URL"}):
            with pytest.raises(SourceUnavailable, match="is missing or empty"):
                connect(Source(name="clinic", connector="postgres", options=options)).describe("people")

    def test_url_from_the_environment(self, postgres: Server, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CLINIC_URL", postgres.url(database, "reader"))
        source = Source(name="clinic", connector="postgres", options={"url_env": "CLINIC_URL"})
        assert connect(source).sample("people", 9).num_rows == 3

    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"url": "postgresql://h/d", "url_env": "X"},
            {"url": f"postgresql://ann:{PASSWORD}@h/d"},
            {"url": f"postgresql://h/d?password={PASSWORD}"},
            {"url": f"postgresql://h/d?sslpassword={PASSWORD}"},
        ],
    )
    def test_a_password_in_the_options_is_refused(self, options: dict[str, str]) -> None:
        with pytest.raises(SettingsInvalid) as caught:
            connect(Source(name="clinic", connector="postgres", options=options))
        _tells_no_secret(caught.value)

    def test_no_right_to_read(self, source: Source) -> None:
        with pytest.raises(SourceUnavailable, match=r"may not read `public\.hidden`"):
            connect(source).describe("hidden")

    def test_no_right_behind_a_view(self, source: Source, postgres: Server, database: str) -> None:
        postgres.run(
            "CREATE ROLE other; GRANT SELECT ON people TO other; GRANT USAGE, CREATE ON SCHEMA public TO other;"
            "CREATE VIEW behind AS SELECT * FROM hidden; ALTER VIEW behind OWNER TO other;",
            database,
        )
        try:
            with pytest.raises(SourceUnavailable, match="may not read a table, or something behind a view"):
                read(source, described(source, "behind"))
        finally:
            postgres.run("DROP VIEW behind; DROP OWNED BY other; DROP ROLE other", database)

    def test_changed_while_crawling(
        self, source: Source, postgres: Server, database: str, made: Callable[[str], str]
    ) -> None:
        table = made("CREATE TABLE $t (a int, b int)")
        expected = described(source, table)
        postgres.run(f"ALTER TABLE {table} ALTER a TYPE text", database)
        with pytest.raises(SourceUnavailable, match="column `a` is no longer INTEGER"):
            read(source, expected)
        postgres.run(f"DROP TABLE {table}", database)
        with pytest.raises(SourceUnavailable, match="is no table or view"):
            read(source, expected)

    def test_a_password_is_in_nothing_that_is_shown(self, source: Source) -> None:
        expected = described(source, "people")
        scan = connect(source).scan(expected)
        session = SessionCache(connect).open([(source, expected)])
        run = session.run(f"FROM {session.physical_name('clinic', 'people')}", {}, Limits())
        assert PASSWORD not in f"{source!r} {scan!r} {session.parts!r} {session!r} {run!r} {connect(source)!r}"
        assert PASSWORD in str(scan.remote.options if scan.remote else "")


def _tells_no_secret(error: VeilError) -> None:
    assert PASSWORD not in f"{error.detail} {error.hint} {error!r} {error.__cause__!r}"
