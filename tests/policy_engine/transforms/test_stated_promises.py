"""What each transform promises, stated in one table, and each promise held on every type that the transform shows."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum, auto
from fractions import Fraction

import pytest

from catalog.errors import PolicyInvalid
from policy_engine.model import TransformCall
from policy_engine.transforms import registry
from policy_engine.transforms.calls import parse_call
from policy_engine.transforms.composing import EXPRESSION
from policy_engine.transforms.hashing import canonical_text
from policy_engine.transforms.keys import KeyRing
from policy_engine.transforms.known import TRANSFORMS, find
from policy_engine.transforms.separators import is_separator
from policy_engine.transforms.types import read_type
from tests.policy_engine.transforms.engine import KEYS, Beside, on_engine
from tests.policy_engine.transforms.samples import CALLS, SAMPLES


class Promise(Enum):
    """What may be relied on beyond what all transforms promise: repeatable, NULL to NULL, never a failure."""

    TYPE = auto()
    """What is shown has the column's type."""
    TEXT = auto()
    """What is shown is a text."""
    ONE_VALUE = auto()
    """Every value is shown as the same one."""
    ONE_TO_ONE = auto()
    """Different values are shown as different ones."""
    REVERSIBLE = auto()
    """Who has the key can turn it back."""
    KEYED = auto()
    """It is another one under another key."""
    BY_TAG = auto()
    """It is another one under another tag."""
    LENGTH = auto()
    """A text stays as long as it was."""
    FORM = auto()
    """The separators of a text stay where they were."""
    BOUNDED = auto()
    """It is no further from the value than was said."""
    INTERVALS = auto()
    """What lies between two values of one person stays."""


P = Promise
PROMISES: dict[str, set[Promise]] = {
    **{name: {P.TYPE} for name in "round bucket date_trunc generalize redact_text".split()},
    **{name: {P.TYPE} for name in "phi_age phi_zip3 phi_dob phi_date".split()},
    "perturb": {P.TYPE, P.BOUNDED, P.KEYED, P.BY_TAG},
    "date_shift": {P.TYPE, P.BOUNDED, P.KEYED, P.INTERVALS},
    "mask_ccn": {P.TEXT, P.LENGTH},
    "mask_email": {P.TEXT},
    "mask_ip": {P.TEXT},
    "mask_phone": {P.TEXT, P.LENGTH, P.FORM},
    "encrypt": {P.TEXT, P.ONE_TO_ONE, P.REVERSIBLE, P.KEYED, P.BY_TAG},
    "fpe": {P.TYPE, P.ONE_TO_ONE, P.REVERSIBLE, P.KEYED, P.BY_TAG, P.LENGTH, P.FORM},
    "tokenize": {P.TYPE, P.ONE_TO_ONE, P.KEYED, P.BY_TAG},
    "hash": {P.TEXT, P.ONE_TO_ONE, P.KEYED, P.BY_TAG},
    "mask": {P.TYPE, P.LENGTH, P.FORM},
    **{name: {P.TYPE, P.ONE_VALUE} for name in "redact constant zero null".split()},
}
PLAIN = [
    call
    for call in (*CALLS, "tokenize()", "hash()", "mask()", "mask(keep_first=>1, keep_last=>2)", "redact()", "null()")
    if parse_call(call).name != EXPRESSION
]
TYPES: registry.Types = {("who",): "VARCHAR", ("born",): "DATE"}
OTHER_KEYS = [KeyRing(bytes([number]) * 32, id=KEYS.id) for number in range(6)]
OTHER_TAGS = [f"pci.card_{number}" for number in range(6)]
"""Several, since noise of one day back or forth may be the same under two."""


def calls(*promises: Promise) -> list[str]:
    """Every plain call of a transform that promises all of this."""
    return [call for call in PLAIN if set(promises) <= PROMISES[parse_call(call).name]]


def test_every_transform_states_what_it_promises_and_is_tried() -> None:
    assert set(PROMISES) == {transform.name for transform in TRANSFORMS}
    assert set(PROMISES) == {parse_call(call).name for call in PLAIN}
    assert all(len(stated & {P.TYPE, P.TEXT}) == 1 for stated in PROMISES.values())
    assert all(list(_kinds(call)) for call in PLAIN)


@pytest.mark.parametrize("call", calls())
def test_equal_values_are_shown_alike_and_null_as_null(call: str) -> None:
    for kind in _kinds(call):
        count = len(SAMPLES[kind])
        values = [*SAMPLES[kind], None, *SAMPLES[kind]]
        shown = on_engine(call, values, kind, beside=_one_person(len(values)))
        assert shown[count] is None
        assert repr(shown[:count]) == repr(shown[count + 1 :]), kind


@pytest.mark.parametrize("call", calls())
def test_the_type_is_the_one_that_is_promised(call: str) -> None:
    for kind in _kinds(call):
        wanted = kind if P.TYPE in PROMISES[parse_call(call).name] else "VARCHAR"
        assert registry.output_type(parse_call(call), kind) == wanted
        shown = {type(value) for value in _shown(call, kind) if value is not None}
        assert shown <= {type(value) for value in SAMPLES[wanted]}, kind


@pytest.mark.parametrize("call", calls(P.ONE_VALUE))
def test_nothing_of_the_value_is_left(call: str) -> None:
    for kind in _kinds(call):
        assert len({repr(value) for value in _shown(call, kind)}) == 1, kind


@pytest.mark.parametrize("call", calls(P.ONE_TO_ONE))
def test_different_values_are_never_shown_alike(call: str) -> None:
    for kind in _kinds(call):
        shown = dict(zip(map(repr, SAMPLES[kind]), _shown(call, kind), strict=True))
        there = [value for value in shown.values() if value is not None]
        assert len(set(there)) == len(there), kind


@pytest.mark.parametrize("call", calls())
def test_only_what_is_reversible_can_be_turned_back(call: str) -> None:
    parsed = parse_call(call)
    stated = PROMISES[parsed.name]
    assert find(parsed.name).is_reversible is (P.REVERSIBLE in stated)
    for kind in _kinds(call):
        for value, shown in zip(SAMPLES[kind], _shown(call, kind), strict=True):
            if P.REVERSIBLE not in stated:
                with pytest.raises(PolicyInvalid, match="cannot be turned back"):
                    registry.reverse(parsed, shown, kind, namespace="phi.mrn", keys=KEYS)
            elif shown is not None:
                back = registry.reverse(parsed, shown, kind, namespace="phi.mrn", keys=KEYS)
                assert back == (value if P.TYPE in stated else canonical_text(value, read_type(kind))), kind


@pytest.mark.parametrize("call", calls())
def test_only_what_is_keyed_hangs_on_the_key_and_the_tag(call: str) -> None:
    parsed = parse_call(call)
    stated = PROMISES[parsed.name]
    assert registry.is_keyed(parsed) is (P.BY_TAG in stated)
    for kind in _kinds(call):
        shown = _referred(parsed, kind, "phi.mrn", KEYS)
        if set(shown) != {"None"}:
            by_key = any(_referred(parsed, kind, "phi.mrn", keys) != shown for keys in OTHER_KEYS)
            by_tag = any(_referred(parsed, kind, tag, KEYS) != shown for tag in OTHER_TAGS)
            assert (by_key, by_tag) == (P.KEYED in stated, P.BY_TAG in stated), kind


@pytest.mark.parametrize("call", calls(P.LENGTH))
def test_texts_keep_their_length_and_where_promised_their_separators(call: str) -> None:
    for value, shown in zip(map(str, SAMPLES["VARCHAR"]), _shown(call, "VARCHAR"), strict=True):
        if shown is not None:
            assert len(str(shown)) == len(value)
            if P.FORM in PROMISES[parse_call(call).name]:
                assert _separators(str(shown)) == _separators(value)


@pytest.mark.parametrize("call", calls(P.BOUNDED))
def test_what_is_moved_is_moved_no_further_than_said(call: str) -> None:
    said = [value for _, value in parse_call(call).arguments if isinstance(value, int | float)]
    most = said[0] if said else 50
    for kind in _kinds(call):
        for value, shown in zip(SAMPLES[kind], _shown(call, kind), strict=True):
            if isinstance(value, date) and isinstance(shown, date):
                assert timedelta(1) <= abs(shown - value) <= timedelta(most)
            elif isinstance(value, int | Decimal) and isinstance(shown, int | Decimal):
                assert abs(Fraction(shown) - Fraction(value)) <= Fraction(str(most))
            elif isinstance(value, float) and isinstance(shown, float) and abs(value) < 1e6:
                assert abs(shown - value) <= most


@pytest.mark.parametrize("call", calls(P.INTERVALS))
def test_all_that_is_one_persons_is_moved_alike(call: str) -> None:
    moves = {
        shown - value
        for kind in _kinds(call)
        for value, shown in zip(SAMPLES[kind], _shown(call, kind), strict=True)
        if isinstance(value, date) and isinstance(shown, date)
    }
    assert len(moves) == 1


def _kinds(call: str) -> Iterator[str]:
    """The types that a call shows."""
    return (kind for kind in SAMPLES if registry.accepts(parse_call(call), kind, TYPES))


def _one_person(count: int) -> Beside:
    return {"who": ("VARCHAR", ["p17"] * count), "born": ("DATE", [date(1950, 1, 1)] * count)}


def _shown(call: str, kind: str) -> list[object]:
    return on_engine(call, SAMPLES[kind], kind, beside=_one_person(len(SAMPLES[kind])))


def _referred(call: TransformCall, kind: str, tag: str, keys: KeyRing) -> list[str]:
    row: dict[tuple[str, ...], object] = {("who",): "p17", ("born",): date(1950, 1, 1)}
    return [
        repr(registry.reference(call, value, kind, namespace=tag, keys=keys, types=TYPES, row=row))
        for value in SAMPLES[kind]
    ]


def _separators(text: str) -> list[tuple[int, str]]:
    return [(place, letter) for place, letter in enumerate(text) if is_separator(letter)]
