"""Sources under /api/v1: list, add, try and remove the places that hold data; credentials are named, never shown."""

from collections.abc import Mapping
from dataclasses import dataclass

import flask

from catalog.errors import SettingsInvalid
from catalog.model import Source
from policy_engine.changing.apply import Applied
from proxy.http import answers
from proxy.http.bodies import Body, refuse_unknown_arguments
from proxy.http.identity import Identity
from proxy.refusals import NotThere, RequestInvalid
from web_ui.apis.crawls import run_json
from web_ui.parts import Parts
from web_ui.settings import SourceCrawlSettings
from web_ui.sources import Known, Sources, source_of

_STATED = ("source", "connector", "options")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesApi:
    """The routes of sources over the parts they need."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes as Flask takes them, without the prefix."""
        routes = flask.Blueprint("sources_api", __name__)
        routes.get("/sources")(self.sources)
        routes.post("/sources")(self.put)
        routes.post("/sources/test")(self.test_stated)
        routes.get("/sources/<name>")(self.source)
        routes.post("/sources/<name>/test")(self.test)
        routes.post("/sources/<name>/remove")(self.remove)
        return routes

    def sources(self) -> flask.Response:
        """Every source, how it is crawled, and how its newest crawl stands."""
        sources = self._sources()
        refuse_unknown_arguments()
        return flask.jsonify({"sources": [self._json(each) for each in sources.listed()]})

    def source(self, name: str) -> flask.Response:
        """One source."""
        sources = self._sources()
        refuse_unknown_arguments()
        wanted = self._known(sources, name)
        return flask.jsonify(next(self._json(each) for each in sources.listed() if each.source.name == wanted.name))

    def put(self) -> tuple[flask.Response, int]:
        """Add a source, or with `replace` state one anew; the answer is the plan that was carried out."""
        sources = self._sources()
        refuse_unknown_arguments()
        body = Body.read(*_STATED, "replace", "why")
        replaces = _flag(body, "replace")
        done = sources.put(
            _stated(body), self.parts.home.documents, replaces=replaces, why=body.text("why", default="")
        )
        return _applied(done), 200 if replaces else 201

    def test_stated(self) -> flask.Response:
        """Try to reach a source that is only stated; nothing is kept but that it was tried."""
        sources = self._sources()
        refuse_unknown_arguments()
        source = sources.stated(_stated(Body.read(*_STATED)), self.parts.home.documents)
        return flask.jsonify(sources.reach(source).as_json())

    def test(self, name: str) -> flask.Response:
        """Try to reach a source."""
        sources = self._sources()
        refuse_unknown_arguments()
        return flask.jsonify(sources.reach(self._known(sources, name)).as_json())

    def remove(self, name: str) -> flask.Response:
        """Take a source away; with `datasets` those that are read from it too."""
        sources = self._sources()
        refuse_unknown_arguments()
        body = Body.read("datasets", "why")
        wanted = self._known(sources, name).name
        done = sources.remove(wanted, with_datasets=_flag(body, "datasets"), why=body.text("why", default=""))
        return _applied(done)

    def _known(self, sources: Sources, name: str) -> Source:
        try:
            return sources.one(name)
        except SettingsInvalid as unknown:
            raise NotThere(unknown.detail, hint=unknown.hint) from None

    def _json(self, known: Known) -> dict[str, object]:
        return source_json(known, self.parts.settings.crawl_of(known.source))

    def _sources(self) -> Sources:
        return sources_of(self.parts, self.identity)


def sources_of(parts: Parts, identity: Identity) -> Sources:
    """The sources as whoever asks may see and change them."""
    subject = answers.subject(identity)
    return Sources(
        parts=parts,
        by=subject.user,
        subject=subject,
        client=answers.client(),
        decision_id=answers.decision_id(),
    )


def source_json(known: Known, own: SourceCrawlSettings) -> dict[str, object]:
    """A source as the API tells it."""
    return {
        "source": known.source.name,
        "connector": known.source.connector,
        "options": dict(sorted(known.source.options.items())),
        "datasets": known.datasets,
        "every": own.every,
        "cron": own.cron,
        "into": own.into,
        "crawl": run_json(known.last) if known.last else None,
    }


def _stated(body: Body) -> Source:
    options = body.raw("options")
    if not isinstance(options, Mapping) or not all(isinstance(value, str) for value in options.values()):
        raise RequestInvalid("`options` is no object of texts", hint='as `{"path": "/srv/data"}`')
    return source_of(body.text("source"), body.text("connector"), options)


def _flag(body: Body, key: str) -> bool:
    value = body.raw(key)
    if value not in (None, True, False):
        raise RequestInvalid(f"`{key}` is neither true nor false", hint="leave it out for false")
    return bool(value)


def _applied(done: Applied) -> flask.Response:
    answers.decided_under(done.revision)
    return flask.jsonify(done.as_json())
