"""The policies in force: read once for each revision, whoever asks and from however many threads."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from catalog.database import Catalog
from catalog.names import fold
from catalog.people.accounts import Accounts
from catalog.people.model import Role
from catalog.revisions import Revisions
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
        self._known = PolicySet(revision=0, policies=(), roles=())

    def current(self) -> PolicySet:
        """What is in force now; a new revision, from any process, is seen by the next call."""
        known = self._known
        if self._revisions.current_number() == known.revision:
            return known
        return self._read()

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

    def at_revision(self, number: int) -> PolicySet:
        """What was in force as one revision; nothing for a number that has none."""
        found = self._revisions.revision(number)
        return PolicySet(revision=number, policies=(), roles=()) if found is None else decode_state(found[1], number)

    def put(self, policies: tuple[Policy, ...], roles: tuple[Role, ...], *, by: str, why: str, difference: str) -> int:
        """Puts policies and roles in force as a new revision, inside the caller's transaction if one is open."""
        state = encode_state(policies, roles)
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

    def _read(self) -> PolicySet:
        """INVARIANT: inside a transaction nothing is remembered, as what was read there may be rolled back."""
        latest = self._revisions.latest()
        if latest is None:
            return PolicySet(revision=0, policies=(), roles=())
        revision, state = latest
        policies = replace(decode_state(state, revision.number), owners=owners(self._revisions.history()))
        if not self._catalog.is_in_transaction:
            self._known = policies
        return policies

    def _list(self, roles: tuple[Role, ...]) -> None:
        """Keeps the catalog's list of roles equal to the roles of the revision in force."""
        kept = {fold(role.name) for role in roles}
        for role in self._accounts.roles():
            if fold(role.name) not in kept:
                self._accounts.remove_role(role.name)
        for role in roles:
            self._accounts.put_role(role)
