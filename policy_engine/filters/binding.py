"""Writes a row filter as SQL: every name in full, every fact a literal, every lookup in a scope of its own.

INVARIANT: what is known of a person enters as literals only, and what was printed reads back as what was meant.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from catalog.errors import PolicyInvalid
from catalog.remembered import remembered
from catalog.sql_texts import Unreadable, parsed_tokens, tokens_of_text
from policy_engine.filters.functions import ARITHMETIC
from policy_engine.filters.grammar import DIALECT, is_attribute, lookups, path_of, print_sql, references
from policy_engine.filters.meaning import Fact, Meaning, carrier, fact, meaning, question
from policy_engine.filters.names import MOMENTS, Names, ReadLookup, Typed
from policy_engine.filters.sets import read_set
from policy_engine.filters.truths import simplified, unknown
from policy_engine.model import LOOKUP, ROW

Value = str | bool | tuple[str, ...] | None

_CAST = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DATE", "TIMESTAMP"})
_TYPES = {"now": "TIMESTAMP", "today": "DATE"}
_MOMENT = exp.DataType.build("TIMESTAMP", dialect=DIALECT)
_TIMES = {"TIMESTAMP WITH TIME ZONE": exp.DataType.build("TIMESTAMPTZ", dialect=DIALECT)}
_COMPARED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One lookup, written: what is looked up, in which column of which dataset, under which condition."""

    name: str
    value: str
    column: str
    where: str
    key: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A filter's SQL, and the lookups whose answers it names."""

    sql: str
    answers: tuple[Answer, ...]


@remembered(16384)
def bound(text: str, names: Names, values: tuple[tuple[Fact, Value], ...]) -> Written:
    """The filter's SQL over `_row`, with what is settled already left out; raises PolicyInvalid."""
    binding = _Binding(names, dict(values))
    try:
        sql = _printed(simplified(binding.of(meaning(text))))
    except _Changed:
        raise PolicyInvalid(f"the filter `{text}` cannot be bound", hint="write it more simply") from None
    return Written(sql=sql, answers=tuple(answer for answer in binding.answers if answer.name in sql))


class _Changed(Exception):
    """That a text reads back as something else than was printed."""


def _printed(node: exp.Expr) -> str:
    sql = print_sql(node)
    try:
        again = parsed_tokens(sql, tokens_of_text(sql, DIALECT), DIALECT)
    except Unreadable:
        raise _Changed from None
    if len(again) != 1 or print_sql(again[0]) != sql:
        raise _Changed
    return sql


class _Binding:
    """One pass over one filter; `types` keeps the type of each column that was put in."""

    def __init__(self, names: Names, values: Mapping[Fact, Value]) -> None:
        self._names = names
        self._values = values
        self._types: dict[int, str] = {}
        self._kept: list[exp.Expr] = []
        self.answers: list[Answer] = []

    def of(self, said: Meaning) -> exp.Expr:
        """The condition; a filter is looked through only for what is in it, as this is done for each person."""
        holder = exp.Paren(this=said.tree.copy())
        columns = dict(self._names.columns)
        outside = list(references(holder))
        if said.tagged:
            self._put_answers(holder)
        for node in outside:
            node.replace(self._reference(ROW, columns[path_of(node)]))
        found = list(zip(lookups(holder), self._names.lookups, strict=True)) if said.lookups else []
        for select, read in found:
            self._put_columns(select, read)
        if said.carriers:
            self._put_carriers(holder)
        if said.has(exp.In, exp.Anonymous):
            self._put_sets(holder)
        if said.facts:
            self._put_facts(holder)
        if said.has(*ARITHMETIC):
            _soften(holder)
        for select, read in found:
            self._take_out(select, read)
        condition: exp.Expr = holder.this
        return condition

    def _put_answers(self, holder: exp.Expr) -> None:
        tagged = dict(self._names.tagged)
        for call in [call for call in holder.find_all(exp.Anonymous) if _is_call(call, "has_tag")]:
            call.replace(_truth(tagged[question(call)]))

    def _put_columns(self, select: exp.Select, read: ReadLookup) -> None:
        columns = dict(read.columns)
        _, type_name = columns[path_of(select.expressions[0])]
        for node in list(references(select)):
            node.replace(self._reference(LOOKUP, columns[path_of(node)]))
        if type_name in MOMENTS:
            self._put_moments(select, type_name)

    def _put_moments(self, select: exp.Select, type_name: str) -> None:
        """Compares dates and moments as moments: a day beyond what a moment can be is unknown, and no error."""
        lookup = select.find_ancestor(exp.In)
        assert lookup is not None
        if self._types.get(id(lookup.this)) == type_name:
            return
        sides = [lookup.this, *(select.expressions if type_name == "DATE" else ())]
        for side in sides:
            tried = exp.TryCast(to=_TIMES.get(type_name, _MOMENT).copy(), safe=True)
            side.replace(tried)
            tried.set("this", side)

    def _take_out(self, select: exp.Select, read: ReadLookup) -> None:
        """Puts a column with the lookup's answer in its place."""
        lookup = select.find_ancestor(exp.In)
        assert lookup is not None
        where = select.args.get("where")
        parts = (
            _printed(lookup.this),
            _printed(select.expressions[0]),
            "" if where is None else _printed(simplified(where.this)),
        )
        digest = hashlib.sha256(repr((read.key, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        value, column, condition = parts
        answer = Answer(name=f"{LOOKUP}_{digest}", value=value, column=column, where=condition, key=read.key)
        self.answers.append(answer)
        lookup.replace(exp.Dot.build([exp.to_identifier(name, quoted=True) for name in (ROW, answer.name)]))

    def _put_carriers(self, holder: exp.Expr) -> None:
        carriers = dict(self._names.carriers)
        for node in list(holder.find_all(exp.Anonymous)):
            if _is_call(node, "columns_with_attribute"):
                node.replace(self._reference(ROW, carriers[carrier(node)]))

    def _put_sets(self, holder: exp.Expr) -> None:
        node: exp.Expr
        for node in list(holder.find_all(exp.In, exp.Anonymous)):
            if _is_call(node, "in_set"):
                value, written = node.expressions
                given = self._value(written) if is_attribute(written) else str(written.this)
                self._put_members(node, value, read_set(given) if isinstance(given, str) else given)
            elif isinstance(node, exp.In) and node.args.get("field"):
                given = self._value(node.args["field"])
                self._put_members(node, node.this, (given,) if isinstance(given, str) else given)
            elif isinstance(node, exp.In) and any(map(is_attribute, node.expressions)):
                members = [each for item in node.expressions for each in self._members(item, node.this)]
                node.set("expressions", members)

    def _put_members(self, node: exp.Expr, value: exp.Expr, members: Value) -> None:
        """Puts an IN list in a node's place; a set that is not known or has nothing in it is met by nothing."""
        if not isinstance(members, tuple) or not members:
            node.replace(unknown())
            return
        type_name = self._types.get(id(value), "")
        compared = value if isinstance(value, exp.Column | exp.Dot | exp.Literal | exp.Func) else exp.Paren(this=value)
        node.replace(exp.In(this=compared, expressions=[_literal(each, type_name) for each in members]))

    def _members(self, item: exp.Expr, value: exp.Expr) -> list[exp.Expr]:
        given = self._value(item) if is_attribute(item) else None
        if not isinstance(given, tuple) or not given:
            return [item]
        return [_literal(each, self._types.get(id(value), "")) for each in given]

    def _put_facts(self, holder: exp.Expr) -> None:
        kinds = (exp.Anonymous, exp.CurrentUser, exp.CurrentTimestamp, exp.CurrentDate)
        for node in list(holder.find_all(*kinds)):
            found = fact(node)
            if found is not None:
                value = self._values[found]
                single = (value[0] if len(value) == 1 else None) if isinstance(value, tuple) else value
                node.replace(_literal(single, _TYPES.get(found[0]) or self._compared_with(node)))

    def _value(self, node: exp.Expr) -> Value:
        found = fact(node)
        return None if found is None else self._values[found]

    def _compared_with(self, node: exp.Expr) -> str:
        """The type of the column that a fact is compared with, if it is: a text that is no such value is unknown."""
        parent = node.parent
        if isinstance(parent, exp.In):
            return self._types.get(id(parent.this), "")
        if not isinstance(parent, _COMPARED):
            return ""
        return self._types.get(id(parent.expression if parent.this is node else parent.this), "")

    def _reference(self, alias: str, column: Typed) -> exp.Expr:
        path, type_name = column
        node = exp.Dot.build([exp.to_identifier(name, quoted=True) for name in (alias, *path)])
        if type_name in _CAST:
            self._types[id(node)] = type_name
            self._kept.append(node)  # keeps its identity from being taken by another node
        return node


def _soften(holder: exp.Expr) -> None:
    """Makes arithmetic that overflows or divides by zero NULL, so that no row can make the filter fail."""
    for node in list(holder.find_all(*ARITHMETIC)):
        above = node.parent
        while isinstance(above, exp.Paren) and above is not holder:
            above = above.parent
        is_number = isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal)
        if not is_number and not isinstance(above, ARITHMETIC):
            softened = exp.Try()
            node.replace(softened)
            softened.set("this", node)


def _is_call(node: exp.Expr, name: str) -> bool:
    return isinstance(node, exp.Anonymous) and str(node.this).lower() == name


def _truth(value: bool | None) -> exp.Expr:
    return unknown() if value is None else (exp.true() if value else exp.false())


def _literal(value: str | bool | None, type_name: str = "") -> exp.Expr:
    if isinstance(value, bool):
        return exp.true() if value else exp.false()
    known = value if value is not None and _is_ordinary(value) else None
    if known is not None and not type_name:
        return exp.Literal.string(known)
    to = exp.DataType.build(type_name or "VARCHAR", dialect=DIALECT)
    return exp.TryCast(this=exp.null() if known is None else exp.Literal.string(known), to=to, safe=True)


def _is_ordinary(value: str) -> bool:
    """Whether a text can stand in SQL at all; what cannot is as good as unknown."""
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
