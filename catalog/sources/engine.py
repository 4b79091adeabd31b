"""A session in the embedded engine: each relation is one view with an unguessable name in a closed world."""

import functools
import json
import re
import secrets
import threading
from collections.abc import Iterable, Mapping, Sequence

import duckdb

from catalog.errors import Internal, SqlUnsupported, VeilError
from catalog.sources.connector import Limits, Masks
from catalog.sources.opening import Part
from catalog.sources.source_work import NO_WORK, Work
from catalog.sources.workers.messages import Opening
from catalog.sources.workers.pool import Pool
from catalog.sources.workers.run import WorkerRun
from catalog.sources.world import Resources, World, literal

_OPENING_SECONDS = 300.0
_PLACE = re.compile(r',"query_location(?:_length)?":\d+')  # within a JSON text its quotes would be escaped
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE | re.ASCII)


class EngineSession:
    """A closed world in which only the relations it was opened with, its `parts`, can be reached.

    The world itself is opened in each worker that runs a statement of this session, and kept there.
    """

    dialect = "duckdb"

    def __init__(self, parts: Iterable[Part], pool: Pool) -> None:
        self.parts = frozenset(parts)
        self._pool = pool
        names = {part: f"v_{secrets.token_hex(8)}" for part in self.parts}
        self._names = {(part.source, part.expected.relation): name for part, name in names.items()}
        self._remote = {
            (part.source, part.expected.relation): part.scan.remote
            for part in self.parts
            if part.scan.remote is not None
        }
        self._raising = {
            (part.source, part.expected.relation): part.scan.safe for part in self.parts if part.scan.may_raise
        }
        self._laid_by = {(part.source, part.expected.relation): part.scan.order for part in self.parts}
        self._by_bytes = {(part.source, part.expected.relation) for part in self.parts if part.scan.read_by_bytes}
        self._gone = {(part.source, part.expected.relation): part.scan.gone for part in self.parts if part.scan.gone}
        self._leaving_out = {(part.source, part.expected.relation) for part in self.parts if part.scan.leaves_out}
        self._opening = Opening(key=secrets.token_hex(8), parts=tuple(names), names=tuple(names.values()))

    def physical_name(self, source: str, relation: str) -> str:
        """The unguessable bare identifier under which SQL names the relation here."""
        try:
            return self._names[source, relation]
        except KeyError:
            raise Internal(f"relation `{relation}` of source `{source}` is not open in this session") from None

    def may_raise(self, source: str, relation: str, columns: frozenset[str] | None = None) -> bool:
        """Whether reading a row of the relation, or these columns of it (folded), may end in an error."""
        if (source, relation) not in self._raising:
            return False
        safe = self._raising[source, relation]
        return columns is None or safe is None or not columns <= safe

    def has_statistics(self, source: str, relation: str) -> bool:
        """Whether the engine knows something of all rows of the relation before it reads them."""
        return (source, relation) not in self._remote

    def order(self, source: str, relation: str) -> tuple[str, ...] | None:
        """By what the rows of the relation come: of a view, and of a system whose order is not known, anything."""
        remote = self._remote.get((source, relation))
        if remote is not None:
            return remote.order
        return None if self.may_raise(source, relation, frozenset()) else self._laid_by[source, relation]

    def is_read_by_bytes(self, source: str, relation: str) -> bool:
        """Whether the relation is of texts, each buffer of which has so many bytes."""
        return (source, relation) in self._by_bytes

    def gone(self, source: str, relation: str) -> frozenset[tuple[str, ...]]:
        """The columns and fields (folded paths) that no row of the relation has any more: each is NULL throughout."""
        return self._gone.get((source, relation), frozenset())

    def leaves_out(self, source: str, relation: str) -> bool:
        """Whether the relation has rows that cannot be read, and are left out."""
        return (source, relation) in self._leaving_out

    def masking(self, source: str, relation: str) -> tuple[str, Masks]:
        """The connector of the relation, and where masked cells of it are worked out."""
        remote = self._remote.get((source, relation))
        return ("", Masks.VEIL) if remote is None else (remote.connector, remote.masks)

    def serialize(self, sql: str) -> Mapping[str, object]:
        """The statement as the engine's own parser reads it; raises SqlUnsupported when it cannot."""
        return serialize(sql)

    def expressions(self, items: Sequence[Mapping[str, object]]) -> Sequence[str]:
        """The SQL of expressions that `serialize` gave: what the engine calls them where nobody names them.

        Raises SqlUnsupported for expressions nested deeper than the engine reads them.
        """
        try:
            return _PARSER.printed(items)
        except (duckdb.Error, RecursionError):
            raise SqlUnsupported("the engine cannot write out an expression of this statement") from None

    def is_plain_name(self, name: str) -> bool:
        """Whether the engine writes a name without quotes: it is made of plain letters, and no word of its SQL."""
        return _PLAIN_NAME.fullmatch(name) is not None and name.lower() not in keywords()

    def run(self, sql: str, parameters: Mapping[str, object], limits: Limits, work: Work = NO_WORK) -> WorkerRun:
        """A run that can be cancelled from now on, and begins to execute when it is first read."""
        return WorkerRun(self._pool, self._opening, sql, parameters, limits, work)

    def let_go(self) -> None:
        """Closes the world wherever it is open; a later run opens it again."""
        self._pool.forget(self._opening.key)


def open_session(parts: Iterable[Part], pool: Pool) -> EngineSession:
    """A session over these relations, whose world is open in a worker.

    Raises SourceUnavailable when a relation no longer has an expected column in its expected type.
    """
    session = EngineSession(parts, pool)
    WorkerRun(pool, session._opening, None, {}, Limits(seconds=_OPENING_SECONDS)).open_world()
    return session


class _Parser:
    """The engine's parser on an empty instance of its own, where there is nothing to reach.

    It is prepared once: with a bound value the engine would plan anew and read the text twice.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._world: World | None = None
        self._cursor: duckdb.DuckDBPyConnection | None = None

    def keywords(self) -> frozenset[str]:
        return frozenset(str(word) for (word,) in self._rows("SELECT keyword_name FROM duckdb_keywords()"))

    def parse(self, sql: str) -> str:
        return self._asked("read", sql)

    def printed(self, expressions: Sequence[Mapping[str, object]]) -> list[str]:
        """The SQL of each expression, given as `parse` makes it; all are asked at once, under names to part them by."""
        names = [f"n{number}_{secrets.token_hex(8)}" for number in range(len(expressions))]
        items = (json.dumps({**item, "alias": name}) for item, name in zip(expressions, names, strict=True))
        rest = self._asked("print", _SELECT.replace("[0]", f"[{', '.join(items)}]")).removeprefix("SELECT ")
        texts: list[str] = []
        for name in names:
            text, mark, rest = rest.partition(f" AS {name}")
            if not mark:
                raise SqlUnsupported("the engine gives an expression of this statement no name")
            texts.append(text.removeprefix(", "))
        return texts

    def _asked(self, question: str, text: str) -> str:
        ((answer,),) = self._rows(f"EXECUTE {question}({literal(text)})")
        return str(answer)

    def _rows(self, sql: str) -> list[tuple[object, ...]]:
        with self._lock:
            if self._cursor is None:
                self._world = World(Resources(threads=1))
                self._cursor = self._world.cursor()
                self._cursor.execute("PREPARE read AS SELECT json_serialize_sql($1)")
                self._cursor.execute("PREPARE print AS SELECT json_deserialize_sql($1)")
            return self._cursor.execute(sql).fetchall()


_SELECT = (
    '{"error": false, "statements": [{"node": {"type": "SELECT_NODE", "modifiers": [], "cte_map": {"map": []},'
    ' "select_list": [0], "from_table": {"type": "EMPTY", "alias": "", "sample": null}, "where_clause": null,'
    ' "group_expressions": [], "group_sets": [], "aggregate_handling": "STANDARD_HANDLING", "having": null,'
    ' "sample": null, "qualify": null}, "named_param_map": []}]}'
)
_PARSER = _Parser()


@functools.cache
def keywords() -> frozenset[str]:
    """The words of the engine's SQL, in lower case: where one is a name, the engine quotes it."""
    return _PARSER.keywords()


def serialize(sql: str) -> Mapping[str, object]:
    """A statement as the engine's own parser reads it; raises SqlUnsupported when it cannot.

    Where each part stands in the text is left out, so that the same SQL is the same tree wherever it stands.

    Example:
        >>> list(serialize("select 1"))
        ['error', 'statements']
    """
    try:
        tree = json.loads(_PLACE.sub("", _PARSER.parse(sql)))
    except (ValueError, RecursionError, duckdb.Error, VeilError):
        tree = {"error": True}
    if not isinstance(tree, dict) or tree.get("error") is not False:
        raise SqlUnsupported("the engine's own parser does not take this statement for a query")
    return tree
