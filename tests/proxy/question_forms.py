"""The forms of which random questions are made, one a line; `{number}` stands for any expression that is a number."""

NUMBER, TEXT, DATE, TIME, TRUTH, LIST, STRUCT = "number", "text", "date", "timestamp", "boolean", "list", "struct"


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


def _by_kind(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for line in _lines(text):
        kind, _, form = line.partition(": ")
        found.setdefault(kind, []).append(form)
    return {kind: tuple(forms) for kind, forms in found.items()}


LITERALS = _by_kind(
    """
    number: 0
    number: 1
    number: -1
    number: 2.5
    number: 1e3
    number: 7::BIGINT
    number: 9223372036854775807
    number: 0.1::DECIMAL(4, 1)
    text: 'abc'::VARCHAR
    text: '12'::VARCHAR
    text: '('::VARCHAR
    text: 'EU'::VARCHAR
    text: upper('%a%')
    date: DATE '2020-01-31'
    date: '1999-12-31'::DATE
    date: NULL::DATE
    timestamp: TIMESTAMP '2020-01-31 10:00:00'
    timestamp: NULL::TIMESTAMP
    boolean: TRUE
    boolean: FALSE
    boolean: NULL::BOOLEAN
    list: ['a', NULL]
    list: ['x']::VARCHAR[]
    list: NULL::VARCHAR[]
    struct: {'city': 'x', 'n': 1}
    """
)
"""Values of each kind."""

ODD = _by_kind(
    """
    number: 99999999999999999999999
    number: 1e400
    number: '12'
    number: 'abc'
    number: NULL
    number: 0.1000000000000000000000000000000000001
    text: ''
    text: 'abc'
    text: 5
    text: NULL
    text: 'é'
    text: '%'
    date: '2020-01-31'
    date: '2020-13-01'
    date: 'abc'
    date: NULL
    timestamp: '2020-01-01'
    timestamp: 'never'
    timestamp: DATE '2021-01-01'
    boolean: NULL
    boolean: 'abc'
    boolean: 1
    list: []
    list: [1, 2]
    list: NULL
    struct: NULL
    """
)
"""Values that are given where the kind is asked for, and fit it badly."""

PARTS = _by_kind(
    """
    number: ({number} + {number})
    number: ({number} * {number})
    number: ({number} / {number})
    number: ({number} // {number})
    number: ({number} % {number})
    number: CAST({text} AS INTEGER)
    number: CAST({number} AS TINYINT)
    number: TRY_CAST({text} AS BIGINT)
    number: length({text})
    number: abs({number})
    number: sqrt({number})
    number: ln({number})
    number: CAST({number} AS DECIMAL(4, 1))
    number: coalesce({number}, {number})
    number: CASE WHEN {boolean} THEN {number} ELSE {number} END
    number: extract(year FROM {date})
    number: date_diff('day', {date}, {date})
    number: CAST(json_extract({text}, '$.a') AS INTEGER)
    number: len({list})
    number: -{number}
    number: list_sum(list_transform([{number}], lambda x: x + {number}))
    number: greatest({number}, {number})
    number: {struct}.n
    number: pow({number}, {number})
    number: nullif({number}, {number})
    number: factorial(CAST({number} AS INTEGER))
    number: (SELECT {number})
    number: try({number})
    number: try({number} // {number})
    number: ({text}).length()
    number: ({number}).abs().sqrt()
    number: jaro_similarity({text}, {text})
    number: list_median([{number}, {number}])
    text: upper({text})
    text: ({text} || {text})
    text: substr({text}, {number}::INT, 2)
    text: CAST({number} AS VARCHAR)
    text: {list}[1]
    text: coalesce({text}, {text})
    text: CASE WHEN {boolean} THEN {text} END
    text: regexp_replace({text}, {text}, 'x')
    text: json_extract_string({text}, '$.a')
    text: strftime({date}, '%Y')
    text: split_part({text}, ',', 1)
    text: {text}[1:2]
    text: array_to_string({list}, ',')
    text: {struct}.city
    text: CAST({struct} AS VARCHAR)
    text: typeof({number})
    text: format('{}', {number})
    text: chr({number}::INT)
    text: ({text}).upper().replace('A', {text})
    text: ({text} || E'\\t\\'').trim()
    text: json_pretty({text})
    text: bar({number}, 0, 10, 5)
    date: CAST({text} AS DATE)
    date: ({date} + {number}::INT)
    date: CAST({timestamp} AS DATE)
    date: last_day({date})
    timestamp: CAST({date} AS TIMESTAMP)
    timestamp: ({timestamp} + INTERVAL 1 DAY)
    timestamp: strptime({text}, '%Y-%m-%d')
    boolean: {number} {op} {number}
    boolean: {text} {op} {text}
    boolean: {date} {op} {date}
    boolean: {timestamp} {op} {timestamp}
    boolean: {text} {op} {number}
    boolean: ({boolean} AND {boolean})
    boolean: ({boolean} OR {boolean})
    boolean: NOT {boolean}
    boolean: {number} IS NULL
    boolean: {text} LIKE {text}
    boolean: {number} IN ({number}, {number})
    boolean: {number} BETWEEN {number} AND {number}
    boolean: regexp_matches({text}, {text})
    boolean: list_contains({list}, {text})
    boolean: {text} ILIKE '%a'
    boolean: CAST({text} AS BOOLEAN)
    boolean: {text} SIMILAR TO {text}
    boolean: {number} IS DISTINCT FROM {number}
    boolean: json_valid({text})
    boolean: CASE WHEN {boolean} THEN {boolean} ELSE {boolean} END
    boolean: {text} LIKE {text} ESCAPE {text}
    boolean: {number} IN ({subquery})
    boolean: EXISTS ({subquery})
    boolean: ({subquery}) IS NULL
    boolean: {number} >= SOME ({subquery})
    boolean: {list} <@ {list}
    boolean: {struct} IS NOT NULL
    list: list_sort({list})
    list: [{text}, {text}]
    list: string_split({text}, ',')
    list: list_filter({list}, lambda x: {text} < x)
    struct: {'city': {text}, 'n': {number}}
    """
)
"""Expressions of each kind; many raise on some values."""

AGGREGATES = _lines(
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
    """
)
"""Aggregates whose result does not hang on the order of rows."""

WINDOWS = _lines(
    """
    rank() OVER (ORDER BY {number})
    count(*) OVER ()
    max({text}) OVER (PARTITION BY {number} ORDER BY {number})
    dense_rank() OVER (PARTITION BY {boolean} ORDER BY {text})
    min({number}) OVER (PARTITION BY {text})
    sum(CAST({number} AS INT)) OVER (ORDER BY {number} RANGE BETWEEN 1 PRECEDING AND CURRENT ROW)
    """
)
"""Windows whose result does not hang on the order of equal rows."""

JOINS = _lines(
    """
    JOIN {r} ON {c}
    LEFT JOIN {r} ON {c}
    FULL JOIN {r} ON {c}
    SEMI JOIN {r} ON {c}
    ANTI JOIN {r} ON {c}
    JOIN {r} USING (k)
    FULL JOIN {r} USING (k, id)
    , {r}
    CROSS JOIN {r}
    RIGHT JOIN {r} USING (id)
    NATURAL JOIN {r}
    ASOF JOIN {r} ON {l}.k = {x}.k AND {l}.id >= {x}.id
    """
)
"""Joins; `{l}` and `{x}` are what the two sides are called, `{r}` the right one, `{c}` a condition."""

ORACLES = _lines(
    """
    CASE WHEN {i} > 1000 THEN CAST('x' || {v} AS INTEGER) > 0 ELSE TRUE END
    CASE WHEN {i} > 1000 THEN sqrt(-{i}) > 0 ELSE TRUE END
    CASE WHEN {i} > 1000 THEN regexp_matches('x', '(') ELSE TRUE END
    CAST(CASE WHEN {i} > 1000 THEN 'x' || {v} ELSE '1' END AS INTEGER) = 1
    CASE WHEN {i} > 1000 THEN 'abc' ELSE {i} END IS NULL
    coalesce(CASE WHEN {i} > 1000 THEN NULL ELSE {i} END, 'abc') IS NULL
    CASE WHEN {i} > 1000 THEN {i} > 0.1000000000000000000000000000000000001 ELSE TRUE END
    CASE WHEN {i} > 1000 THEN {i} = 'abc' ELSE TRUE END
    {i} > 1000 AND CAST('abc' AS INTEGER) = {i}
    {i} > {n} AND CAST('abc' AS INTEGER) = {i}
    {v} > {n} AND CAST('abc' AS INTEGER) = {i}
    {v} IS NULL AND CAST('abc' AS INTEGER) = {i}
    """
)
"""Conditions that tell of rows which are filtered out, if anything lets them: only those have a large `{i}`."""

ABOUT = _lines(
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

TURNED = _lines(
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
