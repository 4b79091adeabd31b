"""The connector `duckdb`: an existing database file, read-only, its schemas, tables and views included."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pyarrow as pa

from catalog.descriptions import KeyPart, description
from catalog.errors import LimitExceeded, SourceTimeout, SourceUnavailable, VeilError
from catalog.model import Description, Field, Key
from catalog.names import fold, join, quoted, split
from catalog.sources import duckdb_looks as looks
from catalog.sources.allowed_time import TimeOver
from catalog.sources.connector import Expected, GeneratedColumn, Relation, Scan, ViewSql
from catalog.sources.database_files import LOGS, found, states_beside
from catalog.sources.duckdb_survey import Survey, fields_told
from catalog.sources.states import state_told
from catalog.sources.view_sql import relations_read
from catalog.sources.workers.apart import Asking

_SECONDS = 120.0
_WAIT_SECONDS = 20.0  # for others who look; each who waits holds a thread of the server
_FAILED_SECONDS = 60.0
_MAIN = "main"  # where the engine looks for what is not in a view's own schema
_COMMENT, _KEY = 2, 6  # of how many parts each is


class _TooMuch(SourceUnavailable):
    """A look took more memory or time than it may, and would again."""


class DuckDbFileConnector:
    """A DuckDB database file, held open only while it is looked at.

    Example: option `path` is `./clinic.duckdb`; its relations are `main.visits` and `clinic."Lab Results"`.
    """

    engine = "embedded"

    def __init__(self, name: str, options: Mapping[str, str]) -> None:
        self._path = Path(options["path"]).absolute()
        self._guard = threading.Lock()
        self._known: tuple[str, Survey] | None = None
        self._failed: tuple[str, float, _TooMuch] | None = None
        self._textless: dict[Expected, frozenset[str]] = {}
        self._asking = Asking(looks.__name__)

    def stop_when(self, is_unwanted: Callable[[], bool]) -> None:
        """From now on a look ends with its worker as soon as it is unwanted."""
        self._asking.is_unwanted = is_unwanted

    def stay_open(self, seconds: float) -> AbstractContextManager[None]:
        """Within it looks share a worker; the file is opened anew by each, as its owner may want to write."""
        return self._asking.kept()

    def relations(self, path: str | None = None) -> Iterator[Relation]:
        """Every table and view, or those of schema `path`, or the one relation of that name."""
        wanted = tuple(map(fold, split(path))) if path else ()
        fingerprint = self._fingerprint()
        names = list(self._survey(fingerprint).relations)
        plain = Counter(fold(name) for _, name in names)
        for schema, name in names:
            if (fold(schema), fold(name))[: len(wanted)] == wanted:
                suggested = name if plain[fold(name)] == 1 else f"{schema}_{name}"
                yield Relation(name=join(schema, name), suggested_name=suggested, fingerprint=fingerprint)

    def identity(self) -> str:
        """The file by its own path, whichever links lead to it."""
        return f"duckdb:{self._path.resolve()}"

    def views(self) -> Mapping[str, ViewSql]:
        """The SQL of every view, by relation, as the engine keeps it; none of one that reads by a macro."""
        known = self._survey(self._fingerprint())
        clear = {place: "" if place in known.by_macros else sql for place, sql in known.views.items()}
        return {join(*place): ViewSql(sql, "duckdb") for place, sql in clear.items()}

    def generated(self) -> Sequence[GeneratedColumn]:
        """The generated columns of every table, by the SQL that the engine keeps."""
        return self._survey(self._fingerprint()).generated

    def references(self) -> Mapping[str, tuple[Key, ...]]:
        """The foreign keys of every table."""
        return self._survey(self._fingerprint()).references

    def describe(self, relation: str) -> tuple[Field, ...]:
        """Columns in order with the types DuckDB gives them; raises SourceUnavailable."""
        self._refuse_beyond(relation, self._fingerprint())
        return fields_told(self._looked(relation, looks.columns, relation, _item(relation), told=looks.COLUMNS))

    def description(self, relation: str) -> Description:
        """The comments and keys that the file keeps, and what a view reads; raises SourceUnavailable."""
        schema, table = place = _parts(relation)
        told = self._looked(relation, looks.description, schema, table, told=looks.DESCRIPTION)
        parts = [[str(part) for part in row["parts"]] for row in told.to_pylist()]
        comments = [(name, said) for name, said in (row for row in parts if len(row) == _COMMENT)]
        keys = [KeyPart(*row) for row in parts if len(row) == _KEY]
        known = self._survey(self._fingerprint())
        if place not in known.views:
            return description(comments, keys)
        if place in known.by_macros:
            return description(comments, keys, None)
        sql = ViewSql(known.views[place], "duckdb")
        return description(comments, keys, relations_read(sql, within=[schema, _MAIN], known=known.relations))

    def sample(self, relation: str, rows: int) -> pa.Table:
        """As many rows as come first, fewer where they are large."""
        self._refuse_beyond(relation, self._fingerprint())
        return self._looked(relation, looks.sample, relation, _item(relation), rows)

    def scan(self, expected: Expected) -> Scan:
        """How the engine reads the relation out of the attached file."""
        item, states = _item(expected.relation), self._states()
        fingerprint, file = "|".join(states), Path(state_told(states[0])[0])
        self._refuse_beyond(expected.relation, fingerprint)
        known = self._survey(fingerprint)
        is_view, raising = fold(item) in known.view_items, known.raising.get(fold(item), frozenset())
        if not is_view:
            raising |= self._textless_of(expected)
        return Scan(
            item=item,
            files=(file,),
            fingerprint=fingerprint,
            database=file,
            states=states,
            may_raise=is_view or bool(raising),
            safe=None if is_view else frozenset(fold(name) for name, _ in expected.columns) - raising,
        )

    def _refuse_beyond(self, relation: str, fingerprint: str) -> None:
        """Raises SourceUnavailable where a relation reaches beyond the file."""
        schema, name = _parts(relation)
        if why := self._survey(fingerprint).beyond.get((fold(schema), fold(name))):
            raise SourceUnavailable(
                f"`{relation}` reaches beyond its database file: {why}",
                hint="make it of the file's relations and of functions that tell nothing of a session",
            )

    def _survey(self, fingerprint: str) -> Survey:
        """What is known of all relations, as long as the file stands as it did; so it is of a failure, for a while."""
        with self._turn():
            if self._known is None or self._known[0] != fingerprint:
                self._refuse_failed(fingerprint)
                try:
                    told = self._looked("", looks.survey, told=looks.SURVEY)
                except _TooMuch as error:
                    self._failed = fingerprint, time.monotonic() + _FAILED_SECONDS, error
                    raise
                self._known = fingerprint, Survey.of(told)
                self._textless.clear()
            return self._known[1]

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One looks at a time; raises SourceUnavailable where the others take long."""
        if not self._guard.acquire(timeout=_WAIT_SECONDS):
            raise SourceUnavailable(
                f"the database file `{self._path.name}` is being looked at, which takes long",
                hint="try again in a moment",
            )
        try:
            yield
        finally:
            self._guard.release()

    def _refuse_failed(self, fingerprint: str) -> None:
        """Raises what a look at this state has failed with not long ago."""
        if self._failed is not None:
            failed, until, error = self._failed
            if failed == fingerprint and time.monotonic() < until:
                raise _TooMuch(error.detail, hint=error.hint)

    def _textless_of(self, expected: Expected) -> frozenset[str]:
        """The columns, folded, with values that may have no text; all of a table that cannot be looked at."""
        relation = expected.relation
        if expected not in self._textless:
            try:
                told = self._looked(relation, looks.columns, relation, _item(relation), told=looks.COLUMNS)
                textless = frozenset(fold(row["name"]) for row in told.to_pylist() if row["may_have_no_text"])
            except TimeOver:
                raise
            except VeilError:
                textless = frozenset(fold(name) for name, _ in expected.columns)
            self._textless[expected] = textless
        return self._textless[expected]

    def _looked(
        self, relation: str, look: Callable[..., pa.Table], *arguments: object, told: pa.Schema | None = None
    ) -> pa.Table:
        """What a look at a relation gives, or at the file as a whole."""
        what = f"`{relation}`" if relation else f"the database file `{self._path.name}`"
        try:
            table = self._asking.ask(_SECONDS, look, self._states(), *arguments)
        except TimeOver:
            raise
        except (LimitExceeded, SourceTimeout):
            raise _TooMuch(
                f"{what} takes more memory or time to be looked at than it may",
                hint="look at what its views work out; make them smaller, or tables of them",
            ) from None
        if told is not None and table.schema != told:
            raise SourceUnavailable(f"{what} cannot be looked at", hint="look at the file; it may be damaged")
        return table

    def _fingerprint(self) -> str:
        """Changes whenever the file, or a log of changes beside it, is written to."""
        return "|".join(self._states())

    def _states(self) -> tuple[str, ...]:
        """The file's first, then those of its logs."""
        return states_beside(found(self._path), LOGS)


def _item(relation: str) -> str:
    return ".".join(map(quoted, _parts(relation)))


def _parts(relation: str) -> tuple[str, str]:
    """The schema and the name."""
    match split(relation):
        case (name,):
            return _MAIN, name
        case (schema, name):
            return schema, name
    raise SourceUnavailable(f"`{relation}` is no name of a table", hint="write schema.table")
