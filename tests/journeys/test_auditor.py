"""An auditor finds out who read what, when, under which policies, with the SQL before and after."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import TypedDict

import pytest

import veil
from tests.serving import Home

DATASET = "medical_charges.medical_costs"


class Event(TypedDict):
    """An event as the interface tells it, as far as these tests read it."""

    seq: int
    kind: str
    user: str
    verdict: str
    datasets: list[str]
    policies: list[str]
    revision: int
    decision_id: str
    details: dict[str, object]


@pytest.fixture(scope="module")
def decision(clinic_url: str, clinic_token: Callable[[str], str]) -> str:
    """The id of one query of the analyst, run to its end."""
    with veil.connect(clinic_url, token=clinic_token("demo_user2")) as analyst:
        result = analyst.query(f"select name, mrn from {DATASET} where age = 42 and name <> 'Nobody Special'")
        result.to_arrow()
        assert result.access is not None
        return result.access["decision_id"]


def test_a_query_leaves_a_beginning_and_an_end(
    decision: str, clinic_url: str, clinic_token: Callable[[str], str]
) -> None:
    events = _events(clinic_url, clinic_token("demo_auditor"), user="demo_user2", decision=decision)
    assert [event["kind"] for event in events] == ["query:end", "query:begin"]
    end, begin = events
    assert begin["user"] == "demo_user2"
    assert begin["datasets"] == [DATASET]
    assert begin["policies"] == ["analysts-medical"]
    assert begin["revision"] > 0
    assert end["verdict"] == "allow"
    assert str(end["details"]["rows"]).isdigit()


def test_the_sql_stands_there_before_and_after_without_what_was_compared(
    decision: str, clinic_url: str, clinic_token: Callable[[str], str]
) -> None:
    begin = _events(clinic_url, clinic_token("demo_auditor"), user="demo_user2", decision=decision)[-1]
    told = json.dumps(begin["details"])
    assert "medical_costs" in told
    assert "opted_out" in told
    assert "Nobody Special" not in told
    assert "42" not in str(begin["details"].get("sql"))


def test_the_command_shows_an_event_whole(decision: str, clinic_home: Home) -> None:
    events = json.loads(clinic_home.veil("audit", "search", "--user", "demo_user2", "-f", "json"))
    begin = next(event for event in events if event["kind"] == "query:begin" and event["decision_id"] == decision)
    shown = clinic_home.veil("audit", "show", str(begin["seq"]))
    assert "analysts-medical" in shown
    assert decision in shown


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("select * from medical_charges.nothing_there", "unknown_dataset"),
        (f"select phone from {DATASET}", "unknown_column"),
        (f"delete from {DATASET}", "sql_unsupported"),
    ],
)
def test_a_refusal_is_in_the_journal_too(
    sql: str, code: str, clinic_url: str, clinic_token: Callable[[str], str]
) -> None:
    with veil.connect(clinic_url, token=clinic_token("demo_user2")) as analyst, pytest.raises(veil.Error) as refused:
        analyst.query(sql).to_arrow()
    told = _events(clinic_url, clinic_token("demo_auditor"), user="demo_user2", decision=refused.value.decision_id)
    assert told[0]["verdict"] in ("deny", "error")
    assert code in json.dumps(told[0]["details"])


def test_the_analyst_does_not_read_others_events(clinic_url: str, clinic_token: Callable[[str], str]) -> None:
    try:
        users = {event["user"] for event in _events(clinic_url, clinic_token("demo_user2"))}
    except urllib.error.HTTPError as refused:
        with refused:
            status = refused.code
        assert status == 403
    else:
        assert users <= {"demo_user2"}


def test_the_chain_holds_and_an_export_of_it_too(decision: str, clinic_home: Home) -> None:
    assert "the chain holds" in clinic_home.veil("audit", "verify")
    lines = clinic_home.veil("audit", "export").splitlines()
    assert [json.loads(line)["seq"] for line in lines[:3]] == [1, 2, 3]


def _events(url: str, token: str, *, decision: str = "", **filters: str) -> list[Event]:
    request = urllib.request.Request(
        f"{url}/api/v1/audit/events?{urllib.parse.urlencode(filters)}", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found = json.loads(answer.read())
    events: list[Event] = found["events"] if isinstance(found, dict) else found
    return [event for event in events if not decision or event["decision_id"] == decision]
