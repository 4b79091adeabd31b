"""What PostgreSQL is asked of its own catalog, as SQL: tables, columns, generated ones, sizes, comments, keys and
views."""

from collections.abc import Iterable, Iterator, Mapping

from catalog.descriptions import KeyPart, references
from catalog.model import Key
from catalog.names import join
from catalog.sources.connector import SharedRows

# A role or a database may have settings of its own: each that has a say in what a statement means is set, and in what
# order rows come. The path by which names are found is one of them, so these are named in full. An index only finds
# rows (by a bitmap): they come as they lie in the table, whichever conditions, or columns, the server finds cheap. To
# compile a statement (from version 11 on) takes longer, up to a second, than what is asked of the catalog.
SETTINGS = """
SELECT pg_catalog.set_config('TimeZone', 'UTC', false), pg_catalog.set_config('DateStyle', 'ISO, YMD', false),
  pg_catalog.set_config('IntervalStyle', 'postgres', false), pg_catalog.set_config('bytea_output', 'hex', false),
  pg_catalog.set_config('extra_float_digits', '1', false), pg_catalog.set_config('search_path', 'pg_catalog', false),
  pg_catalog.set_config('client_encoding', 'UTF8', false), pg_catalog.set_config('statement_timeout', $1, false),
  pg_catalog.set_config('lock_timeout', $2, false),
  pg_catalog.set_config('standard_conforming_strings', 'on', false),
  pg_catalog.set_config('transform_null_equals', 'off', false),
  pg_catalog.set_config('array_nulls', 'on', false), pg_catalog.set_config('quote_all_identifiers', 'off', false),
  pg_catalog.set_config('xmlbinary', 'base64', false), pg_catalog.set_config('xmloption', 'content', false),
  pg_catalog.set_config('row_security', 'on', false), pg_catalog.set_config('gin_fuzzy_search_limit', '0', false),
  pg_catalog.set_config('enable_indexscan', 'off', false), pg_catalog.set_config('enable_indexonlyscan', 'off', false),
  pg_catalog.set_config('synchronize_seqscans', 'off', false),
  pg_catalog.set_config('max_parallel_workers_per_gather', '0', false),
  (SELECT pg_catalog.set_config(s.name, 'off', false) FROM pg_catalog.pg_settings s WHERE s.name = 'jit'),
  pg_catalog.current_setting('server_encoding') AS encoding,
  pg_catalog.pg_postmaster_start_time()::pg_catalog.text AS started,
  pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version
"""

# What tells a table from what it was is its file and how often rows of it were written, which is counted for it alone;
# with those that inherit from it or are parts of it, what was written in its database. Nothing is told by counts that
# are not kept (on a standby, or by a setting, which a role or a database may have too), and not by other kinds of
# tables than PostgreSQL's own. Counts begin anew after a crash, on what was a standby, and when somebody says so.
TABLES = """
WITH counted AS (
  SELECT NOT pg_is_in_recovery() AND current_setting('track_counts') = 'on' AND NOT EXISTS (
      SELECT FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) AS said
      WHERE lower(said) LIKE 'track_counts=%') AS is_all,
    concat(pg_stat_get_bgwriter_stat_reset_time(), ':', d.stats_reset) AS since,
    concat('d:', d.tup_inserted, ':', d.tup_updated, ':', d.tup_deleted) AS anywhere
  FROM pg_stat_database d WHERE d.datname = current_database())
SELECT c.oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind IN ('v', 'm') AS is_view,
  c.relkind IN ('v', 'f') OR row_security_active(c.oid) OR below.is_foreign AS is_worked_out,
  NOT EXISTS (
    SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_type base ON t.typtype = 'd' AND base.oid = t.typbasetype
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND (to_jsonb(a) ->> 'attgenerated' = 'v'
      OR COALESCE(base.typnamespace, t.typnamespace) <> 'pg_catalog'::regnamespace)) AS is_own,
  (SELECT md5(string_agg(concat(d.objsubid, d.description), ':' ORDER BY d.objsubid)) FROM pg_description d
   WHERE d.objoid = c.oid AND d.classoid = 'pg_class'::regclass) AS comments,
  (SELECT md5(string_agg(concat_ws(':', a.attnum, a.attname, a.atttypid, a.atttypmod), ',' ORDER BY a.attnum))
   FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  (SELECT string_agg(k.oid::text, ',' ORDER BY k.oid) FROM pg_constraint k WHERE k.conrelid = c.oid) AS keys,
  CASE
    WHEN NOT counted.is_all OR NOT below.is_heap THEN NULL
    WHEN c.relkind = 'p' OR c.relhassubclass THEN concat(counted.anywhere, ':', counted.since)
    ELSE concat(c.oid, ':', c.relfilenode, ':', pg_stat_get_tuples_inserted(c.oid), ':',
                pg_stat_get_tuples_updated(c.oid), ':', pg_stat_get_tuples_deleted(c.oid), ':', counted.since)
  END AS fingerprint
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN counted
CROSS JOIN LATERAL (
  WITH RECURSIVE part(oid) AS (
    SELECT c.oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN part ON i.inhparent = part.oid)
  SELECT bool_or(p.relkind = 'f') AS is_foreign, bool_and(p.relam IN (0, 2)) AS is_heap
  FROM part JOIN pg_class p ON p.oid = part.oid) below
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
  AND (lower(c.relname::text COLLATE "default") = lower($2::text) OR $2::text = '' AND NOT c.relispartition)
  AND (lower(n.nspname::text COLLATE "default") = lower($1::text) OR $1::text = '')
"""

# Of a range y is one, or (from version 14 on) several.
_IS_RANGE = "y.oid IN (r.rngtypid, (to_jsonb(r) ->> 'rngmultitypid')::oid)"

COLUMNS = f"""
SELECT a.attname::text AS name, COALESCE(base.typname, t.typname)::text AS type,
  COALESCE(item.typname, '')::text AS item,
  CASE WHEN base.oid IS NULL THEN a.atttypmod ELSE t.typtypmod END::int4 AS modifier,
  COALESCE(base.typnamespace, t.typnamespace) = 'pg_catalog'::regnamespace AS is_own,
  has_table_privilege(a.attrelid, 'SELECT') AS is_readable,
  EXISTS (
    WITH RECURSIVE part(oid) AS (
      SELECT a.atttypid UNION SELECT next.oid FROM part JOIN pg_type y ON y.oid = part.oid CROSS JOIN LATERAL (
        SELECT y.typbasetype UNION ALL SELECT y.typelem
        UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE {_IS_RANGE}
        UNION ALL SELECT f.atttypid FROM pg_attribute f WHERE f.attrelid = y.typrelid AND f.attnum > 0
      ) next(oid) WHERE next.oid <> 0)
    SELECT FROM part JOIN pg_type y ON y.oid = part.oid JOIN pg_proc p ON p.oid = y.typoutput
      OR p.oid IN (SELECT k.castfunc FROM pg_cast k WHERE k.castsource = y.oid AND k.casttarget = 'text'::regtype)
    WHERE p.prolang <> (SELECT l.oid FROM pg_language l WHERE l.lanname = 'internal')
  ) AS is_told,
  COALESCE(to_jsonb(a) ->> 'attgenerated' = 'v', false) AS is_worked_out
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_type base ON t.typtype = 'd' AND base.oid = t.typbasetype
LEFT JOIN pg_type item ON COALESCE(base.typcategory, t.typcategory) = 'A'
  AND item.oid = COALESCE(base.typelem, t.typelem) AND item.typnamespace = 'pg_catalog'::regnamespace
WHERE a.attrelid = $1::text::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""

SIZE = """
SELECT c.relkind IN ('r', 'm', 'p') AS can_be_sampled,
  CASE WHEN c.relpages > 0 AND c.reltuples > 0 THEN c.reltuples / c.relpages ELSE 0 END::float8 AS density,
  CASE WHEN c.relkind = 'p' THEN (SELECT sum(pg_relation_size(p.relid)) FROM pg_partition_tree(c.oid) p)
    ELSE pg_relation_size(c.oid) END::float8 / current_setting('block_size')::float8 AS size
FROM pg_class c WHERE c.oid = $1::text::oid
"""

COMMENTS = """
SELECT COALESCE(a.attname, '')::text AS name, left(d.description, 1001) AS said FROM pg_description d
LEFT JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND d.objsubid > 0
WHERE d.classoid = 'pg_class'::regclass AND d.objoid = $1::text::oid ORDER BY d.objsubid
"""

KEYS = """
SELECT CASE WHEN i.indisprimary THEN 'primary' ELSE 'unique' END AS kind, i.indexrelid::text AS name,
  a.attname::text AS column, '' AS schema, '' AS table, '' AS at, u.place::int8 AS place
FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey[0:i.indnkeyatts - 1]) WITH ORDINALITY u(number, place)
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number
WHERE i.indrelid = $1::text::oid AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL
UNION ALL
SELECT 'foreign', k.oid::text, a.attname::text, n.nspname::text, c.relname::text, r.attname::text, u.place
FROM pg_constraint k CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY u(number, at, place)
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number
JOIN pg_attribute r ON r.attrelid = k.confrelid AND r.attnum = u.at
JOIN pg_class c ON c.oid = k.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.conrelid = $1::text::oid AND k.contype = 'f'
ORDER BY kind, name, place
"""

# A partition has the keys of its table, and a key one for each partition of what it refers to: the rows are shared.
REFERENCES = """
SELECT 'foreign' AS kind, k.oid::text AS name, a.attname::text AS column, n.nspname::text AS schema,
  c.relname::text AS table, r.attname::text AS at, m.nspname::text AS own_schema, o.relname::text AS own_table
FROM pg_constraint k CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY u(number, at, place)
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number
JOIN pg_attribute r ON r.attrelid = k.confrelid AND r.attnum = u.at
JOIN pg_class c ON c.oid = k.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class o ON o.oid = k.conrelid JOIN pg_namespace m ON m.oid = o.relnamespace
WHERE k.contype = 'f' AND COALESCE(to_jsonb(k) ->> 'conparentid', '0') = '0'
ORDER BY k.oid, u.place
"""

# Functions of the server that may be other than immutable and still tell nothing but what they are given, the clock and
# who is asking. Settings and the seed of random() are not among them: one part of a view can set what another reads.
_TELLING_NOTHING = """
age anytextcat array_to_json array_to_string clock_timestamp concat concat_ws convert convert_from convert_to
current_database current_schema current_user date date_add date_part date_subtract date_trunc enum_first enum_last
enum_range extract format gen_random_uuid generate_series has_any_column_privilege has_column_privilege
has_schema_privilege has_table_privilege json_build_array json_build_object json_populate_record
json_populate_recordset json_to_record json_to_recordset json_to_tsvector jsonb_build_array jsonb_build_object
jsonb_path_exists_tz jsonb_path_match_tz jsonb_path_query_array_tz jsonb_path_query_first_tz jsonb_path_query_tz
jsonb_populate_record jsonb_populate_recordset jsonb_to_record jsonb_to_recordset jsonb_to_tsvector length
make_timestamptz money now numeric overlaps pg_collation_for pg_column_size pg_has_role pg_typeof phraseto_tsquery
plainto_tsquery quote_literal quote_nullable row_to_json session_user statement_timestamp textanycat time timeofday
timestamp timestamptz timetz timezone to_char to_date to_json to_jsonb to_number to_timestamp to_tsquery to_tsvector
transaction_timestamp ts_headline ts_match_tq ts_match_tt uuidv4 uuidv7 version websearch_to_tsquery xml
xml_is_well_formed
"""

# Whatever a function may read that is neither the server's own nor, by the word of who may add C to it, immutable.
_TELLS_WHAT_IT_READS = f"""EXISTS (
  SELECT FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.oid = called.oid AND CASE
    WHEN p.oid < 16384 AND p.pronamespace = 'pg_catalog'::regnamespace
      THEN p.provolatile = 'i' OR p.proname IN ('{"', '".join(_TELLING_NOTHING.split())}')
    ELSE p.provolatile = 'i' AND l.lanname = 'c' END)"""


def _called_by_domains(expression: str) -> str:
    """What the conditions of domains call to which an expression casts, as the server keeps it: of any type that it
    names but those of plain columns, and of all that such a type is made of.
    """
    numbers = "regexp_matches(regexp_replace({}, ':vartype [0-9]+', ' ', 'g'), '\\m[1-9][0-9]+\\M', 'g')".format
    return f"""(
  WITH RECURSIVE part(oid) AS (
    SELECT y.oid FROM {numbers(expression)} found JOIN pg_type y ON y.oid::text = found[1]
    UNION SELECT next.oid FROM part JOIN pg_type y ON y.oid = part.oid CROSS JOIN LATERAL (
      SELECT y.typbasetype UNION ALL SELECT y.typelem
      UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE {_IS_RANGE}
      UNION ALL SELECT f.atttypid FROM pg_attribute f WHERE f.attrelid = y.typrelid AND f.attnum > 0
      UNION ALL SELECT z.oid FROM pg_constraint k CROSS JOIN LATERAL {numbers("k.conbin::text")} found
        JOIN pg_type z ON z.oid::text = found[1] WHERE k.contypid = y.oid
    ) next(oid) WHERE next.oid <> 0),
  condition AS (SELECT k.oid, k.conbin::text AS made FROM part JOIN pg_constraint k ON k.contypid = part.oid)
  SELECT found[1]::oid AS oid FROM condition CROSS JOIN LATERAL regexp_matches(made, ':funcid ([0-9]+)', 'g') found
  UNION SELECT COALESCE(o.oprcode, d.refobjid) FROM condition
    JOIN pg_depend d ON d.classid = 'pg_constraint'::regclass AND d.objid = condition.oid
      AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)
    LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid)"""


# By the rule that a view is, as the server keeps it: dependencies alone leave out what the server brings along. What is
# not told of is a row that says so: what the server keeps for itself, such as its statistics, sequences, and whatever
# such a function reads. A cast to json that somebody has made is called by what makes JSON of any value, unwritten, so
# that no view tells what it reads where there is one. Nor is it told what a materialized view has kept of what may have
# been made anew since: a view, where a foreign table leads, from version 17 on what a generated column is.
READS = f"""
WITH rule AS (
  SELECT r.oid, r.ev_action::text AS made FROM pg_rewrite r
  WHERE r.ev_class = $1::text::oid AND r.rulename = '_RETURN'),
named AS (
  SELECT found[1] AS what, found[2]::oid AS oid FROM rule
  CROSS JOIN LATERAL regexp_matches(rule.made, ':(relid|funcid) ([0-9]+)', 'g') found),
needed AS (
  SELECT d.refclassid AS what, d.refobjid AS oid FROM rule
  JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = rule.oid),
relation AS (
  SELECT oid FROM named WHERE what = 'relid' AND oid <> 0
  UNION SELECT oid FROM needed WHERE what = 'pg_class'::regclass),
called AS (
  SELECT oid FROM named WHERE what = 'funcid' UNION SELECT oid FROM needed WHERE what = 'pg_proc'::regclass
  UNION SELECT o.oprcode FROM needed JOIN pg_operator o ON o.oid = needed.oid WHERE what = 'pg_operator'::regclass
  UNION SELECT domain.oid FROM rule CROSS JOIN LATERAL {_called_by_domains("rule.made")} domain)
SELECT n.nspname::text AS schema, c.relname::text AS name, COALESCE(
  c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%', false
  ) AS is_told
FROM relation LEFT JOIN pg_class c ON c.oid = relation.oid LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE relation.oid <> $1::text::oid AND c.relkind IS DISTINCT FROM 'c'
UNION
SELECT NULL, NULL, false FROM called WHERE NOT {_TELLS_WHAT_IT_READS}
UNION SELECT NULL, NULL, false WHERE NOT EXISTS (SELECT FROM rule)
UNION SELECT NULL, NULL, false FROM (
  SELECT k.castfunc AS oid FROM pg_cast k WHERE k.casttarget IN ('json'::regtype, 'jsonb'::regtype) AND k.castfunc <> 0
) called WHERE NOT {_TELLS_WHAT_IT_READS}
UNION SELECT NULL, NULL, false FROM pg_class kept WHERE kept.oid = $1::text::oid AND kept.relkind = 'm' AND EXISTS (
  SELECT FROM relation JOIN pg_class c ON c.oid = relation.oid AND c.oid <> kept.oid
  WHERE c.relkind IN ('v', 'f') OR current_setting('server_version_num')::int4 >= 170000 AND EXISTS (
    SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND COALESCE(to_jsonb(a) ->> 'attgenerated', '') <> ''))
ORDER BY 1, 2
"""

# What the rows of a table, and of those below it, lie by: the columns of indexes that they were clustered by, and of
# the keys by which they are partitioned. NULL stands for an expression.
LAID_BY = """
WITH RECURSIVE part(oid) AS (
  SELECT $1::text::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN part ON i.inhparent = part.oid)
SELECT DISTINCT a.attname::text AS name FROM part
CROSS JOIN LATERAL (
  SELECT unnest(p.partattrs) FROM pg_partitioned_table p WHERE p.partrelid = part.oid
  UNION ALL SELECT unnest(x.indkey) FROM pg_index x WHERE x.indrelid = part.oid AND x.indisclustered) laid(number)
LEFT JOIN pg_attribute a ON a.attrelid = part.oid AND a.attnum = laid.number AND a.attnum > 0
ORDER BY 1
"""

MAY_IDENTIFY = "SELECT has_function_privilege('pg_control_system()', 'EXECUTE') AS is_told"

IDENTITY = """
SELECT concat(s.system_identifier, ':', d.oid) AS name FROM pg_control_system() s, pg_database d
WHERE d.datname = current_database()
"""

# Of what is longer than anybody reads only the beginning is told.
VIEWS = """
SELECT c.oid::int8 AS oid, left(pg_get_viewdef(c.oid), 1000001) AS sql FROM pg_class c WHERE c.relkind IN ('v', 'm')
"""

# What a generated column reads is a dependency of its expression, up to version 14 of the column itself. What is read
# from a table is read from those that inherit from it too, each with expressions of its own. A function in it has to be
# immutable, which only who made it says.
GENERATED = f"""
WITH RECURSIVE part(oid, top) AS (
  SELECT c.oid, c.oid FROM pg_class c WHERE c.relkind IN ('r', 'p', 'f')
  UNION SELECT i.inhrelid, part.top FROM pg_inherits i JOIN part ON i.inhparent = part.oid)
SELECT t.nspname::text AS schema, top.relname::text AS table, a.attname::text AS column,
  n.nspname::text AS read_schema, c.relname::text AS read_table, r.attname::text AS read_column, NOT EXISTS (
    SELECT FROM (
      SELECT COALESCE(o.oprcode, f.refobjid) AS oid FROM pg_depend f
      LEFT JOIN pg_operator o ON f.refclassid = 'pg_operator'::regclass AND o.oid = f.refobjid
      WHERE f.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)
        AND (f.classid = 'pg_attrdef'::regclass AND f.objid = e.oid
          OR f.classid = 'pg_class'::regclass AND f.objid = a.attrelid AND f.objsubid = a.attnum)
      UNION SELECT domain.oid FROM {_called_by_domains("e.adbin::text")} domain) called
    WHERE NOT {_TELLS_WHAT_IT_READS}) AS is_told
FROM pg_attribute a JOIN part ON part.oid = a.attrelid
JOIN pg_class top ON top.oid = part.top JOIN pg_namespace t ON t.oid = top.relnamespace
JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
LEFT JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid <> a.attnum
  AND (d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid
    OR d.classid = 'pg_class'::regclass AND d.objid = a.attrelid AND d.objsubid = a.attnum)
LEFT JOIN pg_attribute r ON r.attrelid = a.attrelid AND r.attnum = d.refobjsubid
WHERE a.atthasdef AND NOT a.attisdropped AND COALESCE(to_jsonb(a) ->> 'attgenerated', '') <> ''
"""

# What is read from a table is read from those that inherit from it too, and a partition holds rows of its table.
# Indexes of partitions inherit as well.
SHARED_ROWS = """
WITH RECURSIVE pair(above, below) AS (
  SELECT inhparent, inhrelid FROM pg_inherits
  UNION SELECT pair.above, i.inhrelid FROM pair JOIN pg_inherits i ON i.inhparent = pair.below)
SELECT n.nspname::text AS above_schema, a.relname::text AS above, m.nspname::text AS below_schema,
  b.relname::text AS below
FROM pair JOIN pg_class a ON a.oid = pair.above JOIN pg_namespace n ON n.oid = a.relnamespace
JOIN pg_class b ON b.oid = pair.below JOIN pg_namespace m ON m.oid = b.relnamespace
WHERE a.relkind IN ('r', 'p', 'f')
"""


def references_told(rows: Iterable[Mapping[str, object]]) -> dict[str, tuple[Key, ...]]:
    """The foreign keys that rows of REFERENCES tell, by relation."""
    return references(
        (join(str(row["own_schema"]), str(row["own_table"])), KeyPart(*(str(row[part]) for part in KeyPart._fields)))
        for row in rows
    )


def shared_told(rows: Iterable[Mapping[str, object]]) -> Iterator[SharedRows]:
    """The tables that share rows by the rows of SHARED_ROWS, each with all others."""
    found: dict[str, set[str]] = {}
    for row in rows:
        above, below = (join(str(row[f"{which}_schema"]), str(row[which])) for which in ("above", "below"))
        found.setdefault(above, set()).add(below)
        found.setdefault(below, set()).add(above)
    for relation, others in found.items():
        yield SharedRows(relation=relation, others=frozenset(others))


def is_plain(row: Mapping[str, object]) -> bool:
    """Whether reading a table of TABLES runs nothing but the server's own.

    Example:
        >>> is_plain({"is_own": True, "is_worked_out": False})
        True
    """
    return bool(row["is_own"]) and not row["is_worked_out"]


def fingerprint(row: Mapping[str, object]) -> str:
    """The fingerprint of a table of TABLES; empty for what may show other cells though nothing was written, as a view,
    a foreign table, a policy or a type of the database's own, such as an enum with its names.

    Example:
        >>> fingerprint({"is_own": True, "is_worked_out": True, "fingerprint": "16386:1:0:0"})
        ''
    """
    if not row["fingerprint"] or not is_plain(row):
        return ""
    return ":".join(str(row[part] or "") for part in ("fingerprint", "columns", "keys", "comments"))
