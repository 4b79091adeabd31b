"""hash(): a keyed fingerprint of any simple value, as text; it cannot be undone nor guessed without the key.

The fingerprint is HMAC-SHA-256, 64 hexadecimal characters, of the value's text in one exact form:

    text, JSON       the characters themselves, in UTF-8           BOOLEAN    true, false
    integers         decimal digits, `-` before a negative one     BLOB       its bytes
    DECIMAL          all digits of its scale: `12.50`; `.50` where the type has no digit before the point
    FLOAT, DOUBLE    as C's `%.17g` writes the value as a double; `0` for both zeros, `nan` for every NaN
    DATE, TIME       `2020-01-31`, `23:59:00.5` (no trailing zeros in a fraction)
    TIMESTAMP        `2020-01-31 23:59:00.5`; one with time zone the same in UTC, followed by `Z`
    UUID             lower-case, with hyphens
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isnan

from policy_engine.strength import Strength
from policy_engine.transforms.keys import hmac_sql
from policy_engine.transforms.spec import Arguments, Fragment, Place, Transform
from policy_engine.transforms.types import ColumnType, Kind


class Hash(Transform):
    """The transform `hash()`: a keyed fingerprint, 64 hexadecimal characters, that cannot be undone nor guessed."""

    name = "hash"
    aliases = ("sha2",)
    is_keyed = True
    example = "hash() | VARCHAR | MRN-6850243"

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.HASH

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        return column.kind is not Kind.OTHER

    def output_type(self, arguments: Arguments, column: ColumnType) -> str:
        return "VARCHAR"

    def render(self, sql: str, at: Place) -> Fragment:
        key = at.keys.key(self.name, at.namespace)
        return Fragment(sql=f"CAST({hmac_sql(key, bytes_sql(sql, at.column))} AS VARCHAR)", parameters=key.blocks())

    def reference(self, value: object, at: Place) -> object:
        return at.keys.key(self.name, at.namespace).digest(canonical_bytes(value, at.column)).hex()


def bytes_sql(sql: str, column: ColumnType) -> str:
    """The bytes of which a keyed transform takes the fingerprint."""
    return f"({sql})" if column.kind is Kind.BLOB else f"encode({text_sql(sql, column)})"


def canonical_bytes(value: object, column: ColumnType) -> bytes:
    """What `bytes_sql` gives for a value."""
    return value if isinstance(value, bytes) else canonical_text(value, column).encode()


def text_sql(sql: str, column: ColumnType) -> str:
    """The exact text of a value, in SQL."""
    if column.kind is Kind.FLOAT:
        double = f"({sql})::DOUBLE"
        return f"CASE WHEN {double} = 0 THEN '0' WHEN isnan({double}) THEN 'nan' ELSE printf('%.17g', {double}) END"
    if column.text == "TIMESTAMP WITH TIME ZONE":
        # Its own text depends on the session's time zone.
        return f"(make_timestamp(epoch_us({sql}))::VARCHAR || 'Z')"
    if column.text in ("TIMESTAMP_MS", "TIMESTAMP_S"):
        # They hold moments of which the engine knows no text: it would end, within a TRY too.
        return f"TRY_CAST({sql} AS TIMESTAMP)::VARCHAR"
    return f"({sql})::VARCHAR"


def canonical_text(value: object, column: ColumnType) -> str:
    """The exact text of a value whose fingerprint is taken."""
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return "nan" if isnan(value) else "0" if value == 0 else f"{value:.17g}"
        case Decimal():
            return _decimal_text(value, column.scale, column.text)
        case datetime() if value.tzinfo:
            return _moment_text(value.astimezone(UTC).replace(tzinfo=None)) + "Z"
        case datetime():
            return _moment_text(value)
        case time():
            return _trimmed(value.isoformat("microseconds"))
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _decimal_text(value: Decimal, scale: int, type_text: str) -> str:
    text = f"{value:.{scale}f}"
    return text.replace("0.", ".", 1) if type_text.startswith(f"DECIMAL({scale},") and scale else text


def _moment_text(moment: datetime) -> str:
    return _trimmed(moment.isoformat(" ", "microseconds"))


def _trimmed(text: str) -> str:
    return text.rstrip("0").removesuffix(".")
