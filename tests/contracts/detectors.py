"""What every plugged-in detector promises, as tests: a plug-in's own test file names its fixture and inherits them."""

import pytest

from crawler.plugins import Judgement, PluggedDetector, Sampled, judged

NAMES = ("id", "Kundennummer", "名前", "e-mail", "x" * 300)
VALUES = (
    "M1234567",
    "ann@example.test",
    "2026-01-31",
    "",
    "'); DROP",
    "\u202eabc",
    "x" * 1_024,
    "7",
    "-1.5",
    "žluťoučký",
)
TYPES = ("VARCHAR", "BIGINT", "DATE", "DOUBLE", "STRUCT(a VARCHAR)[]", "a type nobody knows")


class DetectorContract:
    """Inherit it, and give the fixture `detector`."""

    @pytest.fixture
    def detector(self) -> PluggedDetector:
        raise NotImplementedError

    def columns(self) -> list[Sampled]:
        """Columns of every kind: empty, mixed, and each value alone a hundred times."""
        mixed = dict.fromkeys(VALUES, 3)
        alone = [Sampled(path=("c",), type="VARCHAR", values={value: 100}) for value in VALUES]
        named = [Sampled(path=("a", name), type=kind, values=mixed) for name in NAMES for kind in TYPES]
        return [Sampled(path=("c",), type="VARCHAR", values={}), *alone, *named]

    def test_it_has_a_name_that_rules_can_ask_for(self, detector: PluggedDetector) -> None:
        assert detector.name
        assert detector.name == detector.name.strip()

    def test_it_judges_any_column_without_failing(self, detector: PluggedDetector) -> None:
        for column in self.columns():
            told = judged(detector, column)
            assert told is None or 0 <= told.confidence <= 1

    def test_it_judges_the_same_column_the_same(self, detector: PluggedDetector) -> None:
        for column in self.columns():
            assert judged(detector, column) == judged(detector, column)

    def test_its_evidence_tells_no_value(self, detector: PluggedDetector) -> None:
        for column in self.columns():
            told: Judgement | None = detector.judge(column)
            long = [value for value in column.values if len(value) >= 4]
            assert told is None or not any(value in told.evidence for value in long)

    def test_it_has_no_opinion_of_an_empty_column(self, detector: PluggedDetector) -> None:
        assert detector.judge(Sampled(path=("c",), type="VARCHAR", values={})) is None
