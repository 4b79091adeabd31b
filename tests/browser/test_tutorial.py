"""The tutorial by clicking, from a home in which there is nobody but its people: administrator, analyst and auditor."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import PASSWORDS
from tests.browser.people import Entrance, Person
from tests.serving import Home, serve
from veil.cli import clinic

COSTS = "medical_charges.medical_costs"
PEOPLE = """veil: 1
users:
  demo_admin: {groups: [admin], password_env: DEMO_ADMIN_PASSWORD}
  demo_user2: {groups: [general_analyst_group], password_env: DEMO_ANALYST_PASSWORD}
  demo_auditor: {groups: [auditor], password_env: DEMO_AUDITOR_PASSWORD}
"""
"""The only document: nobody signs in to a home without accounts."""


@pytest.fixture(scope="module")
def hospital(chrome: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrance]:
    """The way in to a new home, in which the administrator has then done the tutorial's first half in the browser."""
    folder = tmp_path_factory.mktemp("hospital")
    clinic.write(folder / "clinic")
    passwords = {f"DEMO_{who}_PASSWORD": f"{who.lower()}-of-the-clinic" for who in ("ADMIN", "ANALYST", "AUDITOR")}
    home = Home(path=folder / "home", environment=passwords)
    home.veil("init")
    (folder / "people.yaml").write_text(PEOPLE)
    home.veil("apply", folder / "people.yaml")
    with serve(home) as server:
        entrance = Entrance(chrome, server.url, PASSWORDS)
        with entrance("demo_admin") as admin:
            _say_what_is_sensitive(admin)
            _give_the_role_to_a_group(admin)
            _make_the_database(admin)
            _write_the_policy_by_keyboard(admin)
            _crawl(admin, folder / "clinic" / "data")
        yield entrance


def _say_what_is_sensitive(admin: Person) -> None:
    """The first of the first steps: rules of one's own, kept before there is anything to try them on."""
    admin.open("/home")
    admin.follow("link", "Say what is sensitive")
    for tag, column in (("phi.mrn", "mrn"), ("phi.phone_number", "phone")):
        admin.fill("Name", f"{column} by name")
        admin.fill("Tag that it suggests", tag)
        admin.fill("Column names like", column)
        admin.follow("button", "Save the rule")
        assert admin.sees(f"The rule {column} by name is saved")


def _give_the_role_to_a_group(admin: Person) -> None:
    admin.follow("link", "Next: give roles to groups")
    admin.fill("Name", "healthcare_analyst_role")
    admin.fill("Groups that hold it", "general_analyst_group")
    admin.follow("button", "Show what it does")
    admin.follow("button", "Apply plan")
    assert admin.sees("demo_user2")


def _make_the_database(admin: Person) -> None:
    """Empty: a place for the policy, which comes before the data."""
    admin.follow("link", "Next: write a policy")
    admin.fill("Name", "medical_charges")
    admin.fill("What it holds", "what medical care costs")
    admin.follow("button", "Make it")
    admin.follow("link", "write a policy for it")


def _apply(admin: Person, document: str, why: str) -> None:
    admin.open("/policies/change")
    admin.fill("Document", document)
    admin.fill("Why this change", why)
    admin.follow("button", "Show what it does")
    admin.follow("button", "Apply plan")
    expect(admin.page.get_by_role("alert")).to_have_count(0)


def _write_the_policy_by_keyboard(admin: Person) -> None:
    """The sentence builder, reached and filled in without a mouse, before there is any data."""
    admin.open("/policies/new")
    typed = {
        "Name": "analysts-medical",
        "Why": "analysts estimate what care costs",
        "Role": "healthcare_analyst_role",
        "Database or dataset": "medical_charges",
    }
    for label, text in typed.items():
        admin.tab_to(label)
        admin.page.keyboard.type(text)
    admin.tab_to("Columns")
    admin.page.keyboard.type("all but")
    admin.tab_to("Tags or condition")
    admin.page.keyboard.type("phi.phone_number")
    admin.tab_to("Add a transform")
    admin.enter()
    admin.tab_to("Columns tagged")
    admin.page.keyboard.type("phi.mrn")
    admin.tab_to("through")
    admin.page.keyboard.type("tokenize")
    admin.tab_to("Only rows where")
    admin.page.keyboard.type("opted_out != 1")
    admin.tab_to("Show what it does")
    admin.enter()
    assert admin.sees("sees database medical_charges without columns tagged phi.phone_number")
    admin.tab_to("Apply")
    admin.enter()
    assert not admin.page.url.endswith("/policies/new")


def _crawl(admin: Person, data: Path) -> None:
    """A new crawler finds the data; what it suggests is confirmed."""
    admin.open("/crawls")
    admin.follow("link", "New crawler")
    admin.fill("Name", "clinic")
    admin.fill("Path", str(data))
    admin.choose("Register what is new in", "medical_charges")
    admin.follow("button", "Save and crawl")
    for _ in range(300):
        if not admin.page.locator("[data-refresh]").count():
            break
        admin.page.wait_for_timeout(200)
        admin.page.reload()
    assert admin.sees("medical_costs.csv")
    admin.follow("link", "Review the tags")
    admin.follow("link", "Tick all on this page")
    admin.follow("button", "Confirm ticked")
    assert admin.page.get_by_role("status").first.is_visible()


def test_the_analyst_finds_asks_and_takes_along(hospital: Entrance, tmp_path: Path) -> None:
    with hospital("demo_user2") as analyst:
        analyst.open("/data")
        analyst.follow("link", "medical_costs")
        assert "1 hidden" in analyst.words()
        assert analyst.sees("hidden from you because policy analysts-medical")
        assert "MRN-" not in analyst.words()
        with analyst.page.expect_navigation():
            analyst.page.locator("tr", has_text="Hidden from you").get_by_role("link", name="analysts-medical").click()
        assert analyst.sees("sees database medical_charges without columns tagged phi.phone_number")
        analyst.ask(f"select count(*) as patients, sum(opted_out) as out from {COSTS}")
        cells = analyst.page.locator("#result tbody td").all_inner_texts()
        assert cells == ["1021", "0"]
        analyst.ask(f"select phone from {COSTS}")
        expect(analyst.page.get_by_role("alert")).to_contain_text("phone")
        analyst.open(f"/query?sql=select * from {COSTS}")
        with analyst.page.expect_download() as coming:
            analyst.page.get_by_role("button", name="CSV", exact=True).click()
        coming.value.save_as(tmp_path / "costs.csv")
        assert len((tmp_path / "costs.csv").read_text().splitlines()) == 1_022
        analyst.open("/connect")
        analyst.fill("What is it for?", "notebook")
        analyst.follow("button", "Create token")
        assert analyst.page.locator("code.token").inner_text().startswith("veil_")


def test_the_auditor_finds_who_saw_a_column_in_a_period(hospital: Entrance) -> None:
    with hospital("demo_user2") as analyst:
        analyst.ask(f"select avg(bmi) as mean from {COSTS}")
        expect(analyst.page.locator("#result td")).to_have_count(1)
    today = datetime.now(UTC).date()
    with hospital("demo_auditor") as auditor:
        for start, is_found in ((today - timedelta(days=1), True), (today + timedelta(days=1), False)):
            auditor.open("/audit")
            auditor.fill("Column", f"{COSTS}.bmi")
            auditor.choose("What happened", "query:begin")
            auditor.fill("From", start.isoformat())
            auditor.fill("Before", (start + timedelta(days=3)).isoformat())
            with auditor.page.expect_navigation():
                auditor.page.locator("main").get_by_role("button", name="Search").click()
            assert auditor.sees(f"column: {COSTS}.bmi")
            assert ("demo_user2 asked a query" in auditor.words()) is is_found
        auditor.open(f"/audit?column={COSTS}.bmi&kind=query:begin")
        with auditor.page.expect_navigation():
            auditor.page.locator("table.events tbody tr").first.get_by_role("link").first.click()
        assert auditor.sees("demo_user2 asked a query")
        assert auditor.sees(f"{COSTS}.bmi")
        assert auditor.sees("analysts-medical")


def test_a_bad_policy_is_looked_at_and_rolled_back(hospital: Entrance) -> None:
    with hospital("demo_admin") as admin, hospital("demo_user2") as analyst:
        admin.open("/policies/history")
        good = admin.page.locator("main a[href*='/policies/history/']").first.get_attribute("href")
        assert good is not None
        _apply(
            admin,
            "veil: 1\npolicies:\n  - policy: too-much\n    grant: select\n    to: [healthcare_analyst_role]\n"
            "    scope: medical_charges\n    why: a slip\n",
            why="a slip",
        )
        analyst.ask(f"select count(phone) as numbers from {COSTS}")
        assert analyst.page.locator("#result tbody td").all_inner_texts() == ["1338"]
        admin.open(good)
        admin.follow("button", "Go back to this revision")
        assert admin.sees("loses")
        admin.fill("Why go back", "phone numbers are not for analysts")
        admin.follow("button", "Go back: plan")
        analyst.ask(f"select count(phone) as numbers from {COSTS}")
        expect(analyst.page.get_by_role("alert")).to_contain_text("phone")
    with hospital("demo_auditor") as auditor:
        auditor.open("/audit?kind=policy:rollback")
        assert auditor.sees("demo_admin went back to an earlier revision")


def test_access_is_asked_for_granted_used_and_taken_back(hospital: Entrance) -> None:
    with hospital("demo_admin") as admin, hospital("demo_user2") as analyst:
        analyst.open("/data/medical_charges/medical_costs")
        analyst.follow("link", "Ask for access to phone")
        analyst.fill("Why", "I must call patients whose bills are wrong")
        analyst.follow("button", "Send")
        assert analyst.sees("Your request is on its way")
        admin.open("/requests")
        admin.follow("link", analyst.page.url.split("/")[-1].partition("?")[0])
        assert admin.sees("I must call patients whose bills are wrong")
        admin.fill("Words for demo_user2", "for this month")
        admin.follow("button", "Approve as shown")
        assert admin.sees("It is approved")
        analyst.page.reload()
        assert analyst.sees("for this month")
        assert "import veil" in analyst.words()
        analyst.ask(f"select count(phone) as numbers from {COSTS}")
        assert analyst.page.locator("#result tbody td").all_inner_texts() == ["1021"]
        with admin.page.expect_navigation():
            admin.page.locator("dd a[href^='/policies/']").click()
        admin.follow("button", "Remove, after a look")
        admin.fill("Why it goes", "the bills are right now")
        admin.follow("button", "Remove it")
        analyst.ask(f"select count(phone) as numbers from {COSTS}")
        expect(analyst.page.get_by_role("alert")).to_contain_text("phone")
