"""Opens a closed world over relations: each is one view with an unguessable name, in the shape the catalog expects."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from catalog.errors import SourceUnavailable, VeilError
from catalog.names import fold, quoted
from catalog.sources.connector import Expected, Scan
from catalog.sources.engine_types import carried
from catalog.sources.failures import CHANGED_HINT
from catalog.sources.held_files import HeldFiles, common_folder
from catalog.sources.planned_scans import refuse_foreign_scans
from catalog.sources.world import Resources, World, columns_as, literal, pattern

_TEXT = re.compile(r"'(?:[^']|'')*'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One relation that a session can reach: of which source, what the catalog expects, how it is scanned."""

    source: str
    expected: Expected
    scan: Scan


def open_world(parts: Iterable[Part], names: Iterable[str], resources: Resources) -> World:
    """The closed world of these relations under these names, with the expected columns and nothing else.

    Raises SourceUnavailable when a relation no longer has an expected column in its expected type. Remote ones are
    left out: they are opened by each run.
    """
    held = HeldFiles(resources.folder)
    try:
        parts = tuple(holding(part, held) for part in parts)
        world = World(
            resources,
            files=[file for part in parts for file in part.scan.files if part.scan.database is None],
            databases=[part.scan.database for part in parts if part.scan.database is not None],
            states={state for part in parts if part.scan.database is not None for state in part.scan.states},
            held=held,
        )
    except BaseException:
        held.close()
        raise
    try:
        for part, name in zip(parts, names, strict=True):
            if part.scan.remote is None:
                _create_view(world, part, name)
    except BaseException:
        world.close()
        raise
    return world


def holding(part: Part, held: HeldFiles) -> Part:
    """The part, which reads its files by paths at which they are held as long as the world is open."""
    if not part.scan.held:
        return part
    below = common_folder(part.scan.states)
    paths = {before: held.take(state, below) for before, state in zip(part.scan.held, part.scan.states, strict=True)}
    texts = {literal(pattern(before)): literal(pattern(path)) for before, path in paths.items()}
    item = _TEXT.sub(lambda found: texts.get(found[0], found[0]), part.scan.item)
    files = tuple(paths.get(file, file) for file in part.scan.files)
    return replace(part, scan=replace(part.scan, item=item, files=files))


def _create_view(world: World, part: Part, name: str) -> None:
    item = world.item(part.scan.item, part.scan.database)
    try:
        found = {fold(column): carried(type_) for column, type_ in world.columns(item)}
    except VeilError as error:
        raise _changed(part, "it cannot be read in the shape the catalog knows") from error
    for column, type_ in part.expected.columns:
        if fold(column) not in found:
            raise _changed(part, f"it has no column `{column}` any more")
        if found[fold(column)] != type_:
            raise _changed(part, f"column `{column}` is no longer {type_}")
    if part.scan.database is not None:
        refuse_foreign_scans(world, item, world.alias(part.scan.database))
    columns = columns_as(part.expected.columns, is_collated=part.scan.database is not None)
    if part.scan.database is not None and part.expected.seen_in_part:
        item = f"(FROM {item} OFFSET 0)"  # the engine knows least and largest values of what lies above no limit
    world.rows(f"CREATE VIEW {quoted(name)} AS SELECT {columns} FROM {item}")


def _changed(part: Part, why: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"`{part.expected.relation}` of source `{part.source}` has changed since it was last crawled: {why}",
        hint=CHANGED_HINT,
    )
