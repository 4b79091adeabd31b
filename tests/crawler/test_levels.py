"""Levels follow from tags, and several quasi-identifiers, or health data beside a name, raise a dataset."""

import pytest

from catalog.model import Level, Tag
from crawler.builtin import BUILTIN_TAGS
from crawler.levels import Levels

LEVELS = Levels([*BUILTIN_TAGS, Tag(name="acme.open", level=Level.PUBLIC), Tag(name="qi.shoe_size")])


@pytest.mark.parametrize(
    ("tags", "level"),
    [
        ((), Level.INTERNAL),
        (("acme.open",), Level.PUBLIC),
        (("qi.gender",), Level.INTERNAL),
        (("pii.email_address", "qi.gender"), Level.CONFIDENTIAL),
        (("pii.email_address", "phi.mrn"), Level.RESTRICTED),
        (("acme.unknown",), Level.RESTRICTED),
    ],
)
def test_a_column_is_what_its_highest_tag_is(tags: tuple[str, ...], level: Level) -> None:
    assert LEVELS.column(tags) is level


@pytest.mark.parametrize(
    ("sets", "level", "reason"),
    [
        ((), Level.INTERNAL, ""),
        ({("acme.open",)}, Level.PUBLIC, ""),
        ({("acme.open",), ()}, Level.INTERNAL, ""),
        ({("qi.gender",), ("qi.age",)}, Level.INTERNAL, ""),
        ({("qi.gender",), ("qi.age",), ("pii.postal_code",)}, Level.RESTRICTED, "3 kinds of quasi-identifiers"),
        ({("qi.gender", "qi.age"), ("qi.shoe_size",)}, Level.RESTRICTED, "3 kinds"),
        ({("qi.gender", "qi.age"), ("phi.mrn",), ("qi.city",)}, Level.RESTRICTED, ""),
        ({("pii.email_address",), ()}, Level.CONFIDENTIAL, ""),
    ],
)
def test_a_dataset_is_more_than_its_columns_alone(sets: set[tuple[str, ...]], level: Level, reason: str) -> None:
    rated = LEVELS.dataset(sets)
    assert rated.level is level
    assert rated.reason.startswith(reason) if reason else rated.reason == ""


def test_health_data_beside_a_name_is_restricted_whatever_somebody_made_of_its_tag() -> None:
    lowered = Levels([Tag(name=tag.name, level=Level.INTERNAL) for tag in BUILTIN_TAGS])
    rated = lowered.dataset({("phi.diagnosis",), ("pii.person_name",)})
    assert (rated.level, rated.reason) == (Level.RESTRICTED, "health data stands beside what names a person")
    assert lowered.dataset({("phi.diagnosis",), ("qi.city",)}).level is Level.INTERNAL


def test_a_database_is_what_its_highest_dataset_is() -> None:
    assert LEVELS.database([{("acme.open",)}, {("pii.email_address",)}]) is Level.CONFIDENTIAL
    assert LEVELS.database([]) is Level.INTERNAL
