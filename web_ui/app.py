"""Makes the Flask application out of the parts: the API, the pages, and what every answer has in common."""

import time
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import flask
from markupsafe import escape

from catalog.errors import Internal, NotAuthenticated, VeilError
from catalog.secret_files import kept_secret
from policy_engine.capabilities import Rights
from policy_engine.model import Subject
from proxy.http import answers, problems
from proxy.http.deeds import Deeds
from proxy.http.forwarded import read_proxies
from proxy.http.identity import Identity
from proxy.refusals import TooMany
from web_ui import session, wording
from web_ui.cookies import plain_cookies
from web_ui.home.estate import Estates
from web_ui.home.steps import next_step
from web_ui.identity.configuration import configured
from web_ui.identity.provider import IdentityProvider
from web_ui.metrics import MetricsPage
from web_ui.pages.addresses import cited, policy_url
from web_ui.pages.frame import navigation, vendored
from web_ui.pages.query_form import first_query
from web_ui.pages.view_as import ViewAsPage
from web_ui.parts import Parts
from web_ui.routes import apis, pages
from web_ui.throttle import Throttle
from web_ui.view_as import OPEN, ViewAs

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class _App(flask.Flask):
    """Leaves it to `problems.told` to log what goes wrong past every handler: Flask tells its text and the address.

    INVARIANT: no cookie is looked for in a text that is none; Werkzeug takes time by the square of the blanks in one.
    """

    def wsgi_app(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answers a request, of whose cookies those are left that are some."""
        if "HTTP_COOKIE" in environ:
            environ["HTTP_COOKIE"] = plain_cookies(environ["HTTP_COOKIE"])
        return super().wsgi_app(environ, start_response)

    def log_exception(self, exc_info: Any) -> None:
        """Nothing: the handler of all errors comes next."""


def create_app(parts: Parts) -> flask.Flask:
    """The whole server as a WSGI application; the parts stay the caller's to close."""
    settings = parts.settings
    app = _App("web_ui")
    app.secret_key = kept_secret(parts.home.path / "cookie.key", length=32, loss="everybody signs in again")
    app.config.update(
        MAX_CONTENT_LENGTH=settings.server.max_body_bytes,
        SESSION_COOKIE_NAME=session.cookie_name(settings.server.public_url),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PUBLIC_HOST=settings.server.public_url.partition("://")[2].rstrip("/"),
        PUBLIC_URL=settings.server.public_url.rstrip("/"),
        TRUSTED_PROXIES=read_proxies(settings.server.trusted_proxies),
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's own provider has it
    app.session_interface = session.CookieSessions(settings.server.public_url)
    provider = _provider(parts)
    sessions = _sessions(parts, provider)
    identity = Identity(
        accounts=parts.accounts,
        tokens=parts.tokens,
        clock=parts.clock,
        signed_in=sessions.subject,
        others=partial(_bearer, sessions, provider),
    )
    view_as = ViewAs(parts, identity, sessions)
    app.before_request(session.refuse_forgery)
    app.before_request(view_as.guard)
    app.after_request(_secure)
    app.after_request(parts.metrics.answered)
    answers.install(app, parts.revisions.current_number, threads=settings.server.threads)
    Deeds(catalog=parts.catalog, policies=parts.policies).install(app)
    app.register_error_handler(Exception, _on_error)
    _add_routes(app, parts, identity, sessions, provider)
    app.register_blueprint(ViewAsPage(parts=parts, view_as=view_as).blueprint())
    _add_words(app, parts, identity, sessions, provider)
    return app


def _bearer(sessions: session.Sessions, provider: IdentityProvider | None, text: str) -> Subject | None:
    """Whom a token is about: one of the provider's has two dots, one of ours has none.

    INVARIANT: the signature of the former is checked once a request, as the provider's keys may have to be fetched: who
    asks is settled again while the catalog is locked.
    """
    if provider is None or text.count(".") != 2:
        return sessions.bearer(text)
    if flask.g.get("signed", ("", None))[0] != text:
        flask.g.signed = text, provider.signed(text)
    return provider.bearer(flask.g.signed[1])


def _provider(parts: Parts) -> IdentityProvider | None:
    configuration = configured(parts.settings)
    if configuration is None:
        return None
    return IdentityProvider(configuration, accounts=parts.accounts, names=parts.provided_names, clock=parts.clock)


def _sessions(parts: Parts, provider: IdentityProvider | None) -> session.Sessions:
    wanted = parts.settings.session
    return session.Sessions(
        accounts=parts.accounts,
        store=parts.web_sessions,
        tokens=parts.session_tokens,
        journal=parts.journal,
        throttle=Throttle(attempts=wanted.attempts, pause_seconds=wanted.pause_seconds, clock=time.monotonic),
        failed=parts.failed_sign_ins,
        lifetime=timedelta(hours=wanted.hours),
        idle=timedelta(minutes=wanted.idle_minutes),
        clock=parts.clock,
        provider=provider.configuration.issuer if provider else "",
        rules=provider.configuration.claims.mark if provider else "",
    )


def _add_routes(
    app: flask.Flask,
    parts: Parts,
    identity: Identity,
    sessions: session.Sessions,
    provider: IdentityProvider | None,
) -> None:
    estates = Estates(parts)
    for api in apis(parts, identity, estates):
        app.register_blueprint(api, url_prefix=answers.PREFIX)
    for page in pages(parts, identity, sessions, provider, estates):
        app.register_blueprint(page)

    def root() -> flask.typing.ResponseReturnValue:
        return flask.redirect(flask.url_for("data.show" if flask.g.get("seen") else "home.show"))

    def healthz() -> flask.Response:
        """Whether the catalog can be read; tells nothing else."""
        parts.revisions.current_number()
        return flask.jsonify({"status": "ok"})

    metrics = MetricsPage(metrics=parts.metrics, identity=identity, policies=parts.policies)
    app.add_url_rule("/", view_func=root)
    app.add_url_rule("/healthz", view_func=healthz)
    app.add_url_rule("/metrics", "metrics", view_func=metrics.show)


def _add_words(
    app: flask.Flask,
    parts: Parts,
    identity: Identity,
    sessions: session.Sessions,
    provider: IdentityProvider | None,
) -> None:
    """What templates may use: the filters, and what stands around every page for the person who is signed in."""

    def rights() -> Rights:
        return Rights(answers.subject(identity), parts.policies.current())

    app.jinja_env.filters.update(wording.FILTERS, cited=cited)
    app.jinja_env.globals["vendored"] = vendored
    app.jinja_env.globals["policy_url"] = policy_url
    app.jinja_env.globals["next_step"] = lambda: None if flask.g.get("seen") else next_step(parts, rights())
    app.jinja_env.globals["first_query"] = first_query
    app.jinja_env.globals["has_nobody"] = lambda: provider is None and parts.accounts.is_empty()
    app.jinja_env.globals["provider_name"] = provider.configuration.name if provider else ""

    def frame() -> dict[str, object]:
        person, looking = sessions.user_name(), flask.g.get("seen")
        return {
            "csrf_token": session.csrf_token,
            "seen": looking,
            **navigation(person, rights, only=OPEN if looking else None),
        }

    app.context_processor(frame)


def _on_error(error: Exception) -> flask.typing.ResponseReturnValue:
    """A problem document under /api/v1, else a page that says the same."""
    if answers.is_api() or flask.request.path in ("/healthz", "/metrics"):
        return answers.problem(error)
    known = problems.told(error, decision_id=answers.decision_id())
    if isinstance(known, NotAuthenticated) and flask.request.method == "GET":
        return flask.redirect(flask.url_for("sign_in.show", next=flask.request.full_path.rstrip("?")))
    return _error_page(known), known.status


def _error_page(known: VeilError) -> str:
    try:
        return flask.render_template("problem.html", problem=known, decision_id=answers.decision_id())
    except VeilError:  # the frame itself needs the catalog; a broken one must still be told of
        if isinstance(known, TooMany):  # nor has it a turn then
            return str(escape(f"{known.detail}; {known.hint}."))
        return f"{Internal.title}. Decision id: {answers.decision_id()}"


def _secure(response: flask.Response) -> flask.Response:
    """What keeps a browser from running, framing, guessing or keeping what it should not."""
    response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if flask.request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
