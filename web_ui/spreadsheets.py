"""Texts in CSV files, which people open in spreadsheets: none of them is taken for a formula."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would work out."""


def plain(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would take for a formula.

    Example:
        >>> plain("=1+1"), plain("phone")
        ("'=1+1", 'phone')
    """
    return "'" + text if text.startswith(_FORMULA) else text
