"""How names compare: the one rule, which is also the engine's, for databases, datasets, columns and tags."""

import difflib
import itertools
import re
from collections.abc import Iterable

_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_PART = re.compile(r'\s*+(?:"((?:[^"]|"")++)"|([^\s."]++))\s*+')
_LONGEST_MISSPELT = 200
_MOST_CANDIDATES = 1_000
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def fold(name: str) -> str:
    """The form in which two names are compared: ASCII letters lower-cased, all else kept.

    DuckDB compares identifiers so, quoted or not; SQLite's NOCASE collation is the same rule.

    Example:
        >>> fold("Lab Results"), fold("ÄRZTE")
        ('lab results', 'Ärzte')
    """
    return name.lower() if name.isascii() else name.translate(_ASCII_LOWER)


def quote(name: str) -> str:
    """A name as SQL writes it: bare where that is safe, else in double quotes.

    Example:
        >>> quote("orders"), quote("Lab Results")
        ('orders', '"Lab Results"')
    """
    return name if _PLAIN.match(name) else quoted(name)


def quoted(name: str) -> str:
    """A name in double quotes, whatever it holds.

    Example:
        >>> quoted('a"b')
        '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def split(path: str) -> tuple[str, ...]:
    """The parts of a dotted name, quotes undone; an empty tuple when the text is no such name.

    Example:
        >>> split('clinic."Lab Results"')
        ('clinic', 'Lab Results')
    """
    parts: list[str] = []
    at = 0
    while (match := _PART.match(path, at)) is not None:
        parts.append(match[1].replace('""', '"') if match[1] is not None else match[2])
        at = match.end()
        if at == len(path):
            return tuple(parts)
        if path[at] != ".":
            return ()
        at += 1
    return ()


def split_field(path: str) -> tuple[str, ...]:
    """The parts of a column's dotted name, in which `[]` after a list may be written and says nothing.

    Example:
        >>> split_field('visits[].note'), split_field('"odd[]"')
        (('visits', 'note'), ('odd[]',))
    """
    return split(re.sub(r'("(?:[^"]|"")*")|(?:\[\])+', lambda match: match[1] or "", path))


def join(*parts: str) -> str:
    """Parts as one dotted name, quoted where needed.

    Example:
        >>> join("clinic", "Lab Results")
        'clinic."Lab Results"'
    """
    return ".".join(quote(part) for part in parts)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like a misspelt one, or None when nothing comes close.

    Names of other lengths cannot, a very long one is no misspelling, and of very many not all are looked at: the time
    to compare two goes by their letters, which may be somebody else's.

    Example:
        >>> nearest("scoop", ["scope", "having"])
        'scope'
    """
    wanted = fold(name)
    if len(wanted) > _LONGEST_MISSPELT:
        return None
    alike = (each for each in known if 3 * len(wanted) <= 7 * len(each) and 3 * len(each) <= 7 * len(wanted))
    by_fold = {fold(candidate): candidate for candidate in itertools.islice(alike, _MOST_CANDIDATES)}
    found = difflib.get_close_matches(wanted, by_fold, n=1, cutoff=0.6)
    return by_fold[found[0]] if found else None
