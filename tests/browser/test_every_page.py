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

SETTINGS: tuple[tuple[int, Scheme], ...] = ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark"))
READERS = ("demo_admin", "demo_auditor", "demo_user2")
"""Whose page is looked at: the first one's who may open it."""

RULES = [
    route.rule
    for route in ROUTES
    if route.method == "GET" and not route.is_api and not route.rule.startswith(("/static/", "/sign-in/", "/sign-out/"))
]


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
        for rule in RULES:
            if "<" not in rule:
                self.place(rule)

    def place(self, rule: str) -> Place:
        """Where a page of this rule is, and who may open it."""
        pattern = re.compile(re.sub("<[^>]+>", "[^/]+", rule))
        addresses = [rule] if "<" not in rule else [link for link in self._links if pattern.fullmatch(link)]
        for address in addresses[:3]:
            for name, person in self._people.items():
                answer = person.page.request.get(address)
                if answer.ok:
                    is_page = answer.headers.get("content-type", "").startswith("text/html")
                    if is_page:
                        self._links |= dict.fromkeys(_links(answer.text()))
                    return Place(reader=name, address=address, is_page=is_page)
        raise AssertionError(f"nobody finds a page {rule}: of {len(self._links)} links on other pages none leads there")


def _links(html: str) -> list[str]:
    return [unescape(link).partition("?")[0].partition("#")[0] for link in re.findall(r'href="(/[^"]*)"', html)]


@pytest.fixture(scope="module")
def readers(sign_in: Entrance) -> Iterator[dict[str, Person]]:
    """The readers; the server was used a little, so that pages have something to show."""
    with ExitStack() as opened:
        people = {name: opened.enter_context(sign_in(name)) for name in READERS}
        for sql in ("select sex, count(*) from medical_charges.medical_costs group by 1", "select * from nowhere"):
            people["demo_user2"].ask(sql)
        yield people


@pytest.fixture(scope="module")
def site(readers: dict[str, Person]) -> Site:
    return Site(readers)


@pytest.fixture(scope="module")
def windows(sign_in: Entrance, readers: dict[str, Person]) -> Iterator[dict[tuple[str, int, Scheme], Person]]:
    """Each reader in every setting."""
    with ExitStack() as opened:
        yield {
            (name, width, scheme): opened.enter_context(sign_in(name, width=width, scheme=scheme))
            for name in readers
            for width, scheme in SETTINGS
        }


@pytest.mark.parametrize("rule", RULES)
def test_a_page_is_fit_to_be_seen(
    site: Site, windows: dict[tuple[str, int, Scheme], Person], axe: str, rule: str
) -> None:
    place = site.place(rule)
    faults = []
    for width, scheme in SETTINGS if place.is_page else ():
        person = windows[place.reader, width, scheme]
        person.complaints.clear()
        person.open(place.address)
        person.picture(f"{re.sub('[^a-z]+', '-', rule.strip('/')) or 'root'}-{width}-{scheme}")
        faults += [f"{width} {scheme}: {fault}" for fault in person.faults(axe)]
    assert faults == []
