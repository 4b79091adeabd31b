"""Every page, in light and dark, wide and narrow: nothing serious for axe, no sideways scroll, no complaint.

Which pages there are says the table of routes; what stands in a varying part of an address, the links on other pages.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from html import unescape

import pytest

from tests.browser.people import Entrance, Person
from tests.web_ui.test_routes import ROUTES

READERS = ("demo_admin", "demo_auditor", "demo_user2")
"""Whose page is looked at: the first one's who may open it."""

PAGES = {
    route.rule: route
    for route in ROUTES
    if route.method == "GET" and not route.is_api and not route.rule.startswith(("/static/", "/sign-in/", "/sign-out/"))
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An address that somebody may open, whether a page is there, and whether it leads on to another."""

    reader: str
    address: str
    is_page: bool
    leads_on: bool


class Site:
    """The server as its readers find it, by following links."""

    def __init__(self, people: dict[str, Person]) -> None:
        self._people = people
        self._links: dict[str, None] = {}
        self._found: dict[str, Place | None] = {}
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
            if address not in self._found:
                self._found[address] = self._tried(address)
            found = self._found[address]
            if found is not None and not found.leads_on:
                return found
            leads_on = leads_on or found
        return leads_on

    def _tried(self, address: str) -> Place | None:
        """What the first reader finds who may open an address; of several, one whom it does not lead elsewhere."""
        leads_on = None
        for name, person in self._people.items():
            answer = person.page.request.get(address)
            if answer.ok:
                is_page = answer.headers.get("content-type", "").startswith("text/html")
                if is_page:
                    self._links |= dict.fromkeys(_links(answer.text()))
                found = Place(reader=name, address=address, is_page=is_page, leads_on=not answer.url.endswith(address))
                if not found.leads_on:
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


@pytest.mark.parametrize("rule", PAGES)
def test_a_page_is_fit_to_be_seen(site: Site, readers: dict[str, Person], axe: str, rule: str) -> None:
    place = site.place(rule)
    if place.is_page:
        name = re.sub("[^a-z]+", "-", rule.strip("/")).strip("-") or "root"
        assert _faults(readers[place.reader], axe, place.address, name) == []


@pytest.mark.parametrize("name", READERS)
def test_everybodys_own_home_is_fit_to_be_seen(readers: dict[str, Person], axe: str, name: str) -> None:
    assert _faults(readers[name], axe, "/", f"home-of-{name}") == []


def _faults(person: Person, axe: str, address: str, name: str) -> list[str]:
    """What is wrong with a page in any setting; a picture of each is kept."""
    found = []
    person.complaints.clear()
    person.open(address)
    if person.page.locator("[data-editor^='/']").count():
        person.page.locator(".cm-content").wait_for()
    for width, scheme in person.looks():
        person.picture(f"{name}-{width}-{scheme}")
        faults = person.faults(axe, colours_alone=scheme == "dark")
        found += [f"{width} {scheme}: {fault}" for fault in faults]
    return found
