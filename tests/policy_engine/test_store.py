"""The store always answers with the policies in force, from any thread and any process."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.home import Home
from catalog.people.accounts import Accounts
from catalog.people.model import Role
from policy_engine.model import Effect, Policy, Scope
from policy_engine.store import FIRST_POLICY, FIRST_ROLE, PolicyStore

OTHER = Policy(id="other", effect=Effect.DENY, roles=("r",), scope=Scope(database="shop"))
ROLE = Role(name="r", groups=frozenset({"g"}))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Home.create(tmp_path).catalog_file


def test_a_new_home_has_one_visible_grant(file: Path) -> None:
    with Catalog(file) as catalog:
        policies = PolicyStore(catalog).init_home(by="ada")
    assert policies.revision == 1
    assert policies.policies == (FIRST_POLICY,)
    assert policies.roles == (FIRST_ROLE,)


def test_init_is_idempotent(file: Path) -> None:
    with Catalog(file) as catalog:
        store = PolicyStore(catalog)
        store.init_home(by="ada")
        store.put((), (), by="ada", why="", difference="- policy administrators see everything")
        assert store.init_home(by="ada").policies == ()


def test_nothing_is_in_force_before_the_first_revision(file: Path) -> None:
    with Catalog(file) as catalog:
        assert PolicyStore(catalog).current().policies == ()


def test_one_revision_is_read_once(file: Path) -> None:
    with Catalog(file) as catalog:
        store = PolicyStore(catalog)
        assert store.init_home(by="ada") is store.current()


def test_a_change_elsewhere_is_seen_by_the_next_call(file: Path) -> None:
    with Catalog(file) as mine, Catalog(file) as theirs:
        store = PolicyStore(mine)
        store.init_home(by="ada")
        PolicyStore(theirs).put((OTHER,), (ROLE,), by="bob", why="", difference="")
        assert store.current().policies == (OTHER,)
        assert Accounts(mine).roles() == (ROLE,)


def test_what_is_rolled_back_is_never_remembered(file: Path) -> None:
    with Catalog(file) as catalog:
        store = PolicyStore(catalog)
        store.init_home(by="ada")
        with pytest.raises(ZeroDivisionError):
            _change_and_fail(catalog, store)
        assert store.current().policies == (FIRST_POLICY,)
        store.put((OTHER,), (ROLE,), by="ada", why="", difference="")
        assert store.current().policies == (OTHER,)


def _change_and_fail(catalog: Catalog, store: PolicyStore) -> None:
    with catalog.transaction():
        store.put((), (), by="ada", why="", difference="")
        assert store.current().policies == ()
        raise ZeroDivisionError


def test_many_threads_read_one_state(file: Path) -> None:
    with Catalog(file) as catalog:
        store = PolicyStore(catalog)
        store.init_home(by="ada")
        with ThreadPoolExecutor(4) as threads:
            seen = list(threads.map(lambda _: store.current(), range(40)))
        assert set(map(id, seen)) == {id(store.current())}
