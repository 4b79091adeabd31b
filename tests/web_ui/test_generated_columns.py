"""At no moment does a query show a generated column without the tags of what it is made of, in each database."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb
import pytest

from catalog.home import Home
from catalog.model import TagState
from catalog.people.model import User
from crawler.crawl import Conduct, crawl
from policy_engine.changing.apply import carry_out, prepare
from policy_engine.document.reading import load
from policy_engine.store import PolicyStore
from tests.databases import Server
from tests.remote_tables import KINDS, Database
from web_ui.app import create_app
from web_ui.parts import Parts, assemble
from web_ui.settings import Settings

DOCUMENT = """
veil: 1
sources: {data: SOURCE}
databases: {shop: {}}
tags: {secret.note: {level: restricted}}
datasets:
  shop.t: {source: data, relation: RELATION, columns: COLUMNS}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: a, grant: select, to: [analyst], scope: shop, having: not secret.note, why: notes are for nobody}
"""
TAGGED = "{note: {tags: [secret.note]}}"
COLUMNS = "id INT, note VARCHAR(20), city VARCHAR(20)"
ROW = "INSERT INTO t (id, note, city) VALUES (7, 'SECRET', 'Bonn')"
MADE = {
    "duckdb": "remark AS (note), loud AS (upper(remark)), place AS (lower(city)), n AS (id + 1)",
    "sqlite": "remark TEXT AS (note), loud TEXT GENERATED ALWAYS AS (upper(remark)) STORED,"
    ' place TEXT AS (lower("city")), n INT AS ([id] + 1)',
    "postgres": "remark text GENERATED ALWAYS AS (note::text) STORED,"
    " loud text GENERATED ALWAYS AS (upper(note::text)) STORED,"
    " place text GENERATED ALWAYS AS (lower(city::text)) STORED, n int GENERATED ALWAYS AS (id + 1) STORED",
    "mariadb": "remark VARCHAR(20) AS (note), loud VARCHAR(20) GENERATED ALWAYS AS (upper(remark)) STORED,"
    " place VARCHAR(20) AS (lower(city)), n INT AS (id + 1) PERSISTENT",
}
SHOWN = {"id", "city", "place", "n"}
VIEW = "CREATE VIEW v AS SELECT id AS number, loud AS louder, place AS town FROM t;"
Seen = Callable[[str], set[str]]
"""Asks as the analyst for all of a dataset: the columns that come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A database of one kind with a table of generated columns; `shown` is what it is called in a document."""

    kind: str
    shown: str
    relation: str
    run: Callable[[str], None]


@pytest.fixture(params=[*KINDS, "duckdb"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    kind: str = request.param
    if kind == "duckdb":
        made = Shop(
            kind=kind,
            shown=f"{{connector: duckdb, path: {tmp_path / 'data.duckdb'}}}",
            relation="main.t",
            run=partial(change, tmp_path / "data.duckdb"),
        )
    else:
        database = Database(kind, None if kind == "sqlite" else request.getfixturevalue(kind), tmp_path)
        if kind == "mariadb":
            database.run(f"GRANT SHOW VIEW ON {database.name}.* TO {database.name}@'127.0.0.1'")
        made = Shop(kind=kind, shown=database.shown, relation=database.relation("t"), run=database.run)
    made.run(f"CREATE TABLE t ({COLUMNS}, {MADE[kind]});\n{ROW};\n")
    return made


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with assemble(Home.create(tmp_path / "home"), Settings()) as parts:
        PolicyStore(parts.catalog).init_home(by="t")
        parts.accounts.put_user(User(name="ana", groups=frozenset({"analysts"}), attributes={}))
        yield parts


@pytest.fixture
def seen(parts: Parts) -> Seen:
    client = create_app(parts).test_client()
    token, _ = parts.tokens.create("ana", "test", timedelta(days=1))

    def ask(name: str) -> set[str]:
        asked = {"sql": f"select * from shop.{name}", "format": "json"}
        answer = client.post("/api/v1/query", json=asked, headers={"Authorization": f"Bearer {token}"})
        return {each["name"] for each in answer.get_json().get("columns", ())}

    return ask


def change(file: Path, script: str) -> None:
    """Puts a changed file in its place, as whoever asks may still have the one that was there open."""
    other = file.with_suffix(".new")
    if file.exists():
        shutil.copy2(file, other)
    with duckdb.connect(str(other)) as engine:
        engine.execute(script)
    other.replace(file)


def apply(parts: Parts, folder: Path, shop: Shop, columns: str = TAGGED) -> None:
    text = DOCUMENT.replace("SOURCE", shop.shown).replace("RELATION", shop.relation)
    (folder / "shop.yaml").write_text(text.replace("COLUMNS", columns))
    carry_out(prepare(load([folder / "shop.yaml"]), parts.catalog, at=datetime.now(UTC)), parts.catalog, by="t")


def standing(parts: Parts, dataset: str = "shop.t") -> dict[str, str]:
    """The columns of a dataset to which the tag came by another, and by which."""
    return {each.path[0]: each.evidence for each in parts.tags.assignments(dataset, state=TagState.SUGGESTED)}


def test_a_generated_column_has_the_tags_of_what_it_is_made_of_from_its_first_moment(
    shop: Shop, parts: Parts, tmp_path: Path, seen: Seen
) -> None:
    apply(parts, tmp_path, shop)
    assert seen("t") == SHOWN
    assert standing(parts) == dict.fromkeys(("remark", "loud"), "derives from `shop.t.note`")
    shop.run(VIEW)
    looks = []
    look = Conduct(on_progress=lambda progress: looks.append((seen("t"), seen("v"))))
    report = crawl(parts.catalog, "data", into="shop", by="max", conduct=look)
    assert looks == [(SHOWN, set()), (SHOWN, set())]
    assert (seen("t"), seen("v")) == (SHOWN, {"number", "town"})
    assert report.unclear == ()


def test_a_tag_comes_to_generated_columns_in_the_moment_in_which_it_comes_to_what_they_are_made_of(
    shop: Shop, parts: Parts, tmp_path: Path, seen: Seen
) -> None:
    shop.run(VIEW)
    apply(parts, tmp_path, shop, columns="{}")
    crawl(parts.catalog, "data", into="shop", by="max")
    assert seen("t") == SHOWN | {"note", "remark", "loud"}
    parts.tags.confirm("shop.t", ("note",), "secret.note", by="max")
    assert (seen("t"), seen("v")) == (SHOWN, {"number", "town"})
    parts.tags.confirm("shop.t", ("id",), "secret.note", by="max")
    assert (seen("t"), seen("v")) == ({"city", "place"}, {"town"})


def test_what_a_person_says_of_one_is_not_said_of_what_is_made_of_it(
    shop: Shop, parts: Parts, tmp_path: Path, seen: Seen
) -> None:
    apply(parts, tmp_path, shop)
    parts.tags.reject("shop.t", ("remark",), "secret.note", by="max")
    assert seen("t") == SHOWN | {"remark"}
    shop.run(VIEW)
    crawl(parts.catalog, "data", into="shop", by="max")
    assert (seen("t"), seen("v")) == (SHOWN | {"remark"}, {"number", "town"})


def test_a_generated_column_that_comes_later_or_is_made_otherwise_has_its_tags(
    shop: Shop, parts: Parts, tmp_path: Path, seen: Seen
) -> None:
    apply(parts, tmp_path, shop)
    stored = " STORED" if shop.kind == "postgres" else ""
    kind = "VARCHAR(20)"
    if shop.kind == "duckdb":  # it adds and alters none
        made = MADE["duckdb"].replace("lower(city)", "lower(note)")
        shop.run(f"DROP TABLE t; CREATE TABLE t ({COLUMNS}, {made}, more AS (note || city)); {ROW}")
    elif shop.kind == "sqlite":
        shop.run(f"ALTER TABLE t DROP COLUMN place; ALTER TABLE t ADD COLUMN place {kind} AS (lower(note));")
        shop.run(f"ALTER TABLE t ADD COLUMN more {kind} AS (note || city);")
    else:
        added = f"{kind} GENERATED ALWAYS AS"
        shop.run(f"ALTER TABLE t DROP COLUMN place; ALTER TABLE t ADD COLUMN place {added} (lower(note)){stored};")
        shop.run(f"ALTER TABLE t ADD COLUMN more {added} (substr(note, 1, 2)){stored};")
    looks = []
    look = Conduct(on_progress=lambda progress: looks.append(seen("t")))
    crawl(parts.catalog, "data", into="shop", by="max", conduct=look)
    assert looks == [{"id", "city", "n"}]
    assert seen("t") == {"id", "city", "n"}


def test_a_tag_of_another_dataset_of_the_same_table_comes_too(
    shop: Shop, parts: Parts, tmp_path: Path, seen: Seen
) -> None:
    apply(parts, tmp_path, shop, columns="{}")
    entry = f"other.t: {{source: data, relation: {shop.relation}, columns: {TAGGED}}}"
    (tmp_path / "other.yaml").write_text(f"veil: 1\ndatabases: {{other: {{}}}}\ndatasets:\n  {entry}\n")
    carry_out(prepare(load([tmp_path / "other.yaml"]), parts.catalog, at=datetime.now(UTC)), parts.catalog, by="t")
    assert seen("t") == SHOWN


def test_one_whose_sql_is_not_understood_has_every_tag_of_its_table(parts: Parts, tmp_path: Path, seen: Seen) -> None:
    file = tmp_path / "data.duckdb"
    change(file, f"CREATE TABLE t ({COLUMNS}, odd AS (#2), loud AS (upper(odd)), n AS (id + 1))")
    shop = Shop(kind="duckdb", shown=f"{{connector: duckdb, path: {file}}}", relation="main.t", run=print)
    apply(parts, tmp_path, shop)
    assert standing(parts) == dict.fromkeys(("odd", "loud"), "may derive from `shop.t.note`")
    assert seen("t") == {"id", "city", "n"}
    change(file, "CREATE VIEW v AS SELECT loud, n FROM t")
    report = crawl(parts.catalog, "data", into="shop", by="max")
    assert seen("v") == {"n"}
    [unclear] = report.unclear
    assert (unclear.relation, "SQL of a generated column is not understood" in unclear.reason) == ("shop.t", True)


def test_one_that_reads_what_the_account_may_not_has_every_tag_of_what_it_may(
    parts: Parts, tmp_path: Path, seen: Seen, mariadb: Server
) -> None:
    database = Database("mariadb", mariadb, tmp_path)
    database.run(f"CREATE TABLE t ({COLUMNS}, {MADE['mariadb']}); {ROW}")
    account = f"{database.name}@'127.0.0.1'"
    mariadb.run(
        f"REVOKE SELECT ON {database.name}.* FROM {account};"
        f"GRANT SELECT (id, city, remark, place) ON {database.name}.t TO {account}"
    )
    shop = Shop(kind="mariadb", shown=database.shown, relation=database.relation("t"), run=database.run)
    apply(parts, tmp_path, shop, columns=TAGGED.replace("note:", "id:"))
    assert seen("t") == {"city", "place"}


def test_what_tables_that_inherit_work_out_comes_to_the_table_above(
    parts: Parts, tmp_path: Path, seen: Seen, postgres: Server
) -> None:
    database = Database("postgres", postgres, tmp_path)
    above = " GENERATED ALWAYS AS (city) STORED" if int(postgres.run("SHOW server_version_num")) >= 160_000 else ""
    database.run(
        f"CREATE TABLE t ({COLUMNS}, remark text{above});"
        "CREATE TABLE part (own text, remark text GENERATED ALWAYS AS (own) STORED) INHERITS (t);"
    )
    shop = Shop(kind="postgres", shown=database.shown, relation="public.t", run=database.run)
    apply(parts, tmp_path, shop, columns="{}")
    crawl(parts.catalog, "data", into="shop", by="max")
    assert "remark" in seen("t")
    parts.tags.confirm("shop.part", ("own",), "secret.note", by="max")
    assert "remark" not in seen("t") | seen("part")
