"""The detectors do well on tables that they were not made with: people of many countries, hospitals, banks, logs."""

import pytest

from benchmarks.ground.held_out.tables import described, score


@pytest.mark.slow
@pytest.mark.parametrize("group", ["people", "domains"])
def test_data_of_people_is_found(group: str) -> None:
    counted = score(frozenset({group}))
    assert counted.micro >= 0.97, counted.differences
    assert counted.macro >= 0.95, counted.differences
    assert counted.clean_share <= 0.02, counted.differences


@pytest.mark.slow
def test_what_only_looks_alike_is_left_alone() -> None:
    counted = score(frozenset({"others"}))
    assert counted.clean > 250
    assert counted.clean_share <= 0.01, counted.differences


def test_tables_are_the_same_at_each_run() -> None:
    table = next(described())
    assert table.made().equals(table.made())
