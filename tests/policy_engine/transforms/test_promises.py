"""What each transform promises: intervals survive, noise is bounded, classes hold, free text loses its numbers."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.strength import Strength
from policy_engine.transforms import registry
from policy_engine.transforms.calls import parse_call
from policy_engine.transforms.namespaces import namespace
from policy_engine.transforms.safe_harbour import SMALL_AREAS
from policy_engine.transforms.text_redaction import redacted
from tests.policy_engine.transforms.engine import KEYS, connect, in_python

DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))


@settings(deadline=None)
@given(DAYS, st.integers(0, 9000), st.text(max_size=5), st.integers(1, 400))
def test_intervals_of_one_person_survive_a_shift(first: date, later: int, who: str, days: int) -> None:
    raw = [first, first + timedelta(later)]
    beside = {"who": ("VARCHAR", [who, who])}
    shown = in_python(f"date_shift({days}, by=>who)", raw, "DATE", beside=beside, namespace="a.b")
    moved = [after - before for before, after in zip(raw, shown, strict=True)]  # type: ignore[operator]
    assert moved[0] == moved[1]
    assert 0 < abs(moved[0].days) <= days
    other_tag = in_python(f"date_shift({days}, by=>who)", raw, "DATE", beside=beside, namespace="c.d")
    assert other_tag == shown


def test_shifts_of_many_people_are_spread_over_all_days_but_none() -> None:
    people: list[object] = [f"p{number}" for number in range(4000)]
    day = date(2000, 1, 1)
    shown = in_python("date_shift(3, by=>who)", [day] * 4000, "DATE", beside={"who": ("VARCHAR", people)})
    shifts = [(value - day).days for value in shown]  # type: ignore[operator]
    assert set(shifts) == {-3, -2, -1, 1, 2, 3}
    assert all(500 < shifts.count(shift) < 850 for shift in set(shifts))


def test_a_person_is_shifted_alike_whatever_type_tells_who_it_is() -> None:
    raw: list[object] = [date(2000, 1, 1)]
    forms: list[tuple[str, list[object]]] = [("VARCHAR", ["17"]), ("BIGINT", [17]), ("SMALLINT", [17])]
    shown = [in_python("date_shift(by=>who)", raw, "DATE", beside={"who": form}) for form in forms]
    assert shown[0] == shown[1] == shown[2]


@settings(deadline=None)
@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_noise_is_bounded_and_the_same_each_time(value: int, scale: int) -> None:
    [shown] = in_python(f"perturb({scale})", [value], "BIGINT")
    assert isinstance(shown, int)
    assert abs(shown - value) <= scale
    assert in_python(f"perturb({scale})", [value], "BIGINT") == [shown]
    assert in_python(f"perturb({scale})", [float(value)], "DOUBLE", namespace="a.b") != [float(value)]


def test_noise_by_a_column_differs_between_rows_and_averages_out() -> None:
    rows: list[object] = list(range(4000))
    shown = in_python("perturb(100, by=>id)", [1000] * 4000, "BIGINT", beside={"id": ("BIGINT", rows)})
    numbers = [int(str(value)) for value in shown]
    assert len(set(numbers)) > 190
    assert abs(sum(numbers) / len(numbers) - 1000) < 5


@pytest.mark.parametrize("area", SMALL_AREAS)
def test_areas_of_few_people_are_zeroed_in_texts_and_numbers(area: str) -> None:
    assert in_python("phi_zip3()", [f"{area}01", f"{area}01-1234", area], "VARCHAR") == ["000"] * 3
    assert in_python("phi_zip3()", [int(f"{area}01")], "INTEGER") == [0]


def test_there_are_seventeen_small_areas() -> None:
    assert len(set(SMALL_AREAS)) == 17
    assert in_python("phi_zip3()", ["98104", "03601", "02139"], "VARCHAR") == ["981", "000", "021"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("write to ann.lee+x@mail.example.org.", "write to <EMAIL>."),
        ("see https://example.org/p/1?id=ann@example.org now", "see <URL> now"),
        ("SSN 123-45-6789, not 000-45-6789", "SSN <SSN>, not <PHONE>"),
        ("card 4539 7977 0575 6008", "card <CARD>"),
        ("4539797705756008", "<CARD>"),
        ("4539797705756009", "4539797705756009"),
        ("from 192.168.17.34 and 2001:db8::1 at 12:30:45", "from <IP> and <IP> at 12:30:45"),
        ("call +1 (206) 555-0147 or 030 1234567", "call <PHONE> or <PHONE>"),
        ("born 1984-02-29, version 1.2.3, 42 beds", "born 1984-02-29, version 1.2.3, 42 beds"),
        ("", ""),
    ],
)
def test_personal_data_in_free_text_is_replaced_by_its_kind(text: str, shown: str) -> None:
    assert redacted(text) == shown


@settings(max_examples=50, deadline=1000)
@given(st.text(st.sampled_from("0123456789 -.:@aA/()+"), max_size=3000))
def test_no_text_takes_long(text: str) -> None:
    assert redacted(f"x@example.org, {text}").startswith("<EMAIL>, ")


def test_a_namespace_is_narrowed_by_each_scope_in_its_own_way() -> None:
    made = {
        scope: namespace(scope, "phi.mrn", user="Kim", roles=["nurse", "Doctor"], column="Clinic.visits.mrn")
        for scope in ("tag", "user", "role", "column")
    }
    assert made["tag"] == "phi.mrn"
    assert len(set(made.values())) == 4
    assert made["role"] == namespace("role", "phi.mrn", user="eve", roles=["doctor"], column="x")
    assert made["user"] == namespace("user", "phi.mrn", user="kim", roles=[], column="x")
    assert made["column"] == namespace("column", "phi.mrn", user="x", roles=[], column="clinic.VISITS.mrn")


@pytest.mark.slow
def test_a_million_values_have_as_many_tokens() -> None:
    calls = {"v": "tokenize()", "u": "tokenize(lower(__COLUMN__))"}
    with connect() as engine:
        for name, call in calls.items():
            fragment = registry.render(parse_call(call), name, "VARCHAR", namespace="phi.mrn", keys=KEYS)
            sql = f"SELECT count(DISTINCT {fragment.sql}) FROM (SELECT 'p' || i AS {name} FROM range(1000000) AS r(i))"
            assert engine.execute(sql, dict(fragment.parameters)).fetchall() == [(1_000_000,)]
        fragment = registry.render(parse_call("tokenize()"), "i", "BIGINT", namespace="phi.mrn", keys=KEYS)
        sql = f"SELECT count(DISTINCT {fragment.sql}) FROM range(1000000) AS r(i)"
        assert engine.execute(sql, dict(fragment.parameters)).fetchall() == [(1_000_000,)]


def test_strengths_stand_in_the_order_of_the_laws() -> None:
    ordered = {
        Strength.GENERALIZE: "round() bucket(5) date_trunc('year') phi_age() phi_zip3() phi_dob() phi_date()",
        Strength.PERTURB: "perturb(5) date_shift(by=>id)",
        Strength.PARTIAL: "mask(keep_last=>4) mask_ccn() mask_email() mask_ip() mask_phone() redact_text()",
        Strength.ENCRYPT: "encrypt() fpe()",
        Strength.TOKENIZE: "tokenize() tokenize(scope=>'user')",
        Strength.HASH: "hash() sha2()",
        Strength.MASK: "mask()",
        Strength.REDACT: "redact() constant(5)",
        Strength.NULL: "zero() null()",
    }
    for strength, calls in ordered.items():
        assert {registry.strength(parse_call(call)) for call in calls.split()} == {strength}
