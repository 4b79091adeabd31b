"""What a change of the live state takes: which capabilities somebody must hold to bring it about.

Policies take `policy:write` on every database they read, before and after; a column's tags take `tag:assign` in the
tag's namespace; everything else takes `home:administer`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from catalog.model import Column, Dataset
from catalog.names import fold
from policy_engine.capabilities import Action, Rights
from policy_engine.changing.reach import namespace
from policy_engine.document.model import DatasetEntry, Document, PolicyTest
from policy_engine.document.places import Stated
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
        _require(rights, action, place)


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


def require_document(rights: Rights, document: Document, user: str, *, prune: bool = False) -> None:
    """Raise NotAllowed where a document of that user speaks of more than is theirs, before anything is looked up.

    INVARIANT: what is there is told from what is not to those alone who may know of it, so a section takes
    `home:administer` unless it is listed below. Who holds that may know of everything, and is asked for what changes.

    Example: with `policy:write on shop` alone, a document about `lab.results` is refused whether that is there or not.
    """
    administers = rights.may(Action.HOME_ADMINISTER)
    if prune and not administers:
        _require_administrator(rights, "take away what a document does not name")
    for section in fields(document):
        stated = getattr(document, section.name)
        if stated and section.name not in (*_OF_OTHER_SECTIONS, *(() if not administers else _BY_CHANGE)):
            _SECTIONS.get(section.name, _others)(rights, stated, user)


def _require_administrator(rights: Rights, what: str) -> None:
    rights.require(Action.HOME_ADMINISTER, None, what)


def _others(rights: Rights, _: object, __: str) -> None:
    _require_administrator(rights, _WORDS[Action.HOME_ADMINISTER])


def _policies(rights: Rights, policies: Iterable[Stated[Policy]], _: str) -> None:
    for stated in policies:
        require_policy(rights, stated.value)


def require_policy(rights: Rights, policy: Policy) -> None:
    """Raise NotAllowed unless somebody may write a policy of this scope that looks into these databases."""
    for place in (policy.scope.database, *_looked_up(policy)):
        _require(rights, Action.POLICY_WRITE, place)


def _datasets(rights: Rights, datasets: Iterable[Stated[DatasetEntry]], _: str) -> None:
    """Tags take the right in their namespaces, whatever else is said of a dataset the right to administer."""
    for stated in datasets:
        entry = stated.value
        if any(getattr(entry, each.name) is not None for each in fields(entry) if each.name not in _ABOUT_TAGS):
            _others(rights, entry, "")
        if rights.places(Action.TAG_ASSIGN) == frozenset():
            rights.require(Action.TAG_ASSIGN, None, "say anything of a dataset")
        for tag in (*(entry.tags or ()), *(tag for column in entry.columns for tag in column.tags)):
            _require(rights, Action.TAG_ASSIGN, namespace(tag))


def _tests(rights: Rights, tests: Iterable[Stated[PolicyTest]], user: str) -> None:
    """A test by an account tells what is known of it: that takes the right to see as others, but for one's own."""
    for stated in tests:
        database, _ = stated.value.dataset
        if stated.value.user and fold(stated.value.user) != fold(user):
            rights.require(Action.SUBJECT_IMPERSONATE, None, "test what a user sees; without it a test names groups")
        if not rights.may(Action.POLICY_WRITE, database):
            rights.require(Action.SUBJECT_IMPERSONATE, None, f"test what others see of `{database}`")


_OF_OTHER_SECTIONS = frozenset({"references"})
_BY_CHANGE = frozenset({"policies", "datasets"})
_SECTIONS: Mapping[str, Callable[[Rights, Any, str], None]] = {
    "policies": _policies,
    "datasets": _datasets,
    "tests": _tests,
}
_ABOUT_TAGS = frozenset({"database", "name", "tags", "columns"})


def _require(rights: Rights, action: Action, place: str | None) -> None:
    rights.require(action, place, _WORDS[action].format(place=f"`{place}`" if place else "everything"))


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
        yield Action.TAG_ASSIGN, namespace(tag[1])


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
