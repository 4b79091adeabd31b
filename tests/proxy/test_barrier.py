"""Which queries may stand unfenced before filtered rows: only those that cannot tell anything of one."""

import random

import pytest
from sqlglot import exp, parse_one

from catalog.names import fold
from proxy.fencing.barrier import is_leak_proof
from proxy.fencing.families import Families, signature
from proxy.fencing.late import late_columns
from proxy.fencing.meanings import families
from proxy.reading.statement import read
from proxy.rewriting.relations import relation_names
from tests.proxy.estates import estate
from tests.proxy.questions import Questioner

COLUMNS = (
    *(("age", "INTEGER"), ("name", "VARCHAR"), ("born", "DATE"), ("active", "BOOLEAN"), ("price", "DECIMAL(9,2)")),
    *(("rate", "DOUBLE"), ("seen", "TIMESTAMP"), ("wide", "DECIMAL(38,2)"), ("size", "HUGEINT")),
    *(("contact", 'STRUCT("age" VARCHAR)'), ("age_1", "DOUBLE")),
)

LEAK_PROOF = (
    "select * from t",
    "select name, sum(t.age) from t left join u using (name) group by name having sum(t.age) > 300",
    "select * from t where 1 / age > 0 and wide > 3 and age < 2000 + 1",
    "select price * price, price + age, rate / age, -price, sum(price * 2) over () from t",
    "select sum(price) / 7.0 as n from t group by name having sum(price) > 300",
    "select * from t where age > (select 0.5 * sum(price) from t) and price < (select 0.2 * avg(price) from t)",
    "select nullif(rate, age) * wide, nullif(price, 0) > age from t",
    "select cast(age as decimal(12, 2)) + 1.5, coalesce(price, 0), case when active then price end from t",
    "select n, count(*) from (select age, count(price) as c from t group by age) as q(a, n) where a > 3 group by n",
    "select count(*), min(name), avg(age) from t group by name order by 1 limit 3",
    "select * from t where age > 40 and (name = 'x' or not active)",
    "select * from t where born between '2020-01-01' and '2021-01-01'",
    "select * from t join u using (age) where name like 'a%'",
    "select case when name is null then 1 else 2 end from t",
    "select case when active then age end, coalesce(name, 'none'), coalesce(price) from t where born < '2020-01-01'",
    "select t.age from t as t where t.age > 1.5 and -3 < age limit 3 offset 1",
    "with a as (select * from t) select * from a where age in (1, 2, -3)",
    "select * from t where lower(name) = 'x' and length(trim(name)) > 3",
    "select year(born), extract(month from seen), count(*) from t group by 1, 2 order by 1, 2",
    "select lower(name) as n, count(*) as c from t group by n having c > 3 order by n",
    "select * from (select upper(substring(name, 1, 3)) as code from t) as q where code in ('ABC', 'DEF')",
    "select name from t where born - date '2020-01-01' > 30 and born >= date '2020-01-01'",
    "select * from t where starts_with(name, 'a') and name ilike '%b%' and not contains(name, 'c')",
    "select name from t where coalesce(nullif(name, ''), 'none') <> 'none' and price > 3 and price < age",
    "select sum(rate * 2 - age) filter (where rate > 0), round(avg(rate), 2), max(abs(rate)) from t",
    "select row_number() over (partition by name order by born desc) as r, lag(age, 1) over (order by born) from t",
    "select * from t qualify row_number() over (partition by name order by born) = 1",
    "select sum(age) over (order by born rows between 3 preceding and current row) from t",
    "select age, name from t union all select length(name), lower(name) from t",
    "select * from t where age in (select length(name) from t) and rate > (select avg(rate) from t)",
    "select * from t where exists (select 1 as x from t as u where u.age = t.age)",
    "select cast(age as varchar), try_cast(name as integer), price::double, seen::date from t",
    "select if(active, age, 0), case when rate > 1.5 then rate else age end as x from t",
    "select count(distinct lower(name)), sum(distinct rate), bool_or(active) from t",
    "select date_diff('day', born, date '2021-01-01') as days from t where days > 3",
    "select q.age, r.name from (select age, name as n from t) as q, t as r where q.age > 5 and r.name like 'a%'",
    "select contact from t where t.age > 5",
    "select a.name, b.name from t as a, (select age, age_1, name from t) as b where age_1 > 5",
    "select * from (select * from t) as q where q.age_1 * age_1 > 5",
    "select age from u as p where rate < (select avg(t.rate) from t where t.age = p.age)",
    "select age from u as p where rate < (select avg(rate) from t where t.age = p.age)",
    "select age from v as p where (select max(t.age) + 1.5 * min(p.age * t.rate) from t) > 3",
    "select age from v where (select max(v.age) filter (where t.active) from t) > 3",
    "select age from t as p where (select min(rate) from (select age, rate from t) as q where q.age = p.age) > 3",
    "with q as (select name as n, * from t) select name from v where (select max(age) from q where n = v.name) > 3",
    "with q(n) as (select name from t) select name from v where (select max(n) from q) = name",
    "select age from v where (select count(n) from t as q(n, m, o, p, r)) > 3",
    "select age from t where (select count(*) from v) > 3 or (select max(1) from v where v.age = t.age) > 3",
    "select split_part(name, '-', 2), left(name, -1), name.lower() from t where typeof(name) = 'VARCHAR'",
)

NOT_LEAK_PROOF = (
    "select * from t where 1 // age > 0",
    "select * from t where wide > 0.12345",
    "select * from t where nullif(age, 1 / age) = wide",
    "select price * price * price from t",
    "select wide + 1 from t",
    "select price * age from t union all select wide from t",
    "select sum(wide) from t",
    "select 2147483647 + 1 from t",
    "select age from t where age < (select price from t)",
    "select age from t where age < (select avg(rate) * age from t)",
    "select * from (select wide as price from t) where price * 2 > 3",
    "select * from (select name, age from t) as q(age, name) where age > 3",
    "select * from (select * from t) as q(age) where age > 3",
    "select * from t where name = 5",
    "select * from t where name",
    "select * from t where cast(name as int) = 5",
    "select * from t where age = ?",
    "select case when name then 1 end from t",
    "select case name when 5 then 1 end from t",
    "select * from (select case when name = 'x' then 'a' else '5' end as age from t) where age = 5",
    "select * from (select name as x from t) where x = 5",
    "select * from (select age from t union all select name from t) where age = 5",
    "with a(age) as (select name from t) select * from a where age = 5",
    "select * from t as u(age, name, born, active, price) where age = 5",
    "select * from t natural join u",
    "select * from t where size > 3",
    "select lower(age) from t",
    "select year(name) from t",
    "select date_trunc('month', born) from t",
    "select abs(age) from t",
    "select substring(name, age) from t",
    "select concat(name, name), name || name from t",
    "select lpad(name, 900000000, 'x'), repeat(name, 9) from t",
    "select if(active, 'x', age) from t",
    "select if(name, 1, 2) from t",
    "select age + 1 from t",
    "select -age from t",
    "select cast(rate as integer) from t",
    "select cast('x' as date) from t",
    "select cast('x' as integer) from t",
    "select born::timestamp from t",
    "select born + interval 1 day from t",
    "select * from t where born < date '2020-01-01' + interval 1 year",
    "select * from t where born = seen",
    "select lower(name) as age from t where age = 5",
    "select * from (select lower(name) as age from t) as q where age > 5",
    "select * from (select born as n from t) as q, (select name as n from t) as r where n > 'x'",
    "select * from (select name from t) as age where age = 5",
    "with age as (select name from t) select * from age where age = 5",
    "select age from t union all select name from t",
    "select age from t union all by name select length(name) as age from t",
    "select * from t union all select * from t",
    "with recursive a as (select age from t union all select age from a) select * from a",
    "select * from t where age in (select name from t)",
    "select * from t where age in (select age, name from t)",
    "select * from t where rate > (select rate from t)",
    "select * from t where rate > (select avg(rate) from t group by name)",
    "select * from t where rate > (select sum(rate) over () from t)",
    "select lag(age, 1, 'x') over (order by born) from t",
    "select lag(age, age) over (order by born) from t",
    "select ntile(0) over (order by born) from t",
    "select sum(age) over (order by age range between age preceding and current row) from t",
    "select first_value(name ignore nulls) over (order by born) from t",
    "select string_agg(name, ','), stddev(rate) from t",
    "select mode(name) from t",
    "select extract(epoch from name) from t",
    "select date_part(name, born) from t",
    "select round(age, -1) from t",
    "select name like name || '%' from t",
    "select greatest(name, 5) from t",
    "select lower(name, name) from t",
    "select trim(both age from name) from t",
    "select max(name) filter (where name) from t",
    "select row_number() over (order by 1 // age) from t",
    "select * from t qualify name",
    "select cast(name as varchar(3)), cast(age as decimal(3, 0)) from t",
    "select * from t where regexp_matches(name, '(')",
    "select sum(name) from t",
    "select * from t where age = 'x'",
    "select * from t where born = '2020-13-01'",
    "select * from t where age > 0.1000000000000000000000000000000000001",
    "select * from t where age > 1e400",
    "select case when active then 'x' else age end from t",
    "select coalesce(age, 'x') from t",
    "select -'x' from t",
    "select max(name, age) from t",
    "select name, (select age from t) from t",
    "select age, (select max(p.age) from t where t.name = p.name) as n from u as p group by age, name",
    "select age, (select max(age) from v where v.name = p.name) as n from u as p group by age, name",
    "select age, (select max(v.age) from v) as n from t as v group by age",
    "select age, (select max(q.age) from v as q) as n from t as q group by age",
    "select age, (select max(t.age) + max(p.age) from t) as n from u as p group by age",
    "select age, (select count(*) filter (where p.active) from t) as n from u as p group by age",
    "select age, (select max(age) from (select name from t) as q) as n from u as p group by age",
    "with q as (select name from t) select age, (select max(age) from q) as n from u as p group by age",
    "with q(n) as (select age from t) select age, (select max(age) from q) as n from u as p group by age",
    "select age, (select max(age) from t as q(n, m, o, p, r, s, d, w, z, c, a)) as n from u as p group by age",
    "select age, (select max(age) from (select * exclude (age) from t) as q) as n from u as p group by age",
    "select age, (select max(age)) as n from t group by age",
    "select q.age, (select max(q.age) from v semi join t as q using (name)) as n from u as q group by q.age",
    "select age, (select max((select max(u.age) from u)) from t) as n from t as p group by age",
    "select name from t limit 'x'",
    "select name from t limit (select age from t)",
    "select * from (select contact.age from t) where age = 5",
    "select * from (select contact.* from t) where age = 5",
    "select * from t where contact.age = 5",
    "select contact as c from t where c.age = 5",
    "select * from (select contact as c from t) where c.age = 5",
    "select * from (select contact as c from t) as c where c.age = 5",
    "select * from (select contact as c from t) as q where age = 5 and c.age = 'x'",
    "select age from (select c.* from (select contact as c from t)) where age = 5",
    "with q as (select contact as c from t) select * from q where c.age = 5",
    "with q(c) as (select contact from t) select * from q where c.age = 5",
    "select * from (select contact from t) as q(c) where c.age = 5",
    "select * from t as q(c) where c.age = 5",
    "select * from (select * rename (contact as c) from t) where c.age = 5",
    "select * from (select q from t as q) where q.age = 5",
    "select * from (select contact.age from t) where unnamed_subquery.age = 5",
    "select lower(name) as unnamed_subquery from (select age from t) where lower(unnamed_subquery) = 'x'",
    "select * from (select contact, contact from t) as contact_1 where contact_1.age = 5",
    "select * from (select age, age from t) where age_1 * age_1 > 3",
    "select * from (select wide as age, 1 as age from t) where age_1 * age_1 > 3",
    "select * from (select *, age from t) where age_1 * age_1 > 3",
    "select * from (select * from t, u) where age_1 * age_1 > 3",
    "select * from (select * rename (wide as age) from t) where age_1 * age_1 > 3",
    "select * from t as q(age) where age_1 * age_1 > 3",
    "select j.age from (t join u on true) as j where j.age_1 * j.age_1 > 3",
    "select 1 from ((select 1 as age) as a join (select age from t) as b on true) as j where j.age_1 * j.age_1 > 3",
    "select 1 from (((select 1 as age) as a join (select age from t) as b on true)) as j where j.age_1 * j.age_1 > 3",
    "with q as (select age, age from t) select 1.5 as age_1_1 from q where age_1 * age_1_1 > 3",
    "select * from (select * rename (name as age) from t) where age = 5",
    "select * from (select null from t) where name = 'x'",
)


def _known(tree: exp.Expr) -> Families:
    """What names mean where `t` and `u` have all columns, and of any other table nothing is known."""
    columns = {fold(name) for name, _ in COLUMNS}
    relations: dict[int, set[str] | exp.CTE] = {
        id(node): cte or (columns if node.name in ("t", "u") else set()) for node, cte in relation_names(tree)
    }
    return families(tree, COLUMNS, relations)


@pytest.mark.parametrize("text", LEAK_PROOF)
def test_harmless_queries_stand_unfenced(text: str) -> None:
    tree = read(text).tree
    assert is_leak_proof(tree, _known(tree))


@pytest.mark.parametrize("text", NOT_LEAK_PROOF)
def test_doubt_means_a_fence(text: str) -> None:
    tree = read(text).tree
    assert not is_leak_proof(tree, _known(tree))


def test_a_name_with_two_types_is_not_known() -> None:
    tree = read("select * from t, u where age = 5").tree
    assert "age" not in families(tree, [("age", "INTEGER"), ("AGE", "VARCHAR")])


@pytest.mark.parametrize(("sort", "least"), [("total", 60), ("late", 30)])
def test_total_and_late_questions_about_random_estates_stand_unfenced(sort: str, least: int) -> None:
    """So the two worlds of test_noninterference.py are asked unfenced questions too."""
    unfenced = 0
    estates = [estate(seed) for seed in range(10)]
    for seed in range(100):
        made = estates[seed % 10]
        questioner = Questioner(made, random.Random(seed))
        tree = read(questioner.total() if sort == "total" else questioner.late()).tree
        read_by = {node.name for node in tree.find_all(exp.Table)}
        columns = [(c.name, c.type) for table in made.tables if table.name in read_by for c in table.columns]
        known = families(tree, columns)
        unfenced += (
            is_leak_proof(tree, known) == (sort == "total")
            and late_columns(tree, known, {fold(name) for name, _ in columns}) is not None
        )
    assert unfenced > least


def test_no_argument_is_left_out_of_what_a_call_is_known_by() -> None:
    """`position` of three is printed as arithmetic, which may raise; the side of a trim is a word and no argument."""
    known = Families({"a": "text", "n": "integer"})
    calls = ("position('x' in a)", "position('x', a, n)", "trim(both 'x' from a)")
    whole, more, trimmed = (parse_one(text, read="duckdb") for text in calls)
    assert signature(whole, known) is not None
    assert signature(trimmed, known) is not None
    assert signature(more, known) is None
