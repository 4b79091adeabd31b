"""Which datasets of a source are made of the files that a new one holds: a folder has the tags of what is there."""

from collections.abc import Iterable, Iterator

from catalog.model import Dataset, Field
from catalog.names import fold
from catalog.relations import called
from crawler.classify import Suggestion

_FILES = "files"
Path = tuple[str, ...]


class Overlaps:
    """The relations of one source that are datasets.

    Example:
        >>> known = Overlaps("files", ["labs", "costs/a.csv"])
        >>> list(known.within("costs")), list(known.within("labs"))
        (['costs/a.csv'], [])
    """

    def __init__(self, connector: str, relations: Iterable[str]) -> None:
        self._connector = connector
        self._relations: dict[str, str] = {}
        self._folders: set[str] = set()
        for relation in relations:
            self.add(relation)

    def add(self, relation: str) -> None:
        """One more that is a dataset."""
        if self._connector == _FILES:
            path = called(_FILES, relation)
            self._relations[path] = relation
            self._folders.update(_above(path))

    def within(self, relation: str) -> Iterator[str]:
        """The datasets' relations that lie in a folder."""
        if self._connector == _FILES and (path := called(_FILES, relation)) in self._folders:
            yield from (known for each, known in self._relations.items() if each.startswith(f"{path}/"))


def tags_of_parts(parts: Iterable[Dataset], fields: Iterable[Field]) -> tuple[Suggestion, ...]:
    """The tags of datasets for one that holds their files, each on as much of its column's path as is there."""
    paths = {tuple(map(fold, path)): path for path in _paths(fields, ())}
    found: dict[tuple[Path, str], Suggestion] = {}
    for dataset in parts:
        evidence = f"`{dataset.full_name}`, which is a part of it, has the tag"
        for tag in sorted(dataset.confirmed | dataset.suggested):
            found[(), tag] = Suggestion(path=(), tag=tag, confidence=1.0, evidence=evidence, rule="")
        for column in dataset.columns:
            folded = tuple(map(fold, column.path))
            held = next((paths[folded[:end]] for end in range(len(folded), 0, -1) if folded[:end] in paths), None)
            for tag in sorted(column.confirmed | column.suggested) if held else ():
                assert held is not None
                found[held, tag] = Suggestion(path=held, tag=tag, confidence=1.0, evidence=evidence, rule="")
    return tuple(found.values())


def _above(path: str) -> Iterator[str]:
    """The folders that a path lies in, the innermost first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _paths(fields: Iterable[Field], parents: Path) -> Iterator[Path]:
    for field in fields:
        path = (*parents, field.name)
        yield path
        yield from _paths(field.fields, path)
