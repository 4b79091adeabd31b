"""What a source runs of others' SQL when it is read (views, policies of rows, casts) finds nothing of other scans, and
alters nothing for them.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from catalog.errors import SourceUnavailable
from catalog.model import TagState
from catalog.sources.remote.address import resolved
from catalog.sources.remote.opened import cell_column
from catalog.sources.remote.openers import located, open_snapshot
from catalog.sources.remote.snapshot import Snapshot
from catalog.sources.source_work import SourceCell
from catalog.tags import Tags
from tests.databases import Server
from tests.proxy.world import ANALYST, World, governed
from tests.remote_tables import Database

SERVERS = ("postgres", "mariadb")
STAFF = [("id", "BIGINT"), ("phone", "VARCHAR"), ("email", "VARCHAR")]
ROWS = [(1, "+1 206 555 0101", "ann@x.example"), (2, "secret\n10.1.2.3", "bob@x.example")]
DOCUMENT = """
veil: 1
sources: {data: SOURCE}
databases: {shop: {}, team: {}}
tags: {pii.phone: {}, pii.email: {}}
datasets:
  shop.staff: {source: data, relation: STAFF, columns: {phone: {tags: [pii.phone]}, email: {tags: [pii.email]}}}
  team.notes: {source: data, relation: NOTES, columns: {email: {tags: [pii.email]}}}
roles: {analyst: {groups: [analysts]}}
policies:
  - policy: analysts
    grant: select
    to: [analyst]
    scope: "*"
    transform: [{tagged: pii.phone, with: MASK}, {tagged: pii.email, with: tokenize()}]
    why: masks that a source works out, without a key and with one
"""
TEAM_FIRST = (
    "with n as materialized (select * from team.notes order by id)"
    " select s.id, s.phone, s.email, n.told from shop.staff s left join n on n.id = s.id order by s.id",
    "select s.id, s.phone, s.email, n.told from shop.staff s join team.notes n on n.id <= s.id order by s.id",
    "select s.id, s.phone, s.email, n.told from team.notes n, shop.staff s where n.email is not null order by s.id",
)
TEAM_LAST = (
    "with s as materialized (select * from shop.staff order by email)"
    " select n.told, s.email from team.notes n left join s on n.id = s.id"
)
KEY = f"k_{hashlib.sha256(b'veil/tokenize/v1/pii.email').hexdigest()[:16]}_i"

# A team with rights in its own schema alone: whoever reads what is there runs its functions.
SHADOWS = {
    "regexp_replace": ("text, text, text", "text, text, text, text"),
    "convert_from": ("bytea, name",),
    "left": ("text, int",),
    "substring": ("text, text",),
}
TEAM = "CREATE ROLE {team} LOGIN; CREATE SCHEMA team AUTHORIZATION {team}; GRANT USAGE ON SCHEMA team TO PUBLIC; "
TEAM += "SET ROLE {team}; CREATE TABLE team.kept AS SELECT 1 AS id, 'cid@x.example'::text AS email;"
TEAM += "".join(
    f"CREATE FUNCTION team.{name}({taken}) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';"
    for name, ways in SHADOWS.items()
    for taken in ways
)
TEAM += """CREATE FUNCTION team.told() RETURNS text LANGUAGE plpgsql AS $$
DECLARE named text; found text := '';
BEGIN
  FOR named IN SELECT m[1] FROM regexp_matches(
    current_query() || ' veil.KEY', 'veil\\.([a-z0-9_]+)', 'g') m LOOP
    found := found || coalesce(current_setting('veil.' || named, true), '');
  END LOOP;
  RETURN found;
END $$;""".replace("KEY", KEY)
SETS = "pg_catalog.set_config('search_path', 'team, pg_catalog', true) IS NOT NULL"
NOTES = {
    "view": f"CREATE VIEW team.notes AS SELECT id, email, team.told() AS told FROM team.kept WHERE {SETS}",
    "policy of rows": "CREATE TABLE team.notes AS SELECT id, email, ''::text AS told FROM team.kept;"
    f"ALTER TABLE team.notes ENABLE ROW LEVEL SECURITY; CREATE POLICY theirs ON team.notes USING ({SETS})",
    "cast": "CREATE TYPE team.mine AS (a int);"
    "CREATE FUNCTION team.shown(team.mine) RETURNS text LANGUAGE sql AS $$ SELECT team.told() WHERE SETS $$;"
    "CREATE CAST (team.mine AS text) WITH FUNCTION team.shown(team.mine);"
    "CREATE TABLE team.notes AS SELECT id, email, ROW(1)::team.mine AS told FROM team.kept".replace("SETS", SETS),
}
MARIADB_TEAM = f"""
CREATE TABLE kept (id bigint, email text); INSERT INTO kept VALUES (1, 'cid@x.example');
SET sql_mode = '';
DELIMITER //
CREATE FUNCTION told() RETURNS text READS SQL DATA
BEGIN
  DECLARE found text DEFAULT @veil_{KEY};
  SET SESSION default_regex_flags = 'MULTILINE,DOTALL';
  RETURN coalesce(hex(found), '');
END //
DELIMITER ;
CREATE VIEW notes AS SELECT id, email, told() AS told FROM kept
"""


def made(server: Server, folder: Path, notes: str = "view") -> Database:
    """A database with staff, and with notes of a team that has no right to them."""
    database = Database(server.kind, server, folder)
    database.write("staff", STAFF, ROWS)
    if server.kind == "mariadb":
        database.run(MARIADB_TEAM)
        server.run(f"GRANT EXECUTE ON {database.name}.* TO {database.name}@'127.0.0.1'")
    else:
        team = f"team_of_{database.name}"
        server.run(
            f"{TEAM.format(team=team)} {NOTES[notes]}; GRANT SELECT ON team.notes TO {database.name};", database.name
        )
    return database


@contextmanager
def shop(database: Database, folder: Path, masks: str) -> Iterator[World]:
    text = DOCUMENT.replace("SOURCE", database.shown.replace("}", f", masks: {masks}}}"))
    text = text.replace("STAFF", json.dumps(database.relation("staff")))
    text = text.replace(
        "NOTES", json.dumps("team.notes" if database.kind == "postgres" else database.relation("notes"))
    )
    (folder / masks).mkdir()
    with governed(
        folder / masks, text.replace("MASK", "mask_ip()" if database.kind == "mariadb" else "mask()")
    ) as world:
        tags = Tags(world.catalog)
        for each in tags.assignments("team.notes", tag="pii.phone", state=TagState.SUGGESTED):
            if each.path == ("email",):  # a view that calls a function has every tag, until a person says what it holds
                tags.reject("team.notes", ("email",), "pii.phone", by="ada")
        yield world


@pytest.fixture(params=[*NOTES, "view of MariaDB"])
def notes(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    server: Server = request.getfixturevalue("mariadb" if "MariaDB" in request.param else "postgres")
    return made(server, tmp_path, "view" if "MariaDB" in request.param else request.param)


@pytest.mark.parametrize("masks", ["keyless", "source"])
def test_what_one_relation_runs_unmasks_nothing_of_another(notes: Database, masks: str, tmp_path: Path) -> None:
    with shop(notes, tmp_path, masks) as world:
        expected = world.ask("select id, phone, email from shop.staff order by id", ANALYST).to_pylist()
        assert not {"+1 206 555 0101", "ann@x.example"} & {str(cell) for row in expected for cell in row.values()}
        for sql in TEAM_FIRST:
            rows = world.ask(sql, ANALYST).to_pylist()
            assert rows, sql
            for row in rows:
                assert {name: row[name] for name in ("id", "phone", "email")} in expected, sql


def test_what_one_relation_runs_finds_no_key_of_another_nor_of_its_own(notes: Database, tmp_path: Path) -> None:
    """It tells what is the same where keys never go there (and masked, where nobody can say what it is made of)."""
    with shop(notes, tmp_path, "source") as world, shop(notes, tmp_path, "veil") as in_veil:
        for sql in ("select id, email, told from team.notes", TEAM_LAST, *TEAM_FIRST):
            told, otherwise = ({row["told"] for row in each.ask(sql, ANALYST).to_pylist()} for each in (world, in_veil))
            assert told, sql
            assert told == otherwise, sql


def test_keys_go_to_plain_tables_alone_and_tokens_are_the_same(notes: Database, tmp_path: Path) -> None:
    asked = "select email from {} order by 1"
    with shop(notes, tmp_path, "source") as world, shop(notes, tmp_path, "veil") as in_veil:
        for relation, is_there in (("shop.staff", True), ("team.notes", False)):
            [told] = world.ask(f"explain {asked.format(relation)}", ANALYST).to_pylist()
            assert ("/* at the source */" in str(told)) is is_there, relation
            assert world.ask(asked.format(relation), ANALYST) == in_veil.ask(asked.format(relation), ANALYST)


def test_a_type_of_ones_own_takes_no_key(postgres: Server, tmp_path: Path) -> None:
    """Whoever made it may give it a cast at any time, also while it is read."""
    database = Database("postgres", postgres, tmp_path)
    database.run("CREATE TYPE mood AS ENUM ('fine'); CREATE TABLE plain (id int, at text);")
    database.run("CREATE TABLE typed (id int, mood mood); CREATE DOMAIN short AS text; CREATE TABLE told (id short)")
    with closing(opened(database)) as snapshot:
        assert {table.name: table.is_plain for table in snapshot.tables()} == {
            "plain": True,
            "typed": False,
            "told": True,
        }


def opened(database: Database) -> Snapshot:
    return open_snapshot(database.kind, "data", resolved("data", database.source.options), 60)


def keyed(kind: str) -> SourceCell:
    made = {"postgres": "current_setting('veil.k_test_i')", "mariadb": "HEX(@veil_k_test_i)"}[kind]
    return SourceCell(name="cell", type="VARCHAR", columns=("email",), sql=made, keys={"k_test_i": bytes(64)})


@pytest.mark.parametrize("kind", SERVERS)
def test_a_table_that_becomes_a_view_meanwhile_is_given_no_key(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server: Server = request.getfixturevalue(kind)
    database = Database(kind, server, tmp_path)
    database.write("staff", STAFF, ROWS)
    with closing(opened(database)) as snapshot:
        table = located(snapshot, database.relation("staff"))
        columns = [*snapshot.columns(table)]
        columns.append(cell_column(keyed(kind), columns, "ab"))
        read = [row["cell"] for batch in snapshot.read(table, columns, ()) for row in batch.to_pylist()]
        assert read == ["00" * 64] * 2
    with closing(opened(database)) as snapshot:
        database.run("ALTER TABLE staff RENAME TO kept; CREATE VIEW staff AS SELECT * FROM kept;")
        with pytest.raises(SourceUnavailable, match="was a plain table a moment ago"):
            list(snapshot.read(table, columns, ()))


@pytest.mark.parametrize("kind", SERVERS)
def test_a_key_is_known_in_its_own_scan_alone(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    server: Server = request.getfixturevalue(kind)
    database = Database(kind, server, tmp_path)
    database.write("staff", STAFF, ROWS)
    with closing(opened(database)) as snapshot:
        table = located(snapshot, database.relation("staff"))
        columns = [*snapshot.columns(table)]
        list(snapshot.read(table, [*columns, cell_column(keyed(kind), columns, "ab")], ()))
        still = {"postgres": "current_setting('veil.k_test_i_ab', true)", "mariadb": "HEX(@veil_k_test_i_ab)"}[kind]
        asked = cell_column(SourceCell(name="cell", type="VARCHAR", columns=("email",), sql=still), columns)
        [batch] = snapshot.read(table, [asked], ())
        assert {cell or "" for cell in batch["cell"].to_pylist()} == {""}


@pytest.mark.parametrize("kind", SERVERS)
def test_a_connection_that_has_read_a_view_reads_nothing_more(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server: Server = request.getfixturevalue(kind)
    database = Database(kind, server, tmp_path)
    number = {"postgres": "pg_backend_pid()", "mariadb": "connection_id()"}[kind]
    database.write("staff", STAFF, ROWS)
    database.run(f"CREATE VIEW told AS SELECT {number} AS n FROM staff;")
    seen: list[object] = []
    with closing(opened(database)) as snapshot:
        view, table = (located(snapshot, database.relation(name)) for name in ("told", "staff"))
        snapshot.prepare(view)
        for _ in range(3):
            [batch] = snapshot.read(view, snapshot.columns(view), ())
            columns = snapshot.columns(table)
            cell = SourceCell(name="cell", type="BIGINT", columns=("email",), sql=number)
            [other] = snapshot.read(table, [cell_column(cell, columns)], ())
            read, beside = set(batch["n"].to_pylist()), set(other["cell"].to_pylist())
            assert not read & {*seen, *beside}
            seen += read
    assert len(seen) == 3


@pytest.mark.parametrize("kind", SERVERS)
def test_a_view_and_a_table_are_read_as_of_one_moment(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server: Server = request.getfixturevalue(kind)
    database = Database(kind, server, tmp_path)
    database.write("staff", STAFF, ROWS)
    database.run("CREATE VIEW told AS SELECT id FROM staff;")
    with closing(opened(database)) as snapshot:
        view, table = (located(snapshot, database.relation(name)) for name in ("told", "staff"))
        snapshot.prepare(table)
        snapshot.prepare(view)
        database.run("INSERT INTO staff VALUES (3, '', '');")
        for each in (view, table):
            assert sum(batch.num_rows for batch in snapshot.read(each, snapshot.columns(each), ())) == 2
