"""A statement changes what it says and nothing else, once, with a revision and an event that tell it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.datasets import Datasets
from catalog.errors import NotAllowed, PolicyInvalid
from catalog.journal.event import EventKind
from catalog.journal.journal import Journal
from catalog.model import TagAssignment, TagOrigin, TagState
from catalog.revisions import Revisions
from catalog.tags import Tags
from policy_engine.changing.apply import Applied
from policy_engine.changing.export import export_text
from policy_engine.live import read_live
from policy_engine.store import PolicyStore
from tests.policy_engine.ddl.giving import Shop, opened_shop
from tests.policy_engine.homes import apply, plan

CARDS = "GRANT SELECT ON TABLE shop.orders HAVING ATTRIBUTE fin.card TRANSFORM fin.card WITH mask(keep_last=>4)"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(tmp_path) as shop:
        yield shop


def test_a_grant_is_in_force_and_tells_whom_it_opens_what(shop: Shop) -> None:
    done = shop.give("GRANT SELECT ON DATABASE shop TO ROLE clerk POLICYPROPERTIES('description'='open house')")
    assert isinstance(done, Applied)
    assert ("clerk", "card", "gains") in {(i.name, i.column, i.movement.value) for i in done.plan.impacts}
    assert "GAINS" in done.plan.text()
    [policy] = [found for found in PolicyStore(shop.catalog).current().policies if found.why == "open house"]
    assert policy.id.startswith("grant-shop-clerk-")


def test_the_revision_and_the_journal_tell_the_statement(shop: Shop) -> None:
    text = f"{CARDS} TO ROLE clerk POLICYPROPERTIES('name'='cards', 'description'='calls')"
    shop.give(text + "; ")
    newest = Revisions(shop.catalog).history()[0]
    assert (newest.by, newest.why, newest.difference) == ("ada", "calls", "+ policy cards")
    event = Journal(shop.catalog).search(kind=EventKind.DOCUMENT_APPLY, limit=1)[0]
    assert (event.revision, event.policies) == (newest.number, ("cards",))
    assert event.details["statement"] == text + ";"


def test_a_statement_that_changes_nothing_makes_no_revision(shop: Shop) -> None:
    before = read_live(shop.catalog)
    for text in (
        "CREATE ROLE IF NOT EXISTS CLERK",
        "DROP ROLE IF EXISTS nobody",
        "CREATE ATTRIBUTE IF NOT EXISTS fin:card",
        "DROP ATTRIBUTE IF EXISTS fin.none",
        "CREATE DATABASE IF NOT EXISTS shop",
        "DROP DATABASE IF EXISTS none",
        "GRANT ROLE clerk TO GROUP clerks",
        "ALTER TABLE shop.orders ADD COLUMN ATTRIBUTE card fin.card",
    ):
        assert shop.change(text) == []
    assert read_live(shop.catalog) == before


def test_the_same_grant_again_is_an_error_unless_it_may_be_there(shop: Shop) -> None:
    shop.change(f"{CARDS} TO ROLE clerk")
    with pytest.raises(PolicyInvalid, match="Grant already exists"):
        shop.give(f"{CARDS} TO ROLE CLERK POLICYPROPERTIES('enabled'='false')")
    again = CARDS.replace("GRANT", "GRANT IF NOT EXISTS")
    assert shop.change(f"{again} TO ROLE clerk") == []
    assert len(shop.change(f"{again} TO ROLE clerk, boss")) == 1
    assert sorted(text.rsplit(" ", 1)[1] for text in shop.policies().values() if "keep_last" in text) == [
        "boss",
        "clerk",
    ]


def test_a_plain_grant_again_takes_the_new_properties_and_stays_one(shop: Shop) -> None:
    grant = "GRANT SELECT (id) ON TABLE shop.orders TO ROLE clerk"
    [made] = shop.change(grant)
    [changed] = shop.change(grant + " POLICYPROPERTIES('enabled'='false')")
    assert changed == made.replace("+", "~", 1)
    assert shop.change(grant + " POLICYPROPERTIES('enabled'='false')") == []
    rows = shop.ask("SHOW GRANT ROLE clerk ON TABLE shop.orders")
    assert [row[3] for row in rows if row[-2] == "no"] == ["shop.orders(id)"]


def test_the_opposite_tag_on_the_same_object_is_refused(shop: Shop) -> None:
    with pytest.raises(PolicyInvalid, match=r"Another grant with `NOT fin\.card`"):
        shop.give("GRANT SELECT ON DATABASE SHOP HAVING ATTRIBUTE fin.card TO ROLE clerk")
    assert shop.change("GRANT SELECT ON DATABASE shop HAVING ATTRIBUTE fin.card TO ROLE boss")


def test_revoking_takes_one_role_off_and_then_the_policy(shop: Shop) -> None:
    shop.change(f"{CARDS} TO ROLE clerk, boss")
    [name] = [name for name, text in shop.policies().items() if "keep_last" in text]
    revoke = CARDS.replace("GRANT", "REVOKE").replace("SELECT", "ALL").replace("shop.orders", "SHOP.Orders")
    assert shop.change(f"{revoke} FROM ROLE clerk") == [f"~ policy {name}"]
    assert shop.policies()[name] == f"{CARDS} TO ROLE boss POLICYPROPERTIES('name'='{name}')"
    with pytest.raises(PolicyInvalid, match="does not exist"):
        shop.give(f"{revoke} FROM ROLE clerk, boss")
    assert shop.change(f"{revoke} FROM boss POLICYPROPERTIES('enabled'='false')") == [f"- policy {name}"]


def test_a_grant_on_what_is_gone_can_be_revoked(shop: Shop) -> None:
    done = shop.give("GRANT SELECT ON TABLE later.on TO ROLE clerk")
    assert isinstance(done, Applied)
    assert "there is no database `later` yet" in "".join(done.plan.warnings)
    assert len(shop.change("REVOKE SELECT ON TABLE later.on FROM ROLE clerk")) == 1


def test_restrictions_and_denials_come_and_go(shop: Shop) -> None:
    for clauses in (
        "RESTRICT SELECT ON DATABASE shop WHERE land = 'NO'",
        "DENY SELECT ON CATALOG HAVING ATTRIBUTE fin.card",
    ):
        [made] = shop.change(f"{clauses} FROM ROLE boss")
        verb = clauses.split()[0]
        assert shop.change(f"DROP {clauses} FROM ROLE boss") == [made.replace("+", "-", 1)], verb
    shop.change("DENY SELECT ON CATALOG HAVING ATTRIBUTE fin.card FROM ROLE boss")
    assert len(shop.change("DROP RESTRICT SELECT ON CATALOG HAVING ATTRIBUTE fin.card FROM ROLE boss")) == 1


def test_a_denial_again_is_an_error_and_denying_all_hides_all(shop: Shop) -> None:
    deny = "DENY SELECT ON CATALOG HAVING ATTRIBUTE fin.card FROM ROLE boss"
    shop.change(deny)
    with pytest.raises(PolicyInvalid, match="Deny already exists"):
        shop.give(deny)
    done = shop.give("DENY ALL ON TABLE shop.orders FROM ROLE boss")
    assert isinstance(done, Applied)
    assert {impact.movement.value for impact in done.plan.impacts} == {"loses"}


def test_roles_come_hold_and_go_with_their_part_of_every_policy(shop: Shop) -> None:
    assert shop.change('CREATE ROLE "night shift" WITH GROUPS owls, bats') == ["+ role night shift"]
    assert shop.change('REVOKE ROLE "NIGHT SHIFT" FROM GROUP bats') == ["~ role night shift"]
    shop.change(f'{CARDS} TO ROLE "night shift", boss')
    assert ("night shift", "owls") in shop.ask("SHOW ROLES")
    changes = shop.change('DROP ROLE "night shift"')
    assert changes[0] == "- role night shift"
    assert changes[1].startswith("~ policy grant-shop.orders-boss-night-shift-")


def test_a_group_is_the_same_however_it_is_written(shop: Shop) -> None:
    shop.change('CREATE ROLE "night shift" WITH GROUPS owls, Bats, bats')
    assert shop.change('GRANT ROLE "night shift" TO GROUP OWLS') == []
    assert shop.change('REVOKE ROLE "night shift" FROM GROUP BATS') == ["~ role night shift"]
    assert ("night shift", "owls") in shop.ask("SHOW ROLES")
    assert shop.ask("SHOW ROLE GRANT GROUP OWLS") == (("night shift", "owls"),)
    with pytest.raises(PolicyInvalid, match="does not hold"):
        shop.give('REVOKE ROLE "night shift" FROM GROUP bats')


def test_tags_are_declared_assigned_and_dropped_with_what_carries_them(shop: Shop) -> None:
    assert shop.change("CREATE ATTRIBUTE pii:land") == ["+ tag pii.land"]
    shop.change("ALTER TABLE shop.orders ADD COLUMN ATTRIBUTE LAND pii.land")
    shop.change("ALTER VIEW shop.orders ADD ATTRIBUTE pii.land")
    shop.change("ALTER DATABASE shop ADD ATTRIBUTE pii.land")
    orders = shop.orders()
    assert orders.confirmed == orders.database_tags == {"pii.land"}
    assert next(column.confirmed for column in orders.columns if column.name == "land") == {"pii.land"}
    assert {found.origin for found in Tags(shop.catalog).assignments(tag="pii.land")} == {TagOrigin.PERSON}
    shop.change("DROP ATTRIBUTE pii.land")
    assert shop.orders().confirmed | shop.orders().database_tags == frozenset()
    assert Tags(shop.catalog).tag("pii.land") is None


def test_a_tag_can_be_taken_off_again(shop: Shop) -> None:
    shop.change("ALTER DATABASE shop ADD ATTRIBUTE pii.email")
    shop.change("ALTER DATABASE shop DROP ATTRIBUTE pii.email")
    done = shop.give("ALTER TABLE shop.orders DROP COLUMN ATTRIBUTE card fin.card")
    assert isinstance(done, Applied)
    assert ("clerk", "card", "gains") in {(i.name, i.column, i.movement.value) for i in done.plan.impacts}
    assert not [column for column in shop.orders().columns if "fin.card" in column.confirmed]


def test_what_a_person_tags_no_document_takes_back(shop: Shop) -> None:
    shop.change("ALTER TABLE shop.orders ADD COLUMN ATTRIBUTE land pii.email")
    apply(shop.catalog, "veil: 1\ndatasets: {shop.orders: {columns: {land: {tags: []}}}}", shop.folder)
    assert next(column.confirmed for column in shop.orders().columns if column.name == "land") == {"pii.email"}


def test_a_suggestion_that_a_person_repeats_is_confirmed(shop: Shop) -> None:
    Tags(shop.catalog).suggest(
        TagAssignment(
            dataset="shop.orders", path=("land",), tag="pii.email", state=TagState.SUGGESTED, origin=TagOrigin.RULE
        )
    )
    with pytest.raises(PolicyInvalid, match="does not carry") as caught:
        shop.give("ALTER TABLE shop.orders DROP COLUMN ATTRIBUTE land pii.email")
    assert "a crawler only suggests it there" in caught.value.hint
    shop.change("ALTER TABLE shop.orders ADD COLUMN ATTRIBUTE land pii.email")
    [found] = [each for each in Tags(shop.catalog).assignments("shop.orders") if each.path == ("land",)]
    assert (found.state, found.by) == (TagState.CONFIRMED, "ada")


def test_nested_fields_and_odd_names_are_tagged(shop: Shop) -> None:
    (shop.folder / "d" / "Lab Results.json").write_text('[{"who": {"Birth Day": "x", "zip": "1"}, "n": 1}]')
    text = 'veil: 1\ndatasets: {shop."Lab Results": {source: s, relation: Lab Results.json}}'
    apply(shop.catalog, text.replace('{shop."Lab Results"', "{'shop.\"Lab Results\"'"), shop.folder)
    shop.change('ALTER TABLE shop."lab results" ADD COLUMN ATTRIBUTE who."birth day" pii.email')
    assert ('who."Birth Day"', "VARCHAR", "pii.email") in shop.ask('DESCRIBE shop."Lab Results"')


def test_databases_come_and_go_while_empty(shop: Shop) -> None:
    assert shop.change("CREATE DATABASE later") == ["+ database later"]
    assert ("later",) in shop.ask("SHOW DATABASES")
    assert shop.change("DROP DATABASE Later") == ["- database later"]
    Datasets(shop.catalog).forget("shop", "orders")
    assert "- database shop" in shop.change("DROP DATABASE shop")
    assert Datasets(shop.catalog).databases() == ()


def test_what_statements_made_is_exported_and_changes_nothing_when_applied(shop: Shop) -> None:
    shop.change(f"{CARDS} WHERE land = 'it''s' TO ROLE clerk, boss POLICYPROPERTIES('end_datetime'='1893456000')")
    shop.change("RESTRICT SELECT ON TABLE shop.orders TRANSFORM pii.email WITH hash() FROM ROLE boss")
    text = export_text(read_live(shop.catalog))
    assert not plan(shop.catalog, text, shop.folder).has_changes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("GRANT SELECT ON DATABASE shop TO ROLE clerk", "User 'kim' does not have privileges to GRANT on: shop"),
        ("REVOKE SELECT ON TABLE shop.orders FROM clerk", "not have privileges to REVOKE on: shop.orders"),
        ("RESTRICT SELECT ON CATALOG WHERE a = 1 FROM clerk", "not have privileges to GRANT"),
        ("CREATE ROLE x", "does not have privileges to CREATE this role"),
        ("DROP ROLE clerk", "does not have privileges to DROP this role"),
        ("GRANT ROLE clerk TO GROUP kim", "GRANT/REVOKE this role to groups."),
        ("CREATE ATTRIBUTE a.b", "to CREATE this attribute"),
        ("DROP ATTRIBUTE a.b", "to DROP this attribute"),
        ("ALTER TABLE shop.orders ADD ATTRIBUTE fin.card", "execute 'ADD_ATTRIBUTE' on: shop.orders"),
        ("CREATE DATABASE x", "does not have privileges to execute 'CREATE' on the catalog."),
        ("DROP DATABASE shop", "does not have privileges to execute 'DROP' on: shop"),
    ],
)
def test_only_administrators_change_anything(shop: Shop, text: str, words: str) -> None:
    before = read_live(shop.catalog)
    with pytest.raises(NotAllowed) as caught:
        shop.give(text, shop.person("kim"))
    assert words in caught.value.detail
    assert read_live(shop.catalog) == before


def test_an_administrator_may_do_it(shop: Shop) -> None:
    shop.give("CREATE ROLE x", shop.person("max"))
    assert Revisions(shop.catalog).history()[0].by == "max"
