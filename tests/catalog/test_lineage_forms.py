"""A form of SQL that is not known to be followed makes a view unclear: a class of nodes, or an argument of one."""

from collections.abc import Iterator

import pytest
from sqlglot import exp, parse_one
from sqlglot.dialects.dialect import Dialect

from catalog.lineage import lineage
from catalog.lineage_forms import KNOWN, LEAVES, check_forms
from catalog.lineage_trace import Trace
from catalog.sources.connector import ViewSql
from catalog.sources.view_sql import Unclear
from tests.catalog.test_lineage_shapes import CASES, DIALECTS, HIDDEN, SHAPES


def is_made(each: type[exp.Expr]) -> bool:
    """Whether there are nodes of a class, and not only of those below it."""
    try:
        return bool(each())
    except TypeError:
        return False


CLASSES = {
    name: each
    for name, each in vars(exp).items()
    if isinstance(each, type) and issubclass(each, exp.Expr) and is_made(each)
}
LISTS = frozenset({"expressions", "ifs", "partition_by", "except_", "replace", "rename"})
STRUCTURE = (
    "Select Union Except Intersect Subquery Table TableAlias Join From With CTE Lateral Unnest Values Star".split()
)
NAMES = {
    ("Column", "table"), ("Column", "db"), ("Column", "catalog"), ("Column", "this"), ("Dot", "this"),
    ("Dot", "expression"),
    ("Identifier", "this"), ("Identifier", "quoted"), ("Alias", "alias"), ("Anonymous", "this"), ("Literal", "this"),
    ("Literal", "is_string"), ("Var", "this"), ("Window", "alias"), ("Count", "this"),
    ("Introducer", "this"), ("ColumnDef", "this"), ("ColumnDef", "kind"), ("DateTrunc", "unit"),
}  # fmt: skip
"""Arguments that name something else than a column, or that are tested as what they are."""


def column() -> exp.Expr:
    return exp.column("note")


def read(sql: str, dialect: str = "duckdb") -> exp.Query:
    query = parse_one(sql, dialect=dialect)
    assert isinstance(query, exp.Query)
    return query


def around(node: exp.Expr) -> exp.Query:
    """A view's query with a node as its first column."""
    query = read("SELECT upper(town) AS n FROM main.t")
    query.expressions[0].set("this", node)
    return query


@pytest.mark.parametrize("name", sorted(CLASSES.keys() - KNOWN.keys()))
def test_an_unknown_class_is_unclear(name: str) -> None:
    for arguments in ({}, {"this": column()}, {"this": column(), "expression": column(), "expressions": [column()]}):
        with pytest.raises(Unclear):
            check_forms(around(CLASSES[name](**arguments)))


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_an_unknown_argument_of_a_known_class_is_unclear(name: str) -> None:
    known = CLASSES[name]
    for argument in (*(known.arg_types.keys() - KNOWN[name]), "unheard_of"):
        for value in (column(), [column()], True, "note"):
            with pytest.raises(Unclear):
                check_forms(around(known(**{argument: value})))


def trees() -> Iterator[exp.Query]:
    """The shapes of views whose forms are all known."""
    for dialect, sql in CASES:
        tree = read(sql, dialect)
        try:
            check_forms(tree)
        except Unclear:
            continue
        yield tree


def test_an_unknown_argument_anywhere_in_a_view_makes_it_unclear() -> None:
    seen: set[tuple[str, str]] = set()
    for tree in trees():
        for node in tree.walk(prune=lambda node: isinstance(node, LEAVES)):
            name = type(node).__name__
            for argument in (*(node.arg_types.keys() - KNOWN[name]), "unheard_of"):
                if (name, argument) not in seen:
                    seen.add((name, argument))
                    node.set(argument, column())
                    with pytest.raises(Unclear):
                        check_forms(tree)
                    node.set(argument, None)
    assert {name for name, _ in seen} > set(STRUCTURE)
    assert len(seen) > 200


def test_what_is_known_is_what_the_parser_has() -> None:
    assert set(STRUCTURE) < KNOWN.keys() < CLASSES.keys()
    assert {name: known - CLASSES[name].arg_types.keys() for name, known in KNOWN.items()} == dict.fromkeys(
        KNOWN, frozenset()
    )


@pytest.mark.parametrize("name", sorted(KNOWN.keys() - set(STRUCTURE)))
def test_every_argument_that_is_known_is_followed(name: str) -> None:
    known = CLASSES[name]
    if issubclass(known, LEAVES):
        return
    for argument in sorted(KNOWN[name]):
        if (name, argument) in NAMES:
            continue
        value = [exp.Literal.number(1), column()] if argument in LISTS else column()
        query = around(known(**{argument: value}))
        try:
            check_forms(query)
            made = Trace(SHAPES, "duckdb").columns(query)[0].origins
        except Unclear:
            continue
        assert HIDDEN in {(origin.relation, origin.path[0]) for origin in made}, argument


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_parser_that_drops_an_argument_drops_no_column(dialect: str) -> None:
    parser = Dialect.get_or_raise(dialect).parser_class
    lost = []
    for name in sorted({*parser.FUNCTIONS, *parser.FUNCTION_PARSERS} - {"COUNT"}):
        for place, arity in ((place, many) for many in range(1, 5) for place in range(many)):
            taken = ", ".join("note" if each == place else "1" for each in range(arity))
            try:
                [made] = lineage(ViewSql(f"SELECT {name}({taken}) AS n FROM main.t", dialect), SHAPES)
            except Unclear:
                continue
            if HIDDEN not in {(origin.relation, origin.path[0]) for origin in made}:
                lost.append(f"{name}({taken})")
    assert lost == []
