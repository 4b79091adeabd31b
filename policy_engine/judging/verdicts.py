"""What becomes of a column once its ruling and the rows that are there are known; columns alike share one verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from policy_engine.judging.cells import ALWAYS, CLEAR, combine, raised
from policy_engine.judging.nesting import Node
from policy_engine.judging.reasons import hidden_reason, nested_reason, partly_reason, shown_reason
from policy_engine.judging.rulings import Ruling, call_names
from policy_engine.model import Case, Outcome, Policy
from policy_engine.profile import FieldProfile

PARTLY_HIDDEN = "partly hidden"
PARTLY_MASKED = "partly masked"
"""The words for people of a column of which some field is not there, or only some field is transformed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a column is shown, whatever it is called: its outcome, its cases, and why; and so the fields in it.

    `brief` is the same where nobody is told that some of these are hidden, None where none is; it `is_narrowed` to the
    others.
    """

    outcome: Outcome
    cases: tuple[Case, ...]
    transform: str
    policies: tuple[str, ...]
    reason: str
    parts: tuple[tuple[FieldProfile, "Verdict"], ...] = ()
    brief: "Verdict | None" = None
    is_narrowed: bool = False


_Parts = tuple[tuple[FieldProfile, Verdict], ...]


class Verdicts:
    """Turns rulings into verdicts, once for each ruling.

    `visible_when` are the conditions of which each row that is there meets one.
    """

    def __init__(self, policies: Mapping[str, Policy], visible_when: frozenset[str]) -> None:
        self._policies = policies
        self._visible_when = visible_when
        self._known: dict[int, tuple[Ruling, Verdict]] = {}
        self._inner: dict[frozenset[str], Verdicts] = {}

    def of(self, ruling: Ruling) -> Verdict:
        """The verdict on a column that is shown as a whole, or hidden."""
        known = self._known.get(id(ruling))
        if known is None:
            verdict = self._shown(ruling) if ruling.is_shown else _hidden(ruling, hidden_reason(ruling))
            known = self._known[id(ruling)] = (ruling, verdict)
        return known[1]

    def within(self, ruling: Ruling) -> "Verdicts":
        """The verdicts on what is in a column with fields, on the rows where the whole is there."""
        there = frozenset(item.when for item in ruling.contributions if raised(item.showing, ruling.least) == CLEAR)
        if not there or ALWAYS in there or self._visible_when <= there:
            return self
        known = self._inner.get(there)
        if known is None:
            known = self._inner[there] = Verdicts(self._policies, there)
        return known

    def _shown(self, ruling: Ruling) -> Verdict:
        cases = combine(ruling.contributions, ruling.least, self._visible_when)
        words = call_names(case.call for case in cases)
        if cases[-1].when and "null" not in words:
            words = (*words, "null")
        is_clear = words == ("clear",)
        return Verdict(
            outcome=Outcome.CLEAR if is_clear else Outcome.MASKED,
            cases=cases,
            transform="" if is_clear else " or ".join(words),
            policies=tuple(sorted({item.policy for item in ruling.contributions} | set(ruling.raised_by))),
            reason=shown_reason(words, cases, ruling, self._policies),
        )


def verdict_on(node: Node, everywhere: Verdicts, where_it_is: Verdicts) -> Verdict:
    """The verdict on a column or field and the fields in it: its words for all rows, its cases where its parent is."""
    ruling = node.ruling
    if node.problem:
        return _hidden(ruling, nested_reason(node.problem))
    verdict = replace(everywhere.of(ruling), cases=where_it_is.of(ruling).cases)
    if not node.parts or not ruling.is_shown:
        return verdict
    within = where_it_is.within(ruling)
    parts = tuple((part.field, verdict_on(part, everywhere, within)) for part in node.parts)
    verdict = replace(verdict, parts=parts)
    if verdict.transform == "null":
        return verdict
    is_less = any(part.outcome is Outcome.HIDDEN or part.brief is not None for _, part in parts)
    found = _of_parts(verdict, parts, is_less=is_less)
    return replace(found, brief=_briefly(verdict, parts)) if is_less else found


def _briefly(verdict: Verdict, parts: _Parts) -> Verdict:
    """How a column is shown as if it had no fields but those that are not hidden."""
    told = tuple((field, part.brief or part) for field, part in parts if part.outcome is not Outcome.HIDDEN)
    return _of_parts(replace(verdict, parts=told, is_narrowed=True), told, is_less=False)


def _of_parts(verdict: Verdict, parts: _Parts, *, is_less: bool) -> Verdict:
    """The verdict on a column, in other words where a field in it is not shown as the whole is."""
    if all(_is_like(part, verdict) for _, part in parts):
        return verdict
    shown = [part for _, part in parts if part.outcome is not Outcome.HIDDEN]
    masked = [field.column.path[-1] for field, part in parts if part.outcome is Outcome.MASKED]
    return replace(
        verdict,
        outcome=Outcome.MASKED,
        transform=PARTLY_HIDDEN if is_less else PARTLY_MASKED,
        policies=tuple(sorted({name for part in shown for name in part.policies})),
        reason=partly_reason(masked, is_less=is_less),
    )


def _is_like(part: Verdict, whole: Verdict) -> bool:
    return (part.outcome, part.transform) == (whole.outcome, whole.transform)


def _hidden(ruling: Ruling, reason: str) -> Verdict:
    because = ruling.hidden_by or tuple(policy for policy, _ in ruling.silent)
    return Verdict(
        outcome=Outcome.HIDDEN,
        cases=(),
        transform="",
        policies=tuple(policy.id for policy in because),
        reason=reason,
    )
