"""Leaves out of a bound condition what is settled already: the rest says the same of every row, in fewer words."""

from collections.abc import Sequence

from sqlglot import exp

from policy_engine.model import LOOKUP

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_STRICT = (*_COMPARISONS, exp.Like, exp.ILike)
_CONDITIONS = (
    *_STRICT,
    exp.NullSafeEQ,
    exp.NullSafeNEQ,
    exp.Between,
    exp.In,
    exp.Is,
    exp.And,
    exp.Or,
    exp.Not,
    exp.Boolean,
)


def simplified(condition: exp.Expr) -> exp.Expr:
    """A condition that is TRUE of the same rows; where it can be NULL it may be FALSE instead, as neither keeps a row.

    Example: `(TRUE OR region IN ('north')) AND age > 40` is `age > 40`.
    """
    try:
        return _settled(condition, keeps=True)
    except RecursionError:  # too deep to be looked through; it stays as it is
        return condition


def unknown() -> exp.Expr:
    """A condition of which nothing is known."""
    return exp.Null()


def _settled(node: exp.Expr, *, keeps: bool) -> exp.Expr:
    """`keeps`: whether the row is kept exactly where this is TRUE, so that NULL is as good as FALSE."""
    match node:
        case exp.Paren():
            inner = _settled(node.this, keeps=keeps)
            return exp.Paren(this=inner) if isinstance(inner, exp.And | exp.Or) else inner
        case exp.And() | exp.Or():
            return _joined(type(node), [_settled(part, keeps=keeps) for part in node.flatten(unnest=False)])
        case exp.Not():
            return _negated(_settled(node.this, keeps=False), keeps=keeps)
    value = _value(node)
    return exp.false() if keeps and isinstance(value, exp.Null) else value


def _joined(kind: type[exp.And | exp.Or], parts: Sequence[exp.Expr]) -> exp.Expr:
    """AND and OR of three-valued parts; TRUE is neutral to the one and settles the other."""
    settling = kind is exp.Or
    left: list[exp.Expr] = []
    for part in parts:
        if isinstance(part, exp.Boolean):
            if part.this is settling:
                return exp.true() if settling else exp.false()
        elif not (isinstance(part, exp.Null) and any(isinstance(other, exp.Null) for other in left)):
            left.append(part)
    if not left:
        return exp.false() if settling else exp.true()
    if len(left) == 1 and not _is_condition(left[0]):
        left.append(exp.false() if settling else exp.true())  # what is no condition by its form is cast by AND and OR
    joined = left[0]
    for part in left[1:]:
        joined = kind(this=joined, expression=part)
    return joined


def _is_condition(node: exp.Expr) -> bool:
    """Whether a node is a condition by its form: the answer of a lookup is one."""
    if isinstance(node, exp.Dot):
        return node.name.startswith(f"{LOOKUP}_")
    return isinstance(node, (*_CONDITIONS, exp.Null, exp.Paren))


def _negated(inner: exp.Expr, *, keeps: bool) -> exp.Expr:
    if isinstance(inner, exp.Boolean):
        return exp.false() if inner.this else exp.true()
    if isinstance(inner, exp.Null):
        return exp.false() if keeps else inner
    return exp.Not(this=inner)


def _value(node: exp.Expr) -> exp.Expr:
    """A comparison of what is known already as the truth that it is; anything else as it stands."""
    if isinstance(node, _STRICT) and (_is_unknown(node.this) or _is_unknown(node.expression)):
        return exp.Null()
    if isinstance(node, exp.EQ | exp.NEQ) and _is_text(node.this) and _is_text(node.expression):
        return _truth((node.this.this == node.expression.this) is isinstance(node, exp.EQ))
    if isinstance(node, exp.In) and not node.args.get("query"):
        return _membership(node)
    return node


def _membership(node: exp.In) -> exp.Expr:
    known = [value for value in node.expressions if not _is_unknown(value)]
    if _is_unknown(node.this) or not known:
        return exp.Null()
    if not _is_text(node.this) or not all(map(_is_text, known)):
        return node
    if any(value.this == node.this.this for value in known):
        return exp.true()
    return exp.false() if len(known) == len(node.expressions) else exp.Null()


def _is_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and bool(node.is_string)


def _is_unknown(node: exp.Expr) -> bool:
    return isinstance(node, exp.Null) or (isinstance(node, exp.TryCast) and isinstance(node.this, exp.Null))


def _truth(value: bool) -> exp.Expr:
    return exp.true() if value else exp.false()
