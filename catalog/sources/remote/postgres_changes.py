"""What a snapshot of PostgreSQL does not keep: TRUNCATE, ALTER TABLE, REFRESH MATERIALIZED VIEW and swaps of names.

After any of them an older snapshot sees a table empty, or with the rows of now, while all others are as they were. A
scan holds locks on whatever it reads, behind views and policies too, so that none can come any more once it has begun.
Locks of another connection would not do: a scan would wait for the change, which waits for them.

What is promised of rows, by NOT NULL, CHECK and unique keys, is promised of those of now, and the server leaves out
conditions for it. Types, casts, operators, functions, the words of a search, settings, and what roles Veil's account
and the makers of views and functions are in, are those of now as well, and no lock keeps them: where columns, views,
policies or what is worked out could be about them, they are compared, again before any row is given. A function goes
by names, and gives locks back where it catches an error, or has workers of its own: where one may be called, whatever
has a name is compared. A sequence has no state but that of now.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from catalog.errors import SourceUnavailable

_OWN = 16384
"""What is numbered below is the system's own."""

MOMENT = "SELECT pg_export_snapshot() AS name, pg_conf_load_time()::text AS loaded"
LOADED = "SELECT pg_conf_load_time()::text AS loaded"
"""When this very connection read the server's settings, which transactions under way have as well."""

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
_TYPED = f"""EXISTS (
  SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND (a.atttypid >= {_OWN}::oid OR COALESCE(to_jsonb(a) ->> 'attgenerated', '') <> ''
      OR EXISTS (SELECT FROM pg_cast k WHERE k.castsource = a.atttypid AND k.oid >= {_OWN}::oid)))"""
_RUNS_MORE = f"(c.relkind = 'v' OR c.relrowsecurity OR {_TYPED})"

# Functions that go by names, or give locks back: by a text, of whatever makes an aggregate, or in C unless they tell
# the same for the same at any time, as those of most extensions do. Operators go by their functions.
_BY_NAMES = f"""(SELECT f.oid FROM pg_proc f JOIN pg_language l ON l.oid = f.prolang WHERE f.oid >= {_OWN}::oid
  AND (l.lanname NOT IN ('internal', 'c') OR f.provolatile <> 'i' OR f.oid IN (SELECT aggfnoid FROM pg_aggregate)))"""
_SIGNS_BY_NAMES = f"(SELECT s.oid FROM pg_operator s WHERE s.oprcode IN {_BY_NAMES})"

# Whether a type may bring code along that goes by names: by a cast, how it is compared, or what a domain checks.
_TYPES_CALL = f"""(EXISTS (SELECT FROM pg_cast k WHERE k.castfunc IN {_BY_NAMES})
  OR EXISTS (SELECT FROM pg_amproc m WHERE m.amproc IN {_BY_NAMES})
  OR EXISTS (SELECT FROM pg_amop m WHERE m.amopopr IN {_SIGNS_BY_NAMES})
  OR EXISTS (SELECT FROM pg_constraint k JOIN pg_depend f ON f.classid = 'pg_constraint'::regclass AND f.objid = k.oid
    WHERE k.contypid <> 0 AND (f.refclassid = 'pg_proc'::regclass AND f.refobjid IN {_BY_NAMES}
      OR f.refclassid = 'pg_operator'::regclass AND f.refobjid IN {_SIGNS_BY_NAMES})))"""

# What the server calls by a text: a query that it runs, or the name of a type.
_CALLS_BY_TEXT = """~ (SELECT ':(op)?funcid (' || string_agg(x.oid::text, '|') || ') ' FROM pg_proc x
  WHERE x.pronamespace = 'pg_catalog'::regnamespace AND x.proname ~ '_to_xml|^ts_stat$|^ts_rewrite$|^pg_input_')"""

# Whether reading a relation may call a function that goes by names.
_CALLS = f"""(({_TYPED} AND {_TYPES_CALL}) OR EXISTS (
  SELECT FROM pg_depend d WHERE d.refobjid >= {_OWN}::oid AND (
    (d.refclassid = 'pg_proc'::regclass AND d.refobjid IN {_BY_NAMES})
    OR (d.refclassid = 'pg_operator'::regclass AND d.refobjid IN {_SIGNS_BY_NAMES})
    OR (d.refclassid = 'pg_type'::regclass AND {_TYPES_CALL}))
    AND (d.classid, d.objid) IN (
      SELECT 'pg_rewrite'::regclass::oid, r.oid FROM pg_rewrite r WHERE r.ev_class = c.oid
      UNION ALL SELECT 'pg_policy'::regclass, p.oid FROM pg_policy p WHERE p.polrelid = c.oid
      UNION ALL SELECT 'pg_attrdef'::regclass, e.oid FROM pg_attrdef e WHERE e.adrelid = c.oid))
  OR EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_action::text {_CALLS_BY_TEXT})
  OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polqual::text {_CALLS_BY_TEXT}))"""

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
_MADE = """concat_ws(' ', c.relkind, n.nspname, c.relname, c.relfilenode, c.relowner, c.relrowsecurity,
    c.relforcerowsecurity, c.reloptions::text)"""
_COLUMN = "concat_ws(':', a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull)"


def _parts(of: str) -> str:
    """SQL for a text of each part, besides columns, of the relations whose number is `of` something."""
    return f"""
      SELECT concat_ws(':', 'promise', k.oid, k.xmin) AS made FROM pg_constraint k WHERE k.conrelid {of}
      UNION ALL SELECT concat_ws(':', 'key', x.indexrelid, x.xmin) FROM pg_index x WHERE x.indrelid {of}
        AND x.indisunique
      UNION ALL SELECT concat_ws(':', 'expression', d.oid, d.xmin) FROM pg_attrdef d WHERE d.adrelid {of}
      UNION ALL SELECT concat_ws(':', 'rule', r.oid, r.xmin) FROM pg_rewrite r WHERE r.ev_class {of}
      UNION ALL SELECT concat_ws(':', 'policy', p.oid, p.xmin) FROM pg_policy p WHERE p.polrelid {of}
      UNION ALL SELECT concat_ws(':', 'child', i.inhrelid, i.inhparent, i.xmin) FROM pg_inherits i
        WHERE i.inhrelid {of} OR i.inhparent {of}"""


def _noted(catalogs: Mapping[str, str], where: str = "") -> str:
    """SQL for a text of each row of catalogs, each by what tells its rows, where that is so."""
    parts = (
        f"SELECT concat_ws(':', '{name}', {key}, xmin) AS made FROM pg_{name} {where.format(key=key)}"
        for name, key in catalogs.items()
    )
    return " UNION ALL ".join(parts)


# Whatever else views, policies and functions are made of, by the catalogs that note it; and the words of a search.
_NOTED = {
    **dict.fromkeys(("enum", "proc", "cast", "operator", "opclass", "opfamily", "amop", "amproc"), "oid"),
    **dict.fromkeys(("collation", "conversion", "transform", "language"), "oid"),
    **{"aggregate": "aggfnoid::oid", "range": "rngtypid"},
}
_WORDS = {
    **dict.fromkeys(("ts_config", "ts_dict", "ts_parser", "ts_template"), "oid"),
    "ts_config_map": "mapcfg, mapseqno, maptokentype",
}

_TYPES = f"""(
    SELECT sum(hashtextextended(made, 0))::text FROM (
      {_noted(_NOTED, f"WHERE {{key}} >= {_OWN}::oid")}
      UNION ALL {_noted(_WORDS)}
      UNION ALL {_noted({"namespace": "oid"}, "WHERE nspname !~ '^pg_(toast_)?temp_'")}
      UNION ALL SELECT concat_ws(':', 'check', k.oid, k.xmin) FROM pg_constraint k WHERE k.contypid <> 0
      UNION ALL SELECT concat_ws(':', 'domain', d.oid, d.xmin) FROM pg_type d WHERE d.typtype = 'd'
      UNION ALL SELECT concat_ws(':', 'sequence', s.seqrelid, s.xmin) FROM pg_sequence s
        JOIN pg_class q ON q.oid = s.seqrelid AND q.relpersistence <> 't'
      UNION ALL SELECT concat_ws(':', f.attrelid, f.attnum, f.xmin) FROM pg_class t
        JOIN pg_attribute f ON f.attrelid = t.oid WHERE t.relkind = 'c' AND t.oid >= {_OWN}::oid AND f.attnum > 0
      UNION ALL SELECT concat_ws(':', f.attrelid, f.attnum, f.xmin) FROM pg_attribute f
        WHERE f.attnum > 0 AND f.attrelid IN ({_TAKEN_AS_TYPES})
    ) AS types)"""

_NAMED = f"""(
    WITH known AS (
      SELECT c.oid, c.xmin FROM pg_class c WHERE c.relpersistence <> 't' AND c.oid >= {_OWN}::oid
        AND c.relkind IN ('r', 'p', 'm', 'v', 'f', 'c'))
    SELECT sum(hashtextextended(made, 0))::text FROM (
      SELECT concat_ws(':', 'relation', oid, xmin) AS made FROM known
      UNION ALL SELECT concat_ws(':', a.attrelid, a.attnum, a.xmin) FROM known JOIN pg_attribute a
        ON a.attrelid = known.oid AND a.attnum > 0
      UNION ALL {_parts("IN (SELECT oid FROM known)")}
      UNION ALL SELECT concat_ws(':', 'type', y.oid, y.xmin) FROM pg_type y WHERE y.oid >= {_OWN}::oid
        AND y.typnamespace <> pg_my_temp_schema() AND NOT pg_is_other_temp_schema(y.typnamespace)
    ) AS named)"""

STATES = f"""
SELECT o.oid::int8 AS oid, c.relkind IN ('i', 'I', 't') AS is_index, c.relkind = 'S' AS is_sequence, {_MADE} AS made,
  (SELECT md5(string_agg(made, ',' ORDER BY made)) FROM (
    SELECT {_COLUMN} AS made FROM pg_attribute a WHERE a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL {_parts("= o.oid")}) AS parts) AS parts,
  CASE WHEN {_RUNS_MORE} THEN {_ROLES} END AS roles,
  CASE WHEN {_RUNS_MORE} THEN {_TYPES} END AS types,
  CASE WHEN {_CALLS} THEN {_NAMED} END AS named
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


def of_no_moment(source: str) -> SourceUnavailable:
    """What is said of a view that reads a sequence."""
    return SourceUnavailable(
        f"a view of source `{source}` reads a sequence, whose number is of no moment",
        hint="have the view read the number from a table",
    )


def reads_sequence(states: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a scan reads a sequence, whose number is that of now to every snapshot.

    Example:
        >>> reads_sequence([{"is_sequence": False}, {"is_sequence": True}])
        True
    """
    return any(row["is_sequence"] for row in states)


def changed(source: str) -> SourceUnavailable:
    """What is said of a relation that is not what it was when the query began."""
    return SourceUnavailable(
        f"a table or view of source `{source}` was emptied, altered or made anew while it was read",
        hint="ask again in a moment",
    )
