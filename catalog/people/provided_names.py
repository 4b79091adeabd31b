"""Who holds a name that an identity provider told: one person there, however often others come to be called so."""

from dataclasses import dataclass
from datetime import datetime

from catalog.clock import read_time, written_time
from catalog.database import Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The person behind a name, as the provider identifies them, and before when their tokens no longer count."""

    name: str
    provider: str
    subject: str
    since: datetime
    refused_before: datetime | None = None


class ProvidedNames:
    """The names that people came with, each held by who came with it first.

    A name at a provider can be given to somebody else, or be changed by its owner; what a provider never reuses is its
    own `subject`. Names compare as SQL compares them.

    Example:
        >>> names.hold("oidc:kim", "https://id.example", "4711", now).subject
        '4711'
        >>> names.hold("oidc:Kim", "https://id.example", "4712", now).subject
        '4711'
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def hold(self, name: str, provider: str, subject: str, now: datetime) -> Holder:
        """The holder of a name: who held it before, else the person who comes with it now."""
        found = self.holder(name)
        if found is not None:
            return found
        with self._catalog.bookkeeping() as tx:
            tx.execute(
                "INSERT INTO provided_name (name, provider, subject, since) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (name) DO NOTHING",
                [name, provider, subject, written_time(now)],
            )
        held = self.holder(name)
        assert held is not None
        return held

    def holder(self, name: str) -> Holder | None:
        """Who holds a name, None when nobody has come with it."""
        row = self._catalog.row("SELECT * FROM provided_name WHERE name = ?", [name])
        if row is None:
            return None
        refused = row["refused_before"]
        return Holder(
            name=row["name"],
            provider=row["provider"],
            subject=row["subject"],
            since=read_time(row["since"]),
            refused_before=read_time(refused) if refused else None,
        )

    def refuse_before(self, name: str, moment: datetime) -> bool:
        """Tokens that were issued to the name's holder before this moment no longer count; False for no holder."""
        with self._catalog.transaction() as tx:
            changed = tx.execute(
                "UPDATE provided_name SET refused_before = ? WHERE name = ?", [written_time(moment), name]
            )
        return changed > 0

    def release(self, name: str) -> bool:
        """Lets whoever comes with the name next hold it; False for no holder."""
        with self._catalog.transaction() as tx:
            return tx.execute("DELETE FROM provided_name WHERE name = ?", [name]) > 0
