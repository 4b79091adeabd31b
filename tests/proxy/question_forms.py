"""The expressions of which random questions are made, one a line; `{number}` stands for any that is a number."""

from tests.proxy.question_kinds import by_kind

PARTS = by_kind(
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
    boolean: {text} LIKE {text} ESCAPE '!'
    boolean: {text} NOT ILIKE {text} ESCAPE '%'
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
    number: CAST({any} AS {numeric})
    number: TRY_CAST({any} AS {numeric})
    number: ({whole} & {whole})
    number: ({whole} | ~{whole})
    number: ({whole} << {whole})
    number: ({whole} >> 2)
    number: ({number} ** 2)
    number: ({number} ^ {number})
    number: position({text} IN {text})
    number: extract({part} FROM {date})
    number: extract({part} FROM {timestamp})
    number: {numbers}[{whole}]
    number: {map}['a']
    number: {array}[1]
    number: ({json} -> '$.a[0]')::INTEGER
    number: (SELECT max(u.n) FROM (SELECT unnest({numbers}) AS n) AS u)
    number: CASE {text} WHEN {text} THEN {number} WHEN 'abc' THEN 1 // {number} END
    number: CASE WHEN {boolean} THEN {number} WHEN {boolean} THEN {number} END
    whole: CAST({number} AS INTEGER)
    whole: TRY_CAST({text} AS BIGINT)
    whole: length({text})
    whole: ({whole} - {whole})
    whole: greatest({whole}, 5)
    double: CAST({number} AS DOUBLE)
    double: CAST({text} AS DOUBLE)
    double: ({double} / {double})
    text: CAST({any} AS VARCHAR)
    text: CAST(CAST({any} AS {type}) AS VARCHAR)
    text: CAST(TRY_CAST({any} AS {type}) AS VARCHAR)
    text: CAST({other} AS VARCHAR)
    text: ({json} ->> 'a')
    text: ({json} ->> {text})
    text: CAST(({json} -> '{path}') AS VARCHAR)
    text: overlay({text} PLACING {text} FROM 2 FOR 1)
    text: substring({text} FROM 2 FOR 2)
    text: trim(BOTH 'a' FROM {text})
    text: trim(LEADING FROM {text})
    text: CAST({interval} AS VARCHAR)
    text: CAST({blob} AS VARCHAR)
    text: decode({blob})
    text: if({boolean}, {text}, 'none')
    date: date_trunc('month', {date})::DATE
    date: ({date} - {whole})
    date: CAST(({date} + {interval}) AS DATE)
    date: make_date(CAST({number} AS INTEGER), 2, 29)
    timestamp: CAST({any} AS {moment})
    timestamp: ({timestamp} + {interval})
    timestamp: ({date} - {interval})
    timestamp: CAST(({timestamp} AT TIME ZONE 'Europe/Paris') AS TIMESTAMP)
    interval: ({timestamp} - {timestamp})
    interval: CAST({text} AS INTERVAL)
    interval: ({interval} * {whole})
    time: CAST({timestamp} AS TIME)
    time: CAST({text} AS TIME)
    blob: CAST({text} AS BLOB)
    blob: CAST({bits} AS BLOB)
    bits: CAST({text} AS BIT)
    bits: CAST({whole} AS BIT)
    bits: ({bits} & {bits})
    boolean: {text} GLOB {text}
    boolean: {text} ~ {text}
    boolean: {text} ^@ {text}
    boolean: {text} NOT ILIKE {text}
    boolean: {list} @> {list}
    boolean: {list} && {list}
    boolean: {number} > ALL ({subquery})
    boolean: {number} = ANY ({subquery})
    boolean: {number} = ANY ({numbers})
    boolean: {number} NOT IN ({subquery})
    boolean: NOT EXISTS ({subquery})
    boolean: ({number}, {text}) {op} ({number}, {text})
    boolean: {boolean} IS TRUE
    boolean: {any} IS NULL
    boolean: {any} IS NOT DISTINCT FROM {any}
    boolean: {interval} {op} {interval}
    boolean: {time} {op} {time}
    boolean: {blob} {op} {blob}
    boolean: {struct} {op} {struct}
    boolean: {list} {op} {list}
    boolean: {map} {op} {map}
    boolean: CAST({any} AS BOOLEAN)
    boolean: {date} BETWEEN {date} AND {date}
    boolean: {text} BETWEEN {text} AND {text}
    list: [x || {text} FOR x IN {list} IF x > {text}]
    list: ({list})[1:{whole}]
    list: ({list})[1:3:2]
    list: CAST({text} AS VARCHAR[])
    list: CASE WHEN {boolean} THEN {list} ELSE [{text}] END
    numbers: [{number}, {number}]
    numbers: list_transform([{number}], lambda x, i: x + i)
    numbers: [x * {number} FOR x IN {numbers}]
    numbers: range(3)
    numbers: generate_series(1, 2)
    wholes: [{whole}, 1]
    truths: [{boolean}, {boolean}]
    vector: [{number}::FLOAT, 1::FLOAT, 2::FLOAT]
    array: [{number}, 1, 2]::DOUBLE[3]
    array: array_value({double}, 1, 2)
    struct: CASE WHEN {boolean} THEN {struct} END
    struct: CAST({text} AS STRUCT(city VARCHAR, n INTEGER))
    map: MAP {'a': {number}, 'c': 2}
    map: MAP {{text}: 1}
    map: CASE WHEN {boolean} THEN {map} END
    tagged: union_value(num := {number})
    json: CAST({text} AS JSON)
    json: ({json} -> {text})
    other: {text}
    other: {number}
    other: ROW({text}, {number})
    other: CAST({any} AS {type})
    """
)
"""Expressions of each kind; many raise on some values."""
