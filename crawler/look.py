"""A look at one source: reads relation after relation and classifies each; what cannot be read is noted."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from catalog.errors import VeilError
from catalog.sources.connector import Relation, SourceConnector
from crawler.classify import classify
from crawler.report import Crawled, CrawlReport, CrawlState, Failure, Progress
from crawler.rules import CompiledRule

SAMPLE_ROWS = 1_000


@dataclass(slots=True, kw_only=True)
class Look:
    """Reads the relations of a source, one after the other, until it is asked to stop."""

    source: str
    connector: SourceConnector
    rules: tuple[CompiledRule, ...]
    on_progress: Callable[[Progress], None]
    should_stop: Callable[[], bool]
    failed: list[Failure] = field(default_factory=list)
    timed_out: set[str] = field(default_factory=set)
    is_stopped: bool = False

    def at(self, relations: Iterable[Relation]) -> Iterator[Crawled]:
        """Every relation that can be read, with its suggestions; what cannot is noted and passed over."""
        relations = tuple(relations)
        for done, relation in enumerate(relations):
            if self.is_stopped or self.should_stop():
                self.is_stopped = True
                return
            self.on_progress(Progress(done=done, total=len(relations), relation=relation.name))
            try:
                yield self._read(relation)
            except VeilError as error:
                self.note(relation.name, error)

    def note(self, relation: str, error: VeilError) -> None:
        """Keeps in mind that a relation failed, and why."""
        self.failed.append(Failure(relation=relation, reason=error.detail, hint=error.hint))

    def _read(self, relation: Relation) -> Crawled:
        fields = self.connector.describe(relation.name)
        found = classify(fields, self.connector.sample(relation.name, SAMPLE_ROWS), self.rules)
        self.timed_out.update(found.timed_out)
        return Crawled(
            name=relation.suggested_name,
            relation=relation.name,
            state=CrawlState.FOUND,
            fields=fields,
            suggestions=found.suggestions,
        )

    def report(self, crawled: Iterable[Crawled], gone: Iterable[str] = ()) -> CrawlReport:
        """What has been found."""
        return CrawlReport(
            source=self.source,
            crawled=tuple(crawled),
            gone=tuple(gone),
            failed=tuple(self.failed),
            timed_out=tuple(sorted(self.timed_out)),
            is_stopped=self.is_stopped,
        )
