"""Signing in through the identity provider, from sending somebody there to knowing who came back."""

import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from joserfc.jwt import Token

from catalog.errors import NotAuthenticated, VeilError
from catalog.people.accounts import Accounts
from catalog.people.provided_names import ProvidedNames
from policy_engine.model import Subject
from web_ui.identity import authorization, discovery
from web_ui.identity.authorization import CodeRefused
from web_ui.identity.claims import Claims, completed, subject_of_claims, told
from web_ui.identity.configuration import Configuration
from web_ui.identity.discovery import Metadata
from web_ui.identity.fetching import fetch, sign_in_from
from web_ui.identity.kept import Kept
from web_ui.identity.signing_keys import SigningKeys
from web_ui.identity.spent import Spent
from web_ui.identity.verification import Verifier

ATTEMPT_SECONDS = 600.0
_START_AGAIN = "go back to the sign-in page and start again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A sign-in that was begun: what must come back, kept with the browser that began it."""

    state: str
    nonce: str
    verifier: str
    began: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Somebody who came back: who they are here, who they are there, and the provider's proof of it."""

    subject: Subject
    provider_subject: str
    proof: str


class IdentityProvider:
    """The provider of the settings, asked when it is needed.

    Source: OpenID Connect Core 1.0, section 3.1; RFC 7636 (PKCE); RFC 9207; OpenID Connect RP-Initiated Logout 1.0.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        accounts: Accounts,
        names: ProvidedNames,
        clock: Callable[[], datetime],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.configuration = configuration
        self._accounts = accounts
        self._names = names
        self._clock = clock
        self._attempts = Spent(ATTEMPT_SECONDS, clock=ticks)
        self._discovery = Kept(lambda: discovery.ask(configuration.issuer), clock=ticks)
        self._keys = SigningKeys(lambda: fetch(self.metadata().keys), clock=ticks)
        self._verifier = Verifier(configuration, self._keys, clock=lambda: clock().timestamp())

    def metadata(self) -> Metadata:
        """What the provider tells of itself; raises ProviderUnavailable."""
        return self._discovery.value()

    def begin(self) -> tuple[str, Attempt]:
        """Where to send somebody who wants to sign in, and what to keep until they come back."""
        attempt = Attempt(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            began=self._clock().timestamp(),
        )
        url = authorization.address(
            self.configuration, self.metadata(), state=attempt.state, nonce=attempt.nonce, verifier=attempt.verifier
        )
        return url, attempt

    def finish(self, came: Mapping[str, str], attempt: Attempt, *, address: str = "") -> Arrival:
        """Who came back with these parameters from this address; raises NotAuthenticated or ProviderUnavailable.

        An attempt counts once, if something came of it: of others any number can be made by anybody.
        """
        self._check_return(came, attempt)
        if not self._attempts.spend(attempt.state):
            raise NotAuthenticated("this sign-in was answered before", hint=_START_AGAIN)
        try:
            with sign_in_from(address):
                return self._arrived(came, attempt)
        except VeilError:
            self._attempts.give_back(attempt.state)
            raise

    def _arrived(self, came: Mapping[str, str], attempt: Attempt) -> Arrival:
        tokens = self._tokens(came["code"], attempt)
        proof, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(proof, str):
            raise NotAuthenticated("the identity provider sent no proof of the sign-in", hint=_START_AGAIN)
        if not isinstance(access_token, str):
            access_token = None
        claims = self._verifier.id_token(proof, nonce=attempt.nonce, access_token=access_token)
        subject = self._person(self._completed(claims, access_token))
        return Arrival(subject=subject, provider_subject=str(claims["sub"]), proof=proof)

    def signed(self, text: str) -> Token:
        """A bearer token that the provider has signed; raises NotAuthenticated or ProviderUnavailable."""
        if not self.configuration.api_audience:
            raise NotAuthenticated(
                "tokens of the identity provider are not taken here",
                hint="create a token on the page Connect, or have an administrator set `api_audience` of [auth]",
            )
        return self._verifier.signed(text)

    def bearer(self, token: Token) -> Subject:
        """Whom a token that the provider has signed is about just now; raises NotAuthenticated, and asks nobody."""
        claims = self._verifier.access_token(token)
        subject = self._person(claims)
        self._refuse_revoked(subject.user, claims)
        return subject

    def sign_out_address(self, proof: str) -> str:
        """Where the provider ends its own session, empty when it has no such place; raises ProviderUnavailable."""
        address = self.metadata().sign_out
        if not address:
            return ""
        asked = {
            "id_token_hint": proof,
            "client_id": self.configuration.client_id,
            "post_logout_redirect_uri": f"{self.configuration.public_url}/sign-in",
        }
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    def _check_return(self, came: Mapping[str, str], attempt: Attempt) -> None:
        if not hmac.compare_digest(came.get("state", "").encode(), attempt.state.encode()):
            raise NotAuthenticated("this is not the answer to a sign-in that began here", hint=_START_AGAIN)
        if not 0 <= self._clock().timestamp() - attempt.began <= ATTEMPT_SECONDS:
            raise NotAuthenticated("the sign-in took too long", hint=_START_AGAIN)
        issuer = came.get("iss")
        if issuer != self.configuration.issuer and (issuer is not None or self.metadata().tells_issuer):
            raise NotAuthenticated("the answer came from another identity provider", hint=_START_AGAIN)
        if "error" in came or not came.get("code"):
            was_refused = came.get("error") in ("access_denied", "login_required", "interaction_required")
            raise NotAuthenticated(
                f"{self.configuration.name} did not sign you in",
                hint=_START_AGAIN if was_refused else f"{_START_AGAIN}; an administrator can run `veil doctor`",
            )

    def _tokens(self, code: str, attempt: Attempt) -> Mapping[str, object]:
        try:
            return authorization.exchange(self.configuration, self.metadata(), code, verifier=attempt.verifier)
        except CodeRefused:
            raise NotAuthenticated(
                "the identity provider does not stand by this sign-in",
                hint=f"{_START_AGAIN}; an administrator can run `veil doctor`",
            ) from None

    def _completed(self, claims: Claims, access_token: str | None) -> Claims:
        """The claims of the proof, and those that the provider tells only when asked for them with the access token."""
        address = self.metadata().user_info
        is_whole = all(told(claims, name) is not None for name in self.configuration.claims.needed)
        if is_whole or not address or access_token is None:
            return claims
        more = fetch(address, {"Authorization": f"Bearer {access_token}"}, gate=None)
        if more.get("sub") != claims["sub"]:
            raise NotAuthenticated("the identity provider speaks of somebody else", hint=_START_AGAIN)
        return completed(claims, more)

    def _person(self, claims: Claims) -> Subject:
        """The subject of verified claims, whose name nobody else has held and whose groups are nobody's name."""
        subject = subject_of_claims(claims, self.configuration.claims)
        if self._accounts.has_any(subject.groups - {subject.user}):
            raise NotAuthenticated(
                "one of your groups at the identity provider is called like a local account",
                hint="for an administrator: give the group another name under [auth.groups]",
            )
        holder = self._names.hold(subject.user, self.configuration.issuer, str(claims["sub"]), self._clock())
        if (holder.provider, holder.subject) != (self.configuration.issuer, claims["sub"]):
            raise NotAuthenticated(
                f"the name `{subject.user}` is held by somebody else",
                hint="for an administrator: `veil session release` gives it to whoever comes with it next",
            )
        # one person has one spelling, however they write themselves: shares of the server are counted by it
        groups = subject.groups - {subject.user} | {holder.name}
        return replace(subject, user=holder.name, groups=groups)

    def _refuse_revoked(self, name: str, claims: Claims) -> None:
        """Raise for a token that may be older than a revocation, as far as the two clocks agree."""
        holder, issued = self._names.holder(name), claims["iat"]
        if holder is None or holder.refused_before is None:
            return
        assert isinstance(issued, int | float)  # that it is a number was checked with the token
        if issued - self.configuration.skew < holder.refused_before.timestamp():
            raise NotAuthenticated("this token was revoked", hint="wait a minute, then ask for a new one")
