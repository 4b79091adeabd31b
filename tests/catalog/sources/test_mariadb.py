"""The connector `mariadb`, against a real server: types, collations, snapshots, failures and the way of a cancel."""

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalog.errors import SettingsInvalid, SourceUnavailable
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import Expected, KnowsViews, Limits
from catalog.sources.sessions import SessionCache
from tests.contracts.connectors import ConnectorContract, read, settled
from tests.contracts.servers import tells_no_secret
from tests.databases import PASSWORD, Server

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def database(mariadb: Server) -> str:
    """A database with an account `reader`, who may read its tables one by one."""
    mariadb.run(
        f"""
        CREATE DATABASE clinic CHARACTER SET utf8mb4; CREATE USER reader@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';
        USE clinic;
        CREATE TABLE people (id BIGINT PRIMARY KEY, name TEXT, born DATE, paid DECIMAL(8,2), is_smoker BOOLEAN);
        INSERT INTO people VALUES (1, 'Ann', '1980-02-03', 10.50, TRUE), (2, 'Bob', '1990-12-31', 20.25, FALSE),
            (3, NULL, '2000-06-15', NULL, NULL);
        CREATE TABLE `Lab Results` (n INT, kind TEXT);
        CREATE VIEW names AS SELECT name FROM people;
        CREATE TABLE hidden (a INT);
        GRANT SELECT ON clinic.people TO reader@'127.0.0.1'; GRANT SELECT ON clinic.`Lab Results` TO reader@'127.0.0.1';
        GRANT SELECT, SHOW VIEW ON clinic.names TO reader@'127.0.0.1';
        """
    )
    return "clinic"


def given(folder: Path, url: str) -> Source:
    """A source whose URL lies in a file, as an operator keeps it."""
    file = folder / f"url{next(_NUMBERS)}"
    file.write_text(f"{url}\n")
    return Source(name="clinic", connector="mariadb", options={"url_file": str(file)})


@pytest.fixture
def source(mariadb: Server, database: str, tmp_path: Path) -> Source:
    return given(tmp_path, mariadb.url(database, "reader"))


@pytest.fixture
def made(mariadb: Server, database: str) -> Iterator[Callable[[str], str]]:
    """Makes a table out of its SQL, and gives its name; it is dropped in the end."""
    names: list[str] = []

    def make(sql: str) -> str:
        names.append(f"{database}.t{next(_NUMBERS)}")
        granted = f"{sql}; GRANT SELECT ON $t TO reader@'127.0.0.1'"
        mariadb.run(f"SET sql_mode = ''; {granted}".replace("$t", names[-1]), database)
        return names[-1]

    yield make
    mariadb.run("".join(f"DROP TABLE IF EXISTS {name};" for name in names), database)


def described(source: Source, relation: str) -> Expected:
    fields = connect(source).describe(relation)
    return Expected(relation=relation, columns=tuple((field.name, field.type) for field in fields))


def texts(source: Source, relation: str, where: str = "TRUE") -> list[str | None]:
    """The column `a` of a relation as the engine writes its values."""
    session = SessionCache(connect).open([(source, described(source, relation))])
    name = session.physical_name("clinic", relation)
    run = session.run(f"SELECT CAST(a AS VARCHAR) AS a FROM {name} WHERE {where} ORDER BY a", {}, Limits())
    return [value for batch in run for value in batch["a"].to_pylist()]


class TestMariaDb(ConnectorContract):
    @pytest.fixture
    def relation(self) -> str:
        return "clinic.people"

    def test_tables_and_views_are_relations(self, source: Source) -> None:
        found = {each.name: each.suggested_name for each in connect(source).relations()}
        assert found == {
            'clinic."Lab Results"': "Lab Results",
            "clinic.names": "names",
            "clinic.people": "people",
        }
        assert [each.name for each in connect(source).relations("CLINIC.NAMES")] == ["clinic.names"]

    def test_views_are_known_by_their_sql(self, source: Source) -> None:
        connector = connect(source)
        assert isinstance(connector, KnowsViews)
        assert "from `clinic`.`people`" in connector.views()["clinic.names"].text

    def test_fingerprint_tells_of_a_change(
        self, source: Source, mariadb: Server, database: str, made: Callable[[str], str]
    ) -> None:
        table = made("CREATE TABLE $t (a int); INSERT INTO $t VALUES (1)")
        before = settled(connect(source), table)
        mariadb.run(f"UPDATE {table} SET a = 2", database)
        [just_then] = connect(source).relations(table)
        assert just_then.fingerprint == ""
        assert settled(connect(source), table) != before

    def test_a_view_has_no_fingerprint_so_every_crawl_looks_at_it_again(self, source: Source) -> None:
        [view] = connect(source).relations("clinic.names")
        assert view.fingerprint == ""
        assert settled(connect(source), "clinic.people")

    @pytest.mark.parametrize(
        "how",
        [
            "ENGINE = Aria",
            "ENGINE = MyISAM",
            "ENGINE = MEMORY",
            "ENGINE = MRG_MyISAM UNION = ($t_part) INSERT_METHOD = LAST",
            "PARTITION BY HASH (a) PARTITIONS 2",
        ],
    )
    def test_what_does_not_tell_each_write_has_no_fingerprint(
        self, source: Source, made: Callable[[str], str], how: str
    ) -> None:
        part = made("CREATE TABLE $t (a int) ENGINE = MyISAM; INSERT INTO $t VALUES (1)")
        table = made(f"CREATE TABLE $t (a int) {how}; INSERT INTO $t VALUES (1)".replace("$t_part", part))
        settled(connect(source), made("CREATE TABLE $t (a int); INSERT INTO $t VALUES (1)"))
        [found] = connect(source).relations(table)
        assert found.fingerprint == ""

    def test_fingerprint_tells_of_other_columns(
        self, source: Source, mariadb: Server, database: str, made: Callable[[str], str]
    ) -> None:
        table = made("CREATE TABLE $t (a text, b text); INSERT INTO $t VALUES ('x', 'y')")
        before = settled(connect(source), table)
        mariadb.run(f"ALTER TABLE {table} RENAME COLUMN a TO b, RENAME COLUMN b TO a", database)
        [after] = [each.fingerprint for each in connect(source).relations(table)]
        assert after != before


class TestTypes:
    @pytest.mark.parametrize(
        ("declared", "type_name", "stored", "text"),
        [
            ("tinyint(1)", "TINYINT", "2", "2"),
            ("tinyint unsigned", "UTINYINT", "255", "255"),
            ("mediumint", "INTEGER", "-8388608", "-8388608"),
            ("int unsigned", "UINTEGER", "4294967295", "4294967295"),
            ("bigint", "BIGINT", "-9223372036854775808", "-9223372036854775808"),
            ("bigint unsigned", "UBIGINT", "18446744073709551615", "18446744073709551615"),
            ("decimal(38,10)", "DECIMAL(38,10)", "-1.0000000001", "-1.0000000001"),
            ("decimal(40,2)", "VARCHAR", "0.10", "0.10"),
            ("float", "FLOAT", "1.2345678", "1.2345678"),
            ("double", "DOUBLE", "0.1 + 0.2e0", "0.30000000000000004"),
            ("char(5)", "VARCHAR", "'ab '", "ab"),
            ("varchar(5)", "VARCHAR", "'ab '", "ab "),
            ("longtext", "VARCHAR", "'é😀'", "é😀"),
            ("varchar(5) character set latin1", "VARCHAR", "'é'", "é"),
            ("date", "DATE", "'1000-01-01'", "1000-01-01"),
            ("date", "DATE", "'0000-00-00'", None),
            ("datetime(6)", "TIMESTAMP", "'9999-12-31 23:59:59.999999'", "9999-12-31 23:59:59.999999"),
            ("datetime", "TIMESTAMP", "'0000-00-00'", None),
            ("timestamp(3)", "TIMESTAMP WITH TIME ZONE", "'2020-01-02 03:04:05.5'", "2020-01-02 03:04:05.5+00"),
            ("time", "VARCHAR", "'-838:59:59'", "-838:59:59"),
            ("year", "SMALLINT", "2020", "2020"),
            ("bit(5)", "VARCHAR", "b'101'", "00101"),
            ("blob", "BLOB", "x'00ff'", "\\x00\\xFF"),
            ("uuid", "UUID", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            ("enum('x','y')", "VARCHAR", "'y'", "y"),
            ("set('x','y')", "VARCHAR", "'x,y'", "x,y"),
            ("json", "VARCHAR", "'{\"a\": 1}'", '{"a": 1}'),
            ("point", "VARCHAR", "point(1, 2)", "POINT(1 2)"),
            ("inet6", "VARCHAR", "'::1'", "::1"),
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
        table = made(
            f"CREATE TABLE $t (a {declared} NULL); SET time_zone = '+00:00'; INSERT INTO $t VALUES ({stored}), (NULL)"
        )
        assert described(source, table).columns == (("a", type_name),)
        assert sorted(texts(source, table), key=repr) == sorted([text, None], key=repr)

    @pytest.mark.parametrize(("declared", "stored"), [("date", "'2020-00-01'"), ("datetime", "'2020-01-00'")])
    def test_a_day_that_is_none_is_refused(
        self, source: Source, made: Callable[[str], str], declared: str, stored: str
    ) -> None:
        table = made(f"CREATE TABLE $t (a {declared}); INSERT INTO $t VALUES ({stored})")
        with pytest.raises(SourceUnavailable, match="holds a value in column `a` that is no"):
            texts(source, table)

    @pytest.mark.parametrize("key", ["", ", KEY (a)"])
    @pytest.mark.parametrize("asked", ["''", "'', 'x'"])
    def test_what_is_none_of_the_labels_is_an_empty_text(
        self, source: Source, made: Callable[[str], str], key: str, asked: str
    ) -> None:
        """By an index the server finds the label alone that is empty, and not what was kept as none."""
        table = made(
            f"CREATE TABLE $t (a enum('', 'x', 'y') CHARACTER SET utf8mb4{key});"
            " INSERT IGNORE INTO $t VALUES ('x'), (''), ('other'), ('y')"
        )
        assert len(texts(source, table, f"a IN ({asked})")) == (2 if asked == "''" else 3)

    @pytest.mark.parametrize(
        "collation", ["utf8mb4_general_ci", "utf8mb4_bin", "utf8mb3_unicode_ci", "latin1_swedish_ci"]
    )
    def test_equality_is_the_engines_own(self, source: Source, made: Callable[[str], str], collation: str) -> None:
        table = made(
            f"CREATE TABLE $t (a varchar(9)) COLLATE {collation};"
            "INSERT INTO $t VALUES ('ab'), ('AB'), ('ab '), ('äb'), (NULL)"
        )
        assert texts(source, table, "a = 'ab'") == ["ab"]
        assert texts(source, table, "a = 'ab '") == ["ab "]
        assert texts(source, table, "a IN ('AB', 'äb', '😀')") == ["AB", "äb"]
        assert texts(source, table, "a <> 'ab'") == ["AB", "ab ", "äb"]
        assert texts(source, table, "a IS NULL") == [None]

    def test_the_zero_date_is_null_to_every_condition(self, source: Source, made: Callable[[str], str]) -> None:
        for null in ("NULL", "NOT NULL"):
            table = made(f"CREATE TABLE $t (a date {null}); INSERT INTO $t VALUES ('0000-00-00'), ('2020-01-01')")
            assert texts(source, table, "a IS NULL") == [None]
            assert texts(source, table, "a IS NOT NULL") == ["2020-01-01"]
            assert texts(source, table, "a < DATE '2021-01-01'") == ["2020-01-01"]

    def test_names_of_any_spelling(self, source: Source, made: Callable[[str], str]) -> None:
        table = made(
            "CREATE TABLE $t (`a``b` int, `Ä %s` int, `c0` int, `select` int); INSERT INTO $t VALUES (1,2,3,4)"
        )
        assert read(source, described(source, table)) == [{"a`b": 1, "Ä %s": 2, "c0": 3, "select": 4}]


def test_a_sample_comes_from_all_over_a_big_table(source: Source, made: Callable[[str], str]) -> None:
    table = made(
        "CREATE TABLE $t (a int PRIMARY KEY, b varchar(99)); INSERT INTO $t SELECT seq, md5(seq) FROM seq_1_to_100000;"
        "ANALYZE TABLE $t"
    )
    found = connect(source).sample(table, 1000).column("a").to_pylist()
    assert len(found) == 1000
    assert min(found) < 1000
    assert max(found) > 90_000


class TestRuns:
    @pytest.fixture
    def big(self, made: Callable[[str], str]) -> str:
        return made("CREATE TABLE $t (a int, b varchar(99)); INSERT INTO $t SELECT seq, md5(seq) FROM seq_1_to_60000")

    def test_scans_that_follow_each_other_read_one_state(
        self, source: Source, mariadb: Server, database: str, big: str
    ) -> None:
        session = SessionCache(connect).open([(source, described(source, big))])
        name = session.physical_name("clinic", big)
        sql = f"WITH n AS MATERIALIZED (SELECT count(*) AS n FROM {name}) SELECT a, n FROM {name}, n"
        batches = iter(session.run(sql, {}, Limits(batch_rows=1000)))
        seen = [next(batches)]
        mariadb.run(f"INSERT INTO {big} SELECT a + 1000000, b FROM {big}", database)
        seen += batches
        assert sum(batch.num_rows for batch in seen) == 60_000
        assert {n for batch in seen for n in batch["n"].to_pylist()} == {60_000}

    def test_joined_to_itself(self, source: Source, big: str) -> None:
        session = SessionCache(connect).open([(source, described(source, big))])
        name = session.physical_name("clinic", big)
        run = session.run(f"SELECT count(*) AS n FROM {name} x JOIN {name} y ON x.a = y.a + 1", {}, Limits())
        assert [batch.to_pylist() for batch in run] == [[{"n": 59_999}]]

    def test_an_abandoned_run_leaves_nothing_open(
        self, mariadb: Server, database: str, big: str, tmp_path: Path
    ) -> None:
        mariadb.run(
            f"CREATE USER leaver@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'; GRANT SELECT ON {big} TO leaver@'127.0.0.1'",
            database,
        )
        source = given(tmp_path, mariadb.url(database, "leaver"))
        asked = "SELECT count(*) FROM information_schema.processlist WHERE user = 'leaver'"
        session = SessionCache(connect).open([(source, described(source, big))])
        run = session.run(f"FROM {session.physical_name('clinic', big)}", {}, Limits(batch_rows=1000))
        batches = iter(run)
        assert next(batches).num_rows == 1000
        assert mariadb.run(asked, database).strip() == "1"
        run.close()
        deadline = time.monotonic() + 20
        while mariadb.run(asked, database).strip() != "0":
            assert time.monotonic() < deadline
            time.sleep(0.05)


class TestFailures:
    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (("/clinic", "/nothing"), "refuses the account or its password"),
            (("/clinic", "/clinic?ssl_ca=/nowhere.pem"), "a file that its URL names is not there"),
        ],
    )
    def test_what_is_wrong_with_the_url_is_told(
        self, mariadb: Server, database: str, tmp_path: Path, change: tuple[str, str], why: str
    ) -> None:
        source = given(tmp_path, mariadb.url(database, "reader").replace(*change))
        with pytest.raises(SourceUnavailable, match=why) as caught:
            list(connect(source).relations())
        tells_no_secret(caught.value)

    @pytest.mark.parametrize("url", ["postgresql://h/d", "mariadb://h/d?nonsense=1", "mariadb://h:x/d", "clinic"])
    def test_a_url_of_another_kind(self, tmp_path: Path, url: str) -> None:
        with pytest.raises(SettingsInvalid, match="none that is understood"):
            connect(given(tmp_path, url)).describe("clinic.people")

    def test_no_right_to_read(self, source: Source) -> None:
        with pytest.raises(SourceUnavailable, match=r"`clinic\.hidden` is no table or view"):
            connect(source).describe("clinic.hidden")

    def test_no_right_behind_a_view(self, source: Source, mariadb: Server, database: str) -> None:
        mariadb.run(
            f"CREATE USER other@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';"
            "GRANT CREATE VIEW ON clinic.* TO other@'127.0.0.1';"
            "CREATE DEFINER = other@'127.0.0.1' VIEW behind AS SELECT * FROM hidden;"
            "GRANT SELECT ON behind TO reader@'127.0.0.1'",
            database,
        )
        expected = Expected(relation="clinic.behind", columns=(("a", "INTEGER"),))
        with pytest.raises(SourceUnavailable):
            read(source, expected)
