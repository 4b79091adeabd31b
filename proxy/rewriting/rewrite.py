"""Splices governed relations into a statement and has the engine's own parser confirm the result.

Every dataset's node becomes a stand-in name that nobody can guess; the tree is printed once, and each stand-in is
filled with its governed relation. The same text is filled for people with datasets' own names, and for the journal with
the person's literals blanked.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from sqlglot import exp
from sqlglot.errors import SqlglotError

from catalog.errors import VeilError
from catalog.names import quoted
from catalog.sources.connector import Session
from catalog.sources.engine_trees import Node
from catalog.sources.source_work import Work
from policy_engine.transforms.keys import KeyRing
from proxy.fencing.families import Families
from proxy.fencing.late import BARRIER, keep_late, late_columns, let_go
from proxy.fencing.outer_joins import count_again, count_whole
from proxy.reading.statement import Statement, generate, reread, shape
from proxy.rewriting.by_piece import raises_by_piece
from proxy.rewriting.governing import conditions_behind, governed_relations, left_to_sources
from proxy.rewriting.group_keys import in_later_keys
from proxy.rewriting.labels import label, unlabel
from proxy.rewriting.memory import Memory
from proxy.rewriting.placed import Placed, distinct, may_fail_half_way, meant_by_names, needs_fence, plain_names
from proxy.rewriting.relations import Leaf, shorten_columns, stand_in
from proxy.rewriting.row_order import (
    add_order,
    adds_fractions,
    ends_early,
    exact_in,
    hangs_on_order,
    keeps_order,
    keys_of_all,
    take_order,
)
from proxy.rewriting.secure import Governed
from proxy.rewriting.verify import Expectation, VerificationFailed, governed_node, verify
from proxy.rewriting.with_names import named_anew
from proxy.rewriting.words import in_words, own_name, told_briefly

_NAME_BYTES = 12
_STAND_IN = re.compile(f'("t_[0-9a-f]{{{2 * _NAME_BYTES}}}")')

_GOVERNED_NODES: Memory[Node] = Memory(capacity=2048)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """SQL that may run, the keys to bind, and the same SQL for people (`shown`) and for the journal (`blanked`).

    `may_fail` says that an error may end it half way, and that it must not tell how far it came. `work` is what is left
    to sources.
    """

    sql: str
    shown: str
    blanked: str
    blanked_request: str
    is_fenced: bool
    may_fail: bool
    parameters: Mapping[str, bytes | str] = field(default_factory=dict, repr=False)
    work: Work = field(default_factory=dict)


def rewrite(statement: Statement, placed: Sequence[Placed], session: Session, keys: KeyRing) -> Rewritten:
    """The statement over governed relations only, verified; raises VerificationFailed or SqlUnsupported.

    What is `shown` hangs on no hidden column where people are told briefly; what is journalled names them.
    """
    tree, dialect = statement.tree, session.dialect
    labels = label(statement, session)
    shorten_columns(tree, tuple(item.leaf for item in placed))
    has_secrets = needs_fence(placed)
    is_telling = has_secrets or any(item.has_telling_pieces for item in placed)
    meant = meant_by_names(tree, placed) if is_telling else Families()
    order, is_sorted, is_apart = _order(tree, placed, meant) if is_telling else _Order([])
    if order:
        add_order(tree, order)
    if is_sorted:
        placed = [replace(item, order=None, is_apart=is_apart) if _is_told(item) else item for item in placed]
    known = meant if has_secrets else None
    late = () if known is None else late_columns(tree, known, plain_names(placed))
    may_fail = may_fail_half_way(tree, placed, None if known is None else late == ())
    is_fenced = late is None
    early = conditions_behind(placed, known) if known is not None and is_fenced else [()] * len(placed)
    governed = governed_relations(placed, keys, early, is_fenced=is_fenced)
    stand_ins = [_stand_in(item.leaf) for item in placed]
    is_brief = any(item.is_told_briefly for item in placed)
    written = _as_written(tree, order, dialect) if is_brief else ""
    kept, counted = keep_late(late or ()), count_whole(tree, has_views=_has_views(placed))
    with named_anew(tree) as queries:
        asked = generate(tree, dialect)
        _check_fixpoint(tree, asked, dialect)
    sql = _filled(asked, stand_ins, [relation.sql for relation in governed])
    _verify(sql, placed, governed, session, own=frozenset({BARRIER} if kept else ()), queries=queries)
    printed = generate(tree, dialect) if queries else asked
    own_names = [own_name(item.decision.dataset) for item in placed]
    worded = [in_words(item, relation, relation.sql) for item, relation in zip(placed, governed, strict=True)]
    unasked = [
        in_words(item, relation, relation.unasked) if relation.early else words
        for item, relation, words in zip(placed, governed, worded, strict=True)
    ]
    told = [told_briefly(item, keys) for item in placed] if is_brief else worded
    unlabel(labels)
    _blank(tree)
    is_changed = bool(kept or counted or order)
    printed_blank = generate(tree, dialect, copy=is_changed)
    count_again(counted)
    let_go(kept)
    if order:
        take_order(tree, order)
    request_blank = generate(tree, dialect, copy=False) if is_changed else printed_blank
    return Rewritten(
        sql=sql,
        shown=_filled(written or printed, stand_ins, told),
        blanked=_filled(printed_blank, stand_ins, unasked),
        blanked_request=_filled(request_blank, stand_ins, own_names),
        is_fenced=is_fenced,
        may_fail=may_fail,
        parameters={name: secret for relation in governed for name, secret in relation.parameters.items()},
        work=left_to_sources(placed, governed, is_fenced),
    )


def _is_told(item: Placed) -> bool:
    """Whether a place has pieces that may tell something."""
    return item.has_telling_pieces or item.has_telling_forms


class _Order(NamedTuple):
    """The keys by which an answer is ordered, whether datasets are sorted first, and whether the query's expressions
    are kept from their rows until then.
    """

    keys: list[exp.Expr]
    is_sorted: bool = False
    is_apart: bool = False


def _order(tree: exp.Expr, placed: Sequence[Placed], known: Families) -> _Order:
    """What is put in order where the order of rows, or how many of them are read, would tell what an engine leaves out
    of each piece that it takes at once; or the form of such a piece what is behind a mask.
    """
    if not any(item.has_telling_pieces for item in placed):
        has_forms = any(item.has_telling_forms for item in placed)
        is_apart = has_forms and raises_by_piece(tree, known)
        return _Order([], is_apart or (has_forms and adds_fractions(tree, exact_in(tree, placed, known))), is_apart)
    is_kept = keeps_order(tree) and not any(item.has_joined_pieces for item in distinct(placed))
    is_apart = raises_by_piece(tree, known)
    if is_apart or ends_early(tree, known):
        return _Order([] if is_kept else keys_of_all(tree), is_sorted=True, is_apart=is_apart)
    if is_kept:
        return _Order([])
    return _Order(keys_of_all(tree), is_sorted=hangs_on_order(tree, exact_in(tree, placed, known)))


def blanked(statement: Statement) -> str:
    """The statement as SQL with its literals taken out; uses its tree up.

    Example:
        >>> from proxy.reading.statement import read
        >>> blanked(read("select a from t where ssn = '123' limit 5"))
        'SELECT "a" FROM "t" WHERE "ssn" = ? LIMIT 5'
    """
    _blank(statement.tree)
    return generate(statement.tree, statement.dialect)


def _check_fixpoint(tree: exp.Expr, printed: str, dialect: str) -> None:
    """What is printed must read back as what was meant; a text that does not is refused."""
    try:
        again = reread(printed, dialect)
    except (VeilError, SqlglotError, RecursionError, ValueError, TypeError) as error:
        raise VerificationFailed("the printed SQL cannot be read back") from error
    if shape(again) != shape(tree):  # else what printing leaves out would be missing in both texts
        raise VerificationFailed("the printed SQL has other parts than what was judged")
    if generate(again, dialect, copy=False) != printed:
        raise VerificationFailed("the printed SQL reads back differently")


def _as_written(tree: exp.Expr, order: list[exp.Expr] | None, dialect: str) -> str:
    """The statement without what is put in for the sake of what is hidden: told briefly, nobody reads that in it."""
    if order:
        take_order(tree, order)
    text = generate(tree, dialect)
    if order:
        add_order(tree, order)
    return text


def _has_views(placed: Sequence[Placed]) -> bool:
    """Whether the engine itself works out a relation, which it does for views of database files."""
    return any(item.is_worked_out and item.has_statistics for item in placed)


def _stand_in(leaf: Leaf) -> str:
    """Puts a name nobody can guess in a dataset's place."""
    name = f"t_{secrets.token_hex(_NAME_BYTES)}"
    stand_in(leaf.node, name, leaf.alias)
    return quoted(name)


def _filled(printed: str, stand_ins: Sequence[str], relations: Sequence[str]) -> str:
    """The text with each stand-in, which stands in it exactly once, replaced by its relation."""
    left = dict(zip(stand_ins, relations, strict=True))
    parts = [left.pop(part, part) for part in _STAND_IN.split(printed)]
    if left or not set(stand_ins).isdisjoint(parts):
        raise VerificationFailed("a relation was lost or doubled in printing")
    return "".join(parts)


def _verify(
    sql: str,
    placed: Sequence[Placed],
    governed: Sequence[Governed],
    session: Session,
    *,
    own: frozenset[str],
    queries: frozenset[str],
) -> None:
    asked = [(item, relation) for item, relation in zip(placed, governed, strict=True) if item.content is None]
    doubles = in_later_keys((item.leaf.node, (item.physical, relation.sql)) for item, relation in asked)
    expected = [
        Expectation(
            physical=item.physical,
            governed=_governed_node(relation, item.relations, session),
            may_be_left_out=id(item.leaf.node) in doubles,
        )
        for item, relation in asked
    ]
    verify(session.serialize(sql), expected, own, queries)


def _governed_node(relation: Governed, relations: Sequence[str], session: Session) -> Node:
    """The governed relation as the engine reads it; remembered, unless a literal of the query is in it."""
    node = _GOVERNED_NODES.get(relation.sql, session.dialect)
    if node is None:
        node = governed_node(session.serialize(relation.sql.removeprefix("(").removesuffix(")")), relations)
        if not relation.early:
            _GOVERNED_NODES.put(relation.sql, session.dialect, node)
    return node


def _blank(tree: exp.Expr) -> None:
    """Takes the person's literals out, since they may repeat data (`where ssn = ..`); LIMIT and OFFSET stay."""
    for literal in tree.find_all(exp.Literal):
        if not isinstance(literal.parent, exp.Limit | exp.Offset):
            literal.set("this", "?")  # in its place: taking thousands out of one list costs their square
            literal.set("is_string", False)
    for key in tree.find_all(exp.JSONPathKey):
        key.set("this", "?")
