"""The one door through which everybody sees datasets: lists, search, describe, hints and queries all ask here.

What was decided is remembered for a kind of people, a catalog version, a set of policies and the time in which they
stay the same; so a decision that is asked for again costs a look-up, and no change anywhere leaves an old one standing.
"""

import functools
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.model import Dataset, Reading
from catalog.names import fold
from policy_engine.circumstances import UNKNOWN, Circumstances
from policy_engine.judging.decide import Judge
from policy_engine.judging.kinds import kind
from policy_engine.judging.phases import phase, surroundings
from policy_engine.judging.sights import Sight
from policy_engine.model import Decision, Estate, PolicySet, Subject

_MOST_JUDGES = 256
_MOST_DECISIONS = 2_000
_MOST_SIGHTS = 32  # of a large estate each is a megabyte
_MOST_TEXTS = 4
_LONGEST_TEXTS = 20_000_000  # characters of all datasets together

_Key = tuple[str, str]
_Value = TypeVar("_Value")


@dataclass(slots=True, kw_only=True)
class _Estate:
    """Datasets at one version of the catalog, by folded name: those asked for so far, or all of them."""

    version: int
    datasets: dict[_Key, Dataset | None] = field(default_factory=dict)
    is_whole: bool = False


@dataclass(slots=True, kw_only=True)
class _Memory:
    """What was decided about one estate under one set of policies."""

    estate: _Estate
    policies: PolicySet
    judges: dict[Hashable, Judge] = field(default_factory=dict)
    decisions: dict[Hashable, Decision] = field(default_factory=dict)
    lists: dict[Hashable, tuple[Dataset, ...]] = field(default_factory=dict)
    sights: dict[Hashable, tuple[Sight, ...]] = field(default_factory=dict)
    texts: dict[Hashable, tuple[str, ...]] = field(default_factory=dict)


class Visibility:
    """Decides about the catalog's datasets; what a subject cannot see is not there.

    Example:
        >>> visibility.decision(subject, "medical_charges", "nothing_like_it", policies, at) is None
        True
    """

    def __init__(self, catalog: Catalog, datasets: Datasets) -> None:
        self._catalog = catalog
        self._datasets = datasets
        self._estate = _Estate(version=-1)
        self._memory = _Memory(estate=self._estate, policies=PolicySet(revision=-1, policies=(), roles=()))

    def decision(
        self,
        subject: Subject,
        database: str,
        name: str,
        policies: PolicySet,
        at: datetime,
        circumstances: Circumstances = UNKNOWN,
    ) -> Decision | None:
        """The decision on one dataset; None alike when it is not there and when it is not to be seen.

        INVARIANT: what is not there is judged as well, as a dataset without columns, so that it takes as long.
        """
        with self._moment() as estate:
            dataset = self._one(estate, (fold(database), fold(name)))
            memory, asked = self._remembered(estate, policies), _asked(subject, policies, at, circumstances)
            key = (asked, id(dataset))
            decision = memory.decisions.get(key)
            if decision is not None:
                return decision
            judge = _judge(memory, asked, subject, at, circumstances, functools.partial(self._one, estate))
            there = dataset or Dataset(database=database, name=name, source="", relation="", columns=())
            if not judge.sees(there):
                return None
            decision = judge.decide(there)
            _keep(memory.decisions, key, decision, _MOST_DECISIONS)
            return decision

    def decisions(
        self, subject: Subject, policies: PolicySet, at: datetime, circumstances: Circumstances = UNKNOWN
    ) -> tuple[Decision, ...]:
        """The decisions on everything the subject can see, by name."""
        with self._surveyed(subject, policies, at, circumstances) as (memory, asked, judge):
            return tuple(judge.decide(dataset) for dataset in _visible(memory, asked, judge))

    def datasets(
        self, subject: Subject, policies: PolicySet, at: datetime, circumstances: Circumstances = UNKNOWN
    ) -> tuple[Dataset, ...]:
        """Everything the subject can see, by name, without what is seen of it."""
        with self._surveyed(subject, policies, at, circumstances) as (memory, asked, judge):
            return _visible(memory, asked, judge)

    def every(self) -> Mapping[_Key, Dataset]:
        """Every dataset there is, by folded name: for who may be told what others see, and for nobody's own list."""
        with self._moment() as estate:
            return {key: dataset for key, dataset in self._whole(estate).datasets.items() if dataset}

    def readings(self, source: str) -> tuple[Reading, ...]:
        """What every view of a source reads, seen or not: to be told of those alone that a decision shows."""
        return self._datasets.readings(source)

    def sights(
        self,
        subject: Subject,
        policies: PolicySet,
        at: datetime,
        circumstances: Circumstances = UNKNOWN,
        words: tuple[str, ...] = (),
    ) -> tuple[Sight, ...]:
        """Everything the subject can see, by full name, with how much of it; no column is told by itself.

        Each of the folded `words` must stand in a name, comment or tag that the subject sees.
        """
        with self._surveyed(subject, policies, at, circumstances) as (memory, asked, judge):
            sights = memory.sights.get(asked)
            if sights is None:
                datasets = memory.lists.get(asked) or memory.estate.datasets.values()
                found = [sight for dataset in datasets if dataset and (sight := judge.sight(dataset))]
                _keep(memory.lists, asked, tuple([sight.dataset for sight in found]), _MOST_JUDGES)
                sights = tuple(sorted(found, key=lambda sight: fold(sight.dataset.full_name)))
                _keep(memory.sights, asked, sights, _MOST_SIGHTS)
            if not words:
                return sights
            texts = memory.texts.get(asked)
            if texts is None:
                texts = tuple([_text(sight.dataset, judge) for sight in sights])
                if sum(map(len, texts)) <= _LONGEST_TEXTS:
                    _keep(memory.texts, asked, texts, _MOST_TEXTS)
            return tuple(
                sight for sight, text in zip(sights, texts, strict=True) if all(word in text for word in words)
            )

    def there(self, databases: frozenset[str] | None) -> tuple[Dataset, ...]:
        """The datasets of some databases, by folded name, or of all: for whoever writes the policies there."""
        every = self.every().values()
        return tuple(each for each in every if databases is None or fold(each.database) in databases)

    @contextmanager
    def _surveyed(
        self, subject: Subject, policies: PolicySet, at: datetime, circumstances: Circumstances
    ) -> Iterator[tuple[_Memory, Hashable, Judge]]:
        """What is remembered of the whole estate, what is asked of it, and who judges."""
        with self._moment() as now:
            estate = self._whole(now)
            memory, asked = self._remembered(estate, policies), _asked(subject, policies, at, circumstances)
            around = functools.partial(self._one, estate)
            yield memory, asked, _judge(memory, asked, subject, at, circumstances, around)

    @contextmanager
    def _moment(self) -> Iterator[_Estate]:
        """The datasets of the catalog as it is at one moment; inside a transaction nothing is remembered.

        INVARIANT: what is read into an estate belongs to its version.
        """
        with self._catalog.snapshot():
            version = self._catalog.version()
            estate = self._estate
            if estate.version != version:
                estate = self._remember(_Estate(version=version))
            yield _Estate(version=version) if self._catalog.is_in_transaction else estate

    def _remember(self, estate: _Estate) -> _Estate:
        """Keeps an estate, unless a newer one is kept or it may still be taken back."""
        if estate.version >= self._estate.version and not self._catalog.is_in_transaction:
            self._estate = estate
        return estate

    def _one(self, estate: _Estate, key: _Key) -> Dataset | None:
        """One dataset, without reading all the others for it."""
        if not estate.is_whole and key not in estate.datasets:
            estate.datasets[key] = self._datasets.dataset(*key)
        return estate.datasets.get(key)

    def _whole(self, estate: _Estate) -> _Estate:
        """The estate with every dataset in it, in the order of names."""
        if not estate.is_whole:
            found = {(fold(dataset.database), fold(dataset.name)): dataset for dataset in self._datasets.datasets()}
            estate = self._remember(
                _Estate(version=estate.version, datasets=dict(sorted(found.items())), is_whole=True)
            )
        return estate

    def _remembered(self, estate: _Estate, policies: PolicySet) -> _Memory:
        """What was decided so far; a new estate or other policies begin anew."""
        memory = self._memory
        if memory.estate is not estate or memory.policies is not policies:
            memory = self._memory = _Memory(estate=estate, policies=policies)
        return memory


def _visible(memory: _Memory, asked: Hashable, judge: Judge) -> tuple[Dataset, ...]:
    """The datasets of a whole estate that a judge sees."""
    visible = memory.lists.get(asked)
    if visible is None:
        visible = tuple([dataset for dataset in memory.estate.datasets.values() if dataset and judge.sees(dataset)])
        _keep(memory.lists, asked, visible, _MOST_JUDGES)
    return visible


def _text(dataset: Dataset, judge: Judge) -> str:
    """All of a dataset that is seen and searched, folded."""
    seen = [dataset.full_name, dataset.comment, *dataset.confirmed, *dataset.database_tags]
    return fold("\n".join([*seen, *judge.judge(dataset).words]))


def _asked(subject: Subject, policies: PolicySet, at: datetime, circumstances: Circumstances) -> Hashable:
    """All that a decision depends on beside the estate and the policies."""
    return kind(subject, policies), phase(policies, at), surroundings(policies, circumstances)


def _judge(
    memory: _Memory, asked: Hashable, subject: Subject, at: datetime, circumstances: Circumstances, estate: Estate
) -> Judge:
    """The judge of a kind of people; judges of one phase and one situation decide alike at any moment of it."""
    judge = memory.judges.get(asked)
    if judge is None:
        judge = Judge(subject, memory.policies, at, circumstances, estate)
        _keep(memory.judges, asked, judge, _MOST_JUDGES)
    return judge


def _keep(known: dict[Hashable, _Value], key: Hashable, value: _Value, most: int) -> None:
    """Remembers one more; when there are too many, all are forgotten."""
    if len(known) >= most:
        known.clear()
    known[key] = value
