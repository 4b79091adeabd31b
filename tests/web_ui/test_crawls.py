"""Crawls are asked for, watched and stopped over HTTP and on pages, and carried on by the server itself."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from catalog.crawl_runs import CrawlRun, CrawlRuns, RunState
from catalog.errors import SettingsInvalid
from catalog.home import Home
from catalog.journal.event import EventKind
from catalog.model import Database, Source
from tests.web_ui.browsing import csrf_token, sign_in
from tests.web_ui.shop import open_shop
from web_ui.app import create_app
from web_ui.crawl_runner import SCHEDULE, CrawlRunner
from web_ui.parts import Parts, assemble
from web_ui.settings import CrawlSettings, Settings, SourceCrawlSettings

Bearer = Callable[[str], dict[str, str]]
SignIn = Callable[[str], FlaskClient]


def wait(is_so: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def ended(parts: Parts, number: int = 1) -> CrawlRun:
    runs = CrawlRuns(parts.catalog)
    wait(lambda: runs.run(number).state.is_over)
    return runs.run(number)


def test_a_crawl_is_asked_for_and_carried_out_by_the_server(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    (shop.home.path.parent / "data" / "wards.csv").write_text("ward\nnorth\n")
    (shop.home.path.parent / "data" / "broken.parquet").write_bytes(b"no parquet")
    asked = client.post("/api/v1/crawls", json={"source": "LAKE", "into": "shop"}, headers=bearer("max"))
    assert (asked.status_code, asked.headers["Location"]) == (202, "/api/v1/crawls/1")
    assert (asked.get_json()["state"], asked.get_json()["source"], asked.get_json()["by"]) == ("waiting", "lake", "max")
    shop.crawls.start()
    ended(shop)
    told = client.get("/api/v1/crawls/1", headers=bearer("max")).get_json()
    assert (told["state"], told["done"], told["total"]) == ("done", 3, 3)
    assert told["counts"] == {"failed": 1, "new": 1, "unchanged": 1}
    found = {each["relation"]: (each["outcome"], each["datasets"]) for each in told["relations"]}
    assert found["wards.csv"] == ("new", ["shop.wards"])
    assert found["broken.parquet"] == ("failed", [])
    assert client.get("/api/v1/crawls", headers=bearer("ada")).get_json()["crawls"][0]["id"] == 1
    assert client.get("/api/v1/crawls?source=other", headers=bearer("ada")).get_json() == {"crawls": []}
    read_on = client.get("/api/v1/crawls/1?limit=1&after=1", headers=bearer("max")).get_json()
    assert [each["relation"] for each in read_on["relations"]] == [told["relations"][2]["relation"]]


def test_only_administrators_crawl_and_cancel_and_auditors_look(client: FlaskClient, bearer: Bearer) -> None:
    for user in ("kim", "ada", "eve"):
        refused = client.post("/api/v1/crawls", json={"source": "lake"}, headers=bearer(user))
        assert refused.get_json(force=True)["code"] == "not_allowed"
    client.post("/api/v1/crawls", json={"source": "lake"}, headers=bearer("max"))
    assert client.get("/api/v1/crawls/1", headers=bearer("ada")).status_code == 200
    for user in ("kim", "eve"):
        assert client.get("/api/v1/crawls", headers=bearer(user)).status_code == 403
        assert client.get("/api/v1/crawls/1", headers=bearer(user)).status_code == 403
    assert client.post("/api/v1/crawls/1/cancel", headers=bearer("ada")).status_code == 403
    assert client.get("/api/v1/crawls").status_code == 401


def test_a_crawl_is_cancelled_on_record(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    client.post("/api/v1/crawls", json={"source": "lake"}, headers=bearer("max"))
    told = client.post("/api/v1/crawls/1/cancel", headers=bearer("max")).get_json()
    assert told["state"] == "cancelled"
    client.post("/api/v1/crawls/1/cancel", headers=bearer("max"))
    [event] = shop.journal.search(kind=EventKind.CRAWL_CANCEL)
    assert (event.user, event.details["run"]) == ("max", 1)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"source": "lak"}, 400, "no source `lak`"),
        ({"source": "lake", "into": "shopp"}, 400, "no database `shopp`"),
        ({"source": "lake", "full": "yes"}, 400, "`full`"),
        ({"sorce": "lake"}, 400, "`sorce`"),
        ({}, 400, "`source` is missing"),
    ],
)
def test_a_crawl_of_nothing_is_refused(
    client: FlaskClient, bearer: Bearer, shop: Parts, body: object, status: int, words: str
) -> None:
    refused = client.post("/api/v1/crawls", json=body, headers=bearer("max"))
    assert refused.status_code == status
    assert words in refused.get_json(force=True)["detail"]
    assert CrawlRuns(shop.catalog).runs() == ()


@pytest.mark.parametrize("number", ["9", "x", "-1", "9" * 30])
def test_a_crawl_that_is_not_there_is_not_found(client: FlaskClient, bearer: Bearer, number: str) -> None:
    assert client.get(f"/api/v1/crawls/{number}", headers=bearer("max")).status_code == 404
    assert client.post(f"/api/v1/crawls/{number}/cancel", headers=bearer("max")).status_code == 404


def test_the_pages_start_show_and_stop_a_crawl(browser: SignIn, shop: Parts) -> None:
    boss = browser("max")
    form = {"csrf_token": csrf_token(boss.get("/crawls")), "source": "lake", "into": "shop"}
    asked = boss.post("/crawls", data=form)
    assert (asked.status_code, asked.location) == (303, "/crawls/1")
    assert "data-refresh" in boss.get("/crawls").get_data(as_text=True)
    assert "Nothing is listed yet" in boss.get("/crawls/1").get_data(as_text=True)
    shop.crawls.start()
    ended(shop)
    page = boss.get("/crawls/1").get_data(as_text=True)
    assert "shop.orders" in page
    assert "data-refresh" not in page
    assert boss.post("/crawls", data={**form, "source": "nothing"}).status_code == 400
    boss.post("/crawls", data=form)
    stopped = boss.post("/crawls/2/cancel", data={"csrf_token": form["csrf_token"]})
    assert stopped.location == "/crawls/2"
    assert boss.post("/crawls", data={"source": "lake"}).status_code == 400
    assert browser("kim").get("/crawls").status_code == 403
    assert 'href="/crawls"' not in browser("kim").get("/data").get_data(as_text=True)


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Parts]:
    """The shop with six more files, and a long pause after each relation."""
    with open_shop(tmp_path, Settings(crawl=CrawlSettings(pause_seconds=60))) as parts:
        for number in range(6):
            (tmp_path / "data" / f"t{number}.csv").write_text("id\n1\n")
        yield parts


def test_what_a_server_leaves_off_the_next_one_carries_on(slow: Parts, tmp_path: Path) -> None:
    runs = CrawlRuns(slow.catalog)
    runs.add("lake", into="shop", by="max")
    slow.crawls.start()
    wait(lambda: runs.run(1).done == 1)
    slow.crawls.close()
    wait(lambda: runs.run(1).state is RunState.PAUSED)
    with assemble(Home.open(slow.home.path), Settings()) as following:
        following.crawls.start()
        run = ended(following)
        assert (run.state, run.counts["new"], run.total) == (RunState.DONE, 6, 7)


def test_a_crawl_under_way_is_cancelled(slow: Parts) -> None:
    runs = CrawlRuns(slow.catalog)
    runs.add("lake", into="shop", by="max")
    slow.crawls.start()
    wait(lambda: runs.run(1).done == 1)
    assert create_app(slow).test_client().get("/healthz").status_code == 200
    runs.cancel(1)
    run = ended(slow)
    assert (run.state, run.done) == (RunState.CANCELLED, 1)


def test_the_settings_schedule_crawls(tmp_path: Path) -> None:
    crawls = {"lake": SourceCrawlSettings(every="1h", into="shop"), "nowhere": SourceCrawlSettings(every="1h")}
    with open_shop(tmp_path, Settings(crawls=crawls)) as parts:
        parts.datasets.put_database(Database(name="shop"))
        parts.crawls.start()
        wait(lambda: len(CrawlRuns(parts.catalog).runs()) == 1)
        run = ended(parts)
        assert (run.state, run.by, run.into) == (RunState.DONE, SCHEDULE, "shop")
        parts.crawls.wake()
        time.sleep(0.2)
        assert len(CrawlRuns(parts.catalog).runs(source="lake")) == 1


@pytest.mark.parametrize(
    "own",
    [
        SourceCrawlSettings(every="1h", hours="22:00-06:00", pause_seconds=60),
        SourceCrawlSettings(every="1h", hours="22:00-06:00", most_bytes=1),
    ],
    ids=["hours", "bytes"],
)
def test_what_the_clock_left_off_goes_on_and_gets_no_second_run_beside_it(
    tmp_path: Path, own: SourceCrawlSettings
) -> None:
    now = [datetime(2026, 3, 1, 23, tzinfo=UTC)]
    with open_shop(tmp_path) as shop:
        (tmp_path / "data" / "more.csv").write_text("id\n1\n")
        runs = CrawlRuns(shop.catalog, clock=lambda: now[0])
        runner = CrawlRunner(
            catalog=shop.catalog,
            settings=Settings(crawls={"lake": own}),
            plugins={},
            copies=tmp_path / "copies",
            clock=lambda: now[0],
        )
        runner.start()
        wait(lambda: bool(runs.runs()) and runs.run(1).done == 1)
        now[0] = datetime(2026, 3, 2, 6, tzinfo=UTC)
        wait(lambda: runs.run(1).state is RunState.PAUSED)
        now[0] = datetime(2026, 3, 2, 22, tzinfo=UTC)
        runner.wake()
        wait(lambda: runs.run(1).done == 2)
        assert [run.id for run in runs.runs()] == [1]
        runner.close()


def test_a_source_schedules_its_own_crawls_and_says_how(tmp_path: Path) -> None:
    with open_shop(tmp_path) as parts:
        parts.crawls.start()
        [lake] = parts.datasets.sources()
        timed = {"crawl_every": "1h", "crawl_into": "shop", "crawl_rows": "7"}
        parts.datasets.put_source(replace(lake, options={**lake.options, **timed}))
        parts.crawls.wake()
        wait(lambda: len(CrawlRuns(parts.catalog).runs()) == 1)
        run = ended(parts)
        assert (run.state, run.by, run.into) == (RunState.DONE, SCHEDULE, "shop")
        [lake] = parts.datasets.sources()
        assert parts.settings.politeness(lake).rows == 7
        browser = create_app(parts).test_client()
        sign_in(browser, "max")
        page = browser.get("/crawls").get_data(as_text=True)
        assert "every 1h" in page


def test_what_the_settings_say_of_a_source_goes_before_what_it_says_itself() -> None:
    options = {"path": "x", "crawl_every": "1h", "crawl_rows": "7", "crawl_into": "shop"}
    lake = Source(name="lake", connector="files", options=options)
    here = Settings(crawls={"Lake": SourceCrawlSettings(cron="30 2 * * *", rows=9)})
    own = here.crawl_of(lake)
    assert (own.every, own.cron, own.rows, own.into) == ("", "30 2 * * *", 9, "shop")
    assert Settings().crawl_of(lake).every == "1h"


def test_a_schedule_that_is_none_keeps_a_server_from_starting(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="no length of time"):
        open_shop(tmp_path, Settings(crawls={"lake": SourceCrawlSettings(every="often")}))


def test_sources_are_crawled_side_by_side_and_each_by_one_run(slow: Parts, tmp_path: Path) -> None:
    runs = CrawlRuns(slow.catalog)
    slow.datasets.put_source(Source(name="pond", connector="files", options={"path": str(tmp_path / "data")}))
    for source in ("lake", "pond", "lake"):
        runs.add(source, by="max")
    slow.crawls.start()
    wait(lambda: min(runs.run(1).done, runs.run(2).done) >= 1)
    assert [runs.run(number).state for number in (1, 2, 3)] == [RunState.RUNNING, RunState.RUNNING, RunState.WAITING]
    runs.cancel(1)
    wait(lambda: runs.run(3).done >= 1)  # what the first run had looked at is passed by at once
    assert runs.run(1).state is RunState.CANCELLED
