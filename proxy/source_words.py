"""What a source itself says of a dataset, as far as a person may know it: comments and keys without a hidden name."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from catalog.model import Dataset, Key, KeyKind
from catalog.names import fold, join, split
from policy_engine.model import ColumnDecision, Decision, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceWords:
    """A comment on the dataset, comments by folded name of column, and keys; a foreign one refers to a dataset."""

    comment: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[Key, ...] = ()


def source_words(decision: Decision, datasets: Callable[[], Sequence[Dataset]], decide: "Decide") -> SourceWords:
    """The source's words on a dataset for the person whom the decision is about.

    A comment on the dataset is told where nothing of it is hidden, one on a column where it names nothing hidden. A
    key is told where all its columns are there for the person, in what it refers to as well.
    """
    hidden = {fold(item.name) for column in decision.columns for item in (column, *column.nested) if _is_hidden(item)}
    shown = _shown(decision)
    described = decision.dataset.description
    comments = {fold(name): said for name, said in described.columns if fold(name) in shown}
    return SourceWords(
        comment="" if hidden else described.comment,
        columns={name: said for name, said in comments.items() if not any(other in fold(said) for other in hidden)},
        keys=tuple(_told(decision.dataset, described.keys, shown, datasets, decide)),
    )


Decide = Callable[[Dataset], Decision | None]
"""The decision on another dataset for the same person, None when it is not to be seen."""


def _told(
    dataset: Dataset,
    keys: Iterable[Key],
    shown: frozenset[str],
    datasets: Callable[[], Sequence[Dataset]],
    decide: Decide,
) -> Iterator[Key]:
    for key in keys:
        if not shown.issuperset(map(fold, key.columns)):
            continue
        if key.kind is not KeyKind.FOREIGN:
            yield key
            continue
        for other in datasets():
            is_meant = fold(other.source) == fold(dataset.source) and _place(other.relation) == _place(key.refers_to)
            seen = decide(other) if is_meant else None
            if seen is not None and _shown(seen).issuperset(map(fold, key.at)):
                yield replace(key, refers_to=join(other.database, other.name))


def _place(relation: str) -> tuple[str, ...]:
    return tuple(map(fold, split(relation)))


def _shown(decision: Decision) -> frozenset[str]:
    return frozenset(fold(column.name) for column in decision.columns if not _is_hidden(column))


def _is_hidden(column: ColumnDecision) -> bool:
    return column.outcome is Outcome.HIDDEN
