"""The record: exports that say what they are of, verification beside the answers, archives, and who learns of it."""

import csv
import io
import json
import random
import re
import sqlite3
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from catalog.journal.event import Event, EventKind, Verdict
from catalog.people.model import Role
from policy_engine.capabilities import Action
from policy_engine.model import Subject
from tests.web_ui.browsing import SignIn, csrf_token
from tests.web_ui.test_api import Bearer
from web_ui.journal.search import paced, reach_of
from web_ui.parts import Parts

EVENTS = "/api/v1/audit/events"
EXPORT = "/api/v1/audit/export"
VERIFICATION = "/api/v1/audit/verification"
ELSEWHERE = ("somebody_else", "lab.results", "lab_rule", "pii.secret", "10.9.8.7", "of the lab")


@pytest.fixture
def reader(shop: Parts) -> str:
    """Somebody who may read what happened in the shop, after much has happened elsewhere."""
    now = shop.policies.current()
    role = Role(name="reader", groups=frozenset({"guests"}), capabilities=frozenset({f"{Action.AUDIT_READ} on shop"}))
    shop.policies.put(now.policies, (*now.roles, role), by="test", why="", difference="")
    shop.journal.append(Event(kind=EventKind.QUERY_BEGIN, user="max", datasets=("shop.orders",), tags=("pii.email",)))
    user, dataset, policy, tag, client, text = ELSEWHERE
    for datasets in ((dataset,), (dataset, "shop.orders"), ()):
        shop.journal.append(
            Event(
                kind=EventKind.QUERY_DENY,
                verdict=Verdict.ERROR,
                user=user,
                datasets=datasets,
                policies=(policy,),
                tags=(tag,),
                client=client,
                details={"request": text},
            )
        )
    return "eve"


def _lines(browser: FlaskClient, search: str = "") -> list[dict[str, object]]:
    answer = browser.get(f"{EXPORT}?format=jsonl&{search}")
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]


def test_an_export_begins_with_the_event_that_tells_of_it(browser: SignIn, shop: Parts, reader: str) -> None:
    head, *events = _lines(browser("ada"), "kind=query:begin&from=2020-01-01")
    told = head["details"]
    assert isinstance(told, dict)
    assert told["asked"] == {"kind": "query:begin", "from": "2020-01-01"}
    assert (head["kind"], head["user"], told["count"], told["format"]) == ("audit:export", "ada", len(events), "jsonl")
    before = shop.journal.event(told["head"]["seq"])
    assert before is not None
    assert (before.hash, told["head"]["seq"]) == (told["head"]["hash"], head["seq"] - 1)  # type: ignore[operator]
    assert before.hash == head["previous_hash"]


@pytest.mark.parametrize("search", ["", "kind=query:begin", "dataset=shop.orders", "text=nothing+like+it"])
def test_every_form_of_an_export_holds_exactly_what_is_found(browser: SignIn, reader: str, search: str) -> None:
    for person in (browser("ada"), browser(reader)):
        lines = _lines(person, search)[1:]
        numbers = [event["seq"] for event in lines]
        rows = list(csv.DictReader(io.StringIO(_without_head(person.get(f"{EXPORT}?format=csv&{search}").text))))
        assert [int(row["seq"]) for row in rows][: len(numbers)] == numbers
        ocsf = person.get(f"{EXPORT}?format=ocsf&{search}").text.splitlines()[1:]
        uids = [int(json.loads(line)["metadata"]["uid"]) for line in ocsf]
        assert list(dict.fromkeys(uids))[: len(numbers)] == numbers
        found = person.get(f"{EVENTS}?limit=1000&{search}").get_json()["events"]
        assert [event for event in reversed(found) if event["seq"] in numbers] == lines


def _without_head(text: str) -> str:
    head, rest = text.split("\r\n", 1)
    assert json.loads(head.removeprefix("# "))["kind"] == "audit:export"
    return rest


def test_no_cell_of_an_export_is_a_formula(browser: SignIn, shop: Parts) -> None:
    for user in ("=cmd()", "+1", "-1", "@x", "\tx", 'a,"b'):
        shop.journal.append(Event(kind=EventKind.LOGIN_FAIL, user=user))
    text = browser("ada").get(f"{EXPORT}?format=csv&kind=login:fail").text
    users = [row["user"] for row in csv.DictReader(io.StringIO(_without_head(text)))]
    assert users == ["'=cmd()", "'+1", "'-1", "'@x", "'\tx", 'a,"b']


def test_the_first_line_of_an_export_has_no_formula_wherever_it_is_cut(browser: SignIn) -> None:
    texts = ["x,=WEBSERVICE(A3),y", 'x,"=1",+1', "x;=1;@y", "x\t=1\t-1|+2", "-1+1", "\\,=1"]
    for text in texts:
        asked = urlencode({"format": "csv", "text": text})
        head = browser("ada").get(f"{EXPORT}?{asked}").text.split("\r\n")[0]
        assert json.loads(head.removeprefix("# "))["details"]["asked"] == {"text": text}
        for delimiter in ",;\t|":
            [cells] = csv.reader([head], delimiter=delimiter)
            assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))], (text, delimiter)


def test_no_export_goes_where_a_part_of_it_would_look_whole(browser: SignIn, shop: Parts) -> None:
    refused = browser("ada").get(EXPORT, environ_overrides={"SERVER_PROTOCOL": "HTTP/1.0"})
    assert (refused.status_code, refused.json["code"]) == (505, "protocol_too_old")  # type: ignore[index]
    assert not shop.journal.search(kind=EventKind.AUDIT_EXPORT)


def test_an_export_in_no_known_form_is_refused_and_leaves_no_event(browser: SignIn, shop: Parts) -> None:
    assert browser("ada").get(f"{EXPORT}?format=xls").status_code == 400
    assert shop.journal.search(kind=EventKind.AUDIT_EXPORT) == ()


def test_nothing_tells_who_reads_a_part_of_what_happened_elsewhere(browser: SignIn, reader: str) -> None:
    person = browser(reader)
    addresses = ["/audit", "/audit?verdict=error", EVENTS, f"{EXPORT}?format=csv", EXPORT, f"{EXPORT}?format=ocsf"]
    for address in addresses:
        text = person.get(address).get_data(as_text=True)
        assert not [word for word in ELSEWHERE if word in text], address
    assert "max" in person.get("/audit").text
    assert "hash" not in person.get(EXPORT).text
    page = person.get("/audit").text
    assert 'id="record"' not in page
    assert "query:deny" not in re.sub(r"<select.*?</select>", "", page, flags=re.S)


def test_who_reads_a_part_is_told_sql_as_it_ran_of_own_queries_alone(browser: SignIn, shop: Parts, reader: str) -> None:
    """It has the words of policies, which may look into any database; `kim` holds none but reads own queries."""
    details = {"request": "SELECT * FROM orders", "sql": "SELECT * FROM orders WHERE id IN (FROM lab.results)"}
    for user in ("max", "kim", reader):
        event = Event(
            kind=EventKind.QUERY_BEGIN, user=user, datasets=("shop.orders",), decision_id="d1", details=details
        )
        shop.journal.append(event)
    events = {event.user: event.seq for event in shop.journal.search(decision_id="d1")}
    for person, told in ((reader, {reader}), ("kim", {"kim"}), ("ada", {"max", "kim", reader})):
        found = browser(person).get(f"{EVENTS}?text=lab.results&kind=query:begin").get_json()
        assert {event["user"] for event in found["events"]} == told, person
        for user, seq in events.items():
            page = browser(person).get(f"/audit/{seq}")
            assert ("lab.results" in page.text) is (user in told), (person, user)
            assert page.status_code == (404 if (person, user) in {("kim", "max"), ("kim", reader)} else 200)
        for form, each in (("csv", 1), ("jsonl", 1), ("ocsf", 0)):
            lines = browser(person).get(f"{EXPORT}?format={form}&kind=query:begin&decision_id=d1").text.splitlines()
            assert sum("lab.results" in line for line in lines) == each * len(told), (person, form)


def test_what_a_part_is_narrowed_by_hangs_on_nothing_else(browser: SignIn, shop: Parts) -> None:
    """Neither how a guessed name is written, nor which of many values is offered, tells what others did."""
    shop.journal.append(Event(kind=EventKind.REQUEST_CREATE, user="max", datasets=("lab.trials",)))
    names = [f"shop.{letter}" for letter in "abcdefghijk"]
    for user, chosen in (("kim", ["LaB.TriaLS", *names[1:]]), ("max", names[1:] * 2)):
        for name in chosen:
            shop.journal.append(Event(kind=EventKind.REQUEST_CREATE, user=user, datasets=(name,)))
    page = browser("kim").get("/audit").text
    offered = ["LaB.TriaLS", *names[1:10]]
    assert set(re.findall(r"dataset=([\w.]+)", page)) == set(offered)


def test_counts_of_who_reads_a_part_are_those_of_the_part(browser: SignIn, shop: Parts, reader: str) -> None:
    person = browser(reader)
    whole = [event for event in shop.journal.export() if event.user == "eve" or event.datasets == ("shop.orders",)]
    assert person.get(f"{EVENTS}?limit=1000").get_json()["count"] == len(whole)
    assert person.get(f"{EVENTS}?verdict=error").get_json()["count"] == 0
    assert '<td class="number">1</td>' not in person.get("/audit?verdict=error").text


def test_the_events_beside_one_are_those_that_may_be_read(browser: SignIn, shop: Parts, reader: str) -> None:
    [event] = shop.journal.search(user="max", kind=EventKind.QUERY_BEGIN, limit=1)
    person = browser(reader)
    page = person.get(f"/audit/{event.seq}").text
    beside = [int(number) for number in re.findall(r'rel="(?:prev|next)" href="/audit/(\d+)"', page)]
    assert beside
    assert all(person.get(f"/audit/{number}").status_code == 200 for number in beside)
    assert not set(beside) & {event.seq + 1, event.seq + 2, event.seq + 3}


def _verified(browser: FlaskClient) -> dict[str, object]:
    token = csrf_token(browser.get("/connect"))
    assert browser.post(VERIFICATION, headers={"X-CSRF-Token": token}).status_code == 202
    deadline = time.monotonic() + 60
    while (state := browser.get(VERIFICATION).get_json())["running"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not state["running"]
    last: dict[str, object] = state["last"]
    return last


def test_the_record_is_verified_beside_the_answers(browser: SignIn, shop: Parts) -> None:
    auditor = browser("ada")
    assert "never verified" in auditor.get("/audit").text
    shop.keeper.seal("test")
    count, _ = shop.journal.head()
    last = _verified(auditor)
    assert (last["ok"], last["by"], last["seals"]) == (True, "ada", 1)
    assert isinstance(last["events"], int)
    assert last["events"] >= count
    assert "The chain held" in auditor.get("/audit").text
    token = csrf_token(auditor.get("/connect"))
    assert auditor.post("/audit/verify", data={"csrf_token": token}).location == "/audit#record"


def test_a_record_that_does_not_hold_is_told_with_its_first_break(browser: SignIn, shop: Parts) -> None:
    shop.journal.append(Event(kind=EventKind.LOGIN_OK, user="ada"))
    with sqlite3.connect(shop.home.catalog_file) as connection:
        connection.execute("DROP TRIGGER event_stays")
        connection.execute("UPDATE event SET hash = 'x' || hash WHERE seq = 1")
    connection.close()
    auditor = browser("ada")
    last = _verified(auditor)
    assert (last["ok"], last["first_break"]) == (False, 1)
    assert "The chain did not hold" in auditor.get("/audit").text


def test_a_seal_that_was_touched_closes_no_page_and_is_told_by_a_verification(browser: SignIn, shop: Parts) -> None:
    """Whoever has the disk keeps nobody from looking, least of all then."""
    shop.keeper.seal("test")
    seals = shop.home.seals_file
    seals.write_text(seals.read_text().replace('"count":', '"count":1'))
    auditor = browser("ada")
    assert (auditor.get("/audit").status_code, auditor.get("/home").status_code) == (200, 200)
    assert browser("max").get("/health").status_code == 200
    assert _verified(auditor)["what"] == "seal 1 is not as it was signed"


def test_only_who_reads_everything_may_verify(browser: SignIn, bearer: Bearer, reader: str) -> None:
    for user in ("kim", reader):
        person = browser(user)
        token = csrf_token(person.get("/connect"))
        assert person.get(VERIFICATION).status_code == 403
        assert person.post(VERIFICATION, headers={"X-CSRF-Token": token}).status_code == 403
        assert person.post("/audit/verify", data={"csrf_token": token}).status_code == 403


def test_archives_are_told_of_where_the_time_asked_for_meets_them(
    browser: SignIn, shop: Parts, reader: str, tmp_path: Path
) -> None:
    assert shop.keeper.archivist is not None
    [made] = shop.keeper.archivist.archive(shop.clock() + timedelta(days=1), tmp_path, by="test")
    auditor, person = browser("ada"), browser(reader)
    assert str(made.file) in auditor.get("/audit").text
    assert str(made.file) in auditor.get("/audit/1").text
    assert str(made.file) not in auditor.get("/audit?from=2100-01-01").text
    page = person.get("/audit").text
    assert "Ask an auditor" in page
    day = f"{made.ended_at:%Y-%m-%d}"
    for search, until in (("", day), ("?from=2020-01-01", day), ("?from=2100-01-01", None)):
        assert person.get(EVENTS + search).get_json()["archived_until"] == until
    assert made.file.name not in page + person.get("/audit/1").text
    assert _verified(auditor)["ok"]


def test_a_change_is_told_before_and_after_with_the_policy_at_that_revision(browser: SignIn, shop: Parts) -> None:
    admin = browser("max")
    token = csrf_token(admin.get("/connect"))
    statement = "GRANT SELECT ON TABLE shop.orders TO ROLE clerk"
    done = admin.post("/api/v1/ddl", json={"statement": statement}, headers={"X-CSRF-Token": token})
    assert done.status_code == 200, done.text
    [event] = shop.journal.search(kind=EventKind.DOCUMENT_APPLY, limit=1)
    page = browser("ada").get(f"/audit/{event.seq}").text
    assert f"Revision {event.revision} came into force" in page
    assert re.search(r"<ins>.*clerk", page)
    for name in event.policies:
        assert f'href="/policies/{name}?rev={event.revision}"' in page


def test_how_long_a_search_takes_tells_nothing_of_what_may_not_be_read(shop: Parts) -> None:
    for user, is_stepped in (("eve", True), ("kim", True), ("ada", False)):
        account = shop.accounts.user(user)
        assert account is not None
        reach = reach_of(shop, Subject(user=user, groups=account.groups | {user}))
        assert (reach.readable is not None) == is_stepped
        for work, steps in ((0.0, 1), (0.3, 2)):
            began = time.monotonic()
            with paced(reach):
                time.sleep(work)
            assert time.monotonic() - began >= (steps * 0.25 if is_stepped else work) - 0.001


def test_what_is_found_for_a_part_is_what_may_be_read_one_by_one(shop: Parts, reader: str) -> None:
    chance = random.Random(6)
    names = [
        "shop.orders",
        "SHOP.Orders",
        "lab.results",
        "shop",
        "Shop.",
        ".x",
        'shop."a.b"',
        "sh\u00f6p.a",
        "shop .a",
        "",
    ]
    for _ in range(400):
        datasets = tuple(chance.sample(names, chance.choice([0, 1, 1, 2, 3])))
        user = chance.choice(["eve", "Eve", "max", "eve\u0301"])
        shop.journal.append(Event(kind=EventKind.QUERY_BEGIN, user=user, datasets=datasets))
    for user, groups in ((reader, {"guests"}), ("kim", set()), ("ada", {"auditor"})):
        reach = reach_of(shop, Subject(user=user, groups=frozenset({user, *groups})))
        found = {event.seq for event in shop.journal.every(shop.journal.readable(reach.readable))}
        assert found == {event.seq for event in shop.journal.export() if reach.covers(event)}


def test_questions_lead_only_where_one_may_go(browser: SignIn, reader: str) -> None:
    for user, leads, is_asked in (("ada", True, True), (reader, False, True), ("kim", False, False)):
        person = browser(user)
        page = person.get("/audit").text
        assert ("What auditors ask" in page) == is_asked
        links = re.findall(r'href="(/reports/[^"]+|/audit\?[^"]+)"', page.partition("facets")[0])
        assert any("/reports/" in link for link in links) == leads
        assert all(person.get(link).status_code == 200 for link in links)
