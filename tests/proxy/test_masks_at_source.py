"""Work that a database works out itself: the same answers, and raw values that it never gives away."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from catalog.journal.event import EventKind
from proxy.pipeline import Request
from tests.databases import Server
from tests.proxy.logged import statements
from tests.proxy.world import ANALYST, OWNER, World, governed
from tests.remote_tables import KINDS, Database

ROWS = [
    (
        number,
        f"ann{number % 4}@mail.example",
        f"+1 206 555 01{number:02}",
        4000 + number,
        f"19{50 + number}-05-17",
        region,
    )
    for number, region in enumerate(["EU", "US", "EU", "APAC", None, "EU"])
]
COLUMNS = [
    *(("id", "BIGINT"), ("email", "VARCHAR"), ("phone", "VARCHAR"), ("pay", "BIGINT"), ("born", "DATE")),
    ("region", "VARCHAR"),
]
DOCUMENT = """
veil: 1
sources: {data: SOURCE}
databases: {shop: {}}
tags: {pii.email: {}, pii.phone: {}, fin.pay: {}, pii.born: {}}
datasets:
  shop.staff:
    source: data
    relation: RELATION
    columns: {email: {tags: [pii.email]}, phone: {tags: [pii.phone]}, pay: {tags: [fin.pay]}, born: {tags: [pii.born]}}
roles: {analyst: {groups: [analysts]}, everything: {groups: [owners]}}
policies:
  - policy: analysts
    grant: select
    to: [analyst]
    scope: shop
    transform:
      - {tagged: pii.email, with: tokenize()}
      - {tagged: pii.phone, with: mask_phone()}
      - {tagged: fin.pay, with: round(-3)}
      - {tagged: pii.born, with: "date_shift(50, by=>id)"}
    where: region in ('EU', 'US')
    why: a filter on a column in the clear
  - {policy: owners, grant: select, to: [everything], scope: "*", why: owners see all}
"""
QUESTIONS = (
    "select * from shop.staff order by id",
    "select email, count(*) as n, max(pay) as pay from shop.staff group by email order by email",
    "select id from shop.staff where pay = 4000 and phone like '%02' order by id",
    "select a.id, b.id as other from shop.staff a join shop.staff b using (email) where a.id < b.id order by 1, 2",
    "select id, born from shop.staff where email in (select email from shop.staff where id = 1) order by id",
    "select distinct phone from shop.staff where 1 / (id - 1) is not null order by phone",
    "select count(*) as n from shop.staff",
)
MASKS = ("veil", "keyless", "source")


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    server: Server | None = None if request.param == "sqlite" else request.getfixturevalue(request.param)
    made = Database(request.param, server, tmp_path)
    made.write("staff", COLUMNS, ROWS)
    return made


@contextmanager
def staff(
    database: Database, folder: Path, masks: str, document: str = DOCUMENT, *, seconds: float = 300.0
) -> Iterator[World]:
    source = database.shown.replace("}", f", masks: {masks}}}")
    text = document.replace("SOURCE", source).replace("RELATION", json.dumps(database.relation("staff")))
    (folder / masks).mkdir()
    with governed(folder / masks, text, seconds=seconds) as world:
        yield world


def test_wherever_cells_are_worked_out_they_are_the_same(database: Database, tmp_path: Path) -> None:
    with ExitStack() as stack:
        worlds = [stack.enter_context(staff(database, tmp_path, masks)) for masks in MASKS]
        for sql in QUESTIONS:
            first, *others = (world.ask(sql, ANALYST).to_pylist() for world in worlds)
            assert first, sql
            assert others == [first, first], sql
        token = worlds[0].ask("select email from shop.staff where id = 1", ANALYST)["email"][0].as_py()
        asked = f"select id from shop.staff where email = '{token}'"
        assert [world.ask(asked, ANALYST)["id"].to_pylist() for world in worlds] == [[1, 5], [1, 5], [1, 5]]


def test_a_case_for_some_rows_shows_them_as_they_are(database: Database, tmp_path: Path) -> None:
    some = """
  - {policy: our-own, grant: select, to: [analyst], scope: shop, where: id < 2, why: these two agreed}
  - {policy: most, grant: select, to: [analyst], scope: shop, where: id < 4,
     transform: [{tagged: pii.phone, with: mask()}], why: these are masked less}
"""
    with ExitStack() as stack:
        worlds = [stack.enter_context(staff(database, tmp_path, masks, DOCUMENT + some)) for masks in MASKS]
        answers = [world.ask(QUESTIONS[0], ANALYST).to_pylist() for world in worlds]
    assert answers[0][0]["email"] == "ann0@mail.example"
    assert answers[1:] == [answers[0]] * 2


def test_an_explanation_says_what_the_source_works_out(database: Database, tmp_path: Path) -> None:
    with staff(database, tmp_path, "source") as world:
        [told] = world.ask("explain select phone, pay from shop.staff", ANALYST).to_pylist()
    shown, is_mariadb = str(told), database.kind == "mariadb"  # where a phone number is masked in Veil
    assert ('mask_phone("_row"."phone") /* at the source */)' in shown) is not is_mariadb
    assert 'round("_row"."pay", n=>-3) /* at the source */)' in shown
    assert ("veil_" in shown) is is_mariadb


@pytest.mark.parametrize("masks", ["source", "veil"])
def test_an_explanation_that_is_brief_names_no_hidden_column(tmp_path: Path, masks: str) -> None:
    """Whether it is a policy's word, as `id` by which days are shifted, or is found by a tag, as `region`."""
    database = Database("sqlite", None, tmp_path)
    database.write("staff", COLUMNS, ROWS)
    document = DOCUMENT.replace("born: {tags: [pii.born]}", "born: {tags: [pii.born]}, region: {tags: [ops.land]}")
    document = document.replace("where: region in", "where: columns_with_attribute('ops.land') in")
    document = document.replace("tags: {", "tags: {ops.land: {}, ")
    document += """
  - {policy: none, deny: select, to: [analyst], scope: "shop.staff(id, region)", why: these are ours}
"""
    source = database.shown.replace("}", f", masks: {masks}}}")
    text = document.replace("SOURCE", source).replace("RELATION", json.dumps(database.relation("staff")))
    with governed(tmp_path, text, explain="brief") as world:
        request = Request(sql="select born, pay from shop.staff where pay > 0")
        sql = str(world.pipeline.explain(ANALYST, request, decision_id="e", asked_by=ANALYST)["sql"])
        [told] = world.ask(f"explain {request.sql}", ANALYST).to_pylist()
        assert told["explain_value"] == sql
        assert world.ask(request.sql, ANALYST).num_rows == 4
        begun = world.journal.search(kind=EventKind.QUERY_BEGIN)[0]
    assert ("region" in sql, re.search(r"\bid\b", sql)) == (False, None)
    assert """ WHERE "_row"."?" IN ('EU', 'US')""" in sql
    assert ('"?" /* at the source */' in sql) is (masks == "source")
    assert '"_row"."region" IN' in str(begun.details["sql"]), "auditors are told"


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_raw_values_of_masked_columns_are_not_asked_for(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server: Server = request.getfixturevalue(kind)
    database = Database(kind, server, tmp_path)
    database.write("staff", COLUMNS, ROWS)
    bare = {"postgres": r'(SELECT|,) *"{}" *(,|FROM)', "mariadb": r"(IFNULL\(CAST|CAST\(CONVERT)\(`{}` "}[kind]

    def asked(masks: str) -> set[str]:
        with staff(database, tmp_path, masks) as world, statements(server) as logged:
            world.ask(QUESTIONS[0], ANALYST)
        [scan] = [line for line in logged if "mask" not in line and "staff" in line and "region" in line]
        return {name for name, _ in COLUMNS if re.search(bare.format(name), scan)}

    clear = {"id", "region", *(["phone"] if kind == "mariadb" else [])}
    assert asked("source") == clear
    assert asked("keyless") == {*clear, "email", "born"} - ({"born"} if kind == "mariadb" else set())
    assert asked("veil") >= {*clear, "email", "phone", "pay"}


def test_what_is_no_character_keeps_nothing_from_being_masked(mariadb: Server, tmp_path: Path) -> None:
    """Patterns of MariaDB leave a text with half of a surrogate pair, which it stores, as it is."""
    database = Database("mariadb", mariadb, tmp_path)
    database.write("staff", COLUMNS, ROWS[:1])
    database.run("UPDATE staff SET phone = CONCAT(_utf8mb4 x'eda080', 'ann 7');")
    document = DOCUMENT.replace("mask_phone()", "mask()")
    for masks in MASKS:
        with staff(database, tmp_path, masks, document) as world:
            assert world.ask("select phone from shop.staff where id = 0", ANALYST)["phone"].to_pylist() == ["?XXX X"]


@pytest.mark.parametrize("mask", ["mask()", "mask(keep_first=>2, keep_last=>1)", "mask_email()", "mask_phone()"])
@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_long_text_keeps_no_thread_of_a_database_busy(
    kind: str, mask: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Of a row that the filter leaves out, too: its mask may be worked out all the same."""
    database = Database(kind, request.getfixturevalue(kind), tmp_path)
    database.write("staff", COLUMNS, ROWS[:4])
    relation = database.relation("staff")
    if kind == "mariadb":
        database.run(f"ALTER TABLE {relation} MODIFY phone LONGTEXT;")
    database.run(f"UPDATE {relation} SET phone = CONCAT('12', REPEAT('1ab@', 100000), '!') WHERE id = 3;")
    with staff(database, tmp_path, "source", DOCUMENT.replace("mask_phone()", f'"{mask}"'), seconds=10.0) as world:
        assert world.ask("select phone from shop.staff", ANALYST).num_rows == 3


def test_owners_read_what_is_there(database: Database, tmp_path: Path) -> None:
    with staff(database, tmp_path, "source") as world:
        rows = world.ask("select id, email, pay from shop.staff order by id", OWNER).to_pylist()
    assert [tuple(row.values()) for row in rows] == [(row[0], row[1], row[3]) for row in ROWS]
