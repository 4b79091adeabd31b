"""The store of drafts: policies somebody is still writing, which nothing that decides ever reads."""

import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog.clock import read_time, written_time
from catalog.database import Catalog

Form = Mapping[str, tuple[str, ...]]
"""The fields of a form as they were filled in, right or wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A policy that somebody is writing: its `form`, and the revision that was in force when it was last looked at."""

    id: str
    name: str
    form: Form
    by: str
    revision: int
    began_at: datetime
    changed_at: datetime


class Drafts:
    """The drafts of a catalog.

    INVARIANT: a draft changes no revision and no version of the catalog, so no decision can depend on one.

    Example:
        >>> drafts.save({"policy": ("clerks",)}, name="clerks", by="ada", revision=7, now=now).by
        'ada'
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def save(self, form: Form, *, name: str, by: str, revision: int, now: datetime, id: str = "") -> Draft:
        """Keeps a form as a new draft, or in the place of the draft of that id, which stays its author's."""
        found, at = self.draft(id) if id else None, written_time(now)
        key = found.id if found else secrets.token_hex(6)
        text = json.dumps({key: list(values) for key, values in form.items()}, ensure_ascii=False)
        with self._catalog.transaction() as tx:
            tx.execute(
                "INSERT INTO policy_draft (id, name, form, by, revision, began_at, changed_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
                " name = excluded.name, form = excluded.form, revision = excluded.revision,"
                " changed_at = excluded.changed_at",
                [key, name, text, by, revision, at, at],
            )
            [row] = tx.rows("SELECT * FROM policy_draft WHERE id = ?", [key])
        return _draft(row)

    def draft(self, id: str) -> Draft | None:
        """The draft of that id, None when there is none."""
        row = self._catalog.row("SELECT * FROM policy_draft WHERE id = ?", [id])
        return None if row is None else _draft(row)

    def drafts(self, by: str | None = None) -> tuple[Draft, ...]:
        """Everybody's drafts or those of one author, the last changed first."""
        rows = self._catalog.rows(
            "SELECT * FROM policy_draft WHERE coalesce(by = ?, TRUE) ORDER BY changed_at DESC, id", [by]
        )
        return tuple(map(_draft, rows))

    def discard(self, id: str) -> bool:
        """Forgets a draft; True when there was one."""
        with self._catalog.transaction() as tx:
            return tx.execute("DELETE FROM policy_draft WHERE id = ?", [id]) > 0


def _draft(row: sqlite3.Row) -> Draft:
    form = {key: tuple(values) for key, values in json.loads(row["form"]).items()}
    return Draft(
        id=row["id"],
        name=row["name"],
        form=form,
        by=row["by"],
        revision=row["revision"],
        began_at=read_time(row["began_at"]),
        changed_at=read_time(row["changed_at"]),
    )
