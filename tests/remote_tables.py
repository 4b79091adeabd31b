"""Writes the same rows into a database of each kind, and gives the source that reads them."""

import itertools
import math
import re
import sqlite3
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa

from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import Expected, Limits
from catalog.sources.sessions import SessionCache
from tests.databases import PASSWORD, Server

KINDS = ("sqlite", "postgres", "mariadb")
_TYPES = {
    "postgres": {"DOUBLE": "double precision", "VARCHAR": "text"},
    "mariadb": {"VARCHAR": "text", "TIMESTAMP": "datetime(6)"},
    "sqlite": {"VARCHAR": "TEXT", "TIMESTAMP": "DATETIME"},
}
_NOT_FINITE = {
    "postgres": {"inf": "'inf'", "-inf": "'-inf'", "nan": "'nan'"},
    "sqlite": {"inf": "9e999", "-inf": "-9e999", "nan": "3.3e38"},
    "mariadb": {"inf": "3.4e38", "-inf": "-3.4e38", "nan": "3.3e38"},
}
"""What stands for such a number, another one where a database has none: a value stays a value."""
_NUMBERS = itertools.count()

Columns = Sequence[tuple[str, str]]
"""The names of columns with their types, as DuckDB writes them."""


def rows_of(source: Source, relation: str) -> pa.Table:
    """All of a relation as the engine has it, without any condition."""
    fields = connect(source).describe(relation)
    expected = Expected(relation=relation, columns=tuple((field.name, field.type) for field in fields))
    session = SessionCache(connect).open([(source, expected)])
    run = session.run(f"FROM {session.physical_name(source.name, relation)}", {}, Limits())
    return pa.Table.from_batches(run, schema=run.schema)


class Database:
    """An empty database of one kind; `source` says how Veil reads it, `shown` what it is called in a document.

    One of a server has an account of its own name: `url` and `address` (host, port, account, password, database).
    """

    def __init__(self, kind: str, server: Server | None, folder: Path) -> None:
        self.kind = kind
        self.url = ""
        self.address = ("", 0, "", "", "")
        self._server = server
        self.name = f"d{next(_NUMBERS)}"
        self._file = folder / f"{self.name}.sqlite"
        if server is None:
            sqlite3.connect(self._file).close()
            options = {"path": str(self._file)}
        else:
            options = {"url_file": str(folder / f"{self.name}.url")}
            self.url = self._made(server)
            self.address = ("127.0.0.1", server.port, self.name, PASSWORD, self.name)
            Path(options["url_file"]).write_text(self.url)
        self.source = Source(name="data", connector=kind, options=options)
        settings = ", ".join(f"{option}: {value}" for option, value in options.items())
        self.shown = f"{{connector: {kind}, {settings}}}"

    def relation(self, table: str) -> str:
        """What a table is called as a relation."""
        return f"{ {'sqlite': 'main', 'postgres': 'public'}.get(self.kind, self.name) }.{table}".replace(" ", "")

    def write(self, table: str, columns: Columns, rows: Sequence[Sequence[object]]) -> None:
        """Makes a table of these rows, in this order."""
        declared = ", ".join(f"{self._quoted(name)} {self._type(kind)}" for name, kind in columns)
        values = ",\n".join(f"({', '.join(map(self._literal, row))})" for row in rows)
        self.run(f"CREATE TABLE {table} ({declared});\n" + (f"INSERT INTO {table} VALUES {values};\n" if rows else ""))

    def run(self, sql: str) -> None:
        """Runs statements as the database's owner; its account may read what is there then."""
        if self._server is None:
            with sqlite3.connect(self._file) as connection:
                connection.executescript(sql)
            connection.close()
        elif self.kind == "postgres":
            self._server.run(f"{sql}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {self.name}", self.name)
        else:
            self._server.run(f"SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES';\n{sql}", self.name)

    def write_raw(self, columns: Columns, rows: Sequence[Sequence[str]]) -> str:
        """Makes a table of columns as this database declares them and of literals in its own SQL; gives its name."""
        table = f"t{next(_NUMBERS)}"
        sql = "SET sql_mode = 'ALLOW_INVALID_DATES';\n" if self.kind == "mariadb" else ""
        sql += f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in columns)});\n"
        for row in rows:
            sql += f"INSERT INTO {table} VALUES ({', '.join(row)});\n"
        self.run(sql)
        return table

    def _made(self, server: Server) -> str:
        if server.kind == "postgres":
            server.run(f"CREATE DATABASE {self.name}; CREATE ROLE {self.name} LOGIN PASSWORD '{PASSWORD}'")
        else:
            account = f"{self.name}@'127.0.0.1'"
            server.run(
                f"CREATE DATABASE {self.name} CHARACTER SET utf8mb4;"
                f"CREATE USER {account} IDENTIFIED BY '{PASSWORD}'; GRANT SELECT ON {self.name}.* TO {account}"
            )
        return server.url(self.name, self.name)

    def _type(self, kind: str) -> str:
        return _TYPES[self.kind].get(kind, kind)

    def _quoted(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def _literal(self, value: object) -> str:
        match value:
            case None:
                return "NULL"
            case bool():
                return str(int(value)) if self.kind == "sqlite" else str(value)
            case float() if not math.isfinite(value):
                return _NOT_FINITE[self.kind][str(value)]
            case date():
                return f"'{value.isoformat().replace('T', ' ')}'"
            case str():
                return "'" + value.replace("'", "''") + "'"
            case _:
                return re.sub(r"[()']", "", str(value))
