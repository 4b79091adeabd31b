"""Many files as one dataset: folders named `key=value`, columns that were added over time, types that widened."""

from pathlib import Path

import duckdb
import pytest

from catalog.errors import SourceUnavailable
from catalog.registry import connect
from tests.catalog.sources.lakes import expected, lake, relations, rows, types, write
from tests.contracts.connectors import read


def parquet(path: Path, sql: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({sql}) TO '{str(path).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)")


def test_keys_of_nested_folders_are_columns_with_types(tmp_path: Path) -> None:
    write(tmp_path / "v/day=2024-01-31/ward=07/n=1/x.csv", "a\n1\n")
    write(tmp_path / "v/day=2024-02-01/ward=08/n=20/y.csv", "a\n2\n")
    source = lake(tmp_path)
    assert relations(source) == ["v"]
    assert types(source, "v") == {"a": "BIGINT", "day": "DATE", "ward": "VARCHAR", "n": "BIGINT"}
    assert [str(row["day"]) for row in rows(source, "v")] == ["2024-01-31", "2024-02-01"]


def test_values_of_keys_with_special_characters(tmp_path: Path) -> None:
    for place, value in enumerate(["a%20b", "__HIVE_DEFAULT_PARTITION__", 'o\'h "q"', "ü[1]*", "%3D%3F"]):
        write(tmp_path / f"v/town={value}/x.csv", f"n\n{place}\n")
    found = {row["n"]: row["town"] for row in rows(lake(tmp_path), "v")}
    assert found == {0: "a b", 1: None, 2: 'o\'h "q"', 3: "ü[1]*", 4: "=?"}


@pytest.mark.parametrize("folders", [("k=a=b", "k=c"), ("k=a?", "k=c"), ("k=1", "other=1"), ("k=1/K=2", "k=1/K=3")])
def test_folders_that_do_not_agree_on_their_keys_are_refused(tmp_path: Path, folders: tuple[str, str]) -> None:
    for folder in folders:
        write(tmp_path / f"v/{folder}/x.csv", "n\n1\n")
    with pytest.raises(SourceUnavailable, match=r"a folder of|the folders of"):
        connect(lake(tmp_path)).describe("v")


def test_folder_above_the_source_is_no_column(tmp_path: Path) -> None:
    write(tmp_path / "tenant=7/v/year=2024/x.csv", "n\n1\n")
    source = lake(tmp_path / "tenant=7")
    assert rows(source, "v") == [{"n": 1, "year": 2024}]


def test_copies_keep_the_keys_of_their_folders(tmp_path: Path) -> None:
    write(tmp_path / "v/year=2023/x.csv", "name\nZoë\n".encode("utf-16"))
    write(tmp_path / "v/year=2024/x.csv", "name\nAnn\n")
    found = sorted(rows(lake(tmp_path), "v"), key=str)
    assert found == [{"name": "Ann", "year": 2024}, {"name": "Zoë", "year": 2023}]


def test_value_of_a_key_that_no_longer_fits_is_refused(tmp_path: Path) -> None:
    parquet(tmp_path / "v/year=2023/x.parquet", "SELECT 1 AS a")
    parquet(tmp_path / "v/year=2024/x.parquet", "SELECT 1 AS a")
    source = lake(tmp_path)
    wanted = expected(source, "v")
    parquet(tmp_path / "v/year=unknown/x.parquet", "SELECT 1 AS a")
    with pytest.raises(SourceUnavailable, match="changed since it was last crawled"):
        read(source, wanted)


def test_columns_are_added_over_time(tmp_path: Path) -> None:
    parquet(tmp_path / "v/2023.parquet", "SELECT 1::INTEGER AS id, DATE '2023-01-01' AS at")
    parquet(tmp_path / "v/2024.parquet", "SELECT TIMESTAMP '2024-01-01 10:00:00' AS at, 2::BIGINT AS id, 'x' AS ward")
    write(tmp_path / "w/2023.csv", "id\n1\n")
    write(tmp_path / "w/2024.csv", "ward,id\nx,2.5\n")
    source = lake(tmp_path)
    assert relations(source) == ["v", "w"]
    assert types(source, "v") == {"id": "BIGINT", "at": "TIMESTAMP", "ward": "VARCHAR"}
    assert [row["ward"] for row in rows(source, "v")] == [None, "x"]
    assert rows(source, "w") == [{"id": 1.0, "ward": None}, {"id": 2.5, "ward": "x"}]


def test_column_that_comes_after_the_crawl_stays_unseen(tmp_path: Path) -> None:
    parquet(tmp_path / "v/2023.parquet", "SELECT 1 AS id")
    parquet(tmp_path / "v/2024.parquet", "SELECT 2 AS id")
    source = lake(tmp_path)
    wanted = expected(source, "v")
    parquet(tmp_path / "v/2025.parquet", "SELECT 3 AS id, 'secret' AS ward")
    assert read(source, wanted) == [{"id": 1}, {"id": 2}, {"id": 3}]


@pytest.mark.parametrize(
    ("later", "told"),
    [
        ("SELECT 2 AS id", r"`2024\.parquet` has no column `ward`"),
        ("SELECT 'two' AS id, 'y' AS ward", "types of column `id` in"),
        ("SELECT DATE '2024-01-01' AS id, 'y' AS ward", "types of column `id` in"),
    ],
)
def test_parquet_files_that_do_not_agree_are_refused(tmp_path: Path, later: str, told: str) -> None:
    parquet(tmp_path / "v/2023.parquet", "SELECT 1 AS id, 'x' AS ward")
    parquet(tmp_path / "v/2024.parquet", "SELECT 2 AS id, 'x' AS ward")
    source = lake(tmp_path)
    wanted = expected(source, "v")
    parquet(tmp_path / "v/2024.parquet", later)
    with pytest.raises(SourceUnavailable, match=told):
        read(source, wanted)
    with pytest.raises(SourceUnavailable, match=told):
        connect(source).describe("v")


def test_files_that_lose_a_column_are_relations_of_their_own(tmp_path: Path) -> None:
    parquet(tmp_path / "v/2023.parquet", "SELECT 1 AS id, 'x' AS ward")
    parquet(tmp_path / "v/2024.parquet", "SELECT 2 AS id")
    assert relations(lake(tmp_path)) == ["v/2023.parquet", "v/2024.parquet"]
