"""The tables of a source that show each other's rows, by place; pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from catalog.relations import Place, place_of
from catalog.sources.connector import SharedRows


@dataclass(frozen=True, slots=True)
class Shared:
    """Which tables show rows of which others.

    Example:
        >>> one = SharedRows(relation="shop.orders", others=frozenset({"shop.orders_2026"}))
        >>> Shared.of([one]).others(("shop", "orders"))
        frozenset({('shop', 'orders_2026')})
    """

    _others: dict[Place, frozenset[Place] | None] = field(default_factory=dict)

    @classmethod
    def of(cls, tables: Iterable[SharedRows]) -> "Shared":
        """These tables; one that stands there twice, or cannot be told from another, shares with all of either."""
        found = cls()
        for each in tables:
            if (place := place_of(each.relation)) is not None:
                others, known = _places(each), found._others.get(place, frozenset())
                found._others[place] = None if others is None or known is None else others | known
        return found

    def tables(self) -> tuple[Place, ...]:
        """Those that share rows with any."""
        return tuple(self._others)

    def others(self, table: Place) -> frozenset[Place] | None:
        """What a table shares rows with; None for any table."""
        others = self._others.get(table, frozenset())
        return None if others is None else others - {table}


def _places(table: SharedRows) -> frozenset[Place] | None:
    found = None if table.others is None else [place_of(other) for other in table.others]
    if found is None or None in found:
        return None
    return frozenset(place for place in found if place is not None)
