"""The connector `postgres`, against a real server: types, snapshots, failures, and a password that nobody ever sees."""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import adbc_driver_postgresql.dbapi as adbc
import pytest

from catalog.crawl_runs import CrawlRuns, RunState
from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import SourceUnavailable
from catalog.model import Database as CatalogDatabase
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import KnowsViews, Limits
from catalog.sources.sessions import SessionCache
from crawler.crawl import crawl
from tests.catalog.sources.postgres.people import described, given
from tests.contracts.connectors import ConnectorContract, read
from tests.contracts.servers import tells_no_secret
from tests.databases import Server
from tests.remote_tables import Database


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
                read(source, described(source, "public.writing"))
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
        assert "FROM public.people" in connector.views()["lab.names"].text

    def test_fingerprint_tells_of_a_change(
        self, source: Source, postgres: Server, database: str, made: Callable[[str], str]
    ) -> None:
        table = made("CREATE TABLE $t (a int)")

        def fingerprint() -> str:
            return next(each.fingerprint for each in connect(source).relations(table))

        before = fingerprint()
        postgres.run(f"INSERT INTO {table} VALUES (1); SELECT pg_stat_force_next_flush()", database)
        deadline = time.monotonic() + 20
        while fingerprint() == before and time.monotonic() < deadline:
            time.sleep(0.1)
        assert fingerprint() != before

    @pytest.mark.parametrize(
        "change",
        [
            "RENAME COLUMN b TO c",
            "RENAME COLUMN a TO c; ALTER TABLE $t RENAME COLUMN b TO a; ALTER TABLE $t RENAME COLUMN c TO b",
            "ADD COLUMN c text",
            "DROP COLUMN b",
            "ALTER COLUMN b TYPE varchar(9)",
        ],
    )
    def test_fingerprint_tells_of_other_columns(
        self, source: Source, postgres: Server, database: str, made: Callable[[str], str], change: str
    ) -> None:
        """By the names of columns alone a rule may suggest a tag, and tags stand by the names."""
        table = made("CREATE TABLE $t (a text, b text); INSERT INTO $t VALUES ('x', 'y')")
        [before] = [each.fingerprint for each in connect(source).relations(table)]
        postgres.run(f"ALTER TABLE {table} {change.replace('$t', table)}", database)
        [after] = [each.fingerprint for each in connect(source).relations(table)]
        assert after != before

    def test_a_long_comment_is_told_as_far_as_anybody_reads(
        self, source: Source, postgres: Server, database: str, made: Callable[[str], str]
    ) -> None:
        table = made("CREATE TABLE $t (a text)")
        sql = f"EXECUTE format('COMMENT ON TABLE {table} IS %L', repeat('x', 5000000))"
        postgres.run(f"DO $do$ BEGIN {sql}; END $do$", database)
        connector = connect(source)
        assert isinstance(connector, KnowsViews)
        assert connector.description(table).comment == "x" * 1000


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

    def test_an_abandoned_run_leaves_nothing_under_way(
        self, postgres: Server, database: str, big: str, tmp_path: Path
    ) -> None:
        source = given(tmp_path, postgres.url(database, "reader") + "?application_name=abandoned")
        # One that is idle is in no transaction: a clean connection, which may be kept for the next run.
        asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'abandoned' AND state <> 'idle'"
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
            (("/clinic", "/nothing"), "no database of the URL's name"),
            (("/clinic", "/clinic?sslmode=require"), "do not agree on encryption"),
            (("/clinic", "/clinic?nonsense=1"), "none that PostgreSQL understands"),
            (("postgresql://", "mariadb://"), "none that PostgreSQL understands"),
            (("postgresql://", ""), "none that PostgreSQL understands"),
        ],
    )
    def test_what_is_wrong_with_the_url_is_told(
        self, postgres: Server, database: str, tmp_path: Path, change: tuple[str, str], why: str
    ) -> None:
        source = given(tmp_path, postgres.url(database, "reader").replace(*change))
        with pytest.raises(SourceUnavailable, match=why) as caught:
            list(connect(source).relations())
        tells_no_secret(caught.value)

    def test_no_right_to_read(self, source: Source) -> None:
        with pytest.raises(SourceUnavailable, match=r"may not read `public\.hidden`"):
            connect(source).describe("public.hidden")

    def test_a_lock_on_what_a_view_reads_stops_a_crawl_and_is_told(
        self, postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        database = Database("postgres", postgres, tmp_path)
        database.run("CREATE TABLE t (a int); CREATE TABLE u (a int); CREATE VIEW v AS SELECT a FROM t")
        monkeypatch.setattr("catalog.sources.remote.connector._LOOK_SECONDS", 1.0)
        with Catalog(tmp_path / "catalog.db") as catalog:
            Datasets(catalog).put_source(database.source)
            Datasets(catalog).put_database(CatalogDatabase(name="d"))
            with closing(adbc.connect(postgres.url(database.name, "postgres"))) as owner:
                with owner.cursor() as cursor:
                    cursor.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
                with pytest.raises(SourceUnavailable, match=r"what its views are made of cannot be read: .* stopped"):
                    crawl(catalog, "data", into="d", by="ada")
            [run] = CrawlRuns(catalog).runs()
            assert (run.state, run.counts) == (RunState.FAILED, {})
            assert not Datasets(catalog).datasets(), "what may be a view has no place without what it is made of"
            report = crawl(catalog, "data", into="d", by="ada")
            assert set(report.new) == {"d.t", "d.u", "d.v"}

    def test_no_right_behind_a_view(self, source: Source, postgres: Server, database: str) -> None:
        postgres.run(
            "CREATE ROLE other; GRANT SELECT ON people TO other; GRANT USAGE, CREATE ON SCHEMA public TO other;"
            "CREATE VIEW behind AS SELECT * FROM hidden; ALTER VIEW behind OWNER TO other;",
            database,
        )
        try:
            with pytest.raises(SourceUnavailable, match="may not read a table, or something behind a view"):
                read(source, described(source, "public.behind"))
        finally:
            postgres.run("DROP VIEW behind; DROP OWNED BY other; DROP ROLE other", database)
