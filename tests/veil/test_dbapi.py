"""The cursor keeps PEP 249, and pandas can read through it."""

import datetime
import decimal

import pandas as pd
import pyarrow as pa
import pytest

import veil
from tests.veil.peer import Peer

TABLE = pa.table(
    {
        "id": [1, 2, 3, 4, 5],
        "name": ["a", "b", None, "d", "e"],
        "price": pa.array([decimal.Decimal("1.50")] * 5, pa.decimal128(10, 2)),
        "day": [datetime.date(2026, 1, 1)] * 5,
        "raw": [b"x"] * 5,
    }
)


def test_the_module_says_what_it_keeps() -> None:
    assert (veil.apilevel, veil.threadsafety, veil.paramstyle) == ("2.0", 1, "qmark")
    assert veil.Date(2026, 1, 2) == datetime.date(2026, 1, 2)
    assert veil.DateFromTicks(0).year in (1969, 1970)
    assert veil.TimeFromTicks(0).second == 0
    assert veil.TimestampFromTicks(0).second == 0
    assert veil.Binary(b"x") == b"x"


def test_description_names_columns_and_their_types(server: Peer, connection: veil.Connection) -> None:
    server.gives(TABLE)
    with connection.cursor() as cursor:
        assert cursor.description is None
        cursor.execute("q")
        assert cursor.description is not None
        assert [column[0] for column in cursor.description] == TABLE.column_names
        codes = [veil.NUMBER, veil.STRING, veil.NUMBER, veil.DATETIME, veil.BINARY]
        assert [column[1] for column in cursor.description] == codes
        assert cursor.description[0][1] != veil.STRING
        assert cursor.description[2][4:6] == (10, 2)


def test_rows_are_fetched_one_some_or_all(server: Peer, connection: veil.Connection) -> None:
    server.gives(TABLE.select(["id", "name"]))
    with connection.cursor() as cursor:
        assert cursor.execute("q") is cursor
        assert cursor.rowcount == -1
        assert cursor.fetchone() == (1, "a")
        assert cursor.fetchmany() == [(2, "b")]
        cursor.arraysize = 2
        assert cursor.fetchmany() == [(3, None), (4, "d")]
        assert cursor.fetchall() == [(5, "e")]
        assert (cursor.fetchone(), cursor.fetchmany(3), cursor.fetchall()) == (None, [], [])
        assert cursor.rowcount == 5
        assert [row[0] for row in cursor.execute("q")] == [1, 2, 3, 4, 5]


def test_arrow_leaves_the_cursor_as_it_came(server: Peer, connection: veil.Connection) -> None:
    server.gives(TABLE)
    with connection.cursor() as cursor:
        assert cursor.execute("q").fetch_arrow_table() == TABLE
        assert cursor.rowcount == 5
        assert cursor.execute("q").fetch_record_batch().read_all() == TABLE
        frame = cursor.execute("q").fetch_df()
        assert len(frame) == 5
        assert frame.attrs["veil"]["revision"] == 41


def test_a_query_comes_before_a_fetch_and_nothing_after_close(server: Peer, connection: veil.Connection) -> None:
    server.gives(TABLE)
    cursor = connection.cursor()
    with pytest.raises(veil.ProgrammingError, match="nothing has been executed"):
        cursor.fetchone()
    cursor.close()
    for attempt in (cursor.fetchall, lambda: cursor.execute("q")):
        with pytest.raises(veil.InterfaceError, match="cursor is closed"):
            attempt()


def test_writing_has_no_place(connection: veil.Connection) -> None:
    connection.commit()
    with pytest.raises(veil.NotSupportedError):
        connection.rollback()
    with connection.cursor() as cursor, pytest.raises(veil.NotSupportedError, match="only reads"):
        cursor.executemany("insert into t values (?)", [[1]])


def test_pandas_reads_through_the_connection(server: Peer, connection: veil.Connection) -> None:
    server.gives(TABLE.select(["id", "name"]))
    with pytest.warns(UserWarning, match="SQLAlchemy"):
        frame = pd.read_sql("select * from shop.orders where id > ?", connection, params=[0])
    assert frame["id"].tolist() == [1, 2, 3, 4, 5]
    assert server.asked[0].body["params"] == [0]
