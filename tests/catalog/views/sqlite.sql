SELECT "N" AS n FROM (SELECT town AS "N", note AS n FROM t) AS x
SELECT "note" AS n FROM t
SELECT [note] AS n FROM t
SELECT note -> '$' AS n FROM t
SELECT upper(note -> '$.a') AS n FROM t
SELECT iif(note > 'x', 1, 2) AS n FROM t
SELECT note GLOB 'a*' AS n FROM t
SELECT note ISNULL AS n FROM t
SELECT group_concat(id ORDER BY note) AS n FROM t
SELECT strftime(note, at) AS n FROM t
SELECT date('2000-01-01', note || ' days') AS n FROM t
SELECT total(length(note)) OVER (PARTITION BY id) AS n FROM t
SELECT * FROM w NATURAL JOIN t
SELECT x."note:1" AS n FROM (SELECT u.note, t.note FROM u, t) AS x
SELECT id IN t AS n FROM w
SELECT column2 AS n FROM (VALUES (1, (SELECT max(note) FROM t)))
SELECT * FROM (VALUES (1, (SELECT max(note) FROM t)))
SELECT note AS n FROM t INDEXED BY i
