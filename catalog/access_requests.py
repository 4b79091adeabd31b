"""The store of access requests: who asks for what and why, and what was decided, by whom and in which words."""

import json
import re
import secrets
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from catalog.clock import read_time, written_time
from catalog.database import Catalog, Value
from catalog.errors import PolicyInvalid
from catalog.names import join
from catalog.people.model import Attribute
from catalog.search_words import search_words

_FIRST, _NUMBERS = 100_000, 900_000
_STATE = "CASE WHEN state IN ('open', 'approved') AND ends_at <= ? THEN 'expired' ELSE state END"
_SEARCHED = (
    "CAST(id AS TEXT) || ' ' || user || ' ' || database || '.' || dataset || ' ' || columns || ' ' || why || ' '"
    " || purpose || ' ' || words || ' ' || decided_by"
)


class RequestState(StrEnum):
    """What became of a request; it expires by the clock, undecided or when the access that came of it has ended."""

    OPEN = "open"
    APPROVED = "approved"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Wanted(StrEnum):
    """What is asked for: some columns on the rows that one sees, the whole dataset, or all rows as one sees them."""

    COLUMNS = "columns"
    DATASET = "dataset"
    ROWS = "rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """One request; names are as they were written, since there need be nothing of that name.

    `groups` and `attributes` are the asker's as they were then. `ends_at` is when the access ends: what was asked for,
    or what was given. Of a decision there are who, when, the words, the policies that came of it and their revision.
    """

    user: str
    groups: frozenset[str]
    database: str
    dataset: str
    wanted: Wanted
    why: str
    ends_at: datetime
    asked_at: datetime
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    purpose: str = ""
    id: int = 0
    state: RequestState = RequestState.OPEN
    decided_by: str = ""
    decided_at: datetime | None = None
    words: str = ""
    policies: tuple[str, ...] = ()
    revision: int = 0

    @property
    def full_name(self) -> str:
        """The dataset as people write it, quoted where needed."""
        return join(self.database, self.dataset)

    @property
    def title(self) -> str:
        """What is asked for in a few words.

        Example: "`phone`, `email` of `shop.orders`".
        """
        if self.wanted is Wanted.COLUMNS:
            return f"{', '.join(f'`{column}`' for column in self.columns)} of `{self.full_name}`"
        return f"all of `{self.full_name}`" if self.wanted is Wanted.DATASET else f"every row of `{self.full_name}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which requests: those for which every part that is given holds; each word of `search` stands in them.

    Nothing is shown beyond the `reader`'s own and those about the folded `databases`, None for all.
    """

    reader: str = ""
    databases: Collection[str] | None = frozenset()
    user: str = ""
    dataset: tuple[str, str] | None = None
    state: RequestState | None = None
    search: str = ""


class AccessRequests:
    """The requests of a catalog; their numbers are drawn, so that one's own tells nothing of how many others ask.

    Example:
        >>> with catalog.transaction():
        ...     requests.add(AccessRequest(user="kim", database="shop", dataset="orders", **asked)).id
        482109
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def add(self, request: AccessRequest) -> AccessRequest:
        """Keeps a new request, open; the answer has its number."""
        with self._catalog.transaction() as tx:
            number = _FIRST + secrets.randbelow(_NUMBERS)
            while tx.row("SELECT 1 FROM access_request WHERE id = ?", [number]) is not None:
                number = _FIRST + secrets.randbelow(_NUMBERS)
            attributes = {name: _plain(value) for name, value in request.attributes.items()}
            tx.execute(
                "INSERT INTO access_request (id, user, groups, attributes, database, dataset, wanted, columns, why,"
                " purpose, asked_at, ends_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    number,
                    request.user,
                    _written(sorted(request.groups)),
                    _written(attributes),
                    request.database,
                    request.dataset,
                    request.wanted,
                    _written(request.columns),
                    request.why,
                    request.purpose,
                    written_time(request.asked_at),
                    written_time(request.ends_at),
                ],
            )
        return replace(request, id=number, state=RequestState.OPEN)

    def request(self, number: int, now: datetime) -> AccessRequest | None:
        """The request of that number with its state at that moment, or None."""
        row = self._catalog.row(
            f"SELECT *, {_STATE} AS state_now FROM access_request WHERE id = ?", [written_time(now), number]
        )
        return None if row is None else _request(row)

    def close(
        self,
        number: int,
        state: RequestState,
        *,
        by: str,
        at: datetime,
        words: str = "",
        policies: tuple[str, ...] = (),
        revision: int = 0,
        ends_at: datetime | None = None,
    ) -> None:
        """Ends an open request; raises PolicyInvalid for one that is open no longer."""
        with self._catalog.transaction() as tx:
            closed = tx.execute(
                "UPDATE access_request SET state = ?, decided_by = ?, decided_at = ?, words = ?, policies = ?,"
                " revision = ?, ends_at = coalesce(?, ends_at) WHERE id = ? AND state = 'open' AND ends_at > ?",
                [
                    state,
                    by,
                    written_time(at),
                    words,
                    _written(policies),
                    revision,
                    written_time(ends_at) if ends_at else None,
                    number,
                    written_time(at),
                ],
            )
        if not closed:
            raise PolicyInvalid(f"request {number} is open no longer", hint="look at it again")

    def listed(self, choice: Choice, now: datetime, *, limit: int = 100, offset: int = 0) -> tuple[AccessRequest, ...]:
        """What was chosen: open ones first, then the newest."""
        conditions, given = _conditions(choice, now)
        rows = self._catalog.rows(
            f"SELECT *, {_STATE} AS state_now FROM access_request{conditions}"
            " ORDER BY state_now <> 'open', coalesce(decided_at, asked_at) DESC, id LIMIT ? OFFSET ?",
            [written_time(now), *given, limit, offset],
        )
        return tuple(map(_request, rows))

    def count(self, choice: Choice, now: datetime) -> int:
        """How many were chosen."""
        conditions, given = _conditions(choice, now)
        [row] = self._catalog.rows(f"SELECT count(*) AS number FROM access_request{conditions}", given)
        return int(row["number"])

    def asked_since(self, user: str, since: datetime) -> int:
        """How many requests somebody has made since then, whatever became of them."""
        [row] = self._catalog.rows(
            "SELECT count(*) AS number FROM access_request WHERE user = ? AND asked_at >= ?",
            [user, written_time(since)],
        )
        return int(row["number"])


def _conditions(choice: Choice, now: datetime) -> tuple[str, list[Value]]:
    conditions, given = " WHERE 1", list[Value]()
    if choice.databases is not None:
        named = ", ".join("?" for _ in choice.databases)
        conditions += f" AND (user = ? OR database IN ({named}))"
        given += [choice.reader, *choice.databases]
    if choice.user:
        conditions += " AND user = ?"
        given.append(choice.user)
    if choice.state is not None:
        conditions += f" AND {_STATE} = ?"
        given += [written_time(now), choice.state]
    if choice.dataset is not None:
        conditions += " AND database = ? AND dataset = ?"
        given += choice.dataset
    for word in search_words(choice.search, "requests"):
        conditions += f" AND {_SEARCHED} LIKE ? ESCAPE '\\'"
        given.append("%" + re.sub(r"([%_\\])", r"\\\1", word) + "%")
    return conditions, given


def _request(row: sqlite3.Row) -> AccessRequest:
    attributes: dict[str, str | list[str]] = json.loads(row["attributes"])
    return AccessRequest(
        id=row["id"],
        user=row["user"],
        groups=frozenset(json.loads(row["groups"])),
        attributes={name: value if isinstance(value, str) else tuple(value) for name, value in attributes.items()},
        database=row["database"],
        dataset=row["dataset"],
        wanted=Wanted(row["wanted"]),
        columns=tuple(json.loads(row["columns"])),
        why=row["why"],
        purpose=row["purpose"],
        asked_at=read_time(row["asked_at"]),
        ends_at=read_time(row["ends_at"]),
        state=RequestState(row["state_now"]),
        decided_by=row["decided_by"],
        decided_at=read_time(row["decided_at"]) if row["decided_at"] else None,
        words=row["words"],
        policies=tuple(json.loads(row["policies"])),
        revision=row["revision"],
    )


def _plain(value: Attribute) -> str | list[str]:
    return value if isinstance(value, str) else list(value)


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
