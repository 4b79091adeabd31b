"""Which cookies of a request are read: those that are some by the standard, so that no other text is tried as one."""

import re

_COOKIE = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++=\"?+[!#-+\--:<-\[\]-~]*+\"?+")
"""A name and a value without blanks, commas and backslashes (RFC 6265, 4.1.1)."""


def plain_cookies(header: str) -> str:
    """The cookies of a header that are written as RFC 6265 says; what else stands there is left out.

    Example:
        >>> plain_cookies('a=1; ;b="2";c = 3; d=4 5;e')
        'a=1; b="2"'
    """
    found = (part.strip(" \t") for part in header.split(";"))
    return "; ".join(part for part in found if _COOKIE.fullmatch(part))
