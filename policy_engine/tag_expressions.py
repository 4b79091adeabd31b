"""Conditions on tags: `not phi.phone_number and in(pii.email, pii.name)`, read, printed and judged."""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from catalog.errors import PolicyInvalid, Position
from catalog.remembered import remembered
from policy_engine.model import AllOf, AnyOf, HasTag, Not, TagExpression

_LEXEME = re.compile(
    r"\s*(?:(?P<tag>[A-Za-z_][A-Za-z0-9_-]*[.:][A-Za-z_][A-Za-z0-9_-]*)"
    r"|(?P<word>[A-Za-z]+)|(?P<sign>!=|[(),=!]))"
)
_END = ""
_MOST_NESTED = 100


@remembered(4096)
def parse(text: str) -> TagExpression:
    """The condition that a text says; NOT binds tighter than AND, AND tighter than OR.

    Example:
        >>> parse("not phi.phone_number")
        Not(inner=HasTag(tag='phi.phone_number'))
    """
    return _Reader(text).whole()


@remembered(4096)
def print_expression(expression: TagExpression) -> str:
    """The condition as people write it; parsing the text gives an equal expression.

    Example:
        >>> print_expression(parse("NOT IN (phi.a, phi.b) OR c.d"))
        'not in(phi.a, phi.b) or c.d'
    """
    match expression:
        case HasTag(tag=tag):
            return tag
        case Not(inner=inner):
            return f"not {_inside(inner, AllOf, AnyOf)}"
        case AllOf(parts=parts):
            return " and ".join(_inside(part, AllOf, AnyOf) for part in parts)
        case AnyOf(parts=parts) if _is_list(expression):
            return f"in({', '.join(print_expression(part) for part in parts)})"
        case AnyOf(parts=parts):
            return " or ".join(_inside(part, AnyOf) for part in parts)


def tags_of(expression: TagExpression) -> Iterator[str]:
    """Every tag that the condition names, in order of writing."""
    match expression:
        case HasTag(tag=tag):
            yield tag
        case Not(inner=inner):
            yield from tags_of(inner)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from tags_of(part)


def is_always(expression: TagExpression) -> bool:
    """Whether the condition says of some tag that it is there or not, and so holds whatever becomes of tags.

    Example:
        >>> is_always(parse("phi.mrn or not phi.mrn")), is_always(parse("not phi.mrn"))
        (True, False)
    """
    parts = set(expression.parts) if isinstance(expression, AnyOf) else set()
    return any(Not(part) in parts for part in parts)


def holds(expression: TagExpression, confirmed: AbstractSet[str], suggested: AbstractSet[str], *, opens: bool) -> bool:
    """Whether a column with these tags meets the condition, a tag only suggested counting where it hides more.

    A condition that opens (a grant's HAVING) must hold whatever becomes of the suggestions; one that
    takes away (TRANSFORM, RESTRICT, DENY) holds as soon as it may.

    Example:
        >>> holds(parse("not phi.mrn"), frozenset(), frozenset({"phi.mrn"}), opens=True)
        False
    """
    match expression:
        case HasTag(tag=tag):
            return tag in confirmed or (not opens and tag in suggested)
        case Not(inner=inner):
            return not holds(inner, confirmed, suggested, opens=not opens)
        case AllOf(parts=parts):
            return all(holds(part, confirmed, suggested, opens=opens) for part in parts)
        case AnyOf(parts=parts):
            return any(holds(part, confirmed, suggested, opens=opens) for part in parts)


def _inside(part: TagExpression, *grouped: type) -> str:
    """A part in parentheses where its own joining word would bind it differently."""
    text = print_expression(part)
    return f"({text})" if isinstance(part, grouped) and not _is_list(part) else text


def _is_list(expression: TagExpression) -> bool:
    """Whether the expression prints as `in(..)`, which binds by itself."""
    return isinstance(expression, AnyOf) and all(isinstance(part, HasTag) for part in expression.parts)


class _Reader:
    """Reads one text from left to right, one function for each level of binding."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._kind, self._lexeme = self._read()

    def whole(self) -> TagExpression:
        expression = self._any()
        if self._kind != _END:
            raise self._error("expected `and`, `or` or the end")
        return expression

    def _any(self) -> TagExpression:
        parts = [self._all()]
        while self._takes("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self) -> TagExpression:
        parts = [self._one()]
        while self._takes("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _one(self) -> TagExpression:
        self._depth += 1
        if self._depth > _MOST_NESTED:
            raise self._error("nested too deeply here")
        try:
            return self._unit()
        finally:
            self._depth -= 1

    def _unit(self) -> TagExpression:
        if self._takes("not") or self._takes("!"):
            return Not(self._one())
        if self._takes("("):
            inner = self._any()
            self._must(")")
            return inner
        if self._takes("in"):
            return self._list()
        return self._tag()

    def _list(self) -> TagExpression:
        self._must("(")
        parts = [self._tag()]
        while self._takes(","):
            parts.append(self._tag())
        self._must(")")
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _tag(self) -> TagExpression:
        if self._kind != "tag":
            raise self._error("expected a tag, written `namespace.name`")
        tag: TagExpression = HasTag(self._lexeme.lower().replace(":", "."))
        self._next()
        differs = self._lexeme == "!="
        if self._takes("=") or self._takes("!="):
            if not (self._takes("true") or self._takes("false")):
                raise self._error("expected `true` or `false`")
            said_false = self._last == "false"
            return Not(tag) if differs != said_false else tag
        return tag

    def _takes(self, word: str) -> bool:
        if self._kind == "tag" or self._lexeme.lower() != word:
            return False
        self._last = word
        self._next()
        return True

    def _must(self, word: str) -> None:
        if not self._takes(word):
            raise self._error(f"expected `{word}`")

    def _next(self) -> None:
        self._kind, self._lexeme = self._read()

    def _read(self) -> tuple[str, str]:
        if not self._text[self._at :].strip():
            self._start = len(self._text)
            return _END, ""
        match = _LEXEME.match(self._text, self._at)
        if match is None or match.lastgroup is None:
            self._start = self._at
            raise self._error("this cannot be read")
        self._start, self._at = match.start(match.lastgroup), match.end()
        return match.lastgroup, match[match.lastgroup]

    def _error(self, problem: str) -> PolicyInvalid:
        before = self._text[: self._start]
        rest = self._text[self._start :].strip()
        where = f"at `{rest[:40]}`" if rest else "at its end"
        return PolicyInvalid(
            f"the tag expression `{self._text.strip()}` cannot be read {where}: {problem}",
            hint="write for example `not phi.phone_number and in(pii.email, pii.name)`",
            position=Position(line=before.count("\n") + 1, column=len(before) - before.rfind("\n"), snippet=rest[:40]),
        )
