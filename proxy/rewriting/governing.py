"""The governed relations of a query's places, and what of their work is left to sources."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from catalog.errors import LimitExceeded
from catalog.names import fold, quoted
from catalog.sources.source_work import SourceCell, SourceWork, Work
from policy_engine.model import ROW, Decision, Outcome
from policy_engine.transforms.keys import KeyRing
from proxy.fencing.early import early_conditions
from proxy.fencing.families import Families
from proxy.rewriting import information
from proxy.rewriting.memory import Memory, Same
from proxy.rewriting.placed import Placed, distinct
from proxy.rewriting.secure import Governed, govern
from proxy.rewriting.unnamed import hidden_paths, unnamed

_MOST = 1_000
"""Pieces of some thousand characters: the engine's parser takes a second for two thousand of them."""

_CELLS_OF_A_PIECE = 5
_MOST_PLACES = 50
_LETTERS_OF_A_PIECE = 1_000

_GOVERNED: Memory[Governed] = Memory(capacity=50_000)
"""By all that a governed relation is made of; it weighs as many columns as it has."""


def governed_relations(
    placed: Sequence[Placed], keys: KeyRing, early: Sequence[Sequence[str]], *, is_fenced: bool
) -> list[Governed]:
    """The relation for each place, with the `early` conditions of it; raises LimitExceeded when all are too long."""
    _check_size(placed)
    return [
        _governed(item, keys, is_fenced).with_early(conditions) for item, conditions in zip(placed, early, strict=True)
    ]


def _governed(item: Placed, keys: KeyRing, is_fenced: bool) -> Governed:
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
        item.is_fenced(is_fenced),
        item.tells_by_errors,
        item.has_telling_order,
        item.is_apart,
    )
    governed = _GOVERNED.get(key, None)
    if governed is None:
        governed = _govern(
            item,
            item.decision,
            keys,
            is_fenced=item.is_fenced(is_fenced),
            is_read_whole=item.tells_by_errors,
            is_sorted=item.has_telling_order,
            is_apart=item.is_apart,
        )
        _GOVERNED.put(key, None, governed, weight=1 + len(item.decision.columns))
    return governed


def as_told(item: Placed, keys: KeyRing) -> Governed:
    """The governed relation of a place in words for who is not to learn of what is hidden: as it would be without that,
    neither fenced nor sorted.
    """
    return _govern(item, _of_seen(item.decision.briefly), keys)


def _of_seen(decision: Decision) -> Decision:
    """A decision without the hidden columns that none of its conditions read."""
    whens = (case.when for column in decision.columns for part in (column, *column.nested) for case in part.cases)
    text = " ".join([decision.rows.filter, *whens, *(lookup.value for lookup in decision.lookups)])
    seen = (
        column
        for column in decision.columns
        if column.outcome is not Outcome.HIDDEN or f"{quoted(ROW)}.{quoted(column.name)}" in text
    )
    return replace(decision, columns=tuple(seen))


def _govern(
    item: Placed,
    decision: Decision,
    keys: KeyRing,
    *,
    is_fenced: bool = False,
    is_read_whole: bool = False,
    is_sorted: bool = False,
    is_apart: bool = False,
) -> Governed:
    return govern(
        decision,
        quoted(item.physical),
        keys,
        is_fenced=is_fenced,
        is_read_whole=is_read_whole,
        has_statistics=item.has_statistics,
        lookups={name: quoted(physical) for name, physical in item.lookups.items()},
        masking=item.masking,
        named=item.named,
        is_sorted=is_sorted,
        is_apart=is_apart,
    )


def conditions_behind(placed: Sequence[Placed], known: Families) -> list[tuple[str, ...]]:
    """The query's own conditions that may stand beside each place's filter, behind the fence.

    Of very many places none, as relations that differ are each looked for among all others.
    """
    if len(placed) > _MOST_PLACES:
        return [()] * len(placed)
    plain = {id(item.decision): _plain_columns(item) for item in distinct(placed)}
    return [
        early_conditions(item.leaf.node, known, plain[id(item.decision)], ROW) if item.takes_conditions else ()
        for item in placed
    ]


def _plain_columns(item: Placed) -> Mapping[str, str]:
    shown = [column for column in item.decision.columns if column.outcome is not Outcome.HIDDEN]
    return {fold(column.name): column.name for column in shown if not column.parts and item.is_plain(column)}


def left_to_sources(placed: Sequence[Placed], governed: Sequence[Governed], is_fenced: bool) -> Work:
    """What is left to sources, by physical name; two places of a relation may share a cell."""
    cells: dict[str, dict[str, SourceCell]] = {}
    masked: dict[str, frozenset[str]] = {}
    mixed: set[str] = set()
    ordered = {item.physical for item in distinct(placed) if item.is_ordered}
    hiding = {item.physical for item in distinct(placed) if item.hides and not item.decision.rows.filter}
    looked_up = {physical for item in distinct(placed) for physical in item.lookups.values()}
    for item, relation in zip(placed, governed, strict=True):
        cells.setdefault(item.physical, {}).update((cell.name, cell) for cell in relation.cells)
        masked[item.physical] = masked.get(item.physical, frozenset()) | item.masked
        if item.decision.rows.filter and not item.is_fenced(is_fenced):
            mixed.add(item.physical)
    for physical in looked_up:
        cells.setdefault(physical, {})
    return {
        physical: SourceWork(
            cells=tuple(found.values()),
            is_mixed=physical in mixed,
            with_hidden=physical in hiding,
            masked=masked.get(physical, frozenset()),
            is_ordered=physical in ordered,
            is_looked_up=physical in looked_up,
        )
        for physical, found in cells.items()
        if found or physical in mixed | hiding | ordered | looked_up or masked[physical]
    }


def _check_size(placed: Sequence[Placed]) -> None:
    """Before anything is written out: each place of a dataset takes its relation, with all columns that may be named.

    INVARIANT: only what the person is told counts, so that nobody finds out how long the names of hidden columns are,
    nor by conditions, which stand behind fences alone, whether the query has one: they are at most a fifth more.
    """
    known: dict[tuple[int, frozenset[str] | None], tuple[int, int]] = {}
    pieces = 0
    for item in placed:
        key = id(item.decision), item.named
        if key not in known:
            known[key] = _shown_cells(item), _told_letters(item)
        cells, letters = known[key]
        pieces += 1 + cells // _CELLS_OF_A_PIECE + letters // _LETTERS_OF_A_PIECE
    if pieces > _MOST:
        raise LimitExceeded(
            "the datasets of the SQL, written out wherever they are named, are longer than is read in time",
            hint="name columns instead of *, and wide datasets less often",
        )


def _told_letters(item: Placed) -> int:
    """How long the policy's filter is, as the person reads it."""
    return len(unnamed(item.decision.rows.filter, hidden_paths(item.decision))) if item.decision.rows.filter else 0


def _shown_cells(item: Placed) -> int:
    """How many cells the relation works out: one for each case of each column and field that is given."""
    shown = [column for column in item.decision.columns if item.named is None or fold(column.name) in item.named]
    cells = [cell for column in shown for cell in (column, *column.nested) if cell.outcome is not Outcome.HIDDEN]
    return sum(len(cell.cases) for cell in cells)
