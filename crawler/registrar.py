"""Writes what a look finds into the catalog: datasets, columns and suggested tags."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import SettingsInvalid, VeilError
from catalog.model import Source, TagAssignment, TagOrigin, TagState
from catalog.names import fold, nearest
from catalog.sources.connector import Relation
from catalog.tags import Tags
from crawler.builtin import BUILTIN_RULES, BUILTIN_TAGS
from crawler.classify import Suggestion
from crawler.descent import Descent
from crawler.look import Look
from crawler.report import Crawled, CrawlReport, CrawlState, Failure
from crawler.rules import CompiledRule, compile_rules


class Registrar:
    """Keeps the datasets of one source up to date, and puts new ones into the database `into`.

    Each dataset is one transaction. INVARIANT: what a person decided about a tag is never overwritten.
    """

    def __init__(self, catalog: Catalog, source: str, into: str | None, by: str, clock: Callable[[], datetime]) -> None:
        self._catalog = catalog
        self._datasets = Datasets(catalog)
        self._tags = Tags(catalog, clock=clock)
        self._by = by
        self.source = self._known_source(source)
        self._into = None if into is None else self._known_database(into)
        self._taken = {fold(dataset.name) for dataset in self._datasets.datasets(self._into)} if self._into else set()

    def rules(self) -> tuple[CompiledRule, ...]:
        """The home's own rules, and the built-in ones that it has not replaced under their names."""
        own = self._tags.rules()
        names = {fold(rule.name) for rule in own}
        return (*compile_rules(own), *(known for known in BUILTIN_RULES if fold(known.rule.name) not in names))

    def crawl(self, look: Look, path: str | None) -> CrawlReport:
        """Crawls every relation, or those under `path`, and finds out which datasets are gone."""
        relations = tuple(look.connector.relations(path))
        crawled = self._keep(look, relations)
        unseen = self._unseen(path, {relation.name for relation in relations})
        failed_before = len(look.failed)
        crawled += self._keep(look, [Relation(name=name, suggested_name=name) for name in unseen])
        gone = {failure.relation for failure in look.failed[failed_before:]}
        del look.failed[failed_before:]
        registered = self._datasets.datasets_of(self.source.name)
        crawled, unclear = self._descended(look, crawled)
        report = look.report(crawled, [dataset.full_name for dataset in registered if dataset.relation in gone])
        return replace(report, unclear=unclear)

    def _descended(self, look: Look, crawled: list[Crawled]) -> tuple[list[Crawled], tuple[Failure, ...]]:
        """The tags that descend to views, suggested once everything they may come from is there."""
        descent = Descent(source=self.source.name, datasets=self._datasets, connector=look.connector)
        found: dict[str, dict[tuple[tuple[str, ...], str], Suggestion]] = {}
        with self._catalog.transaction():
            for dataset, suggestion in descent.suggestions():
                known = found.setdefault(dataset.full_name, {})
                if known.setdefault((suggestion.path, suggestion.tag), suggestion) is suggestion:
                    self._suggest(dataset.full_name, suggestion, TagOrigin.LINEAGE)
        told = [replace(each, suggestions=(*each.suggestions, *found.get(each.name, {}).values())) for each in crawled]
        return told, tuple(descent.unclear)

    def _keep(self, look: Look, relations: Iterable[Relation]) -> list[Crawled]:
        kept: list[Crawled] = []
        for found in look.at(relations):
            try:
                kept += self._kept(found)
            except VeilError as error:
                look.note(found.relation, error)
        return kept

    def _kept(self, found: Crawled) -> list[Crawled]:
        """The datasets that a relation is, now registered; the relation itself when it belongs nowhere."""
        known = self._datasets.datasets_of(self.source.name, found.relation)
        if known:
            return [self._registered(found, each.database, each.name, CrawlState.CHANGED) for each in known]
        if self._into is None:
            return [found]
        kept = self._registered(found, self._into, self._free_name(found.name), CrawlState.NEW)
        return [kept]

    def _registered(self, found: Crawled, database: str, name: str, state: CrawlState) -> Crawled:
        with self._catalog.transaction():
            is_changed = self._datasets.register(database, name, self.source.name, found.relation, found.fields)
            for suggestion in found.suggestions:
                self._suggest(f"{database}.{name}", suggestion)
        if state is CrawlState.NEW:
            self._taken.add(fold(name))
        return replace(found, name=f"{database}.{name}", state=state if is_changed else CrawlState.UNCHANGED)

    def _suggest(self, dataset: str, suggestion: Suggestion, origin: TagOrigin = TagOrigin.RULE) -> None:
        if self._tags.tag(suggestion.tag) is None:
            self._tags.put_tag(next(tag for tag in BUILTIN_TAGS if tag.name == suggestion.tag))
        assignment = TagAssignment(
            dataset=dataset,
            path=suggestion.path,
            tag=suggestion.tag,
            state=TagState.SUGGESTED,
            origin=origin,
            rule=suggestion.rule,
            confidence=suggestion.confidence,
            evidence=suggestion.evidence,
            by=self._by,
        )
        self._tags.suggest(assignment)

    def _unseen(self, path: str | None, seen: set[str]) -> list[str]:
        """Relations of registered datasets that a source did not list: a glob, say, or one that is gone."""
        names = dict.fromkeys(dataset.relation for dataset in self._datasets.datasets_of(self.source.name))
        return [name for name in names if name not in seen and (path is None or _is_under(name, path))]

    def _free_name(self, name: str) -> str:
        numbered = (f"{name}_{number}" for number in range(2, len(self._taken) + 3))
        return next(free for free in (name, *numbered) if fold(free) not in self._taken)

    def _known_source(self, name: str) -> Source:
        source = self._datasets.source(name)
        if source is None:
            near = nearest(name, [each.name for each in self._datasets.sources()])
            raise SettingsInvalid(
                f"there is no source `{name}`",
                hint=f"did you mean `{near}`?" if near else "name it under `sources` in a document and apply that",
            )
        return source

    def _known_database(self, name: str) -> str:
        database = self._datasets.database(name)
        if database is None:
            near = nearest(name, [each.name for each in self._datasets.databases()])
            raise SettingsInvalid(
                f"there is no database `{name}`",
                hint=f"did you mean `{near}`?" if near else "name it under `databases` in a document and apply that",
            )
        return database.name


def _is_under(relation: str, path: str) -> bool:
    above, name = fold(path.rstrip("/")), fold(relation)
    return name == above or name.startswith((f"{above}/", f"{above}."))
