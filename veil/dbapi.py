"""The cursor of PEP 249, with the three extra names that Arrow's world has agreed on."""

import datetime
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from veil.errors import InterfaceError, NotSupportedError, ProgrammingError
from veil.parameters import Parameters
from veil.result import Result, rows_of
from veil.stream import Held

if TYPE_CHECKING:
    import pandas as pd

apilevel = "2.0"
threadsafety = 1
paramstyle = "qmark"

Date = datetime.date
Time = datetime.time
Timestamp = datetime.datetime
Binary = bytes

Description = tuple[str, pa.DataType, None, None, int | None, int | None, None]


def DateFromTicks(ticks: float) -> datetime.date:
    """The local date at so many seconds after the epoch."""
    return datetime.date(*time.localtime(ticks)[:3])


def TimeFromTicks(ticks: float) -> datetime.time:
    """The local time of day at so many seconds after the epoch."""
    return datetime.time(*time.localtime(ticks)[3:6])


def TimestampFromTicks(ticks: float) -> datetime.datetime:
    """The local time at so many seconds after the epoch."""
    return datetime.datetime(*time.localtime(ticks)[:6])


class TypeObject:
    """A group of Arrow types; a column's type code equals the one it belongs to.

    Example:
        >>> pa.int64() == NUMBER, pa.int64() == STRING
        (True, False)
    """

    def __init__(self, name: str, *belongs: Callable[[pa.DataType], bool]) -> None:
        self._name = name
        self._belongs = belongs

    def __eq__(self, other: object) -> bool:
        if isinstance(other, pa.DataType):
            return any(belongs(other) for belongs in self._belongs)
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"veil.{self._name}"


STRING = TypeObject("STRING", pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
BINARY = TypeObject("BINARY", pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
NUMBER = TypeObject("NUMBER", pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean)
DATETIME = TypeObject("DATETIME", pa.types.is_temporal)
ROWID = TypeObject("ROWID")


class Cursor:
    """One query at a time, fetched row by row or as Arrow.

    Example:
        >>> with connection.cursor() as cursor:  # doctest: +SKIP
        ...     cursor.execute("select count(*) from shop.orders where total > ?", [10])
        ...     cursor.fetchone()
    """

    def __init__(self, query: Callable[[str, Parameters], Result]) -> None:
        self._query = query
        self._result: Result | None = None
        self._rows: Iterator[tuple[object, ...]] = iter(())
        self._closed = False
        self.arraysize = 1
        self.rowcount = -1
        self.description: list[Description] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the cursor, and with it a query that is still being read."""
        self._drop()
        self._closed = True

    def execute(self, operation: str, parameters: Parameters = ()) -> Self:
        """Run one query with a list of values for its `?`, or a mapping for its `$name`."""
        self._check_open()
        self._drop()
        self._result = self._query(operation, parameters)
        self.description = [_described(field) for field in self._result.schema]
        self._rows = Held(self._each_row(self._result))
        return self

    def executemany(self, operation: str, seq_of_parameters: Sequence[Sequence[object]]) -> None:
        """Refused: this is for writing many rows, and Veil only reads."""
        raise NotSupportedError(
            "executemany is for writing many rows, and Veil only reads",
            hint="call execute for each query, or ask for all values at once: `where id in (?, ?)`",
        )

    def fetchone(self) -> tuple[object, ...] | None:
        """The next row, or None after the last."""
        self._fetched()
        return next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[tuple[object, ...]]:
        """The next rows, `arraysize` of them unless told; fewer only at the end."""
        self._fetched()
        wanted = self.arraysize if size is None else size
        return [row for _, row in zip(range(wanted), self._rows, strict=False)]

    def fetchall(self) -> list[tuple[object, ...]]:
        """All rows that are left."""
        self._fetched()
        return list(self._rows)

    def __iter__(self) -> Iterator[tuple[object, ...]]:
        self._fetched()
        return self._rows

    def fetch_arrow_table(self) -> pa.Table:
        """The whole result as a table of pyarrow; not after rows were fetched."""
        result = self._fetched()
        table = result.to_arrow()
        self.rowcount = table.num_rows
        return table

    def fetch_record_batch(self) -> pa.RecordBatchReader:
        """The result as a reader of record batches, in memory one at a time."""
        result = self._fetched()
        return pa.RecordBatchReader.from_batches(result.schema, result.batches())

    def fetch_df(self) -> "pd.DataFrame":
        """The whole result as a frame of pandas; not after rows were fetched."""
        result = self._fetched()
        frame = result.to_pandas()
        self.rowcount = len(frame)
        return frame

    def setinputsizes(self, sizes: Sequence[object]) -> None:
        """Nothing to do; PEP 249 asks for the name."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Nothing to do; PEP 249 asks for the name."""

    def _each_row(self, result: Result) -> Iterator[tuple[object, ...]]:
        count = 0
        for batch in result.batches():
            count += batch.num_rows
            yield from rows_of(batch)
        self.rowcount = count

    def _fetched(self) -> Result:
        self._check_open()
        if self._result is None:
            raise ProgrammingError("nothing has been executed on this cursor", hint="call execute first")
        return self._result

    def _check_open(self) -> None:
        if self._closed:
            raise InterfaceError("this cursor is closed", hint="take a new one: connection.cursor()")

    def _drop(self) -> None:
        result, self._result = self._result, None
        self._rows = iter(())
        self.rowcount = -1
        self.description = None
        if result is not None:
            result.close()


def _described(field: pa.Field) -> Description:
    decimal = pa.types.is_decimal(field.type)
    return (
        field.name,
        field.type,
        None,
        None,
        field.type.precision if decimal else None,
        field.type.scale if decimal else None,
        None,
    )
