"""Who asks, made from who is known: a user's or a role's subject."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import fields, replace

from catalog.people.model import Role, User
from policy_engine.model import Subject


def subject_of(user: User) -> Subject:
    """A user as a subject; everybody is also in a group of their own name.

    Example:
        >>> sorted(subject_of(User(name="kim", groups=frozenset({"clerks"}))).groups)
        ['clerks', 'kim']
    """
    return Subject(user=user.name, groups=user.groups | {user.name}, attributes=dict(user.attributes))


def narrowed(subject: Subject, scopes: Iterable[str] | None, token: str = "") -> Subject:
    """The subject as a token with these scopes, of this public id, lets it ask; None is everything."""
    return replace(subject, scopes=None if scopes is None else frozenset(scopes), token=token)


def came_by(subject: Subject) -> dict[str, str]:
    """The public id of the API token by which a subject asks, as events tell it; nothing where it is by none."""
    return {"token": subject.token} if subject.token else {}


def holder_of(role: Role) -> Subject:
    """Somebody who is in the role's groups, and nobody in particular."""
    return Subject(user="", groups=role.groups)


def fingerprint(subject: Subject) -> Hashable:
    """A value that is equal for equal subjects, whatever a subject is made of.

    Example:
        >>> fingerprint(Subject(user="kim", groups=frozenset({"clerks"}), attributes={"land": "NO"}))
        ('kim', frozenset({'clerks'}), (('land', 'NO'),), None)
    """
    return tuple([_hashable(getattr(subject, name)) for name in _PARTS])


def _hashable(part: object) -> Hashable:
    if isinstance(part, Mapping):
        return tuple(sorted(part.items()))
    assert isinstance(part, Hashable)
    return part


_PARTS = tuple(part.name for part in fields(Subject) if part.compare)
