"""Random questions whose answers are compared in their order: joins, limits, groups, windows and what is in them."""

import random
import re
from collections.abc import Sequence

_COLUMNS = {
    "people": {
        "w": ("id", "k", "kind", "age", "bonus"),
        "d": ("f",),
        "t": ("region", "s", "mail", "card", "name"),
        "y": ("day", "born"),
        "b": ("ok",),
    },
    "places": {"w": ("id", "k", "kind", "age"), "d": ("f",), "t": ("s", "mail"), "y": ("day",), "b": ()},
}
"""The columns of the datasets by what they hold: whole numbers, doubles, texts, days and truth."""

_FORMS = {
    "w": (
        *("{w} + 1", "abs({w})", "length({t})", "{w} % 3", "coalesce({w}, 0)", "case when {b} then {w} else {w} end"),
        *("try_cast({t} as int)", "year({y})", "nullif({w}, 3)", "greatest({w}, {w})", "{w} // 2", "-{w}"),
        *("date_diff('month', {y}, {y})", "position('1' in {t})", "sign({d})::int", "hash({t}) % 97", "strlen({t})"),
        *("1 // ({w} - 1700)", "({t})::int", "{w} * 2000000000", "[1, 2, 3][{w}]", "({d})::tinyint", "len([{w}, {w}])"),
    ),
    "d": (
        *("{d} * 2", "{w} / 3", "round({d})", "{d} + {w}", "abs({d})", "floor({d})", "-{d}", "if({b}, {d}, 0.5)"),
        *("sqrt({d})", "ln({d})", "({t})::double", "{d}::decimal(4, 1)"),
    ),
    "t": (
        *("lower({t})", "{t} || {t}", "left({t}, 2)", "{w}::varchar", "{y}::varchar", "replace({t}, '1', '2')"),
        *("coalesce({t}, 'z')", "trim({t})", "split_part({t}, '@', 2)", "reverse({t})", "concat({t}, {w})"),
        *("case {w} when 1 then {t} when 2 then 'q' end", "{d}::varchar", "monthname({y})", "repeat({t}, {w})"),
        *("chr({w})", "({t})::date::varchar"),
    ),
    "y": (
        *("{y} + 1", "date_trunc('month', {y})::date", "greatest({y}, {y})", "coalesce({y}, date '2020-05-05')"),
        *("try_cast({t} as date)", "last_day({y})", "{y} + {w}"),
    ),
    "b": (
        *(
            "{t} in ('1', '22', '33', '7a', 'x', '')",
            "{t} in ('1', 'x')",
            "{w} in (1, 2, 3, 5, 8, 13)",
            "{w} in (1, 2)",
        ),
        *("{w} = any ([1, 2, 3, 5, 8, 13])", "list_contains([1, 2, 3, 5, 8, 13], {w})", "not {b}", "{b} and {b}"),
        *("{b} or {b}", "{t} like '%1%'", "{t} like '7%'", "{t} is null", "{y} between '2020-02-01' and '2020-10-01'"),
        *(
            "{w} is distinct from {w}",
            "regexp_matches({t}, '[1-4]')",
            "{w} = {w}",
            "{t} < {t}",
            "{d} > 0.5",
            "{y} > {y}",
        ),
        *("{w} < 30", "{w} <> 1700", "{w} <= 2500", "exists (select 1 from db.places z where z.k = {w})"),
        *("{w} in (select id from db.places)", "{w} not in (select kind from db.people where id < 9)"),
        *("{w} > all (select kind from db.places)", "{w} = any (select k from db.places where id < 9)"),
    ),
}
_SUMS = (
    *("count(*)", "count({t})", "sum({w})", "min({t})", "max({w})", "max({d})", "avg({w})", "count(distinct {t})"),
    *("sum({d})", "bool_or({b})", "min({y})", "string_agg({t}, ',' order by {w}, {t})", "list({w} order by {w})"),
    *("any_value({w})", "first({w})", "last({t})", "arg_max({w}, {d})", "max({w}, 3)", "mode({t})", "median({w})"),
    *("list({w})", "string_agg({t}, '|')", "histogram({w})", "approx_count_distinct({t})", "bit_xor({w})"),
    *("quantile_disc({w}, 0.3)", "sum({w}) filter ({b})", "stddev({w})", "sum(distinct {w})", "min_by({t}, {w})"),
    *("list_sort(list(distinct {t}))", "avg({d})", "product({d})", "corr({w}, {d})", "count(*) filter ({b})"),
    *("approx_quantile({w}, 0.5)", "entropy({t})", "kurtosis({w})", "list(distinct {w})", "max({t}) filter ({b})"),
)
_WINDOWS = (
    *("row_number()", "rank()", "sum({w})", "lag({t})", "first_value({w})", "count(*)", "max({d})", "ntile(4)"),
    *("list({w})", "dense_rank()", "nth_value({w}, 2)", "sum({d})", "last_value({t})", "percent_rank()"),
)
_OVER = (
    *("", "partition by {w}", "order by {w}", "partition by {t} order by {y}", "order by {w} groups 1 preceding"),
    *("order by {t} rows between 2 preceding and current row", "partition by {b} order by {d}"),
)
_JOINS = (
    *("join", "left join", "right join", "full join", "semi join", "anti join", "join", "left join"),
    *("asof join", "positional join", "natural join"),
)
_CONDITIONS = (
    *("a.k = b.k", "a.k = b.k and a.kind = b.kind", "a.id = b.id", "a.k = b.k and {b}", "a.k = b.id"),
    *("a.kind < b.kind and a.id < 100",),
)
_SETS = ("union", "union all", "intersect", "except", "except all", "union all by name", "intersect all")
_TURNED = (
    *(
        "summarize db.people",
        "from db.people",
        "select * from db.places",
        "select columns('a|e') from db.people limit 40",
    ),
    *("pivot db.people on kind in (0, 1, 2) using sum(k) group by region", "select count(columns(*)) from db.places"),
    *("pivot db.people on region in ('EU', 'US') using max(mail), first(id) group by age", "describe db.people"),
    *(
        "unpivot (select id, k, kind from db.people) on k, kind into name n value v",
        "select min(columns(*)) from db.places",
    ),
    *("select * exclude (id) from db.people order by age, card limit 50", "select p, id from db.people p limit 2000"),
)
_PLACE = re.compile(r"\{([wdtyb])\}")
_A_ROW_EACH = ("w", "w", "t", "t", "d", "y", "b")
_Relations = Sequence[tuple[str, str]]
"""What is read, with the alias of each."""


class OrderedQuestioner:
    """Makes questions over ordered_worlds.py; the same chance makes the same questions."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def ask(self) -> str:
        """One question."""
        chance, kind = self._chance, self._chance.random()
        if kind < 0.7:
            return self._select()
        if kind < 0.78:
            form = chance.choice(("materialized ", "not materialized ", ""))
            end = self._one_of("", " limit 7", " order by all limit 20")
            return f"with q as {form}({self._select()}) select * from q{end}"
        if kind < 0.85:
            end = self._one_of("", " limit 3", " limit 1200", " order by 1", " offset 5")
            return f"select * from ({self._select()}) q{end}"
        if kind < 0.88:
            return f"select count(*) from ({self._select()}) q"
        if kind < 0.93:
            kinds = [chance.choice("wtd") for _ in range(chance.randrange(1, 3))]
            sides = f" {chance.choice(_SETS)} ".join(self._side(kinds) for _ in range(chance.choice((2, 2, 3))))
            return f"{sides}{self._one_of('', '', ' limit 5', ' order by all limit 30')}"
        if kind < 0.95:
            return f"select exists ({self._select()}) as e, (select max(mail) from db.places) as m"
        if kind < 0.97:
            return chance.choice(_TURNED)
        found = self._one_of("max(c.id)", "count(*)", "min(c.mail)", "first(c.id)", "c.id")
        inner = f"select {found} from db.places c where c.k = p.k{self._one_of('', ' limit 1')}"
        return f"select id from db.people p where ({inner}) is {self._one_of('', 'not ')}null"

    def _one_of(self, *texts: str) -> str:
        return self._chance.choice(texts)

    def _side(self, kinds: Sequence[str]) -> str:
        relation, names = self._relation()
        items = ", ".join(f"{self._expression(names, kind, 1)} as x{place}" for place, kind in enumerate(kinds))
        return f"(select {items} from {relation})" if self._chance.random() < 0.1 else f"select {items} from {relation}"

    def _select(self) -> str:
        chance = self._chance
        relation, names = self._relation()
        source = f"from {relation}" + (f" where {self._expression(names, 'b', 2)}" if chance.random() < 0.55 else "")
        shape, end = chance.random(), ""
        if chance.random() < 0.4:
            end = f" limit {chance.choice((1, 5, 100, 1_001, 2_500))}" + self._one_of("", "", "", " offset 1700")
        if shape < 0.45:
            order = f" order by {self._some(names)}{self._one_of('', ' desc', ' nulls first')}"
            items = self._items(names, chance.randrange(1, 4))
            return f"select {self._one_of('', '', '', 'distinct ')}{items} {source}{self._one_of('', '', order)}{end}"
        if shape < 0.68:
            return f"{self._groups(names, source)}{end}"
        if shape < 0.78:
            return f"select {self._summed(names, chance.randrange(1, 4))} {source}"
        if shape < 0.88:
            window = self._filled(f"{chance.choice(_WINDOWS)} over ({chance.choice(_OVER)})", names, 1)
            least = self._one_of("", "", " qualify row_number() over (partition by 1 order by x0) <= 5")
            return f"select {self._items(names, 1)}, {window} as w {source}{least}{end}"
        if shape < 0.92:
            on = self._expression(names, "w", 1)
            return f"select distinct on ({on}) {self._items(names, 2)} {source}{self._one_of('', ' order by all')}{end}"
        if shape < 0.96:
            rows = self._filled(self._one_of("[1, 2]", "range(3)", "string_split({t}, '1')", "[{w}, {w}]"), names, 1)
            return f"select {self._items(names, 1)}, unnest({rows}) as u {source}{end}"
        if shape < 0.98:
            drawn = self._one_of("10% (bernoulli, 3)", "50 rows (reservoir, 7)", "10% (system, 4)")
            return f"select {self._items(names, 1)} {source} using sample {drawn}"
        return f"select {names[0][1]}, {self._items(names, 1)} {source}{end}"

    def _groups(self, names: _Relations, source: str) -> str:
        key = self._some(names)
        by = self._one_of("all", "1", "1", "rollup (1)", "cube (1)")
        having = self._one_of("", "", "", " having count(*) > 20", " having count(*) = 1")
        order = self._one_of("", " order by 1", " order by y0", " order by y0 desc", " order by all")
        return f"select {key} as g, {self._summed(names, 2)} {source} group by {by}{having}{order}"

    def _relation(self) -> tuple[str, _Relations]:
        chance, kind = self._chance, self._chance.random()
        if kind < 0.4:
            name = chance.choice(("people", "people", "places"))
            return f"db.{name} a", [(name, "a")]
        if kind < 0.85:
            return self._joined()
        inner = f"select * from db.people a where {self._expression([('people', 'a')], 'b', 1)}"
        end = self._one_of("", "", " limit 100", " order by id limit 2000", " limit 1500 offset 1000", " offset 3000")
        return f"({inner}{end}) a", [("people", "a")]

    def _joined(self) -> tuple[str, _Relations]:
        chance = self._chance
        one, other = chance.choice(
            (("people", "places"), ("people", "places"), ("places", "people"), ("people", "people"))
        )
        names = [(one, "a"), (other, "b")]
        second = (
            f"(select * from db.people where id < {chance.choice((20, 300))})" if other == "people" else "db.places"
        )
        if chance.random() < 0.1:
            return f"(select * from db.{one} where id < 300) a, {second} b", names
        if chance.random() < 0.1:
            end = self._one_of("", " limit 1", " order by z.id limit 2")
            return f"db.{one} a, lateral (select * from {second} z where z.k = a.k{end}) b", names
        join = chance.choice(_JOINS)
        if join == "natural join":
            return f"db.{one} a join {second} b using (k)", names
        if join == "positional join":
            return f"db.{one} a positional join {second} b", names
        condition = "a.k = b.kind and a.id >= b.id" if join == "asof join" else chance.choice(_CONDITIONS)
        seen = names[:1] if join in ("semi join", "anti join") else names
        return f"db.{one} a {join} {second} b on {self._filled(condition, names, 1)}", seen

    def _items(self, names: _Relations, count: int) -> str:
        kinds = [self._chance.choice(_A_ROW_EACH) for _ in range(count)]
        return ", ".join(f"{self._expression(names, kind, 2)} as x{place}" for place, kind in enumerate(kinds))

    def _summed(self, names: _Relations, count: int) -> str:
        sums = (self._filled(self._chance.choice(_SUMS), names, 1) for _ in range(count))
        return ", ".join(f"{made} as y{place}" for place, made in enumerate(sums))

    def _some(self, names: _Relations) -> str:
        return self._expression(names, self._chance.choice("wtdy"), 1)

    def _expression(self, names: _Relations, kind: str, depth: int) -> str:
        chance = self._chance
        relation, alias = chance.choice(names)
        columns = _COLUMNS[relation][kind]
        if columns and (depth <= 0 or chance.random() < 0.45):
            return f"{alias}.{chance.choice(columns)}"
        return f"({self._filled(chance.choice(_FORMS[kind]), names, depth - 1)})"

    def _filled(self, form: str, names: _Relations, depth: int) -> str:
        return _PLACE.sub(lambda place: self._expression(names, place[1], depth), form)
