"""Very many changes to access: the worst are told one by one, one person's when asked for, and all of them as CSV."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog.journal.event import EventKind
from catalog.model import Database
from catalog.people.model import Role
from catalog.registry import connect
from policy_engine.changing.history import between, impacts_between
from policy_engine.model import Effect, Policy, Scope
from tests.web_ui.browsing import sign_in
from tests.web_ui.shop import open_shop
from web_ui.app import create_app
from web_ui.parts import Parts

WIDE = 400


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """The shop with a wide dataset beside it, which its second revision opens to two roles."""
    folder = tmp_path_factory.mktemp("changes")
    with open_shop(folder) as parts:
        names = [f"c{number}" for number in range(WIDE)]
        (folder / "data" / "wide.csv").write_text(f"{','.join(names)}\n{','.join('1' for _ in names)}\n")
        [source] = parts.datasets.sources()
        parts.datasets.put_database(Database(name="lab"))
        parts.datasets.register("lab", "wide", "lake", "wide.csv", connect(source).describe("wide.csv"))
        now = parts.policies.current()
        lead = Role(name="lead", groups=frozenset({"guests"}), capabilities=frozenset({"policy:write on shop"}))
        opened = Policy(id="opened", effect=Effect.GRANT, roles=("lead", "clerk"), scope=Scope(database="lab"))
        wider = tuple(replace(each, having=None) if each.id == "clerks" else each for each in now.policies)
        parts.policies.put((*wider, opened), (*now.roles, lead), by="max", why="wide", difference="+ policy opened")
        yield parts


@pytest.fixture(scope="module")
def app(shop: Parts) -> flask.Flask:
    return create_app(shop)


def ask(app: flask.Flask, shop: Parts, status: int = 200, user: str = "max", **words: str) -> TestResponse:
    text, _ = shop.tokens.create(user, "test", timedelta(days=1))
    headers, words = {"Authorization": f"Bearer {text}"}, {"from": "1", **words}
    answer = app.test_client().get("/api/v1/reports/changes", query_string=words, headers=headers)
    assert answer.status_code == status, answer.text
    return answer


def rows_of(answer: TestResponse) -> list[tuple[str, str, str, str]]:
    rows = answer.get_json()["rows"]
    return [(row["change"], f"{row['kind']} {row['name']}", row["dataset"], row["column"]) for row in rows]


def every(shop: Parts) -> list[tuple[str, str, str, str]]:
    """All differences, as the plan between the two revisions tells them."""
    found = between(1, 2, shop.catalog, at=shop.clock()).impacts
    return [(each.movement.value, f"{each.kind} {each.name}", each.dataset, each.column or "(rows)") for each in found]


def test_json_has_the_worst_and_says_how_many_there_are(app: flask.Flask, shop: Parts) -> None:
    told = ask(app, shop)
    assert len(every(shop)) == 2 * WIDE + 1
    assert rows_of(told) == every(shop)[:500]
    assert told.get_json()["count"] == len(every(shop))
    assert told.get_json()["notes"][0] == "The first 500 of 801 rows: `limit` asks for more of them, and CSV has all."
    assert "801 columns or rows were gained" in told.get_json()["answer"]
    assert rows_of(ask(app, shop, limit="7")) == every(shop)[:7]
    whole = ask(app, shop, limit="900").get_json()
    assert len(whole["rows"]) == whole["count"]
    assert not any("rows:" in note for note in whole["notes"])
    for wrong in ("0", "-1", "many"):
        ask(app, shop, status=400, limit=wrong)
    [event] = shop.journal.search(kind=EventKind.REPORT_READ, user="max", limit=1)
    assert event.details["count"] == len(every(shop))


def test_one_person_is_told_of_whole_however_they_are_called(app: flask.Flask, shop: Parts) -> None:
    clerks = [row for row in every(shop) if row[1] == "role clerk"]
    assert len(clerks) == WIDE + 1
    for name in ("role clerk", "role:clerk", "Clerk"):
        told = ask(app, shop, who=name)
        assert rows_of(told) == clerks
        assert f"for `{name}`, 401 columns or rows were gained" in told.get_json()["answer"]
    assert rows_of(ask(app, shop, who="role clerk", limit="3")) == clerks[:3]
    missed = ask(app, shop, who="role clark").get_json()
    assert (missed["rows"], missed["count"]) == ([], 0)
    assert "for `role clark`, nobody sees anything different" in missed["answer"]
    assert "Did you mean `role clerk`?" in missed["notes"]


def test_csv_has_all_of_them(app: flask.Flask, shop: Parts) -> None:
    lines = ask(app, shop, format="csv").text.splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert [(row["change"], f"{row['kind']} {row['name']}", row["dataset"], row["column"]) for row in rows] == every(
        shop
    )


def test_a_page_shows_everybody_in_numbers_and_leads_to_each(app: flask.Flask, shop: Parts) -> None:
    client: FlaskClient = app.test_client()
    assert sign_in(client, "max").status_code == 303
    page = client.get("/reports/changes?from=1").text
    assert "The first 500 of 801 rows; CSV has all, and" in page
    assert page.count('<span class="movement gains">') == 500
    assert '<option value="role clerk">' in page
    assert 'href="?from=1&amp;who=role+clerk"' in page
    one = client.get("/reports/changes?from=1&who=role+lead").text
    assert one.count('<span class="movement gains">') == WIDE
    assert 'value="role lead"' in one
    assert "rows; CSV has all" not in one


def test_who_may_know_of_one_database_is_told_of_it_alone(app: flask.Flask, shop: Parts) -> None:
    told = ask(app, shop, user="eve")
    assert rows_of(told) == [("gains", "role clerk", "shop.orders", "card")]
    assert told.get_json()["count"] == 1
    hidden, absent = (ask(app, shop, user="eve", who=who).get_json() for who in ("role lead", "role leap"))
    assert str(hidden["answer"]).replace("lead", "X") == str(absent["answer"]).replace("leap", "X")
    assert hidden["notes"] == absent["notes"]


def test_differences_are_those_of_the_plan(shop: Parts) -> None:
    found, plan = impacts_between(1, 2, shop.catalog, at=shop.clock()), between(1, 2, shop.catalog, at=shop.clock())
    assert list(found) == list(plan.impacts)
    assert Counter(each.name for each in found) == {"clerk": WIDE + 1, "lead": WIDE}
