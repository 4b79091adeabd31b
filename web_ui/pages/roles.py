"""The pages of roles: which groups hold them, what they open, what their holders may do, and which are of no use."""

from dataclasses import dataclass

import flask

from policy_engine.capabilities import Action
from policy_engine.owners import last_changes, told_history
from policy_engine.readers import reads_every_policy
from proxy.http.identity import Identity
from proxy.refusals import NotThere
from web_ui import arguments
from web_ui.pages.frame import viewer
from web_ui.pages.policy_cards import Card
from web_ui.parts import Parts
from web_ui.role_stories import MOST_MEMBERS, Roles

_MOST_DATASETS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RolesPage:
    """Shows roles; one that is none of the person's business is not there."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The routes of these pages."""
        page = flask.Blueprint("roles", __name__)
        page.get("/roles")(self.show)
        page.get("/roles/<path:name>")(self.one)
        return page

    def show(self) -> str:
        """The roles, or what matches the search; with `?unused=true`, those that serve nobody or open nothing."""
        roles, search = self._roles(), flask.request.args.get("search", "").strip()
        found = roles.listed(search)
        unused = [story for story in found if story.unused]
        is_narrow = arguments.flag("unused")
        shown = unused if is_narrow else found
        return flask.render_template(
            "roles.html",
            roles=[story for story in shown if not story.is_personal],
            personal=[story for story in shown if story.is_personal],
            unused=len(unused),
            is_narrow=is_narrow,
            search=search,
            sees_all=roles.sees_all,
            may_change=roles.rights.may(Action.HOME_ADMINISTER),
        )

    def one(self, name: str) -> str:
        """One role whole."""
        roles = self._roles()
        story = roles.story(name)
        if story is None:
            raise NotThere("there is no role of that name that you can see", hint="choose one from the list")
        told = told_history(self.parts.revisions.history(), tells_all=reads_every_policy(roles.rights))
        last, now = last_changes(told), self.parts.clock()
        return flask.render_template(
            "role.html",
            story=story,
            role=story.role,
            cards=[Card.of(policy, last, now) for policy in story.policies],
            sights=story.sights[:_MOST_DATASETS],
            further=max(0, len(story.sights) - _MOST_DATASETS),
            most_members=MOST_MEMBERS,
            sees_all=roles.sees_all,
            sees_use=roles.sees_use,
            may_change=roles.rights.may(Action.HOME_ADMINISTER),
            may_write=roles.rights.places(Action.POLICY_WRITE) != frozenset(),
            since=arguments.number("since", 2**31),
        )

    def _roles(self) -> Roles:
        return Roles(self.parts, viewer(self.identity))
