"""What becomes of each column, told one by one only as far as somebody reads; those alike are compared once."""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from catalog.model import Column
from policy_engine.judging.decide import told
from policy_engine.judging.judged import Judged
from policy_engine.judging.verdicts import Verdict
from policy_engine.model import ColumnDecision, Outcome
from policy_engine.profile import FieldProfile, Path

HIDDEN = Outcome.HIDDEN.value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """How a column changes in words, which are the same for all columns of the same verdicts."""

    before: str
    after: str
    least: str
    most: str
    reason: str
    is_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(_Words):
    """One column before and after, in a query that states no more than the terms demand.

    `least` and `most` are what is shown afterwards in the worst and the best circumstances of a request; `is_more` is
    whether anything differs for the asker, in any of them and on any row.
    """

    column: ColumnDecision
    is_asked: bool


_Place = tuple[Column, FieldProfile, Verdict, _Words]
"""A column or field, one that is alike, the verdict on it afterwards, and the words of its change."""


def _as_it_is(change: Change) -> Change:
    return change


class Changes:
    """The change of every column and of every nested field that is asked for, in order; each is made when it is read.

    Example:
        >>> [change.column.name for change in proposal.columns.told]
        ['phone', 'email']
    """

    def __init__(
        self,
        was: Sequence[Judged],
        will: Sequence[Judged],
        asked: AbstractSet[Path],
        retell: Callable[[Change], Change] = _as_it_is,
    ) -> None:
        """What is found in each circumstances: as the terms demand, the worst and the best; `asked` are paths."""
        self._was, self._will, self._asked, self._retell = tuple(was), tuple(will), asked, retell
        self._is_within = any(len(path) > 1 for path in asked)

    def __len__(self) -> int:
        if self._is_within:
            return sum(1 for _ in self._places())
        return sum(self._will[0].fields.tally.values())

    def __iter__(self) -> Iterator[Change]:
        return map(self._change, self._places())

    def retold(self, retell: Callable[[Change], Change]) -> "Changes":
        """The same, each in other words."""
        return Changes(self._was, self._will, self._asked, lambda change: retell(self._retell(change)))

    @property
    def told(self) -> Iterator[Change]:
        """The columns that are asked for, and others that change."""
        return (self._change(place) for place in self._places() if place[3].is_more or place[0].path in self._asked)

    @property
    def asked(self) -> Iterator[Column]:
        """The columns and fields that are asked for."""
        return (column for column, *_ in self._places() if column.path in self._asked)

    @property
    def kept(self) -> Iterator[Change]:
        """Of what is asked for and would not be clear, the first of all that are alike."""
        known: set[tuple[int, _Words]] = set()
        for place in self._places():
            column, _, verdict, words = place
            key = id(verdict), words
            if words.after != Outcome.CLEAR and key not in known and column.path in self._asked:
                known.add(key)
                yield self._change(place)

    def _change(self, place: _Place) -> Change:
        column, like, verdict, words = place
        change = Change(
            column=told(column, like, verdict),
            is_asked=column.path in self._asked,
            before=words.before,
            after=words.after,
            least=words.least,
            most=words.most,
            reason=words.reason,
            is_more=words.is_more,
        )
        return self._retell(change)

    def _places(self) -> Iterator[_Place]:
        """Every column with the fields in it that are asked for."""
        several = tuple({id(judged): judged for judged in (*self._was, *self._will)}.values())
        places = {id(judged): place for place, judged in enumerate(several)}
        olds, news = ([places[id(judged)] for judged in side] for side in (self._was, self._will))
        known: dict[tuple[int, ...], _Words] = {}
        for each in zip(*(judged.told for judged in several), strict=True):
            column, like, verdict = each[news[0]]
            key = tuple([id(found) for _, _, found in each])
            words = known.get(key)
            if words is None:
                verdicts = [found for _, _, found in each]
                words = known[key] = self._words([verdicts[at] for at in olds], [verdicts[at] for at in news])
            yield column, like, verdict, words
            if self._is_within and verdict.parts:
                inside = [within(found) for _, _, found in each]
                for path, (field, part) in inside[news[0]].items():
                    if path in self._asked:
                        old, new = ([_at(path, inside[at]) for at in side] for side in (olds, news))
                        yield field.column, field, part, self._words(old, new)

    def _words(self, old: Sequence[Verdict | None], new: Sequence[Verdict | None]) -> _Words:
        """The words for the verdicts in each circumstances; None stands for a field in a column that is hidden."""
        after, least, most = (word(judged, verdict) for judged, verdict in zip(self._will, new, strict=True))
        now, verdict = self._will[0], new[0]
        return _Words(
            before=word(self._was[0], old[0]),
            after=after,
            least=least,
            most=most,
            reason=now.rows.reason if now.broken or verdict is None else verdict.reason,
            is_more=any(_shown(one) != _shown(other) for one, other in zip(old, new, strict=True)),
        )


def within(verdict: Verdict) -> dict[Path, tuple[FieldProfile, Verdict]]:
    """The verdict on every field in a column, however deep, each after its parent."""
    found: dict[Path, tuple[FieldProfile, Verdict]] = {}
    for field, part in verdict.parts:
        found[field.column.path] = (field, part)
        found |= within(part)
    return found


def _at(path: Path, inside: dict[Path, tuple[FieldProfile, Verdict]]) -> Verdict | None:
    return inside[path][1] if path in inside else None


def word(judged: Judged, verdict: Verdict | None) -> str:
    """How a column is shown, in one word; of a dataset that is refused, nothing is."""
    if judged.broken or verdict is None or verdict.outcome is Outcome.HIDDEN:
        return HIDDEN
    return verdict.transform or Outcome.CLEAR.value


def words(judged: Judged) -> dict[Path, str]:
    """The same of every column and of every field in those that are there, by path."""
    found: dict[Path, str] = {}
    for column, _, verdict in judged.told:
        found[column.path] = word(judged, verdict)
        found.update((path, word(judged, part)) for path, (_, part) in within(verdict).items())
    return found


def is_alike(before: Judged, after: Judged) -> bool:
    """Whether the same is shown of the same rows."""
    if before.broken and after.broken:
        return True
    pairs = {(id(old), id(new)): (old, new) for (*_, old), (*_, new) in zip(before.told, after.told, strict=True)}
    return before.rows.filter == after.rows.filter and all(_is_same(old, new) for old, new in pairs.values())


def _is_same(before: Verdict, after: Verdict) -> bool:
    olds, news = within(before), within(after)
    return _shown(before) == _shown(after) and all(
        _shown(_at(path, olds)) == _shown(part) for path, (_, part) in news.items()
    )


def _shown(verdict: Verdict | None) -> tuple[object, ...]:
    """How the cells of a column are shown, row by row."""
    return (Outcome.HIDDEN, ()) if verdict is None else (verdict.outcome, verdict.cases)
