"""Every page, in light and dark, wide and narrow: nothing serious for axe, no sideways scroll, no complaint."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.browser.people import Entrance, Person, Scheme
from tests.web_ui.test_routes import ROUTES

EXAMPLES = {
    "<database>/<name>": "medical_charges/medical_costs",
    "/audit/<int:number>": "/audit/3",
    "/crawls/<number>": "/crawls/1",
}
"""What stands in an address for a part that varies."""

SETTINGS: tuple[tuple[int, Scheme], ...] = ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark"))
NO_PAGES = ("/static/", "/healthz", "/sign-in/", "/sign-out/")

Windows = dict[tuple[str, int, Scheme], Person]


def _address(rule: str) -> str:
    for part, example in EXAMPLES.items():
        rule = rule.replace(part, example)
    assert "<" not in rule, f"say in EXAMPLES what to open for {rule}"
    return rule


PAGES = [
    _address(route.rule)
    for route in ROUTES
    if route.method == "GET" and not route.is_api and not route.rule.startswith(NO_PAGES)
]


def _reader(address: str) -> str:
    return "demo_auditor" if address.startswith("/audit") else "demo_admin"


@pytest.fixture(scope="module")
def windows(sign_in: Entrance) -> Iterator[Windows]:
    """The people who may open pages, each in every setting; the server was used a little, so that there is to see."""
    with ExitStack() as opened, sign_in("demo_user2") as analyst:
        for sql in ("select sex, count(*) from medical_charges.medical_costs group by 1", "select * from nowhere"):
            analyst.ask(sql)
        yield {
            (name, width, scheme): opened.enter_context(sign_in(name, width=width, scheme=scheme))
            for name in sorted({_reader(address) for address in PAGES})
            for width, scheme in SETTINGS
        }


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_fit_to_be_seen(windows: Windows, axe: str, address: str) -> None:
    faults = []
    for width, scheme in SETTINGS:
        person = windows[_reader(address), width, scheme]
        person.complaints.clear()
        person.open(address)
        person.picture(f"{address.strip('/').replace('/', '-') or 'root'}-{width}-{scheme}")
        faults += [f"{width} {scheme}: {fault}" for fault in person.faults(axe)]
    assert faults == []
