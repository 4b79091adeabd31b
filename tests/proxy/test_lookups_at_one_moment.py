"""A policy that looks into MariaDB has all of that source read of one moment, in queries and in counts of rows."""

import json
from functools import partial
from pathlib import Path

import pytest

from catalog.errors import SourceUnavailable
from catalog.registry import connect
from catalog.sources.sessions import SessionCache
from policy_engine.transforms.keys import KeyRing
from proxy.counting import count_rows
from proxy.pipeline import Request
from tests.databases import Server
from tests.proxy.world import ANALYST, governed
from tests.remote_tables import Database

DOCUMENT = """
veil: 1
sources: {data: SOURCE}
databases: {shop: {}, lab: {}}
datasets:
  shop.people: {source: data, relation: PEOPLE}
  shop.seen: {source: data, relation: SEEN}
  shop.called: {source: data, relation: CALLED}
  lab.blocked: {source: data, relation: BLOCKED}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: p, grant: select, to: [analyst], scope: shop, where: "id not in (select id from lab.blocked)", why: test}
"""
TABLES = """
CREATE TABLE people (id BIGINT PRIMARY KEY); INSERT INTO people SELECT seq FROM seq_1_to_9;
CREATE TABLE blocked (id BIGINT PRIMARY KEY); INSERT INTO blocked VALUES (1), (2), (3);
CREATE VIEW seen AS SELECT id FROM people;
DELIMITER //
CREATE FUNCTION same(n BIGINT) RETURNS BIGINT READS SQL DATA RETURN n //
DELIMITER ;
CREATE VIEW called AS SELECT same(id) AS id FROM people
"""


def test_what_cannot_be_read_of_the_moment_of_a_lookup_is_not_read(mariadb: Server, tmp_path: Path) -> None:
    database = Database("mariadb", mariadb, tmp_path)
    database.run(TABLES)
    mariadb.run(f"GRANT SHOW VIEW, EXECUTE ON {database.name}.* TO {database.name}@'127.0.0.1'")
    text = DOCUMENT.replace("SOURCE", database.shown)
    for name in ("people", "seen", "called", "blocked"):
        text = text.replace(f"relation: {name.upper()}", f"relation: {json.dumps(database.relation(name))}")
    (tmp_path / "home").mkdir()
    with governed(tmp_path / "home", text) as world:
        for name in ("people", "seen"):
            assert world.ask(f"select count(*) as n from shop.{name}", ANALYST).to_pylist() == [{"n": 6}], name
            assert world.ask(f"select * from shop.{name} a join shop.people b using (id)", ANALYST).num_rows == 6, name
        with pytest.raises(SourceUnavailable, match="cannot be read at one moment") as caught:
            world.ask("select count(*) as n from shop.called", ANALYST)
        assert "blocked" not in f"{caught.value} {caught.value.hint}"
        sessions, found = SessionCache(connect), {}
        for name in ("seen", "called"):
            [found[name]] = world.governor.settle(ANALYST, Request(sql=f"select * from shop.{name}")).decisions
        counted = partial(
            count_rows, sources={"data": database.source}, sessions=sessions, keys=KeyRing(bytes(32)), seconds=60
        )
        assert counted(found["seen"]) == 6
        with pytest.raises(SourceUnavailable, match="cannot be read at one moment"):
            counted(found["called"])
