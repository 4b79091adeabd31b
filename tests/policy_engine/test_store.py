"""The store always answers with the policies in force, from any thread and any process."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.home import Home
from catalog.people.accounts import Accounts
from catalog.people.model import Role
from catalog.revisions import Revisions
from policy_engine import store as module
from policy_engine.model import Effect, HasTag, Policy, Scope, TransformCall, TransformRule
from policy_engine.owners import owners
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


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was read back or written as a text, and of how many revisions owners were worked out."""
    done: list[str] = []

    def counted(name: str, work_out: Callable[..., object]) -> Callable[..., object]:
        def count(*given: object) -> object:
            done.append(f"{name} {len(given[0])}" if name == "owners of" else name)  # type: ignore[arg-type]
            return work_out(*given)

        return count

    for name, told in (("decode_state", "read"), ("encode_state", "written"), ("owners", "owners of")):
        monkeypatch.setattr(module, name, counted(told, getattr(module, name)))
    return done


def test_what_leaves_the_policies_alone_works_nothing_out_of_them(file: Path, work: list[str]) -> None:
    """As verdicts on tags do, which hold the catalog meanwhile; who does that asks a store of their own."""
    with Catalog(file) as catalog:
        PolicyStore(catalog).init_home(by="ada")
        work.clear()
        for number in range(2, 6):
            with catalog.transaction():
                store = PolicyStore(catalog)
                before, now = store.at_revision(number - 1), store.current()
                assert before == now
                store.put(now.policies, now.roles, by="ada", why="", difference="~ tag")
                assert replace(store.current(), revision=now.revision) == now
            assert PolicyStore(catalog).current().revision == number
        assert set(work) <= {"owners of 0", "owners of 1"}
        assert sum(map(len, [row["state"] for row in catalog.rows("SELECT state FROM revision WHERE number > 1")])) == 0


def test_what_all_stores_of_a_catalog_read_they_read_once(file: Path, work: list[str]) -> None:
    with Catalog(file) as catalog:
        PolicyStore(catalog).init_home(by="ada")
        PolicyStore(catalog).put((OTHER,), (ROLE,), by="ada", why="", difference="")
        work.clear()
        with ThreadPoolExecutor(8) as threads:
            seen = list(threads.map(lambda _: PolicyStore(catalog).current(), range(40)))
        assert work.count("read") == 1
        assert {id(each) for each in seen} == {id(seen[0])}


def test_what_is_rolled_back_is_remembered_by_no_store_of_the_catalog(file: Path) -> None:
    with Catalog(file) as catalog:
        store = PolicyStore(catalog)
        first = store.init_home(by="ada")
        with pytest.raises(ZeroDivisionError):
            _change_and_fail(catalog, PolicyStore(catalog))
        assert PolicyStore(catalog).current() is first
        with catalog.transaction():
            store.put((OTHER,), (ROLE,), by="ada", why="", difference="+ policy other")
            assert PolicyStore(catalog).current().policies == (OTHER,)
            assert PolicyStore(catalog).at_revision(1) == first
        assert store.current().policies == (OTHER,)
        assert store.current().owners["other"] == "ada"


def test_equal_policies_that_are_written_differently_are_kept_as_they_were_put(file: Path) -> None:
    def shows(value: object) -> Policy:
        call = TransformCall(name="mask", arguments=(("keep_last", value),))  # type: ignore[arg-type]
        rule = TransformRule(tagged=HasTag(tag="pii.email"), call=call)
        return Policy(id="p", effect=Effect.GRANT, roles=("r",), scope=Scope(), transforms=(rule,))

    assert shows(1) == shows(True)
    with Catalog(file) as catalog:
        store = PolicyStore(catalog)
        for value in (1, True):
            store.put((shows(value),), (ROLE,), by="ada", why="", difference="")
            assert store.current().policies[0].transforms[0].call.arguments[0][1] is value


def test_owners_are_those_of_the_whole_history_however_often_one_looks(file: Path) -> None:
    draw = random.Random(7)
    with Catalog(file) as catalog:
        store = PolicyStore(catalog)
        for _ in range(60):
            name, by = draw.choice("abcd"), draw.choice(["ada", "kim", ""])
            store.put((OTHER,), (ROLE,), by=by, why="", difference=f"{draw.choice('+~-')} policy {name}")
            if draw.random() < 0.4:
                PolicyStore(catalog).current()
            with catalog.transaction():
                assert PolicyStore(catalog).current().owners == owners(Revisions(catalog).history())
        assert store.current().owners == owners(Revisions(catalog).history())


def test_who_looks_from_an_earlier_moment_is_told_of_that(file: Path) -> None:
    with Catalog(file) as catalog:
        store = PolicyStore(catalog)
        first = store.init_home(by="ada")
        with catalog.snapshot(), ThreadPoolExecutor(1) as elsewhere:
            assert store.current() == first
            change = lambda: store.put((OTHER,), (ROLE,), by="bob", why="", difference="~ policy other")  # noqa: E731
            elsewhere.submit(change).result()
            assert elsewhere.submit(store.current).result().policies == (OTHER,)
            assert store.current() == first
            assert store.current().owners == first.owners
        assert store.current().owners["other"] == "bob"
