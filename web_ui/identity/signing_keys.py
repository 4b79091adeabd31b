"""The identity provider's public keys: fetched when needed, and again when a token names one that is not known."""

from collections.abc import Callable, Collection, Mapping

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from catalog.errors import NotAuthenticated
from web_ui.identity.fetching import ProviderUnavailable
from web_ui.identity.kept import Kept

_SHORTEST_RSA = 2048
_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}

PublicKey = RSAKey | ECKey | OKPKey


class SigningKeys:
    """The keys with which a provider signs now.

    They are asked for anew every hour, so that a key that was withdrawn is gone, and when a token names an unknown one,
    but then at most once in some seconds, so that made-up names cost the provider nothing.
    """

    def __init__(self, fetch: Callable[[], Mapping[str, object]], *, clock: Callable[[], float]) -> None:
        self._kept = Kept(lambda: _usable(fetch()), clock=clock)

    def find(self, key_id: object, algorithm: str) -> PublicKey:
        """The key of that id for signatures of that kind; raises NotAuthenticated or ProviderUnavailable."""
        if not isinstance(key_id, str) or not key_id:
            raise NotAuthenticated("the token does not name the key that signed it", hint="ask for a new token")
        found = _match(self._kept.value(), key_id, algorithm) or _match(self._kept.newest(), key_id, algorithm)
        if found is None:
            raise NotAuthenticated(
                "the token is signed with a key that the identity provider does not have", hint="ask for a new token"
            )
        return found

    def usable(self, algorithms: Collection[str]) -> tuple[PublicKey, ...]:
        """The keys that signatures of these kinds can be held against."""
        return tuple(key for key in self._kept.value() if any(_fits(key, algorithm) for algorithm in algorithms))


def _fits(key: PublicKey, algorithm: str) -> bool:
    return key.key_type == _TYPES.get(algorithm[:2]) and key.alg in (None, algorithm)


def _match(keys: tuple[PublicKey, ...], key_id: str, algorithm: str) -> PublicKey | None:
    """The one key that fits; two of one id and kind are none, as nobody could say which is meant."""
    fitting = [key for key in keys if key.kid == key_id and _fits(key, algorithm)]
    return fitting[0] if len(fitting) == 1 else None


def _usable(told: Mapping[str, object]) -> tuple[PublicKey, ...]:
    """The public keys for signatures; what is for something else, or of an unknown kind, verifies nothing here."""
    listed = told.get("keys")
    if not isinstance(listed, list):
        raise ProviderUnavailable("the identity provider's keys cannot be read", hint="check its `jwks_uri`")
    return tuple(key for each in listed if isinstance(each, dict) and (key := _public(each)) is not None)


def _public(told: dict[str, object]) -> PublicKey | None:
    if told.get("kty") not in _TYPES.values() or told.get("use") not in (None, "sig"):
        return None
    try:
        key = import_key({name: value for name, value in told.items() if isinstance(value, str)})
        is_weak = isinstance(key, RSAKey) and key.public_key.key_size < _SHORTEST_RSA
    except (JoseError, ValueError, TypeError):
        return None
    return key if isinstance(key, RSAKey | ECKey | OKPKey) and key.kid and not is_weak else None
