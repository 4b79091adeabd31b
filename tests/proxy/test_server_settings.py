"""No setting of a database's server, database or account changes what anybody sees: each that has a say is set."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from catalog.sources.remote.mariadb import open_mariadb
from tests.databases import Server
from tests.proxy.test_masks_at_source import staff
from tests.proxy.world import ANALYST, OWNER
from tests.remote_tables import Database

MASKS = {
    "masked": "mask()",
    "ends": r"mask(char=>'\', keep_last=>2)",
    "phone": "mask_phone()",
    "email": "mask_email()",
    "address": "mask_ip()",
    "words": r"""generalize('{"a\\b C":"x\\y","ü":"ö"}', otherwise=>'o\p')""",
    "hashed": "hash()",
    "zip": "phi_zip3()",
}
TEXTS = ("a\\b C", "ü", "+1 206 555 0142", "ann@mail.example", "10.1.2.3", "2001:db8::1", "12345-6789", "A", "a", "")
LINES = ("secret\n10.1.2.3", "secret\n98101", "a@b.example\nsecret")
ROWS = [(number, "EU", *[text] * len(MASKS)) for number, text in enumerate([*TEXTS, *LINES])]
DOCUMENT = f"""
veil: 1
sources: {{data: SOURCE}}
databases: {{shop: {{}}}}
tags: {json.dumps({f"t.{name}": {} for name in MASKS})}
datasets:
  shop.staff: {{source: data, relation: RELATION,
    columns: {json.dumps({name: {"tags": [f"t.{name}"]} for name in MASKS})}}}
roles: {{analyst: {{groups: [analysts]}}, everything: {{groups: [owners]}}}}
policies:
  - policy: analysts
    grant: select
    to: [analyst]
    scope: shop
    transform: {json.dumps([{"tagged": f"t.{name}", "with": mask} for name, mask in MASKS.items()])}
    where: region = 'EU' or region is null
    why: each column by a mask of its own
  - {{policy: owners, grant: select, to: [everything], scope: "*", why: owners see all}}
"""
QUESTIONS = (
    "from shop.staff",
    "select id from shop.staff where region is null",
    "select id from shop.staff where id > 2",
)
SETTINGS: Mapping[str, Mapping[str, str]] = {
    "postgres": {
        "array_nulls": "off",
        "backslash_quote": "on",
        "bytea_output": "escape",
        "DateStyle": "'SQL, DMY'",
        "extra_float_digits": "-15",
        "IntervalStyle": "iso_8601",
        "row_security": "off",
        "search_path": "public",
        "standard_conforming_strings": "off",
        "TimeZone": "'Asia/Kolkata'",
        "transform_null_equals": "on",
        "xmlbinary": "hex",
        "xmloption": "document",
    },
    "mariadb": {
        "character_set_client": "latin1",
        "character_set_results": "latin1",
        "collation_connection": "latin1_german2_ci",
        "default_regex_flags": "'MULTILINE,DOTALL'",
        "default_week_format": "6",
        "div_precision_increment": "0",
        "lc_time_names": "'de_DE'",
        "old_mode": "'ZERO_DATE_TIME_CAST'",
        "sql_auto_is_null": "1",
        "sql_mode": "'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,NO_UNSIGNED_SUBTRACTION,PAD_CHAR_TO_FULL_LENGTH,"
        "EMPTY_STRING_IS_NULL'",
        "sql_select_limit": "9",
        "time_zone": "'+05:30'",
    },
}


@contextmanager
def under(database: Database, server: Server, settings: Mapping[str, str]) -> Iterator[None]:
    """Settings of the account, or of the whole server where an account has none."""
    if server.kind == "postgres":
        server.run(";".join(f"ALTER ROLE {database.name} SET {name} = {value}" for name, value in settings.items()))
        yield
        return
    before = {name: server.run(f"SELECT @@global.{name}").strip() for name in settings}
    server.run(";".join(f"SET GLOBAL {name} = {value}" for name, value in settings.items()))
    try:
        yield
    finally:
        kept = {
            name: value if value.isdecimal() or value == "DEFAULT" else f"'{value}'" for name, value in before.items()
        }
        server.run(";".join(f"SET GLOBAL {name} = {value}" for name, value in kept.items()))


@pytest.mark.parametrize("kind", SETTINGS)
def test_no_setting_changes_what_is_seen(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Patterns would end at lines, or a backslash begin a character, and a mask would show what lies before it."""
    server: Server = request.getfixturevalue(kind)
    database = Database(kind, server, tmp_path)
    database.write("staff", [("id", "BIGINT"), ("region", "VARCHAR"), *((name, "VARCHAR") for name in MASKS)], ROWS)

    def answers(folder: Path) -> list[tuple[object, ...]]:
        folder.mkdir()
        with staff(database, folder, "source", DOCUMENT) as world:
            return [world.outcome(sql, subject) for sql in QUESTIONS for subject in (ANALYST, OWNER)]

    first = answers(tmp_path / "plain")
    assert {answer[0] for answer in first} == {"rows"}
    with under(database, server, SETTINGS[kind]):
        assert answers(tmp_path / "set") == first


def test_a_snapshot_of_mariadb_is_one_whatever_the_isolation_of_its_server(mariadb: Server, tmp_path: Path) -> None:
    database = Database("mariadb", mariadb, tmp_path)
    database.write("staff", [("id", "BIGINT")], [(1,)])
    with under(database, mariadb, {"tx_isolation": "'READ-COMMITTED'"}):
        snapshot = open_mariadb("data", {"url": database.url}, None)
        try:
            [table] = snapshot.tables()
            for _ in range(2):
                assert [batch.num_rows for batch in snapshot.read(table, snapshot.columns(table), ())] == [1]
                database.run("INSERT INTO staff VALUES (2)")
        finally:
            snapshot.close()


def test_a_versioned_table_of_mariadb_is_read_as_it_is_now(mariadb: Server, tmp_path: Path) -> None:
    database = Database("mariadb", mariadb, tmp_path)
    database.run("CREATE TABLE staff (id int) WITH SYSTEM VERSIONING; INSERT INTO staff VALUES (1)")
    with under(database, mariadb, {"system_versioning_asof": "'2001-01-01 00:00:00'"}):
        snapshot = open_mariadb("data", {"url": database.url}, None)
        try:
            [table] = snapshot.tables()
            assert [batch.num_rows for batch in snapshot.read(table, snapshot.columns(table), ())] == [1]
        finally:
            snapshot.close()
