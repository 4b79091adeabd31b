"""Tables that later steps bring, as statements; a step is never edited, only followed."""

ACCESS_REQUESTS = """
    CREATE TABLE access_request (
        id INTEGER PRIMARY KEY,
        user TEXT NOT NULL COLLATE NOCASE,
        groups TEXT NOT NULL,
        attributes TEXT NOT NULL,
        database TEXT NOT NULL COLLATE NOCASE,
        dataset TEXT NOT NULL COLLATE NOCASE,
        wanted TEXT NOT NULL CHECK (wanted IN ('columns', 'dataset', 'rows')),
        columns TEXT NOT NULL,
        why TEXT NOT NULL,
        purpose TEXT NOT NULL,
        asked_at TEXT NOT NULL,
        ends_at TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'approved', 'denied', 'withdrawn')),
        decided_by TEXT NOT NULL DEFAULT '',
        decided_at TEXT,
        words TEXT NOT NULL DEFAULT '',
        policies TEXT NOT NULL DEFAULT '[]',
        revision INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX access_request_by_user ON access_request (user);
    CREATE INDEX access_request_by_database ON access_request (database, state);
"""
