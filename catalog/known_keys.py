"""Which master key a home works with, so that another one in its place is noticed before it makes other tokens."""

from catalog.database import Catalog
from catalog.errors import SettingsInvalid
from catalog.master_keys import MasterKeys


class KnownKeys:
    """The ids of the master keys that a home has worked with, the present one last; never a key itself.

    Example:
        >>> KnownKeys(catalog).expect(home.master_keys())
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def listed(self) -> tuple[tuple[str, str], ...]:
        """Every id, oldest first, with the time since when it was in use."""
        rows = self._catalog.rows("SELECT id, since FROM master_key ORDER BY place")
        return tuple((str(row[0]), str(row[1])) for row in rows)

    def expect(self, keys: MasterKeys) -> None:
        """Raises SettingsInvalid when the key in use is not the one that this home works with.

        A home that has none on record takes the first one it meets. A key file that was rotated knows the key before.
        """
        known = self.listed()
        if known and known[-1][0] == keys.current.id:
            return
        older = {key.id for key in keys.older}
        if not known or (not keys.is_given and known[-1][0] in older):
            self.record(keys.current.id)
            return
        where = "VEIL_MASTER_KEY" if keys.is_given else "the key file"
        raise SettingsInvalid(
            f"the key `{keys.current.id}` in {where} is not the one that this home works with, `{known[-1][0]}`",
            hint="put that one back, or run `veil keys rotate` to work with the new one: every token changes then",
        )

    def record(self, key_id: str) -> None:
        """From now on the home works with this key."""
        with self._catalog.transaction() as tx:
            tx.execute("DELETE FROM master_key WHERE id = ?", [key_id])
            tx.execute("INSERT INTO master_key (id, since) VALUES (?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))", [key_id])
