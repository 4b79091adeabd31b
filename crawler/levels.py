"""How sensitive columns, datasets and databases are: what their tags say, and what they say together."""

import functools
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from catalog.model import Level, Tag
from crawler.detectors.catalogue import detectors

TagSets = Collection[tuple[str, ...]]
"""The different sets of tags that the columns of a dataset carry, inherited and suggested ones too."""

_LEVELS = tuple(Level)

MANY_QUASI = 3
"""So many kinds of quasi-identifiers single a person out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """A level, and why it is higher than any tag alone says; empty when it is not."""

    level: Level
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of a catalog's tags, and what follows from them.

    What carries no tag is internal: nobody has said that it is public.

    Example:
        >>> levels = Levels([Tag(name="phi.mrn", level=Level.RESTRICTED)])
        >>> levels.column(("phi.mrn",)).value, levels.column(()).value
        ('restricted', 'internal')
    """

    tags: Iterable[Tag] = ()
    _by_name: dict[str, Level] = field(init=False)
    _rated: dict[frozenset[tuple[str, ...]], Rated] = field(init=False, default_factory=dict)
    _ranks: dict[tuple[str, ...], int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {tag.name: tag.level for tag in self.tags})

    def column(self, tags: Iterable[str]) -> Level:
        """The highest level of its tags; of a tag that is not declared nobody knows it, so it is restricted."""
        return max((self._by_name.get(tag, Level.RESTRICTED) for tag in tags), default=Level.INTERNAL)

    def dataset(self, sets: TagSets) -> Rated:
        """The highest level of its columns, raised where they say more together than alone.

        Example: age, gender and postal code are internal each, and restricted in one table.
        """
        wanted = frozenset(sets)
        found = self._rated.get(wanted)
        if found is None:
            found = self._rated[wanted] = self._rate(wanted)  # an estate has few different ones
        return found

    def _rate(self, sets: frozenset[tuple[str, ...]]) -> Rated:
        level = self._highest(sets)
        if level is Level.RESTRICTED:
            return Rated(level=level)
        reason = _together(frozenset(tag for tags in sets for tag in tags))
        return Rated(level=Level.RESTRICTED, reason=reason) if reason else Rated(level=level)

    def _highest(self, sets: frozenset[tuple[str, ...]]) -> Level:
        """The highest level of some sets of tags, of which an estate has few different ones."""
        try:
            return _LEVELS[max(map(self._ranks.__getitem__, sets), default=Level.INTERNAL.rank)]
        except KeyError:
            self._ranks.update({tags: self.column(tags).rank for tags in sets if tags not in self._ranks})
            return self._highest(sets)

    def database(self, datasets: Iterable[TagSets]) -> Level:
        """The highest level of its datasets."""
        return max((self.dataset(sets).level for sets in datasets), default=Level.INTERNAL)


@functools.lru_cache(maxsize=4)
def levels_of(tags: tuple[Tag, ...]) -> Levels:
    """The levels of these tags; the same ones for the same tags, so that what was worked out is kept.

    Example:
        >>> levels_of((Tag(name="phi.mrn"),)) is levels_of((Tag(name="phi.mrn"),))
        True
    """
    return Levels(tags)


def _together(tags: frozenset[str]) -> str:
    """Why tags in one dataset are more than each of them."""
    kinds = _kinds()
    quasi = [tag for tag in tags if kinds.get(tag) == "quasi" or (tag not in kinds and tag.startswith("qi."))]
    if len(quasi) >= MANY_QUASI:
        return f"{len(quasi)} kinds of quasi-identifiers together single people out"
    is_health = any(tag.startswith("phi.") and kinds.get(tag) == "sensitive" for tag in tags)
    if is_health and any(kinds.get(tag) == "identifier" for tag in tags):
        return "health data stands beside what names a person"
    return ""


@functools.cache
def _kinds() -> dict[str, str]:
    return {detector.tag.name: detector.kind for detector in detectors().values()}
