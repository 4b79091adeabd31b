"""A report: what was asked, the answer as a table, and under what it was answered."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Protocol

from catalog.clock import written_time
from web_ui.pictures.chart import Chart
from web_ui.spreadsheets import plain, remark

Cell = str | int | tuple[str, ...]
Row = tuple[Cell, ...]
_ROWS_AT_ONCE = 1_000


class Rows(Sized, Iterable[Row], Protocol):
    """Rows that may be made only as far as somebody reads them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Under what a report was answered; the journal's length and head are told to who reads all of it."""

    at: datetime
    revision: int
    events: int = 0
    head: str = ""

    def as_json(self) -> dict[str, object]:
        """As JSON values."""
        chain = {"journal": {"count": self.events, "head": self.head}} if self.head else {}
        return {"at": written_time(self.at), "revision": self.revision, **chain}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An answer: rows under columns, with what must be known to read them; `empty` says it when there is no row.

    `answer` is the answer in one sentence. `chart` is drawn where there is a page. JSON has `most` of the rows unless
    more are asked for, None for all. `choices` are proposed for what the report asks for, by its name.
    """

    answer: str
    columns: tuple[str, ...]
    rows: Rows
    notes: tuple[str, ...] = ()
    chart: Chart | None = None
    most: int | None = None
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def as_json(self, limit: int | None = None) -> dict[str, object]:
        """The answer as JSON values: a row is an object; `count` tells how many rows there are in all."""
        count, most = len(self.rows), limit or self.most
        rows = [dict(zip(self.columns, map(_plain, row), strict=True)) for row in islice(self.rows, most)]
        cut = f"The first {len(rows):,} of {count:,} rows: `limit` asks for more of them, and CSV has all."
        return {
            "answer": self.answer,
            "columns": list(self.columns),
            "rows": rows,
            "count": count,
            "notes": [*([cut] if len(rows) < count else []), *self.notes],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A report with its question and standing, as it is shown, printed or sent."""

    name: str
    title: str
    asked: Mapping[str, str]
    report: Report
    standing: Standing
    words: str = field(default="")

    def as_json(self, limit: int | None = None) -> dict[str, object]:
        """All of it as JSON values, with at most so many rows."""
        return {
            "report": self.name,
            "asked": dict(self.asked),
            **self.standing.as_json(),
            **self.report.as_json(limit),
        }

    def as_csv(self) -> Iterator[str]:
        """The table as RFC 4180 lines, after lines that begin with `#` and say what was asked, when and under what.

        A text that a spreadsheet would take for a formula has an apostrophe before it. It comes bit by bit.
        """
        out = io.StringIO()
        standing = self.standing
        asked = ", ".join(f"{name}={value}" for name, value in self.asked.items())
        said = [f"{self.title}{f': {asked}' if asked else ''}", self.report.answer]
        said.append(f"at {written_time(standing.at)}, under policy revision {standing.revision}")
        said += [f"journal: {standing.events} events, head {standing.head}"] if standing.head else []
        for line in (*said, *self.report.notes):
            out.write(f"{remark(line)}\r\n")
        writer = csv.writer(out)
        writer.writerow(self.report.columns)
        rows = iter(self.report.rows)
        while some := tuple(islice(rows, _ROWS_AT_ONCE)):
            writer.writerows([_flat(cell) for cell in row] for row in some)
            yield out.getvalue()
            out.seek(0)
            out.truncate()
        yield out.getvalue()


def _plain(cell: Cell) -> object:
    return list(cell) if isinstance(cell, tuple) else cell


def _flat(cell: Cell) -> str | int:
    return cell if isinstance(cell, int) else plain(", ".join(cell) if isinstance(cell, tuple) else cell)
