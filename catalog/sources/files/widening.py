"""Whether every value of a file fits the type that its column has across all files of a dataset."""

from collections.abc import Mapping

from duckdb.sqltypes import DuckDBPyType

from catalog.names import fold

_INTEGERS: Mapping[str, tuple[int, int]] = {
    **{name: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for name, bits in (("tinyint", 8), ("smallint", 16))},
    **{name: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for name, bits in (("integer", 32), ("bigint", 64))},
    **{name: (0, 2**bits - 1) for name, bits in (("utinyint", 8), ("usmallint", 16))},
    **{name: (0, 2**bits - 1) for name, bits in (("uinteger", 32), ("ubigint", 64))},
    "hugeint": (-(2**127), 2**127 - 1),
}


def always_fits(given: DuckDBPyType, common: DuckDBPyType) -> bool:
    """Whether the engine makes something of the common type out of every value of the given one; doubt is no.

    It reads a moment too far for nanoseconds, or a day too far for a moment, only to end the query at that row.

    Example:
        >>> always_fits(DuckDBPyType("INTEGER"), DuckDBPyType("DECIMAL(12,2)"))
        True
        >>> always_fits(DuckDBPyType("TIMESTAMP"), DuckDBPyType("TIMESTAMP_NS"))
        False
    """
    if given == common or given.id == "null":
        return True
    if given.id == common.id and given.id in ("list", "array", "struct"):
        return _parts_fit(dict(given.children), dict(common.children))
    return _number_fits(given, common)


def _parts_fit(given: Mapping[str, object], common: Mapping[str, object]) -> bool:
    found = {fold(name): part for name, part in common.items()}
    return all(_part_fits(part, found.get(fold(name))) for name, part in given.items())


def _part_fits(given: object, common: object) -> bool:
    if isinstance(given, DuckDBPyType) and isinstance(common, DuckDBPyType):
        return always_fits(given, common)
    return given == common  # the size of an array


def _number_fits(given: DuckDBPyType, common: DuckDBPyType) -> bool:
    is_whole, is_decimal = given.id in _INTEGERS, given.id == "decimal"
    match common.id:
        case "double":
            return is_whole or is_decimal or given.id == "float"
        case "float":
            return is_whole or is_decimal
        case "decimal":
            return _digits_fit(given, *_digits(common))
        case _ if is_whole and common.id in _INTEGERS:
            least, most = _INTEGERS[common.id]
            return all(least <= value <= most for value in _INTEGERS[given.id])
    return False


def _digits_fit(given: DuckDBPyType, whole: int, scale: int) -> bool:
    """A decimal that loses some of its scale is rounded, perhaps to one digit more before the point."""
    if given.id in _INTEGERS:
        least, most = _INTEGERS[given.id]
        return len(str(max(-least, most))) <= whole
    if given.id != "decimal":
        return False
    given_whole, given_scale = _digits(given)
    return given_whole + (given_scale > scale) <= whole


def _digits(decimal: DuckDBPyType) -> tuple[int, int]:
    """How many digits stand before the point and behind it."""
    parts: dict[str, int] = {name: part for name, part in decimal.children if isinstance(part, int)}
    return parts["precision"] - parts["scale"], parts["scale"]
