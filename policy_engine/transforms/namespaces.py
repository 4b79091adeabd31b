"""Under which key's namespace a call stands: the tag, or what makes its tokens unlinkable beyond one scope."""

from collections.abc import Iterable

from catalog.names import fold

SCOPES = ("tag", "user", "role", "column")
"""How far tokens join: wherever the tag stands, for one person, for one role, or within one column."""


def namespace(scope: str, tag: str, *, user: str, roles: Iterable[str], column: str) -> str:
    """The namespace of a call with this scope on a column that carries the tag.

    `roles` are the policy's own roles that the person holds; the first of them by name counts, so that people
    who hold one role of a policy share its tokens, whatever else they hold. `column` is the column's full name.

    Example:
        >>> namespace("tag", "phi.mrn", user="kim", roles=["nurse"], column="clinic.visits.mrn")
        'phi.mrn'
    """
    match scope:
        case "user":
            return f"{tag}\nuser\n{fold(user)}"
        case "role":
            return f"{tag}\nrole\n{min(map(fold, roles), default='')}"
        case "column":
            return f"{tag}\ncolumn\n{fold(column)}"
        case _:
            return tag
