"""Names found as people write them, and refused where they could mean two things."""

import pytest

from catalog.errors import PolicyInvalid, SettingsInvalid
from catalog.lookup import check_name, split_dataset, tag_name


@pytest.mark.parametrize("text", ["phi.mrn", "PHI:MRN", " Phi . mrn ", "phi:mrn"])
def test_a_tag_has_one_form(text: str) -> None:
    assert tag_name(text) == "phi.mrn"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("clinic.patients", ("clinic", "patients")),
        ("clinic.Lab Results", ("clinic", "Lab Results")),
        ('clinic."Lab Results"', ("clinic", "Lab Results")),
        ('"my clinic"."a.b"', ("my clinic", "a.b")),
        ("clinic.2024.csv", ("clinic", "2024.csv")),
    ],
)
def test_a_dataset_is_named_quoted_or_plain(text: str, parts: tuple[str, str]) -> None:
    assert split_dataset(text) == parts


@pytest.mark.parametrize("text", ["", "patients", ".patients", "clinic.", 'a."b".c', '"a'])
def test_a_text_that_names_no_dataset_is_refused(text: str) -> None:
    with pytest.raises(PolicyInvalid, match="no dataset's name"):
        split_dataset(text)


def test_only_a_dataset_may_hold_a_dot() -> None:
    check_name("a.b", "dataset", may_hold_dot=True)
    with pytest.raises(SettingsInvalid) as caught:
        check_name("a.b", "database")
    assert "dots" in caught.value.hint
