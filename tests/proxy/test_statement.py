"""What a person may write is read; everything else is refused with words that help."""

import re

import duckdb
import pytest
from sqlglot import exp

from catalog.errors import LimitExceeded, SqlInvalid, SqlUnsupported, VeilError
from proxy.reading.functions import FUNCTIONS
from proxy.reading.grammar import NODES, ROOTS
from proxy.reading.statement import generate, read, reread, shape
from proxy.reading.tokens import SqlLimits, position_at

READABLE = {
    "select 1": "SELECT 1",
    "from t select a": 'SELECT "a" FROM "t"',
    "values (1)": "VALUES (1)",
    "select 1; -- done": "SELECT 1",
    "select ?, ? from a": 'SELECT $p1, $p2 FROM "a"',
    "select $2, $1": "SELECT $p2, $p1",
    """select $1,$2,'$1,$2',"$1,$2" /* $1,$2 */ -- $1,$2""": """SELECT $p1, $p2, '$1,$2', "$1,$2\"""",
    "select $a+$b, f.c from t f where d=$a": 'SELECT $p1 + $p2, "f"."c" FROM "t" AS "f" WHERE "d" = $p1',
    r"select e'\\$a,$b', $a,$b": r"SELECT '\$a,$b', $p1, $p2",
    "select $Age, $age, $land": "SELECT $p1, $p1, $p2",
    "select * exclude (a) from t": 'SELECT * EXCLUDE ("a") FROM "t"',
    "select a /* secret */ from t -- more": 'SELECT "a" FROM "t"',
    "select distinct on (a) b from t": 'SELECT DISTINCT ON ("a") "b" FROM "t"',
    "select a from t qualify row_number() over (order by a) = 1": (
        'SELECT "a" FROM "t" QUALIFY ROW_NUMBER() OVER (ORDER BY "a") = 1'
    ),
    "select list_transform(l, lambda x: x + 1) from t": 'SELECT LIST_TRANSFORM("l", LAMBDA "x" : "x" + 1) FROM "t"',
    "with recursive n as (select 1 as i union all select i + 1 from n where i < 3) from n": (
        'WITH RECURSIVE "n" AS (SELECT 1 AS "i" UNION ALL SELECT "i" + 1 FROM "n" WHERE "i" < 3) SELECT * FROM "n"'
    ),
    "select 'zero\u200bwidth'": "SELECT 'zero\u200bwidth'",
}

UNSUPPORTED = (
    "insert into t values (1)",
    "with x as (delete from t returning *) select * from x",
    "select a into x from t",
    "select a from t for update",
    "select a from t order by a fetch first 2 rows with ties",
    "select a from t fetch first 50 percent rows only",
    "select case (select max(a) from t) when 1 then 'x' when 2 then 'y' end from t",
    "select case exists(select 1 from t) when true then 'x' when false then 'y' end",
    "select sum(a) over w, max(a) over w from t window w as (partition by (select max(a) from t))",
    "select a from t window w as (partition by a in (select a from u))",
    "select percentile_cont(0.5) within group (order by (select max(a) from t)) from t",
    "select percentile_cont((select 0.5)) within group (order by a) from t",
    "select percentile_cont(0.5::double) within group (order by a) from t",
    "select percentile_cont((0.25)) within group (order by a) from t",
    "select percentile_cont(0.25) within group (order by a desc, b) from t",
    "select percentile_cont(0.25) within group (order by a desc) over () from t",
    "select sum(a).abs() within group (order by a) from t",
    "select a like any (select 'E%') from t",
    "select a not like all (values ('E%')) from t",
    "select (a like any ('a', 'b'))::varchar like any ('t', 'f') from t",
    "select a like any (case when a like 'b' then 'c' end, 'd') from t",
    "select a between symmetric 1 and 2 from t",
    "select (a between symmetric true and false) between symmetric true and false from t",
    "select position('a', b, position('a', b, 1)) from t",
    "select substring(a, 1, 2, 3) from t",
    "select if(sum(a) > 1, 1, 2) filter (where a > 1) from t",
    "set threads = 1",
    "pragma database_list",
    "attach 'x.db'",
    "copy t to 'x.csv'",
    "install httpfs",
    "explain select 1",
    "call pragma_version()",
    "select 1; select 2",
    "select * from (show tables)",
    "from (Show All Tables) t",
    "select * from read_csv('x')",
    "select * from query('select 1')",
    "select * from query_table('t')",
    "select * from glob('*')",
    "select getvariable('x')",
    "select current_setting('threads')",
    "select now()",
    "select current_date",
    "select random()",
    "select error('x')",
    "select nextval('s')",
    "select list_aggregate([1], 'sum')",
    "select main.read_text('x')",
    "select a from t at (version => 1)",
    "select a::mytype from t",
    "select a collate nocase from t",
    "select $ä from t",
    "select date_part('day FROM now()), (SELECT 1) AS x, extract(day', now())",
)

INVALID = (
    "",
    "-- nothing",
    "selec",
    "select a from",
    "select (1",
    "select 'abc",
    "select x\u200bfrom\u200bsecret",
    "select x\u2028from t",
    "select a\x00 from t",
    "select 0x1F",
    "select ?, $1",
    "select ?, $age",
    "select $$x$$, $a,$b from t",
    "select $$x$$, $a,$ from $a,$",
    "select $2",
    "select $1, $3",
)


@pytest.mark.parametrize(("text", "expected"), READABLE.items())
def test_what_may_be_written_comes_out_quoted_and_without_comments(text: str, expected: str) -> None:
    statement = read(text)
    assert generate(statement.tree, "duckdb") == expected


@pytest.mark.parametrize("text", UNSUPPORTED)
def test_what_is_not_on_a_list_is_refused(text: str) -> None:
    with pytest.raises(SqlUnsupported) as refused:
        read(text)
    assert refused.value.detail


@pytest.mark.parametrize("text", INVALID)
def test_what_is_no_sql_is_refused_as_such(text: str) -> None:
    with pytest.raises(SqlInvalid):
        read(text)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_listed_function_can_be_called(name: str) -> None:
    """A function that is on the list but whose node is not would be a promise not kept."""
    arguments = ("a", "a, b", "a, b, c", "'day', a", "'day', a, b", "", "a, lambda x: x", "a, b, c, d")
    assert any(_is_read(f"select {name}({given}) from t") for given in arguments)


def _is_read(text: str) -> bool:
    try:
        read(text)
    except VeilError:
        return False
    return True


def test_every_listed_node_exists() -> None:
    assert [name for name in sorted(NODES | ROOTS) if not hasattr(exp, name)] == []


_DOUBLING = ", ".join(f"c{n} as (from c{n - 1} union all from c{n - 1})" for n in range(1, 41))


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("select 1", SqlLimits(characters=5)),
        ("select 1, 2, 3", SqlLimits(tokens=3)),
        ("select 1, 2, 'x', a + b", SqlLimits(words=3)),
        (f"select lower(trim(a)) like any ({', '.join(['NULL'] * 2_000)}) from t", SqlLimits()),
        ("select " + ", ".join(["a like all ('a%', 'b%', 'c%')"] * 700) + " from t", SqlLimits()),
        ("select " + "(" * 70 + "1" + ")" * 70, SqlLimits()),
        ("select * from a, b, c", SqlLimits(joins=1)),
        ("select * from a" + " positional join a" * 9, SqlLimits()),
        ("with b as (select * from a positional join a) select * from b positional join b", SqlLimits(in_step=1)),
        ("select " + "[" * 10_000 + "1" + "]" * 10_000, SqlLimits()),
        ("select 'a'" + "||'a'" * 400, SqlLimits()),
        ("select true" + " and true" * 9_000, SqlLimits()),
        ("select 1" + "::int" * 6_000, SqlLimits()),
        ("select 1" + " union all select 1" * 3_000, SqlLimits()),
        (f"with c0 as (select 1), {_DOUBLING} from c40", SqlLimits()),
        ("select " + "case when true then " * 70 + "1" + " end" * 70, SqlLimits()),
        ("select " + "(select " * 70 + "1" + ")" * 70, SqlLimits()),
        ("select id" + ".abs()" * 61 + " from t", SqlLimits()),
        ("select " + "a." * 5_000 + "b from t", SqlLimits()),
        ("select '" + "x" * 1_000_000 + "'", SqlLimits()),
        ("select j -> '$" + ".a" * 2_000 + "' from t", SqlLimits()),
        ("select " + "list_transform([1], lambda x: " * 7 + "x" + ")" * 7, SqlLimits()),
    ],
)
def test_too_much_sql_is_refused_before_it_hurts(text: str, limits: SqlLimits) -> None:
    with pytest.raises(LimitExceeded):
        read(text, limits=limits)


def test_many_calls_after_dots_side_by_side_are_not_deep() -> None:
    assert read("select " + ", ".join(["a.b.lower().trim(), (b).c"] * 100) + " from t").tree.expressions


def test_a_syntax_error_points_at_its_place() -> None:
    with pytest.raises(SqlInvalid) as refused:
        read("select a\nfrom x where (")
    assert refused.value.position is not None
    assert refused.value.position.line == 2


def test_another_dialect_is_refused_by_name() -> None:
    with pytest.raises(SqlUnsupported, match="`oracle`"):
        read("select 1", dialect="oracle")


def test_a_position_is_counted_from_one() -> None:
    position = position_at("select 1\nfrom x", 14)
    assert (position.line, position.column, position.snippet) == (2, 6, "from x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("with a as (select ? as x) select ? from a where b = ? limit ?", 'WITH "a" AS (SELECT $p1 AS "x") SELECT $p2'),
        ("from t select ? where a > ? and b < ? and c = ?", 'SELECT $p1 FROM "t" WHERE "a" > $p2 AND "b" < $p3'),
        ("select case when a then ? else ? end, x in (?, ?) from (select ?) t", "$p3, $p4) FROM (SELECT $p5)"),
        ("select '?', \"?\" /* ? */, ? -- ?", "SELECT '?', \"?\", $p1"),
    ],
)
def test_question_marks_count_in_the_order_of_the_text(text: str, expected: str) -> None:
    assert expected in generate(read(text).tree, "duckdb")


def test_a_place_behind_question_marks_is_where_the_person_wrote_it() -> None:
    statement = read("select ?, ?,\n  ?, nme from t")
    (column,) = statement.tree.find_all(exp.Column)
    place = statement.place(column.this)
    assert place is not None
    assert (place.line, place.column) == (2, 6)


AS_WRITTEN = (
    "select string_agg(distinct n::varchar, '; ' order by n::varchar) from a",
    "select length(string_agg(distinct k::varchar, ', ')), round(corr(distinct n, k), 9), max(distinct n, 2) from a",
    "select date '2026-01-31'::varchar, timestamp '2026-01-31 10:00:00'::date, bool 't'::int, int '5' :: double",
    "select date '2026-01-31'.year(), [time '10:00'::varchar], cast(double '5'::int as varchar), interval '1' day",
    "select timestamptz '2026-01-31'::timestamp::varchar, (date '2026-01-31')::varchar, date '2026-01-31' + 1",
    "pivot (select c.k, c.n from a c left join b o on o.k = c.k) on k in (1, 2) using sum(n)",
    "pivot (from a c where exists (select 1 from b o where o.k = c.k)) on k in (0, 1, 2) using sum(n)",
    "pivot (select c.* exclude (n), c.n + 1 as m from a c join b o on o.k = c.k) on k in (1, 2) using sum(m)",
    "from (select c.* from a c join b o on o.k = c.k) as q pivot (sum(n) for k in (0, 1))",
    "unpivot (select a.k, a.n from a, b where a.k = b.k) on k, n",
)


@pytest.mark.parametrize("text", AS_WRITTEN)
def test_what_is_printed_means_what_was_written(text: str) -> None:
    with duckdb.connect() as engine:
        engine.execute("CREATE TABLE a AS SELECT i % 3 AS k, i AS n FROM range(9) r(i)")
        engine.execute("CREATE TABLE b AS SELECT 1 AS k, 2 AS z")
        printed = generate(read(text).tree, "duckdb")
        answers = [(_types(engine, sql), sorted(map(repr, engine.execute(sql).fetchall()))) for sql in (text, printed)]
    assert answers[0] == answers[1]


def _types(engine: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    return [str(column[1]) for column in engine.execute(sql).description or ()]


@pytest.mark.parametrize("text", ["decimal(5, 2) '1.5'::varchar", "timestamp with time zone '2026-01-31'::date"])
def test_a_text_of_a_longer_type_wants_brackets_before_a_cast(text: str) -> None:
    with pytest.raises(SqlUnsupported, match="a text of a type is not read before `::`"):
        read(f"select {text}")


_BEHIND = ("j -> 'a' = '1'", "j -> 'a' in ('1')", "j -> 'a' is null", "j -> 'a' not like 'x'", "j -> 'a' and b")


@pytest.mark.parametrize(
    "text", ["j -> 'a' || 'b'", "j -> 'a' -> 'b' || 'c' || 'd'", "j -> 'a'::varchar || 'b'", *_BEHIND]
)
def test_an_arrow_before_a_pipe_wants_brackets(text: str) -> None:
    with pytest.raises(SqlUnsupported, match="so it wants brackets"):
        read(f"select {text} from t")


_BRACKETED = ("(j -> 'a') = '1'", "'1' = j -> 'a'", "j ->> 'a' = '1'", "j -> 'a' ->> 'b' = '1'", "not j -> 'a'")


@pytest.mark.parametrize("text", ["(j -> 'a') || 'b'", "j ->> 'a' || 'b'", "json_extract(j, 'a') || 'b'", *_BRACKETED])
def test_other_paths_before_a_pipe_are_read(text: str) -> None:
    read(f"select {text} from t")


def test_a_field_is_no_column_of_a_pivot() -> None:
    printed = generate(read("pivot t on k in (1) using sum(s.n)").tree, "duckdb")
    assert printed == 'SELECT * FROM (PIVOT "t" ON "k" IN (1) USING SUM("s"."n"))'


@pytest.mark.parametrize("text", ["select 1 <=> 1", "select count(distinct a, b) from t"])
def test_what_the_engine_means_otherwise_or_refuses_is_refused_with_a_way_on(text: str) -> None:
    with pytest.raises(SqlUnsupported) as refused:
        read(text)
    assert refused.value.hint.split()[0] in ("write", "count")


@pytest.mark.parametrize("opening", ["row(", "array[", "decimal(", "union("])
def test_what_is_read_in_several_ways_may_not_be_read_without_end(opening: str) -> None:
    closing = "]" if opening.endswith("[") else ")"
    with pytest.raises(LimitExceeded, match="takes too long to read"):
        read(f"select {opening * 58}1{closing * 58}")


def test_some_nesting_of_what_is_read_in_several_ways_is_read() -> None:
    printed = generate(read(f"select {'row(' * 8}1{')' * 8}, {'array[' * 5}1{']' * 5}").tree, "duckdb")
    assert printed == f"SELECT {'ROW(' * 8}1{')' * 8}, {'[' * 5}1{']' * 5}"


@pytest.mark.parametrize(
    "text",
    [
        "select 1 as a union all with q as (select 2 as a) select a from q",
        "select 1 as a union all with q as (select 2 as a) select a from q union all select a from q",
        "select 1 as a except with q as (select 2 as a) select a from q intersect select 3",
    ],
)
def test_a_with_inside_a_set_operation_stands_in_brackets(text: str) -> None:
    with pytest.raises(SqlUnsupported, match="a WITH within a set operation"):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "with q as (select 2 as a) select a from q union all select 3 union select 4",
        "with q as (select 2 as a) (select a from q) union all select 3",
        "(with q as (select 2 as a) select a from q) union all select 3 union all (with p as (from a) from p)",
    ],
)
def test_a_with_before_or_within_a_set_operation_is_kept(text: str) -> None:
    tree = read(text).tree
    again = reread(generate(tree, "duckdb"), "duckdb")
    assert shape(again) == shape(tree)
    assert again.find(exp.With) is not None


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("a not in (1, 2) < d", '(NOT "a" IN (1, 2)) < "d"'),
        ("a not between 1 and 2 <= c", '(NOT "a" BETWEEN 1 AND 2) <= "c"'),
        ("a not in (1) is null", '(NOT "a" IN (1)) IS NULL'),
        ("not a < b", 'NOT "a" < "b"'),
        ("a not in (1) and not b", 'NOT "a" IN (1) AND NOT "b"'),
    ],
)
def test_what_a_not_denies_is_kept_in_printing(written: str, printed: str) -> None:
    assert generate(read(f"select {written} from t").tree, "duckdb") == f'SELECT {printed} FROM "t"'
    ours, engines = (_engine_tree(f"select {text} from t") for text in (written, printed.replace('"', "")))
    assert ours == engines


def _engine_tree(sql: str) -> str:
    """The engine's reading of a text, without the places of its words."""
    [(tree,)] = duckdb.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
    return re.sub(r'"query_location(_length)?":\d+,?', "", tree)


@pytest.mark.parametrize(
    "text", ["from (values (1), (2)) as v(a) tablesample reservoir(1 rows), t", "from unnest([1]) tablesample 10%"]
)
def test_a_sample_of_one_relation_is_none_of_the_query(text: str) -> None:
    with pytest.raises(SqlUnsupported, match="TABLESAMPLE behind VALUES"):
        read(text)
    assert "TABLESAMPLE" in generate(read("from (from (values (1))) as v tablesample 10%").tree, "duckdb")
