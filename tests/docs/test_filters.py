"""Every filter and condition of the page on row filters does in the page's home what the page says."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.clock import utc_now
from catalog.errors import UnknownDataset
from catalog.home import Home
from policy_engine.changing.apply import carry_out, prepare
from policy_engine.circumstances import Circumstances
from policy_engine.conditions import judge
from policy_engine.ddl.model import PutPolicy
from policy_engine.ddl.reading import read_statement
from policy_engine.document.reading import load, loads
from policy_engine.filters.filters import check_filter
from policy_engine.filters.functions import FACTS, FUNCTIONS
from policy_engine.filters.grammar import read as read_filter
from policy_engine.model import Subject
from policy_engine.subjects import subject_of
from proxy.pipeline import Request
from web_ui.parts import Parts, assemble
from web_ui.settings import load_settings

PAGE = (Path(__file__).parent.parent.parent / "docs" / "reference" / "filters.md").read_text(encoding="utf-8")
BLOCKS = {name: text for name, text in re.findall(r"^```(\w+(?: \S+)?)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)}
ROWS = [(text, rows.strip()) for text, rows in re.findall(r"^\| `([^`{]+)` \| ([\d refus]*)\|$", PAGE, re.MULTILINE)]
CONDITIONS = re.findall(r"^\| `(\{[^`]+)` \| .* \| ([a-z ]+) \|$", PAGE, re.MULTILINE)
ASKED = Request(sql="select id from clinic.visits order by id", purpose="care", client="10.1.2.3")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("clinic")
    (folder / "data").mkdir()
    for name in ("visits.json", "duties.json"):
        (folder / "data" / name).write_text(BLOCKS[f"json {name}"], encoding="utf-8")
    (folder / "clinic.yaml").write_text(BLOCKS["yaml"], encoding="utf-8")
    home = Home.create(folder / "home")
    with assemble(home, load_settings(home.settings_file)) as parts:
        parts.policies.init_home(by="test")
        plan = prepare(load([folder / "clinic.yaml"]), parts.catalog, at=utc_now())
        carry_out(plan, parts.catalog, by="test")
        yield parts


def nora(parts: Parts) -> Subject:
    user = parts.accounts.user("nora")
    assert user is not None
    return subject_of(user)


@pytest.mark.parametrize(("where", "rows"), ROWS, ids=[where for where, _ in ROWS])
def test_a_filter_shows_the_rows_that_the_page_says(parts: Parts, where: str, rows: str) -> None:
    now = parts.policies.current()
    [policy] = [policy for policy in now.policies if policy.id == "nurses"]
    changed = replace(policy, where=check_filter(where))
    parts.policies.put((changed,), now.roles, by="test", why="test", difference="test")
    if rows == "refused":
        with pytest.raises(UnknownDataset):
            parts.pipeline.query(nora(parts), ASKED, decision_id="d")
        return
    with parts.pipeline.query(nora(parts), ASKED, decision_id="d") as answer:
        found = [row["id"] for batch in answer.batches() for row in batch.to_pylist()]
    assert found == [int(row) for row in rows.split()]


@pytest.mark.parametrize(("text", "verdict"), CONDITIONS, ids=[text for text, _ in CONDITIONS])
def test_a_condition_is_met_as_the_page_says(parts: Parts, text: str, verdict: str) -> None:
    entry = f"{{policy: p, grant: select, to: [nurses], scope: clinic, when: {text}}}"
    [stated] = loads(f"veil: 1\npolicies:\n  - {entry}\n").policies
    assert stated.value.when is not None
    circumstances = Circumstances(purpose=ASKED.purpose, address=ASKED.client)
    found = judge(stated.value.when, nora(parts), circumstances, datetime.now(UTC))
    assert {True: "met", False: "not met", None: "in doubt"}[found] == verdict


def test_the_statement_of_the_page_says_a_condition() -> None:
    statement = read_statement(BLOCKS["sql"])
    assert isinstance(statement, PutPolicy)
    when = statement.policy.when
    assert when is not None
    assert (when.purposes, when.networks, when.attributes) == (
        ("care", "audit"),
        ("10.0.0.0/8",),
        (("site", ("linz",)),),
    )


def test_the_page_has_an_example_for_every_function() -> None:
    shown = {type(node) for where, _ in ROWS for node in read_filter(where).walk()}
    missing = {kind.__name__ for kind in FUNCTIONS if kind not in shown} - {"DateTrunc", "CurrentTimestamp"}
    assert missing == set(), "the first is read as TimestampTrunc, the second is now()"
    assert all(any(f"{name}(" in where for where, _ in ROWS) for name in (*FACTS, "current_user"))
    assert (len(ROWS) > 60, len(CONDITIONS)) == (True, 9)
