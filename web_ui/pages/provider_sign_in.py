"""The way to the identity provider and back, and out again: three addresses that only send people on."""

import time
from dataclasses import asdict, dataclass, field

import flask

from catalog.errors import NotAuthenticated, SourceUnavailable
from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.journal import Journal
from proxy.http import answers
from web_ui.failed_sign_ins import FailedSignIns
from web_ui.identity.fetching import ProviderBusy
from web_ui.identity.provider import Arrival, Attempt, IdentityProvider
from web_ui.pages import sign_in
from web_ui.session import Sessions
from web_ui.throttle import Paused, Throttle

_ATTEMPT = "attempt"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSignIn:
    """Signs people in through the identity provider, where there is one."""

    sessions: Sessions
    provider: IdentityProvider | None
    journal: Journal
    failed: FailedSignIns
    told: Throttle = field(default_factory=lambda: Throttle(attempts=50, pause_seconds=300.0, clock=time.monotonic))
    """How many failures from one address are told one by one; it keeps nobody waiting."""

    def blueprint(self) -> flask.Blueprint:
        """The routes of this page."""
        page = flask.Blueprint("provider", __name__)
        page.get("/sign-in/provider")(self.leave_for_provider)
        page.get("/sign-in/callback")(self.come_back)
        page.get("/sign-out/provider")(self.sign_out_there)
        return page

    def leave_for_provider(self) -> flask.typing.ResponseReturnValue:
        """Send the person to the provider, and remember in this browser that they were sent."""
        if self.provider is None:
            return _to_form()
        try:
            address, attempt = self.provider.begin()
        except SourceUnavailable as problem:
            return sign_in.form("", problem), problem.status
        flask.session[_ATTEMPT] = {**asdict(attempt), "next": sign_in.wanted()}
        return flask.redirect(address)

    def come_back(self) -> flask.typing.ResponseReturnValue:
        """Begin a session for whoever the provider says came back; each attempt counts once."""
        begun = flask.session.pop(_ATTEMPT, None)
        if self.provider is None or begun is None:
            return _to_form()
        onward = begun.pop("next")
        try:
            arrival = self.provider.finish(flask.request.args, Attempt(**begun), address=answers.client())
        except ProviderBusy as problem:
            flask.session[_ATTEMPT] = {**begun, "next": onward}
            return sign_in.form("", problem, onward=onward), problem.status
        except (NotAuthenticated, SourceUnavailable) as problem:
            self._tell_failure(problem.detail)
            return sign_in.form("", problem, onward=onward), problem.status
        self.journal.append(self._event(EventKind.LOGIN_OK, arrival))
        self.sessions.begin(arrival.subject, provider=self._issuer, logout_hint=arrival.proof)
        return flask.redirect(onward, code=303)

    def sign_out_there(self) -> flask.typing.ResponseReturnValue:
        """Send somebody who has just signed out here to where the provider ends its own session."""
        proof = self.sessions.left_with()
        if self.provider is None or not proof:
            return _to_form()
        try:
            return flask.redirect(self.provider.sign_out_address(proof) or flask.url_for("sign_in.show"))
        except SourceUnavailable as problem:
            return sign_in.form("", problem), problem.status

    @property
    def _issuer(self) -> str:
        return self.provider.configuration.issuer if self.provider else ""

    def _tell_failure(self, reason: str) -> None:
        """Journal a failure, each of some; of more from one address that they begin, and when they end."""
        event = self._event(EventKind.LOGIN_FAIL, reason=reason)
        try:
            self.told.enter("", answers.client())
        except Paused as pause:
            self.failed.refused(("provider", *pause.what), pause.seconds, lambda: event)
        else:
            self.journal.append(event)

    def _event(self, kind: EventKind, arrival: Arrival | None = None, *, reason: str = "") -> Event:
        """A sign-in: on success with who the person is at the provider."""
        details = {"by": "provider", "provider": self._issuer}
        details |= {"subject": arrival.provider_subject} if arrival else {"reason": reason}
        return Event(
            kind=kind,
            user=arrival.subject.user if arrival else "",
            groups=tuple(sorted(arrival.subject.groups)) if arrival else (),
            verdict=Verdict.ALLOW if arrival else Verdict.DENY,
            client=answers.client(),
            decision_id=answers.decision_id(),
            details=details,
        )


def _to_form() -> flask.typing.ResponseReturnValue:
    return flask.redirect(flask.url_for("sign_in.show"))
