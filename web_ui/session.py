"""Signs people in and out: sessions kept at the server, CSRF tokens, and a pause after wrong passwords."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import flask
from flask.sessions import SecureCookieSessionInterface

from catalog.errors import LimitExceeded, NotAllowed, NotAuthenticated
from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.journal import Journal
from catalog.people.accounts import Accounts
from catalog.people.api_tokens import ApiToken
from catalog.people.model import User, WebSession
from catalog.people.session_tokens import SessionTokens
from catalog.people.web_sessions import WebSessions
from policy_engine.model import Subject
from policy_engine.subjects import narrowed, subject_of
from proxy.http import answers
from proxy.refusals import RequestInvalid
from web_ui.failed_sign_ins import FailedSignIns
from web_ui.identity.gate import Gate, GateClosed, origin_of
from web_ui.throttle import Paused, Throttle

_CROWDED_SECONDS = 60.0
_SEEN_EVERY = timedelta(minutes=1)
_LEAVING = timedelta(minutes=10)
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_FORM_MOST = 65_536  # bytes


class Sessions:
    """The sign-in of the current request: the cookie holds a random text, the server everything else.

    A session ends when it is old, idle, revoked or signed out, when its account is gone or has another password, and
    when it is of another identity `provider` than is in the settings now, or its claims were read by other `rules`.

    INVARIANT: a group that a session keeps from its provider is nobody's name, also when an account was made meanwhile:
    what is given to one person is in the group of that name.
    """

    def __init__(
        self,
        *,
        accounts: Accounts,
        store: WebSessions,
        tokens: SessionTokens,
        journal: Journal,
        throttle: Throttle,
        failed: FailedSignIns,
        lifetime: timedelta,
        idle: timedelta,
        clock: Callable[[], datetime],
        provider: str = "",
        rules: str = "",
    ) -> None:
        self._accounts = accounts
        self._store = store
        self._tokens = tokens
        self._journal = journal
        self._throttle = throttle
        self._failed = failed
        self._gate = Gate(at_once=2, waiting=6, seconds=5.0)
        self._lifetime = lifetime
        self._idle = idle
        self._clock = clock
        self._provider = provider
        self._rules = rules

    def sign_in(self, name: str, password: str) -> None:
        """Begin a new session, or raise NotAuthenticated or TooMany; both are journalled, a pause as its two ends."""
        address = answers.client()
        try:
            self._throttle.enter(name, address)
            user = self._checked(name, password, address)
        except Paused as pause:
            self._failed.refused(pause.what, pause.seconds, lambda: self._event(EventKind.LOGIN_FAIL, name))
            raise
        except Exception:
            self._tell(EventKind.LOGIN_FAIL, name)
            raise
        if user is None:
            self._tell(EventKind.LOGIN_FAIL, name)
            raise NotAuthenticated(
                "this name and password do not match", hint="check both; upper and lower case differ in passwords"
            )
        self._throttle.succeeded(name, address)
        self._tell(EventKind.LOGIN_OK, name)
        self.begin(subject_of(user), mark=_mark(user))

    def _checked(self, name: str, password: str, address: str) -> User | None:
        """Whose password it is, None when nobody's; raises Paused where so many are looked at that it comes to no turn.

        INVARIANT: a few are looked at at once, since each takes 64 MiB and a core by design; by turn from each address.
        """
        origin = origin_of(address)
        try:
            with self._gate.inside(origin):
                return self._accounts.check_password(name, password)
        except GateClosed:
            self._throttle.unlooked(name, address)
            raise Paused(("crowd", origin), _CROWDED_SECONDS, "many people sign in at this moment") from None

    def begin(self, subject: Subject, *, mark: str = "", provider: str = "", logout_hint: str = "") -> None:
        """Begin a new session for somebody who has proved who they are; one that this browser had ends."""
        self.sign_out()
        flask.session.clear()
        now = self._clock()
        text, _ = self._store.begin(
            WebSession(
                user=subject.user,
                mark=self._rules if provider else mark,
                provider=provider,
                groups=subject.groups if provider else frozenset(),
                attributes=subject.attributes if provider else {},
                logout_hint=logout_hint,
                client=answers.client(),
                began_at=now,
                seen_at=now,
                expires_at=now + self._lifetime,
            )
        )
        flask.session.update(text=text, csrf=secrets.token_urlsafe(24))

    def sign_out(self) -> WebSession | None:
        """End the session for good, copies of its cookie and tokens that it lent too; the session that ended."""
        held, text = self._found(None), flask.session.get("text")
        flask.session.clear()
        flask.g.pop("subject", None)
        if held is not None:
            self._store.end(held.id, self._clock())
            if held.provider:
                flask.session["left"] = text
        return held

    def left_with(self) -> str:
        """The hint with which somebody who has just signed out here can sign out at the provider, too; told once."""
        text = flask.session.pop("left", None)
        ended = self._store.ended(text, self._clock() - _LEAVING) if isinstance(text, str) else None
        return "" if ended is None else ended.logout_hint

    def user_name(self) -> str | None:
        """Who is signed in, None when nobody is."""
        subject = self.subject()
        return None if subject is None else subject.user

    def subject(self) -> Subject | None:
        """Who is signed in as a subject, None when nobody is."""
        held, now = self._held(), self._clock()
        subject = None if held is None else self._subject(held)
        if held is not None and subject is not None and now - held.seen_at > _SEEN_EVERY:
            self._store.saw(held.id, now)
        return subject

    def lend(self, subject: Subject, name: str, scopes: Iterable[str] | None) -> tuple[str, ApiToken]:
        """A token for a program, which ends when the subject's session does; raises NotAllowed without a session."""
        held = self._held()
        if held is None or held.user != subject.user:
            raise NotAllowed("a token is made in a sign-in", hint="sign in at the page, and make it there")
        return self._tokens.create(held.id, name, self._clock(), scopes=scopes)

    def bearer(self, text: str) -> Subject | None:
        """Whom a token that a session has lent is about, None when it is nobody's."""
        held = self._tokens.find(text, self._clock())
        subject = None if held is None else self._subject(held)
        return narrowed(subject, held.scopes, held.token) if held and subject else None

    def viewing(self) -> str:
        """As whom this sign-in looks at pages, as it was noted; empty for itself and without a sign-in."""
        held = self._held()
        return "" if held is None or self._subject(held) is None else held.viewing

    def view(self, viewing: str) -> None:
        """Note as whom this sign-in looks at pages from now on; raises NotAuthenticated without one."""
        held = self._held()
        if held is None:
            raise NotAuthenticated("nobody is signed in", hint="sign in at the page")
        self._store.view(held.id, viewing)

    def _held(self) -> WebSession | None:
        """The session of this request's cookie, None when there is none that can be used."""
        return self._found(self._idle)

    def _found(self, idle: timedelta | None) -> WebSession | None:
        text = flask.session.get("text")
        return self._store.find(text, self._clock(), idle=idle) if isinstance(text, str) else None

    def _subject(self, held: WebSession) -> Subject | None:
        if held.provider:
            return self._provided(held)
        user = self._accounts.user(held.user)
        if user is None or not hmac.compare_digest(_mark(user), held.mark):
            return None
        return subject_of(user)

    def _provided(self, held: WebSession) -> Subject | None:
        """Who signed in through the provider, None where that could not be done so now."""
        is_same = held.provider == self._provider and hmac.compare_digest(held.mark, self._rules)
        if not is_same or self._accounts.has_any(held.groups - {held.user}):
            return None
        return Subject(user=held.user, groups=held.groups, attributes=held.attributes)

    def _tell(self, kind: EventKind, name: str) -> None:
        self._journal.append(self._event(kind, name))

    def _event(self, kind: EventKind, name: str) -> Event:
        """A sign-in; a name that is no account is left out, since it may be a password in the wrong field."""
        user = self._accounts.user(name)
        return Event(
            kind=kind,
            user=user.name if user else "",
            groups=tuple(sorted(subject_of(user).groups)) if user else (),
            verdict=Verdict.ALLOW if kind is EventKind.LOGIN_OK else Verdict.DENY,
            client=answers.client(),
            decision_id=answers.decision_id(),
            details={"by": "password"} if user else {"by": "password", "account": "unknown"},
        )


def cookie_name(public_url: str) -> str:
    """What the cookie is called; over https so that no other host or plain page can set it.

    Source: RFC 6265bis, section 4.1.3.2.
    """
    return "__Host-veil" if public_url.lower().startswith("https://") else "veil"


class CookieSessions(SecureCookieSessionInterface):
    """Flask's signed cookies, sent over https only wherever people come by https."""

    def __init__(self, public_url: str) -> None:
        self._is_https = public_url.lower().startswith("https://")

    def get_cookie_secure(self, app: flask.Flask) -> bool:
        return self._is_https or flask.request.is_secure


def csrf_token() -> str:
    """The token that every form of the current session carries."""
    if "csrf" not in flask.session:
        flask.session["csrf"] = secrets.token_urlsafe(24)
    return str(flask.session["csrf"])


def refuse_forgery() -> None:
    """Raise unless a changing request comes from this server's own pages or, under the API, with a token of its own.

    A page's form is never excused: a link with a name and password in it has a browser send `Authorization`, too.
    """
    request = flask.request
    if request.method not in _UNSAFE or (answers.is_api() and "Authorization" in request.headers):
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"} or not _is_own_origin():
        raise NotAllowed("this request came from another site", hint="open the page here and try again")
    if not answers.is_api():  # the API reads no form, and no other site can send it anything else
        if (request.content_length or 0) > _FORM_MOST or "Transfer-Encoding" in request.headers:
            # before it is read, since a thread would wait for whoever sends it slowly
            raise LimitExceeded(f"the form is larger than {_FORM_MOST:,} bytes", hint="send less at once")
        sent = request.form.get("csrf_token", "")
        if not hmac.compare_digest(sent.encode(), csrf_token().encode()):
            raise RequestInvalid("this form is too old", hint="go back, reload the page and send it again")


def _is_own_origin() -> bool:
    origin = flask.request.headers.get("Origin")
    if origin is None:
        return True
    own = {flask.request.host, flask.current_app.config.get("PUBLIC_HOST", "")}
    return origin.partition("://")[2] in own - {""}


def _mark(user: User) -> str:
    """A fingerprint of the password as it is kept: a new password ends older sessions."""
    return hashlib.sha256(f"veil session {user.password_hash}".encode()).hexdigest()[:32]
