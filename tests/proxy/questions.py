"""Random questions of an adversary: typed enough to run more often than not, and free to be wrong.

Whatever the engine may answer in any order is asked so that the order cannot matter (sums of whole numbers, sorted
lists, limits behind a total order), so two equal sources have to give equal answers.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.proxy import total_forms
from tests.proxy.estates import Estate
from tests.proxy.question_calls import SCALARS, SUMS
from tests.proxy.question_forms import PARTS
from tests.proxy.question_kinds import (
    ANY,
    DATE,
    LIST,
    LITERALS,
    NUMBER,
    ODD,
    OF_TYPE,
    OTHER,
    STRUCT,
    TEXT,
    TIME,
    TRUTH,
    WORDS,
)
from tests.proxy.question_oracles import BOMBS, CONTEXTS, GUARDS
from tests.proxy.question_shapes import (
    ABOUT,
    AGGREGATES,
    JOINS,
    OF_ROWS,
    ORDERED,
    SHAPES,
    STARS,
    TURNED,
    WINDOWS,
)

_CALLS: dict[str, list[str]] = {}
for _kind, _call in SCALARS:
    _CALLS.setdefault(_kind, []).append(_call)
_KINDS = sorted({*PARTS, *_CALLS, *LITERALS, "any", "subquery", "three", "from", "t", "window", "ordered", *WORDS})
_PLACE = re.compile(rf"\{{({'|'.join(_KINDS)})( query)?\}}")
_SUMMED = re.compile(r"\b[awxt]\b")
_SUMMED_KINDS = {"a": "any", "w": "whole", "x": "whole", "t": "boolean"}
EXPRESSIONS = (*(call for _, call in SCALARS), *(form for forms in PARTS.values() for form in forms))
SUMMED = (*(call for _, call in SUMS), *AGGREGATES)
_COUNTING = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 4) SELECT * FROM n, ({}) AS q"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Name:
    """A column that an expression may use, as it is written, with the kinds that its values are of."""

    text: str
    kinds: tuple[str, ...]


class Questioner:
    """Makes questions about an estate; the same chance makes the same questions."""

    def __init__(self, estate: Estate, chance: random.Random) -> None:
        self._estate = estate
        self._chance = chance
        self._alias = 0

    def ask(self) -> str:
        """One question."""
        chance = self._chance
        if chance.random() < 0.25:
            return self._oracle()
        if chance.random() < 0.3:
            return self.total()
        if chance.random() < 0.2:
            return self.late()
        if chance.random() < 0.5:
            return self.shape()
        sql = self._summed() if chance.random() < 0.25 else self._select(3, [])
        if chance.random() < 0.1:
            word = chance.choice(("UNION", "UNION ALL", "INTERSECT", "EXCEPT ALL", "EXCEPT", "UNION BY NAME"))
            sql = f"SELECT k FROM ({sql}) {word} SELECT k FROM db.{chance.choice(self._estate.tables).name}"
        if chance.random() < 0.1:
            name = chance.choice(("t1", "q", "db", '"T2"', "secret"))
            sql = f"WITH {name} AS ({sql}) SELECT * FROM {name}"
        if chance.random() < 0.05:
            sql = _COUNTING.format(sql)
        if chance.random() < 0.2:
            sql = f"SELECT * FROM ({sql}) AS q ORDER BY ALL LIMIT {chance.randrange(5)}"
        return chance.choice(ABOUT).format(q=sql) if chance.random() < 0.15 else sql

    def total(self) -> str:
        """A question in which nothing can raise, so it stands unfenced."""
        return self._made_of(total_forms.QUESTIONS)

    def late(self) -> str:
        """A question that may raise only in what its outermost SELECT sums up, so it stands unfenced too."""
        return self._made_of(total_forms.LATE)

    def shape(self, form: str = "") -> str:
        """A question of a shape of its own, of any or of one that is given."""
        form, scope = form or self._chance.choice(SHAPES), list[_Name]()
        if "{from}" in form:
            relation, scope = self._relation(self._chance.choice((1, 1, 2)))
            form = form.replace("{from}", relation)
        return self._filled(form, scope, self._chance.choice((1, 2, 3)))

    def filled(self, form: str) -> str:
        """A form with values in its places, and simple expressions of these."""
        return self._filled(form, [], self._chance.choice((1, 1, 2)))

    def _made_of(self, forms: Sequence[str]) -> str:
        table, other = (self._chance.choice(self._estate.tables) for _ in range(2))
        shown = [
            (f'"{column.name}"', column.type) for column in table.columns if column.name not in self._estate.hidden
        ]
        return total_forms.question(self._chance, forms, f"db.{table.name}", f"db.{other.name}", shown)

    def _oracle(self) -> str:
        """A question that raises on rows that are not there, or that an engine may answer from what it knows of all."""
        chance = self._chance
        relation, names = self._relation(chance.choice((0, 0, 1)))
        key = next((name.text for name in names if name.text.endswith('"id"')), "1")
        about = chance.choice(names or [_Name(text=key, kinds=(NUMBER,))])
        written = {
            "{from}": relation,
            "{guard}": chance.choice(GUARDS.get(about.kinds[0]) or GUARDS[OTHER]),
            "{bomb}": chance.choice(BOMBS),
            "{v}": about.text,
            "{i}": key,
            "{n}": chance.choice(("0", "3", "30", "1000000", "-200")),
        }
        form = chance.choice(CONTEXTS)
        for place, text in written.items():
            form = form.replace(place, text)
        return self._filled(form, names, 0)

    def _three(self) -> str:
        """A relation of a text, a number, a whole number and a truth."""
        relation, names = self._relation(self._chance.choice((0, 0, 1)))
        depth = self._chance.choice((0, 1, 1, 2))
        items = ((TEXT, "g"), (NUMBER, "n"), ("whole", "w"), (TRUTH, "h"))
        told = ", ".join(f"{self._expression(kind, names, depth)} AS {name}" for kind, name in items)
        where = f" WHERE {self._expression(TRUTH, names, 1)}" if self._chance.random() < 0.4 else ""
        return f"(SELECT {told} FROM {relation}{where})"

    def _summed(self) -> str:
        """Sums of what is worked out for them, or of columns of another query."""
        chance = self._chance
        relation, names = self._relation(chance.choice((0, 1, 2)))
        depth = chance.choice((0, 1, 2))
        values = {name: self._expression(kind, names, depth) for name, kind in _SUMMED_KINDS.items()}
        where = f" WHERE {self._expression(TRUTH, names, depth)}" if chance.random() < 0.5 else ""
        key, keyed = self._expression(chance.choice((TEXT, TRUTH, NUMBER)), names, 1), chance.random() < 0.4
        if chance.random() < 0.5:
            items = ", ".join(f"{value} AS {name}" for name, value in values.items())
            relation, where = f"(SELECT {items}, {key} AS k FROM {relation}{where}) AS q", ""
            values, key = {name: name for name in values}, "k"
        told = [f"{self._sum(values)} AS {name}" for name in (("id", "s") if keyed else ("k", "id"))]
        told = [f"{key} AS k", *told] if keyed else told
        return f"SELECT {', '.join(told)} FROM {relation}{where}{' GROUP BY 1' if keyed else ''}"

    def _sum(self, values: Mapping[str, str]) -> str:
        kind, call = self._chance.choice(SUMS)
        call = _SUMMED.sub(lambda found: values[found[0]], call)
        if "ORDER" not in call and not call.endswith("()") and self._chance.random() < 0.1:
            call = call.replace("(", "(DISTINCT ", 1)
        call += f" FILTER (WHERE {values['t']})" if self._chance.random() < 0.2 else ""
        return f"({call}) IS NULL" if kind == "null" else call

    def _select(self, depth: int, outer: list[_Name]) -> str:
        chance = self._chance
        relation, names = self._relation(depth)
        scope = names + outer
        items = [f"{self._expression(NUMBER, scope, depth)} AS k", f"{self._expression(NUMBER, scope, 1)} AS id"]
        items += [self._item(scope, depth) for _ in range(chance.randrange(3))]
        where = f" WHERE {self._expression(TRUTH, scope, depth)}" if chance.random() < 0.7 else ""
        shape = chance.random()
        if shape < 0.3:
            key = chance.choice(scope).text if scope else "1"
            by = chance.choice((key, "ALL", f"GROUPING SETS (({key}), ())", f"ROLLUP ({key})"))
            items = [f"{key} AS k", "count(*) AS id"] + [
                self._filled(chance.choice(AGGREGATES), scope, depth) for _ in range(2)
            ]
            having = f" HAVING {self._filled(chance.choice(AGGREGATES), scope, 1)} IS NOT NULL" if shape < 0.1 else ""
            return f"SELECT {', '.join(items)} FROM {relation}{where} GROUP BY {by}{having}"
        if shape < 0.4:
            items.append(self._filled(chance.choice(WINDOWS), scope, depth))
        if shape > 0.9:
            items = [chance.choice(STARS)]
        distinct = "DISTINCT " if chance.random() < 0.1 else ""
        return f"SELECT {distinct}{', '.join(items)} FROM {relation}{where}"

    def _relation(self, depth: int) -> tuple[str, list[_Name]]:
        text, alias, names = self._source(depth)
        for _ in range(self._chance.choice((0, 0, 1, 1, 2)) if depth else 0):
            right, other, more = self._source(depth - 1)
            form = self._chance.choice(JOINS)
            scope = names + more
            condition = self._chance.choice((f"{alias}.k = {other}.k", self._expression(TRUTH, scope, 2)))
            text += ("" if form.startswith(",") else " ") + form.format(r=right, c=condition, l=alias, x=other)
            names = names if form.startswith(("SEMI", "ANTI")) else scope
        return text, names

    def _source(self, depth: int) -> tuple[str, str, list[_Name]]:
        chance, estate = self._chance, self._estate
        self._alias += 1
        alias = f"a{self._alias}"
        if chance.random() < 0.1:
            alias = chance.choice(('"my alias"', "region", "t1", "_row", "k"))
        if depth > 1 and chance.random() < 0.15:
            return f"({self._select(depth - 1, [])}) AS {alias}", alias, [_Name(text=f"{alias}.k", kinds=(NUMBER,))]
        if chance.random() < 0.1:
            sort = chance.choice(
                ("range(3) AS {}(k)", "(VALUES (1, 'x'), (2, NULL)) AS {}(k, id)", "unnest([1, 2]) AS {}(k)")
            )
            return sort.format(alias), alias, [_Name(text=f"{alias}.k", kinds=(NUMBER,))]
        table = chance.choice(estate.tables)
        if chance.random() < 0.06:
            form = chance.choice(TURNED)
            return form.format(t=f"db.{table.name}", a=alias), alias, [_Name(text=f"{alias}.k", kinds=(NUMBER,))]
        written = chance.choice(("db.{}", "db.{}", "DB.{}", 'db."{}"', '"db".{}')).format(table.name)
        names = [
            _Name(text=f'{alias}."{column.name}"', kinds=OF_TYPE.get(column.type, (STRUCT,)))
            for column in table.columns
            for _ in range(3 if column.tag else 1)  # what may be masked is asked about more
            if column.name not in estate.hidden or chance.random() < 0.02
        ]
        if chance.random() < 0.3:
            names.append(_Name(text=alias, kinds=(STRUCT,)))  # whole rows
        return f"{written} AS {alias}", alias, names

    def _item(self, scope: Sequence[_Name], depth: int) -> str:
        expression = self._expression(self._chance.choice((NUMBER, TEXT, TRUTH, DATE, LIST, TIME)), scope, depth)
        alias = self._chance.choice(("", "", " AS v", " AS region", ' AS "my col"', " AS c"))
        return expression + alias

    def _expression(self, kind: str, scope: Sequence[_Name], depth: int) -> str:
        chance = self._chance
        kind = chance.choice(ANY) if kind == "any" else kind
        fitting = [name.text for name in scope if kind in name.kinds]
        if depth <= 0 or chance.random() < 0.35:
            return self._leaf(kind, fitting)
        forms = _CALLS.get(kind) if chance.random() < 0.4 else PARTS.get(kind)
        return self._filled(chance.choice(forms or PARTS.get(kind) or _CALLS.get(kind) or LITERALS[kind]), scope, depth)

    def _leaf(self, kind: str, fitting: Sequence[str]) -> str:
        sort = self._chance.random()
        if fitting and sort < 0.75:
            return self._chance.choice(fitting)
        return self._chance.choice(ODD.get(kind, LITERALS[kind]) if sort > 0.94 else LITERALS[kind])

    def _filled(self, form: str, scope: Sequence[_Name], depth: int) -> str:
        """The form with an expression in each of its places."""
        return _PLACE.sub(lambda found: self._place(found[1], bool(found[2]), scope, depth - 1), form)

    def _place(self, kind: str, is_query: bool, scope: Sequence[_Name], depth: int) -> str:
        chance = self._chance
        if kind == "subquery":
            relation, names = self._relation(0)
            value, where = self._expression(NUMBER, names, 1), self._expression(TRUTH, [*names, *scope], 1)
            return f"SELECT {value} FROM {relation} WHERE {where}"
        if is_query:
            relation, names = self._relation(1)
            return f"SELECT {self._expression(kind, names, depth)} AS k FROM {relation}"
        if kind == "three":
            return self._three()
        if kind == "t":
            return f"db.{chance.choice(self._estate.tables).name}"
        words = {"window": OF_ROWS, "ordered": ORDERED, **WORDS}.get(kind)
        return chance.choice(words) if words else self._expression(kind, scope, depth)
