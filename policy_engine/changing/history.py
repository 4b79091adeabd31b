"""Revisions compared and returned to: what stood once, what differs since, and who changed what elsewhere."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from catalog.database import Catalog
from catalog.errors import PolicyInvalid
from catalog.model import Revision
from catalog.names import fold
from catalog.revisions import Revisions
from policy_engine.changing.comparison import impacts
from policy_engine.changing.differences import Change
from policy_engine.changing.impact import Impacts
from policy_engine.changing.notes import Note
from policy_engine.changing.plan import Plan, plan_between
from policy_engine.document.model import Document
from policy_engine.live import Live, read_live
from policy_engine.model import Policy
from policy_engine.owners import changed_policies, told_history
from policy_engine.readers import statements
from policy_engine.state import decode_policies, decode_state
from policy_engine.tag_expressions import tags_of


def at_revision(number: int, live: Live, catalog: Catalog) -> Live:
    """What is live now, with the policies and roles of one revision; data and accounts have no revisions.

    Example:
        >>> at_revision(41, read_live(catalog), catalog).revision
        41
    """
    if 0 < number == live.revision:
        return live
    found = Revisions(catalog).revision(number)
    if found is None:
        raise PolicyInvalid(f"there is no revision {number}", hint="`veil history` lists them")
    kept = decode_state(found[1], number)
    return replace(
        live,
        revision=number,
        policies={fold(policy.id): policy for policy in kept.policies},
        roles={fold(role.name): role for role in kept.roles},
    )


def said_in(revision: Revision, revisions: Revisions) -> dict[str, str]:
    """What each policy that a revision changed says since then, as a statement; of a removed one, what it said.

    Example:
        >>> said_in(revision, revisions)
        {'clerks': "GRANT SELECT ON DATABASE shop TO ROLE clerk POLICYPROPERTIES('name'='clerks')"}
    """
    changed = {name: sign for sign, name in changed_policies(revision)}
    gone = {fold(name) for name, sign in changed.items() if sign == "-"}
    there = {fold(name) for name in changed} - gone
    kept = [*policies_in(revision.number, there, revisions), *policies_in(revision.number - 1, gone, revisions)]
    return statements(changed, kept)


def policies_in(number: int, ids: Collection[str], revisions: Revisions) -> tuple[Policy, ...]:
    """The policies of these ids as they stood in a revision; those that were not there are left out."""
    found = revisions.revision(number) if ids else None
    return () if found is None else decode_policies(found[1], number, ids)


def between(old: int, new: int | None, catalog: Catalog, *, at: datetime) -> Plan:
    """What leads from one revision to another, or to what is live, and what that does to people on today's data."""
    return plan_between(*_both(old, new, catalog), at=at)


def impacts_between(old: int, new: int | None, catalog: Catalog, *, at: datetime) -> Impacts:
    """The part of `between` that is about people, without what policies say otherwise.

    Example: `impacts_between(40, 41, catalog, at=now).counts`.
    """
    return impacts(*_both(old, new, catalog), at)


def _both(old: int, new: int | None, catalog: Catalog) -> tuple[Live, Live]:
    live = read_live(catalog)
    return at_revision(old, live, catalog), live if new is None else at_revision(new, live, catalog)


def back_to(number: int, catalog: Catalog, *, at: datetime, against: int | None = None) -> Plan:
    """The plan that puts the policies and roles of a revision in force again, as a new one.

    `against` is the live revision that somebody has looked at; when another is live, the plan is refused.
    """
    live = read_live(catalog)
    if against is not None and live.revision != against:
        problem = f"the live revision is {live.revision}, and revision {against} was looked at"
        raise PolicyInvalid(problem, hint="somebody changed something meanwhile; look at `veil history`")
    after = replace(at_revision(number, live, catalog), revision=live.revision)
    warnings = tuple(_lost_tags(after.policies.values(), after))
    return plan_between(live, after, at=at, warnings=warnings)


def drift(
    document: Document, changes: Iterable[Change], live: Live, revisions: Iterable[Revision], *, tells_all: bool = True
) -> tuple[Note, ...]:
    """What was changed elsewhere: who last touched what the document would change back, and what it does not state.

    What it does not state, and reasons, are told to those alone who may read every policy.
    """
    last: dict[str, Revision] = {}
    for revision in told_history(revisions, tells_all=tells_all):
        for line in revision.difference.splitlines():
            last.setdefault(line[2:], revision)
    return (*_last_touched(changes, last), *(_unstated(document, live, last) if tells_all else ()))


def _last_touched(changes: Iterable[Change], last: dict[str, Revision]) -> Iterator[Note]:
    for change in changes:
        revision = last.get(f"{change.kind} {change.name}")
        if change.sign != "+" and revision is not None:
            why = f": {revision.why}" if revision.why else ""
            yield Note(
                f"{change.kind} `{change.name}` was last changed in revision {revision.number} "
                f"by {revision.by} on {revision.at:%Y-%m-%d}{why}",
                kind=change.kind,
                name=change.name,
            )


def _unstated(document: Document, live: Live, last: dict[str, Revision]) -> Iterator[Note]:
    """The live policies that a document of policies does not name, but for those that a home begins with."""
    stated = {fold(policy.value.id) for policy in document.policies}
    for key, policy in live.policies.items() if stated else ():
        revision = last.get(f"policy {policy.id}")
        if key not in stated and revision is not None and revision.number > 1:
            yield Note(
                f"policy `{policy.id}` is live and not in the documents "
                f"(revision {revision.number} by {revision.by} on {revision.at:%Y-%m-%d}); it stays unless pruned",
                kind="policy",
                name=policy.id,
            )


def _lost_tags(policies: Iterable[Policy], after: Live) -> Iterator[Note]:
    for policy in policies:
        having = () if policy.having is None else (policy.having,)
        expressions = (*having, *(rule.tagged for rule in policy.transforms))
        for tag in dict.fromkeys(tag for expression in expressions for tag in tags_of(expression)):
            if tag not in after.tags:
                words = f"policy `{policy.id}` names the tag `{tag}`, which does not exist any more"
                yield Note(words, kind="policy", name=policy.id)
