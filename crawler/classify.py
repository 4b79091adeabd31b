"""From names and sampled cells to suggested tags, each with its confidence and its evidence; pure."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from catalog.clock import utc_now
from catalog.model import Field
from crawler.cells import cells
from crawler.detectors.detect import Finding, detect
from crawler.plugins import PluginFailed, Sampled
from crawler.rules import CompiledRule, RuleTimedOut
from crawler.weighing import Fit, Weighed, weigh
from crawler.weighing import confidence as sure

_LOST_SECONDS = 30.0


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
    """What the rules say of one dataset: suggestions by column, best first, and the rules that could not be heard of
    some column.
    """

    suggestions: tuple[Suggestion, ...]
    timed_out: tuple[str, ...] = ()


def classify(
    fields: Sequence[Field],
    sample: pa.Table,
    rules: Sequence[CompiledRule],
    today: date | None = None,
    comments: Mapping[str, str] | None = None,
) -> Classification:
    """What the rules suggest for the columns and nested fields of a dataset; detectors read `comments` on columns, too.

    A rule that takes too long on a column, or fails there, suggests nothing there. Dates are judged as seen from
    `today`.

    Example: column `mrn` under the rule `mrn by name` gives `phi.mrn`, 0.8, "name matches rule `mrn by name`".
    """
    columns = tuple(sampled_columns(fields, sample))
    found = findings_in(columns, sample, rules, today, comments)
    weighed = [(rule.rule.name, _weighed(rule, columns, found)) for rule in rules]
    suggested = [suggestion for _, each in weighed for suggestion in each.suggestions]
    suggestions = tuple(suggestion for column in columns for suggestion in _best(suggested, column.path))
    unheard = tuple(name for name, each in weighed if not each.is_heard)
    return Classification(suggestions=suggestions, timed_out=unheard)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """What one rule suggests for the columns of a dataset, and whether it could be heard of all of them."""

    suggestions: tuple[Suggestion, ...]
    is_heard: bool


def _weighed(
    rule: CompiledRule, columns: Iterable[Sampled], found: Mapping[tuple[str, ...], Mapping[str, Finding]]
) -> _Weighed:
    """Column by column; one that loses too much time in all is not heard of the columns that are left."""
    suggestions: list[Suggestion] = []
    lost: float | None = None
    for column in columns:
        began_at = time.monotonic()
        try:
            weighed = weigh(rule, column, found.get(column.path, {}))
        except (RuleTimedOut, PluginFailed):
            lost = (lost or 0.0) + time.monotonic() - began_at
            if lost > _LOST_SECONDS:
                break
        else:
            if weighed.fit is Fit.MATCH:
                suggestions.append(_suggestion(rule, column.path, weighed))
    return _Weighed(tuple(suggestions), is_heard=lost is None)


def sampled_columns(fields: Sequence[Field], sample: pa.Table) -> Iterator[Sampled]:
    """Every column and nested field with its sampled values."""
    for path, type_ in _typed(fields, ()):
        yield Sampled(path=path, type=type_, values=cells(sample, path))


def findings_in(
    columns: Sequence[Sampled],
    sample: pa.Table,
    rules: Sequence[CompiledRule],
    today: date | None = None,
    comments: Mapping[str, str] | None = None,
) -> Mapping[tuple[str, ...], Mapping[str, Finding]]:
    """What the built-in detectors find, by column and detector; nothing when no rule asks for one."""
    found: dict[tuple[str, ...], dict[str, Finding]] = {}
    if any(rule.detector for rule in rules):
        for finding in detect([column.path for column in columns], sample, today or utc_now().date(), comments):
            found.setdefault(finding.path, {})[finding.detector] = finding
    return found


def _typed(fields: Iterable[Field], parents: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for field in fields:
        yield (*parents, field.name), field.type
        yield from _typed(field.fields, (*parents, field.name))


def _suggestion(rule: CompiledRule, path: tuple[str, ...], weighed: Weighed) -> Suggestion:
    return Suggestion(
        path=path,
        tag=rule.rule.tag,
        confidence=weighed.confidence,
        evidence=weighed.evidence,
        rule=rule.rule.name,
        country=weighed.country,
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
        confidence=sure(doubt),
        evidence="; ".join(suggestion.evidence for suggestion in same),
        rule=surest.rule,
        country=surest.country,
    )
