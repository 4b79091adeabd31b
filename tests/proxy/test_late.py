"""What may raise in the sums of the outermost SELECT needs no fence: it is run on every visible row, and on no other.

Each question is asked of two tables whose visible rows are the same. As the person wrote it, the engine answers some of
them differently; as it is kept late, none.
"""

import itertools
import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlglot import exp

from proxy.fencing.barrier import is_leak_proof
from proxy.fencing.late import _Chain, _Place, keep_late, late_columns, let_go
from proxy.fencing.meanings import families
from proxy.reading.statement import generate, read
from tests.proxy.world import governed

PLAIN = frozenset({"k", "amount", "s", "price", "born", "nothing", "same", "name", "s_1"})
COLUMNS = (("k", "INTEGER"), ("amount", "INTEGER"), ("s", "VARCHAR"), ("price", "DECIMAL(15,2)"), ("born", "DATE"))

LATE = {
    "select sum(cast(s as int)) from t": ["s"],
    "select k, sum(price * (1 - price)), count(*), min(amount) from t where amount > 3 group by k": ["price", "price"],
    "select sum(cast(s as int)) filter (where amount > 3) as n from t order by n limit 3": ["s", "amount"],
    "select sum(case when amount > 3 then cast(s as int) end) / sum(k) as n from t": ["amount", "s", "k"],
    "select date_trunc('month', born) as m, count(*) from t group by m order by m": ["born"],
    "select date_trunc('month', born), sum(k) from t group by date_trunc('month', born)": ["born", "born"],
    "select q.k, sum(q.x) as n from (select k, price * price as x from t where k > 0) as q group by q.k": [
        "price",
        "price",
        "x",
    ],
    "select q.k, n from (select k, sum(price * price) as n from t group by k) as q order by n limit 2": [
        "price",
        "price",
    ],
    "select date_trunc('month', born) as born, count(*) from t group by 1": ["born"],
    "select distinct k, sum(price * price) from t join u using (k) group by k": ["price", "price"],
    "with u as (select k from t where k > 3) select sum(cast(t.s as int)) from t, u where t.k = u.k": ["s"],
    "select max(k) as m, sum(x) from (select k, cast(s as int) = 5 as b, amount as x from t) as q": ["k", "s", "x"],
    "select max(amount) > 3 and count(cast(s as int)) > 0 from t": ["amount", "s"],
}

FENCED = (
    "select s from t where cast(s as int) = 5",
    "select cast(s as int) from t",
    "select cast(s as int) from t limit 3",
    "select cast(s as int) as n from t order by n limit 3",
    "select sum(cast(s as int)) from t having max(amount) > 3",
    "select sum(cast(s as int)) from t group by k having k > 3",
    "select sum(cast('x' as int)) from t",
    "select sum(k + cast('x' as int)) from t",
    "select k, sum(cast(s as int)) + k from t group by k",
    "select k, k > 3 and sum(cast(s as int)) > 0 from t group by k",
    "select max(m) > 3 and sum(x) > 0 from (select count(cast(s as int)) as x, max(k) as m from t group by k) as q",
    "select sum(cast(masked as int)) from t",
    "select masked is null and cast(s as int) > 0 as b, count(*) from t group by b",
    "select b and cast(s as int) > 0 as c, count(*) from (select k is null as b, s from t) as q group by c",
    "select b and cast(s as int) > 0 as c, count(*) from (select k is null, s from t) as q(b, s) group by c",
    "with q as (select amount > 3 as k, s from t) select k and cast(s as int) > 0 as c, count(*) from q group by c",
    "select sum(x) filter (where b) from (select k is null as b, cast(s as int) as x from t) as q",
    "select sum(cast(k as tinyint)) from t full join u using (k)",
    "select sum(cast(q.contact.s as int)) from (select {'x': 1} as contact, s from t) as q",
    "select k, sum(k) / cast('x' as int) from t group by k limit 3",
    "select cast(max(s) as int) from t limit 3",
    "select * from (select sum(cast(s as int)) as n from t) as q, u where u.amount > 3",
    "select * from (select sum(cast(s as int)) as n from t) as q where n > 3",
    "select n from (select k, sum(cast(s as int)) as n from t group by k) as q where k > 3",
    "select sum(n) from (select cast(s as int) as n, amount as a from t) as q where a > 3",
    "select sum(n) from (select cast(s as int) as n from t limit 3) as q",
    "select sum(n) from (select cast(s as int) as n from t) as q join u on q.n = u.k",
    "select sum(cast(s as int)) from t union all select k from t",
    "with q as (select sum(cast(s as int)) as n from t) select n from q",
    "select k from t where amount > (select sum(cast(s as int)) from t)",
    "select k, (select max(amount) from u) + sum(cast(s as int)) from t group by k",
    "select sum(cast(s as int)) over () from t",
    "select sum(cast(s as int)) from t qualify row_number() over () = 1",
    "select k, sum(cast(s as int)) from t group by rollup (k, cast(s as int))",
    "select distinct on (k) sum(cast(s as int)) from t group by k",
    "select cast(s as int) = 5 as b, count(*) from t where amount > 3 and b group by b",
    "select m from (select count(cast(s as int)) as n, case when min(k) > 3 then n end as m from t) as q",
    "select count(*) from t group by k order by cast(max(s) as int), cast(s as int)",
    "select unnest([cast(s as int)]), count(*) from t group by 1",
    "select list_transform([1], lambda x: cast(s as int)), count(*) from t group by 1",
    "select sum(cast(s as int)) from t tablesample 10 rows",
    "select sum(cast(c.s as int)) from (select masked as c from t) as q",
    "select sum(cast(s as int)) from (select c.s from (select masked as c from t) as q) as r",
    "select sum(cast(s as int)) from (select c.* from (select masked as c from t) as q) as r",
    "select sum(cast(x as int)) from (select c.s as x from (select masked as c from t) as q) as r",
    "select sum(cast(s as int)) filter (where k is null) from (select masked, s from t) as k",
    "select sum(cast(s_1 as int)) from (select s, masked as s from t) as q",
    "select sum(cast(s as int)) as n, n.k is null as m from t",
    "select k, sum(b) from (select k + 1 as j, k, cast(s as int) as b from t) as q group by k order by lower(j)",
)


@pytest.mark.parametrize("text", LATE)
def test_a_query_that_sums_up_is_kept_late(text: str) -> None:
    tree = read(text).tree
    columns = late_columns(tree, families(tree, COLUMNS), PLAIN)
    assert columns is not None
    assert sorted(column.name for column in columns) == sorted(LATE[text])


@pytest.mark.parametrize("text", FENCED)
def test_all_else_is_fenced(text: str) -> None:
    tree = read(text).tree
    known = families(tree, COLUMNS)
    assert not is_leak_proof(tree, known)
    assert late_columns(tree, known, PLAIN) is None


@pytest.mark.parametrize("text", LATE)
def test_what_is_kept_is_let_go(text: str) -> None:
    tree = read(text).tree
    before = generate(tree, "duckdb")
    kept = keep_late(late_columns(tree, families(tree, COLUMNS), PLAIN) or ())
    during = generate(tree, "duckdb")
    let_go(kept)
    assert before == generate(tree, "duckdb") != during
    assert during.upper().count("__INTERNAL_BARRIER(TRY(") == len(LATE[text])


LOUD = (
    "cast(s as int)",
    "case when amount > 1000 and cast(s as int) > 0 then 1 end",
    "case when amount > 1000 then 1 else 2 end * cast(s as int)",
    "nothing * cast(s as int)",
    "case when same = 7 or cast(s as int) > 0 then 1 end",
    "cast(same = 7 and cast(s as int) > 0 as int)",
    "coalesce(nothing, cast(s as int))",
    "price * price * price",
)
SHAPES = (
    "select sum({e}) from g",
    "select sum({e}) filter (where amount > 1000) from g",
    "select k, sum({e}) from g group by k order by k limit 2",
    "select sum({e}) from g where amount > 1000",
    "select sum({e}) from g join d using (k)",
    "select d.name, sum({e}) from g join d using (k) group by d.name",
    "select sum({e}) from g left join d on d.k = g.k and d.k > 99",
    "select sum({e}) from g, d where g.amount = d.k and d.name = 'n1'",
    "select sum({e}) from g where k in (select k from d where name <> 'n1')",
    "select x, count(*) from (select {e} as x from g) as q group by x",
    "select sum(x) from (select {e} as x, amount from g join d using (k)) as q",
    "select sum(x) filter (where amount > 1000) from (select {e} as x, amount from g) as q",
    "select sum(x) from (select k, count({e}) as x, max(amount) as m from g group by k) as q",
    "select max(amount) > 1000 and count({e}) > 0 as b from g",
    "select max(nothing) is null and count({e}) > 0 as b from g join d using (k)",
    "select nothing is null and {e} > 0 as b, count(*) from g join d using (k) group by b",
    "select same is null and {e} > 0 as b, count(*) from g join d using (k) where d.k < 9 group by b",
    "select amount > 1000 and {e} > 0 as b, count(*) from g group by b",
    "select sum(case when amount > 1000 and b then 1 end) from (select amount, {e} > 5 as b from g) as q",
)
FILTERS = ("region IN ('EU', 'US')", "region = 'EU' OR region = 'US'", "(SELECT TRUE) AND region <> 'APAC'")


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("CREATE TABLE d AS SELECT i AS k, 'n' || (i % 3) AS name FROM range(3) AS x(i)")
        yield connection


def _worlds(engine: duckdb.DuckDBPyConnection, visible: str, where: str) -> Iterator[None]:
    """Two tables that differ in filtered-out rows alone; `visible` is the text of the visible ones."""
    seen = "1" if visible == "'1'" else "9999999999999.99"
    for most, hidden, value, price in ((50, "'1'", "NULL", "1"), (5000, "'secret'", "7", "9999999999999.99")):
        columns = {
            "amount": ("INTEGER", "i % 9", most),
            "s": ("VARCHAR", visible, hidden),
            "price": ("DECIMAL(15, 2)", seen, price),
            "nothing": ("INTEGER", "NULL", value),
            "same": ("INTEGER", "8", value),
            "region": ("VARCHAR", "'EU'", "'APAC'"),
        }
        cells = ", ".join(f"CAST(IF(i < 90, {a}, {b}) AS {kind}) AS {name}" for name, (kind, a, b) in columns.items())
        engine.execute(f"CREATE OR REPLACE TABLE few AS SELECT i % 3 AS k, {cells} FROM range(99) AS x(i)")
        engine.execute(f"CREATE OR REPLACE VIEW g AS SELECT * EXCLUDE (region) FROM few WHERE {where}")
        yield


def _outcome(engine: duckdb.DuckDBPyConnection, sql: str) -> object:
    try:
        return sorted(map(repr, engine.execute(sql).fetchall()))
    except duckdb.Error as error:
        return type(error)


_SEEN = (*COLUMNS[:4], ("nothing", "INTEGER"), ("same", "INTEGER"), ("name", "VARCHAR"))


def _late(sql: str) -> str | None:
    tree = read(sql).tree
    columns = late_columns(tree, families(tree, _SEEN), PLAIN)
    keep_late(columns or ())
    return generate(tree, "duckdb") if columns else None


def _kept(sql: str) -> str:
    kept = _late(sql)
    assert kept is not None, sql
    return kept


def _differ(engine: duckdb.DuckDBPyConnection, questions: list[str], visible: str, where: str) -> list[str]:
    answers = [[_outcome(engine, sql) for sql in questions] for _ in _worlds(engine, visible, where)]
    return [sql for sql, first, second in zip(questions, *answers, strict=True) if first != second]


ASKED = [shape.format(e=loud) for shape, loud in itertools.product(SHAPES, LOUD)]


@pytest.mark.parametrize("where", FILTERS)
@pytest.mark.parametrize("visible", ["'1'", "'x'"])
def test_what_is_kept_late_tells_nothing(engine: duckdb.DuckDBPyConnection, visible: str, where: str) -> None:
    assert not _differ(engine, [_kept(sql) for sql in ASKED], visible, where)


def test_what_is_not_kept_late_tells(engine: duckdb.DuckDBPyConnection) -> None:
    """Without this the test above could not fail."""
    assert _differ(engine, ASKED, "'x'", FILTERS[0])


def test_what_is_kept_late_is_the_same_answer(engine: duckdb.DuckDBPyConnection) -> None:
    for _ in _worlds(engine, "'1'", FILTERS[0]):
        for sql in ASKED:
            assert _outcome(engine, _kept(sql)) == _outcome(engine, sql), sql


@pytest.mark.parametrize(("form", "meets"), [("w", True), ("TRY(w)", True), ("__internal_barrier(TRY(w))", False)])
def test_a_sum_kept_late_meets_no_row_without_a_partner(
    engine: duckdb.DuckDBPyConnection, form: str, meets: bool
) -> None:
    """Before a join that makes many rows the engine sums up what only the barrier keeps behind it."""
    engine.execute(
        "CREATE OR REPLACE TABLE many AS SELECT i % 100 AS k,"
        " IF(i % 2 = 0, 1, CAST('150000000000000000000000000000000000000' AS HUGEINT)) AS w FROM range(20000) AS x(i)"
    )
    engine.execute(
        "CREATE OR REPLACE TABLE more AS SELECT 2 * (i % 50) AS k, 'g' || (i % 3) AS g, 'h' || i AS h"
        " FROM range(5000) AS x(i)"
    )
    outcome = _outcome(engine, f"SELECT g, h, sum({form}) FROM many JOIN more USING (k) GROUP BY g, h")
    assert (outcome is duckdb.OutOfRangeException) == meets


def test_random_questions_are_kept_late(engine: duckdb.DuckDBPyConnection) -> None:
    """Expressions of random depth over columns that are constant, NULL or larger on filtered-out rows alone."""
    chance = random.Random(7)
    leaves = ("k", "amount", "price", "nothing", "same", "cast(s as int)", "7")
    forms = (
        *("{0} * {1}", "{0} + {1}", "({0} - {1})", "coalesce({0}, {1})", "case when {2} then {0} else {1} end"),
        *("case when {2} and {3} then {0} end", "nullif({0}, {1})", "cast({2} or {3} as int)", "abs({0})"),
    )

    def made(depth: int) -> str:
        if depth == 0 or chance.random() < 0.2:
            return chance.choice(leaves)
        parts = [made(depth - 1), made(depth - 1)]
        tests = [f"{made(depth - 1)} {chance.choice(('>', '=', '<>'))} {chance.choice((7, 8, 1000))}" for _ in "12"]
        return chance.choice(forms).format(*parts, *tests)

    made_up = [chance.choice(SHAPES).format(e=f"({made(3)} + cast(s as int))") for _ in range(150)]
    questions = [sql for sql in made_up if _late(sql) is not None]
    assert len(questions) > 75
    for visible in ("'1'", "'x'"):
        assert not _differ(engine, [_kept(sql) for sql in questions], visible, chance.choice(FILTERS))


DOCUMENT = """
veil: 1
sources: {data: {connector: files, path: ./data}}
databases: {shop: {}}
tags: {x.a: {}}
datasets:
  shop.orders: {source: data, relation: orders.parquet, columns: {amount: {tags: [x.a]}}}
  shop.parts: {source: data, relation: parts.parquet}
roles: {analyst: {groups: [analysts]}}
policies:
  - policy: all
    grant: select
    to: [analyst]
    scope: shop
    transform: [{tagged: x.a, with: zero()}]
    why: amounts are nobody's
  - {policy: some, restrict: select, to: [analyst], scope: shop.orders, where: "region in ('EU', 'US')", why: a filter}
"""
QUESTIONS = (
    "select amount is null and cast(note as int) > 0 as b, count(*) from shop.orders group by b",
    "select amount is null and cast(note as int) > 0 as b, count(*) from shop.orders join shop.parts using (k)"
    " group by b",
    "select b and cast(note as int) > 0 as c, count(*) from (select size is null as b, note, k from shop.orders) as q"
    " join shop.parts using (k) group by c",
    "select size is null and cast(note as int) > 0 as b, count(*) from shop.orders join shop.parts using (k)"
    " group by b",
    "select sum(case when amount is null and cast(note as int) > 0 then 1 end) as n from shop.orders, shop.parts",
    "select max(size) > 1000 and count(cast(note as int)) > 0 as b from shop.orders",
    "select sum(size * size * 1000000000) as n from shop.orders join shop.parts using (k)",
)


def _write(folder: Path, hidden: int | None) -> None:
    """Only the filtered-out rows of two such worlds differ: in whether an amount or a size is missing, or large."""
    (folder / "data").mkdir(parents=True)
    rows = range(99)
    values = [7 if i < 90 else hidden for i in rows]
    orders = {"k": [i % 3 for i in rows], "note": ["x"] * 99, "region": ["EU" if i < 90 else "APAC" for i in rows]}
    cells = {name: pa.array(values, pa.int64()) for name in ("amount", "size")}
    pq.write_table(pa.table({**orders, **cells}), folder / "data" / "orders.parquet")
    pq.write_table(pa.table({"k": [0, 1, 2]}), folder / "data" / "parts.parquet")


def test_two_worlds_answer_alike_what_is_summed_up(tmp_path: Path) -> None:
    with ExitStack() as stack:
        worlds = []
        for name, hidden in (("same", 7), ("none", None), ("large", 5000)):
            _write(tmp_path / name, hidden)
            worlds.append(stack.enter_context(governed(tmp_path / name, DOCUMENT)))
        for sql in QUESTIONS:
            outcomes = [world.outcome(sql) for world in worlds]
            assert outcomes[0] == outcomes[1] == outcomes[2], sql


@pytest.mark.parametrize("times", [50, 100])
def test_columns_are_placed_once_however_many_they_may_mean(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    placed = []
    place = _Chain.place

    def counted(chain: _Chain, node: exp.Expr) -> _Place | None:
        placed.append(node)
        return place(chain, node)

    monkeypatch.setattr(_Chain, "place", counted)
    inner = ", ".join(["-k a"] * times)
    tree = read(f"select max(1), {', '.join(['a + a'] * times)} from (select {inner} from t) q").tree
    assert late_columns(tree, families(tree, COLUMNS), PLAIN) is not None
    assert len(placed) <= 4 * times  # each minus, and each column outside
