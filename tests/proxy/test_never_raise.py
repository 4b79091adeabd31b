"""Masks that stand without TRY give something for every day and moment that an engine holds.

An error would tell that there is such a one beneath a mask, and nobody could read the column any more.
"""

import pytest

from policy_engine.transforms import registry
from policy_engine.transforms.calls import parse_call
from proxy.rewriting.secure import NEVER_RAISE
from tests.policy_engine.transforms.engine import count_shown
from tests.policy_engine.transforms.samples import CALLS, ENDS

PLAIN = ("hash()", "mask()", "mask(keep_last=>2)", "null()", "redact()", "tokenize()")
BARE = [call for call in (*CALLS, *PLAIN) if parse_call(call).name in NEVER_RAISE]
PAIRS = [(call, kind) for call in BARE for kind in ENDS if registry.accepts(parse_call(call), kind)]


@pytest.mark.parametrize(("call", "kind"), PAIRS)
def test_a_mask_without_try_gives_something_for_the_last_days_and_moments(call: str, kind: str) -> None:
    shown = count_shown(call, ENDS[kind], kind)
    assert shown == 0 if parse_call(call).name in ("null", "redact") else 0 < shown <= len(ENDS[kind])


def test_only_those_are_left_out_that_show_no_day_or_moment() -> None:
    assert NEVER_RAISE - {parse_call(call).name for call, _ in PAIRS} == {"constant", "mask"}
