"""Tells which relations of a DuckDB file reach beyond it.

The engine lets the views, macros and generated columns of an attached file read whatever it may read itself: the files
of every other dataset of a query, its settings, its views, the text of the query. So the SQL that a file brings along
is read with the engine's own parser. It may name the file's own relations, and call functions that hang on nothing but
their arguments, the time and chance; whatever else it names, or cannot be followed, is beyond.
"""

import functools
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from sqlglot.tokenizer_core import TokenType

from catalog.errors import SqlUnsupported
from catalog.names import fold
from catalog.sources.engine import serialize
from catalog.sources.engine_trees import Node, definitions, is_bare, within
from catalog.sources.world import World
from catalog.sql_texts import Unreadable, tokens_of_text

_RELATIONS = """
SELECT schema_name, table_name, NULL FROM duckdb_tables() WHERE database_name = $database AND NOT internal
UNION ALL SELECT schema_name, view_name, sql FROM duckdb_views() WHERE database_name = $database AND NOT internal
"""
_GENERATED = """
SELECT schema_name, table_name, column_default FROM duckdb_columns()
WHERE database_name = $database AND NOT internal AND is_generated
"""
_MACROS = """
SELECT function_name, function_type, macro_definition, parameters FROM duckdb_functions()
WHERE database_name = $database AND NOT internal
"""
_BUILT_IN = """
SELECT function_name, function_type, coalesce(stability, ''), coalesce(macro_definition, '') FROM duckdb_functions()
WHERE internal AND function_type IN ('scalar', 'aggregate', 'window', 'macro')
"""
_ENGINES_VIEWS = "SELECT DISTINCT view_name FROM duckdb_views() WHERE internal"
_ENGINES_TABLE_FUNCTIONS = """
SELECT DISTINCT function_name FROM duckdb_functions()
WHERE function_type NOT IN ('scalar', 'aggregate', 'window', 'macro') AND database_name IS DISTINCT FROM $database
"""

OF_TIME_AND_CHANCE = frozenset(
    """
    + - age century current_date current_localtime current_localtimestamp date_diff date_part date_sub
    date_trunc datediff datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear decade era error
    gen_random_uuid generate_series get_current_time get_current_timestamp hour isodow isoyear julian last_day
    make_timestamptz microsecond millennium millisecond minute month monthname now quarter random range second
    strftime time_bucket timezone timezone_hour timezone_minute today transaction_timestamp uuid uuidv4 uuidv7
    week weekday weekofyear year yearweek
    """.split()
)
"""Functions that do not hang on their arguments alone, by the engine's account, and yet tell nothing of a session."""

_PURE = frozenset(map(fold, (Path(__file__).parent / "view_functions.txt").read_text("utf-8").split()))
_OPERATOR = re.compile(r"[^\w\s]+|!__postfix|IS (NOT )?DISTINCT FROM|(icu_)?collate_[a-z_]+", re.IGNORECASE)

_OF_SYNTAX = frozenset(
    {"coalesce", "grouping", "grouping_id", "ifnull", "try", "unnest"}
)  # the engine lists them nowhere
_MOST = 5_000
"""Of relations and calls that a relation may come to, with all within it; each is unfolded wherever it stands."""

_LONGEST = 50_000
"""Of letters of one text; the engine's tree of it is a hundred times as long."""

_LONGEST_TOGETHER = 500_000
_TOO_LONG = "-" * (_LONGEST + 1)
_MAIN = "main"  # where the engine looks for a bare name, if not in the view's own schema
_TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest", "repeat", "repeat_row"})
_TABLES = frozenset({"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT"})
_ENGINES_SCHEMAS = frozenset({"information_schema", "pg_catalog", "system", "temp"})


class FileReach:
    """Which relations of an attached file reach beyond it; thread-safe, and good for one state of the file.

    Example: of `CREATE VIEW keys AS FROM duckdb_settings()`, `FileReach(world, alias).beyond("main", "keys")` is
    `it reads from the function `duckdb_settings``.
    """

    def __init__(self, world: World, database: str) -> None:
        self._built_in = _built_in(world)
        file: dict[str, object] = {"database": database}
        self._engines_views = frozenset(fold(str(name)) for (name,) in world.rows(_ENGINES_VIEWS))
        functions = frozenset(fold(str(name)) for (name,) in world.rows(_ENGINES_TABLE_FUNCTIONS, file))
        self._closed = functions - _TABLE_FUNCTIONS
        self._sql: dict[tuple[str, str], list[str]] = {}
        for schema, name, sql in world.rows(_RELATIONS, file):
            texts = self._sql.setdefault((fold(str(schema)), fold(str(name))), [])
            texts += [] if sql is None else [_query(str(sql)) if len(str(sql)) <= _LONGEST else _TOO_LONG]
        self._worked_out: set[str] = set()
        for schema, name, sql in world.rows(_GENERATED, file):
            self._sql[fold(str(schema)), fold(str(name))].append(f"SELECT {sql}")
            self._worked_out.add(f"SELECT {sql}")
        self._own_macros: dict[str, list[str]] = {}
        self._own_table_macros: dict[str, list[str]] = {}
        self._parameters: Counter[str] = Counter()
        """How many a macro has at most: the engine tells their names, and not what stands for one that is not given."""
        self._open_macros: set[str] = set()
        """Those of which it is not sure that they read nothing but what they are given: the engine lets a macro name a
        column of whoever calls it.
        """
        macros = world.rows(_MACROS, file)
        self._macros = frozenset(fold(str(name)) for name, *_ in macros)
        for name, kind, sql, listed in macros:
            parameters = frozenset(fold(str(each)) for each in listed) if isinstance(listed, list) else frozenset()
            if kind == "table_macro" or not _is_closed(str(sql), parameters, self._macros):
                self._open_macros.add(fold(str(name)))
            if kind == "table_macro":
                self._own_table_macros.setdefault(fold(str(name)), []).append(str(sql))
            else:
                self._own_macros.setdefault(fold(str(name)), []).append(f"SELECT {sql}")
            self._parameters |= Counter({fold(str(name)): len(parameters)})
        self._overriding = sorted(name for name in self._own_macros if self._built_in.has(name))
        """The engine calls such macros unwritten too: what a whole row is made by, `struct_pack`, stands in no tree."""
        self._places: dict[str, list[tuple[str, str]]] = {}
        for place in self._sql:
            self._places.setdefault(place[1], []).append(place)
        self._known: dict[tuple[str, str], str | None] = {}
        self._lock = threading.Lock()
        self._read: dict[str, Counter[str]] = {}
        """By a text: how often it reads each relation of the file, by bare names, and under no name what it calls."""

    def beyond(self, schema: str, name: str) -> str | None:
        """What shows that a relation reaches beyond the file, in words; None for one that does not."""
        place = fold(schema), fold(name)
        with self._lock:
            if place not in self._known:
                self._known[place] = self._looked_at(place)
            return self._known[place]

    def reads_by_macros(self, schema: str, name: str) -> bool:
        """Whether a view reads relations or columns that its own SQL does not name, or this cannot be told."""
        with self._lock:
            try:
                trees = [self._tree(text) for text in self._sql.get((fold(schema), fold(name)), [])]
                found = [each for tree in trees for each in self._names_in(tree) if isinstance(each, Counter)]
                calls = [called for tree in trees for called in _called(tree)]
            except _Beyond:
                return True
        return any(each.keys() - {""} for each in found) or not self._open_macros.isdisjoint(calls)

    def _looked_at(self, place: tuple[str, str]) -> str | None:
        reads: dict[tuple[str, str], Counter[str]] = {}
        left, length = [place], 0
        while left:
            each = left.pop()
            if each in reads:
                continue
            texts = self._sql.get(each, [])
            length += sum(map(len, texts))
            try:
                if length > _LONGEST_TOGETHER:
                    raise _Beyond("what it is made of is too long to be followed")
                reads[each] = sum(map(self._followed, texts), Counter())
            except _Beyond as reason:
                return str(reason) if each == place else f"what it reads does: {reason}"
            left += [other for name in reads[each] for other in self._places.get(name, ())]
        return "it is made of too many views within each other" if place in _endless(reads) else None

    def _followed(self, text: str) -> Counter[str]:
        """The file's relations that a text reads, through macros too; raises _Beyond."""
        if text not in self._read:
            self._read[text] = Counter({"": _MOST})  # for a macro that calls itself
            try:
                self._read[text] = self._counted(text)
            except _Beyond:
                del self._read[text]
                raise
        return self._read[text]

    def _counted(self, text: str) -> Counter[str]:
        """The same, of a text that was not met yet.

        Which macro a generated column calls is settled anew wherever it is read, and may be another than its table was
        made with.
        """
        found: Counter[str] = Counter({"": 1})
        tree = self._tree(text)
        if text in self._worked_out and not self._macros.isdisjoint(_called(tree)):
            raise _Beyond("a column that it works out calls a macro of the file")
        for name in self._names_in(tree):
            found.update({name: 1} if isinstance(name, str) else name)
            if found.total() > _MOST:
                raise _Beyond("it is made of too many macros within each other")
        return found

    def _tree(self, text: str) -> object:
        """A text as the engine reads it; raises _Beyond where what it calls cannot be told."""
        if len(text) > _LONGEST:
            raise _Beyond("its SQL is too long to be followed")
        if self._overriding:
            raise _Beyond(f"a macro of the file is called like a function of the engine, `{self._overriding[0][:80]}`")
        try:
            return serialize(text)
        except SqlUnsupported:
            raise _Beyond("its SQL cannot be followed") from None

    def _names_in(self, tree: object) -> Iterator[str | Counter[str]]:
        """Each relation that stands in a text, and all that each macro in it reads."""
        for node, known in _nodes(tree):
            for name, _ in definitions(node):
                if re.fullmatch(r"\w+", name) is None:
                    raise _Beyond("a part of it is called like no plain name")
                if name in self._engines_views:
                    raise _Beyond("a part of it is called like a relation of the engine's own")
            yield from self._names_of(node, known)

    def _names_of(self, node: Node, ctes: frozenset[str]) -> Iterator[str | Counter[str]]:
        kind, is_call = node.get("type"), node.get("class") in ("FUNCTION", "WINDOW")
        if "alias" in node and "sample" in node and kind not in _TABLES:
            raise _Beyond("it reads from something that is no relation")
        if kind == "BASE_TABLE":
            yield from self._table(node, ctes)
        elif kind == "TABLE_FUNCTION":
            yield from self._table_call(node)
        elif is_call and not node.get("of_table"):
            yield from self._call(fold(str(node.get("function_name"))), _argument_count(node))

    def _table(self, node: Node, ctes: frozenset[str]) -> Iterator[str]:
        catalog, schema, name = (
            fold(str(node.get(key) or "")) for key in ("catalog_name", "schema_name", "table_name")
        )
        if not schema and not catalog and name in ctes:
            return
        is_own = (schema, name) in self._sql if schema else self._is_own(name)
        if catalog or schema in _ENGINES_SCHEMAS or not is_own:
            raise _Beyond(f"it reads from `{name[:80]}`, which is not in the file")
        yield name

    def _is_own(self, name: str) -> bool:
        """Whether a bare name means a relation of the file, or nothing.

        Where the engine finds none of that name, it takes it for the path of a file, or for a relation of its own.
        """
        is_plain = re.fullmatch(r"\w+", name) is not None and name in self._places
        return name not in self._engines_views and (is_plain or (_MAIN, name) in self._sql)

    def _table_call(self, node: Node) -> Iterator[Counter[str]]:
        call = node.get("function")
        if not isinstance(call, dict):
            raise _Beyond("it reads from something that is no relation")
        name = fold(str(call.get("function_name")))
        call["of_table"] = True  # so that it is not judged again as a value
        macros = self._own_table_macros.get(name, ())
        if name in self._closed or not (macros or name in _TABLE_FUNCTIONS):
            raise _Beyond(f"it reads from the function `{name[:80]}`")
        self._refuse_defaults(name, _argument_count(call))
        for text in macros:
            yield self._followed(text)

    def _refuse_defaults(self, name: str, count: int) -> None:
        if count < self._parameters[name]:
            raise _Beyond(f"it leaves parameters of the macro `{name[:80]}` to what is not told")

    def _call(self, name: str, count: int) -> Iterator[Counter[str]]:
        self._refuse_defaults(name, count)
        macros = (*self._own_macros.get(name, ()), *self._built_in.macros.get(name, ()))
        is_known = name in self._built_in.harmless or (bool(macros) and name not in self._built_in.telling)
        if not is_known:
            raise _Beyond(f"it calls `{name[:80]}`")
        for text in macros:
            yield self._followed(text)


def is_pure(name: str) -> bool:
    """Whether a function that hangs on its arguments alone, by the engine's account, was looked at and does.

    Some do more, such as `json_serialize_plan`, which plans any SQL that it is given.
    """
    return fold(name) in _PURE or _OPERATOR.fullmatch(name) is not None


_CLOSED = frozenset("BETWEEN CASE CAST COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION OPERATOR".split())


def _is_closed(body: str, parameters: frozenset[str], macros: frozenset[str]) -> bool:
    """Whether a scalar macro is surely made of its parameters alone: it names no column beside them and reads none, nor
    calls another of the `macros` of its file. What stands before a function's name may be a column: `note.upper()`.
    """
    try:
        tree = serialize(f"SELECT {body}") if len(body) <= _LONGEST else None
    except SqlUnsupported:
        return False
    nodes = [node for node, _ in _nodes(tree) if node.get("class") is not None]
    refs = [node.get("column_names") for node in nodes if node.get("class") == "COLUMN_REF"]
    named = [ref for ref in refs if isinstance(ref, list) and len(ref) == 1 and fold(str(ref[0])) in parameters]
    calls = [node for node in nodes if "function_name" in node]
    bare = [node for node in calls if is_bare(node, "schema", "catalog", node["function_name"])]
    is_plain = bool(nodes) and len(named) == len(refs) and len(bare) == len(calls)
    is_plain = is_plain and all(node.get("class") in _CLOSED for node in nodes)
    return is_plain and macros.isdisjoint(_called(tree))


def _called(tree: object) -> Iterator[str]:
    """The names of all functions that a text calls, folded."""
    for node, _ in _nodes(tree):
        if "function_name" in node:
            yield fold(str(node.get("function_name")))


class _Beyond(Exception):
    """What a text names is not the file's own, in words."""


def _argument_count(call: Node) -> int:
    arguments = call.get("arguments", call.get("children"))
    return len(arguments) if isinstance(arguments, list) else 0


def _endless(reads: Mapping[tuple[str, str], Counter[str]]) -> set[tuple[str, str]]:
    """The relations that the engine would unfold into too many, or without end."""
    parts: dict[str, Counter[str]] = {}
    for (_, name), read in reads.items():
        parts[name] = parts.get(name, Counter()) | read
    order: tuple[str, ...] = ()
    while not order and parts:
        try:
            order = tuple(TopologicalSorter(parts).static_order())
        except CycleError as error:
            parts |= {name: Counter({"": _MOST}) for name in error.args[1]}
    sizes: dict[str, int] = {}
    for name in order:
        inside = sum(sizes[part] * count for part, count in parts.get(name, Counter()).items())
        sizes[name] = min(2 * _MOST, 1 + inside)
    return {place for place in reads if sizes[place[1]] > _MOST}


@dataclass(frozen=True, slots=True, kw_only=True)
class _BuiltIn:
    """The engine's own functions: those that may be called, all others, and what its macros are made of."""

    harmless: frozenset[str]
    telling: frozenset[str]
    macros: Mapping[str, tuple[str, ...]]

    def has(self, name: str) -> bool:
        """Whether the engine has a function of that name, folded."""
        return name in self.harmless or name in self.telling or name in self.macros


@functools.cache
def _known(rows: tuple[tuple[str, str, str, str], ...]) -> _BuiltIn:
    names = {name for name, kind, *_ in rows if kind != "macro"}
    told = {name for name, kind, stability, _ in rows if kind != "macro" and stability != "CONSISTENT"}
    harmless = {name for name in names - told if is_pure(name)} | (told & OF_TIME_AND_CHANCE)
    macros: dict[str, tuple[str, ...]] = {}
    for name, kind, _, definition in rows:
        if kind == "macro":
            macros[name] = (*macros.get(name, ()), f"SELECT {definition}")
    return _BuiltIn(harmless=frozenset(harmless) | _OF_SYNTAX, telling=frozenset(names - harmless), macros=macros)


def _built_in(world: World) -> _BuiltIn:
    rows = ((fold(str(name)), str(kind), str(how), str(made)) for name, kind, how, made in world.rows(_BUILT_IN))
    return _known(tuple(sorted(rows)))


def _query(view: str) -> str:
    """The query of a `CREATE VIEW`, as the engine writes it; no text where it cannot be found."""
    depth = 0
    try:
        for token in tokens_of_text(view, "duckdb", _LONGEST):
            depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
            if token.token_type is TokenType.ALIAS and depth == 0:
                return view[token.end + 1 :]
    except Unreadable:
        pass
    return ""


def _nodes(tree: object) -> Iterator[tuple[dict[str, object], frozenset[str]]]:
    """Every node of the engine's tree before what is in it, with the queries of WITH that are known there; no
    recursion, as a chain is as deep as it is long.
    """
    left = [(tree, frozenset[str]())]
    while left:
        value, known = left.pop()
        if isinstance(value, list):
            left += ((each, known) for each in value)
        elif isinstance(value, dict):
            yield value, known
            left += within(value, known)
