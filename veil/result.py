"""What a query gives: a stream that is read once, as batches, an Arrow table or a frame."""

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from veil.access import Access, Explanation
from veil.errors import InterfaceError
from veil.frames import Decimals, DtypeBackend, to_frame
from veil.progress import Progress
from veil.shown import SHOWN_ROWS, as_html, as_text
from veil.stream import ArrowStream, Held
from veil.terminal import visible

if TYPE_CHECKING:
    import pandas as pd


class Result:
    """The answer to one query, already decided, not yet read.

    Example:
        >>> with connection.query("select * from shop.orders") as result:  # doctest: +SKIP
        ...     frame = result.to_pandas()

    What was read with `to_arrow` or `to_pandas` is kept, so both may be called again; `batches` keeps nothing.
    """

    def __init__(self, stream: ArrowStream, access: Access, *, progress: bool | None = None) -> None:
        self.access = access
        self.schema: pa.Schema = stream.schema
        self._stream = stream
        self._progress = progress
        self._table: pa.Table | None = None
        self._begun = False
        self._row_count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_stream") and not self._stream.closed:
            self._stream.close()
            told = f"a result was dropped unread: {visible(self.access['decision_id'])}"
            warnings.warn(told, ResourceWarning, 2, source=self)

    def close(self) -> None:
        """Give up what is unread; the server stops working on it."""
        self._stream.close()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The record batches as they arrive, in memory one at a time; raises when the answer is cut short."""
        return Held(self._batches())

    def _batches(self) -> Iterator[pa.RecordBatch]:
        if self._table is not None:
            yield from self._table.to_batches()
            return
        self._begin()
        for batch in self._stream:
            self._row_count += batch.num_rows
            yield batch

    def to_arrow(self) -> pa.Table:
        """The whole result as a table of pyarrow."""
        if self._table is None:
            with Progress(wanted=self._progress) as progress:
                batches = []
                for batch in self.batches():
                    batches.append(batch)
                    progress.told(self._row_count, self._stream.byte_count)
            self._table = pa.Table.from_batches(batches, self.schema)
        return self._table

    def to_pandas(self, *, decimals: Decimals = "arrow", dtype_backend: DtypeBackend | None = None) -> "pd.DataFrame":
        """The whole result as a frame; `frame.attrs["veil"]` holds the access summary.

        `decimals` shows decimals as exact "arrow" values, as "float", or as "object" (Python's Decimal);
        `dtype_backend` means what it means in pandas.
        """
        frame = to_frame(self.to_arrow(), decimals=decimals, dtype_backend=dtype_backend)
        frame.attrs["veil"] = self.access
        return frame

    def explain(self) -> Explanation:
        """Why the result shows what it shows, as sentences when printed."""
        return Explanation(self.access)

    def __repr__(self) -> str:
        return as_text(self.schema.names, self._rows_here(), self._state(), self.access)

    def _repr_html_(self) -> str:
        return as_html(self.schema.names, self._rows_here(), self._state(), self.access)

    def _begin(self) -> None:
        if self._begun or self._stream.closed:
            raise InterfaceError("this result has been read or closed already", hint="run the query again")
        self._begun = True

    def _rows_here(self) -> list[tuple[object, ...]]:
        return [] if self._table is None else rows_of(self._table.slice(0, SHOWN_ROWS))

    def _state(self) -> str:
        columns = f"{len(self.schema)} column{'' if len(self.schema) == 1 else 's'}"
        if self._table is None:
            read = f"{self._row_count:,} rows read in batches" if self._begun else "rows not read yet"
            return f"{columns}, {read}"
        count = self._table.num_rows
        rest = f", the first {SHOWN_ROWS} shown" if count > SHOWN_ROWS else ""
        return f"{columns}, {count:,} row{'' if count == 1 else 's'}{rest}"


def rows_of(data: pa.Table | pa.RecordBatch) -> list[tuple[object, ...]]:
    """Rows as tuples of Python values; columns may share a name."""
    if not data.num_columns:
        return [()] * data.num_rows
    return list(zip(*(column.to_pylist() for column in data.columns), strict=True))
