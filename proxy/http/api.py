"""The data API under /api/v1: query, explain, datasets, whoami and its own description."""

import base64
import contextlib
import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import flask

from catalog.people.accounts import Accounts
from crawler.levels import Levels
from policy_engine.capabilities import Action, Rights
from policy_engine.model import Subject
from policy_engine.store import PolicyStore
from policy_engine.subjects import subject_of
from proxy.answering.answer import Answer
from proxy.answering.wire import CONTENT_TYPES, Format, encode
from proxy.governance import Request
from proxy.http import answers, outgoing
from proxy.http.addresses import with_pages
from proxy.http.bodies import Body, refuse_unknown_arguments
from proxy.http.departures import Departures
from proxy.http.identity import Identity
from proxy.http.streams import Stream, refuse_old_protocol
from proxy.metadata import Metadata, summary
from proxy.narrowing import FACETS, narrowed, wanted
from proxy.pipeline import Pipeline
from proxy.reading.parameters import decode
from proxy.refusals import RequestInvalid

ACCESS_KEY = b"veil.access"
"""Under which key an Arrow schema's metadata tells what was decided, as JSON."""

_HEADER_MOST = 6_000
_PURPOSE_MOST = 500
_QUERY_KEYS = ("sql", "params", "database", "dialect", "format", "purpose")
_EXPLAIN_KEYS = ("sql", "params", "database", "dialect", "purpose", "as")


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The routes of the data API over the parts they need."""

    identity: Identity
    accounts: Accounts
    policies: PolicyStore
    metadata: Metadata
    pipeline: Pipeline
    departures: Departures
    description: Mapping[str, object]
    levels: Callable[[], Levels]

    def blueprint(self) -> flask.Blueprint:
        """The routes as Flask takes them, without the prefix."""
        routes = flask.Blueprint("api", __name__)
        routes.post("/query")(self.query)
        routes.post("/explain")(self.explain)
        routes.get("/datasets")(self.datasets)
        routes.get("/datasets/<database>/<name>")(self.dataset)
        routes.get("/whoami")(self.whoami)
        routes.get("/openapi.json")(self.openapi)
        return routes

    def query(self) -> flask.Response:
        """Run one statement as the person who asks and stream what that person may see of it."""
        subject = answers.subject(self.identity)
        refuse_old_protocol()
        body = Body.read(*_QUERY_KEYS)
        form = _format(body)
        request = _request(body)
        with contextlib.ExitStack() as held:
            watch = self.departures.watch(flask.request.environ.get("gunicorn.socket"))
            held.callback(watch.close)

            with answers.unchanged(self.identity):
                begun = self.pipeline.query(
                    subject,
                    request,
                    decision_id=answers.decision_id(),
                    on_settled=functools.partial(answers.refuse_if_changed, self.identity),
                    on_start=watch.attach,
                )
                answer = held.enter_context(begun)
            return streamed(answer, form, held)

    def explain(self) -> flask.Response:
        """Tell what would be decided and which SQL would run; nothing is run."""
        asked_by = answers.subject(self.identity)
        body = Body.read(*_EXPLAIN_KEYS)
        subject = self._explained(body, asked_by)
        request, decision_id = _request(body), answers.decision_id()
        with answers.unchanged(self.identity):
            told = self.pipeline.explain(subject, request, decision_id=decision_id, asked_by=asked_by)
        return flask.jsonify(with_pages(told))

    def datasets(self) -> flask.Response:
        """The datasets the person may see, those that match `search` and are filed under all else that is given."""
        subject = answers.subject(self.identity)
        refuse_unknown_arguments("search", *FACETS)
        asked = wanted(flask.request.args, self._rights(subject))
        with answers.unchanged(self.identity):
            found = self.metadata.find(
                subject,
                flask.request.args.get("search", ""),
                decision_id=answers.decision_id(),
                client=answers.client(),
            )
        levels = self.levels()
        left = narrowed(found, levels, asked)
        return flask.jsonify({"datasets": [summary(sight, levels) for sight in left]})

    def dataset(self, database: str, name: str) -> flask.Response:
        """One dataset with the columns the person may see; an unseen one is an absent one."""
        subject = answers.subject(self.identity)
        refuse_unknown_arguments()
        with answers.unchanged(self.identity):
            view = self.metadata.describe(
                subject, database, name, decision_id=answers.decision_id(), client=answers.client()
            )
        return flask.jsonify(view.description(self.levels()))

    def whoami(self) -> flask.Response:
        """Who the server takes the person for."""
        subject = answers.subject(self.identity)
        return flask.jsonify(
            {
                "user": subject.user,
                "groups": sorted(subject.groups),
                "attributes": dict(sorted(subject.attributes.items())),
                "roles": list(self.metadata.roles(subject)),
                "capabilities": list(self._rights(subject).listed()),
                "scopes": None if subject.scopes is None else sorted(subject.scopes),
            }
        )

    def openapi(self) -> flask.Response:
        """This API, described; open to everybody, since it tells nothing of this server's data."""
        return flask.jsonify(self.description)

    def _explained(self, body: Body, asked_by: Subject) -> Subject:
        """The subject to explain for: the person who asks, or somebody else for those who may see as others."""
        if not body.has("as"):
            return asked_by
        other = Body(body.raw("as"), keys=("user", "groups", "attributes"), where="`as`")
        if other.has("user"):
            if other.has("groups") or other.has("attributes"):
                raise RequestInvalid(
                    "`as` names a user and groups", hint="send either `user`, or `groups` and `attributes`"
                )
            return self._explained_user(other.text("user"), asked_by)
        self._require_impersonation(asked_by)
        return Subject(user="", groups=frozenset(other.texts("groups")), attributes=other.attributes("attributes"))

    def _rights(self, subject: Subject) -> Rights:
        return Rights(subject, self.policies.current())

    def _require_impersonation(self, asked_by: Subject) -> None:
        self._rights(asked_by).require(Action.SUBJECT_IMPERSONATE, None, "see what others would see")

    def _explained_user(self, name: str, asked_by: Subject) -> Subject:
        if name == asked_by.user:
            return asked_by
        self._require_impersonation(asked_by)
        user = self.accounts.user(name)
        if user is None:
            raise RequestInvalid(f"there is no user `{name}`", hint="name an account of this server, or send `groups`")
        return subject_of(user)


def _request(body: Body) -> Request:
    return Request(
        sql=body.text("sql"),
        parameters=decode(body.values_or_named("params")),
        database=body.text("database", default="main"),
        dialect=body.text("dialect", default="duckdb"),
        purpose=purpose_of(body.text("purpose") if body.has("purpose") else None),
        client=answers.client(),
    )


def purpose_of(purpose: str | None) -> str | None:
    """What the data is wanted for; each query's stands in the journal, so it is short."""
    if purpose is not None and len(purpose) > _PURPOSE_MOST:
        raise RequestInvalid(f"`purpose` is longer than {_PURPOSE_MOST} characters", hint="say it in a few words")
    return purpose


def _format(body: Body) -> Format:
    asked = body.text("format", default=Format.ARROW)
    if asked not in list(Format):
        known = ", ".join(f"`{form}`" for form in Format)
        raise RequestInvalid(f"unknown format `{asked}`", hint=f"known formats: {known}")
    return Format(asked)


def streamed(answer: Answer, form: Format, held: contextlib.ExitStack) -> flask.Response:
    """The answer as a chunked response, which takes over what is held for it.

    What was decided goes before it: in a header when short, in Arrow always.
    """
    answers.decided_under(answer.revision)
    access = json.dumps(with_pages(answer.access), ensure_ascii=False, separators=(",", ":")).encode()
    schema = answer.schema
    if form is Format.ARROW:
        schema = schema.with_metadata({**(schema.metadata or {}), ACCESS_KEY: access})
    pieces = encode(form, schema, answer.batches(), decision_id=answer.decision_id, revision=answer.revision)
    stream = Stream(pieces, decision_id=answer.decision_id, on_failure=answer.fail)
    if (connection := outgoing.of_request(flask.request.environ)) is not None:
        connection.carries_query()
    response = flask.Response(stream, content_type=CONTENT_TYPES[form], direct_passthrough=True)
    header = base64.urlsafe_b64encode(access).decode()
    if len(header) <= _HEADER_MOST:
        response.headers["Veil-Access"] = header
    held.callback(answers.keep_turn())
    stream.hold(held)
    return response
