"""The notebook idiom of Okera's users: context(), connect(host=, port=), scan_as_pandas(name_or_sql)."""

import ssl as tls
from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from veil.connection import Connection, connect
from veil.errors import InterfaceError, ProgrammingError
from veil.frames import to_frame
from veil.relations import Dataset, is_name, quote_name, split_name

if TYPE_CHECKING:
    import pandas as pd


class OkeraContext:
    """Who asks; made by `context()`. Without a token it asks as nobody: VEIL_TOKEN is not read."""

    def __init__(self) -> None:
        self._token = ""

    def enable_token_auth(self, token_str: str) -> None:
        """Ask with this token from now on."""
        if not token_str.strip():
            raise InterfaceError("the token is empty", hint="create one on the page Connect")
        self._token = token_str.strip()

    def disable_auth(self) -> None:
        """Forget the token; from now on none is sent."""
        self._token = ""

    def connect(
        self,
        host: str,
        port: int = 8080,
        ssl: bool = False,
        *,
        timeout: float | None = 600.0,
        ssl_context: tls.SSLContext | None = None,
    ) -> "OkeraConnection":
        """A connection to the server on this host and port."""
        scheme = "https" if ssl or ssl_context is not None else "http"
        shown = f"[{host}]" if ":" in host else host
        return OkeraConnection(
            connect(f"{scheme}://{shown}:{port}", token=self._token, timeout=timeout, ssl_context=ssl_context)
        )


class OkeraConnection:
    """The tutorial's words over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def scan_as_pandas(
        self, name_or_sql: str, max_records: int | None = None, *, strings_as_utf8: bool = True
    ) -> "pd.DataFrame":
        """A dataset, or the answer to SQL, as a frame; with `strings_as_utf8=False` text comes as bytes."""
        table, access = self._read(name_or_sql, max_records)
        if not strings_as_utf8:
            table = table.cast(_with_bytes(table.schema))
        frame = to_frame(table)
        frame.attrs["veil"] = access
        return frame

    def list_databases(self) -> list[str]:
        """The databases that hold something you may see."""
        return sorted({dataset.database for dataset in self._connection.datasets()})

    def list_datasets(self, db: str | None = None) -> list[Dataset]:
        """The datasets you may see, in one database or in all."""
        found = self._connection.datasets()
        return [dataset for dataset in found if db is None or dataset.database.lower() == db.lower()]

    def list_dataset_names(self, db: str | None = None) -> list[str]:
        """Their full names."""
        return [dataset.full_name for dataset in self.list_datasets(db)]

    def _read(self, name_or_sql: str, max_records: int | None) -> tuple[pa.Table, object]:
        if max_records is not None and max_records < 0:
            raise ProgrammingError("`max_records` is a count of rows", hint="pass a whole number, or leave it out")
        if is_name(name_or_sql):
            limit = "" if max_records is None else f" limit {max_records}"
            sql, keep = f"select * from {quote_name(split_name(name_or_sql))}{limit}", None
        else:
            sql, keep = name_or_sql, max_records
        with self._connection.query(sql) as result:
            table = result.to_arrow() if keep is None else _first(result.batches(), result.schema, keep)
            return table, result.access


def context() -> OkeraContext:
    """Where Okera's notebooks begin.

    Example:
        >>> ctx = context()
        >>> ctx.enable_token_auth(token_str="veil_..")
        >>> with ctx.connect(host="localhost", port=8080) as conn:  # doctest: +SKIP
        ...     conn.scan_as_pandas("medical_charges.medical_costs", max_records=100_000, strings_as_utf8=True)
    """
    return OkeraContext()


def _first(batches: Iterator[pa.RecordBatch], schema: pa.Schema, count: int) -> pa.Table:
    """The first rows; whatever comes after them is never read, so the server may stop."""
    kept, left = [], count
    for batch in batches:
        kept.append(batch.slice(0, left))
        left -= kept[-1].num_rows
        if not left:
            break
    return pa.Table.from_batches(kept, schema)


def _with_bytes(schema: pa.Schema) -> pa.Schema:
    return pa.schema(
        [
            field.with_type(pa.large_binary() if pa.types.is_large_string(field.type) else pa.binary())
            if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
            else field
            for field in schema
        ]
    )
