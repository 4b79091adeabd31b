"""Honest questions with a hostile text in one of the places that hold text: types, units, aliases, names .."""

import random
from collections.abc import Iterator

from sqlglot import exp

from proxy.reading.statement import reread

HONEST = (
    "select id, customer as c, upper(region)"
    " from shop.orders as o where id > 3 and region like 'E%' order by id limit 3",
    "select cast(id as decimal(9, 2)), try_cast(note as int), id::varchar, cast(null as struct(a int))"
    " from shop.orders",
    "select date_trunc('month', at), extract(year"
    " from at), at + interval '1' day, date_diff('day', at, at) from shop.orders",
    "select sum(id) over (partition by region order by id rows between 1 preceding and current row) from shop.orders",
    "select o.region, count(*) filter (where id > 1)"
    " from shop.orders o join shop.customers c using (customer) group by all",
    "with a(x, y) as (select id, note from shop.orders) select x, {'k': y}.k, [x][1], map(['q'], [x]) from a",
    "select list_transform([1, 2], lambda v: v + 1), [w for w in [1, 2] if w > 1], struct_pack(p := 1)"
    " from shop.customers",
    "select json_extract('{\"a\": 1}', '$.a'), regexp_replace(region, 'E', 'x', 'g'), strftime(at, '%Y')"
    " from shop.orders",
    "select * exclude (note) replace (1 as id) from shop.orders using sample 10 percent (bernoulli)",
    "select id, ? from shop.orders where id in (select customer"
    " from shop.customers) union all by name select 1 as id, 2",
    "select unnest([1, 2]) as u, string_agg(region, ',' order by id) from shop.orders group by grouping sets ((u), ())",
    "select * from range(3) as r(n) asof join shop.orders o on r.n >= o.id qualify row_number() over (order"
    " by o.id) = 1",
    "select * from (pivot shop.orders on region in ('EU', 'US') using sum(id) as s group by customer) as p",
    "select * from shop.orders unpivot (v for n in (id, customer as c)) as u",
    "select column_name from (describe select id as x from shop.orders) as d",
    "select region.lower().replace('e', 'x'), try(1 / id), lag(id ignore nulls) over (order by id) from shop.orders",
    "select columns('r.*'), #1, region[1:2], 'a' || region collate nocase from shop.orders window w as (order by id)",
    "select overlay(note placing 'x' from 1 for 2), position('a' in note), substring(note from 2 for 1),"
    " trim(both 'a' from note), note like 'a!%' escape '!' from shop.orders",
    "select percentile_cont(0.5) within group (order by amount), any_value(note order by id), first(id order by id desc"
    " nulls last) filter (where id > 1), count(distinct (id, note)) from shop.orders group by cube (region, customer)",
    "select note::json -> '$.a', note::json ->> 'a', at at time zone 'Europe/Paris', ~id & 1 << 2, id ** 2"
    " from shop.orders",
    "with recursive r(k, n) using key (k) as (select 1, 0 union select o.id, n + 1 from r, shop.orders"
    " as o where n < 2) from r",
    "select distinct on (region) region, id from shop.orders order by region, id fetch first 3 rows only",
    "select max(amount) over (partition by region order by id groups between 1 preceding and 1 following exclude ties),"
    " nth_value(note, 2) over w, first_value(note respect nulls) over w from shop.orders window w as (order by id)",
    "select q.region, l.v from shop.orders as q left join lateral (select u.name as v from shop.customers as u"
    " where u.customer = q.customer) as l on true positional join shop.customers as c(a, b)",
    "select list_reduce([id, 1], lambda x, y: x + y), {'a': [1, 2]}.a[1:2:1], row(id, note), map {'k': id}['k'],"
    " union_value(num := id), [x for x in [1, 2] if x > 1] from shop.orders tablesample bernoulli(50%)",
    "select * rename (note as n), columns(lambda c: c like 'r%'), columns(* exclude (id)) as '\\\\1',"
    " coalesce(*columns(['id']))"
    " from shop.orders where (id, note) in (select customer, name from shop.customers) and id > all (select 1)",
    "values (1, 'x'), (2, null) except all select id, note from shop.orders order by all limit 40%",
    "select region, grouping(region), grouping_id(region) from shop.orders group by rollup (region)"
    " having bool_or(id > 3)",
    "from (pivot shop.orders on region in ('EU') using max(id) as m, count(*) group by customer) select *",
    "from (unpivot (select id, customer from shop.orders) on id, customer into name n value v)",
)

HOSTILE = (
    *("x) from lab.results --", "INT), (select result from lab.results", 'a" from lab.results --', "a; select 1", "*"),
    *("day' , (select 1) , '", "1 union select card from shop.orders", "x /* */", "v_0000000000000000", "$$", "a\0b"),
    *("read_text('/etc/passwd')", "1e5x", "", " ", "'", '"', "\\", "now()", "current_setting('threads')", "?", "$1"),
    *(
        "x :: int",
        "a.b",
        "lab.results",
        "card",
        "\u200b",
        "é",
        "select",
        "x), lateral (select 1",
        "(select 1)",
        "\n-- x",
    ),
)


def mutants(chance: random.Random, count: int) -> Iterator[exp.Expr]:
    """Trees of honest questions, each with one text replaced."""
    trees = [reread(sql, "duckdb") for sql in HONEST]
    places = [(tree, at, key, item) for tree in trees for at, key, item in _places(tree)]
    for _ in range(count):
        tree, at, key, item = chance.choice(places)
        copy = tree.copy()
        node = next(node for place, node in enumerate(copy.walk()) if place == at)
        _put(node, key, item, chance.choice(HOSTILE))
        yield copy


def _places(tree: exp.Expr) -> Iterator[tuple[int, str, int | None]]:
    """Every place that holds a text, or a node that is printed as one, and every place that could hold one."""
    for at, node in enumerate(tree.walk()):
        for key in node.arg_types:
            value = node.args.get(key)
            if isinstance(value, list):
                yield from ((at, key, item) for item in range(len(value)))
            elif isinstance(value, str) or not isinstance(value, exp.Query | exp.Table | exp.From | exp.Where):
                yield at, key, None


def _put(node: exp.Expr, key: str, item: int | None, text: str) -> None:
    """The bare text where a text or nothing stood, and the text as a word where a node stood."""
    old = node.args.get(key)
    if isinstance(old, list) and item is not None:
        inner = [*old]
        inner[item] = text if isinstance(old[item], str) else exp.Var(this=text)
        node.set(key, inner)
    elif isinstance(old, exp.Identifier):
        old.set("this", text)
    else:
        node.set(key, text if old is None or isinstance(old, str) else exp.Var(this=text))
