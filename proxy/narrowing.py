"""Narrows a list of datasets by what is seen of them, and counts what each further step would leave."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog.model import Level
from catalog.names import fold
from crawler.levels import Levels
from policy_engine.capabilities import Rights
from policy_engine.judging.sights import Sight, TagSets
from policy_engine.oversight import may_see_sources, require_sources
from proxy.refusals import RequestInvalid

FACETS = ("access", "level", "tag", "database", "source")
"""What a list may be narrowed by, in the order in which it is offered; the source by whoever may see sources."""

_ACCESS = ("clear", "masked", "hidden", "filtered")


@dataclass(frozen=True, slots=True)
class Kind:
    """Where datasets are filed that are seen alike: an estate has many datasets, and few kinds of them."""

    access: tuple[str, ...]
    level: Level
    tag_sets: TagSets
    database: str
    source: str

    def values(self, facet: str) -> Iterator[str]:
        """What such a dataset is filed under."""
        match facet:
            case "access":
                yield from self.access
            case "level":
                yield self.level.value
            case "tag":
                yield from {tag for tags in self.tag_sets for tag in tags}
            case "database":
                yield self.database
            case _:
                yield self.source

    def lacks(self, wanted: Mapping[str, str]) -> tuple[str, ...]:
        """The facets under which it is filed otherwise than wanted."""
        return tuple(facet for facet, value in wanted.items() if fold(value) not in map(fold, self.values(facet)))


def narrowed(sights: Sequence[Sight], levels: Levels, wanted: Mapping[str, str]) -> tuple[Sight, ...]:
    """The datasets that are filed under everything wanted.

    Everything is worked out from what the person sees; a hidden column is filed under nothing but `hidden`.

    Example: `narrowed(sights, levels, {"tag": "pii.email", "access": "masked"})`.
    """
    if not wanted:
        return tuple(sights)
    kinds = [_kind(sight, levels) for sight in sights]
    fitting = {kind for kind in set(kinds) if not kind.lacks(wanted)}
    return tuple(sight for sight, kind in zip(sights, kinds, strict=True) if kind in fitting)


def counts(sights: Iterable[Sight], levels: Levels, wanted: Mapping[str, str]) -> dict[str, Counter[str]]:
    """For each facet how many datasets each of its values would leave, were it wanted instead of the one that is.

    Example: `counts(sights, levels, {"tag": "pii.email"})["access"]["masked"]`.
    """
    found: dict[str, Counter[str]] = {facet: Counter() for facet in FACETS}
    for kind, number in Counter(_kind(sight, levels) for sight in sights).items():
        lacking = kind.lacks(wanted)
        for facet in FACETS if not lacking else lacking if len(lacking) == 1 else ():
            found[facet].update(dict.fromkeys(kind.values(facet), number))
    return found


def facets_for(*rights: Rights) -> tuple[str, ...]:
    """What a list may be narrowed by: by source only if all these people may see sources."""
    return tuple(name for name in FACETS if name != "source" or all(map(may_see_sources, rights)))


def wanted(arguments: Mapping[str, str], *rights: Rights) -> dict[str, str]:
    """What a request of these people narrows by: of one person, or of one who looks as another.

    Raises RequestInvalid for a kind of access that there is not, and NotAllowed for any source, there or not, where
    one of them may not see sources.
    """
    asked = {facet: arguments[facet] for facet in FACETS if arguments.get(facet)}
    if asked.get("access", "clear") not in _ACCESS:
        known = ", ".join(f"`{name}`" for name in _ACCESS)
        raise RequestInvalid("there is no such kind of access to narrow by", hint=f"known: {known}")
    for each in rights if "source" in asked else ():
        require_sources(each, "narrow by source")
    return asked


def _kind(sight: Sight, levels: Levels) -> Kind:
    return Kind(
        access=tuple(name for name, is_so in zip(_ACCESS, _access(sight), strict=True) if is_so),
        level=levels.dataset(sight.tag_sets).level,
        tag_sets=sight.tag_sets,
        database=sight.dataset.database,
        source=sight.dataset.source,
    )


def _access(sight: Sight) -> tuple[bool, bool, bool, bool]:
    is_whole = not (sight.masked or sight.hidden or sight.is_filtered)
    return is_whole, bool(sight.masked), bool(sight.hidden), sight.is_filtered
