"""Revisions are compared and returned to; what was changed elsewhere is told by the next plan."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.errors import PolicyInvalid
from catalog.journal.event import EventKind
from catalog.journal.journal import Journal
from catalog.revisions import Revisions
from policy_engine.changing.apply import carry_out
from policy_engine.changing.history import back_to, between, said_in
from policy_engine.store import PolicyStore
from tests.policy_engine.homes import NOW, apply, plan, shop_home
from tests.policy_engine.shop import SHOP

WIDER = SHOP.replace("    having: not fin.card\n", "")


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with shop_home(tmp_path) as catalog:
        apply(catalog, SHOP, tmp_path)
        apply(catalog, WIDER, tmp_path)
        yield catalog


def test_a_difference_is_told_in_the_words_of_a_plan_with_its_impact(catalog: Catalog) -> None:
    made = between(2, None, catalog, at=NOW)
    text = made.compared("revision 2", "what is live")
    assert text.startswith("From revision 2 to what is live\n  ~ policy clerks\n      having: not fin.card -> (none)")
    assert "! clerk  GAINS  shop.orders.card" in text
    assert between(3, 2, catalog, at=NOW).impacts.first(1)[0].movement.value == "loses"
    assert not between(3, None, catalog, at=NOW).has_changes
    assert between(3, 3, catalog, at=NOW).compared("a", "b") == "Nothing differs between a and b"


def test_a_revision_tells_what_the_policies_that_it_changed_say_since_then(catalog: Catalog, tmp_path: Path) -> None:
    revisions = Revisions(catalog)
    [wider, first, _] = revisions.history()
    assert list(said_in(first, revisions)) == ["clerks", "bosses"]
    assert "HAVING ATTRIBUTE NOT fin.card" in said_in(first, revisions)["clerks"]
    assert list(said_in(wider, revisions)) == ["clerks"]
    assert "HAVING" not in said_in(wider, revisions)["clerks"]
    apply(catalog, "veil: 1\nroles: {clerk: {groups: [clerks]}}\npolicies: []", tmp_path, prune=True)
    gone = revisions.history()[0]
    assert said_in(gone, revisions)["clerks"] == said_in(wider, revisions)["clerks"]


def test_a_changed_policy_is_told_as_it_is_now(catalog: Catalog) -> None:
    [change] = between(2, 3, catalog, at=NOW).changes
    assert change.details[0] == "having: not fin.card -> (none)"
    assert change.details[-1].startswith("statement: GRANT SELECT ON DATABASE shop TRANSFORM pii.email WITH tokenize()")


def test_a_rollback_is_a_new_revision_with_what_stood_then(catalog: Catalog) -> None:
    stood = {policy.id: policy for policy in between(2, None, catalog, at=NOW).before.policies.values()}
    made = back_to(2, catalog, at=NOW)
    applied = carry_out(made, catalog, by="ada", why="too wide", back_to=2)
    live = PolicyStore(catalog).current()
    assert applied.revision == live.revision == 4
    assert {policy.id: policy for policy in live.policies} == stood
    assert [revision.number for revision in Revisions(catalog).history()] == [4, 3, 2, 1]
    [event] = Journal(catalog).search(kind=EventKind.POLICY_ROLLBACK)
    assert (event.revision, event.details["back_to"], event.details["why"]) == (4, 2, "too wide")
    assert event.policies == ("clerks",)


def test_a_rollback_is_refused_when_the_live_revision_moved(catalog: Catalog, tmp_path: Path) -> None:
    made = back_to(2, catalog, at=NOW)
    apply(catalog, "veil: 1\nroles: {temp: {groups: [temps]}}", tmp_path)
    with pytest.raises(PolicyInvalid, match="the live revision is 4"):
        carry_out(made, catalog, by="ada", why="late", back_to=2)
    with pytest.raises(PolicyInvalid, match="revision 3 was looked at"):
        back_to(2, catalog, at=NOW, against=3)


def test_a_rollback_to_what_is_live_changes_nothing(catalog: Catalog) -> None:
    assert carry_out(back_to(3, catalog, at=NOW), catalog, by="ada", why="x", back_to=3).revision == 3


@pytest.mark.parametrize("number", [0, 9])
def test_a_revision_that_was_never_is_refused(catalog: Catalog, number: int) -> None:
    with pytest.raises(PolicyInvalid, match=f"there is no revision {number}"):
        back_to(number, catalog, at=NOW)


def test_what_was_changed_elsewhere_shows_as_drift(catalog: Catalog, tmp_path: Path) -> None:
    apply(catalog, "veil: 1\npolicies: [{policy: extra, grant: select, to: [boss], scope: shop}]", tmp_path)
    made = plan(catalog, SHOP, tmp_path)
    assert made.drift == (
        f"policy `clerks` was last changed in revision 3 by ada on {Revisions(catalog).history()[1].at:%Y-%m-%d}",
        f"policy `extra` is live and not in the documents (revision 4 by ada on "
        f"{Revisions(catalog).history()[0].at:%Y-%m-%d}); it stays unless pruned",
    )
    assert "  drift: policy `clerks` was last changed in revision 3" in made.text()
    assert made.as_json()["drift"] == [*made.drift]


def test_a_plan_tells_which_of_the_documents_tests_would_fail(catalog: Catalog, tmp_path: Path) -> None:
    tests = "tests: [{name: no cards, as: {groups: [clerks]}, dataset: shop.orders, sees: {card: hidden}}]\n"
    assert plan(catalog, SHOP + tests, tmp_path).warnings == ()
    [warning] = plan(catalog, WIDER + tests, tmp_path).warnings
    assert warning.startswith("the test `no cards` (document, line ")
    assert warning.endswith(" fails: card")
