"""Since which revision somebody sees a column as they do: the revisions are gone back through until one says otherwise.

Data, tags and accounts have no revisions: each policy of the past is asked about them as they are today.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from catalog.model import Dataset, Revision
from catalog.names import fold
from catalog.revisions import Revisions
from policy_engine.circumstances import AT_MOST
from policy_engine.judging.decide import Judge
from policy_engine.model import Decision, Estate, Outcome, PolicySet, Subject
from policy_engine.state import decode_state
from policy_engine.subjects import fingerprint

MOST_REVISIONS = 200

Seen = tuple[Outcome, str]
"""How a column is shown, and through which transform."""


def since(
    seekers: Iterable[Subject],
    dataset: Dataset,
    policies: PolicySet,
    revisions: Revisions,
    at: datetime,
    look: Estate,
    only: str | None = None,
    now: Callable[[Subject], Decision] | None = None,
) -> Mapping[object, Mapping[str, int]]:
    """For each subject, by its fingerprint, the revision since which each column is shown as now, by folded name.

    After `MOST_REVISIONS` the oldest that was looked at stands for it. `only` is the one top-level column that counts.
    `now` knows what is decided of it under these policies, where that was found already.

    Example: a column that revision 3 opened and revision 7 masked is shown as it is since 7.
    """
    found: dict[object, dict[str, int]] = {}

    def decided(subject: Subject, policies: PolicySet) -> Decision:
        return Judge(subject, policies, at, AT_MOST, look).decide(dataset, only)

    present = now or (lambda subject: decided(subject, policies))
    waiting = {fingerprint(subject): (subject, dict(_seen(present(subject)))) for subject in seekers}
    history = [each for each in revisions.history() if each.number <= policies.revision][:MOST_REVISIONS]
    for number, before in _changes(history, revisions):
        for key, (subject, columns) in waiting.items():
            was = dict(_seen(decided(subject, before))) if columns else {}
            moved = [name for name, seen in columns.items() if was.get(name) != seen]
            found.setdefault(key, {}).update(dict.fromkeys(moved, number))
            for name in moved:
                del columns[name]
        if not any(columns for _, columns in waiting.values()):
            break
    oldest = history[-1].number if history else policies.revision
    for key, (_, columns) in waiting.items():
        found.setdefault(key, {}).update(dict.fromkeys(columns, oldest))
    return found


def _changes(history: Iterable[Revision], revisions: Revisions) -> Iterator[tuple[int, PolicySet]]:
    """Each revision that may have changed policies or roles, newest first, with what stood before it."""
    for revision in history:
        if _may_touch(revision) and (kept := revisions.revision(revision.number - 1)) is not None:
            yield revision.number, decode_state(kept[1], kept[0].number)


_OTHERS = (" tag ", " source ", " database ", " dataset ", " rule ", " user ", " password ")


def _may_touch(revision: Revision) -> bool:
    return not all(line[1:].startswith(_OTHERS) for line in revision.difference.splitlines())


def _seen(decision: Decision) -> Iterator[tuple[str, Seen]]:
    for column in decision.columns:
        for item in (column, *column.nested):
            is_there = not decision.broken and item.outcome is not Outcome.HIDDEN
            yield fold(item.name), (item.outcome, item.transform) if is_there else (Outcome.HIDDEN, "")
