"""The same pages on a phone and on paper: nothing that matters lies out of sight, and nothing is printed on black."""

import pytest

from tests.browser.people import Entrance

PHONE = {"width": 390, "height": 844}
_SIDEWAYS = """[...document.querySelectorAll('.scroll')]
  .filter((region) => !region.querySelector('table.sample') && region.scrollWidth > region.clientWidth)
  .map((region) => region.querySelector('caption').textContent)"""

_RENAMED = """[...document.querySelectorAll('main :is(h1, h2, a, code, strong, dd, li)')]
  .filter((piece) => !piece.childElementCount && piece.textContent.trim())
  .map((piece) => { piece.textContent = 'a_name_without_end'.repeat(8); }).length"""


@pytest.mark.parametrize(
    ("who", "address", "said"),
    [
        ("demo_user2", "/data/medical_charges/medical_costs", "leaves out columns tagged phi.phone_number"),
        ("demo_auditor", "/audit", "signed in"),
        ("demo_auditor", "/reports/who-can-see?thing=medical_charges.medical_costs.mrn", "masked by tokenize"),
        ("demo_admin", "/roles", "administer this whole home"),
        ("demo_admin", "/tags?state=", "mrn by name"),
    ],
)
def test_on_a_phone_no_fact_of_a_table_lies_beyond_the_edge(
    sign_in: Entrance, who: str, address: str, said: str
) -> None:
    with sign_in(who) as person:
        person.page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
        person.open(address)
        assert person.page.evaluate(_SIDEWAYS) == []
        assert person.sees(said)
        assert person.page.locator("td[data-label]").count() > 0


def test_what_narrows_a_list_comes_before_it_for_eyes_and_keys(sign_in: Entrance) -> None:
    with sign_in("demo_auditor") as auditor:
        auditor.open("/audit")
        choice = auditor.page.locator(".facets a").first
        assert choice.is_visible()
        auditor.page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
        assert not choice.is_visible()
        auditor.tab_to("Narrow the list")
        auditor.page.keyboard.press("Enter")
        assert choice.is_visible()
        auditor.page.keyboard.press("Tab")
        assert choice.evaluate("link => link === document.activeElement")
        box, table = choice.bounding_box(), auditor.page.locator("table.events").bounding_box()
        assert box is not None
        assert table is not None
        assert box["y"] < table["y"]


def test_paper_is_white_in_the_dark_too_and_bears_no_frame(sign_in: Entrance) -> None:
    with sign_in("demo_auditor") as auditor:
        auditor.open("/reports/coverage")
        auditor.page.emulate_media(color_scheme="dark", media="print")
        ground, ink = auditor.page.locator(".card").first.evaluate(
            "card => [getComputedStyle(card).backgroundColor, getComputedStyle(card).color]"
        )
        assert (ground, ink) == ("rgb(255, 255, 255)", "rgb(29, 29, 27)")
        assert not auditor.page.get_by_role("navigation", name="Pages").is_visible()
        assert auditor.sees("healthcare_analyst_role")


@pytest.mark.parametrize(
    ("who", "address"),
    [
        ("demo_user2", "/home"),
        ("demo_user2", "/data"),
        ("demo_user2", "/policies/analysts-medical"),
        ("demo_user2", "/requests/new?d=medical_charges.medical_costs&c=phone"),
        ("demo_admin", "/crawls"),
        ("demo_admin", "/roles/healthcare_analyst_role"),
    ],
)
def test_names_as_long_as_they_like_do_not_widen_a_page(sign_in: Entrance, who: str, address: str) -> None:
    with sign_in(who) as person:
        person.open(address)
        renamed = person.page.evaluate(_RENAMED)
        assert renamed > 0
        for width in (1280, PHONE["width"]):
            person.page.set_viewport_size({"width": width, "height": PHONE["height"]})
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert person.page.evaluate(wide) == 0
