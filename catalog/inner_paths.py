"""Paths inside documents: no source describes what a JSON column holds, so a path that carries a tag is a field."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from catalog.model import Column
from catalog.names import fold

Path = tuple[str, ...]
State = tuple[frozenset[str], frozenset[str]]
"""The confirmed tags of a path and the suggested ones."""


def is_document(type_text: str) -> bool:
    """Whether values of a type hold what their type does not tell.

    Example:
        >>> is_document("JSON[]"), is_document("STRUCT(a JSON)")
        (True, False)
    """
    return type_text.upper().rstrip("[]0123456789") == "JSON"


def document_of(path: Path, columns: Iterable[tuple[Path, str]]) -> Path | None:
    """The document that a path lies in, as it is called; None where it lies in none.

    Example:
        >>> document_of(("profile", "email"), [(("id",), "BIGINT"), (("Profile",), "JSON")])
        ('Profile',)
    """
    folded = _folded(path)
    for known, type_text in columns:
        if is_document(type_text) and len(known) < len(path) and folded[: len(known)] == _folded(known):
            return known
    return None


def with_inner_paths(columns: Sequence[Column], tagged: Mapping[Path, State]) -> tuple[Column, ...]:
    """Columns with the tagged paths inside documents, each after what it lies in; positions stay in order."""
    known = {_folded(column.path) for column in columns}
    types = [(column.path, column.type) for column in columns]
    added: dict[Path, list[Column]] = {}
    for path, (confirmed, suggested) in sorted(tagged.items()):
        document = None if _folded(path) in known else document_of(path, types)
        if document is None:
            continue
        inside = added.setdefault(document, [])
        for end in range(len(document) + 1, len(path) + 1):
            at = (*document, *path[len(document) : end])
            if _folded(at) not in known:
                known.add(_folded(at))
                own = (confirmed, suggested) if end == len(path) else (frozenset[str](), frozenset[str]())
                inside.append(Column(path=at, type="JSON", position=0, confirmed=own[0], suggested=own[1]))
    if not added:
        return tuple(columns)
    every = [each for column in columns for each in (column, *added.get(column.path, ()))]
    return tuple(replace(column, position=place) for place, column in enumerate(every))


def _folded(path: Path) -> Path:
    return tuple(fold(name) for name in path)
