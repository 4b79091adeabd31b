"""Whom to ask about a policy: whoever wrote it last, told wherever the policy is named."""

from dataclasses import replace
from pathlib import Path

from catalog.database import Catalog
from policy_engine.model import Policy
from policy_engine.store import FIRST_POLICY, FIRST_ROLE, PolicyStore


def _put(store: PolicyStore, by: str, difference: str, *policies: Policy) -> None:
    store.put(policies, (FIRST_ROLE,), by=by, why="", difference=difference)


def test_who_changed_a_policy_last_answers_for_it(tmp_path: Path) -> None:
    clerks = replace(FIRST_POLICY, id="Clerks")
    with Catalog(tmp_path / "catalog.db") as catalog:
        store = PolicyStore(catalog)
        _put(store, "ada", "+ policy bosses\n+ policy Clerks\n+ role administrators", FIRST_POLICY, clerks)
        assert store.current().owners == {"bosses": "ada", "clerks": "ada"}
        _put(store, "kim", "~ policy Clerks\n      grant: select", FIRST_POLICY, clerks)
        assert store.current().owners == {"bosses": "ada", "clerks": "kim"}


def test_owners_decide_nothing(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.db") as catalog:
        current = PolicyStore(catalog).init_home(by="ada")
    assert current.owners
    assert replace(current, owners={}) == current
