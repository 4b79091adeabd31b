SELECT "N" AS n FROM (SELECT town AS "N", note AS n FROM t) AS x
SELECT x.town AS n FROM main.t x(id, note, town)
SELECT x.* FROM main.t x(id, note, town)
SELECT x.c AS n FROM (main.w JOIN main.t USING (id)) x(a, n, b, c)
SELECT x.n FROM (main.u JOIN main.t USING (note)) x(n)
SELECT (t.*)::text AS n FROM main.t
SELECT t::text AS n FROM main.t
SELECT (t).note AS n FROM main.t
SELECT to_jsonb(t) AS n FROM main.t
SELECT row(t.*) AS n FROM main.t
SELECT (SELECT x FROM main.t x LIMIT 1)::text AS n FROM main.w
SELECT (contact).phone || note AS n FROM main.t
SELECT date_part(note, at) AS n FROM main.t
SELECT upper((note)::jsonb ->> 'a') AS n FROM main.t
SELECT upper(note ->> 'a') AS n FROM main.t
SELECT upper(note -> 'a') AS n FROM main.t
SELECT (ARRAY[note])[1] AS n FROM main.t
SELECT ('{a,b}'::text[])[length(note)] AS n FROM main.t
SELECT ARRAY(SELECT x.note FROM main.t x) AS n FROM main.w
SELECT 'a' = ANY (ARRAY[note]) AS n FROM main.t
SELECT x.n FROM main.t, LATERAL (SELECT t.note AS n) x
SELECT x.n FROM main.t CROSS JOIN LATERAL (VALUES (t.note)) x(n)
SELECT x.n FROM main.t, LATERAL unnest(ARRAY[t.note]) x(n)
SELECT x.n FROM main.t, LATERAL json_each_text(json_build_object('a', t.note)) x(k, n)
SELECT x.n FROM main.t, LATERAL generate_series(1, length(t.note)) x(n)
SELECT string_agg(town, ',' ORDER BY note) AS n FROM main.t
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY note) AS n FROM main.t
SELECT rank('x') WITHIN GROUP (ORDER BY note) AS n FROM main.t
SELECT count(*) FILTER (WHERE note > 'x') AS n FROM main.t GROUP BY id
SELECT (at + (length(note) * '1 day'::interval)) AT TIME ZONE 'UTC' AS n FROM main.t
SELECT note IS DISTINCT FROM 'x' AS n FROM main.t
SELECT (id, note) > (1, 'x') AS n FROM main.t
SELECT note COLLATE "C" AS n FROM main.t
SELECT query_to_xml('SELECT note FROM t', true, false, '')::text AS n FROM main.t
SELECT table_to_xml('main.t', true, false, '')::text AS n FROM main.w
WITH "T" AS (SELECT town AS note FROM main.t) SELECT note AS n FROM t
WITH "C" AS (SELECT note AS n FROM main.t), c AS (SELECT town AS n FROM main.t) SELECT n FROM "C"
SELECT "X".n FROM (SELECT note AS n FROM main.t) "X", (SELECT town AS n FROM main.t) x
SELECT (SELECT x.n FROM main.u, (SELECT note AS n) x) AS n FROM main.t
SELECT (SELECT max FROM (SELECT max(note) FROM main.t) x) AS n FROM (SELECT 1 AS max) y
SELECT (SELECT t.note FROM (SELECT 1 AS t) x) AS n FROM main.t
SELECT j.note AS n FROM (main.u JOIN main.t USING (note)) AS j
SELECT note AS n FROM main.u FULL JOIN main.t USING (note)
SELECT note AS n FROM ONLY main.t
SELECT note AS n FROM main.t TABLESAMPLE bernoulli (10)
WITH RECURSIVE c(a, b) AS (SELECT id, note FROM main.t UNION ALL SELECT a, b FROM c) SEARCH DEPTH FIRST BY b SET o SELECT o AS n FROM c
