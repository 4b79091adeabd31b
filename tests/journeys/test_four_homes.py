"""The tutorial's clinic, kept as CSV and in three databases, gives the analyst the same rows and the same tokens."""

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path

import pandas as pd
import pytest

import veil
from tests.databases import PASSWORD, Server
from tests.remote_tables import KINDS, Database
from tests.serving import Home, govern_clinic, serve
from veil.cli import clinic

DATASET = "medical_charges.medical_costs"
TYPES = {
    **dict.fromkeys(("id", "age", "children", "opted_out"), "BIGINT"),
    **dict.fromkeys(("bmi", "charges"), "DOUBLE"),
    "smoker": "BOOLEAN",
}


@pytest.fixture(scope="module")
def seen(clinic_url: str, clinic_token: Callable[[str], str]) -> pd.DataFrame:
    """What the analyst sees of the CSV file."""
    with veil.connect(clinic_url, token=clinic_token("demo_user2")) as connection:
        return connection.query(f"select * from {DATASET} order by id").to_pandas()


@pytest.fixture(params=KINDS)
def home(request: pytest.FixtureRequest, tmp_path: Path, clinic_home: Home) -> Home:
    """The same clinic, whose data lies in a database, under the same keys."""
    server: Server | None = None if request.param == "sqlite" else request.getfixturevalue(request.param)
    database = Database(request.param, server, tmp_path)
    names = [column.name for column in fields(clinic.Patient)]
    columns = [(name, TYPES.get(name, "VARCHAR")) for name in names]
    rows = [{**asdict(patient), "smoker": patient.smoker == "yes"} for patient in clinic.patients()]
    database.write("medical_costs", columns, [[row[name] for name in names] for row in rows])
    keys = json.loads((clinic_home.path / "key.json").read_text())
    same_key = {"VEIL_MASTER_KEY": keys["keys"][keys["current"]]["master"]}
    return govern_clinic(tmp_path, source=database.shown, environment=same_key)


def test_the_analyst_sees_the_same(home: Home, seen: pd.DataFrame, clinic_home: Home) -> None:
    with serve(home) as server, veil.connect(server.url, token=home.token("demo_user2")) as connection:
        found = connection.query(f"select * from {DATASET} order by id").to_pandas()
        told = connection.explain(f"select mrn from {DATASET}")
    pd.testing.assert_frame_equal(found.astype({"smoker": bool}), seen)  # in MariaDB a boolean is a number
    assert PASSWORD not in repr(told)
    printed = home.veil("export") + home.veil("doctor", expect=None) + home.veil("audit", "export")
    assert PASSWORD not in printed
    for file in (*home.path.rglob("*"), home.path.parent / "server.log"):
        assert not file.is_file() or PASSWORD.encode() not in file.read_bytes(), file
