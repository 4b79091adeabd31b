"""A closed world: one in-memory DuckDB that can reach its own files, and nothing else, ever."""

import os
import re
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
from duckdb.sqltypes import DuckDBPyType

from catalog.errors import SourceUnavailable
from catalog.names import quoted
from catalog.sources.byte_counts import byte_count
from catalog.sources.database_files import LOGS, pinned
from catalog.sources.failures import mapped
from catalog.sources.functions import functions_at, register
from catalog.sources.held_files import HeldFiles
from catalog.sources.kept import Kept

_PLAIN = ' COLLATE "binary"'
_ALONE: dict[str, str | bool | int | float | list[str]] = {"async_threads": 0, "threads": 1}
"""Without threads of the engine's own: whatever it does, it does in the thread that has it done."""

_MARKS = re.compile(r"[*?\[]")
BY_STATISTICS = ("statistics_propagation", "row_group_pruner", "partitioned_execution")
"""Optimizers that know the least and largest values of all rows, filtered-out ones too: these would choose the order of
groups, which of several equal rows stand before a LIMIT, and which parts of a file are read first.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What one world may use; spilled data lies in a folder of its own under `folder`, closed to others.

    `functions` says where Veil's own stand, known to the world beside the engine's: `package.module:NAME`.
    """

    memory: str = "1GB"
    spill: str = "16GB"
    threads: int = max(1, min(4, os.cpu_count() or 1))
    folder: Path | None = None
    functions: str = ""


class World:
    """A locked engine over the given files, folders and database files.

    It lives as long as somebody holds it: an evicted world ends with its last run. `kept` are connections to other
    systems that one of its runs leaves to the next.
    """

    def __init__(
        self,
        resources: Resources,
        *,
        files: Iterable[Path] = (),
        folders: Iterable[Path] = (),
        databases: Iterable[Path] = (),
        states: Collection[str] | None = None,
        held: HeldFiles | None = None,
    ) -> None:
        """`held` are files that it lets go of when it ends; `states` tell how each database and its logs must stand."""
        spill = tempfile.mkdtemp(prefix="veil-", dir=resources.folder)
        self._aliases = {path: f"d_{secrets.token_hex(8)}" for path in sorted(set(databases))}
        alone = _ALONE if self._aliases else {}
        self._connection = duckdb.connect(":memory:", config=_configuration(resources, spill) | alone)
        self.kept = Kept()
        self._end = weakref.finalize(self, _end, self._connection, spill, self.kept, held)
        self.is_broken = False
        self.spill = Path(spill)
        self.spill_bytes = byte_count(resources.spill)
        try:
            register(self._connection, functions_at(resources.functions))
            for path, alias in self._aliases.items():
                self._attach(path, alias, states, Path(spill))
            if alone:
                self._connection.execute(f"RESET async_threads; SET threads = {resources.threads:d}")
            self._lock(files, folders)
        except BaseException:
            self.close()
            raise

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own into this world, for one thread and one statement."""
        return self._connection.cursor()

    def close(self) -> None:
        """Ends the world at once; running statements fail."""
        self._end()

    def alias(self, database: Path) -> str:
        """The unguessable name under which a database file is attached here."""
        return self._aliases[database]

    def item(self, item: str, database: Path | None) -> str:
        """An item of a FROM clause, in the attached database it belongs to."""
        return item if database is None else f"{self.alias(database)}.{item}"

    def columns(self, item: str) -> tuple[tuple[str, DuckDBPyType], ...]:
        """The columns of an item of a FROM clause, with the engine's types."""
        cursor = self.cursor()
        try:
            relation = cursor.sql(f"SELECT * FROM {item}")
            return tuple(zip(relation.columns, relation.types, strict=True))
        except duckdb.Error as error:
            raise mapped(error) from None
        except UnicodeDecodeError:
            raise _no_text() from None
        finally:
            cursor.close()

    def rows(self, sql: str, parameters: dict[str, object] | None = None) -> list[tuple[object, ...]]:
        """All rows of a small statement of Veil's own."""
        cursor = self.cursor()
        try:
            result: list[tuple[object, ...]] = cursor.execute(sql, parameters or {}).fetchall()
            return result
        except duckdb.Error as error:
            raise mapped(error) from None
        except UnicodeDecodeError:
            raise _no_text() from None
        finally:
            cursor.close()

    def _attach(self, path: Path, alias: str, states: Collection[str] | None, spill: Path) -> None:
        """INVARIANT: the engine opens the file, and a log of it, in here alone; it has no thread of its own yet."""
        attach = f"ATTACH {literal(str(path))} AS {alias} (READ_ONLY)"
        try:
            with pinned(path, LOGS, states) as pins:
                pins.opening(lambda: self._connection.execute(attach), folder=spill, is_alone=True)
        except (duckdb.Error, UnicodeDecodeError):
            raise SourceUnavailable(
                f"the database file `{path.name}` cannot be opened",
                hint="it may be damaged, of a newer version, or open for writing in another program",
            ) from None

    def _lock(self, files: Iterable[Path], folders: Iterable[Path]) -> None:
        # The engine checks a path before it reads it as a pattern: a literal file needs both of its spellings.
        paths = sorted({spelling for file in files for spelling in (str(file), pattern(file))})
        for statement in (
            f"SET allowed_paths = [{', '.join(map(literal, paths))}]",
            f"SET allowed_directories = [{', '.join(literal(str(folder)) for folder in folders)}]",
            "SET GLOBAL explain_output = 'all'",  # a plan is told before anything was left out of it, too
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            self._connection.execute(statement)


def _no_text() -> SourceUnavailable:
    return SourceUnavailable("a name in a database file is no UTF-8", hint="look at the file; it may be damaged")


def literal(text: str) -> str:
    """A text as SQL writes it.

    Example:
        >>> literal("o'hara")
        "'o''hara'"
    """
    return "'" + text.replace("'", "''") + "'"


def pattern(file: Path) -> str:
    """The glob pattern that means exactly this file.

    Example:
        >>> pattern(Path("/data/q[1].csv"))
        '/data/q[[]1].csv'
    """
    return _MARKS.sub(r"[\g<0>]", str(file))


def columns_as(columns: Iterable[tuple[str, str]], *, is_collated: bool = False) -> str:
    """Columns cast to types, as a select list; collations that they may have are left behind.

    Example:
        >>> columns_as([("n", "VARCHAR")], is_collated=True)
        'CAST("n" AS VARCHAR) COLLATE "binary" AS "n"'
    """
    return ", ".join(
        f"CAST({quoted(name)} AS {type_}){_PLAIN if is_collated and type_ == 'VARCHAR' else ''} AS {quoted(name)}"
        for name, type_ in columns
    )


def _configuration(resources: Resources, spill: str) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "allow_community_extensions": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "disabled_optimizers": ",".join(BY_STATISTICS),
        "enable_external_file_cache": "false",  # it would hold files in memory up to the memory limit
        "max_temp_directory_size": resources.spill,
        "memory_limit": resources.memory,
        "python_enable_replacements": "false",
        "python_scan_all_frames": "false",
        "temp_directory": spill,
        "threads": resources.threads,
    }


def _end(connection: duckdb.DuckDBPyConnection, spill: str, kept: Kept, held: HeldFiles | None) -> None:
    kept.close()
    connection.close()
    if held is not None:
        held.close()
    shutil.rmtree(spill, ignore_errors=True)
