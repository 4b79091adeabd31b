"""The keys of JSON files with their types, as they can be read in them."""

from duckdb.sqltypes import DuckDBPyType

from catalog.errors import SourceUnavailable, VeilError
from catalog.names import quoted
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
    if len(found) > _MOST_KEYS:
        raise SourceUnavailable(
            f"the rows have more than {_MOST_KEYS:,} different keys", hint="have each row hold them as a list"
        )
    unread = {name for name, type_ in found if _MOMENT in str(type_) and not _is_read(world, files, name, type_)}
    if not unread:
        return found
    texts = dict(world.columns(described_json(files, has_moments=False, has_maps=has_maps)))
    return tuple((name, texts[name] if name in unread else type_) for name, type_ in found)


def _is_read(world: World, files: FileSet, name: str, type_: DuckDBPyType) -> bool:
    """Whether every value from which the type was found can be read in it."""
    some = "" if files.byte_count <= WHOLE_FILE_BYTES else f" LIMIT {TYPED_ROWS:d}"
    try:
        world.rows(f"SELECT count({quoted(name)}) FROM (FROM {pinned_json(files, [(name, carried(type_))])}{some})")
    except VeilError:
        return False
    return True
