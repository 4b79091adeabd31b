"""The numbered steps by which a catalog file comes to its present shape; a step is never edited, only followed."""

import sqlite3
from collections.abc import Iterator

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from catalog.journal.tables import ARCHIVES_AND_TERMS, EVENT_INDEX
from catalog.request_tables import ACCESS_REQUESTS

APPLICATION_ID = 0x5645494C  # "VEIL": marks the file as ours

NEWEST = 17  # the number of the last step below

_STEPS = Migrations("veil")

_DATA = """
    CREATE TABLE counter (
        name TEXT PRIMARY KEY,
        value INTEGER NOT NULL
    );
    INSERT INTO counter VALUES ('catalog', 0);

    CREATE TABLE source (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL COLLATE NOCASE UNIQUE,
        connector TEXT NOT NULL,
        options TEXT NOT NULL
    );
    CREATE TABLE database (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL COLLATE NOCASE UNIQUE,
        comment TEXT NOT NULL
    );
    CREATE TABLE dataset (
        id INTEGER PRIMARY KEY,
        database_id INTEGER NOT NULL REFERENCES database,
        name TEXT NOT NULL COLLATE NOCASE,
        source_id INTEGER NOT NULL REFERENCES source,
        relation TEXT NOT NULL,
        comment TEXT NOT NULL,
        is_gone INTEGER NOT NULL DEFAULT 0,
        UNIQUE (database_id, name)
    );
    CREATE INDEX dataset_by_relation ON dataset (source_id, relation);
    CREATE TABLE field (
        id INTEGER PRIMARY KEY,
        dataset_id INTEGER NOT NULL REFERENCES dataset ON DELETE CASCADE,
        path TEXT NOT NULL COLLATE NOCASE,
        type TEXT NOT NULL,
        position INTEGER NOT NULL,
        is_gone INTEGER NOT NULL DEFAULT 0,
        UNIQUE (dataset_id, path)
    );
"""

_TAGS = """
    CREATE TABLE tag (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        comment TEXT NOT NULL,
        level TEXT NOT NULL
    );
    CREATE TABLE tag_rule (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL COLLATE NOCASE UNIQUE,
        tag_id INTEGER NOT NULL REFERENCES tag,
        column_name TEXT,
        content TEXT,
        min_match REAL NOT NULL,
        min_rows INTEGER NOT NULL
    );
    CREATE TABLE database_tag (
        database_id INTEGER NOT NULL REFERENCES database ON DELETE CASCADE,
        tag_id INTEGER NOT NULL REFERENCES tag,
        PRIMARY KEY (database_id, tag_id)
    );
    CREATE TABLE assignment (
        id INTEGER PRIMARY KEY,
        dataset_id INTEGER NOT NULL REFERENCES dataset ON DELETE CASCADE,
        path TEXT NOT NULL COLLATE NOCASE,
        tag_id INTEGER NOT NULL REFERENCES tag,
        state TEXT NOT NULL CHECK (state IN ('suggested', 'confirmed', 'rejected')),
        origin TEXT NOT NULL CHECK (origin IN ('document', 'person', 'rule')),
        rule TEXT NOT NULL COLLATE NOCASE,
        confidence REAL NOT NULL,
        evidence TEXT NOT NULL,
        by TEXT NOT NULL,
        at TEXT NOT NULL,
        UNIQUE (dataset_id, path, tag_id)
    );
"""

_PEOPLE = """
    CREATE TABLE role (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL COLLATE NOCASE UNIQUE,
        groups TEXT NOT NULL
    );
    CREATE TABLE user (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL COLLATE NOCASE UNIQUE,
        groups TEXT NOT NULL,
        attributes TEXT NOT NULL,
        password_hash TEXT
    );
    CREATE TABLE api_token (
        id TEXT PRIMARY KEY,
        user_id INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
        name TEXT NOT NULL,
        token_hash BLOB NOT NULL UNIQUE,
        created_at TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        revoked_at TEXT,
        last_used_at TEXT
    );
"""

_HISTORY = """
    CREATE TABLE revision (
        number INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        by TEXT NOT NULL,
        why TEXT NOT NULL,
        difference TEXT NOT NULL,
        state TEXT NOT NULL
    );
    CREATE TRIGGER revision_stays BEFORE UPDATE ON revision BEGIN
        SELECT RAISE(ABORT, 'a revision is never changed');
    END;
    CREATE TRIGGER revision_is_kept BEFORE DELETE ON revision BEGIN
        SELECT RAISE(ABORT, 'a revision is never deleted');
    END;

    CREATE TABLE event (
        seq INTEGER PRIMARY KEY,
        body TEXT NOT NULL,
        previous_hash TEXT NOT NULL,
        hash TEXT NOT NULL,
        at TEXT AS (json_extract(body, '$.at')),
        kind TEXT AS (json_extract(body, '$.kind')),
        user TEXT COLLATE NOCASE AS (json_extract(body, '$.user')),
        verdict TEXT AS (json_extract(body, '$.verdict')),
        decision_id TEXT AS (json_extract(body, '$.decision_id'))
    );
    CREATE INDEX event_by_user ON event (user, seq);
    CREATE INDEX event_by_kind ON event (kind, seq);
    CREATE INDEX event_by_decision ON event (decision_id, seq);
    CREATE TRIGGER event_stays BEFORE UPDATE ON event BEGIN
        SELECT RAISE(ABORT, 'an event of the journal is never changed');
    END;
    CREATE TRIGGER event_is_kept BEFORE DELETE ON event BEGIN
        SELECT RAISE(ABORT, 'an event of the journal is never deleted');
    END;
    CREATE TRIGGER event_follows BEFORE INSERT ON event
    WHEN NEW.seq <= (SELECT coalesce(max(seq), 0) FROM event) BEGIN
        SELECT RAISE(ABORT, 'an event of the journal is only added at its end');
    END;
    CREATE TABLE journal_head (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        seq INTEGER NOT NULL,
        hash TEXT NOT NULL
    );
    INSERT INTO journal_head VALUES (1, 0, '');
"""

_CRAWLS = """
    CREATE TABLE crawl_run (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        source TEXT NOT NULL COLLATE NOCASE,
        path TEXT NOT NULL,
        into_database TEXT NOT NULL,
        is_full INTEGER NOT NULL,
        by TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'paused', 'done', 'failed', 'cancelled')),
        wants_stop INTEGER NOT NULL DEFAULT 0,
        is_listed INTEGER NOT NULL DEFAULT 0,
        requested_at TEXT NOT NULL,
        started_at TEXT,
        ended_at TEXT,
        problem TEXT NOT NULL DEFAULT '',
        counts TEXT NOT NULL DEFAULT '{}'
    );
    CREATE INDEX crawl_run_by_source ON crawl_run (source, id);
    CREATE TABLE crawl_item (
        run_id INTEGER NOT NULL REFERENCES crawl_run ON DELETE CASCADE,
        position INTEGER NOT NULL,
        relation TEXT NOT NULL,
        name TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        is_listed INTEGER NOT NULL,
        outcome TEXT NOT NULL DEFAULT '',
        datasets TEXT NOT NULL DEFAULT '[]',
        suggestions INTEGER NOT NULL DEFAULT 0,
        reason TEXT NOT NULL DEFAULT '',
        hint TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (run_id, position)
    ) WITHOUT ROWID;
    CREATE TABLE crawl_mark (
        dataset_id INTEGER PRIMARY KEY REFERENCES dataset ON DELETE CASCADE,
        mark TEXT NOT NULL
    );
"""

_SESSIONS = """
    CREATE TABLE web_session (
        id TEXT PRIMARY KEY,
        text_hash BLOB NOT NULL UNIQUE,
        user TEXT NOT NULL COLLATE NOCASE,
        mark TEXT NOT NULL,
        provider TEXT NOT NULL,
        groups TEXT NOT NULL,
        attributes TEXT NOT NULL,
        logout_hint TEXT NOT NULL,
        client TEXT NOT NULL,
        began_at TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        ended_at TEXT
    );
    CREATE INDEX web_session_by_user ON web_session (user);
"""

_PROVIDED = """
    CREATE TABLE provided_name (
        name TEXT PRIMARY KEY COLLATE NOCASE,
        provider TEXT NOT NULL,
        subject TEXT NOT NULL,
        since TEXT NOT NULL,
        refused_before TEXT
    );
"""

_SESSION_TOKENS = """
    CREATE TABLE session_token (
        id TEXT PRIMARY KEY,
        session_id TEXT NOT NULL REFERENCES web_session ON DELETE CASCADE,
        name TEXT NOT NULL,
        token_hash BLOB NOT NULL UNIQUE,
        created_at TEXT NOT NULL,
        revoked_at TEXT,
        last_used_at TEXT
    );
    CREATE INDEX session_token_by_session ON session_token (session_id);
"""

_DRAFTS = """
    CREATE TABLE policy_draft (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        form TEXT NOT NULL,
        by TEXT NOT NULL COLLATE NOCASE,
        revision INTEGER NOT NULL,
        began_at TEXT NOT NULL,
        changed_at TEXT NOT NULL
    );
    ALTER TABLE web_session ADD COLUMN viewing TEXT NOT NULL DEFAULT '';
"""


def migrate(database: Database) -> None:
    """Brings the file to its present shape; call it inside a transaction, as others may be opening the file too."""
    _STEPS.apply(database)
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {NEWEST}")


@_STEPS(name="0001 the first catalog")
def _first_catalog(database: Database) -> None:
    for part in (_DATA, _TAGS, _PEOPLE, _HISTORY):
        for statement in _statements(part):
            database.execute(statement)


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
    renewed = _TAGS[_TAGS.index("CREATE TABLE assignment") :].replace("'rule')", "'rule', 'lineage')")
    database.execute("ALTER TABLE assignment RENAME TO assignment_before")
    for statement in _statements(renewed):
        database.execute(statement)
    database.execute("INSERT INTO assignment SELECT * FROM assignment_before")
    database.execute("DROP TABLE assignment_before")


@_STEPS(name="0005 rules have words and detectors")
def _words_and_detectors(database: Database) -> None:
    for column in ("words TEXT NOT NULL DEFAULT '[]'", "words_file TEXT", "detector TEXT"):
        database.execute(f"ALTER TABLE tag_rule ADD COLUMN {column}")


@_STEPS(name="0006 crawls are runs")
def _crawls(database: Database) -> None:
    for statement in _statements(_CRAWLS):
        database.execute(statement)


@_STEPS(name="0007 datasets have defects")
def _defects(database: Database) -> None:
    database.execute("ALTER TABLE dataset ADD COLUMN defects TEXT NOT NULL DEFAULT '[]'")


@_STEPS(name="0008 sign-ins are kept at the server")
def _sessions(database: Database) -> None:
    for statement in _statements(_SESSIONS):
        database.execute(statement)


@_STEPS(name="0009 sources describe datasets")
def _descriptions(database: Database) -> None:
    database.execute("ALTER TABLE dataset ADD COLUMN description TEXT NOT NULL DEFAULT ''")


@_STEPS(name="0010 events are found by what they mention")
def _event_index(database: Database) -> None:
    for statement in _statements(EVENT_INDEX):
        database.execute(statement)


@_STEPS(name="0011 the journal is passed on to sinks")
def _sinks(database: Database) -> None:
    database.execute("CREATE TABLE sink (name TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID")


@_STEPS(name="0012 suggestions may be found no longer")
def _missing(database: Database) -> None:
    database.execute("ALTER TABLE assignment ADD COLUMN missing_since TEXT NOT NULL DEFAULT ''")


@_STEPS(name="0013 people come from an identity provider")
def _provided(database: Database) -> None:
    for statement in _statements(_PROVIDED + _SESSION_TOKENS):
        database.execute(statement)


@_STEPS(name="0014 drafts of policies, and sign-ins that look as somebody else")
def _drafts(database: Database) -> None:
    for statement in _statements(_DRAFTS):
        database.execute(statement)


@_STEPS(name="0015 events are archived, and found by sets of them")
def _archives_and_terms(database: Database) -> None:
    """Everything that searches need is filed again, as it is taken from the events themselves."""
    for statement in _statements(ARCHIVES_AND_TERMS):
        database.execute(statement)


@_STEPS(name="0016 people ask for access")
def _access_requests(database: Database) -> None:
    for statement in _statements(ACCESS_REQUESTS):
        database.execute(statement)


@_STEPS(name="0017 tokens carry what they were made for")
def _scopes(database: Database) -> None:
    """NULL is everything that the owner may do, as every token was worth until then."""
    for table in ("api_token", "session_token"):
        database.execute(f"ALTER TABLE {table} ADD COLUMN scopes TEXT")


def _statements(script: str) -> Iterator[str]:
    """The script's statements one by one: `executescript` would commit the transaction that a step runs in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
