"""encrypt() and fpe(): values that the holders of the key, and nobody else, can turn back into what they were."""

import re

from policy_engine.strength import Strength
from policy_engine.transforms.ciphers import decrypted, encrypted, fpe_number, fpe_text
from policy_engine.transforms.hashing import canonical_text, text_sql
from policy_engine.transforms.spec import Arguments, Fragment, Place, Transform
from policy_engine.transforms.types import ColumnType, Kind

_SHOWN_ID = 8
_TOKEN = re.compile(r"enc_([0-9a-f]{0,8})_([A-Za-z0-9_-]+)")
_LEAST_BITS = 32
"""Narrower integers have fewer than a million values."""


class Encrypt(Transform):
    """The transform `encrypt()`: AES-256 in SIV mode of the value's text, as `enc_<key>_<base64url>`.

    Equal values of one tag give equal texts. The key's id stands in the text, so that it can be read after a rotation.
    """

    name = "encrypt"
    is_keyed = True
    is_reversible = True
    example = "encrypt() | VARCHAR | MRN-6850243"

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.ENCRYPT

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        return column.kind not in (Kind.OTHER, Kind.BLOB)

    def output_type(self, arguments: Arguments, column: ColumnType) -> str:
        return "VARCHAR"

    def render(self, sql: str, at: Place) -> Fragment:
        key = at.keys.key(self.name, at.namespace)
        token = f"veil_encrypt(${key.name}_c::BLOB, {text_sql(sql, at.column)})"
        return Fragment(sql=f"'enc_{at.keys.id[:_SHOWN_ID]}_' || {token}", parameters=key.cipher())

    def reference(self, value: object, at: Place) -> object:
        token = encrypted(at.keys.key(self.name, at.namespace).secret, canonical_text(value, at.column))
        return f"enc_{at.keys.id[:_SHOWN_ID]}_{token}"

    def reverse(self, shown: object, at: Place) -> object:
        """The text that was encrypted."""
        found = _TOKEN.fullmatch(str(shown))
        keys = at.keys.under(found[1]) if found else None
        if found is None or keys is None:
            return None
        return decrypted(keys.key(self.name, at.namespace).secret, found[2])


class Fpe(Transform):
    """The transform `fpe()`: digits become digits, letters letters of the same case; separators and length stay.

    Format-preserving encryption, FF1 of NIST SP 800-38G. A value with fewer than a million others of its form (five
    digits, say) cannot be protected so and becomes NULL, as does one with letters beyond A to Z or with more than
    256 letters and digits. A whole number of seven digits or more stays one of as many digits, of the same sign and
    within its type; a shorter one becomes NULL.
    """

    name = "fpe"
    is_keyed = True
    is_reversible = True
    example = "fpe() | VARCHAR | MRN-6850243"

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.ENCRYPT

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        return column.kind is Kind.TEXT or (column.kind is Kind.INTEGER and column.bits >= _LEAST_BITS)

    def render(self, sql: str, at: Place) -> Fragment:
        key = at.keys.key(self.name, at.namespace)
        if at.column.kind is Kind.TEXT:
            return Fragment(sql=f"veil_fpe_text(${key.name}_c::BLOB, {sql})", parameters=key.cipher())
        least, most = at.column.bounds
        changed = f"veil_fpe_number(${key.name}_c::BLOB, ({sql})::VARCHAR, '{least}', '{most}')"
        return Fragment(sql=f"TRY_CAST({changed} AS {at.column.text})", parameters=key.cipher())

    def reference(self, value: object, at: Place) -> object:
        return self._changed(value, at, back=False)

    def reverse(self, shown: object, at: Place) -> object:
        return self._changed(shown, at, back=True)

    def _changed(self, value: object, at: Place, *, back: bool) -> object:
        secret = at.keys.key(self.name, at.namespace).secret
        if isinstance(value, int):
            return fpe_number(secret, value, *at.column.bounds, back=back)
        return fpe_text(secret, str(value), back=back)
