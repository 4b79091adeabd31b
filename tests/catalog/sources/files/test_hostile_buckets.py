"""Whoever serves a bucket, or writes to it, takes no more time, memory or room of the server than a query may."""

import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.awsrequest import AWSPreparedRequest

from catalog.errors import SourceTimeout, SourceUnavailable
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.allowed_time import allowed
from catalog.sources.connector import CanBeStopped, LookStopped, SourceConnector
from catalog.sources.files import s3_looks as looks
from catalog.sources.files.s3_client import S3Client, S3Object, botocore_client
from catalog.sources.files.s3_options import client
from catalog.sources.private_copies import PrivateCopies
from catalog.sources.world import Resources
from tests.catalog.sources.lakes import rows
from tests.certificates import Authority
from tests.hostile_bucket import BODY, HostileBucket, hostile_bucket


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


def _listed(bucket: HostileBucket) -> tuple[S3Client, S3Object]:
    reader = client("lake", "lake", bucket.options())
    [(_, listed)] = reader.objects("lake")
    return reader, listed


@pytest.mark.parametrize("size", [300_000, 2**20, 9 * 2**20])
def test_an_object_that_is_shorter_than_listed_is_refused(bucket: HostileBucket, tmp_path: Path, size: int) -> None:
    bucket.body, bucket.short_bytes = BODY + b"x" * (size - len(BODY)), len(BODY)
    reader, listed = _listed(bucket)
    looks.download(Resources(), reader, listed, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == bucket.body
    bucket.does = "short"
    with pytest.raises(SourceUnavailable, match="changed while it was read"):
        looks.download(Resources(), reader, listed, tmp_path / "short")
    assert (tmp_path / "short").read_bytes() == b""


def test_a_sample_that_is_shorter_than_listed_is_refused(bucket: HostileBucket, tmp_path: Path) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"v": range(200_000)}), sink, compression="none", use_dictionary=False)
    bucket.body = sink.getvalue().to_pybytes()
    reader, listed = _listed(bucket)
    looks.hollow(Resources(), reader, listed, tmp_path / "copy", 1)
    assert pq.read_table(tmp_path / "copy").num_rows == 200_000
    bucket.does = "short"
    with pytest.raises(SourceUnavailable, match=r"`t\.csv` changed while it was read"):
        looks.hollow(Resources(), reader, listed, tmp_path / "copy", 1)


@pytest.mark.parametrize("broken_after", [0, 5])
def test_a_connection_that_breaks_is_made_anew_a_few_times(
    bucket: HostileBucket, tmp_path: Path, broken_after: int
) -> None:
    reader, listed = _listed(bucket)
    bucket.breaks, bucket.broken_after = 2, broken_after
    assert reader.piece(listed, 0, len(BODY)) == BODY
    bucket.breaks = 100
    with pytest.raises(SourceUnavailable, match="the server of the bucket `lake` cannot be reached"):
        reader.piece(listed, 0, len(BODY))
    assert bucket.breaks > 80


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_other_server_is_asked_whatever_the_bucket_answers(bucket: HostileBucket, status: int) -> None:
    with hostile_bucket() as inner:
        reader, listed = _listed(bucket)
        bucket.does, bucket.status = "elsewhere", status
        bucket.elsewhere = f"{inner.endpoint}/lake/t.csv"
        for ask in (lambda: reader.piece(listed, 0, len(BODY)), lambda: list(reader.objects("lake"))):
            with pytest.raises(SourceUnavailable, match=r"leads on to another one|in another region"):
                ask()
        assert (inner.pages, inner.bodies) == (0, 0)


def test_the_client_itself_may_ask_nobody_else(bucket: HostileBucket) -> None:
    """Even where botocore was told another address, as by an answer that names a region."""
    reader, _ = _listed(bucket)
    with hostile_bucket() as inner:
        boto = botocore_client(reader)

        def lead_on(request: AWSPreparedRequest, **_: object) -> None:
            request.url = request.url.replace(bucket.endpoint, inner.endpoint)

        boto.meta.events.register_first("before-send.s3", lead_on)
        try:
            with pytest.raises(SourceUnavailable, match="leads on to another one"):
                list(reader.objects("lake"))
        finally:
            boto.meta.events.unregister("before-send.s3", lead_on)
        assert inner.pages == 0


def test_a_server_of_an_authority_that_is_named_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path, "authority")
    with hostile_bucket(authority.identity("127.0.0.1")) as bucket:
        source = Source(name="lake", connector="files", options=bucket.options())
        with pytest.raises(SourceUnavailable, match="certificate of the server of the bucket `lake` cannot be"):
            rows(source, "t.csv")
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        assert rows(source, "t.csv") == [{"id": 1, "pay": 4200}, {"id": 2, "pay": 1300}]
        monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path, "another").file))
        with pytest.raises(SourceUnavailable, match="certificate of the server of the bucket `lake` cannot be"):
            rows(source, "t.csv")


@pytest.mark.parametrize(
    ("instead", "told"),
    [
        ((b"<Key>t.csv", b"<Key>\xff.csv"), "failed on its side"),
        ((b"<ListBucketResult", b"<ListBucketResult <"), "failed on its side"),
        ((b"<Size>21", b"<Size>-1"), "does not answer as S3 does"),
        ((b"<Size>21", b"<Size>many"), "does not answer as S3 does"),
        ((b"<Size>21</Size>", b""), "does not answer as S3 does"),
        ((b"&quot;abc&quot;", b""), "does not answer as S3 does"),
        ((b"&quot;abc&quot;", b"a:1|b"), "does not answer as S3 does"),
        ((b"&quot;abc&quot;", b"a&#10;b"), "does not answer as S3 does"),
        ((b"2026-06-01T10", b"soon"), "does not answer as S3 does"),
        ((b"<Prefix></Prefix>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>"), "failed on its side"),
    ],
)
def test_odd_lists_are_refused(bucket: HostileBucket, tmp_path: Path, instead: tuple[bytes, bytes], told: str) -> None:
    bucket.instead = instead
    with pytest.raises(SourceUnavailable, match=told):
        list(_connector(bucket, tmp_path).relations())


def test_what_lies_beside_the_prefix_that_was_asked_for_is_refused(bucket: HostileBucket, tmp_path: Path) -> None:
    bucket.instead = (b"<Key>t.csv", b"<Key>other/t.csv")
    options = bucket.options() | {"path": "s3://lake/own"}
    connector = connect(Source(name="lake", connector="files", options=options), PrivateCopies(tmp_path / "copies"))
    with pytest.raises(SourceUnavailable, match="does not answer as S3 does"):
        list(connector.relations())


def test_an_object_of_another_tag_than_was_listed_is_refused(bucket: HostileBucket, tmp_path: Path) -> None:
    bucket.etag = '"abd"'
    with pytest.raises(SourceUnavailable, match="changed while it was read"):
        _connector(bucket, tmp_path).describe("t.csv")


def test_keys_that_are_no_file_are_passed_over(bucket: HostileBucket, tmp_path: Path) -> None:
    for key in (b"a%00b.csv", b"../t.csv", b"a//t.csv", b"t.csv/"):
        bucket.instead = (b"<Contents><Key>t.csv", b"<EncodingType>url</EncodingType><Contents><Key>" + key)
        assert list(_connector(bucket, tmp_path).relations()) == []
