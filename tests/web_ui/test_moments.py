"""What pages, reports and commands tell of data is decided by the policies of the same moment, come what may."""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import flask
import pytest
from click.testing import CliRunner

from catalog.people.model import Role
from policy_engine.changing.apply import carry_out, prepare
from policy_engine.changing.plan import Plan
from policy_engine.document.reading import loads
from policy_engine.model import Outcome, PolicySet
from policy_engine.store import PolicyStore
from tests.web_ui.browsing import SignIn
from tests.web_ui.elsewhere import elsewhere
from veil.cli.main import veil
from web_ui.parts import Parts

RETAGGED = """
veil: 1
tags: {fin.pan: {level: restricted}}
datasets: {shop.orders: {source: lake, relation: orders.csv, columns: {card: {tags: [fin.pan]}}}}
policies:
  - policy: clerks
    grant: select
    to: [clerk]
    scope: shop
    having: not fin.pan
    transform: [{tagged: pii.email, with: tokenize()}]
    where: land = user_attribute('land')
    why: the number of a card is called otherwise now
"""
READS = [*range(-4, 0), *range(1, 5)]
"""After which reading of the policies the change comes, or before which."""


@pytest.fixture
def overtake(shop: Parts, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Has the document carried out elsewhere right after the policies are read for the nth time, or before that."""

    def overtake(nth: int) -> None:
        current, left = PolicyStore.current, [abs(nth)]

        def change() -> None:
            with elsewhere(shop) as catalog:
                carry_out(prepare(loads(RETAGGED), catalog, at=datetime.now(UTC)), catalog, by="test")

        def overtaken(self: PolicyStore) -> PolicySet:
            left[0] -= 1
            if left[0] == 0 and nth < 0:
                change()
            read = current(self)
            if left[0] == 0 and nth > 0:
                change()
            return read

        monkeypatch.setattr(PolicyStore, "current", overtaken)

    return overtake


def asked(app: flask.Flask, shop: Parts, user: str, address: str, **body: object) -> Any:
    text, _ = shop.tokens.create(user, "test", timedelta(days=1))
    header = {"Authorization": f"Bearer {text}"}
    client = app.test_client()
    answer = client.post(address, json=body, headers=header) if body else client.get(address, headers=header)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


@pytest.mark.parametrize("nth", READS)
def test_a_role_opens_what_it_opens_at_one_moment(
    app: flask.Flask, shop: Parts, overtake: Callable[[int], None], nth: int
) -> None:
    overtake(nth)
    [role] = asked(app, shop, "max", "/api/v1/roles?role=clerk")["roles"]
    [orders] = role["datasets"]
    assert (orders["clear"], orders["masked"], orders["hidden"]) == (3, 1, 1)


@pytest.mark.parametrize("nth", READS)
def test_a_report_is_of_one_moment(app: flask.Flask, shop: Parts, overtake: Callable[[int], None], nth: int) -> None:
    overtake(nth)
    rows = asked(app, shop, "ada", "/api/v1/reports/who-can-see?thing=shop.orders")["rows"]
    assert {row["outcome"] for row in rows if (row["name"], row["column"]) == ("clerk", "card")} <= {"hidden"}
    rows = asked(app, shop, "ada", "/api/v1/reports/what-can?subject=role:clerk")["rows"]
    assert "clear" not in {row["outcome"] for row in rows if row["column"] == "card"}


@pytest.mark.parametrize("nth", READS)
def test_how_roles_see_a_dataset_is_of_one_moment(
    browser: SignIn, overtake: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    made: list[Any] = []
    boss, render = browser("max"), flask.render_template

    def rendered(name: str, **told: Any) -> str:
        made.append(told)
        return render(name, **told)

    monkeypatch.setattr(flask, "render_template", rendered)
    overtake(nth)
    assert boss.get("/data/shop/orders").status_code == 200
    shown = made[-1]["matrix"]
    cells = dict(shown.rows)["card"]
    assert cells[shown.roles.index("clerk")].outcome is Outcome.HIDDEN


@pytest.mark.parametrize("nth", READS)
@pytest.mark.parametrize("command", [("can", "kim", "shop.orders"), ("who", "shop.orders.card")], ids="-".join)
def test_a_command_is_of_one_moment(
    shop: Parts, overtake: Callable[[int], None], command: tuple[str, ...], nth: int
) -> None:
    overtake(nth)
    told = CliRunner().invoke(veil, [*command, "--format", "csv", "--home", str(shop.home.path)])
    assert told.exit_code == 0, told.output
    rows = [row for row in csv.DictReader(told.output.splitlines()) if row["column"] == "card"]
    assert {row["outcome"] for row in rows if row.get("name", "clerk") == "clerk"} <= {"hidden"}


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_plan_names_the_policies_that_may_be_read_in_the_state_that_it_is_made_against(
    app: flask.Flask, shop: Parts, monkeypatch: pytest.MonkeyPatch, is_lost: bool
) -> None:
    now = shop.policies.current()
    others = tuple(role for role in now.roles if role.name != "boss")
    boss = Role(name="boss", groups=frozenset({"admin", "guests"}))
    steward = Role(name="steward", groups=frozenset({"guests"}), capabilities=frozenset({"policy:write on shop"}))
    shop.policies.put(now.policies, (*others, boss, steward), by="test", why="", difference="~ role boss")

    def planned(*given: Any, **named: Any) -> Plan:
        roles = (*others, replace(boss, groups=frozenset({"admin"})), steward)
        if is_lost:
            with elsewhere(shop) as catalog:
                PolicyStore(catalog).put(now.policies, roles, by="test", why="", difference="~ role boss")
        return prepare(*given, **named)

    monkeypatch.setattr("web_ui.authoring.planning.prepare", planned)
    policy = {"policy": "not so", "deny": "select", "to": ["boss"], "scope": "shop.orders", "why": "a test"}
    told = asked(app, shop, "eve", "/api/v1/policies/plan", veil=1, policies=[policy])
    assert told["impact"]
    assert ("bosses" in str(told["impact"])) is not is_lost
