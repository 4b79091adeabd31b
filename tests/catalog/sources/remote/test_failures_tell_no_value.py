"""What a database says of a value that it cannot work out may repeat the value; which one it was, no error tells."""

from pathlib import Path

import pytest

from catalog.errors import SourceUnavailable
from tests.databases import Server
from tests.remote_tables import Database, rows_of

WORDS = (
    *(
        "much",
        "too many",
        "permission denied for",
        'role "x',
        "canceling statement",
        "timed out",
        "SSL",
        "5 dimensions",
    ),
    *("Connection refused", "ERROR:  could not ", "conflict with recovery", "read-only transaction", "password"),
)


def _fails(database: Database, word: str, made: str) -> str:
    database.run(f"CREATE TABLE t (told varchar(40)); INSERT INTO t VALUES ('{word}'); CREATE VIEW v AS {made};")
    with pytest.raises(SourceUnavailable) as failed:
        rows_of(database.source, database.relation("v"))
    database.run("DROP VIEW v; DROP TABLE t;")
    return f"{failed.value.detail}; {failed.value.hint}"


def test_postgres_says_the_same_of_every_value(postgres: Server, tmp_path: Path) -> None:
    database = Database("postgres", postgres, tmp_path)
    told = {_fails(database, word, "SELECT told::int AS n FROM t") for word in WORDS}
    assert told == {
        "source `data` cannot be read: a value in it cannot be read, an array of several dimensions perhaps, or not be "
        "worked out by a view; mend the value or the view, or make a view without it, and crawl that"
    }


def test_mariadb_says_the_same_of_every_value(mariadb: Server, tmp_path: Path) -> None:
    database = Database("mariadb", mariadb, tmp_path)
    database.run(
        "DELIMITER //\nCREATE FUNCTION fail(told text) RETURNS int NO SQL "
        "BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = told; RETURN 1; END//\nDELIMITER ;\n"
        f"GRANT EXECUTE ON {database.name}.* TO {database.name}@'127.0.0.1';"
    )
    told = {_fails(database, word, "SELECT fail(told) AS n FROM t") for word in WORDS}
    assert told == {
        "source `data` cannot be read: a value in it cannot be worked out by a view, or it failed; "
        "mend the value or the view, and look into the log of its server"
    }
