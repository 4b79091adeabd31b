"""A dataset as it stands in a list: how much of it one person sees, without telling any column by itself."""

import functools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import compress

from catalog.model import Dataset

TagSets = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """How many of a dataset's columns one person sees, and whether rows are filtered.

    `tag_sets` are the different sets of tags on what the person sees of it; `partly` counts those of the masked columns
    that are clear but for hidden fields.

    Example: `Sight(dataset=orders, clear=3, masked=1, hidden=0, is_filtered=True)`.
    """

    dataset: Dataset
    clear: int
    masked: int
    hidden: int
    is_filtered: bool
    tag_sets: TagSets = frozenset()
    partly: int = 0

    @property
    def is_visible(self) -> bool:
        """Whether any column is there to be seen."""
        return self.clear + self.masked > 0

    @property
    def brief(self) -> "Sight":
        """The same where nobody is told that anything is hidden."""
        return replace(self, clear=self.clear + self.partly, masked=self.masked - self.partly, hidden=0, partly=0)


def sight(
    dataset: Dataset,
    tags: Sequence[tuple[str, ...]],
    counts: Collection[int],
    shown: Sequence[bool],
    clear: Iterable[bool],
    *,
    is_filtered: bool,
) -> Sight:
    """A dataset by its kinds of columns: the tags of each, how many there are, and whether these are shown, and clear.

    Nothing is looped over here, as an estate has a million columns.
    """
    visible_count, clear_count = sum(compress(counts, shown)), sum(compress(counts, clear))
    return Sight(
        dataset=dataset,
        clear=clear_count,
        masked=visible_count - clear_count,
        hidden=sum(counts) - visible_count,
        is_filtered=is_filtered,
        tag_sets=_shared(frozenset(compress(tags, shown))),
    )


@functools.lru_cache(maxsize=65_536)
def _shared(sets: TagSets) -> TagSets:
    """One object for equal sets: an estate has many datasets, and few different ones."""
    return sets
