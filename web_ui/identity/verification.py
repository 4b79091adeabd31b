"""Whether a token is what it claims to be: signed by the provider, for us, now, with no other key or kind of key.

Only signatures with a private key are taken, each held against a public key of its own kind, so that neither an
unsigned token nor one "signed" with a public key as a shared secret can pass. Keys come from the provider's own list
alone: what a token says of where its key lies is not looked at.
"""

from collections.abc import Callable, Mapping

from authlib.oidc.core import CodeIDToken
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError, UnsupportedAlgorithmError
from joserfc.jwk import GuestProtocol
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry, Token, decode

from catalog.errors import NotAuthenticated
from web_ui.identity.configuration import Configuration
from web_ui.identity.signing_keys import PublicKey, SigningKeys

MOST_LETTERS = 32_768
_AGAIN = "ask for a new token, or sign in again"

Claims = Mapping[str, object]


class Verifier:
    """Checks tokens of the configured provider; a failure is NotAuthenticated, and says what is wrong with one.

    Source: OpenID Connect Core 1.0, section 3.1.3.7; RFC 9068, section 4; RFC 8725.
    """

    def __init__(self, configuration: Configuration, keys: SigningKeys, *, clock: Callable[[], float]) -> None:
        self._configuration = configuration
        self._keys = keys
        self._clock = clock
        self._registry = JWSRegistry(algorithms=list(configuration.algorithms), strict_check_header=False)

    def id_token(self, text: str, *, nonce: str, access_token: str | None = None) -> Claims:
        """The claims of a proof of sign-in that was asked for with this nonce."""
        token = self.signed(text)
        wanted = self._configuration
        options = {
            "iss": {"essential": True, "value": wanted.issuer},
            "aud": {"essential": True, "value": wanted.client_id},
        }
        params = {"nonce": nonce, "client_id": wanted.client_id, "access_token": access_token}
        checked = CodeIDToken(token.claims, token.header, options, params)
        self._hold(lambda: checked.validate(now=int(self._clock()), leeway=wanted.skew))
        return token.claims

    def access_token(self, token: Token) -> Claims:
        """The claims of a signed bearer token for this API, issued to a client that may ask for one."""
        wanted = self._configuration
        registry = JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=wanted.skew,
            iss={"essential": True, "value": wanted.issuer},
            aud={"essential": True, "value": wanted.api_audience},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        self._hold(lambda: registry.validate(token.claims))
        _refuse_other_kinds(token)
        client = token.claims.get("client_id", token.claims.get("azp"))
        if not isinstance(client, str) or client not in wanted.api_clients:
            raise NotAuthenticated(
                "the token was issued to another client",
                hint="an administrator can name the client under `api_clients` of [auth]",
            )
        return token.claims

    def signed(self, text: str) -> Token:
        """A token whose signature holds; nothing that it claims has been looked at."""
        if len(text) > MOST_LETTERS or not text.isascii():
            raise NotAuthenticated("the token is too long, or no token", hint=_AGAIN)
        try:
            return decode(text, self._key, registry=self._registry)
        except UnsupportedAlgorithmError:
            raise NotAuthenticated(
                "the token is signed in a way that is not taken",
                hint=f"taken are {', '.join(self._configuration.algorithms)}",
            ) from None
        except (JoseError, ValueError, TypeError, RecursionError):
            raise NotAuthenticated("the token's signature does not hold", hint=_AGAIN) from None

    def _key(self, signed: GuestProtocol) -> PublicKey:
        """Called by the library when the algorithm is one that is taken."""
        header = signed.headers()
        return self._keys.find(header.get("kid"), header["alg"])

    def _hold(self, check: Callable[[], None]) -> None:
        try:
            check()
        except ExpiredTokenError:
            raise NotAuthenticated("the token has expired", hint=_AGAIN) from None
        except MissingClaimError as missing:
            raise NotAuthenticated(f"the token lacks the claim `{missing.claim}`", hint=_AGAIN) from None
        except InvalidClaimError as wrong:
            what = _WRONG.get(wrong.claim, f"has a claim `{wrong.claim}` that cannot be used")
            raise NotAuthenticated(f"the token {what}", hint=_AGAIN) from None
        except (JoseError, ValueError, TypeError, KeyError):
            raise NotAuthenticated("the token's claims cannot be used", hint=_AGAIN) from None


def _refuse_other_kinds(token: Token) -> None:
    """Raise for what the provider signs for another use than to be borne by a client."""
    kind = token.header.get("typ", "JWT")
    if "nonce" in token.claims or not isinstance(kind, str) or kind.lower() not in _BEARER_KINDS:
        raise NotAuthenticated("this is no access token for the API", hint=_AGAIN)
    if "cnf" in token.claims:
        raise NotAuthenticated(
            "the token is bound to a key, and such tokens are not taken", hint="ask for one without DPoP or mutual TLS"
        )


_BEARER_KINDS = frozenset({"jwt", "at+jwt", "application/jwt", "application/at+jwt"})
_WRONG = {
    "iss": "comes from another issuer",
    "aud": "is for another audience",
    "azp": "was issued to another client",
    "nonce": "answers another sign-in",
    "nbf": "is not valid yet",
    "iat": "is not valid yet",
    "at_hash": "belongs to another access token",
}
