SELECT "N" AS n FROM (SELECT town AS "N", note AS n FROM t) AS x
SELECT note.upper() AS n FROM t
SELECT t.note.upper() AS n FROM t
SELECT town.concat(note) AS n FROM t
SELECT (town || 'x').concat(note) AS n FROM t
SELECT id AS i, town AS n FROM t UNION ALL BY NAME SELECT note AS n, id AS i FROM t
SELECT x.n FROM (SELECT id, town AS n FROM t UNION BY NAME SELECT note AS n, id FROM t) AS x
SELECT x.town AS n FROM t AS x(id, note, town)
SELECT x.town AS n FROM t AS x(id, note, town) JOIN w ON w.id = x.id
SELECT note AS x, x AS n FROM t
SELECT upper(note) AS x, [x] AS y, y AS n FROM t
SELECT note > 'x' AS h, count(*) OVER (PARTITION BY h) AS n FROM t
SELECT upper(note -> '$.a') AS n FROM t
SELECT upper((note ->> '$.a')) AS n FROM t
SELECT json_extract(note, '$.a') AS n FROM t
SELECT {'note': town, 'x': note} AS n FROM t
SELECT {'x': note}.x AS n FROM t
SELECT struct_pack(x := note) AS n FROM t
SELECT [note, town] AS n FROM t
SELECT [town, note][2] AS n FROM t
SELECT ['a', 'b'][length(note):] AS n FROM t
SELECT MAP {'a': note} AS n FROM t
SELECT list_transform([1], lambda x: x + length(note)) AS n FROM t
SELECT list_transform([note], lambda note: note || 'x') AS n FROM t
SELECT list_transform([note], note -> note || 'x') AS n FROM t
SELECT [x || note FOR x IN ['a']] AS n FROM t
SELECT t AS n FROM t
SELECT to_json(t) AS n FROM t
SELECT row(t.*) AS n FROM t
SELECT "row"(id, note) AS n FROM t
SELECT (t).note AS n FROM t
SELECT struct_extract(t, 'note') AS n FROM t
SELECT x.y.note AS n FROM (SELECT t AS y FROM t) AS x
SELECT columns('n.*') AS n FROM t
SELECT coalesce(*columns('n.*')) AS n FROM t
SELECT #3 AS n FROM t
SELECT * EXCLUDE (id, town, at, contact) FROM t
SELECT * REPLACE (note AS id) FROM t
SELECT * RENAME (note AS n) FROM t
SELECT * LIKE 'n%' FROM t
SELECT t.* EXCLUDE (id) FROM t
SELECT * FROM w JOIN t USING (id)
SELECT * FROM w NATURAL JOIN t
SELECT * FROM (w JOIN t USING (id)) AS x(a, n, b, c)
SELECT x.c AS n FROM (w JOIN t USING (id)) AS x(a, n, b, c)
SELECT x.n FROM t, unnest([note]) AS x(n)
SELECT x.n FROM t, LATERAL (SELECT note AS n) AS x
SELECT x.n FROM t, (SELECT note AS n) AS x
SELECT x.n FROM (VALUES ((SELECT max(note) FROM t))) AS x(n)
SELECT x.b AS n FROM t, (VALUES (1, note)) AS x(a, b)
SELECT unnest([note]) AS n FROM t
SELECT date_part(note, at) AS n FROM t
SELECT date_trunc(note, at) AS n FROM t
SELECT date_trunc(note, CAST(at AS DATE)) AS n FROM t
SELECT date_part(x.month, x.at) AS n FROM (SELECT note AS month, at FROM t) AS x
SELECT date_part(month, at) AS n FROM (SELECT note AS month, at FROM t) AS x
SELECT first(id ORDER BY note) AS n FROM t
SELECT arg_max(id, note) AS n FROM t
SELECT sum(id) FILTER (WHERE note > 'x') AS n FROM t
SELECT count(*) FILTER (WHERE note > 'x') AS n FROM t GROUP BY id
SELECT quantile_cont(length(note), 0.5) AS n FROM t
SELECT note::VARCHAR COLLATE nocase AS n FROM t
SELECT extract(year FROM CAST(note AS DATE)) AS n FROM t
SELECT interval (length(note)) DAY AS n FROM t
SELECT note SIMILAR TO 'a%' AS n FROM t
SELECT (note, id) = ('a', 1) AS n FROM t
SELECT try_cast(note AS INTEGER) AS n FROM t
SELECT n: note FROM t
FROM t SELECT note AS n
SELECT x.n_1 AS n FROM (SELECT town AS n, note AS n FROM t) AS x
SELECT max AS n FROM (SELECT max(note) FROM t) AS x
SELECT (SELECT x."max(note)" FROM (SELECT max(note) FROM t) AS x) AS n FROM w
SELECT n FROM (SELECT note AS n FROM t) TABLESAMPLE 10%
SELECT * FROM (PIVOT t ON town USING max(note))
