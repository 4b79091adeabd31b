"""Which datasets of a source have rows of another one, as a folder has those of its files: it has their tags."""

from collections.abc import Iterable, Iterator, Sequence

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


def tags_of(datasets: Iterable[Dataset], fields: Sequence[Field], why: str) -> tuple[Suggestion, ...]:
    """The tags of datasets for one that has their rows; `why` is said of them. Each is on as much of its column's path
    as is there, and that of a column which is not there on all columns that they have not.
    """
    here = {tuple(map(fold, path)): path for path in paths(fields)}
    found: dict[tuple[Path, str], Suggestion] = {}
    for dataset in datasets:
        evidence = f"`{dataset.full_name}`, {why}, has the tag"
        known = {fold(column.path[0]) for column in dataset.columns}
        others = [(field.name,) for field in fields if fold(field.name) not in known]
        said: list[tuple[Path, frozenset[str]]] = [((), dataset.confirmed | dataset.suggested)]
        lost: frozenset[str] = frozenset()
        for column in dataset.columns:
            folded, tags = tuple(map(fold, column.path)), column.confirmed | column.suggested
            held = next((here[folded[:end]] for end in range(len(folded), 0, -1) if folded[:end] in here), None)
            if held:
                said.append((held, tags))
            else:
                lost |= tags
        for path, tags in (*said, *((path, lost) for path in others)):
            for tag in sorted(tags):
                found[path, tag] = Suggestion(path=path, tag=tag, confidence=1.0, evidence=evidence, rule="")
    return tuple(found.values())


def _above(path: str) -> Iterator[str]:
    """The folders that a path lies in, the innermost first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def paths(fields: Iterable[Field], parents: Path = ()) -> Iterator[Path]:
    """The paths of all fields, those within others too."""
    for field in fields:
        path = (*parents, field.name)
        yield path
        yield from paths(field.fields, path)
