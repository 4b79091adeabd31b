"""Questions that tell of rows which are filtered out, or of raw values, if anything lets them.

A guard is true or false of all rows as far as an engine knows their values; a bomb raises wherever it is run, or on
some rows. Whether it is run beside the guard, above it or below it then tells what the engine knew.
"""

from tests.proxy.question_kinds import DATE, NUMBER, OTHER, TEXT, TIME, TRUTH, lines

GUARDS = {
    NUMBER: lines(
        """
        {v} > {n}
        {v} < {n}
        {v} = {n}
        {v} <> {n}
        NOT {v} <= {n}
        {v} + 1 > {n}
        abs({v}) > {n}
        coalesce({v}, 0) > {n}
        {v} IN ({n}, 5, 10000000)
        {v} BETWEEN {n} AND 10000000
        {v} IS NULL
        {v} IS DISTINCT FROM {n}
        CAST({v} AS VARCHAR) = '{n}'
        {v} > 1000
        """
    ),
    TEXT: lines(
        """
        {v} > 'b'
        {v} = '1'
        {v} < '1'
        {v} <> 'abc'
        {v} IS NULL
        {v} LIKE 'x%'
        length({v}) > 5
        starts_with({v}, 'é')
        {v} IN ('1', '2', '3')
        TRY_CAST({v} AS INTEGER) IS NULL
        """
    ),
    DATE: lines(
        """
        {v} > DATE '2021-01-01'
        {v} < DATE '2020-01-01'
        {v} = DATE '2020-01-01'
        year({v}) > 2021
        {v} IS NULL
        isinf({v})
        """
    ),
    TIME: lines(
        """
        {v} > TIMESTAMP '2021-01-01 00:00:00'
        {v} < TIMESTAMP '2020-01-01 00:00:00'
        CAST({v} AS DATE) = DATE '2020-01-01'
        {v} IS NULL
        """
    ),
    TRUTH: lines(
        """
        {v}
        NOT {v}
        {v} IS NULL
        """
    ),
    OTHER: lines(
        """
        {v} IS NULL
        {v} IS NOT NULL
        """
    ),
}
"""Conditions on a column `{v}` by its kind; those of `other` fit all."""

BOMBS = lines(
    """
    CAST('abc' AS INTEGER) = {i}
    CAST('x' || {v} AS INTEGER) > 0
    CAST({v} AS TINYINT) IS NULL
    sqrt(-{i} - 1) > 0
    ln({i} - {i}) > 0
    {i} = 'abc'
    {i} > 0.1000000000000000000000000000000000001
    regexp_matches({i}::VARCHAR, '(')
    ({i} + 9223372036854775807) > 0
    strptime('abc', '%Y') IS NULL
    CAST(CASE WHEN {i} > 1000 THEN 'x' || {v} ELSE '1' END AS INTEGER) = 1
    CASE WHEN {i} > 1000 THEN CAST('x' || {v} AS INTEGER) > 0 ELSE TRUE END
    CASE WHEN {i} > 1000 THEN sqrt(-{i}) > 0 ELSE TRUE END
    coalesce(CASE WHEN {i} > 1000 THEN NULL ELSE {i} END, 'abc') IS NULL
    """
)
"""Conditions that raise, on every row or on some."""

CONTEXTS = lines(
    """
    SELECT count(*) FROM {from} WHERE {guard} AND {bomb}
    SELECT count(*) FROM {from} WHERE {bomb} AND {guard}
    SELECT count(*) FROM {from} WHERE {bomb}
    SELECT {bomb} FROM {from}
    SELECT {guard} AND {bomb} FROM {from}
    SELECT {i} FROM {from} WHERE {guard} AND {bomb} ORDER BY 1
    SELECT NOT {guard} OR {bomb} FROM {from}
    SELECT CASE WHEN {guard} THEN {bomb} END FROM {from}
    SELECT CASE WHEN {bomb} AND {guard} THEN 1 END FROM {from}
    SELECT sum(CASE WHEN {guard} AND {bomb} THEN 1 END) FROM {from}
    SELECT count(*) FILTER (WHERE {guard} AND {bomb}) FROM {from}
    SELECT max({bomb}) FROM {from} WHERE {guard}
    SELECT {guard} AND {bomb} AS b, count(*) FROM {from} GROUP BY 1
    SELECT max({i}) FROM {from} HAVING bool_or({guard}) AND CAST('abc' AS INTEGER) = max({i})
    SELECT count(*) FROM (SELECT {bomb} AS b, {guard} AS g FROM {from}) AS q WHERE q.g AND q.b
    SELECT count(*) FROM (SELECT {guard} AS g, {i} AS i FROM {from}) AS q WHERE q.g AND CAST('abc' AS INTEGER) = q.i
    SELECT count(*) FROM (SELECT {i} AS i FROM {from} WHERE {guard}) AS q, {t} AS u WHERE u.id = 'abc'
    SELECT count(*) FROM {t} AS u LEFT JOIN (SELECT {i} AS i FROM {from} WHERE {guard}) AS q ON q.i = u.id AND u.k > 'x'
    SELECT count(*) FROM {t} AS u FULL JOIN (SELECT {i} AS i FROM {from} WHERE {guard} AND {bomb}) AS q ON q.i = u.id
    SELECT count(*) FROM {t} AS u RIGHT JOIN (SELECT {i} AS i FROM {from} WHERE {guard}) AS q ON u.region::INTEGER = q.i
    SELECT u.id FROM {t} AS u SEMI JOIN (SELECT {i} AS i FROM {from} WHERE {guard}) AS q ON CAST('abc' AS INTEGER) = q.i
    SELECT u.id FROM {t} AS u ANTI JOIN (SELECT {i} AS i FROM {from} WHERE {guard} AND {bomb}) AS q ON u.id = q.i
    SELECT u.id FROM {t} AS u WHERE u.id IN (SELECT {i} FROM {from} WHERE {guard}) AND CAST('abc' AS INTEGER) = u.id
    SELECT u.id FROM {t} AS u WHERE EXISTS (SELECT 1 FROM {from} WHERE {guard} AND {bomb})
    SELECT (SELECT max({i}) FROM {from} WHERE {guard}) = 'abc' AS b
    SELECT {i} AS i FROM {from} WHERE {guard} UNION ALL SELECT 'abc'::INTEGER AS i FROM {t} AS u WHERE u.id > 1000
    SELECT {i} AS i FROM {from} WHERE {guard} INTERSECT SELECT CAST(u.region AS INTEGER) AS i FROM {t} AS u
    SELECT {i} AS i FROM {from} WHERE {bomb} EXCEPT SELECT u.id AS i FROM {t} AS u
    SELECT {i} AS i FROM {from} QUALIFY {guard} AND CAST('abc' AS INTEGER) = rank() OVER (ORDER BY {i})
    SELECT count(*) FROM (SELECT {i} AS i FROM {from} ORDER BY {guard} AND {bomb}, 1 LIMIT 2) AS q
    SELECT count(*) FROM (SELECT DISTINCT {guard} AND {bomb} FROM {from}) AS q
    WITH q AS (SELECT {i} AS i, {guard} AS g FROM {from}) SELECT count(*) FROM q AS a JOIN q AS b ON a.g AND b.i = 'abc'
    """
)
"""Questions of a guard and a bomb over one relation, whose key is `{i}`; `{t}` is a dataset."""
