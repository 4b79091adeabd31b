"""Transform calls are read as SQL writes them, printed in one form, and refused kindly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import PolicyInvalid
from policy_engine.model import TransformCall
from policy_engine.transforms.calls import parse_call, print_call


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("tokenize()", "tokenize()"),
        (" TOKENIZE ( __COLUMN__ ) ", "tokenize()"),
        ("sha2()", "hash()"),
        ("`null`()", "null()"),
        ("mask('*')", "mask(char=>'*')"),
        ("mask(__column__, '*', 1)", "mask(char=>'*', keep_first=>1)"),
        ("mask(keep_last=>4, char=>'''')", "mask(char=>'''', keep_last=>4)"),
        ("mask(keep_first=>0)", "mask()"),
        ("redact(text=>'a, b) => \\')", "redact(text=>'a, b) => \\')"),
    ],
)
def test_a_call_is_read_and_printed(text: str, printed: str) -> None:
    assert print_call(parse_call(text)) == printed
    assert parse_call(printed) == parse_call(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tokenise()", "no transform `tokenise`"),
        ("tokenize", "cannot be read"),
        ("tokenize() || ''", "cannot be read"),
        ("tokenize(scope=>'user')", "no parameter `scope`"),
        ("mask(keep_lst=>4)", "no parameter `keep_lst`"),
        ("mask(keep_last=>'4')", "whole number"),
        ("mask(keep_last=>-1)", "whole number"),
        ("mask(keep_last=>1.5)", "whole number"),
        ("mask(keep_last=>true)", "whole number"),
        ("mask(char=>'XX')", "one character"),
        ("mask(char=>'')", "one character"),
        ("mask('X', 1, 2, 3)", "takes no 4 arguments"),
        ("mask('X', char=>'Y')", "twice"),
        ("mask(mask(__COLUMN__))", "cannot be read"),
        ("mask('X' 1)", "cannot be read"),
        ("mask('X',)", "cannot be read"),
        ("redact(other)", "no value"),
        ("redact('a\0b')", "ordinary characters"),
    ],
)
def test_a_wrong_call_is_refused(text: str, problem: str) -> None:
    with pytest.raises(PolicyInvalid, match=problem):
        parse_call(text)


def test_the_nearest_name_is_told() -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_call("tokenise()")
    assert refused.value.hint == "did you mean `tokenize`?"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")).filter(lambda text: text != "***"))
def test_any_text_survives_printing(text: str) -> None:
    call = TransformCall(name="redact", arguments=(("text", text),))
    assert parse_call(print_call(call)) == call
