"""How Arrow's types become pandas' types, so that nothing is rounded, turned into text or lost when empty."""

from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from veil.errors import NotSupportedError, ProgrammingError

if TYPE_CHECKING:
    import pandas as pd

Decimals = Literal["arrow", "float", "object"]
DtypeBackend = Literal["numpy_nullable", "pyarrow"]


def to_frame(
    table: pa.Table, *, decimals: Decimals = "arrow", dtype_backend: DtypeBackend | None = None
) -> "pd.DataFrame":
    """A frame with the table's columns in order, types kept also when there are no rows.

    Decimals and dates are Arrow-backed (exact, and fast). Integers and booleans with missing values
    become pandas' nullable ones: as floats, large identifiers and tokens would be rounded.
    `dtype_backend` means what it means in pandas.
    """
    try:
        return _frame(table, decimals, dtype_backend)
    except pa.ArrowException as error:
        raise NotSupportedError(
            f"pandas has no equal of a column's type: {error}", hint="take the Arrow table, or cast the column in SQL"
        ) from error


def _frame(table: pa.Table, decimals: Decimals, dtype_backend: DtypeBackend | None) -> "pd.DataFrame":
    import pandas as pd  # only when a frame is asked for

    if decimals not in ("arrow", "float", "object"):
        raise ProgrammingError(f"`{decimals}` is no way to show decimals", hint="use 'arrow', 'float' or 'object'")
    if dtype_backend not in (None, "numpy_nullable", "pyarrow"):
        raise ProgrammingError(
            f"`{dtype_backend}` is no dtype backend of pandas",
            hint="use 'numpy_nullable' or 'pyarrow', or leave it out",
        )
    table = table.replace_schema_metadata(None)  # how frames are made is not for the answer to say
    if decimals == "float":
        table = table.cast(_with_floats(table.schema))
    if dtype_backend == "pyarrow":
        return table.to_pandas(types_mapper=pd.ArrowDtype)
    nullable = _nullable_types()

    def pandas_type(arrow_type: pa.DataType) -> "pd.api.extensions.ExtensionDtype | None":
        if pa.types.is_date(arrow_type) or (pa.types.is_decimal(arrow_type) and decimals == "arrow"):
            return pd.ArrowDtype(arrow_type)
        return nullable.get(arrow_type) if dtype_backend == "numpy_nullable" else None

    frame = table.to_pandas(types_mapper=pandas_type)
    if dtype_backend is None:
        for index, column in enumerate(table.columns):
            if column.null_count and column.type in nullable and not pa.types.is_floating(column.type):
                values = nullable[column.type].__from_arrow__(column)
                frame.isetitem(index, pd.Series(values, index=frame.index))
    return frame


def _with_floats(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field.with_type(pa.float64()) if pa.types.is_decimal(field.type) else field for field in schema])


def _nullable_types() -> "dict[pa.DataType, pd.api.extensions.ExtensionDtype]":
    import pandas as pd

    return {
        pa.bool_(): pd.BooleanDtype(),
        pa.int8(): pd.Int8Dtype(),
        pa.int16(): pd.Int16Dtype(),
        pa.int32(): pd.Int32Dtype(),
        pa.int64(): pd.Int64Dtype(),
        pa.uint8(): pd.UInt8Dtype(),
        pa.uint16(): pd.UInt16Dtype(),
        pa.uint32(): pd.UInt32Dtype(),
        pa.uint64(): pd.UInt64Dtype(),
        pa.float32(): pd.Float32Dtype(),
        pa.float64(): pd.Float64Dtype(),
    }
