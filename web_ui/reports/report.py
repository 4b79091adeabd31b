"""A report: what was asked, the answer as a table, and under what it was answered."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from catalog.clock import written_time
from web_ui.pictures.chart import Chart
from web_ui.spreadsheets import plain

Cell = str | int | tuple[str, ...]


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

    `answer` is the answer in one sentence. `chart` is drawn where there is a page.
    """

    answer: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    chart: Chart | None = None

    def as_json(self) -> dict[str, object]:
        """The answer as JSON values: a row is an object."""
        rows = [dict(zip(self.columns, map(_plain, row), strict=True)) for row in self.rows]
        return {"answer": self.answer, "columns": list(self.columns), "rows": rows, "notes": list(self.notes)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A report with its question and standing, as it is shown, printed or sent."""

    name: str
    title: str
    asked: Mapping[str, str]
    report: Report
    standing: Standing
    words: str = field(default="")

    def as_json(self) -> dict[str, object]:
        """All of it as JSON values."""
        return {
            "report": self.name,
            "asked": dict(self.asked),
            **self.standing.as_json(),
            **self.report.as_json(),
        }

    def as_csv(self) -> str:
        """The table as RFC 4180 lines, after lines that begin with `#` and say what was asked, when and under what.

        A text that a spreadsheet would take for a formula has an apostrophe before it.
        """
        out = io.StringIO()
        standing = self.standing
        asked = ", ".join(f"{name}={value}" for name, value in self.asked.items())
        said = [f"{self.title}{f': {asked}' if asked else ''}", self.report.answer]
        said.append(f"at {written_time(standing.at)}, under policy revision {standing.revision}")
        said += [f"journal: {standing.events} events, head {standing.head}"] if standing.head else []
        for line in (*said, *self.report.notes):
            out.write(f"# {' '.join(line.split())}\r\n")
        writer = csv.writer(out)
        writer.writerow(self.report.columns)
        writer.writerows([_flat(cell) for cell in row] for row in self.report.rows)
        return out.getvalue()


def _plain(cell: Cell) -> object:
    return list(cell) if isinstance(cell, tuple) else cell


def _flat(cell: Cell) -> str | int:
    return cell if isinstance(cell, int) else plain(", ".join(cell) if isinstance(cell, tuple) else cell)
