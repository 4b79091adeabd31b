"""What stands around every page: who is signed in, and the pages that person may open."""

from collections.abc import Callable
from dataclasses import dataclass

import flask

from policy_engine.capabilities import Action, Rights
from policy_engine.model import Subject
from proxy import answers
from proxy.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One entry of the navigation."""

    title: str
    address: str
    is_current: bool


_PAGES: tuple[tuple[str, str, tuple[str, ...], Action | None], ...] = (
    ("Data", "data.show", ("data.", "dataset."), None),
    ("Query", "query.show", ("query.",), None),
    ("Policies", "policies.show", ("policies.", "change."), None),
    ("Tags", "tags.show", ("tags.",), Action.TAG_ASSIGN),
    ("Crawls", "crawls.show", ("crawls.",), Action.HOME_ADMINISTER),
    ("Audit", "audit.show", ("audit.",), None),
    ("Connect", "connect.show", ("connect.",), None),
)
"""Each page with its endpoints, and what one must be allowed somewhere to open it."""


def navigation(person: str | None, rights: Callable[[], Rights]) -> dict[str, object]:
    """What the frame's template needs; nobody signed in means no navigation."""
    if person is None:
        return {"person": None, "navigation": ()}
    here, held = flask.request.endpoint or "", rights()
    links = (
        Link(title=title, address=flask.url_for(endpoint), is_current=here.startswith(prefixes))
        for title, endpoint, prefixes, action in _PAGES
        if action is None or held.places(action) != frozenset()
    )
    return {"person": person, "navigation": tuple(links)}


def viewer(identity: Identity) -> Subject:
    """The person a page is made for; raises NotAuthenticated, which leads to the sign-in page."""
    return answers.subject(identity)


def public_url() -> str:
    """The address under which people reach this server."""
    configured: str = flask.current_app.config.get("PUBLIC_URL", "")
    return configured or flask.request.host_url.rstrip("/")
