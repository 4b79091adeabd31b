"""What a source itself says of a dataset, as far as a person may know it: comments, keys and what views read, without
a hidden name.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from catalog.model import Dataset, Key, KeyKind, Reading
from catalog.names import fold, join, split
from policy_engine.model import ColumnDecision, Decision, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceWords:
    """A comment on the dataset, comments by folded name of column, and keys; a foreign one refers to a dataset.

    It is `made_from` datasets and `read_by` others; the first is None where it is a view and that cannot be told.
    """

    comment: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[Key, ...] = ()
    made_from: tuple[Dataset, ...] | None = ()
    read_by: tuple[Dataset, ...] = ()


def source_words(
    decision: Decision,
    datasets: Callable[[], Sequence[Dataset]],
    decide: "Decide",
    views: Iterable[Reading],
    *,
    tells_hidden: bool = True,
) -> SourceWords:
    """The source's words on a dataset for the person whom the decision is about.

    `datasets` gives those that the person sees; `views` are all views of the source, seen or not.

    A comment on the dataset is told where nothing of it is hidden, one on a column where it names nothing hidden, and
    none at all where people are not told what is hidden from them: one that comes and goes would tell that. A
    key is told where all its columns are there for the person, in what it refers to as well; of what views read, the
    datasets that the person sees.
    """
    hidden = {fold(item.name) for column in decision.columns for item in (column, *column.nested) if _is_hidden(item)}
    shown = _shown(decision)
    described = decision.dataset.description
    comments = {fold(name): said for name, said in described.columns if tells_hidden and fold(name) in shown}
    return SourceWords(
        comment="" if hidden or not tells_hidden else described.comment,
        columns={name: said for name, said in comments.items() if not any(other in fold(said) for other in hidden)},
        keys=tuple(_told(decision.dataset, described.keys, shown, datasets, decide)),
        made_from=_made_from(decision.dataset, datasets),
        read_by=tuple(_read_by(decision.dataset, views, decide)),
    )


Decide = Callable[[str, str], Decision | None]
"""The decision on another dataset by database and name for the same person, None when it is not to be seen."""


def _made_from(view: Dataset, datasets: Callable[[], Sequence[Dataset]]) -> tuple[Dataset, ...] | None:
    reads = view.description.reads
    if not reads:
        return None if reads is None else ()
    places = set(map(_place, reads))
    near = (other for other in datasets() if fold(other.source) == fold(view.source))
    return tuple(other for other in near if _place(other.relation) in places)


def _read_by(dataset: Dataset, views: Iterable[Reading], decide: Decide) -> Iterator[Dataset]:
    place = _place(dataset.relation)
    for view in views:
        seen = decide(view.database, view.name) if _place(view.reads) == place else None
        if seen is not None:
            yield seen.dataset


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
            seen = decide(other.database, other.name) if is_meant else None
            if seen is not None and _shown(seen).issuperset(map(fold, key.at)):
                yield replace(key, refers_to=join(other.database, other.name))


def _place(relation: str) -> tuple[str, ...]:
    return tuple(map(fold, split(relation)))


def _shown(decision: Decision) -> frozenset[str]:
    return frozenset(fold(column.name) for column in decision.columns if not _is_hidden(column))


def _is_hidden(column: ColumnDecision) -> bool:
    return column.outcome is Outcome.HIDDEN
