"""Splices governed relations into a statement and has the engine's own parser confirm the result.

Every dataset's node is replaced in place by its governed relation, printed raw; nothing else of the tree changes.
The same tree is also printed for people: with datasets' own names, and with the person's literals blanked for the
journal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlglot
from sqlglot import ErrorLevel, exp

from catalog.names import quoted
from catalog.sources.connector import Session
from policy_engine.model import Decision, Outcome
from policy_engine.transforms.keys import KeyRing
from proxy.barrier import families, is_leak_proof
from proxy.relations import Leaf, shorten_columns
from proxy.secure import Governed, govern, shown_type
from proxy.statement import Statement, generate
from proxy.verify import Expectation, VerificationFailed, governed_node, verify


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A dataset's leaf with the decision for it and the relation's physical name in the session."""

    leaf: Leaf
    decision: Decision
    physical: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """SQL that may run, the keys to bind, and the same SQL for people (`shown`) and for the journal (`blanked`)."""

    sql: str
    shown: str
    blanked: str
    blanked_request: str
    is_fenced: bool
    parameters: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def rewrite(statement: Statement, placed: Sequence[Placed], session: Session, keys: KeyRing) -> Rewritten:
    """The statement over governed relations only, verified; raises VerificationFailed or SqlUnsupported."""
    tree, dialect = statement.tree, session.dialect
    shorten_columns(tree, tuple(item.leaf for item in placed))
    _check_fixpoint(tree, dialect)
    is_fenced = _needs_fence(tree, placed)
    governed = [govern(item.decision, quoted(item.physical), keys, is_fenced=is_fenced) for item in placed]
    for item, relation in zip(placed, governed, strict=True):
        _splice(item.leaf, relation.sql)
    sql = generate(tree, dialect)
    _verify(sql, placed, governed, session)
    for item, relation in zip(placed, governed, strict=True):
        _splice(item.leaf, relation.sql.replace(quoted(item.physical), _own_name(item.decision)))
    shown = generate(tree, dialect)
    _blank(tree)
    blanked = generate(tree, dialect)
    for item in placed:
        _splice(item.leaf, _own_name(item.decision))
    parameters = {name: secret for relation in governed for name, secret in relation.parameters.items()}
    return Rewritten(
        sql=sql,
        shown=shown,
        blanked=blanked,
        blanked_request=generate(tree, dialect),
        is_fenced=is_fenced,
        parameters=parameters,
    )


def blanked(statement: Statement) -> str:
    """The statement as SQL with its literals taken out; uses its tree up.

    Example:
        >>> from proxy.statement import read
        >>> blanked(read("select a from t where ssn = '123' limit 5"))
        'SELECT "a" FROM "t" WHERE "ssn" = ? LIMIT 5'
    """
    _blank(statement.tree)
    return generate(statement.tree, statement.dialect)


def _check_fixpoint(tree: exp.Expr, dialect: str) -> None:
    """What is printed must read back as what was meant; a text that does not is refused."""
    text = generate(tree, dialect)
    try:
        again = sqlglot.parse_one(text, read=dialect, error_level=ErrorLevel.RAISE)
    except (sqlglot.errors.SqlglotError, RecursionError, ValueError, TypeError) as error:
        raise VerificationFailed("the printed SQL cannot be read back") from error
    if generate(again, dialect) != text:
        raise VerificationFailed("the printed SQL reads back differently")


def _needs_fence(tree: exp.Expr, placed: Sequence[Placed]) -> bool:
    if not any(item.decision.rows.filter for item in placed):
        return False
    columns = [
        (column.name, shown_type(column))
        for item in placed
        for column in item.decision.columns
        if column.outcome is not Outcome.HIDDEN
    ]
    return not is_leak_proof(tree, families(tree, columns))


def _splice(leaf: Leaf, sql: str) -> None:
    """Puts SQL in the place of a dataset, under the name the query knows it by; joins and samples stay."""
    alias = leaf.node.args.get("alias")
    columns = alias.args.get("columns") if isinstance(alias, exp.TableAlias) else None
    leaf.node.set("this", exp.Var(this=sql))
    leaf.node.set("db", None)
    leaf.node.set("alias", exp.TableAlias(this=exp.to_identifier(leaf.alias, quoted=True), columns=columns))


def _own_name(decision: Decision) -> str:
    return f"{quoted(decision.dataset.database)}.{quoted(decision.dataset.name)}"


def _verify(sql: str, placed: Sequence[Placed], governed: Sequence[Governed], session: Session) -> None:
    nodes = {
        item.physical: governed_node(session.serialize(relation.sql.removeprefix("(").removesuffix(")")))
        for item, relation in zip(placed, governed, strict=True)
    }
    verify(session.serialize(sql), [Expectation(physical=i.physical, governed=nodes[i.physical]) for i in placed])


def _blank(tree: exp.Expr) -> None:
    """Takes the person's literals out, since they may repeat data (`where ssn = ..`); LIMIT and OFFSET stay."""
    for literal in list(tree.find_all(exp.Literal)):
        if not isinstance(literal.parent, exp.Limit | exp.Offset):
            literal.replace(exp.Placeholder())
