"""How one rule stands to one column: it matches, nearly matches or does not, and on what evidence; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from crawler.detectors.detect import Finding
from crawler.plugins import Sampled, judged
from crawler.rules import CompiledRule

NAME_CONFIDENCE = 0.8
MOST_CONFIDENCE = 0.99
FEWEST = 20
"""Of fewer cells than these nothing is told coarsely."""

_STEPS = 20
_STEP_CELLS = 10


class Fit(StrEnum):
    """How a rule fits a column; `near` is half a match: one condition holds, or too few cells do."""

    MATCH = "match"
    NEAR = "near"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """The fit with its confidence and evidence, told without any value, and the cells that matched."""

    fit: Fit
    confidence: float = 0.0
    evidence: str = ""
    country: str = ""
    matching: frozenset[str] = frozenset()


_NOTHING = Weighed(fit=Fit.NONE)


def weigh(
    rule: CompiledRule,
    column: Sampled,
    found: Mapping[str, Finding],
    *,
    tells_near: bool = False,
    is_coarse: bool = False,
) -> Weighed:
    """What a rule makes of a column; `found` are the findings of built-in detectors there, by detector.

    Of two conditions both must hold; with `tells_near` the second is looked at though the first does not. One that
    `is_coarse` goes by rounded shares in all it tells, so that an expression finds no single cell by itself.
    Raises RuleTimedOut and PluginFailed.

    Example: column `mrn` under the rule `mrn by name` is a match, 0.8, "name matches rule `mrn by name`".
    """
    named = rule.column_name is None or rule.fits_name(column.path[-1])
    looks_inside = rule.rule.counts_cells or rule.detector is not None or rule.plugin is not None
    if not named and not (tells_near and looks_inside):
        return _NOTHING
    inside = _inside(rule, column, found, is_coarse=is_coarse)
    if rule.column_name is None:
        return inside
    by_name = f"name matches rule `{rule.rule.name}`"
    if inside.fit is Fit.MATCH and not named:
        return Weighed(fit=Fit.NEAR, evidence=f"{inside.evidence}; its name does not match", matching=inside.matching)
    if not named:
        return _NOTHING
    if inside.fit is Fit.MATCH:
        doubt = (1 - NAME_CONFIDENCE) * (1 - inside.confidence)
        told = "; ".join(part for part in (by_name, inside.evidence) if part)
        return Weighed(
            fit=Fit.MATCH,
            confidence=confidence(doubt),
            evidence=told,
            country=inside.country,
            matching=inside.matching,
        )
    nothing = f"of what is in it fewer than {FEWEST} cells match" if is_coarse else "nothing in it matches"
    told = f"{by_name}; {inside.evidence or nothing}"
    return Weighed(fit=Fit.NEAR, evidence=told, matching=inside.matching)


def confidence(doubt: float) -> float:
    """The confidence that a doubt leaves; nothing is ever certain."""
    return round(min(1 - doubt, MOST_CONFIDENCE), 2)


def _inside(rule: CompiledRule, column: Sampled, found: Mapping[str, Finding], *, is_coarse: bool) -> Weighed:
    """What the rule makes of what is in the column; a rule that looks at the name alone is content."""
    if rule.plugin is not None:
        told = judged(rule.plugin, column)
        seen = _match(told.confidence, told.evidence) if told else _NOTHING
        return _coarsely(seen, rule, column) if is_coarse else seen
    if rule.detector is not None:
        finding = found.get(rule.detector)
        seen = _match(finding.confidence, finding.evidence, finding.country) if finding else _NOTHING
        return _coarsely(seen, rule, column) if is_coarse else seen
    if not rule.rule.counts_cells:
        return _match(0.0, "")
    return _counted(rule, column.values, is_coarse=is_coarse)


def _coarsely(seen: Weighed, rule: CompiledRule, column: Sampled) -> Weighed:
    """That a detector found something, and about how sure it is; not in how many cells, and not by a few of them.

    Of few values, each must stand in cells enough: a detector may weigh them all the same.
    """
    counts = column.values.values()
    if seen.fit is Fit.NONE or not counts or (len(counts) < FEWEST and min(counts) < FEWEST):
        return _NOTHING
    return _match(min(round(seen.confidence, 1), MOST_CONFIDENCE), f"it looks like `{rule.rule.detector}`")


def coarse(hits: int, count: int) -> tuple[float, int]:
    """The share of cells that match and how many cells there are, rounded so that no cell alone moves them far.

    A share has at most twenty steps, of ten cells at least; of fewer than `FEWEST` matching cells it is none.

    Example:
        >>> coarse(19, 400), coarse(33, 400), coarse(25, 45), coarse(44, 45)
        ((0.0, 400), (0.1, 400), (0.5, 40), (1.0, 40))
    """
    steps = min(_STEPS, count // _STEP_CELLS)
    share = round(hits * steps / count) / steps if hits >= FEWEST else 0.0
    return share, count // _STEP_CELLS * _STEP_CELLS


def _counted(rule: CompiledRule, cells: Mapping[str, int], *, is_coarse: bool) -> Weighed:
    count = sum(cells.values())
    matching = rule.matching(cells)
    hits = sum(cells[text] for text in matching)
    share = hits / count if count else 0.0
    if is_coarse:
        share, count = coarse(hits, count)
    if not share:
        return _NOTHING
    about, some = ("about ", "some ") if is_coarse else ("", "")
    told = f"{about}{int(share * 100)} % of {some}{count:,} cells match rule `{rule.rule.name}`"
    if count < rule.rule.min_rows:
        told += f"; it asks for {rule.rule.min_rows:,} cells"
        return Weighed(fit=Fit.NEAR, evidence=told, matching=matching)
    if share < rule.rule.min_match:
        told += f"; it asks for {rule.rule.min_match:.0%}".replace("%", " %")
        return Weighed(fit=Fit.NEAR, evidence=told, matching=matching)
    return Weighed(fit=Fit.MATCH, confidence=confidence(1 - share), evidence=told, matching=matching)


def _match(sure: float, evidence: str, country: str = "") -> Weighed:
    return Weighed(fit=Fit.MATCH, confidence=sure, evidence=evidence, country=country)
