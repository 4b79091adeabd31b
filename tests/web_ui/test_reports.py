"""Reports say what the evaluator and the journal say, counted another way here, and nothing to who may not know."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from catalog.clock import utc_now
from catalog.journal.event import Event, EventKind
from catalog.journal.journal import Journal
from catalog.model import Database, Level, Tag
from catalog.people.model import Role, User
from catalog.registry import connect
from policy_engine.capabilities import Rights
from policy_engine.circumstances import AT_MOST
from policy_engine.judging.decide import decide
from policy_engine.model import Effect, Outcome, Policy, Scope, Subject
from policy_engine.subjects import holder_of, subject_of
from tests.web_ui.browsing import sign_in
from tests.web_ui.shop import open_shop
from web_ui.app import create_app
from web_ui.home.estate import Estates
from web_ui.parts import Parts
from web_ui.reports.desk import Desk
from web_ui.reports.report import Answered, Report, Standing
from web_ui.reports.use import unused

Read = Callable[..., dict[str, object]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """The shop with a second database, a delegate of the first, and two more revisions."""
    with open_shop(tmp_path_factory.mktemp("reports")) as parts:
        [source] = parts.datasets.sources()
        parts.datasets.put_database(Database(name="lab"))
        parts.datasets.register("lab", "tests", "lake", "orders.csv", connect(source).describe("orders.csv"))
        parts.tags.put_tag(Tag(name="fin.card", level=Level.RESTRICTED))
        first = parts.policies.current()
        lead = Role(name="lead", groups=frozenset({"guests"}), capabilities=frozenset({"policy:write on shop"}))
        idle = Policy(id="idle", effect=Effect.GRANT, roles=("lead",), scope=Scope(database="lab"), why="who knows")
        parts.policies.put(
            (*first.policies, idle),
            (*first.roles, lead),
            by="ada",
            why="a lead",
            difference="+ role lead\n+ policy idle",
        )
        now = parts.policies.current()
        wider = tuple(replace(each, having=None) if each.id == "clerks" else each for each in now.policies)
        parts.policies.put(wider, now.roles, by="max", why="cards for clerks", difference="~ policy clerks")
        yield parts


@pytest.fixture(scope="module")
def app(shop: Parts) -> flask.Flask:
    return create_app(shop)


@pytest.fixture(scope="module")
def read(app: flask.Flask, shop: Parts) -> Read:
    """Reads a report as somebody over the API."""

    def made(name: str, user: str = "max", status: int = 200, **asked: str) -> dict[str, object]:
        text, _ = shop.tokens.create(user, "test", timedelta(days=1))
        headers = {"Authorization": f"Bearer {text}"}
        answer = app.test_client().get(f"/api/v1/reports/{name}", query_string=asked, headers=headers)
        assert answer.status_code == status, answer.text
        found: dict[str, object] = answer.get_json()
        return found

    return made


def rows_of(report: dict[str, object]) -> list[dict[str, object]]:
    rows = report["rows"]
    assert isinstance(rows, list)
    return rows


def test_who_can_see_a_column_is_who_is_decided_to_and_since_when(shop: Parts, read: Read) -> None:
    rows = {(row["kind"], row["name"]): row for row in rows_of(read("who-can-see", thing="shop.orders.card"))}
    dataset = shop.datasets.dataset("shop", "orders")
    assert dataset is not None
    policies, at = shop.policies.current(), shop.clock()
    people = {("role", role.name): holder_of(role) for role in policies.roles}
    people |= {("user", user.name): subject_of(user) for user in shop.accounts.users()}
    for key, subject in people.items():
        decision = decide(subject, dataset, policies, at, AT_MOST)
        [card] = [column for column in decision.columns if column.name == "card"]
        assert (key in rows) == (card.outcome is not Outcome.HIDDEN)
        if key in rows:
            assert (rows[key]["outcome"], rows[key]["policies"]) == (card.outcome, list(card.policies))
    since = {key: row["since"] for key, row in rows.items()}
    assert since == {("role", "clerk"): 3, ("role", "boss"): 1, ("user", "kim"): 3, ("user", "max"): 1}
    emails = rows_of(read("who-can-see", thing="shop.orders.email"))
    assert {(row["name"], row["since"]) for row in emails if row["kind"] == "role"} == {("clerk", 1), ("boss", 1)}


def test_what_somebody_can_see_is_what_decisions_show(shop: Parts, read: Read) -> None:
    for named, subject in (("kim", shop.accounts.user("kim")), ("role:lead", None)):
        who = subject_of(subject) if subject else holder_of(shop.policies.current().roles[-1])
        seen = {
            (dataset.full_name, column.name): column.outcome.value
            for dataset in shop.datasets.datasets()
            for column in decide(who, dataset, shop.policies.current(), shop.clock(), AT_MOST).columns
            if column.outcome is not Outcome.HIDDEN
        }
        found = rows_of(read("what-can", subject=named))
        assert {(row["dataset"], row["column"]): row["outcome"] for row in found} == seen
        assert seen
    assert "there is no account or role" in str(read("what-can", status=404, subject="nobody-like-it")["detail"])


def test_sensitive_columns_in_the_clear_are_those_that_a_role_sees_as_they_are(read: Read) -> None:
    found = {(row["dataset"], row["column"]): row["roles"] for row in rows_of(read("unrestricted"))}
    assert found == {("shop.orders", "card"): ["boss", "clerk"]}


def test_the_coverage_of_roles_is_the_sum_of_what_is_decided(shop: Parts, read: Read) -> None:
    policies = shop.policies.current()
    for row in rows_of(read("coverage")):
        role = next(role for role in policies.roles if role.name == row["role"])
        decisions = [
            decide(holder_of(role), each, policies, shop.clock(), AT_MOST) for each in shop.datasets.datasets()
        ]
        columns = [column for decision in decisions for column in decision.columns]
        for outcome in Outcome:
            assert row[outcome.value] == sum(column.outcome is outcome for column in columns)


def test_a_grant_is_unused_until_a_query_was_answered_by_it(app: flask.Flask, shop: Parts, read: Read) -> None:
    before = {row["policy"] for row in rows_of(read("unused", user="ada", days="30"))}
    assert before == {"clerks", "bosses", "idle"}
    text, _ = shop.tokens.create("kim", "test", timedelta(days=1))
    headers = {"Authorization": f"Bearer {text}"}
    asked = app.test_client().post("/api/v1/query", json={"sql": "select * from shop.orders"}, headers=headers)
    assert asked.status_code == 200
    assert asked.data
    after = rows_of(read("unused", user="ada", days="30"))
    assert {row["policy"] for row in after} == {"bosses", "idle"}
    assert {row["last used"] for row in after} == {"never"}


@pytest.mark.parametrize("held", ["policy:write on shop", "home:administer"])
def test_who_does_not_read_the_journal_finds_no_use_by_asking(tmp_path: Path, held: str) -> None:
    """Whatever days are asked for, whenever within the month, and for a grant that they have just changed."""
    now = (utc_now() + timedelta(days=300)).replace(day=20, hour=12)
    answers: list[dict[str, object]] = []
    for number, used in enumerate((now - timedelta(days=13), now - timedelta(days=1), now - timedelta(days=200), None)):
        (home := tmp_path / str(number)).mkdir()
        with open_shop(home) as parts:
            first = parts.policies.current()
            lead = Role(name="lead", groups=frozenset({"guests"}), capabilities=frozenset({held}))
            parts.policies.put(first.policies, (*first.roles, lead), by="max", why="a lead", difference="+ role lead")
            for at in [used] if used else []:
                event = Event(kind=EventKind.QUERY_BEGIN, user="kim", datasets=("shop.orders",), policies=("clerks",))
                Journal(parts.catalog, clock=lambda at=at: at).append(event)  # type: ignore[misc]
            eve, later = subject_of(parts.accounts.user("eve") or User(name="eve")), now + timedelta(days=20)
            asked = [(days, at) for days in ("1", "12", "14", "90", "250") for at in (now, now + timedelta(hours=9))]
            told = [_unused(parts, eve, days, at).as_json() for days, at in asked]
            assert all(each == told[0] for each in told)
            assert f"the 90 days before {now:%Y-%m}-01." in str(told[0]["answer"])
            assert "not told" in str(told[0]["rows"])
            assert "of the last 12 days" in _unused(parts, None, "12", now).answer, "the operator chooses"
            [row] = [row for row in rows_of(told[0]) if row["policy"] == "clerks"]
            answers.append(row)
            is_listed = "clerks" in str(_unused(parts, eve, "90", later).as_json()["rows"])
            assert is_listed is (used is None or used < now - timedelta(days=100)), "the next month tells"
    assert all(each == answers[0] for each in answers)


def test_a_grant_that_was_just_changed_is_no_snare_to_who_does_not_read_the_journal(tmp_path: Path) -> None:
    with open_shop(tmp_path) as parts:
        first = parts.policies.current()
        lead = Role(name="lead", groups=frozenset({"guests"}), capabilities=frozenset({"policy:write on shop"}))
        wider = tuple(replace(each, having=None) if each.id == "clerks" else each for each in first.policies)
        parts.policies.put(wider, (*first.roles, lead), by="eve", why="a look", difference="~ policy clerks")
        eve = subject_of(parts.accounts.user("eve") or User(name="eve"))
        before = _unused(parts, eve, "1", parts.clock()).as_json()
        event = Event(kind=EventKind.QUERY_BEGIN, user="kim", datasets=("shop.orders",), policies=("clerks",))
        parts.journal.append(event)
        assert _unused(parts, eve, "1", parts.clock()).as_json() == before
        assert "clerks" not in str(before["rows"])


def test_who_reads_a_part_of_the_journal_is_told_of_use_by_what_is_in_it(tmp_path: Path) -> None:
    with open_shop(tmp_path) as parts:
        first = parts.policies.current()
        watch = Role(name="watch", groups=frozenset({"guests"}), capabilities=frozenset({"audit:read on shop"}))
        parts.policies.put(first.policies, (*first.roles, watch), by="max", why="a watch", difference="+ role watch")
        eve = subject_of(parts.accounts.user("eve") or User(name="eve"))
        before = _unused(parts, eve, "90", parts.clock()).as_json()
        query = Event(
            kind=EventKind.QUERY_BEGIN, user="kim", datasets=("shop.orders", "lab.tests"), policies=("clerks",)
        )
        parts.journal.append(query)
        assert _unused(parts, eve, "90", parts.clock()).as_json() == before
        parts.journal.append(replace(query, datasets=("shop.orders",)))
        assert "clerks" not in str(_unused(parts, eve, "90", parts.clock()).as_json()["rows"])
        assert "clerks" in str(before["rows"])


def test_a_grant_is_not_told_of_what_another_one_of_its_name_did(tmp_path: Path) -> None:
    with open_shop(tmp_path) as parts:
        first = parts.policies.current()
        query = Event(kind=EventKind.QUERY_BEGIN, user="kim", datasets=("shop.orders",), policies=("anew",))
        parts.journal.append(query)
        watch = Role(name="watch", groups=frozenset({"guests"}), capabilities=frozenset({"audit:read on shop"}))
        anew = replace(next(each for each in first.policies if each.id == "clerks"), id="anew")
        policies, roles = (*first.policies, anew), (*first.roles, watch)
        parts.policies.put(policies, roles, by="max", why="again", difference="+ role watch\n+ policy anew")
        eve = subject_of(parts.accounts.user("eve") or User(name="eve"))
        rows = rows_of(_unused(parts, eve, "90", parts.clock()).as_json())
        assert {row["policy"]: row["last used"] for row in rows}["anew"] == "never"


def _unused(parts: Parts, subject: Subject | None, days: str, at: datetime) -> Report:
    """The report as somebody has it at a moment, None for the operator of the home."""
    rights = None if subject is None else Rights(subject, parts.policies.current())
    return unused(
        Desk(
            parts=parts,
            estates=Estates(parts),
            subject=subject,
            rights=rights,
            asked={"days": days},
            policies=parts.policies.current(),
            every=parts.visibility.every(),
            at=at,
        )
    )


def test_what_was_said_of_a_grant_is_told_to_who_may_read_it(tmp_path: Path) -> None:
    with open_shop(tmp_path) as parts:
        now = parts.policies.current()
        watch = Role(name="watch", groups=frozenset({"guests"}), capabilities=frozenset({"audit:read on shop"}))
        parts.policies.put(now.policies, (*now.roles, watch), by="max", why="a watch", difference="+ role watch")
        rights, client = {"eve": "", "ada": "clerks serve their own land"}, create_app(parts).test_client()
        for user, why in rights.items():
            text, _ = parts.tokens.create(user, "test", timedelta(days=1))
            report = client.get("/api/v1/reports/unused", headers={"Authorization": f"Bearer {text}"}).get_json()
            assert {row["policy"]: row["why"] for row in rows_of(report)}["clerks"] == why


def test_changes_are_those_of_the_plan_between_two_revisions(read: Read) -> None:
    report = read("changes", **{"from": "2", "to": "3"})
    assert [(row["change"], row["name"], row["column"], row["after"]) for row in rows_of(report)] == [
        ("gains", "clerk", "card", "clear")
    ]
    assert any("cards for clerks" in str(note) for note in report["notes"])  # type: ignore[attr-defined]
    assert rows_of(read("changes", **{"from": "3"})) == []
    assert "nobody sees anything different" in str(read("changes", **{"from": "3"})["answer"])
    assert len(rows_of(read("changes", since="30d"))) == len(rows_of(read("changes", **{"from": "1"})))
    assert "there is no revision 99" in str(read("changes", status=400, **{"from": "99"})["detail"])


def test_when_revisions_were_made_is_told_to_who_reads_the_history_alone(read: Read, shop: Parts) -> None:
    newest = shop.revisions.history()[0]
    for moment in (newest.at, newest.at + timedelta(microseconds=1)):
        asked = moment.isoformat().removesuffix("+00:00")
        told = str(read("changes", user="eve", since=asked)["answer"])
        assert told.startswith(f"Since {moment.date().isoformat()}, ")
        assert f"to revision {newest.number}, " in str(read("changes", since=asked)["answer"])
    begun = {str(read("changes", user="eve", since=f"{newest.at.date()}T{hour:02}:00")["answer"]) for hour in range(24)}
    assert len(begun) == 1
    assert str(read("changes", user="eve")["answer"]).startswith("Since ")


def test_a_delegate_is_told_of_the_own_database_alone(read: Read, shop: Parts) -> None:
    assert {row["dataset"] for row in rows_of(read("what-can", user="eve", subject="max"))} == {"shop.orders"}
    hidden = read("who-can-see", user="eve", status=404, thing="lab.tests.id")
    absent = read("who-can-see", user="eve", status=404, thing="lab.absent.id")
    assert str(hidden["detail"]).replace("lab.tests", "X") == str(absent["detail"]).replace("lab.absent", "X")
    assert {row["policy"] for row in rows_of(read("unused", user="eve"))} <= {"clerks"}
    assert {row["dataset"] for row in rows_of(read("changes", user="eve", **{"from": "1"}))} <= {"shop.orders"}
    bosses = [row for row in rows_of(read("what-can", user="eve", subject="role:boss"))]
    assert bosses
    assert all(row["policies"] == [] and row["reason"] == "" for row in bosses)
    everything = str([read(name, user="eve") for name in ("coverage", "unrestricted", "unused", "changes")])
    assert "bosses" not in everything
    assert "lab" not in everything
    assert "journal" not in read("coverage", user="eve")
    read("warnings", user="eve", status=403)


def test_who_sees_nothing_of_a_delegates_database_is_not_there(read: Read, shop: Parts) -> None:
    told = {
        name: read("what-can", user="eve", status=404, subject=name) for name in ("ada", "role:lead", "role:x", "y")
    }
    words = {
        (str(each["detail"]).replace(name.removeprefix("role:"), "Z"), each["hint"]) for name, each in told.items()
    }
    assert words == {("there is no account or role `Z`", "name an account, or `role:NAME`")}
    assert "did you mean `max`" in str(read("what-can", status=404, subject="maxx")["hint"])
    assert "max" not in str(read("what-can", user="eve", status=404, subject="maxx")["hint"])
    assert {row["role"] for row in rows_of(read("coverage"))} == {"clerk", "boss", "lead"}
    assert {row["role"] for row in rows_of(read("coverage", user="eve"))} == {"clerk", "boss"}
    answers = [read("who-can-see", user=user, thing="shop.orders.card")["answer"] for user in ("max", "eve")]
    assert answers == [
        "2 roles of 3 and 2 accounts of 4 see `shop.orders.card`.",
        "2 roles of 2 and 2 accounts see `shop.orders.card`.",
    ]


def test_an_account_that_is_called_like_a_role_is_not_there_to_who_is_not_told_of_it(tmp_path: Path) -> None:
    with open_shop(tmp_path) as parts:
        now = parts.policies.current()
        lead = Role(name="lead", groups=frozenset({"guests"}), capabilities=frozenset({"policy:write on shop"}))
        parts.policies.put(now.policies, (*now.roles, lead), by="max", why="a lead", difference="+ role lead")
        client, (text, _) = create_app(parts).test_client(), parts.tokens.create("eve", "test", timedelta(days=1))
        asked, headers = "/api/v1/reports/what-can?subject=clerk", {"Authorization": f"Bearer {text}"}
        before = client.get(asked, headers=headers).get_json()
        parts.accounts.put_user(User(name="clerk"))
        after = client.get(asked, headers=headers).get_json()
        assert (after["answer"], after["rows"]) == (before["answer"], before["rows"])
        assert before["answer"].startswith("The role `clerk` sees ")


def test_the_foot_has_revision_and_chain_head_for_who_reads_the_journal(read: Read, shop: Parts) -> None:
    report = read("coverage", user="ada")
    told = report["journal"]
    assert isinstance(told, dict)
    event = shop.journal.event(int(told["count"]))
    assert event is not None
    assert event.hash == told["head"]
    assert report["revision"] == shop.policies.current().revision
    assert "journal" not in read("coverage", user="max")


def test_csv_has_the_same_rows_under_what_was_asked(app: flask.Flask, shop: Parts, read: Read) -> None:
    text, _ = shop.tokens.create("ada", "test", timedelta(days=1))
    answer = app.test_client().get(
        "/api/v1/reports/who-can-see?thing=shop.orders.card&format=csv", headers={"Authorization": f"Bearer {text}"}
    )
    said = [line for line in answer.text.splitlines() if line.startswith("#")]
    assert "thing=shop.orders.card" in said[0]
    assert any("head" in line and "journal" in line for line in said)
    rows = list(csv.DictReader(io.StringIO("\n".join(answer.text.splitlines()[len(said) :]))))
    report = rows_of(read("who-can-see", user="ada", thing="shop.orders.card"))
    assert [(row["name"], row["outcome"]) for row in rows] == [(row["name"], row["outcome"]) for row in report]


def test_no_cell_of_a_csv_is_a_formula() -> None:
    row = ("=cmd()", ("@x", "y"), -1, "a=b")
    report = Report(answer="", columns=("a", "b", "c", "d"), rows=(row,))
    standing = Standing(at=datetime(2026, 1, 1, tzinfo=UTC), revision=1)
    told = "".join(Answered(name="x", title="X", asked={}, report=report, standing=standing).as_csv())
    assert told.splitlines()[-1] == "'=cmd(),\"'@x, y\",-1,a=b"


def test_no_line_above_a_csv_has_a_formula_wherever_it_is_cut() -> None:
    report = Report(answer="a, b", columns=("a",), rows=())
    standing = Standing(at=datetime(2026, 1, 1, tzinfo=UTC), revision=1)
    for text in ("x,=1", 'x, "=1"', "x;\t@y", "x|-1,+2"):
        answered = Answered(name="x", title="X", asked={"who": text}, report=report, standing=standing)
        head = "".join(answered.as_csv()).splitlines()[0]
        for delimiter in ",;|":
            [cells] = csv.reader([head], delimiter=delimiter)
            assert not [cell for cell in cells if cell.strip().startswith(("=", "+", "-", "@"))], (text, delimiter)


def test_reading_a_report_is_on_record_and_what_is_unknown_is_refused(read: Read, shop: Parts) -> None:
    read("unused", user="ada", days="12")
    [event] = shop.journal.search(kind=EventKind.REPORT_READ, user="ada", limit=1)
    assert event.details["report"] == "unused"
    assert event.details["asked"] == {"days": "12"}
    read("unused", status=400, days="many")
    read("unused", status=400, nothing="like it")
    read("unused", status=400, format="pdf")
    read("who-can-see", status=400)
    read("nothing-like-it", status=404)
    assert "did you mean" in str(read("who-can-see", status=404, thing="shop.order")["hint"])


def test_a_page_has_the_rows_of_its_twin(app: flask.Flask, read: Read) -> None:
    client = app.test_client()
    assert sign_in(client, "max").status_code == 303
    page = client.get("/reports/who-can-see?thing=shop.orders.card").text
    assert "2 roles of 3 and 2 accounts of 4" in page
    assert '/api/v1/reports/who-can-see?thing=shop.orders.card"' in page
    assert client.get("/reports/who-can-see").text.count("<table") == 0
    assert "there is no dataset" in client.get("/reports/who-can-see?thing=shop.nothing").text.lower()
    assert client.get("/reports/changes?from=2").text.count('<svg class="picture"') == 1


def test_the_menu_leads_to_reports_only_who_may_read_them(app: flask.Flask) -> None:
    for user, is_there in (("max", True), ("ada", True), ("eve", True), ("kim", False)):
        client: FlaskClient = app.test_client()
        assert sign_in(client, user).status_code == 303
        assert ('href="/reports"' in client.get("/home").text) is is_there
    assert "Warnings about policies" not in client.get("/reports").text
