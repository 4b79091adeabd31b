"""The tutorial's patients: the same on every machine, plausible, and worth a regression."""

import csv
import hashlib
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, PolynomialFeatures

from veil.cli import clinic

SHA256 = "0ae995fec0c7b3ba28179810429f8dc70b230200f5df802d5eefdad5822dc493"
SPLITS = range(12)


@pytest.fixture(scope="module")
def everybody() -> pd.DataFrame:
    return pd.read_csv(io.StringIO(clinic.csv_text()))


@pytest.fixture(scope="module")
def model_input(everybody: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """What the notebook feeds to the model: the analyst's rows, words as numbers, no identities."""
    seen = everybody[everybody["opted_out"] != 1].drop(columns=["opted_out", "id", "mrn", "name", "phone"])
    for words in ("sex", "smoker", "region"):
        seen[words] = LabelEncoder().fit_transform(seen[words])
    return seen.drop(columns="charges").astype(float), seen["charges"]


def test_the_file_is_the_same_to_the_byte_everywhere() -> None:
    assert hashlib.sha256(clinic.csv_text().encode()).hexdigest() == SHA256


def test_the_clinic_has_1338_patients_of_which_a_plausible_share_opted_out(everybody: pd.DataFrame) -> None:
    assert len(everybody) == clinic.PATIENT_COUNT == 1338
    assert list(everybody.columns) == ("id name mrn phone age sex bmi children smoker region charges opted_out".split())
    assert 0.15 < everybody["opted_out"].mean() < 0.30
    assert 0.15 < (everybody["smoker"] == "yes").mean() < 0.25
    assert everybody["age"].between(18, 64).all()
    assert everybody["charges"].between(1_000, 70_000).all()


def test_identities_have_real_shapes_and_belong_to_nobody(everybody: pd.DataFrame) -> None:
    assert everybody["name"].map(lambda name: re.fullmatch(r"[A-Z][a-z]+ [A-Z][A-Za-z']+", name)).notna().all()
    assert everybody["mrn"].map(lambda mrn: re.fullmatch(r"MRN-\d{7}", mrn)).notna().all()
    assert everybody["phone"].map(lambda phone: re.fullmatch(r"\(\d{3}\) 555-01\d\d", phone)).notna().all()
    for identity in ("id", "mrn", "phone"):
        assert everybody[identity].is_unique


def test_smoking_age_and_bmi_matter_most(everybody: pd.DataFrame) -> None:
    smokes = (everybody["smoker"] == "yes").astype(float)
    weight = {column: abs(everybody[column].corr(everybody["charges"])) for column in ("age", "bmi", "children")}
    assert abs(smokes.corr(everybody["charges"])) > 0.6 > weight["age"] > weight["bmi"] > weight["children"]


def test_a_straight_line_explains_about_three_quarters(model_input: tuple[pd.DataFrame, pd.Series]) -> None:
    scores = [_score(*model_input, degree=1, seed=seed) for seed in SPLITS]
    assert 0.72 < float(np.mean(scores)) < 0.79
    assert min(scores) > 0.68
    assert max(scores) < 0.82


def test_squares_and_products_explain_more(model_input: tuple[pd.DataFrame, pd.Series]) -> None:
    assert min(_score(*model_input, degree=2, seed=seed) for seed in SPLITS) > 0.82


def test_documents_come_in_the_order_in_which_people_write_them(tmp_path: Path) -> None:
    written = clinic.write(tmp_path)
    assert [path.name for path in written] == ["1_tags.yaml", "2_people.yaml", "3_policies.yaml", "4_sources.yaml"]
    with (tmp_path / "data" / clinic.DATA_FILE).open(newline="") as data:
        assert len(list(csv.DictReader(data))) == clinic.PATIENT_COUNT


def _score(features: pd.DataFrame, charges: pd.Series, *, degree: int, seed: int) -> float:
    learn, check, learn_charges, check_charges = train_test_split(features, charges, test_size=0.3, random_state=seed)
    terms = PolynomialFeatures(degree=degree)
    model = LinearRegression().fit(terms.fit_transform(learn), learn_charges)
    return float(model.score(terms.transform(check), check_charges))
