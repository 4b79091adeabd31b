"""Sources are listed, added, tried and removed over HTTP, on record, by those who may."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from catalog.crawl_runs import CrawlRuns, RunState
from catalog.journal.event import EventKind, Verdict
from web_ui.parts import Parts

Bearer = Callable[[str], dict[str, str]]
SOURCES = "/api/v1/sources"


def test_sources_are_listed_with_what_is_read_from_them(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    CrawlRuns(shop.catalog).add("lake", by="max")
    [lake] = client.get(SOURCES, headers=bearer("max")).get_json()["sources"]
    assert (lake["source"], lake["connector"], lake["datasets"], lake["crawl"]["state"]) == (
        "lake",
        "files",
        1,
        "waiting",
    )
    assert client.get(f"{SOURCES}/LAKE", headers=bearer("ada")).get_json() == lake
    assert client.get(f"{SOURCES}/lak", headers=bearer("max")).get_json(force=True)["hint"] == "did you mean `lake`?"


def test_a_source_is_added_and_stated_anew(client: FlaskClient, bearer: Bearer, shop: Parts, tmp_path: Path) -> None:
    body = {"source": "pond", "connector": "files", "options": {"path": str(tmp_path), "crawl_every": "6h"}}
    added = client.post(SOURCES, json={**body, "why": "more data"}, headers=bearer("max"))
    assert (added.status_code, added.get_json()["applied"]) == (201, True)
    pond = client.get(f"{SOURCES}/pond", headers=bearer("max")).get_json()
    assert (pond["options"]["path"], pond["every"]) == (str(tmp_path), "6h")
    [event] = shop.journal.search(kind=EventKind.DOCUMENT_APPLY)
    assert (event.user, event.details["why"], event.details["difference"]) == ("max", "more data", ["+ source pond"])
    twice = client.post(SOURCES, json=body, headers=bearer("max")).get_json(force=True)
    assert twice["detail"] == "there is a source `pond` already"
    changed = {**body, "source": "POND", "options": {"path": "data", "crawl_every": "1d"}, "replace": True}
    assert client.post(SOURCES, json=changed, headers=bearer("max")).status_code == 200
    found = shop.datasets.source("pond")
    assert found is not None
    assert dict(found.options) == {"path": str(shop.home.documents / "data"), "crawl_every": "1d"}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"source": "x", "connector": "files", "options": {}}, "lacks the option `path`"),
        ({"source": "x", "connector": "fils", "options": {"path": "x"}}, "no connector `fils`"),
        ({"source": "x", "connector": "postgres", "options": {"url": "postgresql://a:b@c/d"}}, "holds a password"),
        ({"source": "x", "connector": "postgres", "options": {"url": "host=c password=b"}}, "is no URL"),
        ({"source": "x.y", "connector": "files", "options": {"path": "x"}}, "`x.y`"),
        ({"source": "x", "connector": "files", "options": {"path": "x", "crawl_every": "often"}}, "no length of time"),
        ({"source": "x", "connector": "files", "options": {"path": 7}}, "`options`"),
        ({"source": "x", "connector": "files", "options": {"path": "x"}, "replace": "yes"}, "`replace`"),
    ],
)
def test_what_is_no_source_is_refused_in_words_of_its_own(
    client: FlaskClient, bearer: Bearer, shop: Parts, source: dict[str, object], words: str
) -> None:
    refused = client.post(SOURCES, json=source, headers=bearer("max"))
    assert refused.status_code in (400, 422)
    assert words in refused.get_json(force=True)["detail"]
    assert "line" not in refused.get_json(force=True)["detail"]
    assert [each.name for each in shop.datasets.sources()] == ["lake"]


def test_that_a_source_was_tried_is_on_record_and_nothing_is_kept(
    client: FlaskClient, bearer: Bearer, shop: Parts
) -> None:
    reached = client.post(f"{SOURCES}/lake/test", headers=bearer("max")).get_json()
    assert (reached["reached"], reached["relations"], reached["more"]) == (True, ["orders.csv"], False)
    stated = {"source": "clinic", "connector": "postgres", "options": {"url_env": "NO_SUCH_URL"}}
    failed = client.post(f"{SOURCES}/test", json=stated, headers=bearer("max")).get_json()
    assert (failed["reached"], failed["code"]) == (False, "source_unavailable")
    assert "`NO_SUCH_URL` is missing or empty" in failed["told"]
    assert shop.datasets.source("clinic") is None
    last, first = shop.journal.search(kind=EventKind.SOURCE_TEST)
    assert (first.user, first.verdict, first.details) == (
        "max",
        Verdict.ALLOW,
        {"source": "lake", "connector": "files"},
    )
    assert (last.verdict, last.details["code"]) == (Verdict.ERROR, "source_unavailable")


def test_a_source_goes_with_its_datasets_or_not_at_all(client: FlaskClient, bearer: Bearer, shop: Parts) -> None:
    waiting = CrawlRuns(shop.catalog).add("lake", by="max")
    kept = client.post(f"{SOURCES}/lake/remove", json={}, headers=bearer("max")).get_json(force=True)
    assert kept["detail"] == "`shop.orders` is read from the source `lake`"
    with CrawlRuns(shop.catalog).leases.taken("lake"):
        busy = client.post(f"{SOURCES}/lake/remove", json={"datasets": True}, headers=bearer("max"))
        assert "is being crawled" in busy.get_json(force=True)["detail"]
    gone = client.post(f"{SOURCES}/lake/remove", json={"datasets": True}, headers=bearer("max")).get_json()
    assert [f"{each['sign']} {each['kind']} {each['name']}" for each in gone["changes"]] == [
        "- source lake",
        "- dataset shop.orders",
    ]
    assert {(each.get("role"), each["change"]) for each in gone["impact"]} == {("clerk", "loses"), ("boss", "loses")}
    assert (shop.datasets.sources(), shop.datasets.datasets(), shop.tags.assignments()) == ((), (), ())
    assert CrawlRuns(shop.catalog).run(waiting.id).state is RunState.CANCELLED
    assert client.get("/api/v1/datasets", headers=bearer("max")).get_json()["datasets"] == []
    assert client.post(f"{SOURCES}/lake/remove", json={}, headers=bearer("max")).status_code == 404
