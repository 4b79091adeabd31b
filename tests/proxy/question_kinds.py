"""The kinds of values that random questions are made of, with values of each kind and types that a value is cast to."""

NUMBER, WHOLE, DOUBLE, TEXT, DATE, TIME, TRUTH = "number", "whole", "double", "text", "date", "timestamp", "boolean"
LIST, STRUCT, MAP, BLOB, CLOCK, NUMBERS, OTHER = "list", "struct", "map", "blob", "time", "numbers", "other"


def lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


def by_kind(text: str) -> dict[str, tuple[str, ...]]:
    """The forms of each kind from lines like `number: {number} + 1`."""
    found: dict[str, list[str]] = {}
    for line in lines(text):
        kind, _, form = line.partition(": ")
        found.setdefault(kind, []).append(form)
    return {kind: tuple(forms) for kind, forms in found.items()}


OF_TYPE = {
    **dict.fromkeys(("TINYINT", "INTEGER", "BIGINT"), (NUMBER, WHOLE)),
    **dict.fromkeys(("FLOAT", "DOUBLE"), (NUMBER, DOUBLE)),
    **dict.fromkeys(("UBIGINT", "DECIMAL(9,2)", "DECIMAL(38,6)"), (NUMBER,)),
    **{"VARCHAR": (TEXT,), "DATE": (DATE,), "TIMESTAMP": (TIME,), "BOOLEAN": (TRUTH,), "VARCHAR[]": (LIST,)},
    **{
        "TIME": (CLOCK,),
        "TIMESTAMP WITH TIME ZONE": (OTHER,),
        "TIMESTAMP_NS": (OTHER,),
        "BLOB": (BLOB,),
        "INTEGER[]": (NUMBERS,),
    },
    **{"MAP(VARCHAR, INTEGER)": (MAP,), 'STRUCT("city" VARCHAR, "n" INTEGER)[]': (OTHER,)},
}
"""The kinds that a column of a type is of; of all other types it is a struct."""

ANY = (NUMBER, NUMBER, WHOLE, TEXT, TEXT, DATE, TIME, TRUTH, LIST, STRUCT, MAP, BLOB, CLOCK, NUMBERS, "json", OTHER)
"""What may stand in a place for a value of any kind."""

WORDS = {
    "numeric": tuple(
        "TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT FLOAT DOUBLE "
        "DECIMAL(4,1) DECIMAL(9,2) DECIMAL(18,18) DECIMAL(38,0) DECIMAL(38,20)".split()
    ),
    "op": ("=", "<>", "<", ">=", "IS DISTINCT FROM"),
    "part": tuple("year month day hour quarter dow doy week isoyear decade era epoch minute microsecond".split()),
    "path": ("$.a", "$..b", "$[*]", "$.*", "$[1]", "$.a[0:1]", "$.a[#-1]", "$", "/a/0"),
    "n": ("0", "1", "3", "-1", "100"),
    "moment": ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE"),
    "type": (
        *("VARCHAR", "INTEGER", "DOUBLE", "DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIME", "INTERVAL", "BOOLEAN", "BLOB"),
        *("BIT", "UUID", "JSON", "VARCHAR[]", "INTEGER[]", "DECIMAL(5,2)", "STRUCT(city VARCHAR, n INTEGER)"),
        *("MAP(VARCHAR, INTEGER)", "INTEGER[2]", "UNION(num INTEGER, txt VARCHAR)"),
    ),
}
"""Words that stand in a place as they are: types of a cast, parts of a day, operators, ways into JSON."""

LITERALS = by_kind(
    """
    number: 0
    number: 1
    number: -1
    number: 2.5
    number: 1e3
    number: 7::BIGINT
    number: 9223372036854775807
    number: 0.1::DECIMAL(4, 1)
    number: -9999999.99::DECIMAL(9, 2)
    number: 'nan'::DOUBLE
    number: '-0.0'::DOUBLE
    number: '-inf'::FLOAT
    whole: 0
    whole: 3
    whole: -1
    whole: 200::SMALLINT
    whole: 2147483647
    double: 0::DOUBLE
    double: 0.5::DOUBLE
    double: 'inf'::DOUBLE
    double: 1e308::DOUBLE
    text: 'abc'::VARCHAR
    text: '12'::VARCHAR
    text: '('::VARCHAR
    text: 'EU'::VARCHAR
    text: upper('%a%')
    text: 'İßſ👩‍👩‍👧e\u0301'::VARCHAR
    text: chr(8203) || chr(65279)
    date: DATE '2020-01-31'
    date: '1999-12-31'::DATE
    date: NULL::DATE
    date: 'infinity'::DATE
    date: DATE '5881580-07-10'
    date: '-4000-01-01'::DATE
    timestamp: TIMESTAMP '2020-01-31 10:00:00'
    timestamp: NULL::TIMESTAMP
    timestamp: '-infinity'::TIMESTAMP
    timestamp: TIMESTAMP '294247-01-10 04:00:54'
    time: TIME '23:59:59.999999'
    interval: INTERVAL 1 DAY
    interval: INTERVAL '-2 months'
    interval: to_years(200000)
    boolean: TRUE
    boolean: FALSE
    boolean: NULL::BOOLEAN
    list: ['a', NULL]
    list: ['x']::VARCHAR[]
    list: NULL::VARCHAR[]
    numbers: [1, 2.5, NULL]
    wholes: [1, 2, NULL]
    truths: [TRUE, NULL]
    vector: [1.5::FLOAT, 2::FLOAT, 0::FLOAT]
    array: [1, 2, 3]::DOUBLE[3]
    struct: {'city': 'x', 'n': 1}
    map: MAP {'a': 1, 'b': NULL}
    tagged: union_value(num := 2)
    json: '{"a": [1, {"b": null}], "n": 2}'::JSON
    json: '[1, "x"]'::JSON
    blob: 'a\\xFF'::BLOB
    bits: '0101'::BIT
    other: NULL
    other: {'z': 1}
    """
)
"""Values of each kind."""

ODD = by_kind(
    """
    number: 99999999999999999999999
    number: 1e400
    number: '12'
    number: 'abc'
    number: NULL
    number: 0.1000000000000000000000000000000000001
    number: $num
    whole: '12'
    whole: $num
    whole: NULL
    double: NULL
    text: ''
    text: 'abc'
    text: 5
    text: NULL
    text: 'é'
    text: '%'
    text: $txt
    date: '2020-01-31'
    date: '2020-13-01'
    date: 'abc'
    date: NULL
    date: $day
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

PARAMETERS = {"num": 7, "txt": "a", "day": {"$type": "date", "value": "2020-01-31"}}
"""What is given for the parameters that a question names."""
