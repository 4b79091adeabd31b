"""The connector `files`: every kind of file, read by name, in the types it was crawled with, and nothing else."""

import gzip
import os
from pathlib import Path

import duckdb
import pytest

from catalog.database import Catalog
from catalog.errors import SettingsInvalid, SourceUnavailable
from catalog.home import Home
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import Expected, KnowsPassedOver
from catalog.sources.sessions import SessionCache
from tests.contracts.connectors import PEOPLE_SQL, ConnectorContract, read

KINDS = {
    "people.csv": "(FORMAT csv)",
    "people.csv.gz": "(FORMAT csv, COMPRESSION gzip)",
    "people.csv.zst": "(FORMAT csv, COMPRESSION zstd)",
    "people.tsv": "(FORMAT csv, DELIMITER '\t')",
    "people.json": "(FORMAT json, ARRAY true)",
    "people.json.gz": "(FORMAT json, ARRAY true, COMPRESSION gzip)",
    "people.ndjson": "(FORMAT json)",
    "people.jsonl.zst": "(FORMAT json, COMPRESSION zstd)",
    "people.parquet": "(FORMAT parquet)",
    "odd [1]*?'s name.csv": "(FORMAT csv)",
}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def lake(path: Path, **options: str) -> Source:
    return Source(name="lake", connector="files", options={"path": str(path), **options})


def people(path: Path, kind: str) -> Source:
    target = str(path / kind).replace("'", "''")
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({PEOPLE_SQL}) TO '{target}' {KINDS[kind]}")
    return lake(path)


def expected(source: Source, relation: str) -> Expected:
    fields = connect(source).describe(relation)
    return Expected(relation=relation, columns=tuple((field.name, field.type) for field in fields))


@pytest.mark.parametrize("kind", ["people.csv", "people.ndjson", "people.parquet", "odd [1]*?'s name.csv"])
class TestFilesConnector(ConnectorContract):
    @pytest.fixture
    def relation(self, kind: str) -> str:
        return kind

    @pytest.fixture
    def source(self, tmp_path: Path, kind: str) -> Source:
        return people(tmp_path, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_is_read(tmp_path: Path, kind: str) -> None:
    source = people(tmp_path, kind)
    assert [row["name"] for row in read(source, expected(source, kind))] == ["Ann", "Bob", None]


def test_parquet_keeps_decimals_timestamps_structs_and_lists(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 1.50::DECIMAL(12,2) AS d, TIMESTAMP '2024-01-02 03:04:05' AS t, "
            f"{{'zip': '01234', 'at': [1, 2]}} AS place, [{{'k': 'v'}}] AS tags) TO '{tmp_path}/rich.parquet'"
        )
    source = lake(tmp_path)
    fields = connect(source).describe("rich.parquet")
    assert [field.type for field in fields] == [
        "DECIMAL(12,2)",
        "TIMESTAMP",
        'STRUCT("zip" VARCHAR, "at" INTEGER[])',
        'STRUCT("k" VARCHAR)[]',
    ]
    assert [[inner.name for inner in field.fields] for field in fields] == [[], [], ["zip", "at"], ["k"]]
    (row,) = read(source, expected(source, "rich.parquet"))
    assert row["place"] == {"zip": "01234", "at": [1, 2]}
    assert row["tags"] == [{"k": "v"}]


def test_literal_name_is_never_read_as_a_pattern(tmp_path: Path) -> None:
    write(tmp_path / "q[1].csv", "a\n1\n")
    write(tmp_path / "q1.csv", "a\n2\n")
    source = lake(tmp_path)
    assert read(source, expected(source, "q[1].csv")) == [{"a": 1}]


def test_glob_is_one_relation(tmp_path: Path) -> None:
    write(tmp_path / "a1.csv", "a,b\n1,x\n")
    write(tmp_path / "a2.csv", "b,a\ny,2\n")
    write(tmp_path / "deep/a3.csv", "a,b\n3,z\n")
    source = lake(tmp_path)
    assert read(source, expected(source, "a*.csv")) == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
    assert len(read(source, expected(source, "**/a*.csv"))) == 3


def test_folder_of_a_series_is_one_relation_and_others_are_not(tmp_path: Path) -> None:
    write(tmp_path / "months/2024-01.csv", "a\n1\n")
    write(tmp_path / "months/2024-02.csv", "a\n2\n")
    write(tmp_path / "tables/table1.csv", "a\n1\n")
    write(tmp_path / "tables/table2.csv", "b\n2\n")
    write(tmp_path / "year/year=2023/x.csv", "a\n3\n")
    write(tmp_path / "year/year=2024/x.csv", "a\n4\n")
    write(tmp_path / "top1.csv", "a\n1\n")
    write(tmp_path / ".hidden.csv", "a\n1\n")
    write(tmp_path / "notes.txt", "none")
    source = lake(tmp_path)
    assert {each.name: each.suggested_name for each in connect(source).relations()} == {
        "months": "months",
        "tables/table1.csv": "table1",
        "tables/table2.csv": "table2",
        "top1.csv": "top1",
        "year": "year",
    }
    assert read(source, expected(source, "months")) == [{"a": 1}, {"a": 2}]
    assert read(source, expected(source, "year")) == [{"a": 3, "year": 2023}, {"a": 4, "year": 2024}]


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path / "north/x.csv", "a\n1\n")
    write(tmp_path / "south/x.csv", "a\n1\n")
    assert [each.suggested_name for each in connect(lake(tmp_path)).relations()] == ["north_x_csv", "south_x_csv"]


def test_source_can_be_one_file_or_a_glob(tmp_path: Path) -> None:
    write(tmp_path / "in/a1.csv", "a\n1\n")
    write(tmp_path / "in/b1.csv", "a\n2\n")
    one, some = lake(tmp_path / "in/a1.csv"), lake(tmp_path / "in/a*.csv")
    for source in (one, some):
        assert [each.name for each in connect(source).relations()] == ["a1.csv"]
        assert read(source, expected(source, "a1.csv")) == [{"a": 1}]
        with pytest.raises(SourceUnavailable, match="not in the source"):
            connect(source).describe("b1.csv")


@pytest.mark.parametrize(
    "relation", ["../secret.csv", "/etc/passwd", "sub/../../secret.csv", "out.csv", "linked/secret.csv"]
)
def test_nothing_outside_the_folder_is_followed(tmp_path: Path, relation: str) -> None:
    write(tmp_path / "secret.csv", "a\n1\n")
    write(tmp_path / "lake/sub/in.csv", "a\n1\n")
    os.symlink(tmp_path / "secret.csv", tmp_path / "lake/out.csv")
    os.symlink(tmp_path, tmp_path / "lake/linked")
    connector = connect(lake(tmp_path / "lake"))
    assert [each.name for each in connector.relations()] == ["sub/in.csv"]
    with pytest.raises(SourceUnavailable):
        connector.describe(relation)


def test_files_of_a_server_are_no_data(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "home")
    Catalog(home.catalog_file).close()
    write(home.documents / "visits.csv", "a\n1\n")
    (tmp_path / "link.json").symlink_to(home.key_file)
    for folder, relation in ((home.path, "key.json"), (home.path, "*.json"), (tmp_path, "home/key.json")):
        with pytest.raises(SourceUnavailable):
            connect(lake(folder)).describe(relation)
    with pytest.raises(SourceUnavailable):
        connect(lake(tmp_path)).describe("link.json")
    with pytest.raises(SourceUnavailable):
        connect(lake(home.key_file)).describe("key.json")
    whole = connect(lake(tmp_path))
    assert [relation.name for relation in whole.relations()] == ["home/documents/visits.csv"]
    assert isinstance(whole, KnowsPassedOver)
    assert [each.name for each in whole.passed_over()] == ["link.json", "home"]


def test_names_that_are_no_text_are_told_as_well_as_they_can_be(tmp_path: Path) -> None:
    """Linux takes any bytes for a name; half a character, as which one is told that is no text, nobody can store."""
    write(tmp_path / "in.csv", "a\n1\n")
    for name in (b"b\xff.csv", b"c\xff.txt", b"d\xff", b"e\x1b[2J", b"f\ng"):
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        write(path if path.suffix else path / "out.csv", "a\n1\n")
    connector = connect(lake(tmp_path))
    assert [each.name for each in connector.relations()] == ["in.csv"]
    assert isinstance(connector, KnowsPassedOver)
    passed = sorted((each.name, each.reason) for each in connector.passed_over())
    assert [name for name, _ in passed] == ["b\ufffd.csv", "c\ufffd.txt", "d\ufffd", "e\ufffd[2J", "f\ufffdg"]
    assert all("a character that cannot be shown" in reason for _, reason in passed)


def test_folders_within_each_other_have_an_end(tmp_path: Path) -> None:
    """They are looked through again for each one above, and there can be two thousand of them."""
    deepest = tmp_path.joinpath(*["d"] * 64)
    write(deepest / "in.csv", "a\n1\n")
    write(deepest / "e/out.csv", "a\n1\n")
    connector = connect(lake(tmp_path))
    assert [each.name for each in connector.relations()] == [(deepest / "in.csv").relative_to(tmp_path).as_posix()]
    assert isinstance(connector, KnowsPassedOver)
    [passed] = connector.passed_over()
    assert (passed.name.count("d"), passed.name[-2:]) == (64, "/e")
    assert "more than 64 folders" in passed.reason


@pytest.mark.parametrize("folder", ["archives", "copies/0f3a/year=2026", "tmp", "documents/../archives"])
def test_what_a_server_writes_for_itself_is_no_data(tmp_path: Path, folder: str) -> None:
    """Events that were archived, say: whoever administers sources need not be allowed to read the journal."""
    home = Home.create(tmp_path / "home")
    Catalog(home.catalog_file).close()
    (home.path / folder).mkdir(parents=True, exist_ok=True)
    write(home.path / folder / "part.csv", "a\n1\n")
    (tmp_path / "link.csv").symlink_to(home.path / folder / "part.csv")
    for root in (tmp_path, home.path, home.path / folder, home.path / folder / "part.csv"):
        connector = connect(lake(root))
        assert list(connector.relations()) == []
        assert isinstance(connector, KnowsPassedOver)
        assert "part.csv" not in " ".join(each.name for each in connector.passed_over())
    for relation in (f"home/{folder}/part.csv", "link.csv"):
        with pytest.raises(SourceUnavailable):
            connect(lake(tmp_path)).describe(relation)


def test_type_is_kept_when_a_later_sniff_would_find_another(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", "id,zip\n1,01234\n")
    source = lake(tmp_path)
    wanted = expected(source, "x.csv")
    assert wanted.columns == (("id", "BIGINT"), ("zip", "VARCHAR"))
    write(tmp_path / "x.csv", "id,zip\n1,1234\n2,99999\n")
    assert read(source, wanted) == [{"id": 1, "zip": "1234"}, {"id": 2, "zip": "99999"}]


def test_moved_column_is_found_by_name_and_a_new_one_stays_unseen(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", "mrn,age\n7,41\n")
    source = lake(tmp_path)
    wanted = expected(source, "x.csv")
    write(tmp_path / "x.csv", "new,age,mrn\n1,41,7\n")
    assert read(source, wanted) == [{"mrn": 7, "age": 41}]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("x.csv", "mrn,age\n7,41\n", "age\n41\n"),
        ("x.csv", "mrn,age\n7,41\n", "7,41\n8,42\n"),
    ],
)
def test_gone_column_is_refused(tmp_path: Path, name: str, before: str, after: str) -> None:
    write(tmp_path / name, before)
    source = lake(tmp_path)
    wanted = expected(source, name)
    write(tmp_path / name, after)
    with pytest.raises(SourceUnavailable, match="has changed since it was last crawled"):
        read(source, wanted)


def test_gone_key_is_null_and_known_to_be_gone(tmp_path: Path) -> None:
    write(tmp_path / "x.ndjson", '{"mrn": 7}\n')
    source = lake(tmp_path)
    wanted = expected(source, "x.ndjson")
    write(tmp_path / "x.ndjson", '{"age": 7}\n')
    assert read(source, wanted) == [{"mrn": None}]
    session = SessionCache(connect).open([(source, wanted)])
    assert session.gone(source.name, "x.ndjson") == {("mrn",)}


def test_value_that_no_longer_fits_its_type_is_refused_without_being_told(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", "age\n41\n")
    source = lake(tmp_path)
    wanted = expected(source, "x.csv")
    write(tmp_path / "x.csv", "age\nsecret\n")
    with pytest.raises(SourceUnavailable) as caught:
        read(source, wanted)
    assert "secret" not in f"{caught.value.detail}{caught.value.hint}{caught.value.__cause__}"


def test_file_of_a_series_that_lacks_a_column_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "s/p1.csv", "a,b\n1,2\n")
    write(tmp_path / "s/p2.csv", "a,b\n1,2\n")
    source = lake(tmp_path)
    wanted = expected(source, "s")
    write(tmp_path / "s/p2.csv", "a\n1\n")
    with pytest.raises(SourceUnavailable, match=r"`p2\.csv` has no column `b`, and files before it do"):
        read(source, wanted)


def test_day_first_dates_are_read_as_they_were_described(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", "d\n" + "01/02/2020\n" * 30_000 + "31/12/2020\n")
    source = lake(tmp_path, dates="dd/mm/yyyy")
    wanted = expected(source, "x.csv")
    assert wanted.columns == (("d", "DATE"),)
    rows = read(source, wanted)
    assert [str(rows[0]["d"]), str(rows[-1]["d"])] == ["2020-02-01", "2020-12-31"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.parquet", b"no parquet at all"),
        ("x.csv.gz", b"no gzip at all"),
        ("x.csv", b""),
        ("x.csv", "a,b\n1,é\n".encode("latin-1")),
        ("x.json", b"{broken"),
        ("x.txt", b"a\n1\n"),
        ("x.csv.gz", gzip.compress(b"a,b\n1,2\n" * 1000, mtime=0)[:40]),
    ],
    ids=["parquet", "gzip", "empty", "latin", "json", "text", "cut"],
)
def test_unreadable_file_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceUnavailable, match=name.replace(".", r"\.")):
        connect(lake(tmp_path)).describe(name)


def test_file_that_went_away_is_unavailable(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", "a\n1\n")
    source = lake(tmp_path)
    cache, wanted = SessionCache(connect), expected(source, "x.csv")
    read(source, wanted, cache)
    (tmp_path / "x.csv").unlink()
    with pytest.raises(SourceUnavailable, match=r"x\.csv"):
        read(source, wanted, cache)


def test_sample_of_a_large_file_is_bounded(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT range AS id, md5(range::VARCHAR) AS t FROM range(3000000)) TO '{tmp_path}/big.parquet'"
        )
    assert connect(lake(tmp_path)).sample("big.parquet", 1000).num_rows == 1000


def test_missing_folder_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="nowhere"):
        list(connect(lake(tmp_path / "nowhere")).relations())


def test_network_paths_are_refused() -> None:
    source = Source(name="lake", connector="files", options={"path": "s3://bucket/prefix"})
    with pytest.raises(SettingsInvalid, match="lake"):
        connect(source)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("visits.psv", "name it `.csv`"),
        ("visits.TXT", "name it `.csv`"),
        ("costs.ods", "save it as `.xlsx`"),
        ("all.zip", "unpack it"),
        ("visits.parquet.gz", "unpack it"),
        ("clinic.sqlite", "by `sqlite` or `duckdb`"),
        ("image.png", "what is read: CSV"),
        ("README", "what is read: CSV"),
        ("a\\b.csv", "a plain name"),
    ],
)
def test_file_that_is_none_of_data_says_what_would_make_it_one(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / name).write_text("x")
    connector = connect(lake(tmp_path))
    assert isinstance(connector, KnowsPassedOver)
    [passed] = connector.passed_over()
    assert (passed.name, words in passed.hint) == (name, True)
    assert list(connector.relations()) == []


def test_where_a_path_names_files_no_others_are_told_of(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "a.csv").write_text("id\n1\n")
    for path in ("a.csv", "*.csv"):
        connector = connect(Source(name="lake", connector="files", options={"path": str(tmp_path / path)}))
        assert isinstance(connector, KnowsPassedOver)
        assert list(connector.passed_over()) == []
