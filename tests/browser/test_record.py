"""An auditor's pages, which show more than other people's: judged by axe, narrowed by clicking, exported, verified."""

import json
import time
from pathlib import Path

from tests.browser.people import Entrance, Person


def test_what_an_auditor_sees_is_fit_to_be_seen(sign_in: Entrance, axe: str) -> None:
    with sign_in("demo_auditor") as auditor:
        for address in ("/audit", "/audit?text=nothing+like+it", _newest(auditor)):
            auditor.open(address)
            for width, scheme in auditor.looks():
                assert auditor.faults(axe, colours_alone=scheme == "dark") == [], (address, width, scheme)


def _newest(auditor: Person) -> str:
    """The page of the newest query, or else of the newest event."""
    for kind in ("&kind=query:begin", ""):
        events = auditor.page.request.get(f"/api/v1/audit/events?limit=1{kind}").json()["events"]
        if events:
            return f"/audit/{events[0]['seq']}"
    raise AssertionError("the sign-in is an event")


def test_an_auditor_narrows_exports_and_verifies_by_clicking(sign_in: Entrance, tmp_path: Path) -> None:
    with sign_in("demo_auditor") as auditor:
        auditor.open("/audit")
        auditor.follow("link", "signed in")
        assert auditor.sees("what happened: signed in")
        with auditor.page.expect_download() as downloading:
            auditor.page.get_by_role("link", name="JSON lines").click()
        downloading.value.save_as(tmp_path / "export.jsonl")
        head, *events = map(json.loads, (tmp_path / "export.jsonl").read_text().splitlines())
        assert head["details"]["count"] == len(events)
        assert {event["kind"] for event in events} == {"login:ok"}
        auditor.open("/audit")
        auditor.follow("button", "Verify now")
        deadline = time.monotonic() + 60
        while not auditor.sees("The chain held") and time.monotonic() < deadline:
            auditor.open("/audit")
        assert auditor.sees("The chain held")
