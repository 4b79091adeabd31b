"""Who asks: a token of Veil or of the identity provider, or a session, becomes a Subject, or nobody is let in."""

from collections.abc import Callable
from datetime import datetime

from catalog.errors import NotAuthenticated
from catalog.people.accounts import Accounts
from catalog.people.api_tokens import ApiTokens
from policy_engine.model import Subject
from policy_engine.subjects import narrowed, subject_of

_HOW = "send `Authorization: Bearer <token>`; create a token on the page Connect or with `veil token create USER`"


class Identity:
    """Finds the person behind a request.

    A token that is sent counts alone: when it is no good, a session beside it does not help. `others` tells whom a
    token is about that is none of a local account's: None when it is nobody's, or NotAuthenticated with why.
    """

    def __init__(
        self,
        *,
        accounts: Accounts,
        tokens: ApiTokens,
        clock: Callable[[], datetime],
        signed_in: Callable[[], Subject | None] = lambda: None,
        others: Callable[[str], Subject | None] = lambda _: None,
    ) -> None:
        self._accounts = accounts
        self._tokens = tokens
        self._clock = clock
        self._signed_in = signed_in
        self._others = others

    def subject(self, authorization: str | None) -> Subject:
        """The subject of a request with this Authorization header; raises NotAuthenticated."""
        subject = self._signed_in() if authorization is None else self._bearer(authorization)
        if subject is None:
            raise NotAuthenticated("nobody is signed in", hint=_HOW)
        return subject

    def _bearer(self, authorization: str) -> Subject:
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise NotAuthenticated("only bearer tokens are taken", hint=_HOW)
        token = self._tokens.find(text.strip(), self._clock())
        if token is None:
            other = self._others(text.strip())
            if other is None:
                raise NotAuthenticated("this token is unknown, expired or revoked", hint=_HOW)
            return other
        user = self._accounts.user(token.user)
        if user is None:
            raise NotAuthenticated("this account is no longer there", hint="ask an administrator")
        return narrowed(subject_of(user), token.scopes, token.id)
