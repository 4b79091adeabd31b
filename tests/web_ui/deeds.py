"""Every way to change something over HTTP, each as a call that does so in the shop; and calls that change nothing."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient

from catalog.access_requests import AccessRequest, AccessRequests, Wanted
from catalog.crawl_runs import CrawlRuns
from catalog.drafts import Drafts
from catalog.model import TagAssignment, TagOrigin, TagRule, TagState
from tests.web_ui.browsing import csrf_token
from tests.web_ui.building import NEW
from web_ui.parts import Parts

Body = Mapping[str, object]
DOCUMENT = "veil: 1\nroles: {more: {groups: [guests]}}\n"
ASK: Body = {"dataset": "shop.orders", "columns": ["card"], "why": "to look"}
RULE: Body = {"name": "mails", "tag": "pii.email", "column_name": "mail"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The shop with something to decide on, and the browser of whoever is about to do a deed."""

    parts: Parts
    browser: FlaskClient

    @property
    def data(self) -> str:
        """The folder of the shop's source."""
        return str(self.parts.home.path.parent / "data")

    @property
    def draft(self) -> str:
        """The draft that somebody keeps."""
        return str(self._found("policy_draft"))

    @property
    def number(self) -> str:
        """The number of the request for access that waits."""
        return str(self._found("access_request"))

    @property
    def suggested(self) -> int:
        """The number of the tag that was suggested."""
        return int(str(self._found("assignment", "state = 'suggested'")))

    @property
    def own_token(self) -> str:
        """A token of the person's own."""
        return str(self._found("api_token", "name = 'old'"))

    def _found(self, table: str, condition: str = "TRUE") -> object:
        [row] = self.parts.catalog.rows(f"SELECT id FROM {table} WHERE {condition}")
        return row["id"]

    def looked_at(self, address: str, **form: object) -> str:
        """The number of the plan that a form shows."""
        page = self.browser.post(address, data={**form, **self.token}) if form else self.browser.get(address)
        found = re.search(r'name="plan" value="(\w+)"', page.text)
        assert found is not None, page.text
        return found[1]

    @property
    def token(self) -> dict[str, str]:
        """What every form carries."""
        return {"csrf_token": csrf_token(self.browser.get("/connect"))}


def prepare(parts: Parts) -> None:
    """A crawl and a request that wait, a draft, a rule, a suggestion, a second revision and a token."""
    now = datetime.now(UTC)
    CrawlRuns(parts.catalog).add("lake", by="test")
    Drafts(parts.catalog).save({"policy": ("later",)}, name="later", by="max", revision=1, now=now)
    parts.tags.put_rule(TagRule(name="cards", tag="fin.card", column_name="card"))
    parts.tags.assign(
        TagAssignment(
            dataset="shop.orders", path=("land",), tag="pii.email", state=TagState.SUGGESTED, origin=TagOrigin.PERSON
        )
    )
    parts.tokens.create("max", "old", timedelta(days=1))
    asked = AccessRequest(
        user="eve",
        groups=frozenset({"eve", "guests"}),
        database="shop",
        dataset="orders",
        wanted=Wanted.DATASET,
        why="to look",
        asked_at=now,
        ends_at=now + timedelta(days=30),
    )
    AccessRequests(parts.catalog).add(asked)
    current = parts.policies.current()
    kept = tuple(policy for policy in current.policies if policy.id == "clerks")
    parts.policies.put(kept, current.roles, by="test", why="", difference="- policy bosses")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A route that changes something, and a call of it: a body, or a `text`, and what stands in its address."""

    rule: str
    body: Body | Callable[[Prepared], Body] = field(default_factory=dict)
    about: str | Callable[[Prepared], str] = ""
    text: str = ""
    by: str = "max"

    @property
    def is_api(self) -> bool:
        """Whether programs do it."""
        return self.rule.startswith("/api/v1/")

    def address(self, prepared: Prepared) -> str:
        """Where it is sent to."""
        about = self.about if isinstance(self.about, str) else self.about(prepared)
        return re.sub("<[^>]+>", about, self.rule)

    def sent(self, prepared: Prepared) -> Body:
        """What is sent."""
        return self.body if isinstance(self.body, Mapping) else self.body(prepared)

    def __str__(self) -> str:
        return self.rule


def _planned(address: str, action: str = "plan", **form: object) -> Callable[[Prepared], Body]:
    """A form that applies what it shows when it is sent with that action."""
    return lambda prepared: {**form, "action": "apply", "plan": prepared.looked_at(address, **form, action=action)}


def _approved(prepared: Prepared) -> Body:
    return {"verdict": "approve", "plan": prepared.looked_at(f"/requests/{prepared.number}")}


NUMBER = operator.attrgetter("number")
DEEDS = (
    Deed(rule="/data/databases", body={"name": "lab"}),
    Deed(rule="/policies/<name>/remove", about="clerks", body=_planned("/policies/clerks/remove", why="enough")),
    Deed(rule="/policies/new", body=_planned("/policies/new", "check", **NEW)),
    Deed(rule="/policies/<name>/edit", about="clerks", body={**NEW, "action": "draft"}),
    Deed(rule="/policies/drafts/<draft_id>/discard", about=operator.attrgetter("draft")),
    Deed(rule="/policies/history/<int:number>", about="1", body=_planned("/policies/history/1")),
    Deed(rule="/policies/change", body=_planned("/policies/change", document=DOCUMENT)),
    Deed(rule="/role", body=_planned("/role", name="more", groups="guests")),
    Deed(rule="/requests/new", body={**ASK, "wanted": "columns"}, by="kim"),
    Deed(rule="/requests/<number>/decide", about=NUMBER, body=_approved),
    Deed(rule="/requests/<number>/withdraw", about=NUMBER, by="eve"),
    Deed(rule="/tags/all", body={"name": "pii.more", "level": "internal"}),
    Deed(rule="/tags/rules", body={**RULE, "action": "save"}),
    Deed(rule="/tags/rules/remove", body={"rule": "cards"}),
    Deed(rule="/tags/review", body=lambda prepared: {"verdict": "confirm", "ids": str(prepared.suggested)}),
    Deed(rule="/crawls", body={"source": "lake"}),
    Deed(rule="/crawls/<number>/cancel", about="1"),
    Deed(rule="/crawls/<number>/register", about="1", body={"into": "shop"}),
    Deed(
        rule="/sources/new", body=lambda shop: {"action": "crawl", "kind": "files", "name": "pond", "path": shop.data}
    ),
    Deed(
        rule="/sources/<name>", about="lake", body=lambda shop: {"action": "save", "path": shop.data, "header": "yes"}
    ),
    Deed(
        rule="/sources/<name>/remove",
        about="lake",
        body=lambda prepared: {"plan": prepared.looked_at("/sources/lake/remove")},
    ),
    Deed(rule="/connect/tokens", body={"name": "mine", "days": "1"}, by="kim"),
    Deed(rule="/connect/tokens/<token_id>/revoke", about=operator.attrgetter("own_token")),
    Deed(rule="/api/v1/policies/apply", text=DOCUMENT),
    Deed(rule="/api/v1/policies/rollback", body={"revision": 1, "why": "to try"}),
    Deed(rule="/api/v1/ddl", body={"statement": "CREATE DATABASE lab"}),
    Deed(rule="/api/v1/access-requests", body=ASK, by="kim"),
    Deed(rule="/api/v1/access-requests/<number>/decide", about=NUMBER, body={"verdict": "deny", "words": "no"}),
    Deed(rule="/api/v1/access-requests/<number>/withdraw", about=NUMBER, by="eve"),
    Deed(rule="/api/v1/crawls", body={"source": "lake"}),
    Deed(rule="/api/v1/crawls/<number>/cancel", about="1"),
    Deed(rule="/api/v1/crawls/<number>/register", about="1", body={"into": "shop"}),
    Deed(
        rule="/api/v1/sources",
        body=lambda shop: {"source": "pond", "connector": "files", "options": {"path": shop.data}},
    ),
    Deed(rule="/api/v1/sources/<name>/remove", about="lake", body={"datasets": True}),
    Deed(rule="/api/v1/rules/remove", body={"rule": "cards"}),
    Deed(rule="/api/v1/rules", body={"rule": RULE}),
    Deed(rule="/api/v1/tags/assignments/review", body=lambda prepared: {"confirm": [prepared.suggested]}),
)
"""Each route that changes something."""

HARMLESS = {
    "/sign-in": "proves who somebody is",
    "/sign-out": "ends nothing but one's own sign-in",
    "/view-as": "of one's own sign-in; whether one may is asked with each request",
    "/view-as/leave": "of one's own sign-in",
    "/query": "changes nothing",
    "/health/examine": "changes nothing",
    "/health/sources/<name>": "changes nothing",
    "/audit/verify": "changes nothing",
    "/api/v1/query": "changes nothing",
    "/api/v1/explain": "changes nothing",
    "/api/v1/policies/plan": "changes nothing",
    "/api/v1/policies/preview": "changes nothing",
    "/api/v1/audit/verification": "changes nothing",
    "/api/v1/health/examine": "changes nothing",
    "/api/v1/sources/test": "changes nothing",
    "/api/v1/sources/<name>/test": "changes nothing",
    "/api/v1/rules/try": "changes nothing",
}
"""The other routes that are called by POST, and why they are no deeds."""
