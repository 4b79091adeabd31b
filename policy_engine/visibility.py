"""The one door through which everybody sees datasets: lists, search, describe, hints and queries all ask here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.model import Dataset
from catalog.names import fold
from policy_engine.decide import decide
from policy_engine.model import Decision, PolicySet, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class _Estate:
    """All datasets at one version of the catalog, by folded name."""

    version: int
    datasets: Mapping[tuple[str, str], Dataset] = field(default_factory=dict)


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

    def decision(
        self, subject: Subject, database: str, name: str, policies: PolicySet, at: datetime
    ) -> Decision | None:
        """The decision on one dataset; None alike when it is not there and when it is not to be seen."""
        dataset = self._current().datasets.get((fold(database), fold(name)))
        if dataset is None:
            return None
        decision = decide(subject, dataset, policies, at)
        return decision if decision.is_visible else None

    def decisions(self, subject: Subject, policies: PolicySet, at: datetime) -> tuple[Decision, ...]:
        """The decisions on everything the subject can see, by name."""
        decisions = (decide(subject, dataset, policies, at) for dataset in self._current().datasets.values())
        return tuple(decision for decision in decisions if decision.is_visible)

    def _current(self) -> _Estate:
        """Every dataset, read anew when the catalog has changed.

        INVARIANT: the version is read before the datasets, so a change in between is seen next time.
        """
        version = self._catalog.version()
        estate = self._estate
        if estate.version != version or self._catalog.is_in_transaction:
            found = {(fold(dataset.database), fold(dataset.name)): dataset for dataset in self._datasets.datasets()}
            estate = _Estate(version=version, datasets=dict(sorted(found.items())))
            if not self._catalog.is_in_transaction:
                self._estate = estate
        return estate
