"""Who decides on a request is told outcomes, and no word of policies that are not theirs to read."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web_ui.browsing import csrf_token, sign_in
from tests.web_ui.desk import Desk
from tests.web_ui.shop import open_shop

FILTER = (
    "  - {policy: wide, grant: select, to: [clerk], scope: '*', having: pii.email, where: land = 'SECRET', why: x}\n"
)
MASK = (
    "  - {policy: wide, restrict: select, to: [clerk], scope: '*',"
    " transform: [{tagged: fin.card, with: mask()}], where: total > 12345, why: x}\n"
)
BROKEN = "  - {policy: wide, restrict: select, to: [clerk], scope: '*', where: ghost_column > 1, why: x}\n"
SECRETS = ("wide", "SECRET", "12345", "ghost_column")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_shop(tmp_path_factory.mktemp("shop")) as parts:
        yield Desk(parts)


@pytest.fixture
def desk(opened: Desk) -> Desk:
    opened.reset()
    return opened


def told(desk: Desk, number: int, user: str) -> str:
    """What somebody is told of a request by the API and on the page."""
    browser = desk.app.test_client()
    assert sign_in(browser, user).status_code == 303
    return desk.get(user, f"/{number}").text + browser.get(f"/requests/{number}").text


@pytest.mark.parametrize("policy", [FILTER, MASK, BROKEN], ids=["a filter", "a mask", "a broken one"])
@pytest.mark.parametrize("asked", [{}, {"columns": []}, {"columns": [], "all_rows": True}], ids=["card", "all", "rows"])
def test_a_delegate_is_told_no_word_of_a_policy_for_every_database(
    desk: Desk, policy: str, asked: dict[str, Any]
) -> None:
    desk.apply(policy)
    number = desk.ask(**asked)
    assert not [word for word in SECRETS if word in told(desk, number, "eve")]
    assert [word for word in SECRETS if word in told(desk, number, "max")]


def test_the_refusal_of_an_approval_names_no_broken_policy_that_who_approves_does_not_read(desk: Desk) -> None:
    desk.apply(BROKEN)
    number = desk.ask()
    for user in ("eve", "max"):
        browser = desk.app.test_client()
        assert sign_in(browser, user).status_code == 303
        token = csrf_token(browser.get(f"/requests/{number}"))
        form = {"csrf_token": token, "verdict": "approve", "plan": "x"}
        refused = desk.post(user, f"/{number}/decide", {"verdict": "approve", "plan": "x"})
        assert (refused.status_code, refused.get_json()["code"]) == (422, "policy_invalid")
        said = refused.text + browser.post(f"/requests/{number}/decide", data=form, follow_redirects=True).text
        assert "so nothing would be shown" in said
        assert [word for word in SECRETS if word in said] == ([] if user == "eve" else ["wide"])


def test_an_approval_repeats_no_condition_that_who_approves_does_not_read(desk: Desk) -> None:
    desk.apply(FILTER)
    number = desk.ask()
    assert "not all are yours to read" in desk.get("eve", f"/{number}").get_json()["problem"]
    plan = desk.look(number, "max")["plan"]
    refused = desk.post("eve", f"/{number}/decide", {"verdict": "approve", "plan": plan})
    assert (refused.status_code, refused.get_json()["code"]) == (403, "not_allowed")
    assert "SECRET" not in refused.text
    assert desk.approve(number, "max").status_code == 200


def test_a_delegate_approves_under_what_others_mask(desk: Desk) -> None:
    desk.apply(MASK.replace(" where: total > 12345,", ""))
    number = desk.ask()
    [card] = [each for each in desk.look(number, "eve")["columns"] if each["column"] == "card"]  # type: ignore[attr-defined]
    assert (card["before"], card["after"], card["reason"]) == ("hidden", "mask", "by a policy that you may not read")
    assert desk.story["against"] == [{"policy": "", "owner": "max"}]
    assert desk.approve(number, "eve").status_code == 200


def test_the_asker_is_told_of_no_other_policy_that_has_the_name_by_now(desk: Desk) -> None:
    number = desk.ask()
    desk.approve(number)
    assert list(desk.get("kim", f"/{number}").get_json()["in_force"]) == [f"request {number}"]
    other = f"  - {{policy: request {number}, grant: select, to: [boss], scope: shop, where: total > 12345, why: x}}\n"
    desk.apply(other, by="eve")
    assert desk.get("kim", f"/{number}").get_json()["in_force"] == {}
