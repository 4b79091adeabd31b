"""The policies in force: read once for each revision, whoever asks and from however many threads."""

import operator
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from weakref import WeakKeyDictionary

from catalog.database import Catalog
from catalog.names import fold
from catalog.people.accounts import Accounts
from catalog.people.model import Role
from catalog.revisions import Revisions
from policy_engine.judging.phases import has_turned
from policy_engine.model import Effect, Policy, PolicySet, Scope
from policy_engine.owners import owners
from policy_engine.state import decode_state, encode_state

FIRST_ROLE = Role(name="administrators", groups=frozenset({"admin"}))
FIRST_POLICY = Policy(
    id="administrators see everything",
    effect=Effect.GRANT,
    roles=(FIRST_ROLE.name,),
    scope=Scope(),
    why="a new home starts with one visible grant; replace or delete it as you like",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What was read of one revision, and the text that it was read from."""

    policies: PolicySet
    text: str


class _Shared:
    """What all stores of one catalog know: what was read last, of revisions that last."""

    def __init__(self) -> None:
        self.reading = threading.Lock()
        self.known = _Read(policies=PolicySet(revision=0, policies=(), roles=()), text="")


_shared: WeakKeyDictionary[Catalog, _Shared] = WeakKeyDictionary()
_sharing = threading.Lock()


class PolicyStore:
    """The one place that the policies in force are read from and put in force.

    Example:
        >>> store = PolicyStore(catalog)
        >>> store.init_home(by="ada").policies[0].id
        'administrators see everything'
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._revisions = Revisions(catalog)
        self._accounts = Accounts(catalog)
        with _sharing:
            self._shared = _shared.setdefault(catalog, _Shared())

    def current(self) -> PolicySet:
        """What is in force now; a new revision, from any process, is seen by the next call."""
        known = self._shared.known.policies
        if self._revisions.current_number() == known.revision:
            return known
        if self._catalog.is_in_transaction:
            return self._read().policies
        with self._shared.reading:  # once, for all who ask after a change
            known = self._shared.known.policies
            if self._revisions.current_number() == known.revision:
                return known
            self._shared.known = self._read()
            return self._shared.known.policies

    @contextmanager
    def moment(self) -> Iterator[PolicySet]:
        """What is in force at one moment, to which everything belongs that is read of the catalog inside.

        A change of policies and data in one is seen whole or not at all. Nothing can be written inside.

        Example:
            >>> with store.moment() as policies:
            ...     seen = visibility.datasets(subject, policies, at)
        """
        with self._catalog.snapshot():
            yield self.current()

    @contextmanager
    def in_force(self, clock: Callable[[], datetime]) -> Iterator[tuple[PolicySet, datetime]]:
        """The same with what the clock says then: policies are never judged at a moment before they were in force.

        INVARIANT: none of them begins or ends while both are read. A rule that is replaced at its own `from` would
        else be there neither way: its old words gone, and the new ones not begun.

        Example:
            >>> with store.in_force(utc_now) as (policies, now):
            ...     seen = visibility.datasets(subject, policies, now)
        """
        while True:
            begun = clock()
            with self.moment() as policies:
                now = clock()
                if not has_turned(policies, begun, now):
                    yield policies, now
                    return

    def at_revision(self, number: int) -> PolicySet:
        """What was in force as one revision; nothing for a number that has none."""
        found = self._revisions.revision(number)
        return PolicySet(revision=number, policies=(), roles=()) if found is None else self._decoded(found[1], number)

    def put(self, policies: tuple[Policy, ...], roles: tuple[Role, ...], *, by: str, why: str, difference: str) -> int:
        """Puts policies and roles in force as a new revision, inside the caller's transaction if one is open."""
        state = self._encoded(policies, roles)
        with self._catalog.transaction():
            self._list(roles)
            return self._revisions.add(by=by, why=why, difference=difference, state=state).number

    def init_home(self, *, by: str) -> PolicySet:
        """Gives a new home its first role and grant; a home that has a revision is left as it is."""
        with self._catalog.transaction():
            if self._revisions.current_number() == 0:
                difference = f"+ role {FIRST_ROLE.name}\n+ policy {FIRST_POLICY.id}"
                self.put((FIRST_POLICY,), (FIRST_ROLE,), by=by, why="a new home", difference=difference)
        return self.current()

    def _read(self) -> _Read:
        """INVARIANT: inside a transaction this is not remembered, as what was read there may be rolled back."""
        latest, known = self._revisions.latest(), self._shared.known.policies
        if latest is None:
            return _Read(policies=PolicySet(revision=0, policies=(), roles=()), text="")
        revision, text = latest
        before = known if known.revision <= revision.number else PolicySet(revision=0, policies=(), roles=())
        answerable = owners(self._revisions.history(after=before.revision), before.owners)
        return _Read(policies=replace(self._decoded(text, revision.number), owners=answerable), text=text)

    def _decoded(self, text: str, number: int) -> PolicySet:
        """What a state's text says: most revisions leave the one before as it was, and reading it takes long."""
        known = self._shared.known
        if text == known.text:
            return replace(known.policies, revision=number, owners={})
        return decode_state(text, number)

    def _encoded(self, policies: tuple[Policy, ...], roles: tuple[Role, ...]) -> str:
        """The text of a state; by identity, since what is equal may be written differently, as 1 and TRUE are."""
        known = self._shared.known
        if _is_same(policies, known.policies.policies) and _is_same(roles, known.policies.roles) and known.text:
            return known.text
        return encode_state(policies, roles)

    def _list(self, roles: tuple[Role, ...]) -> None:
        """Keeps the catalog's list of roles equal to the roles of the revision in force."""
        kept = {fold(role.name) for role in roles}
        for role in self._accounts.roles():
            if fold(role.name) not in kept:
                self._accounts.remove_role(role.name)
        for role in roles:
            self._accounts.put_role(role)


def _is_same(some: tuple[object, ...], others: tuple[object, ...]) -> bool:
    return len(some) == len(others) and all(map(operator.is_, some, others))
