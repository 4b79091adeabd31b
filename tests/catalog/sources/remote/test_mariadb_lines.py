"""Rows of MariaDB that come as lines are those that the driver reads value by value, whatever stands in them."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from catalog.errors import SourceUnavailable
from catalog.sources.remote.address import resolved
from catalog.sources.remote.conditions import Condition
from catalog.sources.remote.mariadb_lines import batches
from catalog.sources.remote.openers import located, open_snapshot
from catalog.sources.remote.snapshot import RemoteColumn, Snapshot
from tests.databases import Server
from tests.remote_tables import Database

TEXTS = ("", "a,b", '"', '""', 'x"\n"y', "\r\n", "\n", "\\", "\\n", "NULL", "é😀", "\0", " ", "'", ",", "\x1a", "#")
TYPES = (
    *("t text", "v varchar(40) character set latin1", "b blob", "n bigint", "z int unsigned zerofill", "y year"),
    *("d double", "f float", "m decimal(30,10)", "day date", "at datetime(6)", "zoned timestamp(3) null", "u uuid"),
    *("e enum('x', 'y,\"z')", "s set('a', 'b')", "i bit(9)", "h time(2)", "j json", "w tinyint(1)"),
)
ROWS = (
    "('a,\"b\"\n', 'é', x'00ff2c22', -5, 42, 1999, 1e300, 0.1, -1234567890.0123456789, '0001-02-03', "
    "'9999-12-31 23:59:59.999999', '2020-01-02 03:04:05.678', '12345678-1234-1234-1234-1234567890ab', 'y,\"z', 'a,b', "
    "b'101', '-838:59:59', '{\"a\": \"b,\\\\\"c\"}', 1)",
    f"({', '.join(['NULL'] * len(TYPES))})",
    "('', '', '', 0, 0, 0, 0.30000000000000004e0, -0e0, 0, '2024-02-29', '2020-01-01 00:00:00', '1971-01-01 00:00:00', "
    "'00000000-0000-0000-0000-000000000000', 'x', '', b'0', '00:00:00', '[]', 0)",
)


@pytest.fixture
def database(mariadb: Server, tmp_path: Path) -> Database:
    return Database("mariadb", mariadb, tmp_path)


@pytest.fixture
def snapshot(database: Database) -> Iterator[Snapshot]:
    with closing(open_snapshot("mariadb", "data", resolved("data", database.source.options), 60)) as made:
        yield made


def test_values_of_every_type_are_those_that_the_driver_reads(database: Database) -> None:
    database.run(f"SET sql_mode = ''; CREATE TABLE t ({', '.join(TYPES)}); INSERT INTO t VALUES {', '.join(ROWS)};")
    with closing(open_snapshot("mariadb", "data", resolved("data", database.source.options), 60)) as snapshot:
        table = located(snapshot, database.relation("t"))
        columns = snapshot.columns(table)
        by_lines = [batch.to_pylist() for batch in snapshot.read(table, columns, [])]
        by_values = [batch.to_pylist() for batch in snapshot.sample(table, columns, 10)]
        assert by_lines == by_values
        assert len(by_lines[0]) == 3
        for column in columns:
            alone = [row for batch in snapshot.read(table, [column], []) for row in batch.to_pylist()]
            assert alone == [{column.name: row[column.name]} for row in by_values[0]]


def test_texts_of_any_kind_stay_what_they_are(database: Database) -> None:
    rows = ", ".join(f"({place}, _utf8mb4 x'{text.encode().hex()}')" for place, text in enumerate(TEXTS))
    database.run(f"CREATE TABLE t (n int, c text); INSERT INTO t VALUES {rows}, (99, NULL);")
    with closing(open_snapshot("mariadb", "data", resolved("data", database.source.options), 60)) as snapshot:
        table = located(snapshot, database.relation("t"))
        read = [row for batch in snapshot.read(table, snapshot.columns(table), []) for row in batch.to_pylist()]
        assert {row["n"]: row["c"] for row in read} == {**dict(enumerate(TEXTS)), 99: None}


def test_a_text_of_quotes_alone_takes_the_server_no_longer_than_others(database: Database) -> None:
    """By their square it takes minutes, and is not ended by the time limit, which is looked at between rows."""
    database.run("CREATE TABLE t (c longtext); INSERT INTO t VALUES (REPEAT('\"', 2000000));")
    with closing(open_snapshot("mariadb", "data", resolved("data", database.source.options), 20)) as snapshot:
        table = located(snapshot, database.relation("t"))
        [batch] = snapshot.read(table, snapshot.columns(table), [])
        assert batch.to_pylist() == [{"c": '"' * 2_000_000}]


def test_a_row_that_the_server_cannot_send_is_refused(database: Database, mariadb: Server) -> None:
    database.run("CREATE TABLE t (a longblob); INSERT INTO t VALUES (REPEAT('x', 9000000));")
    assert int(mariadb.run("SELECT @@max_allowed_packet")) < 18_000_000
    with closing(open_snapshot("mariadb", "data", resolved("data", database.source.options), 60)) as snapshot:
        table = located(snapshot, database.relation("t"))
        with pytest.raises(SourceUnavailable, match="longer than `max_allowed_packet`"):
            list(snapshot.read(table, snapshot.columns(table), []))


@pytest.mark.parametrize(("type_", "line"), [("BIGINT", b"secret"), ("DATE", b"2020-02-31"), ("VARCHAR", b'"\xfe"')])
def test_a_value_that_is_none_of_its_type_is_refused_and_not_told(type_: str, line: bytes) -> None:
    rows = [[(line,)], []]
    with pytest.raises(SourceUnavailable, match="holds a value in column `c` that is no") as failed:
        list(batches(lambda count: rows.pop(0), [RemoteColumn(name="c", type=type_, expression="c")], "t"))
    assert "secret" not in str(failed.value)
    assert failed.value.__cause__ is None


def test_halves_of_surrogate_pairs_are_no_characters_and_end_no_query(database: Database) -> None:
    halves = "_utf8mb4 x'61eda080', _ucs2 x'0061dc00', _utf8mb4 x'eda0bdedb880'"
    database.run(f"CREATE TABLE t (a text, b varchar(9) CHARACTER SET ucs2, c text); INSERT INTO t VALUES ({halves});")
    with closing(open_snapshot("mariadb", "data", resolved("data", database.source.options), 60)) as snapshot:
        table = located(snapshot, database.relation("t"))
        columns = snapshot.columns(table)
        rows = [{"a": "a?", "b": "a?", "c": "??"}]
        assert [row for batch in snapshot.read(table, columns, []) for row in batch.to_pylist()] == rows
        assert [row for batch in snapshot.sample(table, columns, 5) for row in batch.to_pylist()] == rows
        asked = [(columns[0], Condition(column="a", operator="=", values=("a?",)))]  # which the server would not find
        assert [row for batch in snapshot.read(table, columns, asked) for row in batch.to_pylist()] == rows
