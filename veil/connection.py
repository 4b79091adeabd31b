"""The way in: connect to a server, ask, and see what there is."""

import os
import ssl
import warnings
import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self
from urllib.parse import quote as url_quote
from urllib.parse import urlencode

from veil.access import Explanation, access_of, complete
from veil.dbapi import Cursor
from veil.errors import InterfaceError, NotSupportedError, ProgrammingError
from veil.notices import warn
from veil.parameters import Parameters, encode
from veil.relations import Column, Dataset, Datasets, quote_name, split_name
from veil.result import Result
from veil.stream import ArrowStream
from veil.transport import API, HttpTransport, Reply, Timeouts, Transport, read_json

if TYPE_CHECKING:
    import datetime

    import pandas as pd


def connect(
    url: str | None = None,
    token: str | None = None,
    *,
    database: str = "main",
    purpose: str = "",
    timeout: float | None = 600.0,
    connect_timeout: float = 10.0,
    ssl_context: ssl.SSLContext | None = None,
    progress: bool | None = None,
    transport: Transport | None = None,
) -> "Connection":
    """A connection to a server; the address and the token may also stand in VEIL_URL and VEIL_TOKEN.

    Example:
        >>> with connect("http://127.0.0.1:8080", token="veil_..") as connection:  # doctest: +SKIP
        ...     frame = connection.scan_as_pandas("medical_charges.medical_costs")

    A `token` of None is that of VEIL_TOKEN, whichever server `url` names; of an empty one nothing is sent.
    `database` is where bare table names are looked up; `purpose` is told to policies and to the journal.
    `timeout` is how many seconds the server may be silent. Nothing is sent before the first question.
    """
    if transport is None:
        url = url or os.environ.get("VEIL_URL")
        if not url:
            raise InterfaceError(
                "no server is named", hint='call veil.connect("http://127.0.0.1:8080", token=...) or set VEIL_URL'
            )
        transport = HttpTransport(
            url,
            token=os.environ.get("VEIL_TOKEN") if token is None else token,
            timeouts=Timeouts(connect=connect_timeout, silence=timeout),
            ssl_context=ssl_context,
        )
    return Connection(transport, database=database, purpose=purpose, progress=progress)


class Connection:
    """A person's way to a server. Use one per thread, and close it (or use `with`)."""

    def __init__(
        self, transport: Transport, *, database: str = "main", purpose: str = "", progress: bool | None = None
    ) -> None:
        self._transport: Transport | None = transport
        self._database = database
        self._purpose = purpose
        self._progress = progress
        self._open_results: weakref.WeakSet[Result] = weakref.WeakSet()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_transport", None) is not None:
            self.close()
            warnings.warn("a connection was not closed: use `with veil.connect(..)`", ResourceWarning, 2, source=self)

    def close(self) -> None:
        """Close it, and every result that is still being read."""
        transport, self._transport = self._transport, None
        if transport is None:
            return
        for result in tuple(self._open_results):
            result.close()
        transport.close()

    def query(self, sql: str, params: Parameters = ()) -> Result:
        """Ask one question, with a list of values for its `?`, or a mapping for its `$name`.

        Example:
            >>> connection.query("select * from shop.orders where total > ?", [10]).to_pandas()  # doctest: +SKIP
        """
        question = self._question(sql, params)
        reply = self._send("POST", "/query", {**question, "format": "arrow"})
        stream = ArrowStream(reply)
        try:
            result = Result(stream, access_of(stream.schema), progress=self._progress)
            warn(result.access["notices"])
        except BaseException:
            stream.close()
            raise
        self._open_results.add(result)
        return result

    def scan_as_pandas(self, name: str, max_records: int | None = None) -> "pd.DataFrame":
        """A whole dataset as a frame, or its first `max_records` rows.

        Example:
            >>> connection.scan_as_pandas("medical_charges.medical_costs", max_records=100_000)  # doctest: +SKIP
        """
        with self.query(f"select * from {quote_name(split_name(name))}{_limit(max_records)}") as result:
            return result.to_pandas()

    def datasets(self, search: str | None = None) -> Datasets:
        """The datasets you may see, or those that `search` finds among them."""
        path = "/datasets" + (f"?{urlencode({'search': search})}" if search else "")
        return Datasets(_dataset(found) for found in _listed(self._get(path), "datasets"))

    def describe(self, name: str) -> Dataset:
        """A dataset with the columns you may see: type, how each is shown to you, and tags."""
        database, dataset = self._full(name)
        return _dataset(_object(self._get(f"/datasets/{url_quote(database, safe='')}/{url_quote(dataset, safe='')}")))

    def explain(
        self,
        sql: str,
        params: Parameters = (),
        *,
        user: str | None = None,
        groups: Sequence[str] | None = None,
        attributes: Mapping[str, str | Sequence[str]] | None = None,
    ) -> Explanation:
        """Why a query would show what it shows; nothing is run.

        `user`, or `groups` with `attributes`, asks on behalf of somebody else, which needs the right to do so.
        """
        question = self._question(sql, params)
        if user is not None:
            question["as"] = {"user": user}
        elif groups is not None or attributes is not None:
            question["as"] = {"groups": list(groups or ()), "attributes": dict(attributes or {})}
        found = _object(read_json(self._send("POST", "/explain", question)))
        return Explanation(complete(found), sql=str(found.get("sql") or ""))

    def request_access(
        self,
        name: str,
        *,
        why: str,
        columns: Sequence[str] = (),
        all_rows: bool = False,
        purpose: str = "",
        until: "datetime.date | str | None" = None,
    ) -> dict[str, object]:
        """Ask for access to a dataset: to `columns` of it, to every row, or to all of it; whoever may decide is told.

        Example:
            >>> connection.request_access("shop.orders", columns=["phone"], why="recall")["state"]  # doctest: +SKIP
            'open'

        `until` is the last day, 30 days from now unless told. What you cannot see can be asked for by its name.
        """
        said: dict[str, object] = {"dataset": name, "columns": list(columns), "all_rows": all_rows, "why": why}
        said["purpose"] = purpose or self._purpose
        if until is not None:
            said["until"] = until if isinstance(until, str) else until.isoformat()
        return _object(read_json(self._send("POST", "/access-requests", said)))

    def access_requests(self, search: str | None = None) -> list[dict[str, object]]:
        """Your requests for access with what became of them, open ones first, and those on which you may decide."""
        path = "/access-requests" + (f"?{urlencode({'search': search})}" if search else "")
        return _listed(self._get(path), "requests")

    def whoami(self) -> dict[str, object]:
        """Who the server takes you for: user, groups and what else it tells."""
        return _object(self._get("/whoami"))

    def cursor(self) -> Cursor:
        """A cursor as PEP 249 has it."""
        self._open_transport()
        return Cursor(self.query)

    def commit(self) -> None:
        """Nothing to do: nothing is ever written."""
        self._open_transport()

    def rollback(self) -> None:
        """Refused: there are no transactions."""
        raise NotSupportedError("Veil only reads, so there is nothing to roll back")

    def _question(self, sql: str, params: Parameters) -> dict[str, object]:
        question: dict[str, object] = {"sql": sql, "params": encode(params), "database": self._database}
        if self._purpose:
            question["purpose"] = self._purpose
        return question

    def _full(self, name: str) -> tuple[str, str]:
        parts = split_name(name)
        if len(parts) > 2:
            raise ProgrammingError(f"`{name}` has more parts than a dataset", hint="write database.dataset")
        return (parts[0], parts[1]) if len(parts) == 2 else (self._database, parts[0])

    def _get(self, path: str) -> object:
        return read_json(self._send("GET", path))

    def _send(self, method: str, path: str, payload: object = None) -> Reply:
        return self._open_transport().send(method, API + path, payload)

    def _open_transport(self) -> Transport:
        if self._transport is None:
            raise InterfaceError("this connection is closed", hint="connect again: veil.connect(..)")
        return self._transport


def _limit(max_records: int | None) -> str:
    if max_records is None:
        return ""
    if isinstance(max_records, bool) or not isinstance(max_records, int) or max_records < 0:
        raise ProgrammingError("`max_records` is a count of rows", hint="pass a whole number, or leave it out")
    return f" limit {max_records}"


def _dataset(found: dict[str, object]) -> Dataset:
    """An entry of `/datasets`, where columns are counted, or of `/datasets/DB/DATASET`, where they are listed."""
    listed, rows = found.get("columns"), found.get("rows")
    columns = tuple(map(Column.of, _listed(found, "columns"))) if isinstance(listed, list) else ()
    masked = sum(column.outcome == "masked" for column in columns)
    told = rows if isinstance(rows, dict) else {"filtered": found.get("filtered")}
    count = found.get("masked") or masked
    if not (found.get("database") and found.get("name") and isinstance(count, int)):
        raise _not_understood()
    return Dataset(
        database=str(found["database"]),
        name=str(found["name"]),
        comment=str(found.get("comment") or ""),
        tags=_texts(found, "tags"),
        columns=columns,
        column_count=listed if isinstance(listed, int) else len(columns),
        masked_count=count,
        is_filtered=bool(told.get("filtered")),
        reason=str(told.get("reason") or ""),
        defects=_texts(found, "defects"),
    )


def _object(found: object) -> dict[str, object]:
    if not isinstance(found, dict):
        raise _not_understood()
    return found


def _texts(found: dict[str, object], key: str) -> tuple[str, ...]:
    values = found.get(key) or []
    if not isinstance(values, list):
        raise _not_understood()
    return tuple(map(str, values))


def _not_understood() -> InterfaceError:
    return InterfaceError("the server's answer cannot be understood", hint="update the `veil` package")


def _listed(found: object, key: str) -> list[dict[str, object]]:
    values = found.get(key) or [] if isinstance(found, dict) else found
    if not isinstance(values, list):
        raise _not_understood()
    return [_object(value) for value in values]
