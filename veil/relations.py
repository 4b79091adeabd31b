"""What a person sees of the catalog: datasets and their columns, printed as short tables."""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from veil.access import MARKS
from veil.errors import ProgrammingError
from veil.terminal import visible

if TYPE_CHECKING:
    import pandas as pd

_PART = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^\s."]+))\s*(\.|\Z)')


def is_name(text: str) -> bool:
    """Whether a text is a dotted name; SQL never is, since it has spaces outside of quotes.

    Example:
        >>> is_name("shop.orders"), is_name("select 1")
        (True, False)
    """
    return bool(_parts(text))


def split_name(name: str) -> tuple[str, ...]:
    """The parts of a dotted name, quotes undone.

    Example:
        >>> split_name('clinic."Lab Results"')
        ('clinic', 'Lab Results')
    """
    parts = _parts(name)
    if not parts:
        raise ProgrammingError(
            f"`{name}` is no name of a dataset",
            hint='write database.dataset, and quote what needs it: clinic."Lab Results"',
        )
    return parts


def _parts(name: str) -> tuple[str, ...]:
    parts: list[str] = []
    place = 0
    while match := _PART.match(name, place):
        parts.append(match[1].replace('""', '"') if match[1] is not None else match[2])
        place = match.end()
        if not match[3]:
            return tuple(parts)
    return ()


def quote_name(parts: Iterable[str]) -> str:
    """Parts as one dotted name for SQL.

    Example:
        >>> quote_name(("clinic", "Lab Results"))
        '"clinic"."Lab Results"'
    """
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column you may see, and how: `outcome` is clear or masked (by `transform`); `comment` is the source's."""

    name: str
    type: str
    outcome: str = "clear"
    transform: str = ""
    tags: tuple[str, ...] = ()
    reason: str = ""
    comment: str = ""

    @classmethod
    def of(cls, found: dict[str, object]) -> "Column":
        """A column as the server tells it."""
        return cls(
            name=_text(found, "column", "name"),
            type=_text(found, "type"),
            outcome=_text(found, "outcome") or "clear",
            transform=_text(found, "transform"),
            tags=_texts(found, "tags"),
            reason=_text(found, "reason"),
            comment=_text(found, "comment"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A dataset you may see; `columns` and `tags` are filled by `describe`."""

    database: str
    name: str
    comment: str = ""
    tags: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    column_count: int = 0
    masked_count: int = 0
    is_filtered: bool = False
    reason: str = ""
    defects: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """The name as SQL takes it where nothing needs quotes."""
        return f"{self.database}.{self.name}"

    def __repr__(self) -> str:
        if not self.columns:
            return visible(f"<veil.Dataset {self.full_name}>")
        below = [*([self._rows()] if self.is_filtered else []), *(f"defect: {defect}" for defect in self.defects)]
        return visible("\n".join([self.full_name, _aligned(self._lines()), *below]))

    __str__ = __repr__

    def _repr_html_(self) -> str:
        told = "".join(f"<p>defect: {html.escape(defect)}</p>" for defect in self.defects)
        return (
            f"<p>{html.escape(self.full_name)}</p>{_html_table(self._lines())}<p>{html.escape(self._rows())}</p>{told}"
        )

    def _rows(self) -> str:
        return f"rows: {self.reason or 'filtered for you'}" if self.is_filtered else "rows: all of them"

    def _lines(self) -> list[tuple[str, ...]]:
        head = ("column", "type", "for you", "tags", "comment")
        shown = len(head) if any(column.comment for column in self.columns) else len(head) - 1
        lines = [head, *((c.name, c.type, _how(c), " ".join(c.tags), c.comment) for c in self.columns)]
        return [line[:shown] for line in lines]


class Datasets(Sequence[Dataset]):
    """The datasets you may see, in order; prints as a table."""

    def __init__(self, datasets: Iterable[Dataset]) -> None:
        self._datasets = tuple(datasets)

    @overload
    def __getitem__(self, index: int) -> Dataset: ...
    @overload
    def __getitem__(self, index: slice) -> "Datasets": ...
    def __getitem__(self, index: int | slice) -> "Dataset | Datasets":
        return Datasets(self._datasets[index]) if isinstance(index, slice) else self._datasets[index]

    def __len__(self) -> int:
        return len(self._datasets)

    def __repr__(self) -> str:
        return _aligned(self._lines()) if self._datasets else "no datasets that you can see"

    def _repr_html_(self) -> str:
        return _html_table(self._lines())

    def to_pandas(self) -> "pd.DataFrame":
        """The list as a frame."""
        import pandas as pd

        head, *rows = self._lines()
        return pd.DataFrame(rows, columns=list(head))

    def _lines(self) -> list[tuple[str, ...]]:
        return [
            ("dataset", "columns", "masked", "rows", "comment"),
            *(
                (
                    dataset.full_name,
                    str(dataset.column_count),
                    str(dataset.masked_count),
                    "filtered for you" if dataset.is_filtered else "all",
                    dataset.comment,
                )
                for dataset in self._datasets
            ),
        ]


def _how(column: Column) -> str:
    by = f" by {column.transform}" if column.transform else ""
    return f"{MARKS.get(column.outcome, '')} {column.outcome}{by}"


def _text(found: dict[str, object], *keys: str) -> str:
    return next((str(found[key]) for key in keys if found.get(key)), "")


def _texts(found: dict[str, object], key: str) -> tuple[str, ...]:
    values = found.get(key)
    return tuple(str(value) for value in values) if isinstance(values, list) else ()


def _aligned(told: Sequence[Sequence[str]]) -> str:
    lines = [[visible(cell) for cell in line] for line in told]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _html_table(lines: Sequence[Sequence[str]]) -> str:
    head, *rows = lines
    top = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
