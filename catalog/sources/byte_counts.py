"""Sizes as people and the engine write them."""

import re

from catalog.errors import SettingsInvalid

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)


def byte_count(size: str) -> int:
    """The bytes that a size means; raises SettingsInvalid.

    Example:
        >>> byte_count("1GB"), byte_count("512 MiB")
        (1000000000, 536870912)
    """
    found = _SIZE.fullmatch(size.strip())
    if found is None or not float(found[1]):
        raise SettingsInvalid(f"`{size}` is no size", hint="write a number and a unit, such as `512MB` or `2GiB`")
    base = 1024 if found[3] else 1000
    return int(float(found[1]) * base ** " kmgt".index(found[2].lower() or " "))
