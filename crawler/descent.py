"""Suggests to the columns of views the tags of what they are made of, by the SQL that their source keeps, and to those
of foreign keys the tags of what they refer to.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from catalog.datasets import Datasets
from catalog.errors import VeilError
from catalog.model import Column, Dataset
from catalog.names import fold, join, split
from catalog.sources.connector import KnowsViews, SourceConnector, ViewSql
from catalog.sources.view_sql import Unclear
from crawler.classify import Suggestion
from crawler.lineage import Origin, Path, Shape, lineage
from crawler.report import Failure

Relation = tuple[str, str]
"""A schema and a name, folded."""

_UNTOLD = "its SQL is not told to the account"
_SURE, _REFERRED, _UNSURE = 0.99, 0.95, 0.5


@dataclass(slots=True, kw_only=True)
class Descent:
    """Follows the views of one source down to the datasets that carry tags; `unclear` are those it could not follow.

    INVARIANT: of a view that cannot be followed each column gets every tag that could have flowed into it.
    """

    source: str
    datasets: Datasets
    connector: SourceConnector
    unclear: list[Failure] = field(default_factory=list)

    def suggestions(self) -> Iterator[tuple[Dataset, Suggestion]]:
        """The tags that descend to registered views, and along foreign keys, each with the column that it comes from as
        evidence.
        """
        if not isinstance(self.connector, KnowsViews):
            return
        views = {_relation(name): sql for name, sql in self.connector.views().items()}
        registered: dict[Relation, list[Dataset]] = {}
        for dataset in self.datasets.datasets_of(self.source):
            registered.setdefault(_relation(dataset.relation), []).append(dataset)
        yield from along_keys(registered)
        tracing = _Tracing(views=views, shape_of=self._shape, reads=self._reads)
        for relation in views:
            for dataset in registered.get(relation, ()):
                for suggestion in self._of(dataset, relation, tracing, registered):
                    yield dataset, suggestion

    def _of(
        self, view: Dataset, relation: Relation, tracing: "_Tracing", registered: Mapping[Relation, Sequence[Dataset]]
    ) -> Iterator[Suggestion]:
        tops = [column for column in view.columns if len(column.path) == 1]
        try:
            made = tracing.made(relation)
            if len(made) != len(tops):
                raise Unclear("its columns are not those of its SQL")
        except Unclear as unclear:
            yield from self._of_anything(view, relation, str(unclear), tracing, registered)
            return
        paths = {tuple(map(fold, column.path)): column for column in view.columns}
        for top, origins in zip(tops, made, strict=True):
            for origin in sorted(origins):
                for base in registered.get(origin.relation, ()):
                    for below, tag, column in _tags_at(base, origin.path):
                        place = paths.get((fold(top.name), *below)) if origin.is_whole else None
                        evidence = f"derives from `{base.full_name}.{column}`"
                        yield from _suggested(view, place or top, tag, evidence, _SURE)

    def _of_anything(
        self,
        view: Dataset,
        relation: Relation,
        why: str,
        tracing: "_Tracing",
        registered: Mapping[Relation, Sequence[Dataset]],
    ) -> Iterator[Suggestion]:
        """Every tag of everything that the view may read, on each of its columns; the report says that it is so."""
        bases = tracing.bases(relation)
        known = {base: registered[base] for base in registered if bases is None or base in bases}
        lost = "; it may read from anything" if bases is None else ""
        missing = "" if bases is None or bases <= registered.keys() else "; some of what it reads is in no database"
        self.unclear.append(
            Failure(
                relation=view.full_name,
                reason=f"what its columns are made of is not clear: {why}{lost}{missing}",
                hint="look at its columns' tags; each got every tag that could have come to it",
            )
        )
        for base in (dataset for name, datasets in known.items() if name != relation for dataset in datasets):
            for column in base.columns:
                for tag in sorted(_tags_of(base, column)):
                    evidence = f"may derive from `{base.full_name}.{column.name}`"
                    for top in (each for each in view.columns if len(each.path) == 1):
                        yield from _suggested(view, top, tag, evidence, _UNSURE)

    def _shape(self, relation: Relation) -> Shape:
        return {each.name: each.type for each in self.connector.describe(join(*relation))}

    def _reads(self, view: Relation) -> frozenset[Relation] | None:
        assert isinstance(self.connector, KnowsViews)
        try:
            read = self.connector.description(join(*view)).reads
        except VeilError:
            return None
        return None if read is None else frozenset(map(_relation, read))


@dataclass(slots=True, kw_only=True)
class _Tracing:
    """What views are made of, through views of views down to tables; each is worked out once."""

    views: Mapping[Relation, ViewSql]
    shape_of: Callable[[Relation], Shape]
    reads: Callable[[Relation], frozenset[Relation] | None]
    """What a view reads by its own SQL, as its source says it; None where that cannot be told."""
    _made: dict[Relation, tuple[frozenset[Origin], ...]] = field(default_factory=dict)

    def made(self, view: Relation, within: tuple[Relation, ...] = ()) -> tuple[frozenset[Origin], ...]:
        """The origins of each column of a view, those of the views that it reads among them; raises Unclear."""
        if view in within:
            raise Unclear("it reads from itself")
        if view not in self._made:
            try:
                shapes = {relation: self.shape_of(relation) for relation in self._read(view)}
            except VeilError as error:
                raise Unclear("it reads from something that is not there") from error
            direct = lineage(self.views[view], shapes)
            self._made[view] = tuple(
                frozenset(deep for origin in column for deep in self._deeper(origin, shapes, (*within, view)))
                for column in direct
            )
        return self._made[view]

    def _read(self, view: Relation) -> frozenset[Relation]:
        read = self.reads(view)
        if read is None:
            raise Unclear("its SQL does not tell for certain what it reads" if self.views[view].text else _UNTOLD)
        return read

    def _deeper(
        self, origin: Origin, shapes: Mapping[Relation, Shape], within: tuple[Relation, ...]
    ) -> Iterator[Origin]:
        yield origin
        if origin.relation in self.views:
            names = [fold(name) for name in shapes[origin.relation]]
            inner = self.made(origin.relation, within)
            if len(inner) != len(names):
                raise Unclear("it reads from a view that is not clear")
            for deep in inner[names.index(origin.path[0])]:
                path = (*deep.path, *origin.path[1:]) if deep.is_whole else deep.path
                yield Origin(deep.relation, path, deep.is_whole and origin.is_whole)

    def bases(self, view: Relation) -> frozenset[Relation] | None:
        """Everything that a view may read, through views of views; None when even that cannot be told."""
        found: set[Relation] = set()
        left = [view]
        while left:
            relation = left.pop()
            if relation in found or relation not in self.views:
                found.add(relation)
                continue
            found.add(relation)
            read = self.reads(relation)
            if read is None:
                return None
            left.extend(read)
        return frozenset(found)


def _relation(name: str) -> Relation:
    parts = split(name)
    schema, table = ("main", *parts)[-2:]
    return fold(schema), fold(table)


def along_keys(registered: Mapping[Relation, Sequence[Dataset]]) -> Iterator[tuple[Dataset, Suggestion]]:
    """The tags that come to columns of foreign keys: what such a column holds stands in what it refers to as well."""
    for dataset in (dataset for datasets in registered.values() for dataset in datasets):
        for column in dataset.columns:
            for base, origin in _referred(dataset, column, registered, frozenset()):
                for tag in sorted(origin.confirmed | origin.suggested):
                    evidence = f"refers to `{base.full_name}.{origin.name}`"
                    for suggestion in _suggested(dataset, column, tag, evidence, _REFERRED):
                        yield dataset, suggestion


def _referred(
    dataset: Dataset, column: Column, registered: Mapping[Relation, Sequence[Dataset]], within: frozenset[str]
) -> Iterator[tuple[Dataset, Column]]:
    """The columns that a column refers to, and those that they refer to in turn."""
    here = f"{dataset.full_name}.{fold(column.name)}"
    if len(column.path) > 1 or here in within:
        return
    for key in dataset.description.keys:
        for name, at in zip(key.columns, key.at, strict=False):
            if fold(name) == fold(column.name):
                for base in registered.get(_relation(key.refers_to), ()):
                    for origin in (each for each in base.columns if fold(each.name) == fold(at)):
                        yield base, origin
                        yield from _referred(base, origin, registered, within | {here})


def _tags_at(base: Dataset, path: Path) -> Iterator[tuple[Path, str, str]]:
    """The tags at a path of a dataset: those it inherits and its own, and those of the fields in it, by where below."""
    for column in base.columns:
        at = tuple(map(fold, column.path))
        if at[: len(path)] == path or path[: len(at)] == at:
            for tag in sorted(_tags_of(base, column)):
                yield at[len(path) :], tag, column.name


def _tags_of(base: Dataset, column: Column) -> frozenset[str]:
    return column.confirmed | column.suggested | base.confirmed | base.suggested | base.database_tags


def _suggested(view: Dataset, column: Column, tag: str, evidence: str, confidence: float) -> Iterable[Suggestion]:
    """A suggestion, unless the view's column has the tag already by a person's word or from above."""
    if tag not in column.confirmed | view.confirmed | view.database_tags:
        yield Suggestion(path=column.path, tag=tag, confidence=confidence, evidence=evidence, rule="")
