"""Crawlers are made, tried, run and removed on pages; a crawl tells what it found, and what it found is registered."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog.crawl_comparison import compared
from catalog.crawl_runs import CrawlRuns, RunState
from catalog.journal.event import EventKind
from crawler.crawl import carry_on, crawl
from tests.web_ui.browsing import Outline, csrf_token
from web_ui.crawl_runner import SCHEDULE
from web_ui.parts import Parts

Bearer = Callable[[str], dict[str, str]]
SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def data(shop: Parts) -> Path:
    return shop.home.path.parent / "data"


def send(browser: FlaskClient, address: str, **form: str) -> TestResponse:
    return browser.post(address, data={"csrf_token": csrf_token(browser.get("/crawls")), **form})


def outcomes(page: str) -> dict[str, str]:
    """The outcome of each relation that a crawl's page lists."""
    rows = re.findall(r'<th scope="row" class="name">([^<]+)</th>\s*<td>([^<]+)</td>\s*<td>(?:<a|</td>)', page)
    return dict(rows)


def test_a_crawler_is_tried_then_made_and_crawls_at_once(browser: SignIn, shop: Parts, tmp_path: Path) -> None:
    boss, form = browser("max"), {"kind": "files", "name": "pond", "path": str(tmp_path / "nothing")}
    tried = send(boss, "/sources/new", action="test", **form).get_data(as_text=True)
    assert "It cannot be reached." in tried
    assert 'value="pond"' in tried
    assert shop.datasets.source("pond") is None
    (tmp_path / "pond").mkdir()
    (tmp_path / "pond" / "a.csv").write_text("id\n1\n")
    form |= {"path": str(tmp_path / "pond"), "crawl_every": "6h", "crawl_hours": "22:00-06:00", "crawl_into": "shop"}
    assert "It can be read: <code>a.csv</code>" in send(boss, "/sources/new", action="test", **form).text
    made = send(boss, "/sources/new", action="crawl", why="more data", **form)
    assert (made.status_code, made.location) == (303, "/crawls/1")
    [run] = CrawlRuns(shop.catalog).runs()
    assert (run.source, run.into, run.by) == ("pond", "shop", "max")
    page = boss.get("/sources/pond").get_data(as_text=True)
    assert "every 6h, between 22:00 and 06:00 UTC" in page
    assert 'value="22:00-06:00"' in page
    [event] = shop.journal.search(kind=EventKind.DOCUMENT_APPLY)
    assert (event.user, event.details["why"]) == ("max", "more data")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"kind": "s3", "name": "pond", "path": "s3://lake"}, "does not say as whom it reads its bucket"),
        ({"kind": "postgres", "name": "pond"}, "needs one of the options"),
        ({"kind": "files", "name": "lake", "path": "/srv"}, "a source <code>lake</code> already"),
        ({"kind": "files", "name": "pond", "path": "/srv", "crawl_hours": "at night"}, "are no hours of a day"),
    ],
)
def test_what_a_form_lacks_is_told_and_what_it_holds_is_kept(
    browser: SignIn, shop: Parts, form: dict[str, str], words: str
) -> None:
    refused = send(browser("max"), "/sources/new", action="save", **form)
    assert refused.status_code in (400, 422)
    assert words in refused.text
    assert f'value="{form["name"]}"' in refused.text
    assert [each.name for each in shop.datasets.sources()] == ["lake"]


def test_settings_of_a_crawler_are_changed_and_tried(browser: SignIn, shop: Parts, data: Path) -> None:
    boss = browser("max")
    assert "It can be reached." in send(boss, "/sources/lake", action="test").text
    assert send(boss, "/sources/lake", action="save", path=str(data), crawl_cron="1 2 * *").status_code == 400
    saved = send(boss, "/sources/LAKE", action="save", path=str(data), crawl_cron="30 2 * * *", header="yes")
    assert saved.location == "/sources/lake?saved=1"
    found = shop.datasets.source("lake")
    assert found is not None
    assert dict(found.options) == {"path": str(data), "crawl_cron": "30 2 * * *", "header": "yes"}
    assert send(boss, "/sources/lake", action="burn").status_code == 400
    assert boss.get("/sources/nowhere").status_code == 404


def test_a_source_is_removed_by_the_plan_that_was_looked_at(browser: SignIn, shop: Parts) -> None:
    boss = browser("max")
    page = boss.get("/sources/lake/remove").get_data(as_text=True)
    assert "dataset shop.orders" in page
    assert "role clerk" in page
    assert send(boss, "/sources/lake/remove", plan="another").status_code == 409
    found = re.search(r'name="plan" value="(\w+)"', page)
    assert found is not None
    assert send(boss, "/sources/lake/remove", plan=found[1]).location == "/crawls"
    assert shop.datasets.sources() == ()


def test_a_crawl_tells_what_became_of_each_and_what_is_otherwise_than_before(
    browser: SignIn, shop: Parts, data: Path, bearer: Bearer
) -> None:
    (data / "wards.csv").write_text("ward\nnorth\n")
    (data / "notes.txt").write_text("x")
    first = crawl(shop.catalog, "lake", by="max").run
    (data / "wards.csv").write_bytes(b"\xff\xfe\x00")
    (data / "more.csv").write_text("ward\nnorth\n")
    second = crawl(shop.catalog, "lake", by="max").run
    page = browser("ada").get(f"/crawls/{second}").get_data(as_text=True)
    assert outcomes(page) == {
        "orders.csv": "as before",
        "more.csv": "in no database",
        "wards.csv": "could not be read",
        "notes.txt": "passed over",
    }
    told = {each.relation: (each.before, each.after) for each in compared(shop.catalog, second, first)}
    assert told == {"more.csv": ("", "read"), "wards.csv": ("read", "failed")}
    assert f'Since crawl <a href="/crawls/{first}">' in page
    assert "Register all" not in page, "an auditor may only look"
    only = browser("max").get(f"/crawls/{second}?outcome=failed").get_data(as_text=True)
    assert outcomes(only) == {"wards.csv": "could not be read"}
    assert browser("max").get(f"/crawls/{second}?outcome=burnt").status_code == 400
    twin = browser("max").get(f"/api/v1/crawls/{second}?outcome=passed", headers=bearer("max")).get_json()
    assert [each["relation"] for each in twin["relations"]] == ["notes.txt"]


def test_what_was_found_is_registered_in_a_database_that_is_there_or_made(
    browser: SignIn, shop: Parts, data: Path, bearer: Bearer
) -> None:
    (data / "wards.csv").write_text("ward\nnorth\n")
    (data / "beds.csv").write_text("bed\n1\n")
    found, boss = crawl(shop.catalog, "lake", by="max").run, browser("max")
    assert "Register all 2 that are in no database" in boss.get(f"/crawls/{found}").text
    assert send(boss, f"/crawls/{found}/register", into="", new="").status_code == 400
    assert send(boss, f"/crawls/{found}/register", into="", new="a.b").status_code == 422
    further = send(boss, f"/crawls/{found}/register", into="", new="clinic")
    assert further.location == f"/crawls/{found + 1}"
    carry_on(shop.catalog, CrawlRuns(shop.catalog).run(found + 1))
    assert {each.name for each in shop.datasets.datasets("clinic")} == {"wards", "beds"}
    (data / "late.csv").write_text("x\n1\n")
    one = boss.post(
        f"/api/v1/crawls/{found}/register",
        json={"into": "shop", "relation": "late.csv"},
        headers=bearer("max"),
    )
    assert (one.status_code, one.get_json()["path"]) == (202, "late.csv")
    refused = boss.post(f"/api/v1/crawls/{found}/register", json={"into": "nowhere"}, headers=bearer("max"))
    assert "no database `nowhere`" in refused.get_json(force=True)["detail"]


def test_a_crawl_under_way_is_told_politely_and_can_be_stopped(browser: SignIn, shop: Parts) -> None:
    boss = browser("max")
    run = CrawlRuns(shop.catalog).add("lake", by="max")
    page = boss.get(f"/crawls/{run.id}").get_data(as_text=True)
    assert 'role="status" aria-live="polite"' in page
    assert "Look again" in page
    assert send(boss, f"/crawls/{run.id}/cancel").status_code == 303
    assert "data-refresh" not in boss.get(f"/crawls/{run.id}").text


def test_the_pages_have_names_for_everything(browser: SignIn, shop: Parts, data: Path) -> None:
    (data / "wards.csv").write_text("ward\nnorth\n")
    crawl(shop.catalog, "lake", by="max")
    boss = browser("max")
    addresses = ["/crawls", "/crawls/1", "/sources/lake", "/sources/lake/remove"]
    for address in [*addresses, *(f"/sources/new?kind={kind}" for kind in ("files", "s3", "mariadb", "duckdb"))]:
        page = Outline(boss.get(address).get_data(as_text=True))
        assert page.headings[0] == 1
        assert set(page.fields) <= page.labelled
        assert len(page.ids) == len(set(page.ids))
        assert set(page.references) <= set(page.ids)
        assert None not in page.header_scopes
        assert page.inline == []


def test_the_clock_crawls_in_its_hours_alone_and_people_at_any_time(shop: Parts, data: Path) -> None:
    now = shop.clock()
    quiet = f"{(now.hour + 2) % 24:02}:00-{(now.hour + 3) % 24:02}:00"
    [lake] = shop.datasets.sources()
    options = {**lake.options, "crawl_every": "1h", "crawl_hours": quiet}
    shop.datasets.put_source(type(lake)(name="lake", connector="files", options=options))
    runs = CrawlRuns(shop.catalog)
    waiting = runs.add("lake", by=SCHEDULE)
    asked = runs.add("lake", by="max")
    assert [shop.crawls._rests(run) for run in (waiting, asked)] == [True, False]
    shop.datasets.put_source(type(lake)(name="lake", connector="files", options={**lake.options, "crawl_every": "1h"}))
    assert not shop.crawls._rests(waiting)
    assert runs.run(waiting.id).state is RunState.WAITING
