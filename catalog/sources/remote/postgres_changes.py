"""What a snapshot of PostgreSQL does not keep: TRUNCATE, ALTER TABLE, REFRESH MATERIALIZED VIEW and swaps of names.

After any of them an older snapshot sees a table empty, or with the rows of now, while all others are as they were. A
scan holds locks on whatever it reads, behind views and policies too, so that none can come any more once it has begun.
Locks of another connection would not do: a scan would wait for the change, which waits for them.

What is promised of rows, by NOT NULL, CHECK and unique keys, is promised of those of now, and the server leaves out
conditions for it. The labels of enumerated types, what composite ones and domains are made of, and what roles Veil's
account and the makers of views and functions are in, are those of now as well, and no lock keeps them: where columns,
views, policies or what is worked out could be about them, they are compared, again before any row is given. So is the
text of functions; and where one may catch an error, which gives back the locks of what it has read, every relation is.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from catalog.errors import SourceUnavailable

_OWN = 16384
"""What is numbered below is the system's own."""

BACKEND = "SELECT pg_catalog.pg_backend_pid()::pg_catalog.text AS pid"

# Those in whose name a view, a function of the database or the scan itself may read, with whatever they are members of.
_ROLES = f"""(
  WITH RECURSIVE held(oid) AS (
    SELECT r.oid FROM pg_roles r WHERE r.rolname = current_user
    UNION SELECT v.relowner FROM pg_class v WHERE v.relkind = 'v' AND v.relpersistence <> 't'
    UNION SELECT f.proowner FROM pg_proc f WHERE f.oid >= {_OWN}::oid
    UNION SELECT m.roleid FROM held JOIN pg_auth_members m ON m.member = held.oid)
  SELECT md5(string_agg(made, ',' ORDER BY made)) FROM (
    SELECT concat(m.roleid, ':', m.member, ':', m.xmin) AS made FROM held JOIN pg_auth_members m ON m.member = held.oid
    UNION ALL SELECT concat_ws(':', r.oid, r.rolname, r.rolsuper, r.rolinherit, r.rolbypassrls)
      FROM held JOIN pg_roles r ON r.oid = held.oid
    UNION ALL SELECT concat('owner:', d.datdba) FROM pg_database d WHERE d.datname = current_database()
    UNION ALL SELECT concat(s.setdatabase, ':', s.setrole, ':', s.xmin)
      FROM pg_db_role_setting s WHERE s.setrole = 0 OR s.setrole IN (SELECT oid FROM held)) AS roles)"""

# Whether reading a relation may run what somebody has made: a view, policies, types and casts of the database's own.
_RUNS_MORE = f"""(c.relkind = 'v' OR c.relrowsecurity OR EXISTS (
  SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND (a.atttypid >= {_OWN}::oid OR COALESCE(to_jsonb(a) ->> 'attgenerated', '') <> ''
      OR EXISTS (SELECT FROM pg_cast k WHERE k.castsource = a.atttypid AND k.oid >= {_OWN}::oid))))"""

# A table is a type as well, which columns, views and functions may take, and lists and domains be made of.
_TAKEN_AS_TYPES = f"""
  SELECT COALESCE(NULLIF(y.typrelid, 0), e.typrelid) FROM pg_depend d JOIN pg_type y ON y.oid = d.refobjid
  LEFT JOIN pg_type e ON e.oid = y.typelem
  WHERE d.refclassid = 'pg_type'::regclass AND d.refobjid >= {_OWN}::oid
    AND (d.classid <> 'pg_type'::regclass OR d.objid <> y.typarray)"""

# What the server notes of a relation in its catalog, less than which no such change leaves as it was: where its rows
# are, what it and its columns are called, what these are worked out by and made of, what is promised of them, its
# view's SQL, its policies, and what inherits from it. Not who may read it, nor its statistics, which are noted anew all
# the time.
_MADE = """concat_ws(' ', c.oid, c.relkind, n.nspname, c.relname, c.relfilenode, c.relowner, c.relrowsecurity,
    c.relforcerowsecurity, c.reloptions::text)"""


def _parts(of: str) -> str:
    """SQL for a text of each part of the relations whose number is `of` something."""
    return f"""
      SELECT concat_ws(':', 'column', a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull) AS made
        FROM pg_attribute a WHERE a.attrelid {of} AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL SELECT concat_ws(':', 'promise', k.oid, k.xmin) FROM pg_constraint k WHERE k.conrelid {of}
      UNION ALL SELECT concat_ws(':', 'key', x.indexrelid, x.xmin) FROM pg_index x WHERE x.indrelid {of}
        AND x.indisunique
      UNION ALL SELECT concat_ws(':', 'expression', d.oid, d.xmin) FROM pg_attrdef d WHERE d.adrelid {of}
      UNION ALL SELECT concat_ws(':', 'rule', r.oid, r.xmin) FROM pg_rewrite r WHERE r.ev_class {of}
      UNION ALL SELECT concat_ws(':', 'policy', p.oid, p.xmin) FROM pg_policy p WHERE p.polrelid {of}
      UNION ALL SELECT concat_ws(':', 'child', i.inhrelid, i.inhparent, i.xmin) FROM pg_inherits i
        WHERE i.inhrelid {of} OR i.inhparent {of}"""


# What views, policies and functions are made of besides relations: types, other functions, and the words of a search.
_TYPES = f"""(
    SELECT md5(string_agg(made, ',' ORDER BY made)) FROM (
      SELECT concat(e.oid, ':', e.xmin) AS made FROM pg_enum e
      UNION ALL SELECT concat(k.oid, ':', k.xmin) FROM pg_constraint k WHERE k.contypid <> 0
      UNION ALL SELECT concat(d.oid, ':', d.xmin) FROM pg_type d WHERE d.typtype = 'd'
      UNION ALL SELECT concat(f.attrelid, ':', f.attnum, ':', f.xmin) FROM pg_class t
        JOIN pg_attribute f ON f.attrelid = t.oid WHERE t.relkind = 'c' AND t.oid >= {_OWN}::oid AND f.attnum > 0
      UNION ALL SELECT concat_ws(':', f.attrelid, f.attnum, f.attname, f.atttypid, f.atttypmod, f.attisdropped)
        FROM pg_attribute f WHERE f.attnum > 0 AND f.attrelid IN ({_TAKEN_AS_TYPES})
      UNION ALL SELECT concat(f.oid, ':', f.xmin) FROM pg_proc f WHERE f.oid >= {_OWN}::oid
      UNION ALL SELECT concat(s.oid, ':', s.xmin) FROM pg_ts_dict s
      UNION ALL SELECT concat_ws(':', s.mapcfg, s.maptokentype, s.mapseqno, s.xmin) FROM pg_ts_config_map s
    ) AS types)"""

# A block of PL/pgSQL catches errors by EXCEPTION, other languages in ways of their own; SQL does not, nor what is C.
_CATCHES = f"""EXISTS (
    SELECT FROM pg_proc f JOIN pg_language l ON l.oid = f.prolang WHERE f.oid >= {_OWN}::oid AND
      CASE l.lanname WHEN 'plpgsql' THEN f.prosrc COLLATE "C" ~* 'exception'
      ELSE l.lanname NOT IN ('sql', 'internal', 'c') END)"""

_ALL_RELATIONS = f"""(
    WITH known AS (
      SELECT c.oid, {_MADE} AS made FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND c.relpersistence <> 't' AND c.oid >= {_OWN}::oid)
    SELECT sum(hashtextextended(made, 0))::text FROM (
      SELECT made FROM known UNION ALL {_parts("IN (SELECT oid FROM known)")}
    ) AS relations)"""

STATES = f"""
SELECT o.oid::int8 AS oid, c.relkind IN ('i', 'I', 't') AS is_index, {_MADE} AS made,
  (SELECT md5(string_agg(made, ',' ORDER BY made)) FROM ({_parts("= o.oid")}) AS parts) AS parts,
  CASE WHEN {_RUNS_MORE} THEN {_ROLES} END AS roles,
  CASE WHEN {_RUNS_MORE} THEN {_TYPES} END AS types,
  CASE WHEN {_RUNS_MORE} AND {_CATCHES} THEN {_ALL_RELATIONS} END AS others
FROM unnest($1::text::oid[]) AS o(oid) JOIN pg_class c ON c.oid = o.oid JOIN pg_namespace n ON n.oid = c.relnamespace
"""
LOCKED = f"""
SELECT l.relation::int8 AS oid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE l.pid = $1::text::int4 AND l.locktype = 'relation' AND l.relation >= {_OWN}::oid
  AND d.datname = current_database() GROUP BY l.relation
"""


def oids(rows: Iterable[Mapping[str, object]]) -> str:
    """The relations that a connection has locked, as STATES is asked about them.

    Example:
        >>> oids([{"oid": 16390}, {"oid": 16387}])
        '{16387,16390}'
    """
    return f"{{{','.join(map(str, sorted(int(str(row['oid'])) for row in rows)))}}}"


def has_changed(table: int, before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> bool:
    """Whether what a scan of a table reads differs from what the snapshot knows of it; indexes do not matter.

    Example:
        >>> before = {"oid": 16390, "is_index": False, "made": "public people 16390 731"}
        >>> has_changed(16390, [before], [before | {"made": "public people 16402 744"}])
        True
    """
    known = {row["oid"]: row for row in before}
    found = {row["oid"]: row for row in after if not row["is_index"]}
    return table not in found or any(known.get(oid) != row for oid, row in found.items())


def may_change(states: Iterable[Mapping[str, Any]]) -> bool:
    """Whether what a scan reads may still be altered while it has it locked, by what its types are made of or by roles.

    Example:
        >>> may_change([{"types": None, "roles": None}]), may_change([{"types": "91d2", "roles": None}])
        (False, True)
    """
    return any(row["types"] is not None or row["roles"] is not None for row in states)


def changed(source: str) -> SourceUnavailable:
    """What is said of a relation that is not what it was when the query began."""
    return SourceUnavailable(
        f"a table or view of source `{source}` was emptied, altered or made anew while it was read",
        hint="ask again in a moment",
    )
