"""The sign-in page, and the way out."""

from dataclasses import dataclass

import flask

from catalog.errors import NotAuthenticated, VeilError
from proxy.refusals import TooMany
from web_ui.session import Sessions

_LONGEST_NEXT = 1000  # it travels in the cookie while somebody is at the identity provider


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage:
    """Signs people in with name and password, and out again however they came in."""

    sessions: Sessions

    def blueprint(self) -> flask.Blueprint:
        """The routes of this page."""
        page = flask.Blueprint("sign_in", __name__)
        page.get("/sign-in")(self.show)
        page.post("/sign-in")(self.enter)
        page.post("/sign-out")(self.leave)
        return page

    def show(self) -> flask.typing.ResponseReturnValue:
        """The form; who is signed in already goes on."""
        if self.sessions.user_name() is not None:
            return flask.redirect(wanted())
        return form("", None)

    def enter(self) -> flask.typing.ResponseReturnValue:
        """Check name and password, and go on to where the person wanted to."""
        name = flask.request.form.get("name", "").strip()
        try:
            self.sessions.sign_in(name, flask.request.form.get("password", ""))
        except (NotAuthenticated, TooMany) as problem:
            return form(name, problem), problem.status
        return flask.redirect(wanted(), code=303)

    def leave(self) -> flask.typing.ResponseReturnValue:
        """End the session; a page in between leads to the provider, as no form may be sent on to another site."""
        ended = self.sessions.sign_out()
        if ended is None or not ended.provider:
            return flask.redirect(flask.url_for("sign_in.show"), code=303)
        onward = flask.url_for("provider.sign_out_there")
        return flask.render_template("signed_out.html", onward=onward), {"Refresh": f"0; url={onward}"}


def form(name: str, problem: VeilError | None, *, onward: str | None = None) -> str:
    """The sign-in page; `onward` is where to go afterwards, unless the request says it."""
    return flask.render_template("sign_in.html", name=name, next=onward or wanted(), problem=problem)


def wanted() -> str:
    """Where to go after the sign-in: a path of this server, never another site."""
    asked = flask.request.values.get("next", "")
    is_local = asked.startswith("/") and not asked.startswith(("//", "/\\")) and asked.isprintable()
    return asked if is_local and len(asked) <= _LONGEST_NEXT else flask.url_for("root")
