"""A result is whole or an error, keeps its types, and shows only what is already here."""

import datetime
import decimal
import io
import json
import os
import signal
import subprocess
import sys
import textwrap

import pandas as pd
import pyarrow as pa
import pytest

import veil
from tests.veil.peer import ACCESS, Exchange, Peer, arrow_bytes

BIG = pa.table({"id": range(50_000), "email": ["token"] * 50_000})
WHOLE = arrow_bytes(BIG, access=ACCESS)
TYPES = pa.table(
    {
        "price": pa.array([decimal.Decimal("10.50"), None], pa.decimal128(12, 2)),
        "day": pa.array([datetime.date(2026, 1, 1), None]),
        "at": pa.array([datetime.datetime(2026, 1, 1, 12, 30), None], pa.timestamp("us")),
        "token": pa.array([9007199254740993, None]),
        "flag": pa.array([True, None]),
        "share": pa.array([0.5, None]),
        "name": pa.array(["a", None]),
        "address": pa.array([{"zip": "1"}, None]),
        "codes": pa.array([[1, 2], None]),
    }
)


def test_batches_come_in_order_and_the_table_is_whole(server: Peer, connection: veil.Connection) -> None:
    server.gives(BIG)
    assert sum(batch.num_rows for batch in connection.query("q").batches()) == 50_000
    result = connection.query("q")
    assert result.to_arrow() == BIG
    assert result.to_pandas()["id"].sum() == sum(range(50_000))
    assert [batch.num_rows for batch in result.batches()] == [1000] * 50


def cut_connection(exchange: Exchange) -> None:
    exchange.begin_stream()
    exchange.chunk(WHOLE[: len(WHOLE) // 2])
    exchange.close_connection = True


def cut_between_messages(exchange: Exchange) -> None:
    exchange.begin_stream()
    exchange.chunk(WHOLE[:-8])
    exchange.close_connection = True


def ended_politely_in_the_middle(exchange: Exchange) -> None:
    exchange.begin_stream()
    exchange.chunk(WHOLE[: len(WHOLE) // 2])
    exchange.chunk(b"")


def ended_politely_without_the_end_mark(exchange: Exchange) -> None:
    exchange.begin_stream()
    exchange.chunk(WHOLE[:-8])
    exchange.chunk(b"")


def whole_but_the_last_chunk_is_missing(exchange: Exchange) -> None:
    exchange.begin_stream()
    exchange.chunk(WHOLE)
    exchange.close_connection = True


def more_after_the_end(exchange: Exchange) -> None:
    exchange.begin_stream()
    exchange.chunk(WHOLE + WHOLE)
    exchange.chunk(b"")


def nothing_at_all(exchange: Exchange) -> None:
    exchange.begin_stream()
    exchange.chunk(b"")


CUTS = [
    cut_connection,
    cut_between_messages,
    ended_politely_in_the_middle,
    ended_politely_without_the_end_mark,
    whole_but_the_last_chunk_is_missing,
    more_after_the_end,
    nothing_at_all,
]


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.__name__)
def test_a_stream_cut_short_raises_and_never_gives_a_short_result(
    server: Peer, connection: veil.Connection, cut: object
) -> None:
    server.answers(cut)  # type: ignore[arg-type]
    with pytest.raises(veil.OperationalError, match="cut short"):
        connection.query("q").to_arrow()
    with pytest.raises(veil.OperationalError, match="cut short"), connection.cursor() as cursor:
        cursor.execute("q").fetchall()
    with pytest.raises(veil.OperationalError, match="cut short"), connection.cursor() as cursor:
        cursor.execute("q").fetch_record_batch().read_all()


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.__name__)
def test_whoever_goes_on_after_a_cut_is_not_told_of_an_end(
    server: Peer, connection: veil.Connection, cut: object
) -> None:
    """By PEP 249 no row means no more rows, which retries around a fetch would take for the whole."""
    server.answers(cut)  # type: ignore[arg-type]
    with connection.cursor() as cursor:
        try:
            cursor.execute("q")
        except veil.OperationalError:
            return  # it was cut before there was anything to fetch
        fetches = (cursor.fetchall, cursor.fetchone, cursor.fetchmany, lambda: list(cursor))
        for fetch in (cursor.fetchall, *fetches):
            with pytest.raises(veil.OperationalError, match="cut short"):
                fetch()
    batches = connection.query("q").batches()
    for _ in range(3):
        with pytest.raises(veil.OperationalError, match="cut short"):
            list(batches)


def test_a_result_given_up_early_closes_its_connection(server: Peer, connection: veil.Connection) -> None:
    endless = pa.record_batch({"id": range(100_000)})

    def pour(exchange: Exchange) -> None:
        exchange.begin_stream()
        sink = io.BytesIO()
        schema = endless.schema.with_metadata({"veil.access": json.dumps(ACCESS)})
        with pa.ipc.new_stream(sink, schema) as writer:
            while True:
                writer.write_batch(endless)
                exchange.chunk(sink.getvalue())
                sink.seek(0)
                sink.truncate()

    server.answers(pour)
    with connection.query("q") as result:
        assert next(result.batches()).num_rows == 100_000
    assert server.broken.wait(5)
    with pytest.raises(veil.InterfaceError, match="read or closed"):
        result.to_arrow()


def test_interrupting_a_waiting_query_closes_its_connection(server: Peer) -> None:
    began = server.broken.__class__()

    def wait(exchange: Exchange) -> None:
        began.set()
        if exchange.connection.recv(1) == b"":
            raise ConnectionAbortedError

    server.answers(wait)
    heard = (
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)"  # tests may run where it is ignored
    )
    asking = f"import veil\nwith veil.connect({server.url!r}) as connection:\n    connection.query('select 1')"
    script = f"{heard}\n{asking}"
    child = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, env={**os.environ})
    assert began.wait(20)
    child.send_signal(signal.SIGINT)
    _, stderr = child.communicate(timeout=20)
    assert b"KeyboardInterrupt" in stderr
    assert server.broken.wait(5)


def test_types_survive_to_pandas(server: Peer, connection: veil.Connection) -> None:
    server.gives(TYPES)
    frame = connection.query("q").to_pandas()
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "price": "decimal128(12, 2)[pyarrow]",
        "day": "date32[day][pyarrow]",
        "at": "datetime64[us]",
        "token": "Int64",
        "flag": "boolean",
        "share": "float64",
        "name": "str",
        "address": "object",
        "codes": "object",
    }
    assert frame["token"][0] == 9007199254740993
    assert frame["price"][0] == decimal.Decimal("10.50")
    assert frame["address"][0] == {"zip": "1"}


def test_an_empty_result_keeps_columns_and_types(server: Peer, connection: veil.Connection) -> None:
    server.gives(TYPES.slice(0, 0))
    frame = connection.query("q").to_pandas()
    assert list(frame.columns) == TYPES.column_names
    assert str(frame["price"].dtype) == "decimal128(12, 2)[pyarrow]"
    assert str(frame["token"].dtype) == "int64"


def test_columns_of_one_name_stay_apart(server: Peer, connection: veil.Connection) -> None:
    server.gives(pa.Table.from_arrays([pa.array([1, None]), pa.array(["a", "b"])], ["x", "x"]))
    frame = connection.query("q").to_pandas()
    assert [str(dtype) for dtype in frame.dtypes] == ["Int64", "str"]


def test_decimals_and_dtype_backend_can_be_chosen(server: Peer, connection: veil.Connection) -> None:
    server.gives(TYPES)
    result = connection.query("q")
    assert result.to_pandas(decimals="float")["price"].dtype == "float64"
    assert isinstance(result.to_pandas(decimals="object")["price"][0], decimal.Decimal)
    assert all(isinstance(dtype, pd.ArrowDtype) for dtype in result.to_pandas(dtype_backend="pyarrow").dtypes)
    assert str(result.to_pandas(dtype_backend="numpy_nullable")["share"].dtype) == "Float64"
    with pytest.raises(veil.ProgrammingError):
        result.to_pandas(decimals="text")  # type: ignore[arg-type]


def test_the_frame_carries_the_access_summary(server: Peer, connection: veil.Connection) -> None:
    server.gives(BIG)
    result = connection.query("q")
    assert result.access == ACCESS
    assert result.to_pandas().attrs["veil"] == ACCESS


def test_showing_a_result_fetches_nothing(server: Peer, connection: veil.Connection) -> None:
    server.gives(BIG)
    with connection.query("q") as result:
        before = result._stream.byte_count
        assert repr(result) == textwrap.dedent("""\
            id, email ◐ tokenize
            [2 columns, rows not read yet]
            [masked for you: email (tokenize); rows are filtered for you; decision 9c1e, policy revision 41]""")
        assert "rows not read yet" in result._repr_html_()
        assert result._stream.byte_count == before
        result.to_arrow()
        assert len(repr(result).splitlines()) == 2 + 20 + 2
        assert "50,000 rows, the first 20 shown" in repr(result)
        assert result._repr_html_().count("<tr>") == 21


def test_what_is_shown_in_a_notebook_is_escaped(server: Peer, connection: veil.Connection) -> None:
    server.gives(pa.table({"<b>": ["<script>"]}))
    result = connection.query("q")
    result.to_arrow()
    assert "<script>" not in result._repr_html_()
    assert "<b>" not in result._repr_html_()


def test_explain_says_it_in_sentences(server: Peer, connection: veil.Connection) -> None:
    server.gives(BIG)
    with connection.query("q") as result:
        assert str(result.explain()).splitlines() == [
            "shop.orders",
            "  ○ id: clear",
            "  ◐ email: masked for you by tokenize because policy `clerks` transforms `pii.email`",
            "  rows: only rows where `land = 'NO'` (policy `clerks`)",
            "decision 9c1e, policy revision 41",
        ]
