"""The tables of data, tags, revisions, the first journal, crawls, drafts and flows, as SQL, each as it came."""

DATA = """
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

TAGS = """
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

DRAWN = "abs(random() % 9007199254740991)"
"""The number of a new assignment, exact in JSON: one that is counted would tell how many others there are by now."""

HISTORY = """
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

CRAWLS = """
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

DRAFTS = """
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

FLOWS = """
    CREATE TABLE flow (
        dataset_id INTEGER NOT NULL REFERENCES dataset ON DELETE CASCADE,
        source_id INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
        path TEXT NOT NULL COLLATE NOCASE,
        relation TEXT NOT NULL,
        at TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('refers', 'made', 'may be')),
        is_whole INTEGER NOT NULL
    );
    CREATE INDEX flow_by_dataset ON flow (dataset_id);
    CREATE INDEX flow_by_relation ON flow (source_id, relation);
"""

TABLE_FLOWS = """
    ALTER TABLE dataset ADD COLUMN place TEXT NOT NULL DEFAULT '';
    CREATE INDEX dataset_by_place ON dataset (place);
    CREATE TABLE table_flow (
        source_id INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
        holder TEXT NOT NULL,
        path TEXT NOT NULL COLLATE NOCASE,
        relation TEXT NOT NULL,
        at TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('refers', 'made', 'may be')),
        is_whole INTEGER NOT NULL
    );
    CREATE INDEX table_flow_by_holder ON table_flow (holder, source_id);
    CREATE INDEX table_flow_by_relation ON table_flow (relation, source_id);
"""
