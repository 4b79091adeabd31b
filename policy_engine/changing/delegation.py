"""What a change of the live state takes: which capabilities somebody must hold to bring it about.

Policies take `policy:write` on every database they read, before and after; a column's tags take `tag:assign` in the
tag's namespace; everything else takes `home:administer`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from catalog.model import Column, Dataset
from policy_engine.capabilities import Action, Rights
from policy_engine.document.model import Document
from policy_engine.filters.meaning import meaning
from policy_engine.live import Live
from policy_engine.model import Policy

Demand = tuple[Action, str | None]
_NO_TAGS: frozenset[str] = frozenset()


def require_change(rights: Rights, before: Live, after: Live) -> None:
    """Raise NotAllowed unless the rights are enough to lead from one state to the other.

    Example: who holds `policy:write on medical_charges` may change its policies, and nothing else.
    """
    if rights.may(Action.HOME_ADMINISTER) and rights.may(Action.POLICY_WRITE) and rights.may(Action.TAG_ASSIGN):
        return
    for action, place in sorted(demands(before, after), key=str):
        rights.require(action, place, _WORDS[action].format(place=f"`{place}`" if place else "everything"))


def may_change_anything(rights: Rights) -> bool:
    """Whether any change at all has been delegated to somebody."""
    return any(rights.places(action) != frozenset() for action in _WORDS)


def require_any(rights: Rights, what: str) -> None:
    """Raise NotAllowed for somebody to whom no change at all has been delegated."""
    if not may_change_anything(rights):
        rights.require(Action.POLICY_WRITE, None, what)


def require_policy_writer(rights: Rights, what: str) -> None:
    """Raise NotAllowed for somebody who may write policies nowhere."""
    if rights.places(Action.POLICY_WRITE) == frozenset():
        rights.require(Action.POLICY_WRITE, None, what)


def require_document(rights: Rights, document: Document) -> None:
    """Raise NotAllowed when a document says what only an administrator may, before anything in it is looked up."""
    registers = any(stated.value.source is not None for stated in document.datasets)
    others = (document.sources, document.databases, document.tags, document.rules, document.roles, document.users)
    if registers or any(others):
        rights.require(Action.HOME_ADMINISTER, None, _WORDS[Action.HOME_ADMINISTER])
    for stated in document.tests:
        database, _ = stated.value.dataset
        if not rights.may(Action.POLICY_WRITE, database):
            rights.require(Action.SUBJECT_IMPERSONATE, None, f"test what others see of `{database}`")


def demands(before: Live, after: Live) -> frozenset[Demand]:
    """The actions that lead from one state to the other, with the places where they happen."""
    found = set(_policy_demands(before.policies, after.policies))
    for key in {*before.datasets, *after.datasets}:
        found |= set(_dataset_demands(before.datasets.get(key), after.datasets.get(key)))
    others = ("sources", "databases", "tags", "rules", "roles", "users")
    if any(getattr(before, name) != getattr(after, name) for name in others):
        found.add((Action.HOME_ADMINISTER, None))
    return frozenset(found)


_WORDS = {
    Action.POLICY_WRITE: "write policies on {place}",
    Action.TAG_ASSIGN: "give or take tags of the namespace {place}",
    Action.HOME_ADMINISTER: "change sources, databases, datasets, tags, rules, roles or users",
}


def _policy_demands(before: Mapping[str, Policy], after: Mapping[str, Policy]) -> Iterator[Demand]:
    for key in {*before, *after}:
        old, new = before.get(key), after.get(key)
        if old != new:
            for policy in (old, new):
                if policy is not None:
                    yield Action.POLICY_WRITE, policy.scope.database
                    yield from ((Action.POLICY_WRITE, database) for database in _looked_up(policy))


def _looked_up(policy: Policy) -> Iterator[str]:
    """The databases whose rows the policy's filter reads raw."""
    return (use.database for use in meaning(policy.where).lookups) if policy.where else iter(())


def _dataset_demands(before: Dataset | None, after: Dataset | None) -> Iterator[Demand]:
    if before == after:
        return
    if before is None or after is None or _untagged(before) != _untagged(after):
        yield Action.HOME_ADMINISTER, None
    for tag in _tags(before) ^ _tags(after):
        yield Action.TAG_ASSIGN, tag[1].split(".", 1)[0]


def _tags(dataset: Dataset | None) -> set[tuple[tuple[str, ...], str]]:
    """Every confirmed tag with the path it stands on; the dataset's own stand on the empty path."""
    if dataset is None:
        return set()
    own = {((), tag) for tag in dataset.confirmed}
    return own | {(column.path, tag) for column in dataset.columns for tag in column.confirmed}


def _untagged(dataset: Dataset) -> Dataset:
    columns = tuple(_untagged_column(column) for column in dataset.columns)
    return replace(dataset, columns=columns, confirmed=_NO_TAGS, suggested=_NO_TAGS, database_tags=_NO_TAGS)


def _untagged_column(column: Column) -> Column:
    return replace(column, confirmed=_NO_TAGS, suggested=_NO_TAGS)
