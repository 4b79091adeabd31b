"""Every transform gives on DuckDB exactly what its reference says, keeps its promises and shows no key."""

from datetime import date, datetime, time
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import PolicyInvalid
from policy_engine.strength import Strength
from policy_engine.transforms import registry
from policy_engine.transforms.calls import parse_call
from policy_engine.transforms.keys import KeyRing
from policy_engine.transforms.types import INTEGER_BITS
from tests.policy_engine.transforms.engine import KEYS, in_python, on_engine

CALLS = ("tokenize()", "hash()", "mask()", "mask(char=>'\\', keep_first=>1, keep_last=>2)", "redact('it''s')", "null()")
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cn", "Co"]), max_size=12)


def bounds(kind: str) -> tuple[int, int]:
    """The least and the greatest value of an integer type."""
    if kind.startswith("U"):
        return 0, 2 ** INTEGER_BITS[kind[1:]] - 1
    return -(2 ** (INTEGER_BITS[kind] - 1)), 2 ** (INTEGER_BITS[kind] - 1) - 1


INTEGERS = (*INTEGER_BITS, *(f"U{kind}" for kind in INTEGER_BITS))
MOMENTS = [
    *(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59), datetime(1969, 12, 31, 23, 59, 59), datetime(1600, 2, 29)),
    *(datetime(1920, 1, 1), datetime(2026, 5, 1, 13, 14, 15), datetime(2062, 9, 17), datetime(1919, 12, 31)),
]
DATES = [date(1, 1, 1), date(9999, 12, 31), date(1879, 12, 31), date(1880, 1, 1), date(2059, 6, 6), date(1950, 2, 28)]
SAMPLES: dict[str, list[object]] = {
    "VARCHAR": ["", "Ann", "é😀漢", "e\u0301 \n\t\0x", "O'Neil \\ %", "x" * 1000],
    **{kind: [*bounds(kind), 0, 1] for kind in INTEGERS},
    "DATE": list(DATES),
    "TIMESTAMP": [*MOMENTS, datetime(2026, 5, 1, 13, 14, 15, 120)],
    "TIMESTAMP_MS": [*MOMENTS, datetime(2026, 5, 1, 13, 14, 15, 120_000)],
    "TIMESTAMP_S": list(MOMENTS),
    "DECIMAL(4,4)": [Decimal("0.1234"), Decimal("-0.5"), Decimal(0)],
    "DECIMAL(18,3)": [Decimal("123456789.120"), Decimal("-0.001"), Decimal(0)],
    "DOUBLE": [0.1, -0.0, 1e300, 5e-324, float("inf"), -1.5],
    "FLOAT": [0.5, -0.0, 16777216.0],
    "BOOLEAN": [True, False],
    "TIME": [time(0), time(23, 59, 59, 120)],
    "BLOB": [b"", b"\0\xff'"],
}


@pytest.mark.parametrize(
    ("call", "kind"),
    [(call, kind) for call in CALLS for kind in SAMPLES if registry.accepts(parse_call(call), kind)],
)
def test_sql_gives_what_the_reference_says(call: str, kind: str) -> None:
    values = [*SAMPLES[kind], None]
    seen = on_engine(call, values, kind)
    assert seen == in_python(call, values, kind)
    assert seen[-1] is None


@settings(max_examples=25, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=40), st.sampled_from(CALLS))
def test_random_texts_are_as_the_reference_says(values: list[str], call: str) -> None:
    assert on_engine(call, values, "VARCHAR") == in_python(call, values, "VARCHAR")


@settings(max_examples=25, deadline=None)
@given(st.data(), st.sampled_from(INTEGERS))
def test_random_integers_are_as_the_reference_says(data: st.DataObject, kind: str) -> None:
    least, most = bounds(kind)
    values = data.draw(st.lists(st.integers(least, most), min_size=1, max_size=40))
    assert on_engine("tokenize()", values, kind) == in_python("tokenize()", values, kind)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.dates(), min_size=1, max_size=20), st.lists(st.datetimes(), min_size=1, max_size=20))
def test_random_days_and_moments_are_as_the_reference_says(days: list[date], moments: list[datetime]) -> None:
    assert on_engine("tokenize()", days, "DATE") == in_python("tokenize()", days, "DATE")
    assert on_engine("tokenize()", moments, "TIMESTAMP") == in_python("tokenize()", moments, "TIMESTAMP")


@pytest.mark.parametrize("kind", ["BIGINT", "UINTEGER", "HUGEINT", "VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMP_NS"])
def test_a_hundred_thousand_values_have_as_many_tokens(kind: str) -> None:
    count = 60_000 if kind == "DATE" else 100_000
    raw = {
        "VARCHAR": "'P' || i",
        "DATE": "DATE '1885-01-01' + i::INTEGER",
        "TIMESTAMP": "TIMESTAMP '1990-01-01' + to_seconds(i)",
        "TIMESTAMP_NS": "make_timestamp_ns(1500000000000000000 + i)",
    }.get(kind, f"i::{kind}")
    fragment = registry.render(parse_call("tokenize()"), "v", kind, namespace="phi.mrn", keys=KEYS)
    sql = f"SELECT count(DISTINCT {fragment.sql}) FROM (SELECT {raw} AS v FROM range({count}) AS r(i))"
    with duckdb.connect() as engine:
        assert engine.execute(sql, dict(fragment.parameters)).fetchall() == [(count,)]


def test_a_small_type_is_permuted_whole() -> None:
    values = list(range(-128, 128))
    assert sorted(int(str(token)) for token in on_engine("tokenize()", values, "TINYINT")) == values


def test_tokens_of_a_life_stay_within_a_life() -> None:
    tokens = in_python("tokenize()", [date(1950, 1, day) for day in range(1, 32)], "DATE")
    assert all(isinstance(token, date) and date(1880, 1, 1) <= token <= date(2059, 6, 6) for token in tokens)


def test_a_moment_with_time_zone_is_the_same_in_every_session() -> None:
    fragments = [
        registry.render(parse_call(call), "v", "TIMESTAMP WITH TIME ZONE", namespace="a.b", keys=KEYS)
        for call in ("tokenize()", "hash()")
    ]
    cells = ", ".join(f"({fragment.sql})" for fragment in fragments)
    parameters = {name: key for fragment in fragments for name, key in fragment.parameters.items()}
    moment = 1234567890123456
    seen: set[tuple[object, ...]] = set()
    for zone in ("UTC", "America/New_York"):
        with duckdb.connect() as engine:
            engine.execute(f"SET TimeZone = '{zone}'")
            raw = f"SELECT make_timestamptz({moment}) AS v"
            sql = f"SELECT epoch_us(t), h FROM (SELECT {cells} FROM ({raw})) AS x(t, h)"
            seen.update(engine.sql(sql, params=parameters).fetchall())
    token = registry.reference(parse_call("tokenize()"), moment, "TIMESTAMP WITH TIME ZONE", namespace="a.b", keys=KEYS)
    assert len(seen) == 1
    assert seen.pop()[0] == token


@pytest.mark.parametrize("call", ["tokenize()", "hash()"])
def test_tokens_of_different_tags_and_keys_never_meet(call: str) -> None:
    one, other = (on_engine(call, ["Ann"], "VARCHAR", namespace=tag)[0] for tag in ("phi.mrn", "pci.card_number"))
    parsed = parse_call(call)
    again = registry.reference(parsed, "Ann", "VARCHAR", namespace="phi.mrn", keys=KeyRing(b"9" * 32))
    assert len({one, other, again}) == 3


@pytest.mark.parametrize("call", ["tokenize()", "hash()"])
@pytest.mark.parametrize("kind", ["VARCHAR", "BIGINT"])
def test_no_key_stands_in_sql_or_in_any_repr(call: str, kind: str) -> None:
    fragment = registry.render(parse_call(call), "v", kind, namespace="phi.mrn", keys=KEYS)
    shown = fragment.sql + repr(fragment) + repr(KEYS) + repr(KEYS.key("tokenize", "phi.mrn"))
    secrets = [*fragment.parameters.values(), KEYS.key("tokenize", "phi.mrn").secret, bytes(range(32))]
    assert fragment.parameters
    for secret in secrets:
        assert secret.hex() not in shown
        assert repr(secret)[2:-1] not in shown


@pytest.mark.parametrize(("call", "lower"), [("bucket(10)", "10"), ("bucket(0.25)", "12.25")])
def test_numbers_of_thirty_digits_after_the_point_lie_in_steps(call: str, lower: str) -> None:
    """Those are more than Python calculates with by itself."""
    values: list[object] = [Decimal("12.345678901234567890123456789012"), None]
    assert registry.accepts(parse_call(call), "DECIMAL(38,30)")
    seen = on_engine(call, values, "DECIMAL(38,30)")
    assert seen == in_python(call, values, "DECIMAL(38,30)") == [Decimal(lower), None]


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("bucket(0.125)", "DECIMAL(38,2)"),
        ("bucket(100000000)", "DECIMAL(38,30)"),
        ("tokenize()", "DECIMAL(12,2)"),
        ("tokenize()", "DOUBLE"),
        ("tokenize()", "BOOLEAN"),
        ("tokenize()", "STRUCT(a INTEGER)"),
        ("tokenize()", "VARCHAR[]"),
        ("hash()", "MAP(VARCHAR, VARCHAR)"),
        ("mask()", "DATE"),
        ("mask()", "BOOLEAN"),
    ],
)
def test_a_type_that_is_not_accepted_is_refused(call: str, kind: str) -> None:
    assert not registry.accepts(parse_call(call), kind)
    with pytest.raises(PolicyInvalid, match="cannot show"):
        registry.render(parse_call(call), "v", kind, namespace="a.b", keys=KEYS)


@pytest.mark.parametrize("kind", ["STRUCT(a INTEGER)", "VARCHAR[]", "DATE", "JSON", "ENUM('a', 'b')"])
@pytest.mark.parametrize("call", ["null()", "redact()"])
def test_what_leaves_nothing_keeps_the_type(call: str, kind: str) -> None:
    assert on_engine(call, [None], kind) == [None]


def test_strength_follows_the_order_of_the_laws() -> None:
    calls = ["mask(keep_last=>4)", "tokenize()", "hash()", "mask()", "redact()", "null()"]
    strengths = [registry.strength(None), *(registry.strength(parse_call(call)) for call in calls)]
    assert strengths == sorted(set(strengths))
    assert strengths[0] is Strength.CLEAR
