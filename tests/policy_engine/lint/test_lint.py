"""Each kind of finding is found where a case says so, and nothing else is."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from policy_engine.changing.draft import draft
from policy_engine.document.reading import load
from policy_engine.lint.findings import KINDS, Finding
from policy_engine.lint.run import lint

CASES = Path(__file__).parent / "cases"
AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def found(file: Path) -> tuple[Finding, ...]:
    return lint(draft(load([file])), AT)


@pytest.mark.parametrize("file", sorted(CASES.glob("*.yaml")), ids=lambda file: file.stem)
def test_a_case_has_the_findings_that_its_first_line_names(file: Path) -> None:
    """The first line lists code and line, as `# idle_taker 10, unknown_scope 10`."""
    named = re.findall(r"(\w+) (\d+)", file.read_text(encoding="utf-8").splitlines()[0])
    findings = found(file)
    told = [(finding.code, finding.place.line if finding.place else 0) for finding in findings]
    assert sorted(told) == sorted((code, int(line)) for code, line in named), [f.sentence for f in findings]
    assert all(finding.sentence and finding.advice for finding in findings)


def test_every_kind_has_a_case_of_its_name() -> None:
    assert {kind.code for kind in KINDS} <= {file.stem for file in CASES.glob("*.yaml")}


def test_documents_alone_find_what_they_can_without_the_data(tmp_path: Path) -> None:
    text = (CASES / "denied_grant.yaml").read_text(encoding="utf-8")
    (tmp_path / "policies.yaml").write_text(text)
    made = draft(load([tmp_path / "policies.yaml"]))
    assert "denied_grant" in [finding.code for finding in lint(made, AT)]
    assert "the columns of `clinic.people` are not known" in made.notes[0]


def test_errors_come_first_and_a_misspelt_name_has_its_nearest(tmp_path: Path) -> None:
    finding = found(CASES / "unknown_tag.yaml")[0]
    assert (finding.severity.value, finding.advice) == ("error", "did you mean `phi.mrn`?")
