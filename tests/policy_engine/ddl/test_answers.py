"""SHOW and DESCRIBE tell everybody what they may know, and nobody more."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.errors import NotAllowed, PolicyInvalid
from catalog.journal.event import EventKind
from catalog.journal.journal import Journal
from tests.policy_engine.ddl.giving import Shop, opened_shop
from tests.policy_engine.homes import apply


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop, and a database with policies and no data; tests read it."""
    folder: Path = tmp_path_factory.mktemp("shop")
    with opened_shop(folder) as shop:
        shop.change("CREATE DATABASE later")
        shop.change("GRANT SELECT ON DATABASE later TO ROLE boss POLICYPROPERTIES('end_datetime'='1')")
        yield shop


def test_grants_of_a_role_are_listed_the_ended_ones_too(shop: Shop) -> None:
    [ended, everything] = sorted(shop.ask("SHOW GRANT ROLE boss"), key=lambda row: row[-2])
    said = "GRANT SELECT ON CATALOG TO ROLE boss POLICYPROPERTIES('name'='bosses', 'description'='example')"
    assert everything == ("bosses", "grant", "boss", "*", "", "", "", "yes", said)
    assert (ended[3], ended[-2]) == ("later", "no")


def test_grants_on_a_thing_are_those_on_it_and_in_it(shop: Shop) -> None:
    assert [row[0] for row in shop.ask("SHOW GRANT ROLE clerk ON DATABASE shop")] == ["clerks"]
    assert shop.ask("SHOW GRANT ROLE clerk ON TABLE shop.orders") == ()
    assert len(shop.ask("SHOW GRANT ROLE boss ON CATALOG")) == 2


def test_grants_that_name_a_tag_are_listed(shop: Shop) -> None:
    [row] = shop.ask("SHOW GRANT ATTRIBUTE PII:Email ON CATALOG")
    assert row[:-1] == (
        *("clerks", "grant", "clerk", "shop", "NOT fin.card"),
        *("pii.email WITH tokenize()", "land = user_attribute('land')", "yes"),
    )
    assert shop.ask("SHOW GRANT ATTRIBUTE pii.email ON DATABASE later") == ()


def test_a_grant_that_is_listed_says_itself(shop: Shop) -> None:
    [row] = shop.ask("SHOW GRANT ROLE clerk")
    with pytest.raises(PolicyInvalid, match="Grant already exists"):
        shop.give(row[-1])


def test_a_person_sees_their_own_roles_and_grants_only(shop: Shop) -> None:
    kim = shop.person("kim")
    assert shop.ask("SHOW ROLES", kim) == shop.ask("SHOW CURRENT ROLES", kim) == (("clerk", "clerks"),)
    assert [row[0] for row in shop.ask("SHOW GRANT ROLE Clerk", kim)] == ["clerks"]
    assert [row[0] for row in shop.ask("SHOW GRANT ATTRIBUTE fin.card", kim)] == ["clerks"]
    assert shop.ask("SHOW ROLE GRANT GROUP clerks", kim) == (("clerk", "clerks"),)


@pytest.mark.parametrize(
    "text", ["SHOW ALL ROLES", "SHOW GRANT ROLE boss", "SHOW GRANT ROLE none", "SHOW ROLE GRANT GROUP admin"]
)
def test_what_others_hold_is_for_administrators_and_auditors(shop: Shop, text: str) -> None:
    with pytest.raises(NotAllowed, match="'kim' is not an admin"):
        shop.ask(text, shop.person("kim"))


def test_an_auditor_reads_every_policy_and_no_other_dataset(shop: Shop) -> None:
    auditor = replace(shop.person("kim"), groups=frozenset({"clerks", "auditor"}))
    assert len(shop.ask("SHOW ALL ROLES", auditor)) == 3
    assert len(shop.ask("SHOW GRANT ROLE boss", auditor)) == 2
    assert shop.ask("SHOW DATABASES", auditor) == (("shop",),)


def test_a_person_sees_what_is_visible_and_a_hidden_column_is_not_there(shop: Shop) -> None:
    kim = shop.person("kim")
    assert shop.ask("SHOW DATABASES", kim) == (("shop",),)
    assert shop.ask("SHOW TABLES IN SHOP", kim) == (("orders", ""),)
    assert [row[0] for row in shop.ask("DESCRIBE shop.orders", kim)] == ["id", "email", "land", "total"]
    assert "card" not in str(shop.ask("DESCRIBE FORMATTED shop.orders", kim))
    assert ("name", "shop") in shop.ask("DESCRIBE DATABASE shop", kim)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SHOW TABLES IN later", "User 'kim' does not have privileges to execute 'SHOW' on: later"),
        ("SHOW TABLES IN none", "does not have privileges to execute 'SHOW' on: none"),
        ("DESCRIBE DATABASE later", "does not have privileges"),
        ("DESCRIBE later.on", "User 'kim' does not have privileges to execute 'SELECT' on: later.on"),
        ("DESCRIBE FORMATTED shop.none", "does not have privileges to execute 'SELECT' on: shop.none"),
    ],
)
def test_what_is_not_visible_and_what_is_not_there_are_one(shop: Shop, text: str, words: str) -> None:
    with pytest.raises(NotAllowed) as caught:
        shop.ask(text, shop.person("kim"))
    assert words in caught.value.detail


def test_a_hidden_field_is_in_no_type(tmp_path: Path) -> None:
    with opened_shop(tmp_path) as shop:
        (tmp_path / "d" / "visits.json").write_text('[{"who": {"name": "x", "secret": "1"}, "at": 1}]')
        apply(shop.catalog, "veil: 1\ndatasets: {shop.visits: {source: s, relation: visits.json}}", tmp_path)
        kim = shop.person("kim")
        shop.change("GRANT SELECT ON TABLE shop.visits HAVING ATTRIBUTE NOT fin.card TO ROLE clerk")
        whole = shop.ask("DESCRIBE shop.visits", kim)
        assert [row[0] for row in whole] == ["who", "who.name", "who.secret", "at"]
        assert "secret" in whole[0][1]
        shop.change("ALTER TABLE shop.visits ADD COLUMN ATTRIBUTE who.secret fin.card")
        assert shop.ask("DESCRIBE shop.visits", kim) == (
            ("who", 'STRUCT("name" VARCHAR)', ""),
            ("who.name", "VARCHAR", ""),
            ("at", "BIGINT", ""),
        )


def test_the_type_of_a_masked_column_is_that_of_its_mask(tmp_path: Path) -> None:
    with opened_shop(tmp_path) as shop:
        kim = shop.person("kim")
        shop.change("GRANT SELECT ON TABLE shop.orders TRANSFORM fin.card WITH hash() TO ROLE clerk")
        assert ("card", "VARCHAR", "fin.card") in shop.ask("DESCRIBE shop.orders", kim)
        assert ("Column card:", "VARCHAR") in shop.ask("DESCRIBE FORMATTED shop.orders", kim)
        assert ("card", "BIGINT", "fin.card") in shop.ask("DESCRIBE shop.orders", shop.person("max"))


def test_whoever_administers_sees_every_name(shop: Shop) -> None:
    for asker in (None, shop.person("max")):
        assert shop.ask("SHOW DATABASES", asker) == (("later",), ("shop",))
        assert ("card", "BIGINT", "fin.card") in shop.ask("DESCRIBE shop.orders", asker)
        assert ("Columns With Attributes: card", "fin.card") in shop.ask("DESCRIBE FORMATTED shop.orders", asker)
        assert shop.ask("SHOW TABLES IN later", asker) == ()


@pytest.mark.parametrize("text", ["DESCRIBE shop.order", "SHOW TABLES IN shob", "SHOW GRANT ROLE clark"])
def test_whoever_administers_is_told_what_is_misspelt(shop: Shop, text: str) -> None:
    with pytest.raises(PolicyInvalid, match="does not exist") as caught:
        shop.ask(text)
    assert "did you mean" in caught.value.hint


def test_who_looked_is_in_the_journal(shop: Shop) -> None:
    shop.ask("DESCRIBE shop.orders", shop.person("kim"))
    event = Journal(shop.catalog).search(kind=EventKind.METADATA_READ, limit=1)[0]
    assert (event.user, event.datasets) == ("kim", ("shop.orders",))
    assert event.details == {"statement": "DESCRIBE shop.orders", "count": 4}
