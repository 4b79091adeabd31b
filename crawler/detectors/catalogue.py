"""The detectors: one for each tag of the taxonomy, named like the tag without its namespace."""

import functools
from dataclasses import dataclass

from catalog.model import Level, Tag
from crawler.detectors import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """What recognises one tag: `kind` is identifier, quasi, sensitive or secret, `form` what its content looks like,
    `looks` what its judges of contents go by, in words.

    `silence` is what it says against a name when no judge of contents finds anything. One that `needs` a person speaks
    only in tables about people: a city is one thing beside a name, another in an atlas.
    """

    name: str
    tag: Tag
    kind: str
    form: str
    needs: str = ""
    silence: float = 0.0
    looks: str = ""


@functools.cache
def detectors() -> dict[str, Detector]:
    """Every detector by its name.

    Example:
        >>> detectors()["credit_card"].tag.name
        'pci.credit_card'
    """
    return {detector.name: detector for detector in map(_detector, tables.rows("tags"))}


def _detector(row: tables.Row) -> Detector:
    tag = Tag(name=row["tag"], comment=row["comment"], level=Level(row["level"]))
    name = row["tag"].partition(".")[2]
    return Detector(
        name=name,
        tag=tag,
        kind=row["kind"],
        form=row["form"],
        needs=row["needs"],
        silence=float(row["silence"]),
        looks=row["looks"],
    )
