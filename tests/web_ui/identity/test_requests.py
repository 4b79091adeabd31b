"""Whoever asks for access and loses a group at the provider meanwhile is approved none of what the group saw."""

from datetime import timedelta

import requests

from catalog.people.model import Role
from tests.web_ui.identity.world import World


def _asked(world: World, groups: list[str], **body: object) -> requests.Response:
    held = {"Authorization": "Bearer " + world.provider.mint(world.claims(groups=groups))}
    return requests.post(f"{world.url}/api/v1/{body.pop('path')}", json=body, headers=held, timeout=30)


def _cards(world: World, groups: list[str]) -> int:
    """How many cards are answered."""
    told = _asked(world, groups, path="query", sql="select card from shop.orders", format="json")
    return len(told.json()["rows"]) if told.status_code == 200 else 0


def test_an_approval_shows_nothing_to_who_left_the_group(world: World) -> None:
    current = world.parts.policies.current()
    steward = Role(name="steward", groups=frozenset({"guests"}), capabilities=frozenset({"policy:write on shop"}))
    world.parts.policies.put(current.policies, (*current.roles, steward), by="t", why="", difference="")
    asked = _asked(world, ["clerks"], path="access-requests", dataset="shop.orders", columns=["card"], why="letters")
    number = asked.json()["id"]
    world.provider.know("1001", preferred_username="kim.berg", groups=["others"], land="NO")
    world.browser().sign_in("1001")
    held = {"Authorization": "Bearer " + world.parts.tokens.create("eve", "t", timedelta(days=1))[0]}
    story = requests.get(f"{world.url}/api/v1/access-requests/{number}", headers=held, timeout=30).json()
    decided = requests.post(
        f"{world.url}/api/v1/access-requests/{number}/decide",
        json={"verdict": "approve", "plan": story["proposal"]["plan"], "words": "yes"},
        headers=held,
        timeout=30,
    )
    assert decided.status_code == 200, decided.text
    assert _cards(world, ["others"]) == 0
    assert _cards(world, ["clerks"]) > 0
