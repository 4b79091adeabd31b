"""The store of policy revisions: numbered states of everything that decides, added and never changed."""

import sqlite3
from collections.abc import Callable
from datetime import datetime

from catalog.clock import read_time, utc_now, written_time
from catalog.database import Catalog
from catalog.errors import LimitExceeded
from catalog.model import Revision

LONGEST_WHY = 2_000
"""Characters of the reason of a change."""


class Revisions:
    """The history of what decides; `state` is text that only the policy engine understands.

    Example:
        >>> with catalog.transaction():
        ...     revision = revisions.add(by="ada", why="first grant", difference="+ grant", state="{}")
        >>> revisions.current_number() == revision.number
        True
    """

    def __init__(self, catalog: Catalog, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._catalog = catalog
        self._clock = clock

    def current_number(self) -> int:
        """The number of the revision that is in force, 0 before the first."""
        row = self._catalog.row("SELECT max(number) AS number FROM revision")
        return int(row["number"] or 0) if row else 0

    def latest(self) -> tuple[Revision, str] | None:
        """The revision in force and its state, or None before the first."""
        return self._with_state("SELECT * FROM revision ORDER BY number DESC LIMIT 1", [])

    def revision(self, number: int) -> tuple[Revision, str] | None:
        """One revision and its state, or None."""
        return self._with_state("SELECT * FROM revision WHERE number = ?", [number])

    def add(self, *, by: str, why: str, difference: str, state: str) -> Revision:
        """Puts a new state in force, within the transaction of the change that it tells if one is open.

        Raises LimitExceeded for a reason that is longer than `LONGEST_WHY`: each list of revisions tells it.
        """
        if len(why) > LONGEST_WHY:
            raise LimitExceeded(
                f"the reason of a change has at most {LONGEST_WHY:,} characters, and this one {len(why):,}",
                hint="say it in fewer words, or name where it is said",
            )
        with self._catalog.transaction() as tx:
            number = self.current_number() + 1
            at = written_time(self._clock())
            tx.execute("INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?)", [number, at, by, why, difference, state])
        return Revision(number=number, at=read_time(at), by=by, why=why, difference=difference)

    def history(self) -> tuple[Revision, ...]:
        """Every revision, newest first."""
        rows = self._catalog.rows("SELECT number, at, by, why, difference FROM revision ORDER BY number DESC")
        return tuple(_revision(row) for row in rows)

    def _with_state(self, sql: str, parameters: list[int]) -> tuple[Revision, str] | None:
        row = self._catalog.row(sql, parameters)
        return None if row is None else (_revision(row), row["state"])


def _revision(row: sqlite3.Row) -> Revision:
    return Revision(
        number=row["number"], at=read_time(row["at"]), by=row["by"], why=row["why"], difference=row["difference"]
    )
