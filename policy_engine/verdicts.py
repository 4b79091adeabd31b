"""What becomes of a column once its ruling and the rows that are there are known; columns alike share one verdict."""

from collections.abc import Mapping
from dataclasses import dataclass

from policy_engine.cells import combine
from policy_engine.model import Case, Outcome, Policy
from policy_engine.reasons import hidden_reason, nested_reason, shown_reason
from policy_engine.rulings import Ruling, call_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a column is shown, whatever it is called: its outcome, its cases, and why."""

    outcome: Outcome
    cases: tuple[Case, ...]
    transform: str
    policies: tuple[str, ...]
    reason: str


class Verdicts:
    """Turns rulings into verdicts, once for each ruling.

    `visible_when` are the conditions of which each row that is there meets one.
    """

    def __init__(self, policies: Mapping[str, Policy], visible_when: frozenset[str]) -> None:
        self._policies = policies
        self._visible_when = visible_when
        self._known: dict[int, tuple[Ruling, Verdict]] = {}

    def of(self, ruling: Ruling) -> Verdict:
        """The verdict on a column that is shown as a whole, or hidden."""
        known = self._known.get(id(ruling))
        if known is None:
            verdict = self._shown(ruling) if ruling.is_shown else _hidden(ruling, hidden_reason(ruling))
            known = self._known[id(ruling)] = (ruling, verdict)
        return known[1]

    def leaking(self, ruling: Ruling, leak: str) -> Verdict:
        """The verdict on a column whose nested field would show more than it may."""
        return _hidden(ruling, nested_reason(leak) if ruling.is_shown else hidden_reason(ruling))

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


def _hidden(ruling: Ruling, reason: str) -> Verdict:
    because = ruling.hidden_by or tuple(policy for policy, _ in ruling.silent)
    return Verdict(
        outcome=Outcome.HIDDEN,
        cases=(),
        transform="",
        policies=tuple(policy.id for policy in because),
        reason=reason,
    )
