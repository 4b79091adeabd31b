"""The table of functions is read strictly, and every call that it takes for total is tried on the engine."""

import itertools
import re
from collections.abc import Iterator, Sequence

import duckdb
import pyarrow as pa
import pytest

from proxy.fencing.families import PARTS, UNITS, family_of_type
from proxy.reading.functions import CALLABLE, FAMILIES, Signature, read_functions

_DAYS = (-(2**31), -(2**31) + 2, -(2**31) + 3, 2**31 - 2, 2_145_031_948)
_MOMENTS = (-(2**63), -(2**63) + 2, 2**63 - 2, 2**63 - 3, -9_223_372_022_400_000_000, 9_223_372_036_854_000_000)
_ENDS = pa.table(
    {f"d{at}": pa.array([day], pa.int32()).cast(pa.date32()) for at, day in enumerate(_DAYS)}
    | {f"t{at}": pa.array([moment], pa.int64()).cast(pa.timestamp("us")) for at, moment in enumerate(_MOMENTS)}
)
_DATES = "'-infinity' 'infinity' '0001-01-01' '0001-12-31 (BC)' '2020-02-29' '1970-01-01' '2021-12-31'"
_TEXTS = (
    *("''", "'abc'", "' '", "'İßſŉɐ'", "repeat('xé', 50000)", "chr(0) || 'a'", "'%'", "'('", r"'\'", "'12'"),
    *("'e' || chr(769)", "chr(1114111)", "'👩‍👩‍👧'", "chr(8203)", "'2020-01-01'"),
)


def _floats(most: str, least: str) -> tuple[str, ...]:
    return (*"0 1 -1 0.5 -0.5 2.5 -2.5 '-0.0' 'nan' 'inf' '-inf'".split(), most, f"-{most}", least)


VALUES: dict[str, dict[str, tuple[str, ...]]] = {
    "integer": {
        **{
            f"{'U' * (low == 0)}{name}": (str(low), "0", "1", str(high))
            for name, low, high in (
                ("TINYINT", 0, 2**8 - 1),
                ("SMALLINT", 0, 2**16 - 1),
                ("INTEGER", 0, 2**32 - 1),
            )
        },
        **{
            name: (str(-(2**bits)), "-1", "0", "1", str(2**bits - 1))
            for name, bits in (
                ("TINYINT", 7),
                ("SMALLINT", 15),
                ("INTEGER", 31),
                ("BIGINT", 63),
            )
        },
    },
    "double": {"FLOAT": _floats("3.4e38", "1e-45"), "DOUBLE": _floats("1.7976931348623157e308", "5e-324")},
    "decimal": {
        "DECIMAL(18,18)": ("'0.999999999999999999'", "0", "'-0.999999999999999999'"),
        "DECIMAL(18,0)": ("999999999999999999", "0", "-999999999999999999"),
        "DECIMAL(9,2)": ("1.5", "-9999999.99", "9999999.99"),
        "DECIMAL(4,1)": ("999.9", "-999.9", "0"),
    },
    "text": {"VARCHAR": _TEXTS},
    "date": {"DATE": (*re.findall(r"'[^']+'", _DATES), *(f"(SELECT d{at} FROM ends)" for at in range(len(_DAYS))))},
    "timestamp": {
        "TIMESTAMP": (
            *("'-infinity'", "'infinity'", "'0001-01-01'", "'2020-02-29 23:59:59.999999'", "'1969-12-31 23:59:59.9'"),
            *(f"(SELECT t{at} FROM ends)" for at in range(len(_MOMENTS))),
        )
    },
    "boolean": {"BOOLEAN": ("TRUE", "FALSE")},
}
"""For each family and each type in it, values at its ends and odd ones between; NULL is added to each."""

CONSTANTS = {
    "=place": ("-999999999", "-1", "0", "1", "999999999"),
    "=text": ("''", "'a'", "'%'", r"'\'", "'é'", "' '"),
    "=part": tuple(f"'{name}'" for name in sorted(PARTS)),
    "=unit": tuple(f"'{name}'" for name in sorted(UNITS)),
}
_SHAPES = {
    "scalar": ("{}",),
    "aggregate": ("{}", "{} OVER ()", "{} OVER (ORDER BY a0 ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)"),
    "window": ("{} OVER (ORDER BY a0)", "{} OVER (PARTITION BY a0)"),
}
TOTAL = [(name, function.kind, signature) for name, function in CALLABLE.items() for signature in function.signatures]


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.register("arrow_ends", _ENDS)
        connection.execute("CREATE TABLE ends AS FROM arrow_ends")
        for family, types in VALUES.items():
            for type_name, values in types.items():
                rows = ", ".join(f"(CAST({value} AS {type_name}))" for value in (*values, "NULL"))
                connection.execute(f'CREATE TABLE "{type_name}" AS SELECT v FROM (VALUES {rows}) AS x(v)')
            assert {family_of_type(type_name) for type_name in types} == {family}
        yield connection


def _combinations(families: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Every choice of types for families; families that are to be alike stand for types of one family."""
    yield from itertools.product(*(VALUES[family] for family in families))


def _types_of(engine: duckdb.DuckDBPyConnection, expression: str, types: Sequence[str]) -> str:
    """Computes an expression of `a0`, `a1` .. over all values of some types, and returns the type it has."""
    names = ", ".join(f'"{type_name}" AS x{at}(a{at})' for at, type_name in enumerate(types)) or "range(3) AS x0(a0)"
    engine.execute(f"CREATE OR REPLACE TEMP TABLE tried AS SELECT {expression} AS r FROM {names}")
    found = engine.execute("SELECT column_type FROM (DESCRIBE tried)").fetchone()
    assert found is not None
    return str(found[0])


def _calls(name: str, signature: Signature, alike: str) -> Iterator[tuple[str, list[str]]]:
    """The calls of a signature, as SQL over `a0`, `a1` .., with the family of each of those."""
    wanted = signature.arguments if signature.arguments != ("alike...",) else ("alike", "alike", "alike")
    families = [alike if want in ("any", "alike") else want for want in wanted if not want.startswith("=")]
    comma = " IN " if name == "position" else ", "
    choices = [CONSTANTS[want] if want.startswith("=") else ("",) for want in wanted]
    for chosen in itertools.product(*choices):
        names = (f"a{at}" for at in itertools.count())
        yield f"{name}({comma.join(constant or next(names) for constant in chosen)})", families


@pytest.mark.parametrize(("name", "kind", "signature"), TOTAL, ids=[f"{n} {s.arguments}" for n, _, s in TOTAL])
def test_a_total_function_never_raises(
    engine: duckdb.DuckDBPyConnection, name: str, kind: str, signature: Signature
) -> None:
    is_open = bool({"any", "alike", "alike..."} & set(signature.arguments))
    for alike in sorted(FAMILIES) if is_open else [""]:
        for call, families in _calls(name, signature, alike):
            for types, shape in itertools.product(_combinations(families), _SHAPES[kind]):
                made = family_of_type(_types_of(engine, shape.format(call), types))
                if signature.result == "first":
                    assert made == families[0], (call, types)
                elif signature.result == "alike":
                    assert made == alike or (alike == "decimal" and len(families) > 1), (call, types)
                elif signature.result != "other":
                    assert made == signature.result, (call, types)


def test_alike_doubles_and_whole_numbers_make_doubles(engine: duckdb.DuckDBPyConnection) -> None:
    for types in [*_combinations(("integer", "double")), *_combinations(("double", "integer"))]:
        for form in (
            "coalesce(a0, a1)",
            "greatest(a0, a1)",
            "if(a0 > a1, a0, a1)",
            "CASE WHEN a1 > 0 THEN a0 ELSE a1 END",
        ):
            assert family_of_type(_types_of(engine, form, types)) == "double"


@pytest.mark.parametrize("pair", list(itertools.permutations(("integer", "double", "decimal"), 2)))
def test_a_number_that_another_may_make_null_keeps_its_type(
    engine: duckdb.DuckDBPyConnection, pair: tuple[str, str]
) -> None:
    for types in _combinations(pair):
        assert family_of_type(_types_of(engine, "nullif(a0, a1)", types)) == pair[0]


@pytest.mark.parametrize("pair", list(itertools.product(("integer", "double", "decimal"), repeat=2)))
def test_numbers_of_all_types_are_compared(engine: duckdb.DuckDBPyConnection, pair: tuple[str, str]) -> None:
    literals = ("123456789012345678", "-123456789012345678", "0.12345678901234567", "12345678901234567.8", ".5", "9.")
    for types in _combinations(pair):
        for form in (
            "a0 = a1",
            "a0 < a1",
            "a0 IS DISTINCT FROM a1",
            "a0 BETWEEN a1 AND 0.12345678901234567",
            "nullif(a0, a1)",
        ):
            _types_of(engine, form, types)
        for literal in literals:
            _types_of(engine, f"a0 IN (a1, {literal})", types)
            _types_of(engine, f"coalesce(a0, a1, {literal}, 0.12345678901234567)", types)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_what_is_of_one_family_is_compared_and_made_text(engine: duckdb.DuckDBPyConnection, family: str) -> None:
    for types in _combinations((family, family)):
        assert _types_of(engine, "a0 >= a1 OR a0 IN (a1, NULL)", types) == "BOOLEAN"
        assert _types_of(engine, "CAST(a0 AS VARCHAR)", types) == "VARCHAR"
        for target in ("TINYINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP", "BOOLEAN"):
            assert _types_of(engine, f"TRY_CAST(a0 AS {target})", types) == target


@pytest.mark.parametrize(
    ("expression", "families", "made"),
    [
        *(
            (f"a0 {sign} a1", pair, "double")
            for sign in "+-*"
            for pair in itertools.product(("double",), ("integer", "double", "decimal"))
        ),
        *((f"a1 {sign} a0", ("double", "integer"), "double") for sign in "+-*"),
        *((f"a0 {sign} 1.5", ("double",), "double") for sign in "+-*"),
        ("-a0", ("double",), "double"),
        ("a0 - a1", ("date", "date"), "integer"),
        *(("CAST(a0 AS DOUBLE)", (family,), "double") for family in ("integer", "decimal", "double", "boolean")),
        *(("CAST(a0 AS BIGINT)", (family,), "integer") for family in ("integer", "decimal", "boolean")),
        *(("CAST(a0 AS DATE)", (family,), "date") for family in ("date", "timestamp")),
        ("CAST(a0 AS TIMESTAMP)", ("timestamp",), "timestamp"),
        *(
            (f"a0 {like} '{pattern}'", ("text",), "boolean")
            for like in ("LIKE", "ILIKE")
            for pattern in ("%a_", "", "\\", "É%", "_")
        ),
    ],
)
def test_calculations_and_casts_never_raise(
    engine: duckdb.DuckDBPyConnection, expression: str, families: tuple[str, ...], made: str
) -> None:
    for types in _combinations(families):
        assert family_of_type(_types_of(engine, expression, types)) == made


@pytest.mark.parametrize(
    ("expression", "family"),
    [
        *(("abs(a0)", "integer"), ("date_trunc('month', a0)", "date"), ("date_trunc('week', a0)", "timestamp")),
        *(("last_day(a0)", "date"), ("epoch_us(a0)", "date"), ("round(a0, -1)", "integer"), ("a0 + 1", "integer")),
        *(("CAST(a0 AS TIMESTAMP)", "date"), ("CAST(a0 AS FLOAT)", "double"), ("CAST(a0 AS INTEGER)", "text")),
    ],
)
def test_the_values_do_find_what_raises(engine: duckdb.DuckDBPyConnection, expression: str, family: str) -> None:
    """Without this the tests above could not fail."""
    tries = ((expression, types) for types in _combinations((family,)))
    with pytest.raises(duckdb.Error):
        list(itertools.starmap(lambda tried, types: _types_of(engine, tried, types), tries))


HEAD = "name,kind,reason,class,families\n"
ROW = "lower,scalar,works on text,total,text -> text\n"


@pytest.mark.parametrize(
    "text",
    [
        "name,kind,reason,class\nlower,scalar,works on text,total\n",
        HEAD.replace("kind", "sort") + ROW,
        HEAD + ROW + ROW,
        HEAD + ROW.replace("lower", "LOWER"),
        HEAD + ROW.replace("scalar", "table"),
        HEAD + ROW.replace("total", "mostly"),
        HEAD + ROW.replace("works on text", ""),
        HEAD + ROW.replace("text -> text", ""),
        HEAD + ROW.replace("text -> text", "text"),
        HEAD + ROW.replace("text -> text", "words -> text"),
        HEAD + ROW.replace("text -> text", "text -> words"),
        HEAD + ROW.replace("text -> text", "alike... text -> text"),
        HEAD + ROW.replace("total", "may_raise"),
        HEAD + ROW.replace("\n", ",more\n"),
        HEAD + "lower,scalar,works on text\n",
    ],
)
def test_a_table_that_is_not_as_it_must_be_is_refused(text: str) -> None:
    assert list(read_functions(HEAD + ROW)) == ["lower"]
    with pytest.raises(ValueError, match=r"line \d+|the columns of a table"):
        read_functions(text)


def test_every_function_is_one_of_the_engines_own(engine: duckdb.DuckDBPyConnection) -> None:
    """But for what the engine's parser makes of a call itself."""
    kinds = {
        name.lower(): kind
        for name, kind in engine.execute("SELECT function_name, function_type FROM duckdb_functions()").fetchall()
    }
    parsed = {name for name in CALLABLE if name not in kinds}
    assert parsed <= {"coalesce", "grouping", "grouping_id", "if", "ifnull", "nullif", "position", "try"}
    wrong = {name for name, kind, _ in TOTAL if (kinds.get(name) == "aggregate") != (kind == "aggregate")}
    assert not wrong - {"count_if", "countif"}
    assert len(CALLABLE) == 515


def test_what_the_engine_writes_with_an_aggregate_is_one(engine: duckdb.DuckDBPyConnection) -> None:
    """A macro is what is written in it; of one that is over an aggregate a scalar would be worked out row by row."""
    asked = "SELECT lower(function_name), function_type, macro_definition FROM duckdb_functions()"
    rows = engine.execute(asked).fetchall()
    aggregates = {name for name, kind, _ in rows if kind == "aggregate"}
    macros = {name: set(re.findall(r"\w+", text.lower())) for name, _, text in rows if text}
    for _ in range(5):  # macros over macros
        aggregates |= {name for name, words in macros.items() if words & (aggregates - {"list", "first", "last"})}
    scalars = {name for name, function in CALLABLE.items() if function.kind == "scalar"}
    over_lists = {name for name in scalars & aggregates if "list_aggr" in macros.get(name, ())}
    assert scalars & aggregates - over_lists == set()
    assert "json_group_structure" in aggregates
