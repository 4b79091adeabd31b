"""Who may be told what others see: administrators and auditors of everything, delegates of their databases."""

from policy_engine.capabilities import Action, Rights

OVERSIGHT = (Action.HOME_ADMINISTER, Action.AUDIT_READ, Action.POLICY_WRITE)
"""Any one of these is enough, on the databases where it is held."""


def overseen(rights: Rights) -> frozenset[str] | None:
    """The folded databases of which somebody may be told who sees what; None for all, empty for none.

    Example: `audit:read on shop` beside `policy:write on lab` gives both; `home:administer` gives all.
    """
    places = [rights.places(action) for action in OVERSIGHT]
    return None if None in places else frozenset().union(*(place for place in places if place is not None))


def require_oversight(rights: Rights, what: str) -> frozenset[str] | None:
    """The same, or NotAllowed where there is none."""
    found = overseen(rights)
    if found == frozenset():
        rights.require(Action.HOME_ADMINISTER, None, what)
    return found
