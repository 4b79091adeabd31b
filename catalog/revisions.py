"""The store of policy revisions: numbered states of everything that decides, added and never changed."""

import sqlite3
from collections.abc import Callable
from datetime import datetime

from catalog.clock import read_time, utc_now, written_time
from catalog.database import Catalog
from catalog.errors import Internal, LimitExceeded
from catalog.model import Revision

LONGEST_WHY = 2_000
"""Characters of the reason of a change."""

_WITH_STATE = """
    SELECT number, at, by, why, difference, (
        SELECT state FROM revision AS kept INDEXED BY revision_with_state
        WHERE kept.number <= revision.number AND kept.state <> '' ORDER BY kept.number DESC LIMIT 1
    ) AS state FROM revision
"""


class Revisions:
    """The history of what decides; `state` is text that only the policy engine understands, and never empty.

    INVARIANT: a revision that leaves the state as it was keeps no copy of it, since it is kept for good: an empty one
    stands for the newest that is not. So nothing else reads the column.

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
        return self._with_state("ORDER BY number DESC LIMIT 1", [])

    def revision(self, number: int) -> tuple[Revision, str] | None:
        """One revision and its state, or None."""
        return self._with_state("WHERE number = ?", [number])

    def add(self, *, by: str, why: str, difference: str, state: str) -> Revision:
        """Puts a new state in force, within the transaction of the change that it tells if one is open.

        Raises LimitExceeded for a reason that is longer than `LONGEST_WHY`: each list of revisions tells it.
        """
        if len(why) > LONGEST_WHY:
            raise LimitExceeded(
                f"the reason of a change has at most {LONGEST_WHY:,} characters, and this one {len(why):,}",
                hint="say it in fewer words, or name where it is said",
            )
        if not state:
            raise Internal("a revision was to be added without a state")
        with self._catalog.transaction() as tx:
            before, at = self.latest(), written_time(self._clock())
            number = before[0].number + 1 if before else 1
            kept = "" if before and before[1] == state else state
            tx.execute("INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?)", [number, at, by, why, difference, kept])
        return Revision(number=number, at=read_time(at), by=by, why=why, difference=difference)

    def history(self, *, after: int = 0) -> tuple[Revision, ...]:
        """Every revision after a number, newest first."""
        told = "SELECT number, at, by, why, difference FROM revision WHERE number > ? ORDER BY number DESC"
        return tuple(_revision(row) for row in self._catalog.rows(told, [after]))

    def _with_state(self, which: str, parameters: list[int]) -> tuple[Revision, str] | None:
        row = self._catalog.row(_WITH_STATE + which, parameters)
        return None if row is None else (_revision(row), row["state"])


def _revision(row: sqlite3.Row) -> Revision:
    return Revision(
        number=row["number"], at=read_time(row["at"]), by=row["by"], why=row["why"], difference=row["difference"]
    )
