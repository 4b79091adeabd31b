"""Every transform on every type it accepts, with ordinary and hostile values: SQL, reference, NULL and no failure."""

from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.transforms import registry
from policy_engine.transforms.calls import parse_call, print_call
from policy_engine.transforms.known import TRANSFORMS
from policy_engine.transforms.spec import Transform
from policy_engine.transforms.types import read_type
from tests.policy_engine.transforms.engine import Beside, in_python, on_engine

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cn", "Co"]), max_size=24)
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
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
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
PAIRS = [
    (call, kind)
    for call in CALLS
    for kind in SAMPLES
    if registry.accepts(parse_call(call), kind, {("who",): "VARCHAR", ("born",): "DATE"})
]


def _comparable(value: object) -> object:
    return "NaN" if value != value else value


def _beside(count: int) -> Beside:
    who: list[object] = [f"p{place % 5}" for place in range(count)]
    born: list[object] = [None if place % 7 == 6 else date(1950, 1, 1 + place % 3) for place in range(count)]
    return {"who": ("VARCHAR", who), "born": ("DATE", born)}


@pytest.mark.parametrize(("call", "kind"), PAIRS)
def test_sql_gives_what_the_reference_says(call: str, kind: str) -> None:
    values = [*SAMPLES[kind], None]
    beside = _beside(len(values))
    seen, said = on_engine(call, values, kind, beside=beside), in_python(call, values, kind, beside=beside)
    assert [_comparable(value) for value in seen] == [_comparable(value) for value in said]
    assert seen[-1] is None


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=30), st.sampled_from([call for call, kind in PAIRS if kind == "VARCHAR"]))
def test_random_texts_are_as_the_reference_says(values: list[str], call: str) -> None:
    beside = _beside(len(values))
    assert on_engine(call, values, "VARCHAR", beside=beside) == in_python(call, values, "VARCHAR", beside=beside)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_random_numbers_are_as_the_reference_says(data: st.DataObject) -> None:
    call, kind = data.draw(
        st.sampled_from([pair for pair in PAIRS if pair[1] in (*INTEGERS, "DOUBLE", "DECIMAL(18,3)")])
    )
    if kind in INTEGERS:
        numbers: st.SearchStrategy[object] = st.integers(*read_type(kind).bounds)
    elif kind == "DOUBLE":
        numbers = st.floats(allow_nan=False, width=64)
    else:
        numbers = st.decimals(-(10**14), 10**14, places=3)
    values = data.draw(st.lists(numbers, min_size=1, max_size=30))
    beside = _beside(len(values))
    assert on_engine(call, values, kind, beside=beside) == in_python(call, values, kind, beside=beside)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_random_days_and_moments_are_as_the_reference_says(data: st.DataObject) -> None:
    call, kind = data.draw(st.sampled_from([pair for pair in PAIRS if pair[1] in ("DATE", "TIMESTAMP")]))
    values = data.draw(st.lists(st.dates() if kind == "DATE" else st.datetimes(), min_size=1, max_size=30))
    beside = _beside(len(values))
    assert on_engine(call, values, kind, beside=beside) == in_python(call, values, kind, beside=beside)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda transform: transform.name)
def test_every_transform_has_an_example_that_is_its_own(transform: Transform) -> None:
    call, kind, _ = transform.example.split(" | ")
    parsed = parse_call(call)
    assert parsed.name == transform.name
    assert parse_call(print_call(parsed)) == parsed
    assert registry.accepts(parsed, kind, {("patient",): "VARCHAR"})


def test_every_transform_is_tried_here_or_beside() -> None:
    tried = {parse_call(call).name for call in CALLS}
    assert {transform.name for transform in TRANSFORMS} - tried == {
        "tokenize",
        "hash",
        "mask",
        "redact",
        "null",
    } - tried
