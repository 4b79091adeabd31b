"""Each wrong statement of errors.yaml is refused with the right words, at the right place."""

import functools
import tempfile
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from catalog.errors import PolicyInvalid
from policy_engine.ddl.changes import state_after
from policy_engine.ddl.model import Question
from policy_engine.ddl.reading import read_statement
from policy_engine.live import Live, read_live
from tests.policy_engine.homes import apply, shop_home
from tests.policy_engine.shop import SHOP

CASES: list[dict[str, str]] = YAML(typ="safe").load(Path(__file__).with_name("errors.yaml"))


@functools.cache
def shop() -> Live:
    """What is live in the shop."""
    with tempfile.TemporaryDirectory() as folder, shop_home(Path(folder)) as catalog:
        apply(catalog, SHOP, Path(folder))
        return read_live(catalog)


def planned(text: str) -> Live:
    """What the shop would be after a change."""
    statement = read_statement(text)
    assert not isinstance(statement, Question)
    return state_after(statement, shop())


def test_there_are_more_than_twenty_ways_to_be_wrong() -> None:
    assert len({case["title"] for case in CASES}) == len(CASES) > 20


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["title"]))
def test_a_wrong_statement_is_told_what_is_wrong(case: dict[str, str]) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        planned(case["give"])
    error = caught.value
    assert error.detail == case["says"]
    assert error.hint == case["hint"] != ""
    assert (error.position is not None) is ("at" in case)
    if error.position is not None:
        assert f"{error.position.line}:{error.position.column}" == case["at"]
        lines = case["give"].split("\n")
        assert lines[error.position.line - 1][error.position.column - 1 :].startswith(error.position.snippet)
