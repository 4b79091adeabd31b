"""What stands around every page: who is signed in, and the pages that person may open."""

from collections.abc import Callable
from dataclasses import dataclass

import flask

from policy_engine.capabilities import Action, Rights
from policy_engine.model import Subject
from policy_engine.oversight import OVERSIGHT
from proxy.http import answers
from proxy.http.addresses import public_url as public_url
from proxy.http.identity import Identity
from web_ui.assets.bundle import VENDOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One entry of the navigation."""

    title: str
    address: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Links of the navigation that serve one end; the first group has no title."""

    title: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A page of the navigation: the endpoints that belong to it, and what one must be allowed somewhere to open it.

    Of several actions any one is enough; none means that everybody who is signed in may.
    """

    title: str
    endpoint: str
    within: tuple[str, ...]
    actions: tuple[Action, ...] = ()


_CRAWLERS = ("crawls.", "sources.")
_MENU: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("", (Entry(title="Home", endpoint="home.show", within=("home.",)),)),
    (
        "Explore",
        (
            Entry(title="Data", endpoint="data.show", within=("data.", "dataset.")),
            Entry(title="Query", endpoint="query.show", within=("query.",)),
            Entry(title="Connect", endpoint="connect.show", within=("connect.",)),
        ),
    ),
    (
        "Govern",
        (
            Entry(
                title="Policies",
                endpoint="policies.show",
                within=("policies.", "policy.", "change.", "builder.", "drafts.", "revisions."),
            ),
            Entry(
                title="View as",
                endpoint="view_as.show",
                within=("view_as.",),
                actions=(Action.SUBJECT_IMPERSONATE,),
            ),
            Entry(title="Roles", endpoint="roles.show", within=("roles.", "role_form.")),
            Entry(title="Requests", endpoint="requests.show", within=("requests.", "ask.")),
            Entry(title="Tags", endpoint="tags.show", within=("tags.", "tag_rules."), actions=(Action.TAG_ASSIGN,)),
        ),
    ),
    (
        "Operate",
        (
            Entry(title="Crawlers", endpoint="crawls.show", within=_CRAWLERS, actions=(Action.HOME_ADMINISTER,)),
            Entry(title="Health", endpoint="health.show", within=("health.",), actions=(Action.HOME_ADMINISTER,)),
        ),
    ),
    (
        "Review",
        (
            Entry(title="Audit", endpoint="audit.show", within=("audit.",)),
            Entry(title="Reports", endpoint="reports.show", within=("reports.",), actions=OVERSIGHT),
        ),
    ),
)
"""Every page by what people come for."""


def navigation(
    person: str | None, rights: Callable[[], Rights], *, only: frozenset[str] | None = None
) -> dict[str, object]:
    """What the frame's template needs; nobody signed in means no navigation. With `only`, no other page is listed."""
    if person is None:
        return {"person": None, "navigation": ()}
    held = rights()
    groups = (
        Group(title=title, links=tuple(_link(entry) for entry in entries if _opens(held, entry, only)))
        for title, entries in _MENU
    )
    return {
        "person": person,
        "navigation": tuple(group for group in groups if group.links),
        "found_by": flask.request.args.get("search", "") if flask.request.endpoint == "data.show" else "",
    }


def _opens(held: Rights, entry: Entry, only: frozenset[str] | None) -> bool:
    if only is not None and entry.endpoint not in only:
        return False
    return not entry.actions or any(held.places(action) != frozenset() for action in entry.actions)


def _link(entry: Entry) -> Link:
    here = flask.request.endpoint or ""
    return Link(title=entry.title, address=flask.url_for(entry.endpoint), is_current=here.startswith(entry.within))


def viewer(identity: Identity) -> Subject:
    """The person a page is made for; raises NotAuthenticated, which leads to the sign-in page."""
    return answers.subject(identity)


def vendored(name: str) -> str:
    """The address of a third-party script, or nothing where Veil was built without: every page works so, too."""
    built = VENDOR / "built-from"
    if not built.exists():
        return ""
    return flask.url_for("static", filename=f"vendor/{name}", of=built.read_text()[:12])
