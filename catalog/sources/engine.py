"""A session in the embedded engine: each relation is one view with an unguessable name in a closed world."""

import json
import secrets
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from catalog.errors import Internal, SourceUnavailable, SqlUnsupported, VeilError
from catalog.names import fold, quoted
from catalog.sources.connector import Expected, Limits, Scan
from catalog.sources.engine_types import carried
from catalog.sources.failures import CHANGED_HINT
from catalog.sources.run import EngineRun
from catalog.sources.world import Resources, World, columns_as, literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One relation that a session can reach: of which source, what the catalog expects, how it is scanned."""

    source: str
    expected: Expected
    scan: Scan


class EngineSession:
    """A closed world in which only the relations it was opened with, its `parts`, can be reached."""

    dialect = "duckdb"

    def __init__(self, world: World, names: Mapping[Part, str]) -> None:
        self.parts = frozenset(names)
        self._world = world
        self._names = {(part.source, part.expected.relation): name for part, name in names.items()}
        self._remotes = {name: (part.scan.remote, part.expected) for part, name in names.items() if part.scan.remote}

    @property
    def is_broken(self) -> bool:
        """Whether the engine has failed so badly that no further statement can run here."""
        return self._world.is_broken

    def physical_name(self, source: str, relation: str) -> str:
        """The unguessable bare identifier under which SQL names the relation here."""
        try:
            return self._names[source, relation]
        except KeyError:
            raise Internal(f"relation `{relation}` of source `{source}` is not open in this session") from None

    def serialize(self, sql: str) -> Mapping[str, object]:
        """The statement as the engine's own parser reads it; raises SqlUnsupported when it cannot."""
        return serialize(sql)

    def expressions(self, items: Sequence[Mapping[str, object]]) -> Sequence[str]:
        """The SQL of expressions that `serialize` gave: what the engine calls them where nobody names them."""
        return [_PARSER.printed(json.dumps({**item, "alias": ""})) for item in items]

    def run(self, sql: str, parameters: Mapping[str, object], limits: Limits) -> EngineRun:
        """A run that can be cancelled from now on, and begins to execute when it is first read."""
        return EngineRun(self._world, sql, parameters, limits, self._remotes)


def open_session(parts: Iterable[Part], resources: Resources) -> EngineSession:
    """Makes the closed world for these relations, with the expected columns and nothing else.

    Raises SourceUnavailable when a relation no longer has an expected column in its expected type.
    """
    parts = frozenset(parts)
    world = World(
        resources,
        files=[file for part in parts for file in part.scan.files if part.scan.database is None],
        databases=[part.scan.database for part in parts if part.scan.database is not None],
    )
    try:
        names = {part: f"v_{secrets.token_hex(8)}" for part in parts}
        for part in parts:
            if part.scan.remote is None:
                _create_view(world, part, names[part])
    except BaseException:
        world.close()
        raise
    return EngineSession(world, names)


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
    world.rows(f"CREATE VIEW {quoted(name)} AS SELECT {columns_as(part.expected.columns)} FROM {item}")


def _changed(part: Part, why: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"`{part.expected.relation}` of source `{part.source}` has changed since it was last crawled: {why}",
        hint=CHANGED_HINT,
    )


class _Parser:
    """The engine's parser on an empty instance of its own, where there is nothing to reach.

    It is prepared once: with a bound value the engine would plan anew and read the text twice.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._world: World | None = None
        self._cursor: duckdb.DuckDBPyConnection | None = None

    def parse(self, sql: str) -> str:
        return self._asked("read", sql)

    def printed(self, expression: str) -> str:
        """The SQL of one expression, given as the JSON that `parse` makes of it."""
        text = self._asked("print", _SELECT.replace("0", expression))
        return text.removeprefix("SELECT ")

    def _asked(self, question: str, text: str) -> str:
        with self._lock:
            if self._cursor is None:
                self._world = World(Resources(threads=1))
                self._cursor = self._world.cursor()
                self._cursor.execute("PREPARE read AS SELECT json_serialize_sql($1)")
                self._cursor.execute("PREPARE print AS SELECT json_deserialize_sql($1)")
            ((answer,),) = self._cursor.execute(f"EXECUTE {question}({literal(text)})").fetchall()
            return str(answer)


_SELECT = (
    '{"error": false, "statements": [{"node": {"type": "SELECT_NODE", "modifiers": [], "cte_map": {"map": []},'
    ' "select_list": [0], "from_table": {"type": "EMPTY", "alias": "", "sample": null}, "where_clause": null,'
    ' "group_expressions": [], "group_sets": [], "aggregate_handling": "STANDARD_HANDLING", "having": null,'
    ' "sample": null, "qualify": null}, "named_param_map": []}]}'
)
_PARSER = _Parser()


def serialize(sql: str) -> Mapping[str, object]:
    """A statement as the engine's own parser reads it; raises SqlUnsupported when it cannot.

    Example:
        >>> list(serialize("select 1"))
        ['error', 'statements']
    """
    try:
        tree = json.loads(_PARSER.parse(sql))
    except (ValueError, RecursionError, duckdb.Error, VeilError):
        tree = {"error": True}
    if not isinstance(tree, dict) or tree.get("error") is not False:
        raise SqlUnsupported("the engine's own parser does not take this statement for a query")
    return tree
