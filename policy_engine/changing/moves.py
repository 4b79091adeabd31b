"""How a column moves for somebody when its verdict becomes another one, whatever it is called."""

from dataclasses import dataclass

from policy_engine.changing.impact import Movement
from policy_engine.judging.verdicts import Verdict
from policy_engine.model import Outcome
from policy_engine.strength import Strength
from policy_engine.transforms.registry import strength


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """From what to what a column moves, and by which policies; `is_there` is whether it is seen afterwards."""

    movement: Movement
    before: str
    after: str
    policies: tuple[str, ...]
    is_there: bool


class Moves:
    """Compares verdicts, each two of them once, however many columns have them.

    Example: `Moves().of(None, clear).movement` is `Movement.GAINS`.
    """

    def __init__(self) -> None:
        # The verdicts are kept with the answer: while they live, no other can have their identity.
        self._known: dict[tuple[int, int], tuple[Verdict | None, Verdict | None, Move | None]] = {}

    def of(self, was: Verdict | None, will: Verdict | None) -> Move | None:
        """How a column with these verdicts moves, None where it does not; no verdict is like one that hides it."""
        if was is will:
            return None
        key = (id(was), id(will))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = (was, will, _moved(_there(was), _there(will)))
        return known[2]


def _there(verdict: Verdict | None) -> Verdict | None:
    return None if verdict is None or verdict.outcome is Outcome.HIDDEN else verdict


def _moved(was: Verdict | None, will: Verdict | None) -> Move | None:
    movement = _movement(was, will)
    if movement is None:
        return None
    deciding = will if will and will.policies else was
    policies = deciding.policies if deciding else ()
    return Move(movement, _shown(was), _shown(will), policies, will is not None)


def _shown(verdict: Verdict | None) -> str:
    """How a column is shown, in one word: `clear`, the transform, or `hidden`."""
    if verdict is None:
        return Outcome.HIDDEN.value
    return Outcome.CLEAR.value if verdict.outcome is Outcome.CLEAR else verdict.transform


def _movement(was: Verdict | None, will: Verdict | None) -> Movement | None:
    old, new = _least(was), _least(will)
    if old != new:
        return Movement.GAINS if new < old else Movement.LOSES
    if was is None or will is None or (was.cases, was.transform) == (will.cases, will.transform):
        return None
    return Movement.CHANGES


def _least(verdict: Verdict | None) -> Strength:
    """The strength of the most revealing way in which any cell of the column is shown."""
    return min((strength(case.call) for case in verdict.cases), default=Strength.HIDDEN) if verdict else Strength.HIDDEN
