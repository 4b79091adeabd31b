"""Health tells how the server stands, names secrets and shows none, and looks further when it is asked to."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import flask
import pytest

from catalog.crawl_runs import CrawlRuns, RunState
from catalog.journal.event import Event, EventKind
from tests.web_ui.browsing import csrf_token, sign_in
from tests.web_ui.shop import open_shop
from web_ui.app import create_app
from web_ui.effective import effective, is_stale
from web_ui.health import health
from web_ui.parts import Parts
from web_ui.settings import ServerSettings, Settings, SinkSettings, load_settings
from web_ui.sources import Sources

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """The shop with a sink that has got nothing yet."""
    folder = tmp_path_factory.mktemp("health")
    sinks = {
        "siem": SinkSettings(to="https://user:hush@siem.test/in/hush?key=hush"),
        "file": SinkSettings(to=f"file://{folder}/j"),
    }
    with open_shop(folder, Settings(server=ServerSettings(port=9_123), sinks=sinks)) as parts:
        yield parts


@pytest.fixture(scope="module")
def app(shop: Parts) -> flask.Flask:
    return create_app(shop)


@pytest.fixture(scope="module")
def ask(app: flask.Flask, shop: Parts) -> Ask:
    def asked(method: str, path: str) -> Any:
        text, _ = shop.tokens.create("max", "test", timedelta(days=1))
        answer = app.test_client().open(path, method=method, headers={"Authorization": f"Bearer {text}"})
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    return asked


def test_sources_sinks_and_the_journal_are_told_as_they_stand(shop: Parts, ask: Ask) -> None:
    runs = CrawlRuns(shop.catalog)
    runs.end(runs.add("lake", by="max").id, RunState.FAILED, "the folder is gone")
    for user in ("kim", "max"):
        shop.journal.append(Event(kind=EventKind.LOGIN_OK, user=user))
    shop.journal.note_passed_on("file", 1)
    shop.keeper.sinks[0].problem = "nobody answers there"
    told = ask("GET", "/api/v1/health")
    [lake] = told["sources"]
    assert (lake["source"], lake["datasets"], lake["crawl"]["state"]) == ("lake", 1, "failed")
    events = told["journal"]["events"]
    sinks = {sink["sink"]: sink for sink in told["sinks"]}
    assert (sinks["siem"]["behind"], sinks["siem"]["problem"]) == (events, "nobody answers there")
    assert (sinks["file"]["passed_on"], sinks["file"]["behind"]) == (1, events - 1)
    assert events <= shop.journal.head()[0]
    shop.journal.file()
    filed = ask("GET", "/api/v1/health")["journal"]
    assert filed["unfiled"] < 5
    assert (filed["sealed"], filed["seal_is_late"]) == (0, True)
    seal = shop.keeper.seal("max")
    sealed = ask("GET", "/api/v1/health")["journal"]
    assert (sealed["sealed"], sealed["seal_is_late"]) == (seal.count, False)


def test_a_seal_is_late_when_it_is_overdue(shop: Parts) -> None:
    sources = Sources(parts=shop, by="local:ada")
    shop.keeper.seal("max")
    for _ in range(3):
        shop.journal.append(Event(kind=EventKind.LOGIN_OK, user="kim"))
    assert not health(shop, sources).journal.is_sealed_late
    shop.keeper.hours = 0.0
    assert not health(shop, sources).journal.is_sealed_late
    shop.keeper.hours = 1e-9
    assert health(shop, sources).journal.is_sealed_late
    shop.keeper.hours = 24.0


def test_settings_say_where_they_come_from_and_show_no_secret(tmp_path: Path, ask: Ask) -> None:
    file = tmp_path / "veil.toml"
    file.write_text('[server]\nport = 9000\n[sinks.siem]\nto = "https://u:hush@siem.test:8088/in/hush?key=hush"\n')
    environ = {"VEIL_QUERY__SECONDS": "5", "VEIL_OTHER": "x"}
    settings = load_settings(file, environ)
    found = {(each.section, each.key): each for each in effective(settings, file, environ)}
    assert (found["server", "port"].value, found["server", "port"].origin) == ("9000", "veil.toml")
    assert (found["query", "seconds"].value, found["query", "seconds"].origin) == ("5.0", "VEIL_QUERY__SECONDS")
    assert found["server", "host"].is_default
    said = found["sinks.siem", "to"]
    assert (said.value, said.origin) == ("https://siem.test:8088/..", "veil.toml")
    assert not is_stale(settings, file, environ)
    elsewhere = replace(settings, server=replace(settings.server, host="127.0.0.9", port=settings.server.port + 1))
    assert not is_stale(elsewhere, file, environ)
    file.write_text("[server]\nport = 9001\n")
    assert is_stale(settings, file, environ)
    file.write_text("[server]\nnothing_like_it = 1\n")
    assert is_stale(settings, file, environ)
    told = json.dumps(ask("GET", "/api/v1/health"))
    assert "https://siem.test/.." in told
    assert "hush" not in told


def test_an_examination_is_what_doctor_prints_and_is_on_record(shop: Parts, ask: Ask) -> None:
    checks = {
        check["checked"].split()[0]: check["finding"] for check in ask("POST", "/api/v1/health/examine")["checks"]
    }
    assert {"veil", "who", "key", "catalog", "journal", "source"} <= checks.keys()
    assert checks["journal"] == checks["source"] == checks["catalog"] == ""
    [event] = shop.journal.search(kind=EventKind.AUDIT_VERIFY, limit=1)
    assert event.details["by"] == "doctor"


def test_the_page_shows_it_and_tries_a_source(app: flask.Flask, shop: Parts) -> None:
    client = app.test_client()
    assert sign_in(client, "max").status_code == 303
    page = client.get("/health")
    assert "9123" in page.text
    form = {"csrf_token": csrf_token(page)}
    assert "it can be read" in client.post("/health/sources/lake", data=form).text.lower()
    assert client.post("/health/sources/nothing-like-it", data=form).status_code == 404
    examined = client.post("/health/examine", data=form).text
    assert "journal of" in examined
    assert "Examine again" in examined
    assert 'href="/health"' in page.text
    other = app.test_client()
    assert sign_in(other, "ada").status_code == 303
    assert 'href="/health"' not in other.get("/home").text
    assert other.get("/health").status_code == 403
