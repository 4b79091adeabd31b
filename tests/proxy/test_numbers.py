"""Numbers whose exact types are followed never raise: random calculations are tried on the engine at all their ends."""

import random
from collections.abc import Iterator
from decimal import Decimal, localcontext

import duckdb
import pytest
from sqlglot import exp, parse_one

from proxy.fencing.families import Families, family, family_of_type, is_comparable
from proxy.fencing.numbers import Number, Types, number, of_type

TYPES = Types(
    {
        **{"ti": "TINYINT", "si": "SMALLINT", "i": "INTEGER", "b": "BIGINT", "u": "UINTEGER", "a": "DECIMAL(4,1)"},
        **{
            "c": "DECIMAL(9,3)",
            "d": "DECIMAL(15,2)",
            "e": "DECIMAL(18,0)",
            "f": "DECIMAL(18,18)",
            "g": "DECIMAL(26,4)",
        },
        **{"v": "DECIMAL(38,10)", "w": "DECIMAL(38,0)"},
    }
)
LITERALS = "1 0.5 0.05 7.0 100.00 1.0000 2000 99999999 123456789012 0.0001000000 12345678.12345678".split()
WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UINTEGER"}
KNOWN = Families({name: kind for name, type_name in TYPES.items() if (kind := family_of_type(type_name))})
KNOWN.types.update(TYPES)


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for name, type_name in TYPES.items():
            found = of_type(type_name)
            assert found is not None
            most = found.most - found.is_whole
            ends = [most, 0, 1] if type_name.startswith("U") else [most, -most - found.is_whole, 0, 1]
            with localcontext(prec=60):
                values = ", ".join(f"(CAST('{Decimal(end).scaleb(-found.scale):f}' AS {type_name}))" for end in ends)
            connection.execute(f"CREATE TABLE t_{name} AS SELECT * FROM (VALUES {values}, (NULL)) AS x({name})")
        yield connection


def _made(chance: random.Random, depth: int) -> str:
    if depth == 0 or chance.random() < 0.25:
        made = chance.choice(list(TYPES) if chance.random() < 0.7 else LITERALS)
        return f"({made})" if chance.random() < 0.2 else made
    sort = chance.random()
    if sort < 0.8:
        return f"({_made(chance, depth - 1)} {chance.choice('+-*')} {_made(chance, depth - 1)})"
    if sort < 0.9:
        return f"(-{_made(chance, depth - 1)})"
    target = chance.choice(("DECIMAL(12,2)", "DECIMAL(18,0)", "DECIMAL(38,4)", "DECIMAL(15,4)"))
    return f"CAST({_made(chance, depth - 1)} AS {target})"


def _tree(text: str) -> exp.Expr:
    tree: exp.Expr = parse_one(f"SELECT {text}", read="duckdb").expressions[0]
    return tree


def _relation(tree: exp.Expr) -> str | None:
    """The tables of all columns; None where their values together are too many."""
    names = sorted({column.name for column in tree.find_all(exp.Column)})
    return ", ".join(f"t_{name}" for name in names) or "range(2) AS r" if len(names) < 5 else None


def _tried(engine: duckdb.DuckDBPyConnection, text: str, relation: str, found: Number) -> None:
    """Works an expression out over all values, and compares its type and its largest value with what is known."""
    engine.execute(f"CREATE OR REPLACE TEMP TABLE tried AS SELECT {text} AS r FROM {relation}")
    ((made,),) = engine.execute("SELECT column_type FROM (DESCRIBE tried)").fetchall()
    wanted = {f"DECIMAL({found.width},{found.scale})"}
    assert made in ((WHOLE if found.width < 38 else {"HUGEINT"}) if found.is_whole else wanted), text
    ((most,),) = engine.execute(f"SELECT max(abs(CAST(r AS VARCHAR)::DECIMAL(38,{found.scale}))) FROM tried").fetchall()
    with localcontext(prec=60):
        assert most is None or int(most.scaleb(found.scale)) <= found.most, text


@pytest.mark.parametrize("seed", range(6))
def test_a_calculation_that_is_followed_never_raises(engine: duckdb.DuckDBPyConnection, seed: int) -> None:
    chance, followed = random.Random(seed), 0
    for _ in range(400):
        text = _made(chance, chance.choice((1, 2, 2, 3)))
        tree = _tree(text)
        found, relation = number(tree, TYPES), _relation(tree)
        if found is None or relation is None:
            continue
        followed += 1
        _tried(engine, text, relation, found)
        summed = number(_tree(f"sum({text})"), TYPES)
        if summed is not None:
            _tried(engine, f"sum({text})", relation, summed)
    assert followed > 100


@pytest.mark.parametrize("seed", range(6))
def test_numbers_that_are_compared_or_divided_never_raise(engine: duckdb.DuckDBPyConnection, seed: int) -> None:
    chance, tried = random.Random(100 + seed), 0
    forms = ("{} < {}", "{} = {}", "{} IN ({}, 7)", "{} BETWEEN {} AND {}", "coalesce({}, {})", "nullif({}, {})")
    for _ in range(150):
        form = "sum({})" if chance.random() < 0.3 else "{}"
        sides = [form.format(_made(chance, depth)) for depth in (2, 1, 1)]
        trees = [_tree(side) for side in sides]
        relation = _relation(exp.Tuple(expressions=[tree.copy() for tree in trees]))
        if relation is None or any(number(tree, TYPES) is None for tree in trees):
            continue
        if is_comparable(trees, KNOWN):
            tried += 1
            for form in forms:
                engine.execute(f"SELECT {form.format(*sides)} FROM {relation}").fetchall()
        quotient = f"{sides[0]} / {sides[1]}"
        assert family(_tree(quotient), KNOWN) == "double"
        engine.execute(f"SELECT {quotient}, CAST({sides[0]} AS DOUBLE) < 1.5 FROM {relation}").fetchall()
    assert tried > 10


@pytest.mark.parametrize(
    "text",
    [
        *("d * d", "w + 1", "w * 2", "v + e", "g * g * a", "i + 1", "b * b", "-i"),
        *("(ti) + 1", "(si) * (si)", "2 * ((ti))"),
        *("2147483647 + 1", "sum(w)", "sum(v)", "CAST(d AS DECIMAL(14, 2))", "CAST(i AS DECIMAL(9, 0))", "sum(d) * w"),
    ],
)
def test_what_may_overflow_is_not_followed(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    tree = _tree(text)
    assert number(tree, TYPES) is None
    with pytest.raises(duckdb.Error):
        engine.execute(f"SELECT {text} FROM {_relation(tree)}, t_i AS more, t_i AS most").fetchall()


def test_a_comparison_that_casts_beyond_38_digits_is_not_one(engine: duckdb.DuckDBPyConnection) -> None:
    trees = [_tree("w"), _tree("0.12345678")]
    assert not is_comparable(trees, KNOWN)
    with pytest.raises(duckdb.Error):
        engine.execute("SELECT w > 0.12345678 FROM t_w").fetchall()
