"""Transform calls are read as SQL writes them, printed in one form, and refused kindly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import PolicyInvalid
from policy_engine.model import TransformCall
from policy_engine.strength import Strength
from policy_engine.transforms import registry
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
        ("tokenize('USER')", "tokenize(scope=>'user')"),
        ("tokenize(scope=>'tag')", "tokenize()"),
        ("date_shift(by=>Patient)", "date_shift(by=>patient)"),
        ('date_shift(30, by=>contact . "Patient Id")', 'date_shift(days=>30, by=>contact."patient id")'),
        ("date_trunc('YEAR', __COLUMN__)", "date_trunc(unit=>'year')"),
        ("bucket(10.0)", "bucket(width=>10)"),
        ("bucket(1e-3)", "bucket(width=>0.001)"),
        ("bucket(1.2345678901234567e-4)", "bucket(width=>0.00012345678901234567)"),
        ("perturb(2.5e-7)", "perturb(scale=>2.5e-07)"),
        ("constant(true)", "constant(v=>'true')"),
        ("constant(-5)", "constant(v=>'-5')"),
        ('generalize(\'{ "a": "b" }\')', 'generalize(map=>\'{"a":"b"}\')'),
        ("redact_text('Phone, email')", "redact_text(entities=>'email,phone')"),
        ("lower(mask(__COLUMN__))", "lower(mask(__COLUMN__))"),
        ("LOWER(`mask`(__column__, KEEP_LAST=>4))", "lower(mask(__COLUMN__, keep_last=>4))"),
        ("'***@' || split_part(__COLUMN__, '@', 2)", "'***@' || split_part(__COLUMN__, '@', 2)"),
        ("tokenize(lower(trim(__COLUMN__)), scope=>'user')", "tokenize(lower(trim(__COLUMN__)), scope=>'user')"),
        ("(mask((__COLUMN__)))", "mask()"),
        ("mask(mask(__COLUMN__))", "mask(mask(__COLUMN__))"),
        ('date_shift(by=>"where")', 'date_shift(by=>"where")'),
        ('date_shift(lower(__COLUMN__), by=>"select")', 'date_shift(lower(__COLUMN__), by=>"select")'),
        ("round(__COLUMN__, -2)", "round(n=>-2)"),
        ("round(__COLUMN__ * 2, 1) -- twice", "round(__COLUMN__ * 2, 1)"),
        ("coalesce(encrypt(__COLUMN__), 'mask(')", "coalesce(encrypt(__COLUMN__), 'mask(')"),
        ("date_shift(date_trunc('month', __COLUMN__), by=>id)", "date_shift(date_trunc('MONTH', __COLUMN__), by=>id)"),
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
        ("tokenize(scope=>'usr')", "one of 'tag', 'user', 'role', 'column'; did you mean 'user'"),
        ("tokenize(scop=>'user')", "no parameter `scop`"),
        ("mask(keep_lst=>4)", "no parameter `keep_lst`"),
        ("mask(keep_last=>'4')", "whole number"),
        ("mask(keep_last=>-1)", "whole number"),
        ("mask(keep_last=>1.5)", "whole number"),
        ("mask(keep_last=>true)", "whole number"),
        ("mask(char=>'XX')", "one character"),
        ("mask(char=>'')", "one character"),
        ("mask('X', 1, 2, 3)", "takes no 4 arguments"),
        ("mask('X', char=>'Y')", "twice"),
        ("mask('X' 1)", "cannot be read"),
        ("mask('X',)", "cannot be read"),
        ("redact(other)", "a text in single quotes"),
        ("date_shift(50)", "needs `by`"),
        ("date_shift(days=>0, by=>patient)", "whole number from 1 to 36500"),
        ("date_shift(days=>50, by=>'patient')", "a column of the same dataset"),
        ("date_trunc('yaer')", "did you mean 'year'"),
        ("date_trunc()", "needs `unit`"),
        ("bucket(0)", "greater than 0"),
        ("bucket('ten')", "a number"),
        ("round(99)", "from -18 to 18"),
        ("generalize('Seattle=west')", "a JSON object"),
        ("generalize('{}')", "a JSON object"),
        ("redact_text('emails')", "a list such as"),
        ("constant()", "needs `v`"),
        ("constant(other)", "a text in single quotes, a number, true or false"),
        ("perturb(1e400)", "a number"),
        ("mask_emial()", "no transform `mask_emial`"),
        ("lower()", "no transform `lower`"),
        ("redact('a\0b')", "ordinary characters"),
    ],
)
def test_a_wrong_call_is_refused(text: str, problem: str) -> None:
    with pytest.raises(PolicyInvalid, match=problem):
        parse_call(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("lowr(__COLUMN__)", "there is no function `lowr`"),
        ("lower(maks(__COLUMN__))", "there is no function `maks`"),
        ("__COLUMN__", "shows the value as it is"),
        ("((__COLUMN__))", "shows the value as it is"),
        ("__COLUMN__ || other", "no other column"),
        ("case when __COLUMN__ between symmetric 1 and 2 then 1 end", "SYMMETRIC"),
        ("other.__COLUMN__ || 'a'", "no other column"),
        ("'a' || '__COLUMN__'", "does not use `__COLUMN__`"),
        ("(select max(__COLUMN__) from t)", "not allowed"),
        ("max(__COLUMN__)", "an aggregate"),
        ("read_text(__COLUMN__)", "no function `read_text`"),
        ("random() + __COLUMN__", "not allowed"),
        ("cast(__COLUMN__ as date)", "try_cast"),
        ("repeat(__COLUMN__, 1000000000)", "not allowed"),
        ("lower(mask(__COLUMN__, keep_lst=>4))", "no parameter `keep_lst`"),
        ("lower(date_shift(__COLUMN__))", "needs `by`"),
        ("lower(__COLUMN__); drop table t", "exactly one expression"),
        ("lower(__COLUMN__", "no SQL expression"),
        ("regexp_replace(__COLUMN__, __COLUMN__, '')", "pattern"),
        ("lower(__COLUMN__) over ()", "not allowed|no SQL"),
        ("$1 || __COLUMN__", "not allowed"),
        ("x -> __COLUMN__", "not allowed|no other column"),
        ("current_user() || __COLUMN__", "not allowed"),
    ],
)
def test_a_wrong_expression_is_refused(text: str, problem: str) -> None:
    with pytest.raises(PolicyInvalid, match=problem) as refused:
        parse_call(text)
    assert "veil" not in refused.value.detail + refused.value.hint


def test_the_mark_of_a_transform_cannot_be_written() -> None:
    with pytest.raises(PolicyInvalid, match="Veil's own"):
        parse_call("lower(veil__mask(__COLUMN__))")


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        ("lower(mask(__COLUMN__))", Strength.MASK),
        ("lower(__COLUMN__)", Strength.PARTIAL),
        ("mask(lower(__COLUMN__))", Strength.MASK),
        ("tokenize(mask(__COLUMN__, keep_last=>4))", Strength.TOKENIZE),
        ("mask(__COLUMN__) || __COLUMN__", Strength.PARTIAL),
        ("case when __COLUMN__ = 'a' then null(__COLUMN__) else redact(__COLUMN__) end", Strength.PARTIAL),
        ("hash(__COLUMN__) || tokenize(__COLUMN__)", Strength.TOKENIZE),
        ("bucket(abs(__COLUMN__), 10)", Strength.PARTIAL),
    ],
)
def test_an_expression_is_as_strong_as_its_weakest_way(text: str, strength: Strength) -> None:
    assert registry.strength(parse_call(text)) is strength


def test_the_nearest_name_is_told() -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse_call("tokenise()")
    assert refused.value.hint == "did you mean `tokenize`?"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")).filter(lambda text: text != "***"))
def test_any_text_survives_printing(text: str) -> None:
    call = TransformCall(name="redact", arguments=(("text", text),))
    assert parse_call(print_call(call)) == call
