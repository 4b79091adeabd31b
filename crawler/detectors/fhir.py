"""What the elements of FHIR's resources hold: the standard tells it, however little their names say by themselves."""

import functools
from collections.abc import Iterable, Iterator, Mapping

from crawler.detectors import tables
from crawler.detectors.column import Column
from crawler.detectors.odds import Reading

_MARK = "resourceType"
_AS_STATED = 6.0
_CONCEPT = ("text", "coding.code", "coding.display")
"""The parts of a CodeableConcept that tell what it means."""

Resources = Mapping[tuple[str, ...], frozenset[str]]
"""By the path at which resources stand (empty for a file of them, `entry.resource` in a bundle): of which types."""


def resources(columns: Iterable[Column]) -> Resources:
    """Where resources of known types stand among the columns.

    Example: a column `resourceType` that says `Condition` throughout gives `{(): {"Condition"}}`.
    """
    marks = (column for column in columns if column.name == _MARK)
    found = {column.path[:-1]: frozenset(column.values) & _elements().keys() for column in marks}
    return {path: types for path, types in found.items() if types}


def read(path: tuple[str, ...], known: Resources) -> Iterator[Reading]:
    """What the standard says of the element at a path."""
    for above, types in known.items():
        if path[: len(above)] == above:
            element = ".".join(path[len(above) :])
            for type_ in sorted(types):
                if detector := _elements()[type_].get(element):
                    yield Reading(detector=detector, weight=_AS_STATED, because=f"FHIR's `{type_}.{element}`")


@functools.cache
def _elements() -> Mapping[str, Mapping[str, str]]:
    """By type of resource: the detector for each of its elements."""
    rows = [(row["resources"].split("|"), row["element"], row["detector"]) for row in tables.rows("fhir")]
    found: dict[str, dict[str, str]] = {type_: {} for types, _, _ in rows for type_ in types if type_ != "*"}
    for types, element, detector in rows:
        for type_ in found if types == ["*"] else types:
            found[type_].update(dict.fromkeys(_spelled(element), detector))
    return found


def _spelled(element: str) -> tuple[str, ...]:
    concept = element.removesuffix(".*")
    return (element,) if concept == element else tuple(f"{concept}.{part}" for part in _CONCEPT)
