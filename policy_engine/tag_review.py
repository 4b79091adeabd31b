"""What stewards say of suggested tags: right or wrong, many at once, all or nothing, as one revision on record."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from catalog.database import Catalog
from catalog.errors import PolicyInvalid
from catalog.journal.event import Event, EventKind
from catalog.journal.journal import Journal
from catalog.model import TagState
from catalog.names import join
from catalog.tag_assignments import Listed, TagAssignments
from catalog.tags import Tags
from policy_engine.capabilities import Action, Rights
from policy_engine.changing.differences import Change
from policy_engine.changing.plan import Plan, plan_between
from policy_engine.live import read_live
from policy_engine.store import PolicyStore

MOST_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """The assignments whose state is another now, and the revision that is in force since."""

    changed: tuple[Listed, ...]
    revision: int


def namespaces_of(rights: Rights) -> frozenset[str] | None:
    """The namespaces whose tags somebody may review, None for all; raises NotAllowed when there is none."""
    namespaces = rights.places(Action.TAG_ASSIGN)
    if namespaces == frozenset():
        rights.require(Action.TAG_ASSIGN, None, "review tags")
    return namespaces


def review(
    catalog: Catalog,
    verdicts: Mapping[int, TagState],
    *,
    rights: Rights | None,
    by: str,
    groups: Sequence[str] = (),
    why: str = "",
    client: str = "",
    decision_id: str = "",
) -> Reviewed:
    """Confirms and rejects assignments by number; a verdict that stands already changes nothing.

    A rejected tag no longer protects, and its rule is not heard again on that column. Raises NotAllowed unless
    `rights` hold `tag:assign` on the namespace of each (None: whoever works on this machine), PolicyInvalid for a
    number that is not there.

    Example:
        >>> review(catalog, {7: TagState.CONFIRMED, 8: TagState.REJECTED}, rights=rights, by="ada").revision
        42
    """
    store = PolicyStore(catalog)
    with catalog.transaction():
        changed = _changed(catalog, verdicts, rights)
        if not changed:
            return Reviewed(changed=(), revision=store.current().revision)
        _judge(catalog, changed, verdicts, by)
        said = [_said(each, verdicts[each.id]) for each in changed]
        now = store.current()
        revision = store.put(now.policies, now.roles, by=by, why=why, difference="\n".join(said))
        Journal(catalog).append(
            Event(
                kind=EventKind.TAG_REVIEW,
                user=by,
                groups=tuple(sorted(groups)),
                datasets=tuple(sorted({each.assignment.dataset for each in changed})),
                tags=tuple(sorted({each.assignment.tag for each in changed})),
                revision=revision,
                client=client,
                decision_id=decision_id,
                details={"why": why, "difference": said},
            )
        )
        return Reviewed(
            changed=tuple(TagAssignments(catalog).by_id([each.id for each in changed]).values()), revision=revision
        )


def foreseen(catalog: Catalog, verdicts: Mapping[int, TagState], *, rights: Rights | None, at: datetime) -> Plan:
    """What the verdicts would do to people, with nothing changed; raises what `review` raises."""
    with contextlib.suppress(_TakenBack), catalog.transaction():
        changed = _changed(catalog, verdicts, rights)
        before = read_live(catalog)
        _judge(catalog, changed, verdicts, by="")
        after = read_live(catalog)
        raise _TakenBack
    changes = (
        Change(sign="~", kind="tag", name=_named(each), details=(_moved(each, verdicts[each.id]),)) for each in changed
    )
    return replace(plan_between(before, after, at=at), changes=tuple(changes))


class _TakenBack(Exception):
    """A change was looked at, and is not kept."""


def _changed(catalog: Catalog, verdicts: Mapping[int, TagState], rights: Rights | None) -> tuple[Listed, ...]:
    """What a verdict alters."""
    if len(verdicts) > MOST_AT_ONCE:
        raise PolicyInvalid(f"more than {MOST_AT_ONCE:,} tags at once", hint="review them in several parts")
    found = _known(catalog, verdicts, rights)
    return tuple(each for each in found.values() if each.assignment.state is not verdicts[each.id])


def _judge(catalog: Catalog, changed: Iterable[Listed], verdicts: Mapping[int, TagState], by: str) -> None:
    tags = Tags(catalog)
    with tags.together():
        for each in changed:
            judge = tags.confirm if verdicts[each.id] is TagState.CONFIRMED else tags.reject
            judge(join(each.database, each.name), each.assignment.path, each.assignment.tag, by=by)


def _known(catalog: Catalog, verdicts: Mapping[int, TagState], rights: Rights | None) -> dict[int, Listed]:
    """What the numbers stand for. INVARIANT: one beyond somebody's rights is told of like one that is not there."""
    found = TagAssignments(catalog).by_id(sorted(verdicts))
    namespaces = namespaces_of(rights) if rights else None
    mine = {number: each for number, each in found.items() if namespaces is None or each.namespace in namespaces}
    missing = sorted(verdicts.keys() - mine.keys())
    if missing:
        raise PolicyInvalid(
            f"there is no tag assignment {missing[0]} that you may review", hint="list them again; some may have gone"
        )
    for verdict in verdicts.values():
        if verdict is TagState.SUGGESTED:
            raise PolicyInvalid("a person does not suggest", hint="confirm or reject")
    return mine


def _said(each: Listed, verdict: TagState) -> str:
    return f"~ tag {_named(each)}: {_moved(each, verdict)}"


def _named(each: Listed) -> str:
    place = ".".join(part for part in (each.assignment.dataset, each.column) if part)
    return f"{each.assignment.tag} on {place}"


def _moved(each: Listed, verdict: TagState) -> str:
    return f"{each.assignment.state} -> {verdict}"
