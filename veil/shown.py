"""How a result looks in a notebook or a terminal, made only from what has already arrived."""

import html
from collections.abc import Sequence

from veil.access import MARKS, Access, outcome_of, summary
from veil.terminal import visible

SHOWN_ROWS = 20
_WIDEST = 40


def as_text(names: Sequence[str], rows: Sequence[Sequence[object]], state: str, access: Access) -> str:
    """An aligned table with a mark beside each masked column, and a footer with the access summary."""
    heads = [visible(_head(name, access)) for name in names]
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(head), *(len(row[i]) for row in cells), 0) for i, head in enumerate(heads)]
    lines = [_line(heads, widths), _line(["-" * width for width in widths], widths)] if rows else [", ".join(heads)]
    lines += [_line(row, widths) for row in cells]
    return visible("\n".join([*lines, f"[{state}]", f"[{summary(access)}]"]))


def as_html(names: Sequence[str], rows: Sequence[Sequence[object]], state: str, access: Access) -> str:
    """The same as a table for notebooks."""
    head = "".join(f'<th scope="col">{html.escape(_head(name, access))}</th>' for name in names)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(_cell(value))}</td>" for value in row) + "</tr>" for row in rows)
    return (
        f"<table><caption>{html.escape(state)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"<p><small>{html.escape(summary(access))}</small></p>"
    )


def _head(name: str, access: Access) -> str:
    found = outcome_of(access, name)
    if found is None or found["outcome"] == "clear":
        return name
    return f"{name} {MARKS.get(found['outcome'], ' ')} {found['transform'] or found['outcome']}"


def _cell(value: object) -> str:
    text = "" if value is None else visible(str(value).replace("\n", " "))
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
