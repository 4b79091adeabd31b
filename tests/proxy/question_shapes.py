"""The shapes of random questions, one a line: joins, groups, windows, whole SELECTs and what is asked about them.

Whatever an engine may answer in any order is asked so that the order cannot matter.
"""

from tests.proxy.question_kinds import lines

AGGREGATES = lines(
    """
    count(*)
    count({text})
    min({number})
    max({text})
    sum(CAST({number} AS INTEGER))
    max({date})
    count(DISTINCT {text})
    bool_or({boolean})
    string_agg({text}, ',' ORDER BY {text})
    max({number})
    sum(CAST({number} AS INTEGER)) FILTER (WHERE {boolean})
    list_sort(list({text}))
    bit_xor(CAST({number} AS INT))
    max({any})
    count(DISTINCT {any})
    min({date}) FILTER (WHERE {boolean})
    sum(DISTINCT CAST({text} AS INTEGER))
    """
)
"""Aggregates whose result does not hang on the order of rows."""

WINDOWS = lines(
    """
    rank() OVER (ORDER BY {number})
    count(*) OVER ()
    max({text}) OVER (PARTITION BY {number} ORDER BY {number})
    dense_rank() OVER (PARTITION BY {boolean} ORDER BY {text})
    min({number}) OVER (PARTITION BY {text})
    sum(CAST({number} AS INT)) OVER (ORDER BY {number} RANGE BETWEEN 1 PRECEDING AND CURRENT ROW)
    cume_dist() OVER (PARTITION BY {boolean} ORDER BY {number})
    percent_rank() OVER (ORDER BY {date})
    count({text}) FILTER (WHERE {boolean}) OVER (PARTITION BY {number})
    max({number}) OVER (ORDER BY {text} GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING)
    """
)
"""Windows whose result does not hang on the order of equal rows."""

JOINS = lines(
    """
    JOIN {r} ON {c}
    LEFT JOIN {r} ON {c}
    RIGHT JOIN {r} ON {c}
    FULL JOIN {r} ON {c}
    LEFT JOIN {r} ON {c}
    RIGHT JOIN {r} ON {c}
    FULL JOIN {r} ON {c}
    SEMI JOIN {r} ON {c}
    ANTI JOIN {r} ON {c}
    JOIN {r} USING (k)
    FULL JOIN {r} USING (k, id)
    , {r}
    CROSS JOIN {r}
    RIGHT JOIN {r} USING (id)
    NATURAL JOIN {r}
    NATURAL FULL JOIN {r}
    LEFT JOIN {r} USING (k)
    POSITIONAL JOIN {r}
    ASOF LEFT JOIN {r} ON {l}.k = {x}.k AND {l}.id > {x}.id
    LEFT JOIN {r} ON {l}.k = {x}.k AND {c}
    FULL JOIN {r} ON {l}.k = {x}.k AND {c}
    LEFT JOIN ({r} JOIN db.t1 AS inner_1 ON {x}.k = inner_1.k) ON {c}
    ASOF JOIN {r} ON {l}.k = {x}.k AND {l}.id >= {x}.id
    """
)
"""Joins; `{l}` and `{x}` are what the two sides are called, `{r}` the right one, `{c}` a condition."""

ABOUT = lines(
    """
    DESCRIBE {q}
    EXPLAIN {q}
    SELECT column_name, column_type, min, max, count, null_percentage FROM (SUMMARIZE {q})
    SELECT * FROM information_schema.columns
    SELECT table_name, (SELECT count(*) FROM ({q}) AS q) FROM information_schema.tables
    SHOW ALL TABLES
    DESCRIBE db.t1
    SHOW db.t2
    SHOW TABLES FROM other
    SELECT c.column_name FROM information_schema.columns AS c WHERE c.table_name IN (SELECT typeof(k) FROM ({q}) AS q)
    """
)
"""Questions about a question, and about what there is."""

TURNED = lines(
    """
    (PIVOT {t} ON region IN ('EU', 'APAC') USING sum(level) GROUP BY k) AS {a}
    (PIVOT {t} ON region IN ('EU', 'US') USING count(*), max(IF(id > 1000, 1 // k, k)) GROUP BY k) AS {a}
    (PIVOT {t} ON CAST(CASE WHEN id > 1000 THEN 'x' ELSE '1' END AS INT) IN (1) USING max(id) GROUP BY k) AS {a}
    (UNPIVOT (SELECT k, id, level FROM {t}) ON id, level INTO NAME n VALUE v) AS {a}
    (UNPIVOT (SELECT columns(*)::VARCHAR FROM {t}) ON columns(*) INTO NAME n VALUE k) AS {a}
    (FROM {t} PIVOT (min(id) AS low, max(level) FOR region IN ('EU' AS eu, 'US') GROUP BY k)) AS {a}
    (SELECT k FROM {t} UNPIVOT INCLUDE NULLS (v FOR n IN (id, level))) AS {a}
    """
)
"""Relations turned on their sides; `{t}` is a dataset, `{a}` what the outcome is called."""

STARS = lines(
    """
    *
    * EXCLUDE (id)
    * REPLACE (1 AS k)
    * RENAME (k AS kk)
    * EXCLUDE (id) REPLACE (upper(region) AS region)
    * LIKE '%1'
    * SIMILAR TO '[a-k].*'
    COLUMNS('.*')
    1 AS k, 2 AS id, COLUMNS('r.*')
    COLUMNS(lambda c: c LIKE '%1' OR c = 'k')
    COLUMNS(['k', 'id'])
    COLUMNS(* EXCLUDE (level))
    COLUMNS('(.)(.*)') AS '\\2_\\1'
    k, TRY_CAST(COLUMNS(*) AS INTEGER)
    CAST(COLUMNS(lambda c: c LIKE '%2') AS INTEGER)
    COLUMNS(*)::VARCHAR
    coalesce(*COLUMNS(['k', 'level']))
    max(COLUMNS(*))
    count(COLUMNS(* EXCLUDE (id)))
    """
)
"""Select lists that name columns by stars and patterns."""

SHAPES = lines(
    """
    SELECT {any} AS v, {any} AS w, {boolean} AS b FROM {from} WHERE {boolean}
    SELECT {other} AS v, {json} AS w, {map} AS m FROM {from}
    SELECT DISTINCT ON (k) {number} AS k, {text} AS v, {any} IS NULL AS w FROM {from} ORDER BY k, v, w
    SELECT {any} AS v FROM {from} WHERE {boolean} ORDER BY {any}, v LIMIT 0
    SELECT {text} AS v FROM {from} ORDER BY ALL LIMIT 40%
    SELECT {number} AS v, {text} AS w FROM {from} ORDER BY ALL DESC NULLS LAST LIMIT 3 OFFSET 1
    SELECT {text} AS v, {number} AS w FROM {from} ORDER BY #1, #2 FETCH FIRST 2 ROWS ONLY
    SELECT g, count(*) AS n, grouping(g) AS s, grouping_id(g, h) AS i FROM {three} GROUP BY CUBE (g, h)
    SELECT g, h, count(*) AS n, max(n) AS m FROM {three} GROUP BY GROUPING SETS ((g, h), (h), ()) HAVING max(n) > {n}
    SELECT g, sum(w) FILTER (WHERE h) AS s FROM {three} GROUP BY ROLLUP (g) HAVING bool_or({n} // w > 0)
    SELECT h, count(DISTINCT g) AS c, max(n) AS m FROM {three} GROUP BY ALL HAVING NOT h OR min(n) < {n}
    SELECT g, n, row_number() OVER (PARTITION BY h ORDER BY g, n, w) AS r FROM {three} QUALIFY r <= 2
    SELECT g FROM {three} WHERE h QUALIFY max(1 // w) OVER (PARTITION BY g) IS NOT NULL
    SELECT g, n, w, h, {window} AS r FROM {three}
    SELECT {ordered} AS r FROM {three}
    SELECT h, {ordered} AS r FROM {three} GROUP BY h
    SELECT q.g, l.v FROM {three} AS q, LATERAL (SELECT q.w + 1 AS v WHERE q.n > {n}) AS l
    SELECT q.g, l.v FROM {three} AS q LEFT JOIN LATERAL (SELECT 1 // u.k AS v FROM {t} AS u WHERE u.k = q.w) AS l ON q.h
    SELECT q.g, (SELECT max(u.id // q.w) FROM {t} AS u WHERE u.k = q.w) AS v FROM {three} AS q
    SELECT q.g FROM {three} AS q WHERE EXISTS (SELECT 1 FROM {t} AS u WHERE u.level // q.w > 0 AND q.h)
    SELECT {number} AS k, unnest({list}) AS v FROM {from}
    SELECT {text} AS k, u.v FROM {from}, unnest({list}) AS u(v)
    SELECT unnest({struct}), {number} AS z FROM {from}
    SELECT unnest([{struct}], recursive := true) FROM {from}
    SELECT {number} AS k, generate_subscripts({list}, 1) AS v FROM {from}
    SELECT {number} AS k, regexp_split_to_table({text}, ',') AS v FROM {from}
    SELECT count(*) AS n, max({any}) AS v FROM {from} WHERE {boolean} AND {boolean}
    SELECT count(*) AS n FROM {three} USING SAMPLE 100%
    SELECT g FROM {three} USING SAMPLE reservoir(100000 ROWS)
    SELECT count(*) AS n FROM {t} AS a TABLESAMPLE bernoulli(100%) WHERE 1 // (k + 1) >= 0
    SELECT x, y FROM {t} AS a(x, y) WHERE x // (y + 1) > {n}
    FROM {three} SELECT g, 10 // w AS v WHERE h
    FROM {from}
    TABLE {t}
    SELECT a AS whole_row FROM {t} AS a
    SELECT a.*, k FROM {t} AS a WHERE a IS NOT NULL
    SELECT {text} AS k FROM {from} UNION {number query}
    SELECT {number} AS k FROM {from} UNION ALL {text query}
    SELECT {date} AS k FROM {from} UNION {timestamp query}
    SELECT {any} AS k FROM {from} EXCEPT {any query}
    SELECT {number} AS k FROM {from} INTERSECT ALL {number query}
    SELECT {number} AS k, 1 AS z FROM {from} UNION ALL BY NAME {number query}
    SELECT w FROM {three} WHERE (g, n) IN (SELECT g, n FROM {three} AS u)
    WITH RECURSIVE r(k, n) AS (SELECT w, 1 FROM {three} UNION SELECT 20 // k, n + 1 FROM r WHERE n < 4) FROM r
    WITH RECURSIVE r AS (SELECT 1 AS k, 0 AS m UNION SELECT w, m + 1 FROM r JOIN {three} ON n = k WHERE m < 2) FROM r
    WITH RECURSIVE r(k, m) USING KEY (k) AS (SELECT 1, 0 UNION SELECT w, m + 1 FROM r, {three} WHERE m < 2) FROM r
    WITH q AS MATERIALIZED (FROM {three}) SELECT a.g, b.n FROM q AS a FULL JOIN q AS b ON a.w = b.n AND 10 // a.w > 1
    WITH q AS NOT MATERIALIZED (FROM {three}) SELECT a.g FROM q AS a LEFT JOIN q AS b ON a.n = b.w WHERE b.h IS NULL
    SELECT * FROM (PIVOT {three} AS q ON g IN ('abc', '12', 'EU') USING max(n) AS m, count(*) AS c GROUP BY h)
    SELECT * FROM (PIVOT {three} AS q ON h IN (TRUE, FALSE) USING sum(10 // w) GROUP BY g)
    SELECT * FROM (UNPIVOT (SELECT n, w::DOUBLE AS w FROM {three} AS q) ON n, w INTO NAME name VALUE v)
    SELECT * FROM (UNPIVOT (SELECT g, n::VARCHAR AS n, {n} // w AS w FROM {three} AS q) ON g, n INTO NAME name VALUE v)
    SELECT name, v FROM {three} AS q UNPIVOT INCLUDE NULLS (v FOR name IN (n AS one)) AS u
    SELECT sum(10 // q.w) AS n, count(*) AS c FROM {three} AS q LEFT JOIN {t} AS u ON u.id = q.w AND q.h
    SELECT sum(q.w) AS n, count(u.k) AS c FROM {three} AS q FULL JOIN {three} AS u(k, a, b, c) ON u.k = q.g
    SELECT count(*) AS n FROM {three} AS q RIGHT JOIN {t} AS u ON u.id = w AND n > 1 WHERE g IS NULL OR 1 // w > {n}
    SELECT q.g, u.id FROM {three} AS q LEFT JOIN {t} AS u ON q.w = u.k AND u.id > 1000 AND 1 // (u.id - 1000000) > 0
    SELECT q.g FROM {three} AS q WHERE q.w > ALL (SELECT u.k FROM {t} AS u WHERE 10 // u.level > 2)
    SELECT q.g, u.g FROM {three} AS q ASOF LEFT JOIN {three} AS u ON q.h = u.h AND q.w >= u.w WHERE 1 // u.w > {n}
    SELECT (SELECT max(w) FROM {three} AS q) AS a, (SELECT min(n) FROM {three} AS q WHERE 1 // w > 0) AS b
    SELECT * FROM (VALUES ({n}, 'x'), ((SELECT max(w) FROM {three} AS q), 'y')) AS v(a, b)
    VALUES ((SELECT sum(10 // w) FROM {three} AS q WHERE h), {n})
    SELECT (FROM {three} AS q SELECT list(g ORDER BY g) WHERE 1 // w > 0) AS v
    SELECT ARRAY (SELECT n FROM {three} AS q WHERE 1 // w > 0 ORDER BY n) AS v
    SELECT count(*) AS n FROM {three} AS q WHERE w > $num OR g = $txt
    """
)
"""Whole questions; `{three}` is a relation of a text g, a number n, a whole number w and a truth h, `{n}` a number."""

OF_ROWS = lines(
    """
    first_value(g) OVER (PARTITION BY h ORDER BY g, n, w)
    last_value(w) OVER (PARTITION BY h ORDER BY g, n, w ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING)
    nth_value(g, 2) OVER (ORDER BY g, n, w, h)
    lag(g) OVER (PARTITION BY h ORDER BY g, n, w)
    lag(w, 2, -1) OVER (ORDER BY g, n, w, h)
    lead(n IGNORE NULLS) OVER (ORDER BY g, n, w, h)
    first_value(w RESPECT NULLS) OVER (ORDER BY w, g, n, h)
    ntile(3) OVER (ORDER BY g, n, w, h)
    fill(w) OVER (ORDER BY w)
    rank_dense() OVER (ORDER BY 10 // w)
    cume_dist() OVER (PARTITION BY h ORDER BY n)
    sum(10 // w) OVER (PARTITION BY g)
    count(*) OVER (ORDER BY n RANGE BETWEEN w PRECEDING AND CURRENT ROW)
    max(n) OVER (ORDER BY w GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE GROUP)
    min(g) OVER (ORDER BY g, n, w, h ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING)
    count(DISTINCT g) OVER (PARTITION BY h)
    rank(ORDER BY g) OVER (PARTITION BY h ORDER BY n)
    """
)
"""Windows over `g`, `n`, `w` and `h` whose result does not hang on the order of equal rows."""

ORDERED = lines(
    """
    percentile_cont(0.5) WITHIN GROUP (ORDER BY w)
    percentile_disc(0.5) WITHIN GROUP (ORDER BY n)
    string_agg(g, ',' ORDER BY g, n)
    listagg(g, ';' ORDER BY g)
    list(n ORDER BY n, g) FILTER (WHERE h)
    first(g ORDER BY g DESC NULLS LAST)
    any_value(g ORDER BY g)
    sum(DISTINCT 10 // w)
    count(DISTINCT (g, n))
    max(n) FILTER (WHERE 1 // w > 0)
    """
)
"""Aggregates of `g`, `n`, `w` and `h` with a syntax of their own."""
