SELECT note AS n FROM t
SELECT t.note AS n FROM t
SELECT main.t.note AS n FROM main.t
SELECT x.note AS n FROM t AS x
SELECT (((note))) AS n FROM t
SELECT upper(note) AS n FROM t
SELECT 'x' || note AS n FROM t
SELECT CASE WHEN note > 'x' THEN 1 ELSE 2 END AS n FROM t
SELECT CASE note WHEN 'x' THEN 1 END AS n FROM t
SELECT note IN ('a', 'b') AS n FROM t
SELECT 'a' IN (SELECT x.note FROM t AS x) AS n FROM t
SELECT id IN (SELECT x.id FROM t AS x WHERE x.note = 'a') AS n FROM t
SELECT EXISTS (SELECT 1 FROM t AS x WHERE x.note = 'a') AS n FROM w
SELECT EXISTS (SELECT * FROM w AS x WHERE t.note = 'a') AS n FROM t
SELECT EXISTS (SELECT 1 FROM t AS x JOIN w ON x.note = 'a') AS n FROM w
SELECT (SELECT count(*) FROM t AS x WHERE x.note > 'a') AS n FROM w
SELECT (SELECT count(x.note) FROM t AS x) AS n FROM w
SELECT (SELECT x.id FROM t AS x ORDER BY x.note LIMIT 1) AS n FROM w
SELECT (SELECT max(x.id) FROM t AS x GROUP BY x.id HAVING max(x.note) > 'a') AS n FROM w
SELECT (SELECT count(*) FROM (SELECT DISTINCT note FROM t) AS x) AS n FROM w
SELECT (SELECT max(x.c) FROM (SELECT count(*) AS c FROM t GROUP BY note) AS x) AS n FROM w
SELECT (SELECT note) AS n FROM t
SELECT (SELECT max(x.m) FROM (SELECT t.note AS m) AS x) AS n FROM t
SELECT max(note) AS n FROM t GROUP BY id
SELECT count(CASE WHEN note > 'x' THEN 1 END) AS n FROM t GROUP BY id
SELECT count(DISTINCT note) AS n FROM t GROUP BY town
SELECT count(x.m) AS n FROM (SELECT id, nullif(note, 'x') AS m FROM t) AS x GROUP BY id
SELECT sum(id) OVER (ORDER BY note) AS n FROM t
SELECT count(*) OVER (PARTITION BY note) AS n FROM t
SELECT rank() OVER w1 AS n FROM t WINDOW w1 AS (ORDER BY note)
SELECT lag(id) OVER (w1 ROWS 1 PRECEDING) AS n FROM t WINDOW w1 AS (ORDER BY note)
SELECT sum(id) OVER w2 AS n FROM t WINDOW w1 AS (ORDER BY note), w2 AS (w1 ROWS 1 PRECEDING)
SELECT x.n FROM (SELECT row_number() OVER w1 AS n FROM t WINDOW w1 AS (ORDER BY note)) AS x
SELECT id AS n FROM w UNION ALL SELECT note FROM t
SELECT x.n FROM (SELECT town AS n, 1 AS m FROM t UNION SELECT note AS m, 2 AS n FROM t) AS x
SELECT town AS n FROM t EXCEPT SELECT note FROM t
SELECT town AS n FROM t INTERSECT SELECT note FROM t
WITH c AS (SELECT note AS n FROM t) SELECT n FROM c
WITH c(a, n) AS (SELECT id, note FROM t) SELECT n FROM c
WITH c(note, n) AS (SELECT id, note FROM t) SELECT c.n FROM c
WITH w AS (SELECT id, note AS n FROM t) SELECT n FROM w
WITH c AS (SELECT note AS n FROM t) SELECT (WITH c AS (SELECT 1 AS n) SELECT max(c.n) FROM c) + length(c.n) AS n FROM c
WITH RECURSIVE c(i, a, b) AS (SELECT 0, 'x', max(note) FROM t UNION ALL SELECT i + 1, b, a FROM c WHERE i < 2) SELECT a AS n FROM c
WITH RECURSIVE c(i, a, b, d) AS (SELECT 0, 'x', 'x', max(note) FROM t UNION ALL SELECT i + 1, b, d, a FROM c) SELECT a AS n FROM c
SELECT x.id AS n FROM (SELECT note AS id, id AS note FROM t) AS x
SELECT n FROM (SELECT town AS n, note AS n FROM t) AS x
SELECT n FROM (SELECT note AS n, town AS n FROM t) AS x
SELECT y.n FROM w AS x JOIN (SELECT id, note AS n FROM t) AS y ON x.id = y.id
SELECT coalesce(u.note, t.note) AS n FROM u JOIN t ON u.id = t.id
SELECT note AS n FROM u JOIN t USING (id, note)
SELECT note AS n FROM u NATURAL JOIN t
SELECT x.n FROM w CROSS JOIN (SELECT note AS n FROM t) AS x
