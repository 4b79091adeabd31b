"""The rows of an outer join are counted whole, whatever the engine knows of the side that may be empty."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pytest

from proxy.fencing.outer_joins import count_again, count_whole
from proxy.reading.statement import generate, read
from tests.proxy.world import World, governed

WRITTEN = {
    "select sum(a) from t left join u using (k)": "SELECT SUM(GREATEST(a, TRY(NULL))) FROM t LEFT JOIN u USING (k)",
    "select a.sum() from t left join u using (k)": "SELECT SUM(GREATEST(a, TRY(NULL))) FROM t LEFT JOIN u USING (k)",
    "select sum(distinct a order by b) over () from t full join u using (k)": "SELECT SUM(DISTINCT"
    " GREATEST(a, TRY(NULL)) ORDER BY b) OVER () FROM t FULL JOIN u USING (k)",
    "select a from t right join u using (k) limit 5": "SELECT a FROM t RIGHT JOIN u USING (k) LIMIT 5 OFFSET 0",
    "select a from t left join (from u limit 5) as v using (k) limit 5 offset 2": "SELECT a FROM t"
    " LEFT JOIN (SELECT * FROM u LIMIT 5 OFFSET 0) AS v USING (k) LIMIT 5 OFFSET 2",
    "select exists (select 1 from t left join u using (k))": "SELECT EXISTS(SELECT 1 FROM t"
    " LEFT JOIN u USING (k) OFFSET 0)",
    "with v as (select t.k from t left join u using (k)) select exists ((from v))": "WITH v AS (SELECT t.k FROM t"
    " LEFT JOIN u USING (k)) SELECT EXISTS((SELECT * FROM v OFFSET 0))",
    "select sum(columns(*)) as s from t left join u using (k)": "SELECT SUM(GREATEST(COLUMNS(*), TRY(NULL))) AS s"
    " FROM t LEFT JOIN u USING (k)",
    "select sum(a * (select count(*) from u)) from t left join u using (k)": "SELECT SUM(GREATEST(a * (SELECT COUNT(*)"
    " FROM u), TRY(NULL))) FROM t LEFT JOIN u USING (k)",
    "pivot (select k, a from t left join u using (k)) on k in (1, 2) using sum(a)": "SELECT * FROM (PIVOT"
    " (SELECT k, a FROM t LEFT JOIN u USING (k) OFFSET 0) ON k IN (1, 2) USING SUM(a))",
    "from (select k, a from t left join u using (k)) pivot (sum(a) for k in (1, 2))": "SELECT * FROM"
    " (SELECT k, a FROM t LEFT JOIN u USING (k) OFFSET 0) PIVOT(SUM(a) FOR k IN (1, 2))",
    "select a from t left join u using (k) where exists (from w limit 1)": "SELECT a FROM t LEFT JOIN u USING (k)"
    " WHERE EXISTS(SELECT * FROM w LIMIT 1 OFFSET 0)",
}
AS_IT_IS = (
    "select sum(a), count(*) from t join u using (k) where exists (from w) limit 5",
    "select count(*), max(a) from t left join u using (k) where exists (from w) offset 3",
    "select sum(columns(*)), sum(*columns(*)) as s from t left join u using (k)",
    "with v as (select k, a from t left join u using (k)) pivot v on k in (1, 2) using sum(a)",
)

JOINS = (
    "t left join d on d.k = t.k and d.k > 99",
    "d right join t on d.k = t.k and d.k > 99",
    "t full join (select k from d where k > 99) as d on d.k = t.k",
    "t left join (select k from d where k > 99 group by k) as d on true",
    "t asof left join (select k from d where k > 99) as d on t.k >= d.k",
)
QUESTIONS = (
    "select sum(t.n) > 300 as b from {j}",
    "select sum(case when t.k >= 0 then 1 else 0 end) > 9 as b from {j}",
    "select t.k, sum(1.5 * t.n) filter (where t.n > 0) > 99 as b from {j} group by t.k order by t.k",
    "select s from (select sum(t.n) as s from {j}) as q where s > 300",
    "select (t.n).sum() > 300 as b from {j}",
    "select count(*) as c from (select t.k from {j} limit 60) as q",
    "select count(*) = 60 as b from (select t.k from {j} limit 60) as q",
    "select count(*) as c from (select t.k from {j} group by t.k limit 1) as q",
    "select count(*) as c from ((select t.k from {j}) union all (select t.k from {j}) limit 5) as q",
    "select exists (select 1 as o from {j}) as b",
    "select count(*) as c from d where not exists (select 1 as o from {j} where t.n > 0)",
    "with v as (select t.k from {j}) select count(*) as c from d where exists (from v)",
    "select count(*) as c from d as z where exists (select 1 as o from {j} where t.k = z.k)",
    "select (select 1 from {j} limit 1) as o",
    "select sum(columns(*)) as s from (select t.n from {j}) as q having s > 300",
    'select "1" > 100 as b from (pivot (select t.k, t.n from {j}) on k in (1, 2) using sum(n)) as q',
)
BY_NAMES = (
    "from (select sum(columns(*)) from (select t.n from {j})) as q(s) where s > 300",
    'with v as (select t.k, t.n from {j}) select "1" > 100 as b from (pivot v on k in (1, 2) using sum(n)) as q',
)
ASKED = [question.format(j=joined) for question, joined in itertools.product(QUESTIONS, JOINS)]


@pytest.mark.parametrize("text", WRITTEN)
def test_what_hangs_on_the_count_is_written_anew(text: str) -> None:
    tree = read(text).tree
    before = generate(tree, "duckdb")
    made = count_whole(tree)
    assert generate(tree, "duckdb").replace('"', "") == WRITTEN[text]
    count_again(made)
    assert generate(tree, "duckdb") == before


@pytest.mark.parametrize("text", AS_IT_IS)
def test_all_else_stays(text: str) -> None:
    assert not count_whole(read(text).tree)


def _write(file: Path, largest: int) -> None:
    """Only a filtered-out row says whether one side of the joins is surely empty."""
    with duckdb.connect(str(file)) as engine:
        engine.execute("CREATE TABLE t AS SELECT i % 3 AS k, 8::INTEGER AS n, 'EU' AS region FROM range(99) r(i)")
        engine.execute("CREATE TABLE d AS SELECT CAST(i AS BIGINT) AS k, 'EU' AS region FROM range(3) r(i)")
        engine.execute(f"INSERT INTO d VALUES ({largest}, 'APAC')")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    file = tmp_path_factory.mktemp("plain") / "plain.duckdb"
    _write(file, 2)
    with duckdb.connect(str(file)) as connection:
        connection.execute("DELETE FROM d WHERE region = 'APAC'")
        yield connection


def _answers(engine: duckdb.DuckDBPyConnection, without: str = "") -> list[object]:
    engine.execute(f"SET disabled_optimizers = '{without}'")
    answers: list[object] = []
    for sql in ASKED:
        try:
            answers.append(engine.execute(sql).fetchall())
        except duckdb.Error:
            answers.append("error")
    return answers


def test_the_engine_itself_counts_too_few(engine: duckdb.DuckDBPyConnection) -> None:
    """If this fails, the engine counts right, or the questions probe nothing any more."""
    wrong = [a != b for a, b in zip(_answers(engine), _answers(engine, "statistics_propagation"), strict=True)]
    assert sum(wrong) > len(wrong) // 3


DOCUMENT = """
veil: 1
sources: {{data: {{connector: duckdb, path: ./shop.duckdb}}}}
databases: {{main: {{}}}}
datasets: {{main.t: {{source: data, relation: main.t}}, main.d: {{source: data, relation: main.d}}}}
roles: {{analyst: {{groups: [analysts]}}}}
policies: [{{policy: all, grant: select, to: [analyst], scope: main{where}, why: a test}}]
"""


def _world(stack: ExitStack, folder: Path, largest: int, where: str) -> World:
    folder.mkdir()
    _write(folder / "shop.duckdb", largest)
    return stack.enter_context(governed(folder, DOCUMENT.format(where=where)))


def _asked(world: World) -> list[object]:
    return [[tuple(row.values()) for row in world.ask(sql).to_pylist()] for sql in ASKED]


def test_answers_are_right_and_tell_nothing_of_hidden_rows(engine: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    right = _answers(engine, "statistics_propagation")
    with ExitStack() as stack:
        for largest in (2, 200):
            world = _world(stack, tmp_path / str(largest), largest, ", where: \"region <> 'APAC'\"")
            assert _asked(world) == right
            assert all(world.ask(by_name.format(j=joined)).num_rows for by_name in BY_NAMES for joined in JOINS[:2])


def test_answers_are_right_without_a_policy_that_hides(engine: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    engine.execute("INSERT INTO d VALUES (2, 'APAC')")
    right = _answers(engine, "statistics_propagation")
    engine.execute("DELETE FROM d WHERE region = 'APAC'")
    with ExitStack() as stack:
        assert _asked(_world(stack, tmp_path / "open", 2, "")) == right


def test_a_view_of_the_source_may_be_an_outer_join(tmp_path: Path) -> None:
    questions = {
        "select count(*) as c from (from main.v limit 3) as q": 3,
        "select count(*) as c from (select 1 as o from main.v limit 3) as q": 3,
        "select sum(n) > 300 as b from main.v": True,
        "select exists (from main.v) as b": True,
    }
    with ExitStack() as stack:
        (tmp_path / "views").mkdir()
        _write(tmp_path / "views" / "shop.duckdb", 2)
        with duckdb.connect(str(tmp_path / "views" / "shop.duckdb")) as engine:
            engine.execute("CREATE VIEW v AS SELECT t.k, t.n FROM t LEFT JOIN d ON d.k = t.k AND d.k > 99")
        document = DOCUMENT.format(where="").replace("main.d}}", "main.d}, main.v: {source: data, relation: main.v}}")
        world = stack.enter_context(governed(tmp_path / "views", document))
        answers = {sql: next(iter(world.ask(sql).to_pylist()[0].values())) for sql in questions}
    assert answers == questions
