"""Looks through a draft for everything that lint can find."""

from collections.abc import Callable, Iterator
from datetime import datetime

from policy_engine.changing.draft import Draft
from policy_engine.lint import cells, conditions, grants, names, tags, time
from policy_engine.lint.case import Case
from policy_engine.lint.findings import Finding, Severity

Family = Callable[[Case], Iterator[Finding]]

FAMILIES: tuple[Family, ...] = (
    *(names.unknown_names, names.unknown_scopes, names.idle_roles),
    time.idle_policies,
    *(grants.idle_grants, grants.odd_takers),
    *(cells.undecided_cells, cells.unfit_transforms, cells.unjudged_filters),
    *(conditions.impossible_conditions, conditions.unmet_conditions),
    *(tags.clear_sensitive, tags.unused_tags, tags.unseen_datasets),
)

_SEVERITIES = {severity: rank for rank, severity in enumerate(Severity)}


def lint(draft: Draft, at: datetime) -> tuple[Finding, ...]:
    """Every finding, errors first, then in the order of the documents.

    Example:
        >>> [finding.code for finding in lint(draft, at)]
        ['denied_grant', 'unused_tag']
    """
    case = Case(draft=draft, at=at)
    return tuple(sorted((finding for family in FAMILIES for finding in family(case)), key=_order))


def _order(finding: Finding) -> tuple[object, ...]:
    place = finding.place
    spot = (place.file, place.line) if place else ("~", 0)
    return (_SEVERITIES[finding.severity], *spot, finding.code, finding.sentence)
