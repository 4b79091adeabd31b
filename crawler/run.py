"""One run from where it stands to its end: what is left is looked at, each relation in a transaction of its own."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import count, islice
from operator import itemgetter

from catalog.crawl_runs import PASSED, CrawlItem, CrawlRun, CrawlRuns
from catalog.database import Catalog
from catalog.descent import Descent, Told
from catalog.errors import VeilError
from catalog.held import LOST
from catalog.model import Dataset, Field, Source
from catalog.names import fold
from catalog.registry import connect
from catalog.relations import Place, place_of
from catalog.sources.connector import HasParts, LookStopped, Relation, StaysOpen
from crawler.classify import Suggestion
from crawler.fingerprints import mark
from crawler.look import MOST_PASSED, Look
from crawler.politeness import Patience
from crawler.registrar import Registrar, SourceChanged, once
from crawler.report import Crawled, CrawlReport, CrawlState, Failure, Progress

_PAGE = 200
_SETTLE_SECONDS = 1.0
_OPEN_SECONDS = 2.0


@dataclass(slots=True, kw_only=True)
class Running:
    """A run under way. INVARIANT: no transaction is open while a source is asked for anything."""

    catalog: Catalog
    runs: CrawlRuns
    run: CrawlRun
    registrar: Registrar
    look: Look
    descent: Descent
    digest: str
    patience: Patience
    on_progress: Callable[[Progress], None]
    tells_all: bool = True
    is_stopped: bool = False
    limit: str = ""
    _crawled: list[Crawled] = field(default_factory=list)
    _unclear: tuple[Failure, ...] = ()
    _settled: list[CrawlItem] = field(default_factory=list)
    _settled_at: float = field(default_factory=time.monotonic)

    def go(self) -> CrawlReport:
        """Looks at all that is left; the report tells the whole run. What is being looked at when it stops is left."""
        try:
            self._look_through()
        except LookStopped:
            self.is_stopped = True
        return self._report()

    def _look_through(self) -> None:
        if not self.run.is_listed:
            self.runs.list_items(self.run.id, self._listed())
            self.run = self.runs.run(self.run.id)
        self.registrar.lost = self.runs.unlisted(self.run.id)
        with self._open():
            self.registrar.note_databases(self.descent.database(), _database_of)
            self._follow_views()
            self._look_at_all()
            if self._crawled and not self.is_stopped:
                self.descent.afresh()
                self._follow_views()

    def _open(self) -> AbstractContextManager[None]:
        """A source in which opening is dear stays open for moments, unless it is to be left alone in between."""
        connector = self.look.connector
        if isinstance(connector, StaysOpen) and not self.patience.limits.pause_seconds:
            return connector.stay_open(_OPEN_SECONDS)
        return nullcontext()

    def _listed(self) -> Iterator[CrawlItem]:
        """What the source lists, then what is registered though it is not listed.

        INVARIANT: what is a part of a registered dataset becomes none of its own: its columns would have no tags. If
        the dataset cannot be read as a whole, that is told of it.
        """
        seen: set[str] = set()
        path = self.run.path or None
        parts: dict[str, str] = {}
        for position, relation in enumerate(self._bases_first(self._wholes(path, parts))):
            seen.add(relation.name)
            yield CrawlItem(
                position=position,
                relation=relation.name,
                name=relation.suggested_name,
                fingerprint=relation.fingerprint,
            )
        positions = count(len(seen))
        for name in dict.fromkeys(parts.values()):
            if name not in seen:
                seen.add(name)
                yield CrawlItem(position=next(positions), relation=name, name=name)
        for name in self.registrar.unseen(path, seen):
            yield CrawlItem(position=next(positions), relation=name, name=name, is_listed=False)
        for each in (*(_part(*one) for one in islice(parts.items(), MOST_PASSED)), *self.look.passed_over(path)):
            yield CrawlItem(
                position=next(positions),
                relation=each.relation,
                name=each.relation,
                outcome=PASSED,
                reason=each.reason,
                hint=each.hint,
            )

    def _wholes(self, path: str | None, parts: dict[str, str]) -> Iterator[Relation]:
        """The relations that are part of no registered one; the `parts` are kept with what each is a part of."""
        connector = self.look.connector
        known = {dataset.relation for dataset in self.registrar.registered()}
        holder = connector.holder(known) if isinstance(connector, HasParts) else None
        for relation in connector.relations(path):
            if holder is not None and (held_by := holder(relation.name)) is not None:
                parts[relation.name] = held_by
            else:
                yield relation

    def _bases_first(self, relations: Iterable[Relation]) -> Iterator[Relation]:
        """Views come after all else, and each after the views that it reads: what descends to it is there by then."""
        depths = self.descent.depths()
        views: list[tuple[float, Relation]] = []
        for relation in relations:
            place = place_of(relation.name) if depths else None
            if place is not None and place in depths:
                views.append((depths[place], relation))
            else:
                yield relation
        yield from (relation for _, relation in sorted(views, key=itemgetter(0)))

    def _look_at_all(self) -> None:
        marks = {} if self.run.is_full else self.runs.marks(self.registrar.source.name)
        done, total, after = self.run.done, self.run.total, -1
        try:
            while items := self.runs.items(self.run.id, after=after, limit=_PAGE, is_left=True):
                for item in items:
                    if self._is_over():
                        return
                    self.on_progress(Progress(done=done, total=total, relation=item.relation))
                    wanted = mark(item.fingerprint, self.digest)
                    if wanted and marks.get(item.relation) and set(marks[item.relation]) == {wanted}:
                        self._pass_by(item)
                    else:
                        self._look_at(item, wanted)
                        self.patience.wait()
                    done, after = done + 1, item.position
        finally:
            self._settle()

    def _is_over(self) -> bool:
        self.limit = self.patience.reached(self.look.bytes_read)
        self.is_stopped = bool(self.limit) or self.patience.should_stop()
        return self.is_stopped

    def _pass_by(self, item: CrawlItem) -> None:
        """Nothing of the relation has changed, so it is not looked at; such news is written some at a time."""
        self._settled.append(replace(item, outcome=CrawlState.UNCHANGED.value))
        if len(self._settled) >= _PAGE or time.monotonic() - self._settled_at > _SETTLE_SECONDS:
            self._settle()

    def _look_at(self, item: CrawlItem, wanted: str) -> None:
        self._settle()
        relation = Relation(name=item.relation, suggested_name=item.name, fingerprint=item.fingerprint)
        try:
            found = self.look.at(relation)
            told = self.descent.of(found.relation, [each.name for each in found.fields], found.description)
            self.registrar.note_tables(self.descent.tables())
            with self.registrar.keeping():
                if (holder := self._holder_of(found.relation)) is not None:
                    self.runs.settle(self.run.id, [_passed(item, holder)])
                    return
                kept = self.registrar.keep(found, told.flows)
                # what was not judged whole is looked at again by the next crawl, changed or not
                self.runs.mark(self.registrar.source.name, item.relation, wanted if found.is_judged else "")
                self.runs.settle(self.run.id, [_settled(item, kept)])
            self._crawled += kept
        except SourceChanged:
            raise
        except VeilError as error:
            failed = self._failed(item, error)
            with self.registrar.keeping():
                self.runs.settle(self.run.id, [failed])

    def _holder_of(self, relation: str) -> str | None:
        """The folder that has become a dataset since the source was listed, of which a new relation is a part."""
        connector, steps = self.look.connector, relation.split("/")
        if not isinstance(connector, HasParts) or self.registrar.registered(relation):
            return None
        above = ["/".join(steps[:count]) for count in range(1, len(steps))]
        return connector.holder([each for each in above if self.registrar.registered(each)])(relation)

    def _failed(self, item: CrawlItem, error: VeilError) -> CrawlItem:
        """A relation that cannot be read; what the source does not list any more either is gone."""
        if not item.is_listed:
            names = tuple(dataset.full_name for dataset in self.registrar.registered(item.relation))
            return replace(item, outcome=CrawlState.GONE.value, datasets=names)
        failure = self.look.note(item.relation, error)
        return replace(item, outcome=CrawlState.FAILED.value, reason=failure.reason, hint=failure.hint)

    def _settle(self) -> None:
        if self._settled:
            with self.registrar.keeping():
                self.runs.settle(self.run.id, self._settled)
        self._settled, self._settled_at = [], time.monotonic()

    def _follow_views(self) -> None:
        """What every view that is registered is made of as it is now, before anything is looked at, and after.

        One that has changed has its tags before its turn comes, and so has one that only reads what has changed.
        """
        self._unclear = ()
        ruled = {each.name: [one for one in each.suggestions if one.rule] for each in self._crawled}
        heard: dict[str, tuple[Suggestion, ...]] = {}
        self.registrar.note_tables(self.descent.tables())
        registered, inheriting = self.registrar.registered(), self.registrar.inheriting()
        places = {place_of(each.relation) for each in registered}
        for dataset in registered:
            name = dataset.full_name
            columns = self.descent.columns(dataset.relation)
            if columns is None:
                continue
            told = self.descent.of(dataset.relation, columns, dataset.description)
            if told.why_unclear:
                self._unclear += (_unclear(name, told, places),)
            if told.flows or name in inheriting:
                with self.registrar.keeping():
                    if any(each.full_name == name for each in self.registrar.registered(dataset.relation)):
                        heard[name] = self.registrar.descend(name, told.flows, ruled.get(name, ()))
                if any(each.evidence.endswith(LOST) for each in heard.get(name, ())):
                    self._unclear += (_not_clear(name, LOST),)
        self._crawled = [
            replace(each, suggestions=once((*each.suggestions, *heard.get(each.name, ())))) for each in self._crawled
        ]

    def _report(self) -> CrawlReport:
        items = tuple(self._every_item())
        failed = {failure.relation for failure in self.look.failed}
        earlier = (item for item in items if item.outcome == CrawlState.FAILED and item.relation not in failed)
        return CrawlReport(
            source=self.registrar.source.name,
            crawled=self._in_order(items),
            gone=tuple(name for item in items if item.outcome == CrawlState.GONE for name in item.datasets),
            failed=(*map(_told, earlier), *self.look.failed),
            passed=tuple(_told(item) for item in items if item.outcome == PASSED),
            timed_out=tuple(sorted(self.look.timed_out)),
            unclear=self._unclear,
            is_stopped=self.is_stopped,
            run=self.run.id,
        )

    def _every_item(self) -> Iterator[CrawlItem]:
        after = -1
        while items := self.runs.items(self.run.id, after=after):
            yield from items
            after = items[-1].position

    def _in_order(self, items: tuple[CrawlItem, ...]) -> tuple[Crawled, ...]:
        """What was looked at now and, as the catalog knows it, what was passed by or looked at before a break."""
        now: dict[str, list[Crawled]] = {}
        for each in self._crawled:
            now.setdefault(each.relation, []).append(each)
        if not self.tells_all:
            return tuple(self._crawled)
        known: dict[str, list[Dataset]] = {}
        for dataset in self.registrar.registered():
            known.setdefault(dataset.relation, []).append(dataset)
        standing = self.registrar.suggestions()
        for item in items:
            if item.relation not in now and item.outcome in _READ:
                now[item.relation] = [
                    Crawled(
                        name=dataset.full_name,
                        relation=item.relation,
                        state=CrawlState(item.outcome),
                        fields=fields_of(dataset),
                        suggestions=standing.get(dataset.full_name, ()),
                        defects=dataset.defects,
                        description=dataset.description,
                    )
                    for dataset in known.get(item.relation, ())
                ]
        return tuple(each for item in items for each in now.get(item.relation, ()))


def _unclear(view: str, told: Told, registered: Collection[Place | None]) -> Failure:
    lost = "; it may read from anything" if told.may_read is None else ""
    is_missing = told.may_read is not None and any(place not in registered for place in told.may_read)
    missing = "; some of what it reads is in no database" if is_missing else ""
    return _not_clear(view, f"{told.why_unclear}{lost}{missing}")


def _not_clear(dataset: str, why: str) -> Failure:
    return Failure(
        relation=dataset,
        reason=f"what its columns are made of is not clear: {why}",
        hint="look at its columns' tags; each got every tag that could have come to it",
    )


def _database_of(source: Source) -> str:
    """Which database another source reaches; empty where it does not answer."""
    try:
        return Descent(connector=connect(source)).database()
    except VeilError:
        return ""


def _passed(item: CrawlItem, holder: str) -> CrawlItem:
    told = _part(item.relation, holder)
    return replace(item, outcome=PASSED, reason=told.reason, hint=told.hint)


def _part(relation: str, holder: str) -> Failure:
    return Failure(
        relation=relation,
        reason=f"it is a part of `{holder}`, which is a dataset",
        hint="remove that dataset first, to have its files as datasets of their own",
    )


def _told(item: CrawlItem) -> Failure:
    return Failure(relation=item.relation, reason=item.reason, hint=item.hint)


_READ = frozenset({CrawlState.NEW.value, CrawlState.CHANGED.value, CrawlState.UNCHANGED.value})


def fields_of(dataset: Dataset) -> tuple[Field, ...]:
    """The columns of a dataset as a source would describe them.

    Example: columns `contact` and `contact.phone` are one field with one in it.
    """
    inside: dict[tuple[str, ...], list[tuple[tuple[str, ...], str]]] = {}
    for column in dataset.columns:
        inside.setdefault(tuple(map(fold, column.path[:-1])), []).append((column.path, column.type))

    def fields(parent: tuple[str, ...]) -> tuple[Field, ...]:
        return tuple(
            Field(name=path[-1], type=type_, fields=fields(tuple(map(fold, path))))
            for path, type_ in inside.get(parent, ())
        )

    return fields(())


def _settled(item: CrawlItem, kept: list[Crawled]) -> CrawlItem:
    """How a relation stands that may be several datasets: the most that happened to one of them."""
    states = [each.state for each in kept]
    order = (CrawlState.NEW, CrawlState.CHANGED, CrawlState.FOUND, CrawlState.UNCHANGED)
    return replace(
        item,
        outcome=next(state for state in order if state in states).value,
        datasets=tuple(each.name for each in kept if each.state is not CrawlState.FOUND),
        suggestions=sum(len(each.suggestions) for each in kept),
    )
