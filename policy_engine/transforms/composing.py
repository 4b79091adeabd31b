"""Expressions as calls: which transforms stand in one, and on what each of them is applied."""

from collections.abc import Iterator

from sqlglot import exp

from catalog.errors import PolicyInvalid
from catalog.remembered import remembered
from policy_engine.model import TransformCall
from policy_engine.transforms import expressions
from policy_engine.transforms.checking import checked_call, print_argument
from policy_engine.transforms.expressions import Inner
from policy_engine.transforms.known import BY_NAME

EXPRESSION = "expression"
"""The name of the call that is an expression; its one argument is the text."""


def expression_call(text: str) -> TransformCall:
    """The call that an expression is; one transform of the column itself is that transform's plain call."""
    tree = expressions.read(text, BY_NAME)
    if expressions.is_bare(tree):
        inner = expressions.inner_of(tree.unnest())
        if inner is None:
            raise PolicyInvalid(
                f"the transform `{text.strip()}` shows the value as it is", hint="leave the transform out"
            )
        if _is_column(inner.over):
            return call_of(inner)
    normal = expressions.print_tree(tree, _print_inner)
    if expressions.print_tree(expressions.read(normal, BY_NAME), _print_inner) != normal:
        raise PolicyInvalid(f"the transform `{text.strip()}` has no single meaning", hint="write it more simply")
    return TransformCall(name=EXPRESSION, arguments=(("sql", normal),))


def text_of(call: TransformCall) -> str:
    """The text of an expression's call."""
    return str(dict(call.arguments)["sql"])


@remembered(1024)
def tree_of(text: str) -> exp.Expr:
    """The checked tree of an expression's text; never changed by who gets it."""
    return expressions.read(text, BY_NAME)


def call_of(inner: Inner) -> TransformCall:
    """The call of a transform within an expression."""
    return checked_call(inner.name, inner.arguments, f"{inner.name}(..)")


def calls_in(tree: exp.Expr) -> Iterator[TransformCall]:
    """Every transform in an expression, however deep."""
    for inner in expressions.leaves(tree):
        if inner is not None:
            yield call_of(inner)
            yield from calls_in(inner.over)


def _print_inner(inner: Inner, over: str) -> str:
    call = call_of(inner)
    given = "".join(f", {name}=>{print_argument(value)}" for name, value in call.arguments)
    return f"{call.name}({over}{given})"


def _is_column(tree: exp.Expr) -> bool:
    return expressions.is_bare(tree) and expressions.inner_of(tree.unnest()) is None
