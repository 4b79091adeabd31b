"""A place in a statement's tokens that moves as the statement is read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from catalog.errors import PolicyInvalid, Position, VeilError
from catalog.names import nearest
from policy_engine.ddl.tokens import Kind, Token, position_of, tokenize, unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of the statement as it was written, in a language of its own: a condition, a filter, a call."""

    text: str
    position: Position

    def refused(self, error: VeilError) -> PolicyInvalid:
        """An error about this piece, retold with its place in the whole statement."""
        place = self.position
        if error.position is not None:
            line, column = error.position.line, error.position.column
            column += self.position.column - 1 if line == 1 else 0
            place = Position(line=place.line + line - 1, column=column, snippet=error.position.snippet)
        return PolicyInvalid(error.detail, hint=error.hint, position=place)


class Cursor:
    """Reads a statement from left to right.

    Example:
        >>> cursor = Cursor("DROP ROLE clerk")
        >>> cursor.takes("DROP", "ROLE"), cursor.name("a role")
        (True, 'clerk')
    """

    def __init__(self, text: str) -> None:
        tokens = tokenize(text)
        self._text = tokens.text
        self._tokens = tokens.tokens
        self._at = 0

    @property
    def now(self) -> Token:
        """The token that is read next."""
        return self._tokens[self._at]

    @property
    def last_token(self) -> Token:
        """The end of the statement."""
        return self._tokens[-1]

    def sees(self, *words: str) -> bool:
        """Whether these keywords or signs come next, one after the other."""
        following = self._tokens[self._at : self._at + len(words)]
        return len(following) == len(words) and all(
            token.says(word) for token, word in zip(following, words, strict=True)
        )

    def takes(self, *words: str) -> bool:
        """Whether these keywords come next, which are then read."""
        found = self.sees(*words)
        self._at += len(words) if found else 0
        return found

    def must(self, *words: str, hint: str = "") -> None:
        """Read these keywords; refuse anything else."""
        for word in words:
            if not self.takes(word):
                self.fail(f"expected `{word}`", hint)

    def choice(self, *words: str, hint: str = "") -> str:
        """Read one of these keywords; refuse anything else."""
        for word in words:
            if self.takes(word):
                return word
        near = nearest(self.now.value, words)
        listed = ", ".join(f"`{word}`" for word in words[:-1])
        expected = f"{listed} or `{words[-1]}`" if listed else f"`{words[0]}`"
        self.fail(f"expected {expected}", f"did you mean `{near}`?" if near else hint)

    def name(self, what: str) -> str:
        """Read one name, bare or in quotes."""
        token = self.now
        if token.kind not in (Kind.WORD, Kind.NAME):
            self.fail(f"expected {what}", 'odd names stand in "double quotes"')
        if not token.value.strip() or "\n" in token.value or "\t" in token.value:
            self.fail(f"this cannot be the name of {what}")
        self._at += 1
        return token.value

    def names(self, what: str) -> tuple[str, ...]:
        """Read one or more names with commas between them."""
        found = [self.name(what)]
        while self.takes(","):
            found.append(self.name(what))
        return tuple(found)

    def path(self, what: str) -> tuple[str, ...]:
        """Read names with dots between them."""
        found = [self.name(what)]
        while self.takes("."):
            found.append(self.name(what))
        return tuple(found)

    def literal(self, what: str) -> str:
        """Read a text in single quotes."""
        token = self.now
        if token.kind is not Kind.TEXT:
            self.fail(f"expected {what} in 'single quotes'")
        self._at += 1
        return token.value

    def rest_of(self, *endings: str, before: Token | None = None) -> Piece:
        """Read up to the first of these keywords that stands outside parentheses, or up to `before`."""
        first = self.now
        last = first.start
        while self.now is not before and self.now.kind is not Kind.END and not self._ends(*endings):
            last = self._over()
        return Piece(text=self._text[first.start : last], position=self.position(first))

    def last(self, word: str) -> Token | None:
        """The last such keyword from here on that stands outside parentheses; `DISTINCT FROM` is none."""
        found, depth = None, 0
        for index in range(self._at, len(self._tokens)):
            token = self._tokens[index]
            depth += token.says("(") - token.says(")")
            if depth == 0 and token.says(word) and self._is_bare(index) and not self._follows_distinct(index):
                found = token
        return found

    def end(self, hint: str = "give one statement at a time") -> None:
        """Read the end of the statement, with or without a semicolon."""
        self.takes(";")
        if self.now.kind is not Kind.END:
            self.fail("the statement should end here", hint)

    def position(self, token: Token | None = None) -> Position:
        """Where a token stands, the next one unless told."""
        return position_of(self._text, (token or self.now).start)

    def fail(self, problem: str, hint: str = "") -> NoReturn:
        """Refuse the statement at this place."""
        raise unreadable(self._text, self.now.start, problem, hint)

    def refuse(self, detail: str, hint: str = "", token: Token | None = None) -> NoReturn:
        """Refuse what the statement says, pointing at this place."""
        raise PolicyInvalid(detail, hint=hint, position=self.position(token))

    def _ends(self, *endings: str) -> bool:
        return self.now.says(*endings) and self._is_bare(self._at)

    def _over(self) -> int:
        """Step over one token, or over all that parentheses hold; the answer is where that ends."""
        depth = 0
        while True:
            token = self.now
            depth += token.says("(") - token.says(")")
            self._at += 1
            if depth <= 0 or self.now.kind is Kind.END:
                return token.end

    def _is_bare(self, index: int) -> bool:
        """Whether a word is no part of a dotted name; `phi.where` is a tag."""
        return not any(token.says(".", ":") for token in self._beside(index))

    def _beside(self, index: int) -> Iterator[Token]:
        if index > 0:
            yield self._tokens[index - 1]
        if index + 1 < len(self._tokens):
            yield self._tokens[index + 1]

    def _follows_distinct(self, index: int) -> bool:
        return index > 0 and self._tokens[index - 1].says("DISTINCT")
