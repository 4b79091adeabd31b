"""The Query page with scripts: completion of what is to be seen, answers in place, files, and a way to stop."""

import json
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.people import Entrance, Person
from web_ui.assets.bundle import is_built

COSTS = "medical_charges.medical_costs"
ENDLESS = f"select sum(a.age * b.age * c.age * d.age) from {COSTS} a, {COSTS} b, {COSTS} c, {COSTS} d"


@pytest.fixture(autouse=True)
def scripts() -> None:
    """These tests are about what the third-party scripts do."""
    if not is_built() and os.environ.get("CI") != "true":
        pytest.skip("the third-party scripts are not built: `make assets`")
    assert is_built()


def _write(person: Person, sql: str) -> None:
    """Type into the editor, in place of what is there."""
    person.page.locator(".cm-content").click()
    person.page.keyboard.press("Control+a")
    person.page.keyboard.type(sql)


def test_only_what_the_person_sees_is_completed(sign_in: Entrance) -> None:
    for name, is_there in (("demo_admin", True), ("demo_user2", False)):
        with sign_in(name) as person:
            person.open("/query")
            with person.page.expect_response("**/query/names"):
                person.page.locator(".cm-content").click()
            _write(person, "select * from medical_ch")
            person.page.get_by_role("option", name=COSTS).click()
            person.page.keyboard.type(" where ph")
            person.page.keyboard.press("Control+ ")
            expect(person.page.get_by_role("option", name=re.compile("^phone"))).to_have_count(int(is_there))
            assert person.page.locator("#sql").input_value() == f"select * from {COSTS} where ph"
            assert person.complaints == []


def test_an_answer_comes_by_keyboard_and_leaves_the_editor_as_it_is(sign_in: Entrance, axe: str) -> None:
    with sign_in("demo_user2") as person:
        person.open("/query")
        _write(person, f"select mrn, age from {COSTS} where mrn <> 'MRN-1' order by id limit 3")
        person.page.keyboard.press("Escape")
        person.page.keyboard.press("Control+Enter")
        expect(person.page.get_by_role("status")).to_have_text("3 rows")
        assert person.sees("comparing it with a plain value compares the masked value")
        assert person.page.locator("th", has_text="mrn").locator(".mark.masked").count() == 1
        assert "limit 3" in person.page.locator(".cm-content").inner_text()
        assert person.faults(axe) == []
        person.follow("link", "Address of this query")
        assert "limit 3" in person.page.locator("#sql").input_value()
        assert person.page.locator("#result table").count() == 0


def test_a_mistake_is_pointed_at(sign_in: Entrance) -> None:
    with sign_in("demo_user2") as person:
        person.open("/query")
        _write(person, f"select agee from {COSTS}")
        person.page.keyboard.press("Escape")
        person.click("button", "Run")
        expect(person.page.get_by_role("alert")).to_contain_text("No column agee that you can see")
        person.page.keyboard.press("Shift+End")
        person.page.keyboard.press("Delete")
        assert person.page.locator("#sql").input_value() == "select "


def test_files_come_governed_and_their_rows_are_journalled(sign_in: Entrance, tmp_path: Path) -> None:
    with sign_in("demo_user2") as person:
        person.open(f"/query?sql=select mrn, age from {COSTS}")
        for button, name in (("CSV", "answer.csv"), ("Notebook", "query.ipynb")):
            with person.page.expect_download() as coming:
                person.page.get_by_role("button", name=button, exact=True).click()
            assert coming.value.suggested_filename == name
            coming.value.save_as(tmp_path / name)
        lines = (tmp_path / "answer.csv").read_text().splitlines()
        assert len(lines) == 1_022
        assert "MRN-" not in "".join(lines)
        assert json.loads((tmp_path / "query.ipynb").read_text())["nbformat"] == 4
        person.open("/query/history")
        newest = person.page.locator("tbody tr").first
        assert "1,021" in newest.inner_text()
        assert "allowed" in newest.inner_text()


def test_a_query_under_way_can_be_stopped_and_ends_on_the_server(sign_in: Entrance) -> None:
    with sign_in("demo_user2") as person:
        person.open("/query")
        _write(person, ENDLESS)
        person.page.keyboard.press("Escape")
        person.click("button", "Run")
        person.click("button", "Stop")
        expect(person.page.get_by_role("status")).to_have_text("Stopped")
        for _ in range(100):
            person.open("/query/history")
            if "stopped" in person.page.locator("tbody tr").first.inner_text():
                break
            person.page.wait_for_timeout(100)
        assert "stopped" in person.page.locator("tbody tr").first.inner_text()


def test_the_page_does_the_same_without_scripts(sign_in: Entrance) -> None:
    with sign_in("demo_user2", scripts=False) as person:
        person.open("/query")
        person.fill("SQL", f"select count(*) as many from {COSTS}")
        person.follow("button", "Run")
        assert person.sees("1021")
        assert person.page.locator("#sql").input_value().endswith(COSTS)


def test_a_row_filter_offers_names_of_columns_by_keyboard(sign_in: Entrance, axe: str) -> None:
    with sign_in("demo_admin") as admin:
        admin.open("/policies/new?scope=medical_charges")
        admin.tab_to("Only rows where")
        admin.page.keyboard.type("age > 1 and opt")
        expect(admin.page.locator(".offered button")).to_have_text(["opted_out"])
        expect(admin.page.locator(".stale")).to_have_count(0)
        assert admin.faults(axe) == []
        admin.page.keyboard.press("Tab")
        admin.page.keyboard.press("Enter")
        admin.page.keyboard.type(" != 1")
        assert admin.page.locator("#where").input_value() == "age > 1 and opted_out != 1"
