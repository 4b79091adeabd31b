"""A statement cut into words, names in quotes, texts, numbers and signs, each with its place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from catalog.errors import PolicyInvalid, Position

LONGEST = 100_000
_SHOWN = 40

_TOKEN = re.compile(
    r"""(?P<blank>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<word>(?:[^\W\d]|\$\{\w+\})(?:\w|\$\{\w+\})*)
    |(?P<name>"(?:[^"]|"")+"|`(?:[^`]|``)+`)
    |(?P<text>'(?:[^']|'')*')
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<open>["'`]|/\*)
    |(?P<sign>=>|!=|<>|<=|>=|\|\||::|.)""",
    re.DOTALL | re.VERBOSE,
)
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class Kind(StrEnum):
    """What a token is; a name stands in double quotes or backquotes, a text in single ones."""

    WORD = "word"
    NAME = "name"
    TEXT = "text"
    NUMBER = "number"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token; `value` has its quotes undone, `start` and `end` are where it stands."""

    kind: Kind
    value: str
    start: int
    end: int

    def says(self, *words: str) -> bool:
        """Whether it is one of these keywords, in any case, or one of these signs."""
        return self.kind in (Kind.WORD, Kind.SIGN) and self.value.upper() in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A statement's tokens, the last of them its end, and its text with blanks where comments were."""

    text: str
    tokens: tuple[Token, ...]


def tokenize(text: str) -> Tokens:
    """The tokens of a statement; raises PolicyInvalid for a quote that is never closed.

    Example:
        >>> [token.value for token in tokenize('DROP ROLE "night shift" -- bye').tokens]
        ['DROP', 'ROLE', 'night shift', '']
    """
    text = text.replace("\r\n", "\n")
    if len(text) > LONGEST:
        raise PolicyInvalid(
            f"the statement is longer than {LONGEST:,} characters", hint="put what it says into a document"
        )
    if unfit := _UNFIT.search(text):
        raise unreadable(text, unfit.start(), "it holds a character that no text may have", "type it again")
    tokens = (*_tokens(text), _end(text))
    _check_parentheses(text, tokens)
    return Tokens(text=_without_comments(text), tokens=tokens)


def unreadable(text: str, start: int, problem: str, hint: str = "") -> PolicyInvalid:
    """The refusal of a statement that cannot be read, pointing at the place."""
    rest = text[start:].strip().split("\n")[0][:_SHOWN]
    where = f"at `{rest}`" if rest else "at its end"
    return PolicyInvalid(
        f"the statement cannot be read {where}: {problem}", hint=hint, position=position_of(text, start)
    )


def position_of(text: str, start: int) -> Position:
    """A place in the statement for people, with the piece that stands there."""
    before = text[:start]
    snippet = text[start:].split("\n")[0][:_SHOWN].rstrip()
    return Position(line=before.count("\n") + 1, column=start - before.rfind("\n"), snippet=snippet)


def _tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "open":
            hint = f"write another `{match[0]}` where it ends; one that belongs to the text is written twice"
            raise unreadable(text, match.start(), f"this `{match[0]}` is never closed", hint)
        if kind != "blank":
            yield Token(kind=Kind(kind or ""), value=_undone(match), start=match.start(), end=match.end())


def _check_parentheses(text: str, tokens: tuple[Token, ...]) -> None:
    opened: list[Token] = []
    for token in tokens:
        if token.says("("):
            opened.append(token)
        elif token.says(")") and not opened:
            raise unreadable(text, token.start, "this `)` closes nothing", "leave it out, or open it with `(`")
        elif token.says(")"):
            opened.pop()
    if opened:
        raise unreadable(text, opened[-1].start, "this `(` is never closed", "write the `)` that belongs to it")


def _undone(match: re.Match[str]) -> str:
    """The token's text; a quote that stands twice in quotes is one."""
    if match.lastgroup not in ("name", "text"):
        return match[0]
    quote = match[0][0]
    return match[0][1:-1].replace(quote * 2, quote)


def _end(text: str) -> Token:
    return Token(kind=Kind.END, value="", start=len(text), end=len(text))


def _without_comments(text: str) -> str:
    """The text with every comment blanked out and every other character in its place."""

    def blanked(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0]) if match.lastgroup == "blank" else match[0]

    return _TOKEN.sub(blanked, text)
