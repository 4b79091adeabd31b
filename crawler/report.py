"""What a crawl found, in values that can be shown and compared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from catalog.crawl_runs import PASSED
from catalog.model import NOT_DESCRIBED, Defect, Description, Field
from crawler.classify import Suggestion


class CrawlState(StrEnum):
    """How a relation stands after a crawl: `found` is one that is in no database, `gone` one that the source lost.

    What has `passed` is no relation, and only told of.
    """

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FOUND = "found"
    GONE = "gone"
    FAILED = "failed"
    PASSED = PASSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawled:
    """One relation that could be read; `name` is the dataset's full name, or the name it would get.

    It is judged where every rule could be heard of every column, so that what is not suggested is not there.
    """

    name: str
    relation: str
    state: CrawlState
    fields: tuple[Field, ...]
    suggestions: tuple[Suggestion, ...] = ()
    defects: tuple[Defect, ...] = ()
    description: Description = NOT_DESCRIBED
    is_judged: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One thing that was not read, and why, in a reader's words."""

    relation: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a crawl is: so many relations of so many are done, this one is next."""

    done: int
    total: int
    relation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlReport:
    """What one crawl found; `gone` are registered datasets whose relation is not there any more.

    `timed_out` are rules that took too long or failed, and suggested nothing for some column. `unclear` are views of
    which it cannot be told what their columns are made of, so that each got every tag that could have come to it. What
    has `passed` is no relation, such as a file of another kind.
    """

    source: str
    crawled: tuple[Crawled, ...] = ()
    gone: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    timed_out: tuple[str, ...] = ()
    unclear: tuple[Failure, ...] = ()
    passed: tuple[Failure, ...] = ()
    is_stopped: bool = False
    run: int = 0

    def names(self, state: CrawlState) -> tuple[str, ...]:
        """The datasets in a state."""
        return tuple(each.name for each in self.crawled if each.state is state)

    @property
    def new(self) -> tuple[str, ...]:
        """The datasets that were registered by this crawl."""
        return self.names(CrawlState.NEW)

    @property
    def changed(self) -> tuple[str, ...]:
        """The datasets whose columns are different from before."""
        return self.names(CrawlState.CHANGED)

    @property
    def unchanged(self) -> tuple[str, ...]:
        """The datasets that are as they were."""
        return self.names(CrawlState.UNCHANGED)

    @property
    def found(self) -> tuple[str, ...]:
        """What could be registered but is in no database."""
        return self.names(CrawlState.FOUND)

    @property
    def suggestion_count(self) -> int:
        """How many tags were suggested."""
        return sum(len(each.suggestions) for each in self.crawled)


def columns_found(crawled: Iterable[Crawled]) -> dict[str, object]:
    """What `veil crawl --json` prints: datasets, their columns with types, and the tags suggested for each.

    Example: `{"datasets": {"orders": {"columns": {"email": {"type": "VARCHAR", "tags": [{"tag": ..}]}}}}}`
    """
    return {"datasets": {each.name: {"columns": dict(_columns(each))} for each in crawled}}


def _columns(crawled: Crawled) -> Iterable[tuple[str, Mapping[str, object]]]:
    for path, field in _walk(crawled.fields, ()):
        tags = [
            {"tag": suggestion.tag, "confidence": suggestion.confidence, "evidence": suggestion.evidence}
            for suggestion in crawled.suggestions
            if suggestion.path == path
        ]
        yield ".".join(path), {"type": field.type, "tags": tags}


def _walk(fields: Iterable[Field], parents: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], Field]]:
    for field in fields:
        yield (*parents, field.name), field
        yield from _walk(field.fields, (*parents, field.name))
