"""The tables of people, their sign-ins and their tokens, as SQL, each as it was when it came."""

PEOPLE = """
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

SESSIONS = """
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

PROVIDED = """
    CREATE TABLE provided_name (
        name TEXT PRIMARY KEY COLLATE NOCASE,
        provider TEXT NOT NULL,
        subject TEXT NOT NULL,
        since TEXT NOT NULL,
        refused_before TEXT
    );
"""

SESSION_TOKENS = """
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
