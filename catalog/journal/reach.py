"""Whether a source can be read: a first look at it, and in clear words why there is none."""

import time
from dataclasses import dataclass
from itertools import islice

from catalog.errors import VeilError
from catalog.model import Source
from catalog.registry import connect

_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What a first look at a source saw: some of its relations, or the problem that kept it from seeing any."""

    relations: tuple[str, ...] = ()
    is_more: bool = False
    problem: VeilError | None = None
    seconds: float = 0.0

    @property
    def is_reached(self) -> bool:
        """Whether the source answered; it may be empty all the same."""
        return self.problem is None

    @property
    def told(self) -> str:
        """The answer as one line for people."""
        if self.problem is not None:
            return f"{self.problem.detail}; {self.problem.hint}" if self.problem.hint else self.problem.detail
        if not self.relations:
            return (
                "it can be reached, and nothing in it could be a dataset: look at its path and at the account's rights"
            )
        listed = ", ".join(f"`{name}`" for name in self.relations)
        return f"it can be read: {listed}{' and more' if self.is_more else ''}"

    def as_json(self) -> dict[str, object]:
        """The answer as JSON values."""
        return {
            "reached": self.is_reached,
            "told": self.told,
            "code": self.problem.code if self.problem else "",
            "relations": [*self.relations],
            "more": self.is_more,
            "seconds": round(self.seconds, 3),
        }


def reach(source: Source) -> Reached:
    """A first look at a source, as a crawl begins; nothing is kept, and no value of the data is read.

    Example:
        >>> reach(Source(name="lake", connector="files", options={"path": "/nowhere"})).told
        "`nowhere` cannot be found; check the source's path and its rights"
    """
    began = time.monotonic()
    try:
        found = [relation.name for relation in islice(connect(source).relations(), _SHOWN + 1)]
    except VeilError as problem:
        return Reached(problem=problem, seconds=time.monotonic() - began)
    seconds = time.monotonic() - began
    return Reached(relations=tuple(found[:_SHOWN]), is_more=len(found) > _SHOWN, seconds=seconds)
