"""The tables beside the journal: its archives, and what its events are found by; steps of the catalog's migrations."""

EVENT_INDEX = """
    CREATE TABLE term (
        id INTEGER PRIMARY KEY,
        what TEXT NOT NULL,
        value TEXT NOT NULL COLLATE NOCASE,
        UNIQUE (what, value)
    );
    CREATE TABLE mention (
        term INTEGER NOT NULL REFERENCES term,
        seq INTEGER NOT NULL,
        PRIMARY KEY (term, seq)
    ) WITHOUT ROWID;
    CREATE TABLE event_hour (
        hour TEXT PRIMARY KEY,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE VIRTUAL TABLE event_text USING fts5 (
        body, content = 'event', content_rowid = 'seq', tokenize = 'trigram', detail = 'none'
    );
    CREATE TABLE event_filed (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        seq INTEGER NOT NULL
    );
    INSERT INTO event_filed VALUES (1, 0);
    DROP INDEX event_by_user;
    DROP INDEX event_by_kind;
"""

FILED_ANEW = """
    DELETE FROM mention;
    DELETE FROM term;
    INSERT INTO term_text (term_text) VALUES ('delete-all');
    UPDATE event_filed SET seq = 0, removals = removals + 1;
"""

ARCHIVES_AND_TERMS = """
    DROP TABLE mention;
    DROP TABLE term;
    DROP TABLE event_hour;
    DROP TABLE event_text;
    DROP TABLE event_filed;
    CREATE TABLE term (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        what TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        uses INTEGER NOT NULL DEFAULT 0,
        UNIQUE (what, key)
    );
    CREATE INDEX term_by_uses ON term (what, uses);
    CREATE VIRTUAL TABLE term_text USING fts5 (
        value, content = 'term', content_rowid = 'id', tokenize = 'trigram', detail = 'none'
    );
    CREATE TABLE mention (
        term INTEGER NOT NULL REFERENCES term,
        first INTEGER NOT NULL,
        seqs BLOB NOT NULL,
        PRIMARY KEY (term, first)
    ) WITHOUT ROWID;
    CREATE TABLE event_filed (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        seq INTEGER NOT NULL,
        removals INTEGER NOT NULL
    );
    INSERT INTO event_filed VALUES (1, 0, 0);

    CREATE TABLE journal_archive (
        first INTEGER PRIMARY KEY,
        last INTEGER NOT NULL,
        previous_hash TEXT NOT NULL,
        head TEXT NOT NULL,
        file TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        began_at TEXT NOT NULL,
        ended_at TEXT NOT NULL
    );
    CREATE TRIGGER journal_archive_follows BEFORE INSERT ON journal_archive
    WHEN NEW.first != (SELECT coalesce(max(last), 0) + 1 FROM journal_archive) OR NEW.last < NEW.first BEGIN
        SELECT RAISE(ABORT, 'an archive of the journal follows on the one before it');
    END;
    CREATE TRIGGER journal_archive_stays BEFORE DELETE ON journal_archive BEGIN
        SELECT RAISE(ABORT, 'an archive of the journal is never forgotten');
    END;
    DROP TRIGGER event_is_kept;
    CREATE TRIGGER event_is_kept BEFORE DELETE ON event
    WHEN OLD.seq > (SELECT coalesce(max(last), 0) FROM journal_archive) BEGIN
        SELECT RAISE(ABORT, 'an event of the journal is never deleted before it is archived');
    END;
"""
