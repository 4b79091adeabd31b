"""The numbered steps by which a catalog file comes to its present shape; a step is never edited, only followed."""

import sqlite3
from collections.abc import Iterator

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from catalog.journal.tables import ARCHIVES_AND_TERMS, EVENT_INDEX, FILED_ANEW
from catalog.people.tables import PEOPLE, PROVIDED, SESSION_TOKENS, SESSIONS
from catalog.relations import called, stored_place
from catalog.request_tables import ACCESS_REQUESTS
from catalog.tables import CRAWLS, DATA, DRAFTS, FLOWS, HISTORY, TABLE_FLOWS, TAGS

APPLICATION_ID = 0x5645494C  # "VEIL": marks the file as ours

NEWEST = 27  # the number of the last step below

_STEPS = Migrations("veil")


def migrate(database: Database) -> None:
    """Brings the file to its present shape; call it inside a transaction, as others may be opening the file too."""
    _STEPS.apply(database)
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {NEWEST}")


@_STEPS(name="0001 the first catalog")
def _first_catalog(database: Database) -> None:
    for part in (DATA, TAGS, PEOPLE, HISTORY):
        _run(database, part)


@_STEPS(name="0002 roles carry capabilities")
def _role_capabilities(database: Database) -> None:
    database.execute("ALTER TABLE role ADD COLUMN capabilities TEXT NOT NULL DEFAULT '[]'")


@_STEPS(name="0003 the keys that a home works with")
def _master_keys(database: Database) -> None:
    database.execute(
        "CREATE TABLE master_key (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, since TEXT NOT NULL)"
    )


@_STEPS(name="0004 tags come by lineage")
def _lineage(database: Database) -> None:
    """An origin more than the table's check knew, so the table is made anew."""
    renewed = TAGS[TAGS.index("CREATE TABLE assignment") :].replace("'rule')", "'rule', 'lineage')")
    database.execute("ALTER TABLE assignment RENAME TO assignment_before")
    _run(database, renewed)
    database.execute("INSERT INTO assignment SELECT * FROM assignment_before")
    database.execute("DROP TABLE assignment_before")


@_STEPS(name="0005 rules have words and detectors")
def _words_and_detectors(database: Database) -> None:
    for column in ("words TEXT NOT NULL DEFAULT '[]'", "words_file TEXT", "detector TEXT"):
        database.execute(f"ALTER TABLE tag_rule ADD COLUMN {column}")


@_STEPS(name="0006 crawls are runs")
def _crawls(database: Database) -> None:
    _run(database, CRAWLS)


@_STEPS(name="0007 datasets have defects")
def _defects(database: Database) -> None:
    database.execute("ALTER TABLE dataset ADD COLUMN defects TEXT NOT NULL DEFAULT '[]'")


@_STEPS(name="0008 sign-ins are kept at the server")
def _sessions(database: Database) -> None:
    _run(database, SESSIONS)


@_STEPS(name="0009 sources describe datasets")
def _descriptions(database: Database) -> None:
    database.execute("ALTER TABLE dataset ADD COLUMN description TEXT NOT NULL DEFAULT ''")


@_STEPS(name="0010 events are found by what they mention")
def _event_index(database: Database) -> None:
    _run(database, EVENT_INDEX)


@_STEPS(name="0011 the journal is passed on to sinks")
def _sinks(database: Database) -> None:
    database.execute("CREATE TABLE sink (name TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID")


@_STEPS(name="0012 suggestions may be found no longer")
def _missing(database: Database) -> None:
    database.execute("ALTER TABLE assignment ADD COLUMN missing_since TEXT NOT NULL DEFAULT ''")


@_STEPS(name="0013 people come from an identity provider")
def _provided(database: Database) -> None:
    _run(database, PROVIDED + SESSION_TOKENS)


@_STEPS(name="0014 drafts of policies, and sign-ins that look as somebody else")
def _drafts(database: Database) -> None:
    _run(database, DRAFTS)


@_STEPS(name="0015 events are archived, and found by sets of them")
def _archives_and_terms(database: Database) -> None:
    """Everything that searches need is filed again, as it is taken from the events themselves."""
    _run(database, ARCHIVES_AND_TERMS)


@_STEPS(name="0016 people ask for access")
def _access_requests(database: Database) -> None:
    _run(database, ACCESS_REQUESTS)


@_STEPS(name="0017 tokens carry what they were made for")
def _scopes(database: Database) -> None:
    """NULL is everything that the owner may do, as every token was worth until then."""
    for table in ("api_token", "session_token"):
        database.execute(f"ALTER TABLE {table} ADD COLUMN scopes TEXT")


@_STEPS(name="0018 the last look at a relation is found")
def _looks(database: Database) -> None:
    database.execute("CREATE INDEX crawl_item_by_relation ON crawl_item (relation)")


@_STEPS(name="0019 it is kept what columns are made of")
def _flows(database: Database) -> None:
    _run(database, FLOWS)


@_STEPS(name="0020 sources are known to reach one database")
def _reaches(database: Database) -> None:
    database.execute("ALTER TABLE source ADD COLUMN reaches TEXT NOT NULL DEFAULT ''")


@_STEPS(name="0021 SQL as it ran is filed apart")
def _governed_apart(database: Database) -> None:
    """Everything that searches need is filed again, as it is taken from the events themselves."""
    _run(database, FILED_ANEW)


@_STEPS(name="0022 policies that hide alone are filed apart")
def _hiding_apart(database: Database) -> None:
    """Once more, for homes in which the step before was taken."""
    _run(database, FILED_ANEW)


@_STEPS(name="0023 what statements and reviews say is filed apart")
def _stated_apart(database: Database) -> None:
    _run(database, FILED_ANEW)


@_STEPS(name="0024 crawls are of no part of the journal")
def _crawls_of_no_part(database: Database) -> None:
    _run(database, FILED_ANEW)


@_STEPS(name="0025 datasets that are the same table are found")
def _doubles(database: Database) -> None:
    database.execute("ALTER TABLE dataset ADD COLUMN called TEXT NOT NULL DEFAULT ''")
    known = database.execute(
        "SELECT d.id, s.connector, d.relation FROM dataset d JOIN source s ON s.id = d.source_id"
    ).fetchall()
    for dataset, connector, relation in known:
        database.execute("UPDATE dataset SET called = ? WHERE id = ?", [called(connector, relation), dataset])
    database.execute("CREATE INDEX dataset_by_called ON dataset (called)")


@_STEPS(name="0026 it is kept what tables hold of others, registered or not")
def _table_flows(database: Database) -> None:
    _run(database, TABLE_FLOWS)
    for dataset, relation in database.execute("SELECT id, relation FROM dataset").fetchall():
        database.execute("UPDATE dataset SET place = ? WHERE id = ?", [stored_place(relation), dataset])


@_STEPS(name="0027 revisions that leave the state as it was keep none")
def _kept_states(database: Database) -> None:
    database.execute("CREATE INDEX revision_with_state ON revision (number) WHERE state <> ''")


def _run(database: Database, script: str) -> None:
    for statement in _statements(script):
        database.execute(statement)


def _statements(script: str) -> Iterator[str]:
    """The script's statements one by one: `executescript` would commit the transaction that a step runs in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
