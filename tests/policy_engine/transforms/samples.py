"""Calls of every transform, and ordinary and hostile values of every type."""

from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

import pyarrow as pa

from policy_engine.transforms.types import read_type

CALLS = (
    *("zero()", "constant('7')", "constant('x')", "mask_ccn()", "mask_email()", "mask_ip()", "mask_phone()"),
    *("tokenize(scope=>'user')", "encrypt()", "fpe()", "date_trunc('year')", "date_trunc('week')"),
    *("date_trunc('quarter')", "date_trunc('hour')", "date_trunc('second')", "date_shift(50, by=>who)"),
    *("date_shift(1, by=>born)", "bucket(10)", "bucket(0.25)", "bucket(7)", "round()", "round(-2)", "round(2)"),
    *("round(-18)", 'generalize(\'{"Ann":"person","":"none"}\')', "phi_age()", "phi_zip3()", "phi_dob()"),
    *("generalize('{\"Ann\":\"it''s\"}', otherwise=>'other')", "phi_date()", "perturb(5)", "perturb(0.5, by=>who)"),
    *("redact_text()", "redact_text('email')", "lower(mask(__COLUMN__))", "'***@' || split_part(__COLUMN__, '@', 2)"),
    *("tokenize(lower(trim(__COLUMN__)))", "__COLUMN__ + 1", "abs(__COLUMN__) * 1000", "encrypt(left(__COLUMN__, 2))"),
    *("case when length(__COLUMN__) > 3 then mask(__COLUMN__) end", "hash(year(__COLUMN__))"),
    *("regexp_replace(__COLUMN__, '[0-9]', '\\\\0', 'g')", "date_shift(date_trunc('month', __COLUMN__), by=>who)"),
    *("try_cast(__COLUMN__ as bigint) // 10", "substring(__COLUMN__, -5, 1000000000)"),
)
MOMENTS = [
    datetime(1, 1, 1),
    datetime(9999, 12, 31, 23, 59, 59),
    datetime(1969, 12, 31, 23, 59, 59),
    datetime(2024, 2, 29, 12),
]
INTEGERS = (
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
)


def _integers(kind: str) -> list[object]:
    least, most = read_type(kind).bounds
    return [
        value for value in (least, most, 0, 1, -1, 98104, 3601, 119, 12345678, -1234567890) if least <= value <= most
    ]


SAMPLES: dict[str, list[object]] = {
    "VARCHAR": [
        *(
            "",
            "Ann",
            "é😀漢",
            "e\u0301 \n\t\0x",
            "O'Neil \\ %",
            "x" * 1000,
            "ann.lee@example.org",
            "@",
            "a@b@c.d",
            "a@b c",
        ),
        *("4539 7977 0575 6008", "453", "4539", "+1 (206) 555-0147", "12", "1 2 3", "٣٤٥ 123", "call 555-0147 Ann"),
        *("192.168.17.34", "1.2.3", "1.2.3.256", "01.2.3.4", "2001:DB8::8a2e:370:7334", "::1", "::", "1::2::3"),
        *("2001:0db8:0000:0000:0000:0000:0000:0001", "1::3:4:5:6:7:8", "1:2:3:4:5:6:7::", "0:0:1::", "fe80::1%eth0"),
        *(
            "::ffff:1.2.3.4",
            "10:0:0::",
            "98104",
            "98104-1205",
            "03601",
            "036",
            "9810",
            "MRN-6850243",
            "ab-12",
            "123456",
        ),
        *("https://example.org/a?b=c", "ssn 123-45-6789", "card 4539 7977 0575 6008.", "9" * 300, "%s {} $1 \\1"),
    ],
    **{kind: _integers(kind) for kind in INTEGERS},
    "DATE": [
        date(1, 1, 1),
        date(9999, 12, 31),
        date(1880, 1, 1),
        date(1984, 2, 29),
        date(1, 2, 20),
        date(9999, 11, 11),
    ],
    "TIMESTAMP": [*MOMENTS, datetime(2026, 5, 1, 13, 14, 15, 120)],
    "TIMESTAMP_MS": [*MOMENTS, datetime(2026, 5, 1, 13, 14, 15, 120_000)],
    "TIMESTAMP_S": list(MOMENTS),
    "DECIMAL(4,4)": [Decimal("0.1234"), Decimal("-0.5"), Decimal(0), Decimal("0.9999")],
    "DECIMAL(3,0)": [Decimal(999), Decimal(-999), Decimal(-1), Decimal(55)],
    "DECIMAL(18,3)": [Decimal("123456789.125"), Decimal("-0.001"), Decimal(0), Decimal("-250.750"), Decimal("0.5")],
    "DECIMAL(38,10)": [Decimal("9" * 28 + "." + "9" * 10), Decimal("-" + "9" * 28 + "." + "9" * 10), Decimal("2.5")],
    "DOUBLE": [
        0.1,
        -0.0,
        1e300,
        5e-324,
        float("inf"),
        float("-inf"),
        float("nan"),
        -1.5,
        2.675,
        0.49999999999999994,
        1e15 + 0.3,
    ],
    "FLOAT": [0.5, -0.0, 16777216.0, 3.4028234663852886e38, 2.5, -0.25],
    "BOOLEAN": [True, False],
    "TIME": [time(0), time(23, 59, 59, 120)],
    "BLOB": [b"", b"\0\xff'"],
    "UUID": [UUID(int=0), UUID(int=2**128 - 1)],
}

_DAYS = (2**31 - 1, 2**31 - 2, -(2**31) + 1, -(2**31) + 2, 0)
_UNITS = (*(sign * (2**63 - short) for sign in (1, -1) for short in (1, 2, 3, 10**15, 10**17, 10**18)), 0)
ENDS: dict[str, pa.Array] = {
    "DATE": pa.array(_DAYS, pa.int32()).cast(pa.date32()),
    "TIMESTAMP": pa.array(_UNITS, pa.timestamp("us")),
    "TIMESTAMP WITH TIME ZONE": pa.array(_UNITS, pa.timestamp("us", "UTC")),
    "TIMESTAMP_NS": pa.array(_UNITS, pa.timestamp("ns")),
    "TIMESTAMP_MS": pa.array(_UNITS, pa.timestamp("ms")),
    "TIMESTAMP_S": pa.array(_UNITS, pa.timestamp("s")),
}
"""The infinities, the last days and moments that an engine holds, and some before them: Python knows few of these."""
