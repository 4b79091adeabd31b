"""The Policies page: every policy that a person may read, as a sentence, a statement and YAML; and all as one file."""

from dataclasses import dataclass

import flask

from catalog.search_words import search_words
from policy_engine.capabilities import Action, Rights
from policy_engine.changing.delegation import may_change_anything
from policy_engine.document import writing
from policy_engine.owners import last_changes, told_history
from policy_engine.readers import readable, reads_every_policy
from proxy.http import answers
from proxy.http.identity import Identity
from web_ui import arguments
from web_ui.pages.frame import viewer
from web_ui.pages.policy_cards import Card
from web_ui.parts import Parts
from web_ui.view_as import seen


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesPage:
    """Lists policies; those that a person may not read are not there."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes of this page."""
        page = flask.Blueprint("policies", __name__)
        page.get("/policies")(self.show)
        page.get("/policies/export")(self.export)
        return page

    def show(self) -> str:
        """The list, or what holds every word of the search."""
        who, current = seen(self.identity), self.parts.policies.current()
        subject, is_self = who.subject, not who.is_another
        answers.decided_under(current.revision)
        rights = Rights(subject, current)
        search = flask.request.args.get("search", "").strip()
        told = told_history(self.parts.revisions.history(), tells_all=reads_every_policy(rights))
        last, now = last_changes(told), self.parts.clock()
        cards = [Card.of(policy, last, now) for policy in readable(subject, current)]
        words = search_words(search.lower(), "policies")
        searched = ((card, card.text.lower()) for card in cards) if words else ((card, "") for card in cards)
        found = [card for card, text in searched if all(word in text for word in words)]
        return flask.render_template(
            "policies.html",
            search=search,
            cards=found,
            revision=current.revision,
            sees_all=reads_every_policy(rights),
            links_on=is_self,
            may_change=is_self and may_change_anything(rights),
            may_write=is_self and rights.places(Action.POLICY_WRITE) != frozenset(),
            since=arguments.number("since", 2**31),
        )

    def export(self) -> flask.Response:
        """What the person may read as one document, which says what is in force."""
        subject, current = viewer(self.identity), self.parts.policies.current()
        document = writing.write({"policies": writing.policies(readable(subject, current))})
        response = flask.Response(document, content_type="application/yaml; charset=utf-8")
        response.headers["Content-Disposition"] = 'attachment; filename="policies.yaml"'
        return response
