"""Random calls of every transform with every parameter it may be given, composed ones, and expressions around them."""

import json
from collections.abc import Iterator

from hypothesis import strategies as st

from policy_engine.model import Argument, ColumnName, TransformCall
from policy_engine.transforms.calls import parse_call
from policy_engine.transforms.checking import checked_call, print_argument
from policy_engine.transforms.composing import EXPRESSION, calls_in, text_of, tree_of
from policy_engine.transforms.expressions import NAMES
from policy_engine.transforms.known import TRANSFORMS
from policy_engine.transforms.spec import Parameter, Takes, Transform
from policy_engine.transforms.text_redaction import ENTITIES

HOSTILE = (
    *("tokenize()", "hash()", "null()", "mask(keep_last=>4)", "mask(char=>'''')", "redact('WHERE it''s')"),
    *("tokenize(scope=>'user')", 'date_shift(30, by=>contact."Patient ""Id"" to")', "bucket(2.5e-7)"),
    *("perturb(10, by=>id)", "constant(true)", "lower(mask(__COLUMN__))", "bucket(1.2345678901234567e-4)"),
    """generalize('{"it''s":"a: # b"}', otherwise=>'to role x')""",
    """case when length(__COLUMN__) > 3 then 'where; to role "x" # ' else __COLUMN__ end""",
    """date_shift(date_trunc('month', __COLUMN__), by=>"where")""",
    r"regexp_replace(__COLUMN__, '\d''', '\\', 'g')",
)
_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
_WORDS = _TEXTS.map(lambda text: print_argument(text))
_COLUMNS = st.lists(_TEXTS.filter(bool), min_size=1, max_size=2).map(lambda path: ColumnName(tuple(path)))
_MAPS = st.dictionaries(_TEXTS, _TEXTS, min_size=1, max_size=3).map(lambda words: json.dumps(words))
_SHAPES = (
    *("lower({0})", "upper({0})", "trim({0})", "reverse({0})", "{0} || {1}", "{0} || {word}"),
    *("concat({0}, {word}, {1})", "coalesce({0}, {1}, {word})", "nullif({0}, {word})", "replace({0}, {word}, {word})"),
    *("left({0}, {number})", "right({0}, {number})", "substring({0}, {number}, 3)", "split_part({0}, '@', 2)"),
    *("regexp_replace({0}, '[0-9]''', {word}, 'g')", "case when starts_with({0}, {word}) then {1} else {word} end"),
    *("case {0} when {word} then {1} end", "case when {0} in ({word}, 'b') and not {1} is null then {0} end"),
    *("try_cast({0} as bigint) + {number}", "abs({0}) * -{number}", "date_trunc('month', {0})", "year({0}) - {number}"),
    *("greatest({0}, {1})", "round({0}, {number})", "floor({0}) // {number}", "{0} % {number} = 0 or {1} <> {word}"),
)


def calls() -> st.SearchStrategy[TransformCall]:
    """Any call, as reading gives it."""
    return st.one_of(st.sampled_from(HOSTILE).map(parse_call), plain_calls(), _expressions())


def plain_calls() -> st.SearchStrategy[TransformCall]:
    """A call of one transform, of any that there are."""
    return st.sampled_from(TRANSFORMS).flatmap(calls_of)


@st.composite
def calls_of(draw: st.DrawFn, transform: Transform) -> TransformCall:
    """A call of this transform; what need not be given is left out now and then."""
    given: list[tuple[str, Argument]] = []
    for parameter in transform.parameters:
        is_needed = parameter.default is None and not parameter.is_optional
        if is_needed or draw(st.booleans()):
            given.append((parameter.name, draw(_arguments(parameter))))
    return checked_call(transform.name, given, transform.name)


def transforms_in(call: TransformCall) -> Iterator[TransformCall]:
    """The transforms that a call is made of."""
    yield from calls_in(tree_of(text_of(call))) if call.name == EXPRESSION else (call,)


def _arguments(parameter: Parameter) -> st.SearchStrategy[Argument]:
    match parameter.takes:
        case Takes.TEXT:
            return _texts(parameter)
        case Takes.WHOLE:
            return st.integers(parameter.least, parameter.most)
        case Takes.NUMBER:
            assert parameter.least is not None
            numbers = st.floats(parameter.least, parameter.most, exclude_min=True)
            return st.one_of(st.integers(parameter.least + 1, parameter.most), numbers)
        case Takes.VALUE:
            return st.one_of(_TEXTS, st.booleans(), st.integers(-(10**15), 10**15), st.floats(-1e15, 1e15))
        case Takes.COLUMN:
            return _COLUMNS


def _texts(parameter: Parameter) -> st.SearchStrategy[Argument]:
    if parameter.choices:
        return st.sampled_from(parameter.choices)
    if parameter.characters is not None:
        return st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=1)
    if parameter.name == "map":
        return _MAPS
    if parameter.name == "entities":
        return st.lists(st.sampled_from(ENTITIES), min_size=1, unique=True).map(", ".join)
    return _TEXTS


def _expressions() -> st.SearchStrategy[TransformCall]:
    """Transforms of transforms, and SQL around them and the column; there a name that SQL has too is SQL's."""
    return st.recursive(st.just("__COLUMN__"), _around, max_leaves=4).filter(lambda text: "(" in text).map(parse_call)


def _around(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    composed = st.builds(_applied, plain_calls().filter(lambda call: call.name not in NAMES), inner)
    numbers = st.integers(1, 9)
    shaped = st.builds(
        lambda shape, one, other, word, number: shape.format(f"({one})", f"({other})", word=word, number=number),
        st.sampled_from(_SHAPES),
        inner,
        inner,
        _WORDS,
        numbers,
    )
    return st.one_of(composed, shaped)


def _applied(call: TransformCall, over: str) -> str:
    given = "".join(f", {name}=>{print_argument(value)}" for name, value in call.arguments)
    return f"{call.name}({over}{given})"
