"""Sets of values written as one text: values apart by commas, quoted where they hold one."""

import re
from collections.abc import Iterable

_ITEM = re.compile(r'\s*+(?:"((?:[^"]|"")*+)"|([^",]*+))\s*+(,|\Z)')
_PLAIN = re.compile(r"(?!\s)[^\",]+(?<!\s)\Z")


def read_set(text: str) -> tuple[str, ...] | None:
    """The values of a text, empty ones left out; None when a quote is not closed.

    Example:
        >>> read_set('"abc,def",xyz, "foo,bar"')
        ('abc,def', 'xyz', 'foo,bar')
        >>> read_set('"6"",7"')
        ('6",7',)
    """
    values: list[str] = []
    at = 0
    while True:
        match = _ITEM.match(text, at)
        if match is None:
            return None
        quoted, plain, end = match.groups()
        value = plain.strip() if quoted is None else quoted.replace('""', '"')
        if value or quoted is not None:
            values.append(value)
        if not end:
            return tuple(values)
        at = match.end()


def write_set(values: Iterable[str]) -> str:
    """The text that `read_set` reads as these values.

    Example:
        >>> write_set(["a,b", "c"])
        '"a,b", c'
    """
    return ", ".join(value if _PLAIN.match(value) else '"' + value.replace('"', '""') + '"' for value in values)
