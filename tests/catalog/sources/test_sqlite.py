"""The connector `sqlite`: a database file, read in one state, with every value held against its column's type."""

import sqlite3
import threading
from contextlib import AbstractContextManager, closing, nullcontext
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.errors import SourceTimeout, SourceUnavailable
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import Expected, KnowsGenerated, KnowsPassedOver, KnowsViews, Limits, ViewSql
from catalog.sources.remote.snapshot import RemoteColumn
from catalog.sources.remote.sqlite import SqliteSnapshot
from catalog.sources.sessions import SessionCache
from tests.contracts.connectors import ConnectorContract, Stop, read


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clinic.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript("""
        CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, born DATE, paid DECIMAL(8,2), is_smoker BOOLEAN);
        INSERT INTO people VALUES (1, 'Ann', '1980-02-03', 10.50, 1), (2, 'Bob', '1990-12-31', 20.25, 0),
            (3, NULL, '2000-06-15', NULL, NULL);
        CREATE VIEW names AS SELECT name, upper(name) AS big FROM people;
        CREATE TABLE "Lab Results" (n INTEGER, kind);
    """)
    connection.close()
    return path


@pytest.fixture
def source(file: Path) -> Source:
    return Source(name="clinic", connector="sqlite", options={"path": str(file)})


class TestSqlite(ConnectorContract):
    @pytest.fixture
    def relation(self) -> str:
        return "main.people"

    def test_tables_and_views_are_relations(self, source: Source) -> None:
        found = {each.name: each.suggested_name for each in connect(source).relations()}
        assert found == {'main."Lab Results"': "Lab Results", "main.names": "names", "main.people": "people"}

    def test_a_virtual_table_and_what_it_keeps_for_itself_is_no_relation(self, source: Source, file: Path) -> None:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE VIRTUAL TABLE words USING fts5(body)")
        connector = connect(source)
        found = {each.suggested_name for each in connector.relations()}
        assert found == {"Lab Results", "names", "people"}
        assert isinstance(connector, KnowsPassedOver)
        assert [each.name for each in connector.passed_over()] == ["main.words"]
        assert list(connector.passed_over("main.people")) == []

    def test_views_are_known_by_their_sql(self, source: Source) -> None:
        connector = connect(source)
        assert isinstance(connector, KnowsViews)
        made = "CREATE VIEW names AS SELECT name, upper(name) AS big FROM people"
        assert connector.views() == {"main.names": ViewSql(made, "sqlite")}

    def test_declared_types(self, source: Source) -> None:
        types = {field.name: field.type for field in connect(source).describe("people")}
        assert types["paid"] == "DECIMAL(8,2)"
        assert types["is_smoker"] == "BOOLEAN"
        assert [field.type for field in connect(source).describe("NAMES")] == ["VARCHAR", "VARCHAR"]

    @pytest.mark.parametrize(
        ("declared", "stored"),
        [
            ("INTEGER", "'secret'"),
            ("INTEGER", "1.5"),
            ("BOOLEAN", "2"),
            ("DATE", "'31.12.1999'"),
            ("DATE", "20200101"),
            ("DATETIME", "'secret'"),
            ("DECIMAL(4,2)", "100000"),
            ("DECIMAL(4,2)", "'secret'"),
            ("TEXT", "x'00ff'"),
            ("BLOB", "'secret'"),
            ("REAL", "'secret'"),
        ],
    )
    def test_a_value_of_another_type_is_refused(self, tmp_path: Path, declared: str, stored: str) -> None:
        with sqlite3.connect(tmp_path / "odd.sqlite") as connection:
            connection.execute(f"CREATE TABLE odd (odd {declared})")
            connection.execute(f"INSERT INTO odd VALUES ({stored})")
        connection.close()
        source = Source(name="s", connector="sqlite", options={"path": str(tmp_path / "odd.sqlite")})
        columns = tuple((field.name, field.type) for field in connect(source).describe("odd"))
        with pytest.raises(SourceUnavailable, match="holds a value in column `odd` that is no") as caught:
            read(source, Expected(relation="odd", columns=columns))
        assert "secret" not in f"{caught.value.detail} {caught.value.hint} {caught.value.__cause__}"

    def test_values_keep_their_types(self, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "t.sqlite") as connection:
            connection.execute("CREATE TABLE t (i INT, r REAL, t TEXT, b BLOB, d DATE, m DATETIME, n NUMERIC(5,2), x)")
            connection.execute(
                "INSERT INTO t VALUES (-9223372036854775808, 1, 'é ', x'00', '0001-01-01', "
                "'2020-01-02 03:04:05.5', 1.005, 7)"
            )
        connection.close()
        source = Source(name="s", connector="sqlite", options={"path": str(tmp_path / "t.sqlite")})
        fields = connect(source).describe("t")
        [row] = read(source, Expected(relation="t", columns=tuple((each.name, each.type) for each in fields)))
        assert row == {
            "i": -(2**63),
            "r": 1.0,
            "t": "é ",
            "b": b"\0",
            "d": date(1, 1, 1),
            "m": datetime(2020, 1, 2, 3, 4, 5, 500_000),
            "n": Decimal("1.01"),
            "x": "7",
        }

    def test_a_sample_comes_from_all_over_a_table(self, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "big.sqlite") as connection:
            connection.execute("CREATE TABLE big (id INTEGER PRIMARY KEY)")
            connection.executemany("INSERT INTO big VALUES (?)", ((n,) for n in range(50_000)))
        connection.close()
        source = Source(name="s", connector="sqlite", options={"path": str(tmp_path / "big.sqlite")})
        found = connect(source).sample("big", 1000).column("id").to_pylist()
        assert len(found) == 1000
        assert min(found) < 100
        assert max(found) > 45_000

    def test_missing_or_damaged_file_is_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "broken.sqlite").write_bytes(b"no database" * 1000)
        for name in ("absent.sqlite", "broken.sqlite"):
            source = Source(name="s", connector="sqlite", options={"path": str(tmp_path / name)})
            with pytest.raises(SourceUnavailable, match=name):
                list(connect(source).relations())

    def test_a_servers_own_catalog_is_no_data(self, tmp_path: Path) -> None:
        for name in ("catalog.sqlite", "beside.sqlite"):
            sqlite3.connect(tmp_path / name).close()
            (tmp_path / name).touch()
            source = Source(name="s", connector="sqlite", options={"path": str(tmp_path / name)})
            with pytest.raises(SourceUnavailable, match="is no data"):
                list(connect(source).relations())

    def test_a_writer_that_holds_the_file_is_told(
        self, source: Source, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("catalog.sources.remote.sqlite._WAIT_SECONDS", 0.1)
        writer = sqlite3.connect(file, isolation_level=None)
        writer.execute("BEGIN EXCLUSIVE")
        try:
            with pytest.raises(SourceUnavailable, match="is being written to"):
                connect(source).describe("people")
        finally:
            writer.close()

    def test_endless_view_is_stopped(self, file: Path, source: Source) -> None:
        with sqlite3.connect(file) as connection:
            connection.execute(
                "CREATE VIEW endless AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) "
                "SELECT n FROM r WHERE n < 0"
            )
        connection.close()
        expected = Expected(relation="endless", columns=(("n", "VARCHAR"),))
        session = SessionCache(connect).open([(source, expected)])
        with pytest.raises(SourceTimeout):
            list(session.run(f"FROM {session.physical_name('clinic', 'endless')}", {}, Limits(seconds=0.3)))
        run = session.run(f"FROM {session.physical_name('clinic', 'endless')}", {}, Limits())
        threading.Timer(0.3, run.cancel, [Stop()]).start()
        with pytest.raises(Stop):
            list(run)


def described(source: Source, relation: str) -> Expected:
    fields = connect(source).describe(relation)
    return Expected(relation=relation, columns=tuple((field.name, field.type) for field in fields))


_UNSAFE = "SELECT count(*) FROM pragma_function_list WHERE name = 'json_array' AND NOT flags & 0x200000"
JSON_IS_UNSAFE = sqlite3.connect(":memory:").execute(_UNSAFE).fetchone() != (0,)


def _refused(told: str) -> AbstractContextManager[object]:
    """In versions of SQLite that let every schema call JSON's functions nothing is refused."""
    return pytest.raises(SourceUnavailable, match=told) if JSON_IS_UNSAFE else nullcontext()


class TestFunctionsOfTheSchema:
    """SQLite lets no table of a file that is not trusted call some of its functions, in some versions those of JSON."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        with closing(sqlite3.connect(tmp_path / "x.sqlite")) as connection:
            connection.executescript(
                "CREATE TABLE t (id INTEGER, doc TEXT, a TEXT AS (json_extract(doc, '$.a')), b TEXT AS (doc) STORED);"
                'INSERT INTO t (id, doc) VALUES (1, \'{"a": "x"}\'); CREATE TABLE u AS SELECT 2 AS n;'
                "CREATE INDEX i ON u (json_array(n));"
            )
        return Source(name="s", connector="sqlite", options={"path": str(tmp_path / "x.sqlite")})

    def test_tables_that_call_them_can_be_read(self, source: Source) -> None:
        doc = '{"a": "x"}'
        assert read(source, described(source, "main.t")) == [{"id": 1, "doc": doc, "a": "x", "b": doc}]
        assert [row["n"] for row in read(source, described(source, "main.u"))] == ["2"]
        connector = connect(source)
        assert isinstance(connector, KnowsGenerated)
        assert {each.name: each.reads for each in connector.generated()} == dict.fromkeys(
            "ab", frozenset({("main.t", "doc")})
        )

    def test_they_are_called_beside_no_function_of_veil(self, source: Source) -> None:
        look = SqliteSnapshot(Path(source.options["path"]), None)
        with closing(look):
            [table] = look.tables(name="t")
            column = RemoteColumn(name="m", type="VARCHAR", expression="veil_1(doc)", functions={"veil_1": str})
            with _refused(r"masks cannot be worked out in `x\.sqlite`"):
                assert [batch["m"].to_pylist() for batch in look.read(table, [column], [])] == [['{"a": "x"}']]

    def test_a_view_that_calls_one_is_refused_and_no_table_is(self, source: Source, tmp_path: Path) -> None:
        with closing(sqlite3.connect(tmp_path / "v.sqlite")) as connection:
            connection.executescript(
                "CREATE TABLE u AS SELECT 2 AS n; CREATE VIEW v AS SELECT json_array(n) AS a FROM u"
            )
        source = Source(name="s", connector="sqlite", options={"path": str(tmp_path / "v.sqlite")})
        assert len(read(source, described(source, "main.u"))) == 1
        with _refused("calls a function that SQLite lets no view"):
            assert connect(source).sample("main.v", 1).to_pylist() == [{"a": "[2]"}]
