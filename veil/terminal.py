"""Data, names and words of a server as a terminal may show them."""

import re

_CARRIED_OUT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def visible(text: str) -> str:
    """A text with the signs that a terminal would carry out written out: data and names of columns may hold any.

    Example:
        >>> visible("a\\x1b[2Jb")
        'a\\\\x1b[2Jb'
    """
    return _CARRIED_OUT.sub(lambda sign: f"\\x{ord(sign[0]):02x}", text)
