"""The clinic as CSV, Excel, Avro and as Parquet in a bucket: the analyst sees the same rows and the same tokens."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import fastavro
import openpyxl
import pandas as pd
import pytest

import veil
from tests.s3_server import S3Server, s3_server
from tests.serving import Home, serve
from veil.cli import clinic

QUESTION = "select * from medical_charges.medical_costs order by id"
SOURCES = "veil: 1\nsources:\n  clinic: {{connector: files, {options}}}\n"


@pytest.fixture(scope="module")
def bucket() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(scope="module")
def as_csv(clinic_home: Home, clinic_url: str) -> pd.DataFrame:
    with veil.connect(clinic_url, token=clinic_home.token("demo_user2")) as connection:
        return connection.query(QUESTION).to_pandas()


@pytest.mark.parametrize("form", ["parquet in a bucket", "xlsx", "avro"])
def test_analyst_sees_the_same_tokens(
    form: str, clinic_home: Home, as_csv: pd.DataFrame, bucket: S3Server, tmp_path: Path
) -> None:
    home = Home(path=tmp_path / "home", environment={**clinic_home.environment, **bucket.environment()})
    home.path.mkdir(mode=0o700)
    shutil.copy(clinic_home.path / "key.json", home.path / "key.json")
    clinic.write(tmp_path / "documents")
    data = tmp_path / "documents" / "data" / clinic.DATA_FILE
    options = "path: ./data"
    if form == "xlsx":
        to_excel(data)
    elif form == "avro":
        to_avro(data)
    else:
        bucket.put("clinic/medical_costs.parquet", to_parquet(data))
        named = bucket.options("clinic")
        options = ", ".join(f"{option}: '{value}'" for option, value in named.items())
    data.unlink()
    (tmp_path / "documents" / "4_sources.yaml").write_text(SOURCES.format(options=options))
    home.veil("init")
    home.veil("apply", tmp_path / "documents")
    home.veil("crawl", "clinic", "--into", "medical_charges")
    with serve(home) as server, veil.connect(server.url, token=home.token("demo_user2")) as connection:
        seen = connection.query(QUESTION).to_pandas()
    pd.testing.assert_frame_equal(seen, as_csv, check_dtype=form != "xlsx")
    if form == "parquet in a bucket":
        assert bucket.secret_key not in home.veil("export") + home.veil("audit", "search", "-f", "json")


def to_parquet(data: Path) -> bytes:
    target = data.with_suffix(".parquet")
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM '{data}') TO '{target}'")
    written = target.read_bytes()
    target.unlink()
    return written


def to_excel(data: Path) -> None:
    frame = pd.read_csv(data, true_values=["yes"], false_values=["no"])
    book = openpyxl.Workbook()
    [sheet] = book.worksheets
    sheet.append(list(frame.columns))
    for row in frame.itertuples(index=False):
        sheet.append(list(row))
    book.save(data.with_suffix(".xlsx"))


def to_avro(data: Path) -> None:
    frame = pd.read_csv(data, true_values=["yes"], false_values=["no"])
    kinds = {"i": "long", "f": "double", "b": "boolean"}
    fields = [{"name": name, "type": kinds.get(frame[name].dtype.kind, "string")} for name in frame.columns]
    with data.with_suffix(".avro").open("wb") as target:
        fastavro.writer(target, {"type": "record", "name": "patient", "fields": fields}, frame.to_dict("records"))
