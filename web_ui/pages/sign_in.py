"""The sign-in page, and the way out."""

from dataclasses import dataclass

import flask

from catalog.errors import NotAuthenticated, VeilError
from proxy.refusals import TooMany
from web_ui.session import Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage:
    """Signs people in with name and password, and out again."""

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
            return flask.redirect(_next())
        return _form("", None)

    def enter(self) -> flask.typing.ResponseReturnValue:
        """Check name and password, and go on to where the person wanted to."""
        name = flask.request.form.get("name", "").strip()
        try:
            self.sessions.sign_in(name, flask.request.form.get("password", ""))
        except (NotAuthenticated, TooMany) as problem:
            return _form(name, problem), problem.status
        return flask.redirect(_next(), code=303)

    def leave(self) -> flask.typing.ResponseReturnValue:
        """End the session."""
        self.sessions.sign_out()
        return flask.redirect(flask.url_for("sign_in.show"), code=303)


def _form(name: str, problem: VeilError | None) -> str:
    return flask.render_template("sign_in.html", name=name, next=_next(), problem=problem)


def _next() -> str:
    """Where to go after the sign-in: a path of this server, never another site."""
    wanted = flask.request.values.get("next", "")
    is_local = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_local else flask.url_for("root")
