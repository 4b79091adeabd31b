"""The page that begins to look as somebody else; an address fills it in, and only its button begins."""

from dataclasses import dataclass

import flask

from catalog.errors import VeilError
from proxy.http import answers, problems
from web_ui.authoring.known_names import Names
from web_ui.authoring.somebody import KINDS, Somebody
from web_ui.pages.sign_in import wanted
from web_ui.parts import Parts
from web_ui.view_as import ViewAs


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewAsPage:
    """Chooses whom to look as, and leaves again.

    A link to it may be sent, as `/view-as?kind=user&name=kim&next=/data`: it opens for those who may look as others,
    and changes nothing by itself.
    """

    parts: Parts
    view_as: ViewAs

    def blueprint(self) -> flask.Blueprint:
        """The routes of this page."""
        page = flask.Blueprint("view_as", __name__)
        page.get("/view-as")(self.show)
        page.post("/view-as")(self.begin)
        page.post("/view-as/leave")(self.leave)
        return page

    def show(self) -> str:
        """The form, filled in by the address."""
        return self._page(_chosen())

    def begin(self) -> flask.typing.ResponseReturnValue:
        """Look as somebody from now on."""
        who = _chosen()
        try:
            self.view_as.begin(who)
        except VeilError as error:
            self.view_as.require()
            problem = problems.told(error, decision_id=answers.decision_id())
            return self._page(who, problem), problem.status
        return flask.redirect(wanted(), code=303)

    def leave(self) -> flask.typing.ResponseReturnValue:
        """Look as oneself again."""
        self.view_as.leave()
        return flask.redirect(wanted(), code=303)

    def _page(self, who: Somebody, problem: VeilError | None = None) -> str:
        subject, current = self.view_as.require(), self.parts.policies.current()
        known = Names(parts=self.parts, subject=subject, policies=current)
        return flask.render_template(
            "view_as.html",
            who=who,
            problem=problem,
            onward=flask.request.values.get("next", ""),
            lists={kind: known.starting(kind, "") for kind in ("user", "role", "group")},
        )


def _chosen() -> Somebody:
    asked = flask.request.values
    kind = asked.get("kind", "user")
    return Somebody(
        kind=kind if kind in KINDS else "user",
        name=asked.get("name", "").strip(),
        attributes=asked.get("attributes", "").strip(),
    )
