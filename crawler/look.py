"""A look at one relation of a source: its columns, and what the rules make of a sample of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.errors import SourceUnavailable, VeilError
from catalog.model import NOT_DESCRIBED, Description
from catalog.sources.connector import KnowsDefects, KnowsDescriptions, KnowsPassedOver, Relation, SourceConnector
from crawler.classify import classify
from crawler.report import Crawled, CrawlState, Failure
from crawler.rules import CompiledRule

SAMPLE_ROWS = 1_000
MOST_PASSED = 1_000


@dataclass(slots=True, kw_only=True)
class Look:
    """Reads relations and keeps in mind what went wrong; `bytes_read` is what the samples took in memory."""

    connector: SourceConnector
    rules: tuple[CompiledRule, ...]
    rows: int = SAMPLE_ROWS
    failed: list[Failure] = field(default_factory=list)
    timed_out: set[str] = field(default_factory=set)
    bytes_read: int = 0

    def at(self, relation: Relation) -> Crawled:
        """One relation with its suggestions; raises VeilError when it cannot be read."""
        fields = self.connector.describe(relation.name)
        defects = self.connector.defects(relation.name) if isinstance(self.connector, KnowsDefects) else ()
        described = self._described(relation)
        sample = self.connector.sample(relation.name, self.rows)
        self.bytes_read += sample.nbytes
        found = classify(fields, sample, self.rules, comments=dict(described.columns))
        self.timed_out.update(found.timed_out)
        return Crawled(
            name=relation.suggested_name,
            relation=relation.name,
            state=CrawlState.FOUND,
            fields=fields,
            suggestions=found.suggestions,
            defects=defects,
            description=described,
            is_judged=not found.timed_out,
        )

    def passed_over(self, path: str | None = None) -> Iterator[Failure]:
        """What lies in the source and is no relation, the first of it; the last says so when there is more."""
        if not isinstance(self.connector, KnowsPassedOver):
            return
        for place, each in enumerate(self.connector.passed_over(path)):
            if place == MOST_PASSED:
                yield Failure(relation="…", reason=f"more than {MOST_PASSED:,} files are passed over")
                return
            yield Failure(relation=each.name, reason=each.reason, hint=each.hint)

    def _described(self, relation: Relation) -> Description:
        if isinstance(self.connector, KnowsDescriptions):
            return self.connector.description(relation.name)
        return NOT_DESCRIBED

    def note(self, relation: str, error: VeilError) -> Failure:
        """Keeps in mind that a relation failed, and why."""
        place = f" (see {error.place})" if isinstance(error, SourceUnavailable) and error.place else ""
        failure = Failure(relation=relation, reason=f"{error.detail}{place}", hint=error.hint)
        self.failed.append(failure)
        return failure
