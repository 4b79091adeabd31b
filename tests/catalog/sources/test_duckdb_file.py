"""The connector `duckdb`: read-only, with schemas and views, and nothing outside the file."""

from pathlib import Path

import duckdb
import pytest

from catalog.errors import SourceUnavailable
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import Expected, Limits
from catalog.sources.sessions import SessionCache
from tests.contracts.connectors import PEOPLE_SQL, ConnectorContract, read


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hospital.duckdb"
    (tmp_path / "outside.csv").write_text("a\n1\n")
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE TABLE people AS {PEOPLE_SQL}")
        connection.execute("CREATE SCHEMA clinic; CREATE TABLE clinic.\"Lab Results\" (n INTEGER, kind ENUM('x', 'y'))")
        connection.execute("INSERT INTO clinic.\"Lab Results\" VALUES (1, 'x')")
        connection.execute("CREATE VIEW clinic.names AS SELECT name FROM main.people")
        connection.execute(f"CREATE VIEW outside AS SELECT * FROM read_csv('{tmp_path}/outside.csv')")
    return path


@pytest.fixture
def source(file: Path) -> Source:
    return Source(name="clinic", connector="duckdb", options={"path": str(file)})


class TestDuckDbFileConnector(ConnectorContract):
    @pytest.fixture
    def relation(self) -> str:
        return "main.people"

    def test_tables_and_views_of_all_schemas_are_relations(self, source: Source) -> None:
        found = {each.name: each.suggested_name for each in connect(source).relations()}
        assert found == {
            'clinic."Lab Results"': "Lab Results",
            "clinic.names": "names",
            "main.outside": "outside",
            "main.people": "people",
        }

    def test_a_schema_can_be_crawled_alone(self, source: Source) -> None:
        assert [each.name for each in connect(source).relations("CLINIC")] == ['clinic."Lab Results"', "clinic.names"]

    def test_enum_leaves_as_text(self, source: Source) -> None:
        fields = connect(source).describe('clinic."Lab Results"')
        assert [(field.name, field.type) for field in fields] == [("n", "INTEGER"), ("kind", "VARCHAR")]
        expected = Expected(relation='clinic."Lab Results"', columns=(("kind", "VARCHAR"),))
        session = SessionCache(connect).open([(source, expected)])
        run = session.run(f"FROM {session.physical_name('clinic', expected.relation)}", {}, Limits())
        assert str(run.schema.field("kind").type) == "string"
        assert [batch.to_pylist() for batch in run] == [[{"kind": "x"}]]

    def test_view_is_read_through_a_session(self, source: Source) -> None:
        session = SessionCache(connect).open(
            [(source, Expected(relation="clinic.names", columns=(("name", "VARCHAR"),)))]
        )
        run = session.run(
            f"SELECT count(name) AS n FROM {session.physical_name('clinic', 'clinic.names')}", {}, Limits()
        )
        assert [batch.to_pylist() for batch in run] == [[{"n": 2}]]

    def test_view_that_reads_outside_its_file_is_refused(self, source: Source) -> None:
        with pytest.raises(SourceUnavailable, match=r"main\.outside"):
            connect(source).describe("main.outside")
        with pytest.raises(SourceUnavailable, match="reaches beyond its database file"):
            SessionCache(connect).open([(source, Expected(relation="main.outside", columns=(("a", "BIGINT"),)))])

    def test_missing_or_damaged_file_is_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "broken.duckdb").write_bytes(b"no database" * 1000)
        for name in ("absent.duckdb", "broken.duckdb"):
            source = Source(name="s", connector="duckdb", options={"path": str(tmp_path / name)})
            with pytest.raises(SourceUnavailable, match=name):
                list(connect(source).relations())

    def test_written_file_is_seen_anew_and_not_held(self, source: Source, file: Path) -> None:
        cache = SessionCache(connect)
        expected = Expected(relation="main.people", columns=(("id", "BIGINT"),))

        def count() -> object:
            session = cache.open([(source, expected)])
            run = session.run(
                f"SELECT count(*) AS n FROM {session.physical_name('clinic', 'main.people')}", {}, Limits()
            )
            return next(iter(run)).to_pylist()

        assert count() == [{"n": 3}]
        cache.close()
        with duckdb.connect(str(file)) as connection:
            connection.execute("DELETE FROM people WHERE id = 1")
        assert count() == [{"n": 2}]


def test_a_struct_without_fields_leaves_as_text_and_everything_beside_it_can_be_read(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT 7 AS id, struct_pack() AS none, [{'a': struct_pack()}] AS inner_")
    source = Source(name="s", connector="duckdb", options={"path": str(tmp_path / "x.duckdb")})
    fields = connect(source).describe("main.t")
    assert [field.type for field in fields] == ["INTEGER", "VARCHAR", 'STRUCT("a" VARCHAR)[]']
    expected = Expected(relation="main.t", columns=tuple((field.name, field.type) for field in fields))
    assert read(source, expected) == [{"id": 7, "none": "{}", "inner_": [{"a": "{}"}]}]
    assert connect(source).sample("main.t", 5).to_pylist() == read(source, expected)
