"""The columns that a tag expression speaks of, in words: the same in the sentence of a policy and in every reason."""

from collections.abc import Iterable

from policy_engine.model import AnyOf, HasTag, Not, TagExpression
from policy_engine.tag_expressions import is_always, print_expression


def columns(expression: TagExpression, verb: str = "holds") -> str:
    """Which columns an expression speaks of; `verb` is said of one that is more than a list of tags.

    Example: "columns tagged `phi.mrn` or `phi.phone`", and "columns for which `phi.mrn and not pii.email` holds".
    """
    if is_always(expression):
        return "every column"
    if tags := _listed(expression):
        return f"columns tagged {quoted(tags, 'or')}"
    return f"columns for which `{print_expression(expression)}` {verb}"


def left_out(expression: TagExpression) -> str:
    """The columns that a policy does without, where it shows all but those of some tags; else nothing.

    Example: "columns tagged `phi.phone`" for `not phi.phone`.
    """
    return columns(expression.inner) if isinstance(expression, Not) and _listed(expression.inner) else ""


def quoted(names: Iterable[str], joint: str) -> str:
    """Names between backticks, as people list them.

    Example:
        >>> quoted(["a", "b", "c"], "and")
        '`a`, `b` and `c`'
    """
    listed = [f"`{name}`" for name in names]
    return f" {joint} ".join(filter(None, (", ".join(listed[:-1]), listed[-1])))


def _listed(expression: TagExpression) -> tuple[str, ...]:
    """The tags of which one is enough; empty for an expression that says more than that."""
    parts = expression.parts if isinstance(expression, AnyOf) else (expression,)
    tags = tuple(part.tag for part in parts if isinstance(part, HasTag))
    return tags if len(tags) == len(parts) else ()
