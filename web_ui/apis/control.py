"""The control API under /api/v1: tags, roles, policies and the journal, for those who may."""

from dataclasses import dataclass
from datetime import date

import flask

from policy_engine.capabilities import Action, Rights
from policy_engine.changing.delegation import require_any
from policy_engine.changing.plan import Plan
from policy_engine.changing.row_counts import Count
from policy_engine.ddl.printing import print_policy
from policy_engine.ddl.run import Runner
from policy_engine.ddl.views import Answer
from policy_engine.document.writing import policy_entry
from policy_engine.model import Policy
from policy_engine.readers import readable
from proxy.http import answers
from proxy.http.bodies import Body, read_bytes, refuse_unknown_arguments
from proxy.http.identity import Identity
from proxy.refusals import MediaTypeUnsupported, RequestInvalid
from web_ui import arguments
from web_ui.authoring.planning import applied, planned
from web_ui.authoring.policy_at import readable_policy
from web_ui.journal.search import ASKED, archived_until, paced, reach_of, search
from web_ui.parts import Parts
from web_ui.role_stories import Roles, role_as_json, whole_as_json
from web_ui.row_counts import row_counter

_DOCUMENTS = ("application/yaml", "application/x-yaml", "text/yaml", "application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlApi:
    """The routes of the control API over the parts they need."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes as Flask takes them, without the prefix."""
        routes = flask.Blueprint("control", __name__)
        routes.get("/tags")(self.tags)
        routes.get("/roles")(self.roles)
        routes.get("/policies")(self.policies)
        routes.post("/policies/plan")(self.plan)
        routes.post("/policies/apply")(self.apply)
        routes.post("/ddl")(self.ddl)
        routes.get("/audit/events")(self.events)
        return routes

    def tags(self) -> flask.Response:
        """Every tag with its level; tags are words, not data, so everybody may know them."""
        answers.subject(self.identity)
        refuse_unknown_arguments()
        tags = [{"tag": tag.name, "comment": tag.comment, "level": tag.level.value} for tag in self.parts.tags.tags()]
        return flask.jsonify({"tags": tags})

    def roles(self) -> flask.Response:
        """Every role for administrators and auditors; others see the roles they hold. With `role`, that one whole."""
        subject = answers.subject(self.identity)
        refuse_unknown_arguments("role")
        roles, name = Roles(self.parts, subject), flask.request.args.get("role")
        if name is None:
            return flask.jsonify({"roles": [role_as_json(story) for story in roles.listed()]})
        story = roles.story(name)
        return flask.jsonify({"roles": [] if story is None else [whole_as_json(story, roles)]})

    def policies(self) -> flask.Response:
        """Every policy for administrators and auditors; others see those of their roles, and those they may write.

        With `policy`, that one alone, as it is or as it stood in a revision.
        """
        subject = answers.subject(self.identity)
        refuse_unknown_arguments("policy", "revision")
        current, name = self.parts.policies.current(), flask.request.args.get("policy")
        asked = arguments.number("revision", 2**31)
        if name is None:
            if asked is not None:
                raise RequestInvalid("a revision is asked of no policy", hint="name it, as `policy=clerks&revision=41`")
            found, number = readable(subject, current), current.revision
        else:
            number = current.revision if asked is None else asked
            found = (readable_policy(name, number, subject, current, self.parts.revisions),)
        answers.decided_under(number)
        return flask.jsonify({"revision": number, "policies": [_entry(policy) for policy in found]})

    def plan(self) -> flask.Response:
        """What applying a document would change, and for whom; nothing is changed."""
        return flask.jsonify(self._plan("plan documents", "rows").as_json())

    def apply(self) -> flask.Response:
        """Carry a document out, all or nothing; the answer is the plan that was carried out."""
        plan = self._plan("apply documents", "why")
        subject = answers.subject(self.identity)
        return flask.jsonify(applied(self.parts, subject, plan, why=flask.request.args.get("why", "")).as_json())

    def ddl(self) -> flask.Response:
        """Carry out one policy statement, or answer a SHOW or DESCRIBE."""
        subject = answers.subject(self.identity)
        refuse_unknown_arguments()
        runner = Runner(
            catalog=self.parts.catalog,
            visibility=self.parts.visibility,
            user=subject.user,
            subject=subject,
            client=answers.client(),
        )
        statement = Body.read("statement").text("statement")
        with self.parts.pipeline.turn(subject):
            done = runner.run(statement, self.parts.clock)
        if isinstance(done, Answer):
            return flask.jsonify({"columns": done.columns, "rows": done.rows})
        answers.decided_under(done.revision)
        return flask.jsonify(done.as_json())

    def events(self) -> flask.Response:
        """The journal, newest first: all of it for auditors, of some databases for some, one's own for everybody."""
        refuse_unknown_arguments(*ASKED)
        subject = answers.subject(self.identity)
        reach = reach_of(self.parts, subject)
        with paced(reach):
            page = search(self.parts, subject, reach)
        archived = archived_until(self.parts)
        return flask.jsonify(
            {
                "events": [page.found.reach.told(event) for event in page.events],
                "before": page.before,
                "count": page.found.members.count,
                "archived_until": f"{archived:%Y-%m-%d}" if archived else None,
            }
        )

    def _plan(self, what: str, *known: str) -> Plan:
        """The plan for the document in the body."""
        subject = answers.subject(self.identity)
        rights = Rights(subject, self.parts.policies.current())
        require_any(rights, what)
        refuse_unknown_arguments("prune", *known)
        count = self._counter(rights) if "rows" in known and arguments.flag("rows") else None
        return planned(self.parts, subject, _document(), what=what, prune=arguments.flag("prune"), count=count)

    def _counter(self, rights: Rights) -> Count:
        rights.require(Action.HOME_ADMINISTER, None, "count rows for a plan")
        return row_counter(self.parts, answers.subject(self.identity).user, answers.client())


def _document() -> str:
    """The body as the text of a document; JSON is YAML too."""
    if flask.request.mimetype not in _DOCUMENTS:
        given = flask.request.mimetype or "nothing"
        raise MediaTypeUnsupported(
            f"the body is `{given}`, not a document", hint="send it as `application/yaml`, or as JSON"
        )
    try:
        return read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RequestInvalid("the document is not UTF-8 text", hint="save it as UTF-8") from None


def _entry(policy: Policy) -> dict[str, object]:
    """A policy as documents write it, with days and moments as text, and as the statement that states it."""
    entry = {**policy_entry(policy), "statement": print_policy(policy)}
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in entry.items()}
