"""The keys of JSON files with their types, as they can be read in them."""

from collections.abc import Iterable, Iterator, Sequence

from duckdb.sqltypes import DuckDBPyType

from catalog.errors import SourceUnavailable, VeilError
from catalog.names import fold, quoted
from catalog.sources.engine_types import carried
from catalog.sources.files.scans import TYPED_ROWS, WHOLE_FILE_BYTES, described_json, pinned_json
from catalog.sources.files.sets import FileSet
from catalog.sources.world import World

_MOMENT = "TIMESTAMP"
_ROW = "json"
"""What the engine calls the one column of rows that it takes for no objects."""
_MOST_KEYS = 10_000

Columns = tuple[tuple[str, DuckDBPyType], ...]


def json_columns(world: World, files: FileSet) -> Columns:
    """The keys in order; a moment in a form in which it cannot be read is a text.

    A row is no map: some odd ones would make one column of all keys, of which nobody knows what it holds.
    """
    found, has_maps = world.columns(described_json(files)), True
    if [name for name, _ in found] == [_ROW] and str(found[0][1]).startswith("MAP"):
        keys = world.columns(described_json(files, has_maps=False))
        has_maps = [name for name, _ in keys] == [_ROW]
        found = found if has_maps else keys
    _refuse_one_name(world, files, found)
    if len(found) > _MOST_KEYS:
        raise SourceUnavailable(
            f"the rows have more than {_MOST_KEYS:,} different keys", hint="have each row hold them as a list"
        )
    unread = {name for name, type_ in found if _MOMENT in str(type_) and not _is_read(world, files, name, type_)}
    if not unread:
        return found
    texts = dict(world.columns(described_json(files, has_moments=False, has_maps=has_maps)))
    return tuple((name, texts[name] if name in unread else type_) for name, type_ in found)


def _refuse_one_name(world: World, files: FileSet, found: Columns) -> None:
    """Raises SourceUnavailable where rows have keys that differ in the case of their letters alone.

    The engine numbers them, and reads nothing by such a name: a policy would go by one of them, and miss the others.
    """
    names = {fold(name) for name, _ in found}
    for name, _ in found:
        stem, _, number = name.rpartition("_")
        if number.isdigit() and fold(stem) in names and not _is_key(world, files, name):
            raise SourceUnavailable(
                f"the rows have keys `{stem}` that differ in the case of their letters alone",
                hint="write each key alike in all rows",
            )


def _is_key(world: World, files: FileSet, name: str) -> bool:
    """Whether some row has a key that is called so."""
    some = "" if files.byte_count <= WHOLE_FILE_BYTES else f" LIMIT {TYPED_ROWS:d}"
    counted = f"SELECT count({quoted(name)}) FROM (FROM {pinned_json(files, [(name, 'JSON')])}{some})"
    [[count]] = world.rows(counted)
    return bool(count)


def gone_keys(
    known: Sequence[tuple[str, str]], found: Iterable[tuple[str, DuckDBPyType]]
) -> frozenset[tuple[str, ...]]:
    """The known keys, as folded paths, that no row has any more: the engine reads them letter by letter.

    Example: `c`, `b` of `c STRUCT(a, b)`, where all rows have `{"c": {"a": 1, "B": 2}}`.
    """
    keys, names = dict(found), {name for name, _ in known}
    by_meaning: dict[str, list[str]] = {}
    for key in keys:
        for meant in _meant(key):
            by_meaning.setdefault(meant, []).append(key)
    gone: set[tuple[str, ...]] = set()
    for name, type_text in known:
        alike = [key for key in by_meaning.get(fold(name), ()) if key == name or key not in names]
        if alike == [name]:
            gone |= {(name, *path) for path in {*_paths(DuckDBPyType(type_text))} - {*_paths(keys[name])}}
        else:  # in other letters, in some rows at least, whose value is not read
            gone.add((name,))
    return frozenset(tuple(map(fold, path)) for path in gone)


def _meant(key: str) -> tuple[str, ...]:
    """What a key may be called, folded: of two that differ in case alone the engine numbers one, `a` and `A_1`."""
    stem, _, number = key.rpartition("_")
    return (fold(key), fold(stem)) if number.isdigit() else (fold(key),)


def _paths(type_: DuckDBPyType, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The fields within a type."""
    for name, inner in type_.children if type_.id in ("array", "list", "struct") else ():
        if isinstance(inner, DuckDBPyType):  # an array has its size beside what it holds
            path = (*above, name) if type_.id == "struct" else above
            if path != above:
                yield path
            yield from _paths(inner, path)


def _is_read(world: World, files: FileSet, name: str, type_: DuckDBPyType) -> bool:
    """Whether every value from which the type was found can be read in it."""
    some = "" if files.byte_count <= WHOLE_FILE_BYTES else f" LIMIT {TYPED_ROWS:d}"
    try:
        world.rows(f"SELECT count({quoted(name)}) FROM (FROM {pinned_json(files, [(name, carried(type_))])}{some})")
    except VeilError:
        return False
    return True
