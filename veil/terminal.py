"""Data, names and words of a server as a terminal may show them."""

import re

_CARRIED_OUT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Signs that steer a terminal, break a line or turn the order of letters round, so that a text reads as another one."""


def visible(text: str) -> str:
    """A text with the signs that a terminal would carry out written out: data and names of columns may hold any.

    Example:
        >>> visible("a\\x1b[2Jb")
        'a\\\\x1b[2Jb'
    """
    return _CARRIED_OUT.sub(_written_out, text)


def _written_out(sign: re.Match[str]) -> str:
    number = ord(sign[0])
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"
