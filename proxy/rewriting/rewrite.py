"""Splices governed relations into a statement and has the engine's own parser confirm the result.

Every dataset's node becomes a stand-in name that nobody can guess; the tree is printed once, and each stand-in is
filled with its governed relation. The same text is filled for people with datasets' own names, and for the journal with
the person's literals blanked.
"""

import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp
from sqlglot.errors import SqlglotError

from catalog.errors import LimitExceeded, VeilError
from catalog.model import Dataset
from catalog.names import fold, quoted
from catalog.sources.connector import Masks, Session, SourceCell, SourceWork, Work
from policy_engine.model import ROW, ColumnDecision, Decision, Outcome
from policy_engine.shown_types import shown_type
from policy_engine.transforms.keys import KeyRing
from proxy.fencing.early import early_conditions
from proxy.fencing.families import Families
from proxy.fencing.late import BARRIER, keep_late, late_columns, let_go
from proxy.fencing.meanings import families
from proxy.fencing.outer_joins import count_again, count_whole
from proxy.reading.statement import Statement, generate, reread
from proxy.rewriting import information
from proxy.rewriting.labels import label, unlabel
from proxy.rewriting.memory import Memory, Same
from proxy.rewriting.relations import Leaf, shorten_columns
from proxy.rewriting.resolve import Explain
from proxy.rewriting.secure import Governed, govern, may_need_fence
from proxy.rewriting.unnamed import UNNAMED, hidden_paths, unnamed
from proxy.rewriting.verify import Expectation, Node, VerificationFailed, governed_node, verify

_NAME_BYTES = 12
_STAND_IN = re.compile(f'("t_[0-9a-f]{{{2 * _NAME_BYTES}}}")')
_MOST = 1_000
_A_PIECE = 1_000
"""Of characters: the engine's parser takes a second for two thousand such pieces."""

_GOVERNED: Memory[Governed] = Memory(capacity=50_000)
"""By all that a governed relation is made of; it weighs as many columns as it has."""

_GOVERNED_NODES: Memory[Node] = Memory(capacity=2048)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A dataset's leaf with the decision for it and the relation's physical name in the session.

    `lookups` are the physical names of the relations that the decision's lookups read, by the lookups' names.
    `may_raise` says that reading what the query reads of it may end in an error, `is_worked_out` that any may,
    `has_statistics` that the engine knows of all its rows. `masked` says which of its columns (folded) are read for
    what is made of them, `masking` where that is worked out.
    `named` are the columns (folded) that the query can name, None for any: it is given no others.
    `content` are the rows of a view of the person's own catalog, as JSON: that has no physical relation.
    """

    leaf: Leaf
    decision: Decision
    physical: str
    lookups: Mapping[str, str] = field(default_factory=dict)
    may_raise: bool = False
    is_worked_out: bool = False
    has_statistics: bool = True
    masked: frozenset[str] = frozenset()
    masking: tuple[str, Masks] = ("", Masks.VEIL)
    content: str | None = None
    named: frozenset[str] | None = None

    @property
    def relations(self) -> tuple[str, ...]:
        """Every physical relation that the governed subquery reads, as often as it reads it."""
        return (self.physical, *self.lookups.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """SQL that may run, the keys to bind, and the same SQL for people (`shown`) and for the journal (`blanked`).

    `work` is what is left to sources.
    """

    sql: str
    shown: str
    blanked: str
    blanked_request: str
    is_fenced: bool
    parameters: Mapping[str, bytes | str] = field(default_factory=dict, repr=False)
    work: Work = field(default_factory=dict)


def rewrite(
    statement: Statement, placed: Sequence[Placed], session: Session, keys: KeyRing, explain: Explain = "full"
) -> Rewritten:
    """The statement over governed relations only, verified; raises VerificationFailed or SqlUnsupported.

    What is `shown` names no hidden column where people are told briefly; what is journalled does.
    """
    tree, dialect = statement.tree, session.dialect
    labels = label(statement, session)
    shorten_columns(tree, tuple(item.leaf for item in placed))
    known = _families(tree, placed) if _may_need_fence(placed) else None
    late = () if known is None else late_columns(tree, known, _plain(placed))
    is_fenced = late is None
    kept, counted = keep_late(late or ()), count_whole(tree, has_views=_has_views(placed, session))
    early = _early(placed, known) if known is not None and is_fenced else [()] * len(placed)
    governed = [_govern(item, keys, is_fenced, wanted) for item, wanted in zip(placed, early, strict=True)]
    _check_size(governed)
    stand_ins = [_stand_in(item.leaf) for item in placed]
    printed = generate(tree, dialect)
    _check_fixpoint(printed, dialect)
    sql = _filled(printed, stand_ins, [relation.sql for relation in governed])
    _verify(sql, placed, governed, session, own=frozenset({BARRIER} if kept else ()))
    own_names = [_own_name(item.decision.dataset) for item in placed]
    in_words = [_in_words(item, relation, relation.sql) for item, relation in zip(placed, governed, strict=True)]
    unasked = [
        _in_words(item, relation, relation.unasked) if relation.early else words
        for item, relation, words in zip(placed, governed, in_words, strict=True)
    ]
    unlabel(labels)
    _blank(tree)
    is_changed = bool(kept or counted)
    printed_blank = generate(tree, dialect, copy=is_changed)
    count_again(counted)
    let_go(kept)
    request_blank = generate(tree, dialect, copy=False) if is_changed else printed_blank
    return Rewritten(
        sql=sql,
        shown=_filled(
            printed, stand_ins, _told(placed, governed, keys, is_fenced, early) if explain == "brief" else in_words
        ),
        blanked=_filled(printed_blank, stand_ins, unasked),
        blanked_request=_filled(request_blank, stand_ins, own_names),
        is_fenced=is_fenced,
        parameters={name: secret for relation in governed for name, secret in relation.parameters.items()},
        work=_work(placed, governed, is_fenced),
    )


def blanked(statement: Statement) -> str:
    """The statement as SQL with its literals taken out; uses its tree up.

    Example:
        >>> from proxy.reading.statement import read
        >>> blanked(read("select a from t where ssn = '123' limit 5"))
        'SELECT "a" FROM "t" WHERE "ssn" = ? LIMIT 5'
    """
    _blank(statement.tree)
    return generate(statement.tree, statement.dialect)


def _check_size(governed: Sequence[Governed]) -> None:
    """Before anything is written out: each place of a dataset takes its relation, with all columns that may be named.

    Relations are measured roughly, so that none tells how long the names in a policy's filter are.
    """
    if sum(1 + len(relation.sql) // _A_PIECE for relation in governed) > _MOST:
        raise LimitExceeded(
            "the datasets of the SQL, written out wherever they are named, are longer than is read in time",
            hint="name columns instead of *, and wide datasets less often",
        )


def _check_fixpoint(printed: str, dialect: str) -> None:
    """What is printed must read back as what was meant; a text that does not is refused."""
    try:
        again = reread(printed, dialect)
    except (VeilError, SqlglotError, RecursionError, ValueError, TypeError) as error:
        raise VerificationFailed("the printed SQL cannot be read back") from error
    if generate(again, dialect, copy=False) != printed:
        raise VerificationFailed("the printed SQL reads back differently")


def _may_need_fence(placed: Sequence[Placed]) -> bool:
    return any(may_need_fence(item.decision) for item in _distinct(placed))


def _families(tree: exp.Expr, placed: Sequence[Placed]) -> Families:
    """What the names of a statement mean."""
    columns = [
        (column.name, shown_type(column))
        for item in _distinct(placed)
        for column in item.decision.columns
        if column.outcome is not Outcome.HIDDEN
    ]
    return families(tree, columns)


def _distinct(placed: Sequence[Placed]) -> Collection[Placed]:
    """One place of each dataset: a wide one may have many."""
    return {id(item.decision): item for item in placed}.values()


def _plain(placed: Sequence[Placed]) -> set[str]:
    """The names (folded) of columns that are nowhere worked out of a raw value."""
    shown = [(item, column) for item in _distinct(placed) for column in item.decision.columns]
    worked_out = {fold(column.name) for item, column in shown if not _is_plain(item, column)}
    return {fold(column.name) for _, column in shown} - worked_out


def _is_plain(item: Placed, column: ColumnDecision) -> bool:
    """Whether the cell is the raw value itself; what is hidden is no column of the query."""
    is_clear = column.outcome is Outcome.CLEAR and column.is_uniform and item.content is None
    return column.outcome is Outcome.HIDDEN or (is_clear and all(not c.when and c.call is None for c in column.cases))


def _stand_in(leaf: Leaf) -> str:
    """Puts a name nobody can guess in a dataset's place, under the query's alias for it; joins and samples stay."""
    name = f"t_{secrets.token_hex(_NAME_BYTES)}"
    alias = leaf.node.args.get("alias")
    columns = alias.args.get("columns") if isinstance(alias, exp.TableAlias) else None
    leaf.node.set("this", exp.to_identifier(name, quoted=True))
    leaf.node.set("db", None)
    leaf.node.set("catalog", None)
    leaf.node.set("alias", exp.TableAlias(this=exp.to_identifier(leaf.alias, quoted=True), columns=columns))
    return quoted(name)


def _filled(printed: str, stand_ins: Sequence[str], relations: Sequence[str]) -> str:
    """The text with each stand-in, which stands in it exactly once, replaced by its relation."""
    left = dict(zip(stand_ins, relations, strict=True))
    parts = [left.pop(part, part) for part in _STAND_IN.split(printed)]
    if left or not set(stand_ins).isdisjoint(parts):
        raise VerificationFailed("a relation was lost or doubled in printing")
    return "".join(parts)


def _govern(item: Placed, keys: KeyRing, is_fenced: bool, early: Sequence[str]) -> Governed:
    if item.content is not None:
        name = f"catalog_{item.decision.dataset.name}"
        return Governed(sql=information.relation(item.decision, name), parameters={name: item.content})
    key = (
        Same(item.decision),
        Same(keys),
        item.physical,
        item.named,
        *item.lookups.items(),
        item.masking,
        item.has_statistics,
        _is_fenced(item, is_fenced),
        _tells_by_errors(item),
    )
    governed = _GOVERNED.get(key, None)
    if governed is None:
        governed = _governed(item, item.decision, keys, is_fenced)
        _GOVERNED.put(key, None, governed, weight=1 + len(item.decision.columns))
    return governed.with_early(early)


def _governed(item: Placed, decision: Decision, keys: KeyRing, is_fenced: bool) -> Governed:
    return govern(
        decision,
        quoted(item.physical),
        keys,
        is_fenced=_is_fenced(item, is_fenced),
        is_read_whole=_tells_by_errors(item),
        has_statistics=item.has_statistics,
        lookups={name: quoted(physical) for name, physical in item.lookups.items()},
        masking=item.masking,
        named=item.named,
    )


def _early(placed: Sequence[Placed], known: Families) -> list[tuple[str, ...]]:
    """The query's own conditions that may stand beside each policy's filter, where reading ends no query."""
    plain = {id(item.decision): _names_of_plain(item) for item in _distinct(placed)}
    return [
        early_conditions(item.leaf.node, known, plain[id(item.decision)], ROW) if _takes_early(item) else ()
        for item in placed
    ]


def _names_of_plain(item: Placed) -> Mapping[str, str]:
    shown = [column for column in item.decision.columns if column.outcome is not Outcome.HIDDEN]
    return {fold(column.name): column.name for column in shown if not column.parts and _is_plain(item, column)}


def _takes_early(item: Placed) -> bool:
    return bool(item.decision.rows.filter) and item.has_statistics and not (item.may_raise or item.is_worked_out)


def _is_fenced(item: Placed, is_fenced: bool) -> bool:
    """Beside the person's own conditions an error of a row would tell which filtered-out rows fulfil them."""
    return is_fenced or (item.may_raise and bool(item.decision.rows.filter)) or _tells_by_errors(item)


def _has_views(placed: Sequence[Placed], session: Session) -> bool:
    """Whether the engine itself works out a relation, which it does for views of database files."""
    datasets = (item.decision.dataset for item in placed if item.has_statistics)
    return any(session.may_raise(dataset.source, dataset.relation) for dataset in datasets)


def _tells_by_errors(item: Placed) -> bool:
    """Whether an error would tell which rows have a masked value that cannot be read, or a hidden one by which a view
    chooses its rows; a source sees to that itself.
    """
    return item.has_statistics and ((item.may_raise and bool(item.masked)) or (item.is_worked_out and _hides(item)))


def _hides(item: Placed) -> bool:
    return any(column.outcome is Outcome.HIDDEN for column in item.decision.columns)


def _work(placed: Sequence[Placed], governed: Sequence[Governed], is_fenced: bool) -> Work:
    """What is left to sources, by physical name; two places of a relation may share a cell."""
    cells: dict[str, dict[str, SourceCell]] = {}
    masked: dict[str, frozenset[str]] = {}
    mixed: set[str] = set()
    hiding = {item.physical for item in _distinct(placed) if _hides(item) and not item.decision.rows.filter}
    for item, relation in zip(placed, governed, strict=True):
        cells.setdefault(item.physical, {}).update((cell.name, cell) for cell in relation.cells)
        masked[item.physical] = masked.get(item.physical, frozenset()) | item.masked
        if item.decision.rows.filter and not _is_fenced(item, is_fenced):
            mixed.add(item.physical)
    return {
        physical: SourceWork(
            cells=tuple(found.values()),
            is_mixed=physical in mixed,
            with_hidden=physical in hiding,
            masked=masked[physical],
        )
        for physical, found in cells.items()
        if found or physical in mixed | hiding or masked[physical]
    }


def _own_name(dataset: Dataset) -> str:
    return f"{quoted(dataset.database)}.{quoted(dataset.name)}"


def _in_words(item: Placed, relation: Governed, sql: str) -> str:
    """The governed relation with datasets' own names in place of physical ones, which nobody can guess."""
    if item.content is not None:
        return _own_name(item.decision.dataset)
    text = sql.replace(quoted(item.physical), _own_name(item.decision.dataset))
    for column, words in relation.words.items():
        text = text.replace(column, words)
    for lookup in item.decision.lookups:
        text = text.replace(quoted(item.lookups[lookup.name]), _own_name(lookup.dataset))
    return text


def _told(
    placed: Sequence[Placed],
    governed: Sequence[Governed],
    keys: KeyRing,
    is_fenced: bool,
    early: Sequence[Sequence[str]],
) -> list[str]:
    """The relations in words that name no hidden column, as which no cell that its source works out tells one; a column
    that is clear but for hidden fields stands there as it would without them.
    """
    told = []
    for item, relation, wanted in zip(placed, governed, early, strict=True):
        hidden = hidden_paths(item.decision)
        if any(column.brief for column in item.decision.columns):
            relation = _governed(item, item.decision.briefly, keys, is_fenced).with_early(wanted)
        cells = [each for each in relation.cells if any((fold(name),) in hidden for name in each.columns)]
        untold = {f"{quoted(ROW)}.{quoted(cell.name)}": f"{UNNAMED} /* at the source */" for cell in cells}
        words = replace(relation, words={**relation.words, **untold})
        told.append(unnamed(_in_words(item, words, relation.sql), hidden))
    return told


def _verify(
    sql: str, placed: Sequence[Placed], governed: Sequence[Governed], session: Session, *, own: frozenset[str]
) -> None:
    expected = [
        Expectation(physical=item.physical, governed=_governed_node(relation, item.relations, session))
        for item, relation in zip(placed, governed, strict=True)
        if item.content is None
    ]
    verify(session.serialize(sql), expected, own)


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
