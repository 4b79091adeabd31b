"""Writes what a look finds into the catalog: datasets, columns and suggested tags."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from catalog.crawl_options import leads_elsewhere
from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import SettingsInvalid
from catalog.flow import Flow, FlowKind, TableFlows
from catalog.flows import Flows
from catalog.model import Dataset, Source, TagAssignment, TagOrigin, TagState
from catalog.names import fold, nearest
from catalog.relations import place_of
from catalog.tags import Tags
from crawler.builtin import BUILTIN_RULES, BUILTIN_TAGS
from crawler.classify import Suggestion
from crawler.likeness import Likeness
from crawler.overlaps import Overlaps, tags_of
from crawler.plugins import Plugins
from crawler.report import Crawled, CrawlState
from crawler.rules import CompiledRule, compile_rules


class SourceChanged(SettingsInvalid):
    """The source leads elsewhere than it did when its crawl began, or is gone: what was found is of another place."""


class Registrar:
    """Keeps the datasets of one source up to date, and puts new ones into the database `into`.

    Each dataset is one transaction. INVARIANT: what a person decided about a tag is never overwritten, and nothing is
    kept that was found where the source does not lead any more.
    """

    def __init__(self, catalog: Catalog, source: str, into: str | None, by: str, clock: Callable[[], datetime]) -> None:
        self._catalog = catalog
        self.datasets = Datasets(catalog)
        self._tags = Tags(catalog, clock=clock)
        self._flows = Flows(catalog)
        self._by = by
        self.source = self._known_source(source)
        self.into = None if into is None else self._known_database(into)
        self._taken: set[str] | None = None
        self._tables: TableFlows | None = None
        self.lost: tuple[str, ...] = ()
        """The relations of datasets that the source does not list any more."""
        self._known: tuple[Overlaps, Likeness] | None = None

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """A transaction in which the source is what it was when this registrar was made; raises SourceChanged."""
        with self._catalog.transaction():
            now = self.datasets.source(self.source.name)
            if now is None or leads_elsewhere(self.source, now):
                raise SourceChanged(
                    f"the source `{self.source.name}` was changed while it was crawled",
                    hint="nothing was kept since then; crawl it again",
                )
            yield

    def rules(self, plugins: Plugins) -> tuple[CompiledRule, ...]:
        """The home's own rules, and the built-in ones that it has not replaced under their names."""
        own = self._tags.rules()
        names = {fold(rule.name) for rule in own}
        return (*compile_rules(own, plugins), *(rule for rule in BUILTIN_RULES if fold(rule.rule.name) not in names))

    def unseen(self, path: str | None, seen: set[str]) -> list[str]:
        """Relations of registered datasets that a source did not list: a glob, say, or one that is gone."""
        names = dict.fromkeys(dataset.relation for dataset in self.registered())
        return [name for name in names if name not in seen and (path is None or _is_under(name, path))]

    def registered(self, relation: str | None = None) -> tuple[Dataset, ...]:
        """The datasets that are made of the source, or of one relation of it."""
        return self.datasets.datasets_of(self.source.name, relation)

    def suggestions(self) -> dict[str, tuple[Suggestion, ...]]:
        """What crawls suggested and nobody rejected since, by dataset, best first."""
        found: dict[str, list[Suggestion]] = {}
        for each in self._tags.assignments():
            if each.state is TagState.REJECTED or each.origin not in (TagOrigin.RULE, TagOrigin.LINEAGE):
                continue
            found.setdefault(each.dataset, []).append(
                Suggestion(
                    path=each.path, tag=each.tag, confidence=each.confidence, evidence=each.evidence, rule=each.rule
                )
            )
        return {name: tuple(sorted(several, key=lambda each: -each.confidence)) for name, several in found.items()}

    def keep(self, found: Crawled, flows: Sequence[Flow] = ()) -> list[Crawled]:
        """The datasets that a relation is, now registered; the relation itself when it belongs nowhere.

        INVARIANT: its columns are there with every tag that comes to them by what they hold of others, or not at all.
        """
        known = self.registered(found.relation)
        if known or self.into is not None:
            found = self._with_tags_of_parts(found)
        is_explained = _is_made_of_others(found.relation, flows)
        _, likeness = self._as_it_was()
        if known:
            told = [found if is_explained else _told(found, likeness.of_known(each, found.fields)) for each in known]
            return [
                self._registered(new, flows, each.database, each.name, CrawlState.CHANGED)
                for new, each in zip(told, known, strict=True)
            ]
        found = _told(found, likeness.of_new(found.fields, is_explained=is_explained))
        if self.into is None:
            return [found]
        return [self._registered(found, flows, self.into, self._free_name(self.into, found.name), CrawlState.NEW)]

    def _with_tags_of_parts(self, found: Crawled) -> Crawled:
        """A relation with the tags that are known of its files, where these are datasets by themselves."""
        overlaps, _ = self._as_it_was()
        within = [each for relation in overlaps.within(found.relation) for each in self.registered(relation)]
        overlaps.add(found.relation)
        return _told(found, tags_of(within, found.fields, "which is a part of it"))

    def _as_it_was(self) -> tuple[Overlaps, Likeness]:
        """What the source's datasets were when this was asked first."""
        if self._known is None:
            datasets = self.registered()
            overlaps = Overlaps(self.source.connector, (each.relation for each in datasets))
            self._known = overlaps, Likeness(datasets, self.lost)
        return self._known

    def note_databases(self, database: str, asked: Callable[[Source], str]) -> None:
        """Keeps which database the source reaches, so that tags come from what other sources read of it.

        Where that is news, as when a server has another name since it was started, other sources may reach the same
        one, and are `asked`; of those that do not answer nothing is news.
        """
        others: Iterable[Source] = ()
        if database and self._flows.reached().get(self.source.name) != database:
            others = [each for each in self.datasets.sources() if each.connector == self.source.connector]
        found = {each.name: asked(each) for each in others if each.name != self.source.name}
        with self.keeping():
            for source, told in {**found, self.source.name: database}.items():
                if told or source == self.source.name:
                    self._flows.note_database(source, told, by=self._by)

    def note_tables(self, held: TableFlows) -> None:
        """Keeps what all tables of the source's database hold of others, so that tags come through those in between."""
        if held != self._tables:
            with self.keeping():
                self._flows.put_tables(self.source.name, held, by=self._by)
            self._tables = held

    def descend(self, dataset: str, flows: Iterable[Flow], ruled: Iterable[Suggestion]) -> tuple[Suggestion, ...]:
        """Keeps what a dataset's columns hold of others, and suggests the tags that come to them by it."""
        with self.keeping():
            self._flows.put(dataset, flows, by=self._by)
            found = [
                Suggestion(path=each.path, tag=each.tag, confidence=each.confidence, evidence=each.evidence, rule="")
                for each in self._flows.arrivals(dataset)
            ]
            standing = self._heard(dataset)  # what was put stands by now, and needs no second word
            with self._tags.together():
                heard = tuple(
                    each for each in found if each in standing or self.suggest(dataset, each, TagOrigin.LINEAGE)
                )
            self.note_found(dataset, (*found, *ruled), TagOrigin.LINEAGE)
        return heard

    def suggest(self, dataset: str, suggestion: Suggestion, origin: TagOrigin = TagOrigin.RULE) -> bool:
        """Writes one suggestion; False where a person said that it is wrong.

        The tag of a detector is declared when it is first suggested.
        """
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
        return self._tags.suggest(assignment) or self._tags.is_confirmed(dataset, suggestion.path, suggestion.tag)

    def inheriting(self) -> frozenset[str]:
        """The source's datasets that held of others when they were last followed, or have tags suggested by lineage."""
        inheriting = self._tags.suggested_in(TagOrigin.LINEAGE) | self._flows.holding()
        if not inheriting:
            return inheriting
        return inheriting & {each.full_name for each in self.registered()}

    def note_found(self, dataset: str, found: Iterable[Suggestion], origin: TagOrigin = TagOrigin.RULE) -> None:
        """Marks what was suggested before and is not found any more."""
        self._tags.note_found(dataset, origin, {(each.path, each.tag) for each in found})

    def _registered(
        self, found: Crawled, flows: Iterable[Flow], database: str, name: str, state: CrawlState
    ) -> Crawled:
        with self.keeping():
            is_changed = self.datasets.register(database, name, self.source.name, found.relation, found.fields)
            self.datasets.note_defects(database, name, found.defects)
            self.datasets.note_description(database, name, found.description)
            with self._tags.together():
                heard = tuple(each for each in found.suggestions if self.suggest(f"{database}.{name}", each))
            if found.is_judged:
                self.note_found(f"{database}.{name}", found.suggestions)
            heard = once((*heard, *self.descend(f"{database}.{name}", flows, found.suggestions)))
        state = state if is_changed else CrawlState.UNCHANGED
        return replace(found, name=f"{database}.{name}", state=state, suggestions=heard)

    def _heard(self, dataset: str) -> set[Suggestion]:
        """What comes to a dataset by what it holds of others and stands as a crawl of the same person suggests it."""
        return {
            Suggestion(path=each.path, tag=each.tag, confidence=each.confidence, evidence=each.evidence, rule=each.rule)
            for each in self._tags.assignments(dataset, state=TagState.SUGGESTED)
            if (each.origin, each.rule, each.by) == (TagOrigin.LINEAGE, "", self._by)
        }

    def _free_name(self, database: str, name: str) -> str:
        """A name that no dataset there has; others may be registering too, so the last word is the catalog's."""
        if self._taken is None:
            self._taken = {fold(dataset.name) for dataset in self.datasets.datasets(database)}
        free, number = name, 1
        while fold(free) in self._taken or self.datasets.dataset(database, free) is not None:
            number += 1
            free = f"{name}_{number}"
        self._taken.add(fold(free))
        return free

    def _known_source(self, name: str) -> Source:
        source = self.datasets.source(name)
        if source is None:
            near = nearest(name, [each.name for each in self.datasets.sources()])
            raise SettingsInvalid(
                f"there is no source `{name}`",
                hint=f"did you mean `{near}`?" if near else "name it under `sources` in a document and apply that",
            )
        return source

    def _known_database(self, name: str) -> str:
        database = self.datasets.database(name)
        if database is None:
            near = nearest(name, [each.name for each in self.datasets.databases()])
            raise SettingsInvalid(
                f"there is no database `{name}`",
                hint=f"did you mean `{near}`?" if near else "name it under `databases` in a document and apply that",
            )
        return database.name


def once(suggestions: Iterable[Suggestion]) -> tuple[Suggestion, ...]:
    """Each tag of a column once, as who is surest says it."""
    best: dict[tuple[tuple[str, ...], str], Suggestion] = {}
    for each in sorted(suggestions, key=lambda each: -each.confidence):
        best.setdefault((each.path, each.tag), each)
    return tuple(best.values())


def _is_made_of_others(relation: str, flows: Iterable[Flow]) -> bool:
    """Whether it is known what a relation's columns hold of others, as of a view: they have the tags of that alone."""
    own = place_of(relation)
    return any(flow.kind is not FlowKind.REFERS and flow.relation != own for flow in flows)


def _told(found: Crawled, suggestions: Iterable[Suggestion]) -> Crawled:
    return replace(found, suggestions=once((*found.suggestions, *suggestions)))


def _is_under(relation: str, path: str) -> bool:
    above, name = fold(path.rstrip("/")), fold(relation)
    return name == above or name.startswith((f"{above}/", f"{above}."))
