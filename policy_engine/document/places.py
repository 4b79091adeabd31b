"""Where in a document something stands, and the error that points there."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from catalog.errors import PolicyInvalid, Position, VeilError
from policy_engine.document.examples import example

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A spot in a file: the path to it (`policies[0].scope`) and the line, counted from one."""

    file: str = "document"
    path: str = ""
    line: int = 1
    column: int = 1
    snippet: str = ""

    def at(self, path: str) -> "Place":
        """The same spot under another path."""
        return Place(file=self.file, path=path, line=self.line, column=self.column, snippet=self.snippet)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated(Generic[T]):
    """Something that a document says, with the place where it says so."""

    value: T
    place: Place


def invalid(place: Place, problem: str, *, hint: str = "", joint: str = " ") -> PolicyInvalid:
    """The refusal of a document, naming file, line and path; without a hint it shows how the key is written.

    Example:
        >>> print(invalid(Place(file="a.yaml", path="policies[0].scoop", line=3), "is not a key of a policy"))
        a.yaml, line 3: `policies[0].scoop` is not a key of a policy
    """
    where = f"{place.file}, line {place.line}: "
    subject = f"`{place.path}`{joint}" if place.path else ""
    position = Position(line=place.line, column=place.column, snippet=place.snippet)
    return PolicyInvalid(f"{where}{subject}{problem}", hint=hint or example(place.path), position=position)


def pointed(error: VeilError, place: Place) -> PolicyInvalid:
    """An error about a piece of text, retold with the place where the text stands."""
    if " cannot be " in error.detail:
        return invalid(place, error.detail, hint=error.hint, joint=": ")
    return invalid(place, f"cannot be used: {error.detail}", hint=error.hint)
