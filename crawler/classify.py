"""From names and sampled cells to suggested tags, each with its confidence and its evidence; pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from catalog.clock import utc_now
from catalog.model import Field
from crawler.cells import cells
from crawler.detectors.detect import Finding, detect
from crawler.rules import CompiledRule, RuleTimedOut

_NAME_CONFIDENCE = 0.8
_MOST_CONFIDENCE = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A tag for a column or nested field; the evidence is told without any value of the data.

    `country` is the one whose numbers these are, where there is one.
    """

    path: tuple[str, ...]
    tag: str
    confidence: float
    evidence: str
    rule: str
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """What the rules say of one dataset: suggestions by column, best first, and the rules that took too long."""

    suggestions: tuple[Suggestion, ...]
    timed_out: tuple[str, ...] = ()


def classify(
    fields: Sequence[Field], sample: pa.Table, rules: Sequence[CompiledRule], today: date | None = None
) -> Classification:
    """What the rules suggest for the columns and nested fields of a dataset.

    A rule that takes too long anywhere suggests nothing anywhere. Dates are judged as seen from `today`.

    Example: column `mrn` under the rule `mrn by name` gives `phi.mrn`, 0.8, "name matches rule `mrn by name`".
    """
    found: list[Suggestion] = []
    timed_out: list[str] = []
    columns = [(path, cells(sample, path)) for path in walk(fields)]
    if any(rule.detector for rule in rules):
        findings = detect([path for path, _ in columns], sample, today or utc_now().date())
        found += [suggestion for rule in rules for suggestion in _detected(rule, findings)]
    for rule in rules:
        try:
            found += [suggestion for path, texts in columns for suggestion in _judged(rule, path, texts)]
        except RuleTimedOut:
            timed_out.append(rule.rule.name)
    suggestions = tuple(suggestion for path, _ in columns for suggestion in _best(found, path))
    return Classification(suggestions=suggestions, timed_out=tuple(timed_out))


def walk(fields: Iterable[Field], parents: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every column, nested fields right after their parent."""
    for field in fields:
        yield (*parents, field.name)
        yield from walk(field.fields, (*parents, field.name))


def _detected(rule: CompiledRule, findings: Iterable[Finding]) -> Iterator[Suggestion]:
    """The suggestions of a rule that trusts a detector."""
    for finding in findings:
        if finding.detector == rule.detector:
            yield Suggestion(
                path=finding.path,
                tag=rule.rule.tag,
                confidence=finding.confidence,
                evidence=finding.evidence,
                rule=rule.rule.name,
                country=finding.country,
            )


def _judged(rule: CompiledRule, path: tuple[str, ...], texts: Mapping[str, int]) -> Iterator[Suggestion]:
    """The suggestion of one rule for one column, if it makes one; of two conditions both must hold."""
    doubt, evidence = 1.0, []
    if rule.detector is not None:
        return
    if rule.column_name is not None:
        if not rule.fits_name(path[-1]):
            return
        doubt *= 1 - _NAME_CONFIDENCE
        evidence.append(f"name matches rule `{rule.rule.name}`")
    if rule.content is not None:
        count = sum(texts.values())
        share = rule.matching_count(texts) / count if count >= rule.rule.min_rows else 0.0
        if share < rule.rule.min_match:
            return
        doubt *= 1 - share
        evidence.append(f"{int(share * 100)} % of {count:,} cells match rule `{rule.rule.name}`")
    yield Suggestion(
        path=path,
        tag=rule.rule.tag,
        confidence=_confidence(doubt),
        evidence="; ".join(evidence),
        rule=rule.rule.name,
    )


def _best(found: Iterable[Suggestion], path: tuple[str, ...]) -> list[Suggestion]:
    """One suggestion for each tag of a column: rules that agree make it surer, the surest gives its name."""
    by_tag: dict[str, list[Suggestion]] = {}
    for suggestion in found:
        if suggestion.path == path:
            by_tag.setdefault(suggestion.tag, []).append(suggestion)
    return sorted((_merged(same) for same in by_tag.values()), key=lambda each: (-each.confidence, each.tag))


def _merged(same: list[Suggestion]) -> Suggestion:
    doubt = 1.0
    for suggestion in same:
        doubt *= 1 - suggestion.confidence
    surest = max(same, key=lambda suggestion: suggestion.confidence)
    return Suggestion(
        path=surest.path,
        tag=surest.tag,
        confidence=_confidence(doubt),
        evidence="; ".join(suggestion.evidence for suggestion in same),
        rule=surest.rule,
        country=surest.country,
    )


def _confidence(doubt: float) -> float:
    return round(min(1 - doubt, _MOST_CONFIDENCE), 2)
