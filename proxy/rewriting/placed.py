"""The datasets of a query in their places, and what hangs on how each of them is read."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field

from sqlglot import exp

from catalog.names import fold
from catalog.sources.connector import Masks
from policy_engine.model import ColumnDecision, Decision, Outcome
from policy_engine.shown_types import shown_type
from proxy.fencing.barrier import is_leak_proof
from proxy.fencing.families import Families
from proxy.fencing.meanings import families
from proxy.rewriting.joined import joins
from proxy.rewriting.relations import Leaf, relation_names
from proxy.rewriting.secure import may_need_fence


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A dataset's leaf with the decision for it and the relation's physical name in the session.

    `lookups` are the physical names of the relations that the decision's lookups read, by the lookups' names.
    `may_raise` says that reading what the query reads of it may end in an error, `is_worked_out` that any may,
    `has_statistics` that the engine knows of all its rows. `masked` says which of its columns (folded) are read for
    what is made of them, `masking` where that is worked out.
    `named` are the columns (folded) that the query can name, None for any: it is given no others.
    `is_read_by_bytes` says that how many rows are read at once hangs on all their columns, `is_told_briefly` that
    nobody is to learn whether something is hidden.
    `order` are the columns by whose values its rows come, none where they come as they lie, None for any; `is_apart`
    says that the query's expressions are kept from the rows until these are in order.
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
    order: tuple[str, ...] | None = ()
    is_apart: bool = False
    is_told_briefly: bool = False
    is_read_by_bytes: bool = False

    @property
    def relations(self) -> tuple[str, ...]:
        """Every physical relation that the governed subquery reads, as often as it reads it."""
        return (self.physical, *self.lookups.values())

    @property
    def hides(self) -> bool:
        """Whether the dataset has, or to those who are told briefly may have, a column that the person does not see."""
        return self.is_told_briefly or any(column.outcome is Outcome.HIDDEN for column in self.decision.columns)

    @property
    def shown(self) -> Set[str]:
        """The names (folded) of the columns that the person sees."""
        return {fold(column.name) for column in self.decision.columns if column.outcome is not Outcome.HIDDEN}

    @property
    def has_telling_order(self) -> bool:
        """Whether the order of rows as they are read may hang on what the person does not see: a key that is hidden
        or masked, how a view works them out, or what Veil does not know of a table. Then they are sorted by what is
        shown, for everybody, so that the order does not tell that something is hidden either.
        """
        if self.content is not None:
            return False
        plain = {fold(column.name) for column in self.decision.columns if self._is_shown_plainly(column)}
        return self.order is None or not {fold(name) for name in self.order} <= plain

    @property
    def has_telling_pieces(self) -> bool:
        """Whether the pieces in which an engine takes the rows end by what the person does not see: by rows that are
        filtered out of them, or by the bytes of texts, in which more may stand than anybody knows of.
        """
        return self.content is None and (bool(self.decision.rows.filter) or self.is_read_by_bytes)

    @property
    def has_telling_forms(self) -> bool:
        """Whether the form in which an engine holds some rows at once hangs on raw values behind a mask: where all are
        one, or all take one branch of a CASE, what is made of them is there once, and a sum of fractions multiplies it.
        """
        if self.content is not None:
            return False
        shown = (column for column in self.decision.columns if self.named is None or fold(column.name) in self.named)
        return bool(self.masked) or not all(map(self.is_plain, shown))

    @property
    def has_joined_pieces(self) -> bool:
        """Whether the engine joins such pieces with others where the policy says so: they come in any order."""
        return self.has_telling_pieces and joins(self.decision)

    @property
    def is_ordered(self) -> bool:
        """Whether a source has to give the rows in their order: it may know more of them than the person sees."""
        return not self.has_statistics and not self.has_telling_order

    def _is_shown_plainly(self, column: ColumnDecision) -> bool:
        return column.outcome is not Outcome.HIDDEN and self.is_plain(column)

    @property
    def tells_by_errors(self) -> bool:
        """Whether an error would tell which rows have a masked value that cannot be read, or a hidden one by which a
        view chooses its rows; a source sees to that itself.
        """
        is_telling = (self.may_raise and bool(self.masked)) or (self.is_worked_out and self.hides)
        return self.has_statistics and is_telling

    @property
    def takes_conditions(self) -> bool:
        """Whether conditions of the query may stand beside the policy's filter, where reading ends no query."""
        is_read_safely = self.has_statistics and not (self.may_raise or self.is_worked_out or self.has_telling_order)
        return bool(self.decision.rows.filter) and is_read_safely

    def is_fenced(self, is_query_fenced: bool) -> bool:
        """Beside the person's own conditions an error of a row would tell which filtered-out rows fulfil them."""
        return is_query_fenced or (self.may_raise and bool(self.decision.rows.filter)) or self.tells_by_errors

    def is_plain(self, column: ColumnDecision) -> bool:
        """Whether the cell is the raw value itself; what is hidden is no column of the query."""
        is_clear = column.outcome is Outcome.CLEAR and column.is_uniform and self.content is None
        is_raw = is_clear and all(not case.when and case.call is None for case in column.cases)
        return column.outcome is Outcome.HIDDEN or is_raw


def distinct(placed: Sequence[Placed]) -> Collection[Placed]:
    """One place of each dataset: a wide one may have many."""
    return {id(item.decision): item for item in placed}.values()


def plain_names(placed: Sequence[Placed]) -> set[str]:
    """The names (folded) of shown columns that are nowhere worked out of a raw value."""
    every = [(item, column) for item in distinct(placed) for column in item.decision.columns]
    shown = [(item, column) for item, column in every if column.outcome is not Outcome.HIDDEN]
    worked_out = {fold(column.name) for item, column in shown if not item.is_plain(column)}
    return {fold(column.name) for _, column in shown} - worked_out


def needs_fence(placed: Sequence[Placed]) -> bool:
    """Whether something lies behind the datasets that an engine could meet or know before their cells."""
    return any(may_need_fence(item.decision) for item in distinct(placed))


def meant_by_names(tree: exp.Expr, placed: Sequence[Placed]) -> Families:
    """What the names of a statement mean."""
    columns = [
        (column.name, shown_type(column))
        for item in distinct(placed)
        for column in item.decision.columns
        if column.outcome is not Outcome.HIDDEN
    ]
    return families(tree, columns, _relations(tree, placed) if tree.find(exp.Subquery) else {})


def _relations(tree: exp.Expr, placed: Sequence[Placed]) -> dict[int, Set[str] | exp.CTE]:
    """What each name of a relation in a statement reads."""
    shown = {id(item.decision): item.shown for item in distinct(placed)}
    of_datasets = {id(item.leaf.node): shown[id(item.decision)] for item in placed if item.content is None}
    named = relation_names(tree) if tree.find(exp.CTE) else ()
    return {**of_datasets, **{id(node): cte for node, cte in named if cte is not None}}


def may_fail_half_way(tree: exp.Expr, placed: Sequence[Placed], is_harmless: bool | None) -> bool:
    """Whether rows of an answer may be there before an error ends it, beside something that the person does not see.

    `is_harmless` says whether the query is leak-proof, None where nothing but hidden columns may lie behind it.
    """
    if is_harmless is None:
        if not any(item.hides for item in distinct(placed)):
            return False
        is_harmless = is_leak_proof(tree, meant_by_names(tree, placed))
    return not is_harmless or any(item.may_raise or item.is_worked_out for item in placed)
