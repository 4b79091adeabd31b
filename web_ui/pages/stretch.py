"""The columns of one page: a wide dataset is read page by page, and searched by the names of its columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from catalog.names import fold

MOST_COLUMNS = 300
"""How many columns and fields stand on one page; of a wider dataset each page has as many, and no roles beside them."""
MOST_PAGES = 100_000


class Named(Protocol):
    """A column or nested field with its name."""

    @property
    def name(self) -> str:
        """Its name, with dots between the parts of one."""


Column = TypeVar("Column", bound=Named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch(Generic[Column]):
    """The columns of one page: which page of how many that is, and what their names were searched for."""

    told: Sequence[Column]
    page: int
    pages: int
    search: str
    total: int

    @property
    def is_part(self) -> bool:
        """Whether there are more columns than stand on a page."""
        return self.total > MOST_COLUMNS


def stretch(told: Sequence[Column], search: str, page: int) -> Stretch[Column]:
    """One page of the columns whose names hold what is searched for, the last where there are not as many pages.

    Example:
        >>> stretch(columns, "mail", 1).told
        (Line(name='email', ...),)
    """
    search = search.strip() if len(told) > MOST_COLUMNS else ""
    found = tuple(item for item in told if fold(search) in fold(item.name)) if search else told
    pages = max(1, -(-len(found) // MOST_COLUMNS))
    page = min(page, pages)
    part = found[(page - 1) * MOST_COLUMNS : page * MOST_COLUMNS]
    return Stretch(told=part, page=page, pages=pages, search=search, total=len(told))
