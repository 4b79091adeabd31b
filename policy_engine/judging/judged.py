"""A decision before it is told column by column, so that what is alike for many columns is there once."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

from catalog.model import Column, Dataset
from catalog.names import fold
from policy_engine.judging.verdicts import Verdict
from policy_engine.model import Lookup, Outcome, RowDecision
from policy_engine.profile import FieldProfile, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What was found about a dataset; columns that are alike share one verdict, the same object.

    `verdicts` are by the kind of column, in the order of the dataset's kinds; or by path, where it is not plain: where
    some column has fields in it, or names count. `opened_by` are the grants that open rows, by id, were nothing broken.
    """

    dataset: Dataset
    fields: Profile
    verdicts: Mapping[Hashable, Verdict]
    is_plain: bool
    rows: RowDecision
    broken: tuple[str, ...]
    lookups: Mapping[str, Lookup]
    opened_by: frozenset[str]

    @property
    def columns(self) -> Iterator[tuple[FieldProfile, Verdict]]:
        """Every column with its verdict, in order."""
        verdicts = self.verdicts
        if self.is_plain:
            return ((field, verdicts[field.kind]) for field in self.fields.columns)
        return ((field, verdicts[field.path]) for field in self.fields.columns)

    @property
    def told(self) -> Iterator[tuple[Column, FieldProfile, Verdict]]:
        """Every column with a field that is alike and its verdict, in order."""
        verdicts = self.verdicts
        if self.is_plain:
            return ((column, like, verdicts[like.kind]) for column, like in self.fields.likes)
        return ((field.column, field, verdicts[field.path]) for field in self.fields.columns)

    @property
    def keyed(self) -> Iterator[tuple[Column, Hashable]]:
        """Every column with the key of its verdict, in order."""
        if self.is_plain:
            return ((column, like.kind) for column, like in self.fields.likes)
        return ((field.column, field.path) for field in self.fields.columns)

    def told_of(self, name: str) -> Iterator[tuple[Column, FieldProfile, Verdict]]:
        """The same of one top-level column, nothing where it is not there."""
        found = self.fields.like(name)
        if found is not None:
            column, like = found
            yield column, like, self.verdicts[like.kind if self.is_plain else (fold(name),)]

    @property
    def words(self) -> Iterator[str]:
        """The names and tags of all that is there to be seen, the fields in columns too."""
        todo = [(column.name, like, verdict) for column, like, verdict in self.told]
        for name, field, verdict in todo:
            if verdict.outcome is not Outcome.HIDDEN:
                yield name
                yield from field.shown_tags
                todo.extend((inner.column.name, inner, part) for inner, part in verdict.parts)

    @property
    def is_visible(self) -> bool:
        """Whether any column is there to be seen."""
        return any(verdict.outcome is not Outcome.HIDDEN for verdict in self.verdicts.values())

    @property
    def parts(self) -> Iterator[tuple[FieldProfile, Verdict]]:
        """Every field within a column that is there, however deep."""
        todo = [verdict for _, verdict in self.columns] if self.fields.has_nested else []
        for verdict in todo:
            if verdict.outcome is not Outcome.HIDDEN:
                yield from verdict.parts
                todo.extend(part for _, part in verdict.parts)
