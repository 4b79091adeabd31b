"""Texts in CSV files, which people open in spreadsheets: none of them is taken for a formula."""

import json
import re

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would work out."""

_BEGIN = re.compile(r"([,;|]\s*)(?=[\"=+\-@])")
"""Where a line that is cut into cells has one that begins like a formula."""

_CUTS = re.compile(r"[,;|=+@]|(?<!\w)-")
"""What in a text cuts a line, or begins a formula."""


def plain(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would take for a formula.

    Example:
        >>> plain("=1+1"), plain("phone")
        ("'=1+1", 'phone')
    """
    return "'" + text if text.startswith(_FORMULA) else text


def remark(text: str) -> str:
    """A line of words before a table; wherever a spreadsheet cuts it, no part is taken for a formula.

    Example:
        >>> remark("asked: text=x,=1+1")
        "# asked: text=x,'=1+1"
    """
    return "# " + _BEGIN.sub(r"\1'", " ".join(text.split()))


def json_remark(value: object) -> str:
    """The same of a JSON value, which it still is behind the `#`.

    Example:
        >>> json_remark({"text": "x,=1"})
        '# {"text": "x\\\\u002c\\\\u003d1"}'
    """
    return "# " + _json(value)


def _json(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_json(str(name))}: {_json(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_json, value)) + "]"
    written = json.dumps(value, ensure_ascii=False)
    return _CUTS.sub(lambda found: f"\\u{ord(found[0]):04x}", written) if isinstance(value, str) else written
