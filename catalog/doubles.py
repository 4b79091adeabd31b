"""The datasets that are the very same table or file, by whichever source and under whichever name they are known."""

from catalog.database import Transaction
from catalog.relations import is_same

_PAIRS = (
    "dataset b JOIN source s ON s.id = b.source_id"
    " JOIN source o ON o.id = s.id OR (s.reaches <> '' AND o.reaches = s.reaches)"
    " JOIN dataset d ON d.source_id = o.id AND d.called = b.called AND d.id <> b.id"
    " WHERE b.called <> '' AND NOT b.is_gone AND NOT d.is_gone"
)
WITH_DOUBLES = f"SELECT DISTINCT b.id FROM {_PAIRS}"
"""Every dataset of which another may be the double."""
OF_ONE_DATABASE = f"{WITH_DOUBLES} AND s.reaches = ? AND s.reaches <> ''"
"""Those of the sources that reach a database."""


def doubles(tx: Transaction, dataset: int) -> list[int]:
    """The other datasets that are the same relation of the same database.

    Example: `shop.orders` and `lab.orders_2` are, if both are read from `main.orders` of one file.
    """
    rows = tx.rows(
        f"SELECT d.id, d.relation, b.relation AS own, s.connector FROM {_PAIRS} AND b.id = ? ORDER BY d.id", [dataset]
    )
    return [row["id"] for row in rows if is_same(row["connector"], row["own"], row["relation"])]
