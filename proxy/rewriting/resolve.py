"""Explains names to the person, from what the person may see: unknown columns, and masked ones compared with values.

Nothing here runs or decides anything. Engines suggest names that were dropped ("did you mean .."), so their words
are never passed on; a hint names visible columns only.
"""

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Literal

from sqlglot import exp

from catalog.errors import (
    LimitExceeded,
    SettingsInvalid,
    SourceTimeout,
    SourceUnavailable,
    SqlUnsupported,
    UnknownColumn,
    VeilError,
)
from catalog.names import fold, join, nearest, split
from policy_engine.model import ColumnDecision, Decision, Outcome, PolicySet
from proxy.reading.functions import VALUE_NAMES
from proxy.reading.statement import Statement
from proxy.rewriting.fields import Known, Meant, Named, distinct, given_names, meant
from proxy.rewriting.relations import Leaf

Explain = Literal["full", "brief"]

OF_SOURCES = (LimitExceeded, SettingsInvalid, SourceTimeout, SourceUnavailable)
"""The errors in which sources name what they hold."""

_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Like, exp.ILike)
_VALUES = (exp.Literal, exp.Placeholder, exp.Neg)


def check_columns(statement: Statement, named: Sequence[Named], explain: Explain, policies: PolicySet) -> None:
    """Raises UnknownColumn for the first column that nothing in the query can mean; silence proves nothing.

    A hidden column and a misspelt one differ at most in the hint, and only where `explain` is full: there it says why,
    because of which of the `policies`, and whom to ask.
    """
    known, given = Known(named), given_names(statement.tree)
    names, renamed = _known_names(statement.tree, known), _renamed(statement.tree)
    for column in statement.tree.find_all(exp.Column):
        if isinstance(column.this, exp.Identifier) and not _may_mean_something(column, names, known, renamed):
            hidden = _hidden(column, named) if explain == "full" else None
            ask = _ask(column, named, hidden, (column.name,)) if hidden or explain == "brief" else ""
            raise _unknown(statement, column, named, _Why.of(hidden, policies), ask)
        field = meant(column, known, given)
        if field is not None and field.missing is not None:
            hidden = field.hidden if explain == "full" else None
            path = (*field.found.path, field.missing.name)
            ask = _ask(column, named, hidden, path) if hidden or explain == "brief" else ""
            raise _unknown_field(statement, field, field.missing, _Why.of(hidden, policies), ask)


def check_values(statement: Statement, found: Sequence[Leaf], named: Sequence[Named]) -> None:
    """Raises SqlUnsupported for a name that the engine takes for the time or its own user, unless what its own SELECT
    reads from surely has a column of that name; `named` are the datasets that were `found`, in their order.
    """
    bare = [column for column in statement.tree.find_all(exp.Column) if not column.table]
    values = [column for column in bare if fold(column.name) in VALUE_NAMES]
    shown = dict(zip((id(leaf.node) for leaf in found), named, strict=True)) if values else {}
    known: dict[tuple[int, str], bool] = {}
    for column in values:
        select, name = column.find_ancestor(exp.Select), fold(column.name)
        if (id(select), name) not in known:
            sources = () if select is None else _sources(select)
            known[id(select), name] = any(_has(source, name, shown) for source in sources)
        if not known[id(select), name]:
            raise SqlUnsupported(
                f"`{name}` is a function of the engine where no column bears the name, and not available",
                hint="pass the value as a parameter; write a column of that name behind its relation's, `t.name`",
                position=statement.place(column.this),
            )


def _sources(select: exp.Select) -> Iterator[exp.Expr]:
    """What a SELECT reads from, as far as it stands in no brackets."""
    for part in (select.args.get("from_"), *(select.args.get("joins") or ())):
        if isinstance(part, exp.From | exp.Join):
            yield part.this


def _has(source: exp.Expr, name: str, shown: Mapping[int, Named]) -> bool:
    """Whether a relation surely has a column of a name (folded), under this name."""
    alias = source.args.get("alias")
    if source.args.get("pivots") or (isinstance(alias, exp.TableAlias) and alias.columns):
        return False
    if isinstance(source, exp.Subquery):
        return isinstance(source.this, exp.Select) and name in map(fold, source.this.named_selects)
    return id(source) in shown and name in Known([shown[id(source)]]).columns


def without_unseen(error: VeilError, named: Sequence[Named]) -> VeilError:
    """The failure of a source, in general words unless all that it names are names of one dataset that the person sees.

    Example: "`orders.csv` .. has no column `ssn` any more" is none of a person's business to whom `ssn` is hidden, and
    "`part-3.csv` has no column `pay`, and files before it do" is nobody's as long as no crawl has seen `pay`.
    """
    unseen = {column.name for column in _columns(named) if column.outcome is Outcome.HIDDEN}
    for decision in distinct(named):
        for dataset in (lookup.dataset for lookup in decision.lookups):
            unseen |= {dataset.relation, *(column.name for column in dataset.columns)}
    seen = [_seen_names(decision) - frozenset(map(fold, unseen)) for decision in distinct(named)]
    looks_up = any(decision.lookups for decision in distinct(named))
    is_silent = _names_only(error.detail, ())  # of which of them it is, if there are several, nobody can tell
    if not (looks_up and is_silent) and any(_names_only(error.detail, names) for names in (frozenset[str](), *seen)):
        return error
    return SourceUnavailable(
        "what this query is answered from has changed, or cannot be read",
        hint="ask again later, or tell the owner of the data",
    )


def _seen_names(decision: Decision) -> frozenset[str]:
    """What a source may call a dataset, its parts and its columns before who asks, folded."""
    dataset = decision.dataset
    parts = (
        dataset.relation,
        *dataset.relation.split("/"),
        *split(dataset.relation),
        ".".join(split(dataset.relation)),
    )
    columns = (column.name for column in decision.columns if column.outcome is not Outcome.HIDDEN)
    return frozenset(map(fold, (dataset.source, dataset.name, *parts, *columns)))


def _names_only(detail: str, names: Collection[str]) -> bool:
    """Whether a text quotes nothing but these names; types quote the fields of a struct."""
    told = fold(detail)
    for name in sorted(names, key=len, reverse=True):
        told = told.replace(f"`{name}`", "")
    return "`" not in told and '"' not in told


@contextlib.contextmanager
def seen_failures(named: Sequence[Named]) -> Iterator[None]:
    """Has a source that fails inside name nothing that the person does not see."""
    try:
        yield
    except OF_SOURCES as error:
        raise without_unseen(error, named) from None


def notices(statement: Statement, named: Sequence[Named]) -> tuple[str, ...]:
    """One sentence for each masked column that the query compares with a plain value.

    Example: "`mrn` is shown to you through tokenize: a comparison with a plain value matches nothing it should".
    """
    masked = {fold(column.name): column for column in _columns(named) if column.outcome is Outcome.MASKED}
    clear = {fold(column.name) for column in _columns(named) if column.outcome is Outcome.CLEAR}
    known, given = Known(named), given_names(statement.tree)
    found: dict[str, str] = {}
    for column in _compared(statement.tree):
        field = meant(column, known, given)
        if field is not None:
            if field.found.outcome is Outcome.MASKED and field.missing is None:
                found[field.found.name] = field.found.transform
        elif fold(column.name) in masked and fold(column.name) not in clear:
            found[masked[fold(column.name)].name] = masked[fold(column.name)].transform
    return tuple(
        f"`{name}` is shown to you through {transform}: comparing it with a plain value "
        "compares the masked value; compare masked values with each other, or ask for access"
        for name, transform in found.items()
    )


def _columns(named: Sequence[Named]) -> Iterator[ColumnDecision]:
    for decision in distinct(named):
        yield from decision.columns


def _compared(tree: exp.Expr) -> Iterator[exp.Column]:
    for node in tree.find_all(*_COMPARISONS, exp.In):
        sides = [node.this, *node.expressions] if isinstance(node, exp.In) else [node.this, node.expression]
        if any(isinstance(side, _VALUES) for side in sides):
            for side in sides:
                inner: object = side
                while isinstance(inner, exp.Dot | exp.Bracket | exp.Paren):
                    inner = inner.this
                if isinstance(inner, exp.Column):
                    yield inner


def _known_names(tree: exp.Expr, known: Known) -> Set[str]:
    """Every name a column could mean: visible columns, datasets, and all names the query itself gives."""
    names = known.columns | known.aliases
    names |= {fold(node.alias) for node in tree.find_all(exp.Alias, exp.CTE, exp.Subquery, exp.Unnest, exp.Lateral)}
    names |= {fold(part.name) for node in tree.find_all(exp.TableAlias) for part in (node.this, *node.columns) if part}
    names |= {fold(name.name) for node in tree.find_all(exp.Lambda) for name in node.expressions}
    for node in tree.find_all(exp.Comprehension):
        names |= {fold(name.name) for name in node.find_all(exp.Identifier)}
    if any(tree.find_all(exp.Values, exp.Unnest, exp.Explode, exp.GenerateSeries, exp.Columns, exp.Pivot)):
        names |= {fold(column.name) for column in tree.find_all(exp.Column) if fold(column.table) not in known.aliases}
    return names


def _may_mean_something(column: exp.Column, names: Set[str], known: Known, renamed: Set[str]) -> bool:
    """Whether the column's first part is a known name, and, in a dataset called by name, one of its columns."""
    parts = [fold(part.name) for part in column.parts]
    datasets = known.under(parts[0])
    if len(parts) == 2 and len(datasets) == 1 and parts[0] not in known.columns:
        return parts[1] in datasets[0] or parts[1] in renamed
    return parts[0] in names or (len(parts) > 2 and parts[1] in names)


def _renamed(tree: exp.Expr) -> Set[str]:
    """Names that a column alias list gives a dataset's columns anywhere in the query."""
    return {fold(name.name) for alias in tree.find_all(exp.TableAlias) for name in alias.columns}


def _ask(column: exp.Column, named: Sequence[Named], hidden: ColumnDecision | None, written: tuple[str, ...]) -> str:
    """What to ask for: the hidden column, or, where none is told of, the name as it was written, whatever it is."""
    items = [item for item in named if not column.table or fold(column.table) == fold(item.alias)] or list(named)
    if hidden is not None:
        items = [item for item in items if any(hidden in (top, *top.nested) for top in item.decision.columns)]
    datasets = {(item.decision.dataset.database, item.decision.dataset.name) for item in items}
    path = hidden.path if hidden is not None and hidden.path else written
    return join(*datasets.pop(), *path)[:300] if len(datasets) == 1 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Why:
    """Why a hidden column or field is not there and whom to ask, and the policies that say so with their revision."""

    words: str = ""
    policies: Mapping[str, int] = field(default_factory=dict)

    @staticmethod
    def of(hidden: ColumnDecision | None, policies: PolicySet) -> "_Why":
        """Nothing where no hidden one is told of.

        Example: "hidden from you because no policy shows it; ask an administrator for access".
        """
        if hidden is None:
            return _Why()
        owners = policies.owners
        people = dict.fromkeys(owners[fold(name)] for name in hidden.policies if fold(name) in owners)
        asked = f"{' or '.join(f'`{name}`' for name in people)}, who wrote it," if people else "an administrator"
        return _Why(
            words=f"{hidden.reason}; ask {asked} for access",
            policies=dict.fromkeys(hidden.policies, policies.revision),
        )


def _unknown(
    statement: Statement, column: exp.Column, named: Sequence[Named], why: _Why, ask: str = ""
) -> UnknownColumn:
    written = ".".join(part.name for part in column.parts)
    visible = [item.name for item in _columns(named) if item.outcome is not Outcome.HIDDEN]
    return UnknownColumn(
        f"no column `{written[:200]}` that you can see",
        hint=why.words or _nearest(column, visible),
        position=statement.place(column.this),
        ask=ask,
        policies=why.policies,
    )


def _unknown_field(statement: Statement, field: Meant, missing: exp.Expr, why: _Why, ask: str = "") -> UnknownColumn:
    """A field is told as a column is: hidden and misspelt differ at most in the hint."""
    whole, written = field.found, missing.name[:200]
    shown = [part.path[-1] for part in whole.parts if part.outcome is not Outcome.HIDDEN]
    like = nearest(written, shown)
    hint = (
        f"did you mean `{like}`?" if like else f"`{whole.name}` holds {', '.join(f'`{name}`' for name in shown[:10])}"
    )
    return UnknownColumn(
        f"no column `{whole.name}.{written}` that you can see",
        hint=why.words or hint,
        position=statement.place(missing),
        ask=ask,
        policies=why.policies,
    )


def _nearest(column: exp.Column, visible: Sequence[str]) -> str:
    like = nearest(column.name, visible)
    return f"did you mean `{like}`?" if like else "describe the dataset to see its columns"


def _hidden(column: exp.Column, named: Sequence[Named]) -> ColumnDecision | None:
    for item in named:
        if not column.table or fold(column.table) == fold(item.alias):
            for found in item.decision.columns:
                if found.outcome is Outcome.HIDDEN and fold(found.name) == fold(column.name):
                    return found
    return None
