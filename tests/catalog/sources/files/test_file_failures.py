"""What can go wrong with files while they are listed, crawled and read: each is told, none is read in part."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from catalog.errors import SourceUnavailable, VeilError
from catalog.registry import connect
from catalog.sources.connector import Limits
from catalog.sources.sessions import SessionCache
from crawler.crawl import crawl_folder
from tests.catalog.sources.lakes import expected, lake, relations, rows, write
from tests.contracts.connectors import read

CRAWL = """
import sys
from crawler.crawl import crawl_folder
report = crawl_folder(sys.argv[1])
print([each.name for each in report.crawled], [failure.relation for failure in report.failed])
"""


def crawled(folder: Path) -> str:
    """What a crawl finds and what it cannot read, without root's right to read everything."""
    powers = "-dac_override,-dac_read_search"
    without = ["setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}"] if os.geteuid() == 0 else []
    command = [*without, sys.executable, "-c", CRAWL, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return done.stdout.strip() or done.stderr


def test_files_without_the_right_to_read_are_told_and_the_others_go_on(tmp_path: Path) -> None:
    write(tmp_path / "open.csv", "a\n1\n")
    closed = ["closed.avro", "closed.csv", "closed.csv.gz", "closed.json", "closed.parquet", "closed.xlsx"]
    for name in closed:
        write(tmp_path / name, "a\n1\n")
        (tmp_path / name).chmod(0)
    assert crawled(tmp_path) == f"['open'] {closed}"


def test_folder_without_the_right_to_enter_is_told(tmp_path: Path) -> None:
    write(tmp_path / "lake/x.csv", "a\n1\n")
    (tmp_path / "lake").chmod(0)
    told = crawled(tmp_path).splitlines()[-1]
    assert told.startswith("catalog.errors.SourceUnavailable: the folder `lake` cannot be read")


def test_damaged_footer_is_told_by_the_name_of_its_file(tmp_path: Path) -> None:
    for number in range(3):
        with duckdb.connect() as connection:
            connection.execute(f"COPY (SELECT 1 AS a) TO '{tmp_path}/part-{number}.parquet'")
    whole = (tmp_path / "part-1.parquet").read_bytes()
    for damaged in (whole[:-4] + b"PARX", whole[:-8], whole[:8] + b"\xff" * 40 + whole[48:-8] + b"\xff" * 4 + b"PAR1"):
        write(tmp_path / "part-1.parquet", damaged)
        with pytest.raises(SourceUnavailable, match=r"`part-1\.parquet` cannot be read"):
            connect(lake(tmp_path.parent)).describe(tmp_path.name)


def test_damaged_pages_end_a_query_in_an_error(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT range AS a, md5(range::VARCHAR) AS b FROM range(100000)) TO '{tmp_path}/x.parquet'"
        )
    source = lake(tmp_path)
    wanted = expected(source, "x.parquet")
    whole = (tmp_path / "x.parquet").read_bytes()
    write(tmp_path / "x.parquet", whole[:2000] + bytes(50_000) + whole[52_000:])
    with pytest.raises(VeilError):
        read(source, wanted)


def test_file_that_goes_between_the_session_and_its_run_is_unavailable(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", "a\n1\n")
    source = lake(tmp_path)
    session = SessionCache(connect).open([(source, expected(source, "x.csv"))])
    (tmp_path / "x.csv").unlink()
    with pytest.raises(VeilError):
        list(session.run(f"FROM {session.physical_name('lake', 'x.csv')}", {}, Limits()))


def test_file_that_goes_while_it_is_crawled_is_told(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "a\n1\n")
    write(tmp_path / "b.csv", "a\n1\n")
    report = crawl_folder(
        str(tmp_path), on_progress=lambda at: (tmp_path / "b.csv").unlink(missing_ok=True) if at.done else None
    )
    assert [each.name for each in report.crawled] == ["a"]
    assert [failure.relation for failure in report.failed] == ["b.csv"]


def test_file_that_changes_its_shape_between_crawl_and_query_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", "a,b\n1,2\n")
    source, cache = lake(tmp_path), SessionCache(connect)
    wanted = expected(source, "x.csv")
    assert read(source, wanted, cache) == [{"a": 1, "b": 2}]
    write(tmp_path / "x.csv", "a;b\n1;2\n")
    assert read(source, wanted, cache) == [{"a": 1, "b": 2}]
    write(tmp_path / "x.csv", "a;c\n1;2\n")
    with pytest.raises(SourceUnavailable, match="no column `b` any more"):
        read(source, wanted, cache)


def test_loops_of_links_and_links_that_lead_out_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "lake/x.csv", "a\n1\n")
    write(tmp_path / "out.csv", "a\nsecret\n")
    os.symlink(tmp_path / "lake", tmp_path / "lake/again")
    os.symlink("b.csv", tmp_path / "lake/a.csv")
    os.symlink("a.csv", tmp_path / "lake/b.csv")
    os.symlink("nowhere.csv", tmp_path / "lake/c.csv")
    os.symlink(tmp_path / "out.csv", tmp_path / "lake/d.csv")
    os.symlink("x.csv", tmp_path / "lake/e.csv")
    source = lake(tmp_path / "lake")
    assert relations(source) == ["e.csv", "x.csv"]
    for name in ("a.csv", "c.csv", "d.csv", "*.csv/d.csv"):
        with pytest.raises(SourceUnavailable):
            connect(source).describe(name)
    assert rows(source, "e.csv") == [{"a": 1}]


@pytest.mark.parametrize(
    "name",
    ["o'hara.csv", 'say "hi".csv', "a;b,c.csv", "%41.csv", "ü😀.csv", "-rf.csv", "a=b.csv", "$x {y}.csv", "#1.csv"],
)
def test_names_with_odd_characters(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, "a\n1\n")
    write(tmp_path / f"deep {name}" / name, "a\n2\n".encode("utf-16"))
    source = lake(tmp_path)
    assert sorted(relations(source)) == sorted([name, f"deep {name}/{name}"])
    assert rows(source, name) == [{"a": 1}]
    assert rows(source, f"deep {name}/{name}") == [{"a": 2}]


def test_ten_thousand_files_are_listed_and_some_of_them_read(tmp_path: Path) -> None:
    (tmp_path / "flat").mkdir()
    for number in range(10_000):
        (tmp_path / "flat" / f"{number:05}.csv").write_bytes(b"a,b\n%d,x\n" % number)
    write(tmp_path / "flat" / "odd one out.csv", "z\n1\n")
    assert len(relations(lake(tmp_path))) == 10_001
    assert rows(lake(tmp_path), "flat/00017.csv") == [{"a": 17, "b": "x"}]
