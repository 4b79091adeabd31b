"""What a worker sends is believed to be data and no more: anything else ends the run, and nothing but the run."""

import socket
import struct
from collections.abc import Iterator

import pyarrow as pa
import pytest

from catalog.errors import Internal, SourceTimeout, SqlInvalid
from catalog.sources.workers.incoming import BROKEN, Incoming
from catalog.sources.workers.messages import End, Hangup, Kind, send_frame
from catalog.sources.workers.worker import Pieces

BATCH = pa.record_batch({"n": [1, None, 3], "name": ["a", "bb", None]})
Ends = tuple[socket.socket, Incoming]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    with ours, theirs:
        yield theirs, Incoming(ours)


def send(worker: socket.socket, *batches: pa.RecordBatch, end: End | None) -> None:
    """An answer as a worker sends it; without an end, the worker dies."""
    send_frame(worker, Kind.SCHEMA, [memoryview(BATCH.schema.serialize())])
    sink = Pieces()
    writer = pa.ipc.new_stream(pa.PythonFile(sink, "w"), BATCH.schema)
    for batch in batches:
        writer.write_batch(batch)
        send_frame(worker, Kind.BATCHES, sink.taken())
    if end is None:
        worker.close()
    else:
        send_frame(worker, Kind.END, end.pieces())


def read(incoming: Incoming) -> list[pa.RecordBatch]:
    """Every batch."""
    assert incoming.schema() == BATCH.schema
    return list(iter(incoming.next_batch, None))


def test_answer_is_what_was_sent(ends: Ends) -> None:
    worker, incoming = ends
    send(worker, BATCH, BATCH.slice(1), end=End())
    assert [batch.to_pylist() for batch in read(incoming)] == [BATCH.to_pylist(), BATCH.slice(1).to_pylist()]
    assert incoming.end == End()


def test_answer_without_batches_has_a_schema(ends: Ends) -> None:
    worker, incoming = ends
    send(worker, end=End())
    assert read(incoming) == []


def test_answer_without_an_end_is_none(ends: Ends) -> None:
    worker, incoming = ends
    send(worker, BATCH, end=None)
    assert incoming.schema() is not None
    assert incoming.next_batch() == BATCH
    with pytest.raises(BROKEN):
        incoming.next_batch()
    assert incoming.end is None


def test_error_comes_as_it_was(ends: Ends) -> None:
    worker, incoming = ends
    send(worker, end=End.of(SqlInvalid("what failed", hint="what next")))
    read(incoming)
    assert incoming.end is not None
    error = incoming.end.error
    assert isinstance(error, SqlInvalid)
    assert (error.detail, error.hint) == ("what failed", "what next")


@pytest.mark.parametrize(("code", "kind"), [("source_timeout", SourceTimeout), ("no_such_code", Internal)])
def test_only_known_errors_are_made(code: str, kind: type[Exception]) -> None:
    assert type(End(code=code, detail="", hint="").error) is kind


def test_rest_is_passed_over_up_to_the_end(ends: Ends) -> None:
    worker, incoming = ends
    send(worker, BATCH, BATCH, BATCH, end=End())
    incoming.schema()
    incoming.next_batch()
    assert incoming.skip(5)
    assert incoming.end == End()


def test_nobody_waits_for_a_rest_that_does_not_come(ends: Ends) -> None:
    worker, incoming = ends
    send_frame(worker, Kind.SCHEMA, [memoryview(BATCH.schema.serialize())])
    assert not incoming.skip(0.05)


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"",
        b"S",
        struct.pack("<cQ", b"?", 0),
        struct.pack("<cQ", b"B", 8) + b"\0" * 8,
        struct.pack("<cQ", b"S", 2**62),
        struct.pack("<cQ", b"S", 5) + b"hello",
        struct.pack("<cQ", b"E", 2**31),
        struct.pack("<cQ", b"E", 4) + b"null",
        struct.pack("<cQ", b"E", 2) + b"[]",
        struct.pack("<cQ", b"E", 5) + b"\x80\x04N.!",
    ],
)
def test_what_is_no_answer_ends_the_run(ends: Ends, bytes_sent: bytes) -> None:
    worker, incoming = ends
    worker.sendall(bytes_sent)
    worker.close()
    with pytest.raises(BROKEN):
        incoming.schema()


@pytest.mark.parametrize("place", [4, 40, 200, -100, -9])
def test_damaged_batch_ends_the_run_or_is_a_whole_batch(ends: Ends, place: int) -> None:
    worker, incoming = ends
    sink = Pieces()
    pa.ipc.new_stream(pa.PythonFile(sink, "w"), BATCH.schema).write_batch(BATCH)
    content = bytearray(b"".join(sink.taken()))
    content[place] ^= 0x55
    send_frame(worker, Kind.SCHEMA, [memoryview(BATCH.schema.serialize())])
    send_frame(worker, Kind.BATCHES, [memoryview(content)])
    worker.close()
    incoming.schema()
    try:
        batch = incoming.next_batch()
    except BROKEN:
        return
    assert batch is not None
    batch.validate()


def test_hangup_is_told_from_an_end(ends: Ends) -> None:
    worker, incoming = ends
    worker.close()
    with pytest.raises(Hangup):
        incoming.schema()
    assert incoming.end is None


def test_what_stands_behind_the_last_cell_is_left_behind(ends: Ends) -> None:
    worker, incoming = ends
    n = pa.Array.from_buffers(pa.int64(), 3, [pa.py_buffer(b"\xfd"), pa.py_buffer(b"leftover" * 4)])
    ends_of_texts = pa.array([0, 1, 3, 3, 9], pa.int32()).buffers()[1]
    name = pa.Array.from_buffers(pa.string(), 3, [pa.py_buffer(b"\xfb"), ends_of_texts, pa.py_buffer(b"abbleftover")])
    send(worker, pa.record_batch({"n": n, "name": name}), end=End())
    [batch] = read(incoming)
    assert [buffer and buffer.to_pybytes() for buffer in batch["n"].buffers()] == [b"\x05", b"leftover" * 3]
    assert batch["name"].buffers()[2].to_pybytes() == b"abb"
    assert batch["name"].to_pylist() == ["a", "bb", None]


def test_memory_that_is_not_known_is_no_answer(ends: Ends) -> None:
    worker, incoming = ends
    batch = pa.record_batch({"v": pa.array(["a"], pa.string_view())})
    send_frame(worker, Kind.SCHEMA, [memoryview(batch.schema.serialize())])
    sink = Pieces()
    pa.ipc.new_stream(pa.PythonFile(sink, "w"), batch.schema).write_batch(batch)
    send_frame(worker, Kind.BATCHES, sink.taken())
    incoming.schema()
    with pytest.raises(Hangup):
        incoming.next_batch()
