"""The Policies page: every policy that a person may read, as a statement and as YAML, with why and since when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import flask

from catalog.model import Revision
from catalog.names import fold
from policy_engine.capabilities import Rights
from policy_engine.conditions import print_when
from policy_engine.ddl.printing import print_policy
from policy_engine.delegation import may_change_anything
from policy_engine.document.writing import policy_entry, write
from policy_engine.model import Policy
from policy_engine.owners import last_changes
from policy_engine.policy_index import is_in_force
from policy_engine.readers import readable, reads_every_policy
from proxy import answers
from proxy.identity import Identity
from web_ui import arguments
from web_ui.pages.frame import viewer
from web_ui.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One policy as it is shown; `state` is empty for one in force, and `since` the revision that last changed it."""

    policy: Policy
    statement: str
    yaml: str
    state: str
    when: str
    since: Revision | None

    @property
    def text(self) -> str:
        """All that a search looks through."""
        return "\n".join((self.policy.id, self.statement, self.yaml, self.policy.why, self.state))


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesPage:
    """Lists policies; those that a person may not read are not there."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The route of this page."""
        page = flask.Blueprint("policies", __name__)
        page.get("/policies")(self.show)
        return page

    def show(self) -> str:
        """The list, or what holds every word of the search."""
        subject, current = viewer(self.identity), self.parts.policies.current()
        answers.decided_under(current.revision)
        search = flask.request.args.get("search", "").strip()
        last, now = last_changes(self.parts.revisions.history()), self.parts.clock()
        cards = [_card(policy, last, now) for policy in readable(subject, current)]
        found = [card for card in cards if all(word in card.text.lower() for word in search.lower().split())]
        return flask.render_template(
            "policies.html",
            search=search,
            cards=found,
            revision=current.revision,
            sees_all=reads_every_policy(Rights(subject, current)),
            may_change=may_change_anything(Rights(subject, current)),
            since=arguments.number("since", 2**31),
        )


def _card(policy: Policy, last: Mapping[str, Revision], now: datetime) -> Card:
    return Card(
        policy=policy,
        statement=print_policy(policy),
        yaml=write({"policies": [policy_entry(policy)]}).split("\n", 1)[1],
        state=_state(policy, now),
        when=print_when(policy.when) if policy.when else "",
        since=last.get(fold(policy.id)),
    )


def _state(policy: Policy, now: datetime) -> str:
    if not policy.enabled:
        return "switched off"
    if is_in_force(policy, now):
        return ""
    return "over" if policy.ends_at is not None and policy.ends_at <= now else "not begun"
