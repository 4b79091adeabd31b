"""What every source connector promises, as tests: a connector's own test file names its fixture and inherits them."""

import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest

from catalog.errors import SourceTimeout, SourceUnavailable, SqlInvalid, SqlUnsupported, VeilError
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import Expected, Limits, SourceConnector
from catalog.sources.engine import EngineSession
from catalog.sources.sessions import SessionCache
from catalog.sources.world import literal

# Every source under test holds a relation of these rows; `paid` is a decimal where the source has decimals.
PEOPLE_SQL = """
SELECT * FROM (VALUES
    (1::BIGINT, 'Ann', DATE '1980-02-03', 10.50::DECIMAL(8,2), TRUE),
    (2::BIGINT, 'Bob', DATE '1990-12-31', 20.25::DECIMAL(8,2), FALSE),
    (3::BIGINT, NULL,  DATE '2000-06-15', NULL,                NULL)
) AS people(id, name, born, paid, is_smoker)
"""

ENDLESS = "SELECT count(*), sum(a.range * b.range) FROM range(100000) a, range(10000000) b"


class Stop(Exception):
    """The reason that a test gives for a cancel."""


def read(source: Source, wanted: Expected, cache: SessionCache | None = None) -> list[dict[str, object]]:
    """All rows of a relation, through a session, in the columns that are expected of it."""
    session = (cache or SessionCache(connect)).open([(source, wanted)])
    run = session.run(f"FROM {session.physical_name(source.name, wanted.relation)}", {}, Limits())
    rows: list[dict[str, object]] = pa.Table.from_batches(run, schema=run.schema).to_pylist()
    return rows


def stored_in(source: Source, relation: str) -> Path | None:
    """The file that a relation is kept in, None when another system keeps it."""
    if "://" in source.options.get("path", "://"):
        return None
    path = Path(source.options["path"])
    return path if path.is_file() else path / relation


def settled(connector: SourceConnector, relation: str) -> str:
    """The fingerprint of a relation, once a source that tells of writes by the second has one of what was just made."""
    deadline = time.monotonic() + 20
    while not (found := [each.fingerprint for each in connector.relations(relation)])[0]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found[0]


class ConnectorContract:
    """Inherit, and give the fixtures `source` and `relation` (its name for the people above)."""

    @pytest.fixture
    def connector(self, source: Source) -> SourceConnector:
        return connect(source)

    @pytest.fixture
    def expected(self, connector: SourceConnector, relation: str) -> Expected:
        return Expected(relation=relation, columns=tuple((f.name, f.type) for f in connector.describe(relation)))

    @pytest.fixture
    def session(self, source: Source, expected: Expected) -> EngineSession:
        return SessionCache(connect).open([(source, expected)])

    def test_relations_name_what_can_be_described(self, connector: SourceConnector, relation: str) -> None:
        found = {each.name: each for each in connector.relations()}
        assert relation in found
        assert found[relation].suggested_name
        assert found[relation].fingerprint or settled(connector, relation)

    def test_relations_under_a_path_are_a_part_of_all(self, connector: SourceConnector, relation: str) -> None:
        assert [each.name for each in connector.relations(relation)] == [relation]

    def test_describe_gives_columns_in_order(self, connector: SourceConnector, relation: str) -> None:
        fields = connector.describe(relation)
        assert [field.name for field in fields] == ["id", "name", "born", "paid", "is_smoker"]
        assert [field.type for field in fields][:3] == ["BIGINT", "VARCHAR", "DATE"]

    def test_sample_is_bounded_and_typed(self, connector: SourceConnector, relation: str) -> None:
        assert connector.sample(relation, 2).num_rows == 2
        assert connector.sample(relation, 100).num_rows == 3
        assert connector.sample(relation, 100).schema.field("born").type == pa.date32()

    def test_unknown_relation_is_unavailable(self, connector: SourceConnector) -> None:
        for act in (lambda: connector.describe("nobody.csv"), lambda: connector.sample("nobody.csv", 5)):
            with pytest.raises(SourceUnavailable, match="nobody"):
                act()

    def test_session_streams_the_relation(self, session: EngineSession, source: Source, relation: str) -> None:
        name = session.physical_name(source.name, relation)
        run = session.run(f"SELECT id, name, paid FROM {name} ORDER BY id", {}, Limits())
        table = pa.Table.from_batches(run, schema=run.schema)
        assert table.column("id").to_pylist() == [1, 2, 3]
        assert table.column("name").to_pylist() == ["Ann", "Bob", None]
        assert [value and Decimal(str(value)) for value in table.column("paid").to_pylist()][:2] == [
            Decimal("10.5"),
            Decimal("20.25"),
        ]

    def test_physical_names_cannot_be_guessed(self, source: Source, expected: Expected) -> None:
        names = {
            SessionCache(connect).open([(source, expected)]).physical_name(source.name, expected.relation)
            for _ in range(2)
        }
        assert len(names) == 2

    def test_parameters_are_bound_by_name(self, session: EngineSession, source: Source, relation: str) -> None:
        name = session.physical_name(source.name, relation)
        run = session.run(f"SELECT name FROM {name} WHERE id = $wanted", {"wanted": 2}, Limits())
        assert [batch.to_pylist() for batch in run] == [[{"name": "Bob"}]]

    def test_only_expected_columns_are_there(self, source: Source, relation: str, expected: Expected) -> None:
        narrow = Expected(relation=relation, columns=expected.columns[:2])
        session = SessionCache(connect).open([(source, narrow)])
        assert session.run(f"FROM {session.physical_name(source.name, relation)}", {}, Limits()).schema.names == [
            "id",
            "name",
        ]

    def test_changed_type_is_refused(self, source: Source, relation: str) -> None:
        with pytest.raises(SourceUnavailable, match="has changed since it was last crawled"):
            read(source, Expected(relation=relation, columns=(("born", "BIGINT[]"),)))

    def test_gone_column_is_refused_unless_any_row_may_lack_it(self, source: Source, relation: str) -> None:
        expected = Expected(relation=relation, columns=(("gone", "BIGINT"),))
        if relation.endswith(".ndjson"):
            assert {row["gone"] for row in read(source, expected)} == {None}
            assert SessionCache(connect).open([(source, expected)]).gone(source.name, relation) == {("gone",)}
            return
        with pytest.raises(SourceUnavailable, match="has changed since it was last crawled"):
            read(source, expected)

    def test_nothing_is_executed_before_the_run_is_read(self, session: EngineSession) -> None:
        run = session.run("SELECT nothing_of_this_name", {}, Limits())
        with pytest.raises(SqlInvalid):
            list(run)

    def test_cancel_before_the_first_batch_works_at_once(self, session: EngineSession) -> None:
        run = session.run(ENDLESS, {}, Limits())
        threading.Timer(0.3, run.cancel, [Stop()]).start()
        begun = time.monotonic()
        with pytest.raises(Stop):
            list(run)
        assert time.monotonic() - begun < 1.5

    def test_cancel_before_the_beginning_is_not_lost(self, session: EngineSession) -> None:
        run = session.run(ENDLESS, {}, Limits())
        run.cancel(Stop())
        with pytest.raises(Stop):
            list(run)

    def test_cancel_between_batches_never_looks_like_an_end(self, session: EngineSession) -> None:
        run = session.run("SELECT range FROM range(10000000)", {}, Limits(batch_rows=1000))
        batches = iter(run)
        next(batches)
        run.cancel(Stop())
        with pytest.raises(Stop):
            list(batches)

    def test_time_limit_stops_a_run(self, session: EngineSession) -> None:
        with pytest.raises(SourceTimeout, match=r"0\.2 seconds"):
            list(session.run(ENDLESS, {}, Limits(seconds=0.2)))

    def test_time_limit_stops_a_reader_that_stalls(self, session: EngineSession) -> None:
        batches = iter(session.run("SELECT range FROM range(100000000)", {}, Limits(seconds=0.3, batch_rows=1000)))
        next(batches)
        time.sleep(0.5)
        with pytest.raises(SourceTimeout):
            list(batches)

    def test_session_is_usable_after_a_cancel(self, session: EngineSession) -> None:
        self.test_cancel_before_the_beginning_is_not_lost(session)
        assert [batch.num_rows for batch in session.run("SELECT 1", {}, Limits())] == [1]

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT CAST('secret' || range AS INTEGER) FROM range(3)",
            "SELECT error('secret' || range) FROM range(3)",
            "SELECT strptime('secret' || range, '%Y') FROM range(3)",
            "SELECT secret FROM range(3)",
            "SELECT 9223372036854775807 + range FROM range(3)",
        ],
    )
    def test_engine_texts_never_get_out(self, session: EngineSession, sql: str) -> None:
        with pytest.raises(VeilError) as caught:
            list(session.run(sql, {}, Limits()))
        told = f"{caught.value.detail} {caught.value.hint} {caught.value.__cause__}"
        assert "secret" not in told
        assert "9223372036854775807" not in told

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT * FROM read_text('/etc/passwd')",
            "SELECT * FROM '/etc/passwd'",
            "SELECT * FROM glob('/*')",
            "COPY (SELECT 1) TO 'copied.csv'",
            "ATTACH 'other.db'",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET threads = 9",
            "SET enable_external_access = true",
        ],
    )
    def test_world_is_closed(self, session: EngineSession, sql: str) -> None:
        with pytest.raises(VeilError):
            list(session.run(sql, {}, Limits()))

    def test_nothing_is_ever_written(self, session: EngineSession, source: Source, relation: str) -> None:
        file = stored_in(source, relation)
        before = None if file is None else file.read_bytes()
        for sql in (
            f"COPY (SELECT 1) TO '{literal(str(file))[1:-1]}' (FORMAT csv, USE_TMP_FILE false)",
            "CREATE TABLE t (a INTEGER)",
            "SELECT 1; SELECT 2",
            "EXPLAIN ANALYZE SELECT 1",
        ):
            with pytest.raises(SqlUnsupported):
                list(session.run(sql, {}, Limits()))
        assert before == (None if file is None else file.read_bytes())

    def test_serialize_reads_one_statement_as_the_engine_does(self, session: EngineSession) -> None:
        assert len(list(session.serialize("SELECT 1; SELECT 2")["statements"])) == 2  # type: ignore[call-overload]

    def test_serialize_leaves_places_out(self, session: EngineSession) -> None:
        assert session.serialize("SELECT a, -(1 + b) FROM t") == session.serialize("SELECT  a,\n\n-(1 + b) FROM t")

    @pytest.mark.parametrize(
        "text",
        ["o'hara", "'', ''", "a\\'); DROP TABLE t --", "$1 ? {}", "zähler\n\t", "\\u0027", 'x,"query_location":5'],
    )
    def test_serialize_reads_a_text_letter_by_letter(self, session: EngineSession, text: str) -> None:
        [statement] = cast("list[Any]", session.serialize(f"SELECT {literal(text)} AS x")["statements"])
        [constant] = statement["node"]["select_list"]
        assert constant["literal"]["text"] == text

    @pytest.mark.parametrize("sql", ["DELETE FROM t", "SELEC 1", "COPY t TO 'x'", "SELECT 'a", "(" * 3000])
    def test_serialize_refuses_what_is_no_query(self, session: EngineSession, sql: str) -> None:
        with pytest.raises(SqlUnsupported):
            session.serialize(sql)
