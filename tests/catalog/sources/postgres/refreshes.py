"""Tables and views of PostgreSQL, and what makes them others while a query is under way."""

FILL = "INSERT INTO blocked SELECT generate_series(90, 99)"
NEW = "CREATE TABLE blocked_new AS SELECT generate_series(90, 99) AS id; GRANT SELECT ON blocked_new TO PUBLIC"
PARTED = "CREATE TABLE blocked (id integer) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF blocked DEFAULT;"
INHERITED = "CREATE TABLE blocked (id integer); CREATE TABLE part () INHERITS (blocked);"
PART = "CREATE TABLE more AS SELECT generate_series(90, 99) AS id"
TABLE = f"CREATE TABLE blocked (id integer); {FILL}"
VIEWED = f"CREATE TABLE list AS SELECT generate_series(90, 99) AS id; {NEW}; CREATE VIEW blocked AS SELECT id FROM list"
KEPT = VIEWED.replace("CREATE VIEW", "CREATE MATERIALIZED VIEW")
GUARDED = f"""{TABLE}; CREATE TABLE list AS SELECT 1 AS id; ALTER TABLE blocked ENABLE ROW LEVEL SECURITY;
  CREATE POLICY p ON blocked USING (EXISTS (SELECT FROM list))"""
CALLED = f"""{VIEWED}; CREATE FUNCTION ids() RETURNS SETOF integer STABLE LANGUAGE plpgsql SECURITY DEFINER
  AS 'BEGIN RETURN QUERY SELECT l.id FROM public.list AS l; END';
  CREATE OR REPLACE VIEW blocked AS SELECT ids() AS id"""
LOOKED_UP = f"""{VIEWED}; CREATE FUNCTION is_open(n integer) RETURNS boolean STABLE LANGUAGE plpgsql SECURITY DEFINER
  AS $$ DECLARE x integer; BEGIN
    SELECT l.id INTO STRICT x FROM public.list AS l WHERE l.id = n; RETURN false;
  EXCEPTION WHEN no_data_found THEN RETURN true; END $$;
  CREATE OR REPLACE VIEW blocked AS SELECT i AS id FROM generate_series(90, 109) AS i WHERE is_open(i)"""


def by_function(text: str, made: str = "", language: str = "plpgsql STABLE") -> str:
    """A view of ten rows whose function says so in its text."""
    body = text if "sql S" in language and "plpgsql" not in language else f"BEGIN RETURN {text}; END"
    return f"""{made}; CREATE TABLE list AS SELECT i AS id, 'open' AS state FROM generate_series(90, 99) i;
      CREATE FUNCTION is_open(a text) RETURNS boolean LANGUAGE {language} AS $f$ {body} $f$;
      CREATE VIEW blocked AS SELECT id FROM list WHERE is_open(state)"""


MASKED = """CREATE TYPE masked AS (v text);
  CREATE FUNCTION hidden(masked) RETURNS text STABLE LANGUAGE sql AS $$ SELECT '***' $$;
  CREATE FUNCTION clear(masked) RETURNS text STABLE LANGUAGE sql AS $$ SELECT ($1).v $$;
  CREATE CAST (masked AS text) WITH FUNCTION hidden(masked);
  CREATE TABLE blocked AS SELECT i AS id, ROW('x')::masked AS m FROM generate_series(90, 99) i"""
TWO_FUNCTIONS = """CREATE FUNCTION equal(a text, b text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT a = b $$;
  CREATE FUNCTION every(a text, b text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT true $$;
  CREATE OPERATOR public.=== (FUNCTION = equal, LEFTARG = text, RIGHTARG = text)"""
TWO_SCHEMAS = """CREATE SCHEMA v1; CREATE SCHEMA v2; GRANT USAGE ON SCHEMA v1, v2 TO PUBLIC;
  CREATE FUNCTION v1.ok(a text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT a = 'open' $$;
  CREATE FUNCTION v2.ok(a text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT a <> '' $$"""
PARALLEL = """CREATE TABLE closed AS SELECT 1 AS id;
  CREATE FUNCTION is_free(n int) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER AS
    $$ SELECT NOT EXISTS (SELECT FROM public.closed WHERE id = n) $$;
  CREATE TABLE list AS SELECT generate_series(90, 99) AS id;
  CREATE FUNCTION shown() RETURNS SETOF integer LANGUAGE plpgsql STABLE SET max_parallel_workers_per_gather = 4
    SET min_parallel_table_scan_size = 0 SET parallel_setup_cost = 0 SET parallel_tuple_cost = 0
    AS $$ BEGIN RETURN QUERY SELECT l.id FROM public.list l WHERE public.is_free(l.id); END $$;
  CREATE VIEW blocked AS SELECT shown() AS id"""
SWAPPED = """
  ALTER TYPE level RENAME VALUE 'open' TO 'tmp'; ALTER TYPE level RENAME VALUE 'secret' TO 'open';
  ALTER TYPE level RENAME VALUE 'tmp' TO 'secret'"""
LABELLED = "CREATE TYPE level AS ENUM ('open', 'secret'); "
LEVELS = "generate_series(90, 99) AS id, 'open'::level AS state"
FORMED = "CREATE TABLE form (note text, lev text);"
FORMS = "generate_series(90, 99) AS id, ROW('', 'secret')::form AS was"
REFILL = "INSERT INTO list SELECT generate_series(90, 99)"

REFRESHES = {
    "columns": (
        "CREATE TABLE blocked AS SELECT i AS id, NULL::integer AS next FROM generate_series(90, 99) AS i",
        "ALTER TABLE blocked RENAME id TO old; ALTER TABLE blocked RENAME next TO id",
    ),
    "truncate": (TABLE, f"TRUNCATE blocked; {FILL}"),
    "alter": (TABLE, "ALTER TABLE blocked ALTER id TYPE integer USING id + 0"),
    "swap": (TABLE, f"{NEW}; DROP TABLE blocked; ALTER TABLE blocked_new RENAME TO blocked"),
    "standing": (f"{TABLE}; {NEW}", "ALTER TABLE blocked RENAME TO old; ALTER TABLE blocked_new RENAME TO blocked"),
    "schema": (
        f"{TABLE}; CREATE SCHEMA made; GRANT USAGE ON SCHEMA made TO PUBLIC; "
        + NEW.replace("blocked_new", "made.blocked"),
        "ALTER SCHEMA public RENAME TO old; ALTER SCHEMA made RENAME TO public",
    ),
    "partition": (f"{PARTED} {FILL}", f"TRUNCATE part; {FILL}"),
    "child": (
        f"{INHERITED} {FILL.replace('blocked', 'part')}",
        f"TRUNCATE part; {FILL.replace('blocked', 'part')}",
    ),
    "attached": (
        f"CREATE TABLE blocked (id integer) PARTITION BY RANGE (id); {PART}",
        "ALTER TABLE blocked ATTACH PARTITION more DEFAULT",
    ),
    "inherits": (f"{INHERITED} {PART}", "ALTER TABLE more INHERIT blocked"),
    "no child": (f"{INHERITED} {FILL.replace('blocked', 'part')}", "ALTER TABLE part NO INHERIT blocked"),
    "view": (VIEWED, f"TRUNCATE list; {REFILL}"),
    "view replaced": (VIEWED, "CREATE OR REPLACE VIEW blocked AS SELECT id FROM blocked_new"),
    "materialized": (KEPT, "REFRESH MATERIALIZED VIEW blocked"),
    "policy": (GUARDED, "TRUNCATE list; INSERT INTO list VALUES (1)"),
    "function": (CALLED, f"TRUNCATE list; {REFILL}"),
    "function that catches errors": (LOOKED_UP, f"TRUNCATE list; {REFILL}"),
    "function of a policy that catches errors": (
        f"{LOOKED_UP}; DROP VIEW blocked; CREATE TABLE blocked AS SELECT generate_series(90, 109) AS id;"
        " ALTER TABLE blocked ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON blocked USING (is_open(id))",
        f"TRUNCATE list; {REFILL}",
    ),
    "table that a function which catches errors takes for another": (
        LOOKED_UP,
        "DROP TABLE list; CREATE TABLE list AS SELECT generate_series(90, 99) AS id",
    ),
    "text of a function": (
        CALLED,
        "CREATE OR REPLACE FUNCTION ids() RETURNS SETOF integer STABLE LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT id FROM public.blocked_new'",
    ),
    "cast of a table": (
        MASKED,
        "DROP CAST (masked AS text); CREATE CAST (masked AS text) WITH FUNCTION clear(masked)",
    ),
    "operator of a function": (
        by_function("a OPERATOR(public.===) 'open'", TWO_FUNCTIONS),
        "DROP OPERATOR public.=== (text, text);"
        " CREATE OPERATOR public.=== (FUNCTION = every, LEFTARG = text, RIGHTARG = text)",
    ),
    "schema of a function": (
        by_function("v1.ok(a)", TWO_SCHEMAS),
        "ALTER SCHEMA v1 RENAME TO v0; ALTER SCHEMA v2 RENAME TO v1",
    ),
    "name of a type in a function": (
        by_function(
            "a::public.lev1 <= 'open'::public.lev1",
            "CREATE TYPE lev1 AS ENUM ('open', 'secret'); CREATE TYPE lev2 AS ENUM ('secret', 'open')",
        ),
        "ALTER TYPE lev1 RENAME TO lev0; ALTER TYPE lev2 RENAME TO lev1",
    ),
    "name of a search in a function": (
        by_function(
            "to_tsvector('public.c1', a) <> ''",
            "CREATE TEXT SEARCH CONFIGURATION public.c1 (COPY = simple);"
            " CREATE TEXT SEARCH CONFIGURATION public.c2 (COPY = english)",
        ),
        "ALTER TEXT SEARCH CONFIGURATION c1 RENAME TO c0; ALTER TEXT SEARCH CONFIGURATION c2 RENAME TO c1",
    ),
    "collation of a column that a function compares": (
        by_function(
            "NOT EXISTS (SELECT FROM public.closed WHERE name = a)", "CREATE TABLE closed AS SELECT 'shut' AS name"
        ),
        'ALTER TABLE closed ALTER name TYPE text COLLATE "C"',
    ),
    "table as a type in a function": (
        by_function("('(open,open)'::public.form).note = a", FORMED),
        "ALTER TABLE form RENAME note TO old; ALTER TABLE form RENAME lev TO note; ALTER TABLE form RENAME old TO lev",
    ),
    "table as a type in a function's SQL": (
        by_function("SELECT ('(open,)'::public.form).note = a", FORMED, "sql STABLE"),
        "ALTER TABLE form RENAME note TO old; ALTER TABLE form RENAME old TO note",
    ),
    "names of a table as a type, exchanged and back": (
        f"{FORMED} CREATE TABLE blocked AS SELECT {FORMS}",
        "ALTER TABLE form RENAME note TO old; ALTER TABLE form RENAME old TO note",
    ),
    "query in a text": (
        LOOKED_UP.replace(
            "WHERE is_open(i)",
            "WHERE xpath_exists('/table/row[x=\"true\"]',"
            " query_to_xml('SELECT public.is_open(' || i || ') AS x', false, false, ''))",
        ),
        f"TRUNCATE list; {REFILL}",
    ),
    "cast of a type in a view": (
        "CREATE TYPE kind AS ENUM ('open', 'secret'); CREATE TABLE list AS SELECT true AS hides;"
        " CREATE FUNCTION told(k kind) RETURNS json LANGUAGE plpgsql STABLE AS $$ BEGIN"
        "  RETURN (SELECT to_json(CASE WHEN hides THEN '***' ELSE k::text END) FROM public.list);"
        "  EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$;"
        " CREATE CAST (kind AS json) WITH FUNCTION told(kind);"
        " CREATE VIEW blocked AS SELECT i AS id, to_json('secret'::kind) #>> '{}' AS k FROM generate_series(90, 99) i",
        "TRUNCATE list; INSERT INTO list VALUES (true)",
    ),
    "limits of a sequence": (
        f"{VIEWED}; CREATE SEQUENCE given MAXVALUE 999; GRANT ALL ON SEQUENCE given TO PUBLIC;"
        " CREATE OR REPLACE VIEW blocked AS"
        " SELECT id FROM list WHERE id <= (SELECT maximum_value FROM pg_sequence_parameters('given'::regclass))",
        "ALTER SEQUENCE given MAXVALUE 998",
    ),
    "name of a search in the rows": (
        "CREATE SCHEMA v1; CREATE TEXT SEARCH CONFIGURATION v1.c (COPY = simple); CREATE SCHEMA v2;"
        " CREATE TEXT SEARCH CONFIGURATION v2.c (COPY = english); GRANT USAGE ON SCHEMA v1, v2 TO PUBLIC;"
        " CREATE TABLE list AS SELECT generate_series(90, 99) AS id, 'v1.c' AS c;"
        " CREATE VIEW blocked AS SELECT id FROM list WHERE to_tsvector(c::regconfig, 'the') IS NOT NULL",
        "ALTER SCHEMA v1 RENAME TO v0; ALTER SCHEMA v2 RENAME TO v1",
    ),
    "list that workers read": (PARALLEL, "TRUNCATE closed; INSERT INTO closed VALUES (1)"),
    "words of a search": (
        "CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple);"
        f"{VIEWED}; CREATE OR REPLACE VIEW blocked AS SELECT id FROM list WHERE to_tsvector('plain', 'a') <> ''",
        "ALTER TEXT SEARCH CONFIGURATION plain DROP MAPPING FOR email",
    ),
    "labels": (f"{LABELLED} CREATE TABLE blocked AS SELECT {LEVELS}", SWAPPED),
    "labels in lists": (
        f"{LABELLED} CREATE TABLE blocked AS SELECT i.id, ARRAY[state] FROM (SELECT {LEVELS}) i",
        SWAPPED,
    ),
    "labels in parts": (
        f"{LABELLED} CREATE TYPE part AS (state level); CREATE DOMAIN whole AS part; "
        f"CREATE TABLE blocked AS SELECT i.id, ROW(state)::part::whole AS state FROM (SELECT {LEVELS}) i",
        SWAPPED,
    ),
    "labels in ranges": (
        f"{LABELLED} CREATE TYPE levels AS RANGE (subtype = level); CREATE TABLE blocked AS"
        f" SELECT id, levels_multirange(levels(state, state, '[]')) AS state FROM (SELECT {LEVELS}) i",
        SWAPPED,
    ),
    "labels of texts": (
        f"{LABELLED} CREATE TABLE list AS SELECT id, state::text FROM (SELECT {LEVELS}) i;"
        " CREATE VIEW blocked AS SELECT id FROM list WHERE state = ('open'::level)::text",
        SWAPPED,
    ),
    "labels of a policy": (
        f"{LABELLED} CREATE TABLE blocked AS SELECT id, state::text FROM (SELECT {LEVELS}) i;"
        " ALTER TABLE blocked ENABLE ROW LEVEL SECURITY;"
        " CREATE POLICY p ON blocked USING (state = ('open'::level)::text)",
        SWAPPED,
    ),
    "table as a type": (f"{FORMED} CREATE TABLE blocked AS SELECT {FORMS}", "ALTER TABLE form DROP COLUMN lev"),
    "table as a type of lists": (
        f"{FORMED} CREATE TABLE blocked AS SELECT i.id, ARRAY[was] AS was FROM (SELECT {FORMS}) i",
        "ALTER TABLE form DROP COLUMN lev",
    ),
    "table as a type behind a view": (
        f"{FORMED} CREATE TABLE list AS SELECT {FORMS};"
        " CREATE VIEW blocked AS SELECT id FROM list WHERE to_jsonb(was) ->> 'lev' = 'secret'",
        "ALTER TABLE form DROP COLUMN lev",
    ),
    "table as a type in a view": (
        f"{FORMED} CREATE TABLE list AS SELECT generate_series(90, 99) AS id;"
        " CREATE VIEW blocked AS SELECT id FROM list WHERE to_jsonb(ROW('', id::text)::form) ->> 'lev' <> ''",
        "ALTER TABLE form RENAME lev TO old",
    ),
    "not null": (
        "CREATE TABLE blocked AS SELECT i AS id, NULL::date AS until FROM generate_series(90, 99) AS i",
        "UPDATE blocked SET until = current_date; ALTER TABLE blocked ALTER until SET NOT NULL",
    ),
    "not null behind a view": (VIEWED, "ALTER TABLE list ALTER id SET NOT NULL"),
    "check": (TABLE, "ALTER TABLE blocked ADD CHECK (id > 0)"),
    "check of a child": (
        f"{INHERITED} {FILL.replace('blocked', 'part')}",
        "ALTER TABLE part ADD CHECK (id > 0)",
    ),
    "check that holds": (
        f"{TABLE}; ALTER TABLE blocked ADD CONSTRAINT c CHECK (id > 0) NOT VALID",
        "ALTER TABLE blocked VALIDATE CONSTRAINT c",
    ),
    "key": (TABLE, "ALTER TABLE blocked ADD PRIMARY KEY (id)"),
    "index of a key": (TABLE, "CREATE UNIQUE INDEX ON blocked (id)"),
    "domain": (
        "CREATE DOMAIN whole AS integer; CREATE TABLE blocked AS SELECT i::whole AS id FROM generate_series(90, 99) i",
        "ALTER DOMAIN whole SET NOT NULL",
    ),
    "roles of a cast": (
        "CREATE TYPE masked AS (v text); CREATE FUNCTION shown(masked) RETURNS text STABLE LANGUAGE sql AS"
        " $$ SELECT CASE WHEN pg_has_role(current_user, 'pg_monitor', 'MEMBER') THEN ($1).v ELSE '***' END $$;"
        "CREATE CAST (masked AS text) WITH FUNCTION shown(masked);"
        "CREATE TABLE blocked AS SELECT i AS id, ROW('')::masked AS m FROM generate_series(90, 99) i",
        "DO $$ BEGIN EXECUTE format('GRANT pg_monitor TO %I', current_database()); END $$",
    ),
    "settings of a cast of the server's type": (
        "CREATE FUNCTION shown(point) RETURNS text STABLE LANGUAGE sql AS"
        " $$ SELECT current_setting('veil.tenant', true) $$; CREATE CAST (point AS text) WITH FUNCTION shown(point);"
        "CREATE TABLE blocked AS SELECT i AS id, point(1, 2) AS p FROM generate_series(90, 99) i",
        "DO $$ BEGIN EXECUTE format('ALTER ROLE %I SET veil.tenant = 7', current_database()); END $$",
    ),
    "owner of the database": (
        VIEWED,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO %I', current_database(), current_database()); END $$",
    ),
    "name of a role": (
        "DO $$ BEGIN EXECUTE format('CREATE ROLE %I', current_database() || '_old');"
        f" EXECUTE format('GRANT %I TO %I', current_database() || '_old', current_database()); END $$; {VIEWED}",
        "DO $$ BEGIN EXECUTE format('ALTER ROLE %I RENAME TO %I', current_database() || '_old',"
        " current_database() || '_new'); END $$",
    ),
    "roles of a view": (
        VIEWED,
        "DO $$ BEGIN EXECUTE format('GRANT pg_monitor TO %I', current_database()); END $$",
    ),
    "settings of a role": (
        VIEWED,
        "DO $$ BEGIN EXECUTE format('ALTER ROLE %I SET veil.tenant = 7', current_database()); END $$",
    ),
    "roles": (
        f"{TABLE}; ALTER TABLE blocked ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON blocked USING (true)",
        "DO $$ BEGIN EXECUTE format('GRANT pg_monitor TO %I', current_database()); END $$",
    ),
    "labels behind a view": (
        f"{LABELLED} CREATE TABLE list AS SELECT {LEVELS}; CREATE VIEW blocked AS SELECT id, state::text FROM list",
        SWAPPED,
    ),
    "parts": (
        "CREATE TYPE part AS (a text, b text); CREATE TABLE blocked AS SELECT i AS id, ROW('', '')::part AS p "
        "FROM generate_series(90, 99) AS i",
        "ALTER TYPE part DROP ATTRIBUTE b; ALTER TYPE part ADD ATTRIBUTE b text",
    ),
}


EMPTIED = {
    *("no child", "labels of texts", "labels of a policy"),
    *("table as a type behind a view", "table as a type in a view"),
}
