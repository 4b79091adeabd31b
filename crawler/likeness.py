"""What is new in a source may be what has tags there, by names of columns: it has these until somebody has looked."""

from collections.abc import Iterable, Iterator, Sequence

from catalog.model import Column, Dataset, Field
from catalog.names import fold
from crawler.classify import Suggestion
from crawler.overlaps import paths, tags_of

_Columns = frozenset[str]


class Likeness:
    """The tagged datasets of one source, of which some are `lost`: the source lists them no more.

    Example:
        >>> likeness = Likeness([people], lost=[])
        >>> [each.tag for each in likeness.of_new([Field(name="ssn", type="VARCHAR"), Field(name="id", type="BIGINT")])]
        ['pii.us_ssn']
    """

    def __init__(self, datasets: Iterable[Dataset], lost: Iterable[str]) -> None:
        tagged, gone = [each for each in datasets if _has_tags(each)], frozenset(lost)
        self._lost = [(_columns(each), each) for each in tagged if each.relation in gone]
        self._looked_at = [(_columns(each), each) for each in tagged if _is_looked_at(each)]
        self._named: dict[str, dict[str, str]] = {}
        for dataset in tagged:
            for column in dataset.columns:
                known = self._named.setdefault(fold(column.path[-1]), {})
                for tag in _tags(column):
                    known.setdefault(tag, dataset.full_name)

    def of_new(self, fields: Sequence[Field], *, is_explained: bool = False) -> Iterator[Suggestion]:
        """The tags for a new relation: of each lost dataset of which it has half of the columns; and, unless it is
        known what it is made of, of each that somebody has looked at and that it may be a copy or a part of, as one of
        them has all columns of the other.
        """
        names = frozenset(fold(field.name) for field in fields)
        gone = [each for columns, each in self._lost if 2 * len(columns & names) >= len(columns) > 0]
        yield from tags_of(gone, fields, "which has gone from the source")
        if not is_explained:
            like = [each for columns, each in self._looked_at if columns and (columns <= names or names <= columns)]
            yield from tags_of(like, fields, "which has such columns")

    def of_known(self, dataset: Dataset, fields: Sequence[Field]) -> Iterator[Suggestion]:
        """The tags for what is new in a dataset: those of all that is called alike. Rows and columns move between
        datasets, and whole files and tables come under the name of another one.
        """
        known = {tuple(map(fold, column.path)) for column in dataset.columns}
        for path in paths(fields):
            if tuple(map(fold, path)) not in known:
                for tag, name in self._named.get(fold(path[-1]), {}).items():
                    said = f"`{path[-1]}` of `{name}`, which is called alike, has the tag"
                    yield Suggestion(path=path, tag=tag, confidence=1.0, evidence=said, rule="")


def _columns(dataset: Dataset) -> _Columns:
    return frozenset(fold(column.path[0]) for column in dataset.columns)


def _tags(column: Column) -> list[str]:
    return sorted(column.confirmed | column.suggested)


def _has_tags(dataset: Dataset) -> bool:
    return bool(dataset.confirmed or dataset.suggested) or any(map(_tags, dataset.columns))


def _is_looked_at(dataset: Dataset) -> bool:
    return bool(dataset.confirmed) or any(column.confirmed for column in dataset.columns)
