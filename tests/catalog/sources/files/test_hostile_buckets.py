"""Whoever serves a bucket, or writes to it, takes no more time, memory or room of the server than a query may."""

import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.errors import SourceTimeout, SourceUnavailable
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.allowed_time import allowed
from catalog.sources.connector import CanBeStopped, LookStopped, SourceConnector
from catalog.sources.files import s3_looks as looks
from catalog.sources.files.s3_options import client
from catalog.sources.private_copies import PrivateCopies
from catalog.sources.world import Resources
from tests.catalog.sources.lakes import rows
from tests.hostile_bucket import BODY, HostileBucket, hostile_bucket

_SECRET = b"SECRET-OF-ANOTHER-PERSON-"


@pytest.fixture
def bucket() -> Iterator[HostileBucket]:
    with hostile_bucket() as bucket:
        yield bucket


def _connector(bucket: HostileBucket, folder: Path) -> SourceConnector:
    return connect(Source(name="lake", connector="files", options=bucket.options()), PrivateCopies(folder / "copies"))


def _written(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_it_may_do_well(bucket: HostileBucket) -> None:
    source = Source(name="lake", connector="files", options=bucket.options())
    assert rows(source, "t.csv") == [{"id": 1, "pay": 4200}, {"id": 2, "pay": 1300}]


@pytest.mark.parametrize("does", ["endless", "drip"])
def test_a_list_without_end_ends_with_the_time_of_who_asks(bucket: HostileBucket, tmp_path: Path, does: str) -> None:
    bucket.does = does  # type: ignore[assignment]
    connector = _connector(bucket, tmp_path)
    begun_at = time.monotonic()
    with allowed(2.0), pytest.raises(SourceTimeout, match=r"after 2 seconds: the server .* has not answered"):
        connector.describe("t.csv")
    assert time.monotonic() - begun_at < 15
    pages = bucket.pages
    time.sleep(1.0)
    assert bucket.pages <= pages + 1  # nobody goes on asking
    bucket.does = "well"
    assert [field.name for field in connector.describe("t.csv")] == ["id", "pay"]


def test_a_list_without_end_ends_when_a_crawl_is_stopped(bucket: HostileBucket, tmp_path: Path) -> None:
    bucket.does = "endless"
    connector = _connector(bucket, tmp_path)
    assert isinstance(connector, CanBeStopped)
    stop_at = time.monotonic() + 2.0
    connector.stop_when(lambda: time.monotonic() > stop_at)
    with pytest.raises(LookStopped):
        list(connector.relations())
    assert time.monotonic() < stop_at + 15


def test_an_object_that_is_larger_than_listed_is_not_copied_beyond_that(bucket: HostileBucket, tmp_path: Path) -> None:
    connector = _connector(bucket, tmp_path)
    assert [each.name for each in connector.relations()] == ["t.csv"]
    bucket.does = "more"
    with pytest.raises(SourceUnavailable, match="changed while it was read"):
        connector.describe("t.csv")
    assert _written(tmp_path) == 0
    assert bucket.sent < 2**26


def test_a_copy_that_takes_longer_than_a_query_may_is_there_for_a_later_one(
    bucket: HostileBucket, tmp_path: Path
) -> None:
    connector = _connector(bucket, tmp_path)
    bucket.does = "slowly"
    for _ in range(2):  # who asks again waits for the same copy
        with allowed(1.0), pytest.raises(SourceTimeout, match=r"after 1 seconds: `t\.csv` is being copied"):
            connector.describe("t.csv")
    over_at = time.monotonic() + 60
    while not list((tmp_path / "copies").rglob("t.csv")) or list((tmp_path / "copies").glob("draft-*")):
        assert time.monotonic() < over_at
        time.sleep(0.1)
    bodies = bucket.bodies
    with allowed(60.0):
        assert [field.name for field in connector.describe("t.csv")] == ["id", "pay"]
    assert bucket.bodies == bodies


def _soiled() -> None:
    """Has the memory that is free hold what is nobody else's business, as that of a server does."""
    kept = []
    for number in range(40):
        pieces = [_SECRET * (2**20 // len(_SECRET)) for _ in range(4)]
        kept.append(bytes(70_000 + number))
        del pieces


@pytest.mark.parametrize("size", [300_000, 2**20, 3 * 2**20])
def test_what_a_server_does_not_send_is_blank_in_the_copy(bucket: HostileBucket, tmp_path: Path, size: int) -> None:
    """The client says that it has read as much as was asked for, and leaves the rest as the memory was before."""
    bucket.does, bucket.body, bucket.short_bytes = "short", BODY + b"x" * (size - len(BODY)), len(BODY)
    reader = client("lake", "lake", bucket.options())
    [row] = looks.listing(Resources(), reader, "lake").to_pylist()
    state = looks.state_of(row["path"], row["size"], row["mtime_ns"])
    for _ in range(5):
        _soiled()
        looks.download(Resources(), reader, row["path"], state, size, tmp_path / "copy")
        copy = (tmp_path / "copy").read_bytes()
        first = copy[: 2**20]
        assert first.startswith(BODY)
        assert not first[len(BODY) :].strip(b"\0")
        assert _SECRET not in copy


def test_what_a_server_does_not_send_is_blank_in_a_sample(bucket: HostileBucket, tmp_path: Path) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"v": range(200_000)}), sink, compression="none", use_dictionary=False)
    bucket.body = sink.getvalue().to_pybytes()
    bucket.does = "short"
    reader = client("lake", "lake", bucket.options())
    [row] = looks.listing(Resources(), reader, "lake").to_pylist()
    state = looks.state_of(row["path"], row["size"], row["mtime_ns"])
    for _ in range(5):
        _soiled()
        looks.hollow(Resources(), reader, row["path"], state, row["size"], tmp_path / "copy", 1)
        copy = (tmp_path / "copy").read_bytes()
        assert copy.endswith(b"PAR1")
        assert not copy[: 2**20].strip(b"\0")


def test_odd_answers_are_refused_or_passed_over(bucket: HostileBucket, tmp_path: Path) -> None:
    bucket.instead = (b"<Key>t.csv", b"<Key>\xff.csv")
    with pytest.raises(SourceUnavailable, match="tells of an object whose name is no text"):
        list(_connector(bucket, tmp_path).relations())
    bucket.instead = (f"<Size>{len(BODY)}".encode(), b"<Size>-1")
    assert list(_connector(bucket, tmp_path).relations()) == []
    bucket.instead, bucket.etag = (b"", b""), "é"
    assert [field.name for field in _connector(bucket, tmp_path).describe("t.csv")] == ["id", "pay"]
