"""Buckets of a real S3-compatible server: all kinds of files, and everything that can go wrong with a bucket."""

import gzip
import io
import itertools
import os
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from urllib3 import HTTPResponse

from catalog.errors import LimitExceeded, SettingsInvalid, SourceUnavailable
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import KnowsItsDatabase
from catalog.sources.files.kinds import FileKind
from catalog.sources.files.s3_bucket import S3Bucket, bucket_layout
from catalog.sources.files.s3_client import S3Client, S3Object, botocore_client
from catalog.sources.files.s3_looks import download
from catalog.sources.files.s3_options import client
from catalog.sources.files.sets import FileSet
from catalog.sources.going_on import GoingOn
from catalog.sources.private_copies import PrivateCopies
from catalog.sources.world import Resources
from tests.catalog.sources.lakes import defects, expected, relations, rows, types
from tests.contracts.connectors import PEOPLE_SQL, ConnectorContract, read
from tests.s3_server import S3Server, s3_server

_MANY = 70_000
FORMATS = {"people.csv": "(FORMAT csv)", "people.ndjson": "(FORMAT json)", "people.parquet": "(FORMAT parquet)"}


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(autouse=True)
def _credentials(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    """A prefix of this test's own."""
    return "".join(letter if letter.isalnum() else "_" for letter in request.node.name)


def bucket(server: S3Server, prefix: str, **more: str) -> Source:
    return Source(name="lake", connector="files", options=server.options(prefix, **more))


def put_people(server: S3Server, prefix: str, folder: Path, name: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({PEOPLE_SQL}) TO '{folder / name}' {FORMATS[name]}")
    server.put(f"{prefix}/{name}", (folder / name).read_bytes())


@pytest.mark.parametrize("kind", FORMATS)
class TestBucket(ConnectorContract):
    @pytest.fixture
    def relation(self, kind: str) -> str:
        return kind

    @pytest.fixture
    def source(self, server: S3Server, prefix: str, tmp_path: Path, kind: str) -> Source:
        put_people(server, prefix, tmp_path, kind)
        return bucket(server, prefix)


def test_folders_series_and_sheets_are_relations_as_they_are_on_a_disk(server: S3Server, prefix: str) -> None:
    for year in (2023, 2024):
        server.put(f"{prefix}/v/year={year}/a b%20ü.csv", f"n,name\n{year},x\n".encode())
        server.put(f"{prefix}/months/{year}.csv", "name\nZoë\n".encode("utf-16"))
    server.put(f"{prefix}/notes.txt", b"none")
    server.put(f"{prefix}/_hidden.csv", b"a\n1\n")
    server.put(f"{prefix}/odd//x.csv", b"a\n1\n")
    server.put(f"{prefix}/bad.csv", b"a,b\n1,2\n3\n")
    source = bucket(server, prefix)
    assert relations(source) == ["bad.csv", "months", "v"]
    assert types(source, "v") == {"n": "BIGINT", "name": "VARCHAR", "year": "BIGINT"}
    assert [row["year"] for row in rows(source, "v")] == [2023, 2024]
    assert rows(source, "months") == [{"name": "Zoë"}] * 2
    assert defects(source, "bad.csv") == ("1 row cannot be read: queries are refused (bad.csv: line 3)",)


def test_compressed_objects_are_read_as_they_are_on_a_disk(server: S3Server, prefix: str) -> None:
    server.put(f"{prefix}/a.csv.gz", gzip.compress(b"a,b\n" + b"1,x\n" * 5))
    server.put(f"{prefix}/b.ndjson.zst", pa.compress(b'{"a": 7}\n' * 5, codec="zstd", asbytes=True))
    source = bucket(server, prefix)
    assert rows(source, "a.csv.gz") == [{"a": 1, "b": "x"}] * 5
    assert rows(source, "b.ndjson.zst") == [{"a": 7}] * 5


def test_path_may_be_one_object_or_a_glob(server: S3Server, prefix: str) -> None:
    server.put(f"{prefix}/a1.csv", b"a\n1\n")
    server.put(f"{prefix}/b1.csv", b"a\n2\n")
    for path in (f"{prefix}/a1.csv", f"{prefix}/a*.csv"):
        source = bucket(server, path)
        assert relations(source) == ["a1.csv"]
        assert rows(source, "a1.csv") == [{"a": 1}]
        for wrong in ("b1.csv", "../b1.csv"):
            with pytest.raises(SourceUnavailable, match=r"not in the source|out of the source"):
                connect(source).describe(wrong)


@pytest.fixture(scope="module")
def large_object() -> bytes:
    """A Parquet object of more than 64 MB in many groups of rows."""
    table = pa.table({"id": range(_MANY), "code": [os.urandom(500).hex() for _ in range(_MANY)]})
    stream = io.BytesIO()
    pq.write_table(table, stream, row_group_size=1_000, compression="none", use_dictionary=False)
    return stream.getvalue()


@pytest.fixture
def large(server: S3Server, prefix: str, large_object: bytes) -> bytes:
    server.put(f"{prefix}/large.parquet", large_object)
    return large_object


def test_of_a_large_parquet_object_little_is_read_for_a_sample(
    server: S3Server, prefix: str, large: bytes, tmp_path: Path
) -> None:
    assert len(large) > 64 * 2**20
    connector = connect(bucket(server, prefix), PrivateCopies(tmp_path / "copies"))
    assert [field.type for field in connector.describe("large.parquet")] == ["BIGINT", "VARCHAR"]
    sample = connector.sample("large.parquet", 1_000)
    whole = pq.read_table(io.BytesIO(large))
    assert sample.num_rows == 1_000
    assert sample["id"].to_pylist()[-1] > _MANY * 6 // 7
    assert sample["code"].to_pylist() == [whole["code"][number].as_py() for number in sample["id"].to_pylist()]
    held = sum(512 * file.stat().st_blocks for file in (tmp_path / "copies").rglob("*.parquet"))
    assert held < len(large) / 4
    assert sum(row["id"] is not None for row in rows(bucket(server, prefix), "large.parquet")) == _MANY


def test_object_larger_than_what_is_copied_is_refused(
    server: S3Server, prefix: str, large: bytes, tmp_path: Path
) -> None:
    source = bucket(server, prefix)
    connector = connect(source, PrivateCopies(tmp_path / "copies", capacity_bytes=50 * 2**20))
    with pytest.raises(LimitExceeded, match=r"large\.parquet"):
        connector.scan(expected(source, "large.parquet"))


def test_damaged_large_object_is_named(server: S3Server, prefix: str, large: bytes) -> None:
    server.put(f"{prefix}/large.parquet", large[:-100])
    with pytest.raises(SourceUnavailable, match=r"`large\.parquet` cannot be read"):
        connect(bucket(server, prefix)).describe("large.parquet")


def test_object_that_changed_is_read_anew_and_one_that_went_is_unavailable(server: S3Server, prefix: str) -> None:
    server.put(f"{prefix}/x.csv", b"a\n1\n")
    source = bucket(server, prefix)
    wanted = expected(source, "x.csv")
    server.put(f"{prefix}/x.csv", b"a\n2\n")  # as long, and perhaps in the same second
    assert read(source, wanted) == [{"a": 2}]
    server.delete(f"{prefix}/x.csv")
    with pytest.raises(SourceUnavailable, match=r"x\.csv"):
        read(source, wanted)


@pytest.mark.parametrize("later", [b"a\n1\n2\n3\n", None])
def test_object_that_changes_or_goes_after_it_was_listed_is_refused(
    server: S3Server, prefix: str, later: bytes | None
) -> None:
    server.put(f"{prefix}/x.csv", b"a\n1\n")
    connector = connect(bucket(server, prefix))
    assert [each.name for each in connector.relations()] == ["x.csv"]
    if later is None:
        server.delete(f"{prefix}/x.csv")
    else:
        server.put(f"{prefix}/x.csv", later)
    with pytest.raises(SourceUnavailable, match=r"changed while it was read|has gone"):
        connector.describe("x.csv")


def test_object_that_is_replaced_by_one_of_its_size_while_it_is_read_gives_no_copy(
    server: S3Server, prefix: str, tmp_path: Path
) -> None:
    server.put(f"{prefix}/x.csv", b"a,b\n1,2\n")
    place: S3Bucket

    def looked_at() -> FileSet:
        nonlocal place
        copies = PrivateCopies(tmp_path)
        found = bucket_layout("lake", server.options(prefix), lambda: copies, GoingOn(2)).place  # which lists anew
        assert isinstance(found, S3Bucket)
        place = found
        return place.seen("x.csv", FileKind.CSV, [place.root / "x.csv"], (), "")

    files = looked_at()
    server.put(f"{prefix}/x.csv", b"b,a\n1,2\n")
    with pytest.raises(SourceUnavailable, match="changed while it was read"):
        place.fetched(files)
    assert not list(tmp_path.rglob("*.csv"))
    files = looked_at()
    [copy] = place.fetched(files).files
    assert copy.read_bytes() == b"b,a\n1,2\n"


def test_an_object_of_which_two_are_written_in_turns_is_one_of_them_or_refused(
    server: S3Server, prefix: str, tmp_path: Path
) -> None:
    """In more than one piece, of one length, within one second."""
    both = [head + filler * (9 * 2**20) for head, filler in ((b"id,pay\n", b"1"), (b"pay,id\n", b"2"))]
    reader = client("lake", "lake", server.options(prefix))
    server.put(f"{prefix}/x.csv", both[0])
    is_over = threading.Event()

    def write_in_turns() -> None:
        for turn in itertools.cycle((1, 0)):
            server.put(f"{prefix}/x.csv", both[turn])
            if is_over.is_set():
                return

    writer = threading.Thread(target=write_in_turns)
    writer.start()
    try:
        ends = Counter(_copied(reader, prefix, tmp_path / "copy", both) for _ in range(25))
    finally:
        is_over.set()
        writer.join(60)
    assert ends["torn"] == 0
    assert ends["refused"] + ends["whole"] == 25
    assert _copied(reader, prefix, tmp_path / "copy", both) == "whole"


def _copied(reader: S3Client, prefix: str, target: Path, both: Sequence[bytes]) -> str:
    [(_, listed)] = reader.objects(f"lake/{prefix}")
    try:
        download(Resources(), reader, listed, target)
    except SourceUnavailable as error:
        return "refused" if "changed while it was read" in error.detail else error.detail
    return "whole" if target.read_bytes() in both else "torn"


def test_a_piece_is_of_the_object_as_it_was_listed(server: S3Server, prefix: str) -> None:
    server.put(f"{prefix}/x.csv", b"a,b\n1,2\n")
    reader = client("lake", "lake", server.options(prefix))
    [(_, listed)] = reader.objects(f"lake/{prefix}")
    assert S3Object.of(listed.state) == listed
    assert reader.piece(listed, 0, 8) == b"a,b\n1,2\n"
    assert reader.piece(listed, 4, 7) == b"1,2"
    assert reader.piece(listed, 8, 8) == b""
    server.put(f"{prefix}/x.csv", b"b,a\n1,2\n")
    with pytest.raises(SourceUnavailable, match="changed while it was read"):
        reader.piece(listed, 4, 7)


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1", "cn-north-1"])
@pytest.mark.parametrize("name", ["lake", "the.lake"])
def test_buckets_of_amazon_are_asked_for_at_their_own_address(region: str, name: str) -> None:
    options = {"path": f"s3://{name}", "region": region, "anonymous": "yes"}
    boto = botocore_client(client("lake", name, options))
    asked: list[AWSPreparedRequest] = []

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        asked.append(request)
        page = (
            f"<ListBucketResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'><Name>{name}</Name></ListBucketResult>"
        )
        return AWSResponse(request.url, 200, {}, HTTPResponse(io.BytesIO(page.encode()), preload_content=False))

    boto.meta.events.register_last("before-send.s3", answer)
    boto.list_objects_v2(Bucket=name)
    [request] = asked
    host = f"s3.{region}.amazonaws.com{'.cn' if region.startswith('cn') else ''}"
    assert request.url.startswith((f"https://{name}.{host}/?", f"https://{host}/{name}?"))
    assert "Authorization" not in request.headers


def test_empty_prefix_holds_nothing_and_missing_bucket_is_told(server: S3Server, prefix: str) -> None:
    assert relations(bucket(server, prefix)) == []
    nowhere = Source(name="lake", connector="files", options={**server.options(prefix), "path": "s3://nowhere/x"})
    with pytest.raises(SourceUnavailable, match="there is no bucket `nowhere`"):
        relations(nowhere)


@pytest.mark.parametrize(
    ("key", "secret", "told"),
    [(None, "wrong-secret-42", "credentials"), ("AKIAUNKNOWN", None, "credentials"), ("", None, "`LAKE_KEY`")],
)
def test_wrong_credentials_are_told_and_never_shown(
    server: S3Server, monkeypatch: pytest.MonkeyPatch, key: str | None, secret: str | None, told: str
) -> None:
    if key is not None:
        monkeypatch.setenv("LAKE_KEY", key)
    if secret is not None:
        monkeypatch.setenv("LAKE_SECRET", secret)
    connector = connect(bucket(server, "x"))
    with pytest.raises(SourceUnavailable, match=told) as caught:
        list(connector.relations())
    text = f"{caught.value.detail} {caught.value.hint} {caught.value.__cause__} {connector!r}"
    for shown in (os.environ["LAKE_SECRET"], os.environ["LAKE_KEY"] or "LAKE_SECRET"):
        assert shown not in text


def test_credentials_may_lie_in_files(server: S3Server, prefix: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{server.access_key}\n")
    (tmp_path / "secret").write_text(f"{server.secret_key}\n")
    server.put(f"{prefix}/x.csv", b"a\n1\n")
    options = {
        "path": f"s3://lake/{prefix}",
        "endpoint": server.endpoint,
        "access_key_file": str(tmp_path / "key"),
        "secret_key_file": str(tmp_path / "secret"),
    }
    source = Source(name="lake", connector="files", options=options)
    assert rows(source, "x.csv") == [{"a": 1}]
    (tmp_path / "secret").unlink()
    with pytest.raises(SourceUnavailable, match="the file `secret` is missing or empty"):
        relations(source)


def test_anonymous_reader_of_a_private_bucket_is_refused(server: S3Server) -> None:
    options = {"path": "s3://lake/x", "endpoint": server.endpoint, "anonymous": "yes"}
    with pytest.raises(SourceUnavailable, match=r"bucket `lake` (refuses this reader|failed on its side)"):
        relations(Source(name="lake", connector="files", options=options))


def test_server_that_cannot_be_reached_is_told(server: S3Server) -> None:
    options = {**server.options("x"), "endpoint": "http://127.0.0.1:1"}
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        relations(Source(name="lake", connector="files", options=options))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"region": "eu-central-1"}, "as whom"),
        ({"region": "eu-central-1", "access_key_env": "K"}, "as whom"),
        ({"anonymous": "yes"}, "names no region"),
        ({"anonymous": "yes", "region": "x", "secret_key_env": "S"}, "anonymous and has credentials"),
        ({"anonymous": "perhaps", "region": "x"}, "`anonymous`"),
        ({"anonymous": "yes", "endpoint": "minio:9000"}, "no address"),
        ({"anonymous": "yes", "endpoint": "https://key:secret@minio:9000"}, "no address"),
        ({"anonymous": "yes", "region": "x", "secret_key": "S"}, "unknown option"),
    ],
)
def test_options_of_a_bucket_are_exact(options: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsInvalid, match=told) as caught:
        connect(Source(name="lake", connector="files", options={"path": "s3://lake/x", **options}))
    assert "secret@" not in f"{caught.value.detail}{caught.value.hint}"


def test_options_of_a_bucket_are_refused_for_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="is for buckets"):
        connect(Source(name="lake", connector="files", options={"path": str(tmp_path), "region": "x"}))


@pytest.mark.parametrize("endpoint", ["http://Minio.Example", "HTTP://minio.example:80", "http://minio.example:80/"])
def test_a_bucket_is_the_same_however_its_address_is_spelt(endpoint: str) -> None:
    options = {"path": "s3://lake/a", "anonymous": "yes", "region": "x"}
    found = [
        connect(Source(name="lake", connector="files", options=options | {"endpoint": address}))
        for address in (endpoint, "http://minio.example", "https://minio.example")
    ]
    names = [each.identity() for each in found if isinstance(each, KnowsItsDatabase)]
    assert names[0] == names[1] != names[2]
