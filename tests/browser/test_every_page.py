"""Every page, in light and dark, wide and narrow: nothing serious for axe, no sideways scroll, no complaint.

Which pages there are says the table of routes; what stands in a varying part of an address, the links on other pages.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from html import unescape

import pytest

from tests.browser.people import Entrance, Person, Scheme
from tests.web_ui.test_routes import ROUTES

WIDTHS = (1280, 390)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
READERS = ("demo_admin", "demo_auditor", "demo_user2")
"""Whose page is looked at: the first one's who may open it."""

PAGES = {
    route.rule: route
    for route in ROUTES
    if route.method == "GET" and not route.is_api and not route.rule.startswith(("/static/", "/sign-in/", "/sign-out/"))
}


Windows = dict[tuple[str, int], Person]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An address that somebody may open, and whether a page is there."""

    reader: str
    address: str
    is_page: bool


class Site:
    """The server as its readers find it, by following links."""

    def __init__(self, people: dict[str, Person]) -> None:
        self._people = people
        self._links: dict[str, None] = {}
        for rule in PAGES:
            self._opened(self._addresses(rule))

    def place(self, rule: str) -> Place:
        """Where a page of this rule is, and who may open it."""
        found = self._opened(self._addresses(rule))
        assert found is not None, f"nobody finds a page {rule}, neither by its address nor by a link on another page"
        return found

    def _opened(self, addresses: list[str]) -> Place | None:
        """The first of the addresses that somebody may open, or that leads on; links on its page are remembered."""
        leads_on = None
        for address in addresses:
            for name, person in self._people.items():
                answer = person.page.request.get(address)
                if answer.ok:
                    is_page = answer.headers.get("content-type", "").startswith("text/html")
                    if is_page:
                        self._links |= dict.fromkeys(_links(answer.text()))
                    found = Place(reader=name, address=address, is_page=is_page)
                    if answer.url.endswith(address):
                        return found
                    leads_on = leads_on or found
        return leads_on

    def _addresses(self, rule: str) -> list[str]:
        """Where a page of this rule may be: links to it, its own address, and what stands below such a page."""
        if "<" not in rule:
            return [rule, *self._leading_to(rule), PAGES[rule].path]
        above, _, below = rule.rpartition("/")
        beside = [] if "<" in below else [f"{link}/{below}" for link in self._leading_to(above)]
        return [*self._leading_to(rule), *beside][:5]

    def _leading_to(self, rule: str) -> list[str]:
        pattern = re.compile(re.sub("<[^>]+>", "[^/]+", rule))
        return [link for link in self._links if pattern.fullmatch(path := link.partition("?")[0]) and path not in PAGES]


def _links(html: str) -> list[str]:
    return [unescape(link).partition("#")[0] for link in re.findall(r'href="(/[^"]*)"', html)]


@pytest.fixture(scope="module")
def readers(sign_in: Entrance) -> Iterator[dict[str, Person]]:
    """The readers; the server was used a little, so that pages have something to show."""
    with ExitStack() as opened:
        people = {name: opened.enter_context(sign_in(name)) for name in READERS}
        for sql in ("select sex, count(*) from medical_charges.medical_costs group by 1", "select * from nowhere"):
            people["demo_user2"].ask(sql)
        people["demo_user2"].open("/requests/new?d=medical_charges.medical_costs&c=phone")
        people["demo_user2"].fill("Why", "I must call patients whose bills are wrong")
        people["demo_user2"].follow("button", "Send")
        yield people


@pytest.fixture(scope="module")
def site(readers: dict[str, Person]) -> Site:
    return Site(readers)


@pytest.fixture(scope="module")
def windows(sign_in: Entrance, readers: dict[str, Person]) -> Iterator[Windows]:
    """Each reader in windows of every width."""
    with ExitStack() as opened:
        yield {(name, width): opened.enter_context(sign_in(name, width=width)) for name in readers for width in WIDTHS}


@pytest.mark.parametrize("rule", PAGES)
def test_a_page_is_fit_to_be_seen(site: Site, windows: Windows, axe: str, rule: str) -> None:
    place = site.place(rule)
    if place.is_page:
        name = re.sub("[^a-z]+", "-", rule.strip("/")).strip("-") or "root"
        assert _faults(windows, axe, place.reader, place.address, name) == []


@pytest.mark.parametrize("name", READERS)
def test_everybodys_own_home_is_fit_to_be_seen(windows: Windows, axe: str, name: str) -> None:
    assert _faults(windows, axe, name, "/", f"home-of-{name}") == []


def _faults(windows: Windows, axe: str, reader: str, address: str, name: str) -> list[str]:
    """What is wrong with a page in any setting; a picture of each is kept."""
    found = []
    for width in WIDTHS:
        person = windows[reader, width]
        person.complaints.clear()
        person.open(address)
        if person.page.locator("[data-editor^='/']").count():
            person.page.locator(".cm-content").wait_for()
        for scheme in SCHEMES:
            person.look_in(scheme)
            person.picture(f"{name}-{width}-{scheme}")
            found += [f"{width} {scheme}: {fault}" for fault in person.faults(axe)]
    return found
