"""The Connect page: make, list and revoke tokens, and copy what is needed to read data from elsewhere."""

from dataclasses import dataclass
from datetime import timedelta

import flask

from catalog.errors import NotAllowed, PolicyInvalid, VeilError
from catalog.journal.event import Event, EventKind
from catalog.names import join
from catalog.people.accounts import is_provided
from catalog.people.api_tokens import ApiToken
from policy_engine.capabilities import Rights, scopes_within
from policy_engine.model import Subject
from proxy.http import answers
from proxy.http.addresses import public_url
from proxy.http.identity import Identity
from proxy.refusals import RequestInvalid
from web_ui.pages.frame import viewer
from web_ui.pages.snippets import snippets
from web_ui.parts import Parts
from web_ui.session import Sessions

LIFETIMES = (1, 7, 30, 90, 365)
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A new token: its text stands on this one page only."""

    text: str
    token: ApiToken


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectPage:
    """Looks after the person's own tokens."""

    parts: Parts
    identity: Identity
    sessions: Sessions

    def blueprint(self) -> flask.Blueprint:
        """The routes of this page."""
        page = flask.Blueprint("connect", __name__)
        page.get("/connect")(self.show)
        page.post("/connect/tokens")(self.create)
        page.post("/connect/tokens/<token_id>/revoke")(self.revoke)
        return page

    def show(self) -> str:
        """Form, tokens and snippets."""
        return self._page(viewer(self.identity))

    def create(self) -> flask.typing.ResponseReturnValue:
        """Make a token and show it this once; of people of the identity provider it ends with their sign-in."""
        subject = self._signed_in()
        name = flask.request.form.get("name", "").strip()
        try:
            _check(name)
            days = 0 if is_provided(subject.user) else self._days()
            scopes = self._scopes(subject)
        except (RequestInvalid, PolicyInvalid, NotAllowed) as problem:
            return self._page(subject, problem=problem, name=name), problem.status
        with self.parts.catalog.transaction():
            text, token = (
                self.parts.tokens.create(
                    subject.user, name, timedelta(days=days), scopes=scopes, now=self.parts.clock()
                )
                if days
                else self.sessions.lend(subject, name, scopes)
            )
            self._tell(EventKind.TOKEN_CREATE, subject, token)
        return self._page(subject, created=Created(text=text, token=token)), 201

    def revoke(self, token_id: str) -> flask.typing.ResponseReturnValue:
        """End one of the person's own tokens; others' are not there."""
        subject = self._signed_in()
        token = next((token for token in self._tokens(subject) if token.id == token_id), None)
        if token is None:
            raise RequestInvalid("you have no such token", hint="reload the page")
        with self.parts.catalog.transaction():
            if self._ended(subject, token):
                self._tell(EventKind.TOKEN_REVOKE, subject, token)
        return flask.redirect(flask.url_for("connect.show"), code=303)

    def _signed_in(self) -> Subject:
        """The person, who must have signed in: a token that fell into other hands must not outlive its own end."""
        if "Authorization" in flask.request.headers:
            raise NotAllowed("a token makes and ends no token", hint="sign in at this page")
        return viewer(self.identity)

    def _ended(self, subject: Subject, token: ApiToken) -> bool:
        """Whether it was this request that ended the token."""
        if is_provided(subject.user):
            return self.parts.session_tokens.revoke(token.id, self.parts.clock())
        return self.parts.tokens.revoke(token.id)

    def _tokens(self, subject: Subject) -> tuple[ApiToken, ...]:
        """The person's tokens that work now."""
        now = self.parts.clock()
        if is_provided(subject.user):
            return self.parts.session_tokens.tokens(subject.user, now)
        every = self.parts.tokens.tokens(subject.user)
        return tuple(token for token in every if token.revoked_at is None and token.expires_at > now)

    def _scopes(self, subject: Subject) -> tuple[str, ...] | None:
        """What the new token carries; None is everything."""
        if "everything" in flask.request.form:
            return None
        return scopes_within(flask.request.form.getlist("scope"), self._rights(subject), subject.user)

    def _rights(self, subject: Subject) -> Rights:
        return Rights(subject, self.parts.policies.current())

    def _days(self) -> int:
        days = flask.request.form.get("days", "")
        if days not in map(str, self._lifetimes()):
            raise RequestInvalid("a token needs an end", hint="choose after how many days it ends")
        return int(days)

    def _lifetimes(self) -> tuple[int, ...]:
        return tuple(days for days in LIFETIMES if days <= self.parts.settings.tokens.max_days)

    def _page(
        self, subject: Subject, *, created: Created | None = None, problem: VeilError | None = None, name: str = ""
    ) -> str:
        return flask.render_template(
            "connect.html",
            created=created,
            problem=problem,
            is_provided=is_provided(subject.user),
            api_audience=self.parts.settings.auth.api_audience,
            name=name,
            days=30,
            capabilities=self._rights(subject).listed(),
            chosen=flask.request.form.getlist("scope") if problem else [],
            is_everything=bool(problem) and "everything" in flask.request.form,
            lifetimes=self._lifetimes(),
            tokens=self._tokens(subject),
            snippets=snippets(public_url(), self._example(subject)),
        )

    def _example(self, subject: Subject) -> str:
        """A dataset for the snippets: the one that was asked for if the person sees it, else the first."""
        sights = self.parts.metadata.find(subject, decision_id=answers.decision_id(), client=answers.client())
        seen = [join(sight.dataset.database, sight.dataset.name) for sight in sights]
        wanted = flask.request.args.get("dataset", "")
        return wanted if wanted in seen else next(iter(seen), "database.dataset")

    def _tell(self, kind: EventKind, subject: Subject, token: ApiToken) -> None:
        self.parts.journal.append(
            Event(
                kind=kind,
                user=subject.user,
                groups=tuple(sorted(subject.groups)),
                client=answers.client(),
                decision_id=answers.decision_id(),
                details={
                    "token": token.id,
                    "name": token.name,
                    "expires_at": token.expires_at.isoformat(),
                    "scopes": token.carries,
                },
            )
        )


def _check(name: str) -> None:
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise RequestInvalid(
            "a token needs a name of one line", hint=f"say in at most {_LONGEST_NAME} characters what it is for"
        )
