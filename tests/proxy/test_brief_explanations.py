"""Told briefly, the SQL that people are shown is the same whether anything is hidden, and whatever that is called."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import duckdb
import pytest

from catalog.errors import VeilError
from proxy.pipeline import Request
from tests.proxy.world import ANALYST, World, governed

DOCUMENT = """
veil: 1
sources: {data: SOURCE}
databases: {shop: {}}
tags: {pii.hide: {}, pii.mask: {}}
datasets: {shop.people: {source: data, relation: "RELATION", columns: {m: {tags: [pii.mask]}HIDDEN}}}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: some, grant: select, to: [analyst], scope: shop, having: not pii.hide, why: a testMORE}
"""
POLICIES = {
    "all": "",
    "filter and mask": ", transform: [{tagged: pii.mask, with: bucket(5)}], where: n * 2 > 3",
}
HIDDEN = {"hid": "1 + v", "pay": "v * 7", "q": "'q' || v", "id_1": "v", "uneven": "", "s.pay": "", "people": "v"}
"""Columns that only one of two worlds has, and what they hold; of `uneven` the type differs between files."""

KINDS = ("parquet", "ndjson", "table", "view")
FORMS = (
    *("{0} + {1}", "{0} * {1}", "{0} / 2", "{0} = {1}", "coalesce({0}, {1})", "case when {0} then {1} end"),
    *("cast({0} as int)", "try_cast({0} as int)", "sum({0})", "sum({0}) filter ({1} > 3)", "max({0})", "first({0})"),
    *("count({0})", "list({0})", "sum({0}) over (order by {1})", "(select max({0}) from shop.people as {2})"),
)
ASKED = (
    "select sum(hid) from shop.people",
    "select sum(hid + 1) as n from shop.people where id > 3 limit 2",
    "select first(s) from shop.people group by s.a",
    "select first(s), sum(s.a * n) from shop.people group by s.a",
    "select id from shop.people limit 5",
    "select sum(id) as total from shop.people",
    "select hid.id from shop.people as hid",
    'select Pay.s.a, "PAY".id from shop.people as pay where pay.n > 3',
    "select people.id from shop.people",
    "select id as hid, sum(n * id) from shop.people group by hid",
    "select id, x from shop.people, (values (1), (2)) d(x) where exists (from shop.people limit 3)",
    "select max(n * id) from shop.people left join (values (1)) d(k) on k = id",
    "select q.hid from (select sum(n * id) as hid, t from shop.people group by t) as q",
    "select s.pay from shop.people",
    "select hid from shop.people",
    "select uneven.n from shop.people uneven, shop.people where uneven.n = people.n limit 3",
    "from shop.people",
    "describe shop.people",
    "summarize shop.people",
)


def _columns(number: int, *, is_more: bool) -> str:
    """What a piece of the data holds, as SQL."""
    shown = f"v AS id, {{'a': v % 7, 'b': 't' || v}} AS s, 'x' || v AS t, v % 9 AS n, v * {number + 1} AS m"
    if not is_more:
        return shown
    uneven = "DATE '2026-01-01'" if number else "TIMESTAMP '2026-01-01 05:00:00'"
    hidden = [f"{text} AS {name}" for name, text in HIDDEN.items() if text]
    return ", ".join([f"{uneven} AS uneven", shown.replace("'b':", "'pay': v * 100, 'b':"), *hidden])


def _written(kind: str, folder: Path, *, is_more: bool) -> tuple[str, str]:
    """The data of a kind in a folder; its source and relation as a document names them."""
    pieces = [
        f"SELECT {_columns(number, is_more=is_more)} FROM range({40 * number}, {40 * number + 40}) r(v)"
        for number in range(2)
    ]
    if kind in ("table", "view"):
        with closing(duckdb.connect(str(folder / "shop.db"))) as made:
            made.execute(f"CREATE TABLE {'raw' if kind == 'view' else 'people'} AS {pieces[0]}")
            if kind == "view":
                made.execute("CREATE VIEW people AS FROM raw")
        return "{connector: duckdb, path: ./shop.db}", "main.people"
    (folder / "data" / "people").mkdir(parents=True)
    with duckdb.connect() as made:
        for number, piece in enumerate(pieces):
            form = f"(FORMAT {'json' if kind == 'ndjson' else kind})"
            made.execute(f"COPY ({piece}) TO '{folder}/data/people/{number}.{kind}' {form}")
    return "{connector: files, path: ./data}", "people"


def _world(folder: Path, kind: str, policy: str, stack: ExitStack, *, is_more: bool) -> World:
    folder.mkdir(parents=True)
    source, relation = _written(kind, folder, is_more=is_more)
    hidden = "".join(f", {name}: {{tags: [pii.hide]}}" for name in HIDDEN) if is_more else ""
    words = {"SOURCE": source, "RELATION": relation, "HIDDEN": hidden, "MORE": POLICIES[policy]}
    document = DOCUMENT
    for word, said in words.items():
        document = document.replace(word, said)
    return stack.enter_context(governed(folder, document, explain="brief"))


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, str], tuple[World, ...]]]:
    """Two worlds for a kind of data and a policy, of which one has more that is hidden."""
    made: dict[tuple[str, str], tuple[World, ...]] = {}
    with ExitStack() as stack:

        def found(kind: str, policy: str) -> tuple[World, ...]:
            if (kind, policy) not in made:
                folder = tmp_path_factory.mktemp(kind)
                made[kind, policy] = tuple(
                    _world(folder / str(is_more), kind, policy, stack, is_more=is_more) for is_more in (False, True)
                )
            return made[kind, policy]

        yield found


def _told(world: World, sql: str) -> tuple[object, ...]:
    """All that is told of a statement that is not run, and whether its answer may come in part."""
    try:
        told = world.pipeline.explain(ANALYST, Request(sql=sql), decision_id="e", asked_by=ANALYST)
        rewritten = world.governor.settle(ANALYST, Request(sql=sql)).rewritten
    except VeilError as error:
        return "error", error.code, error.detail, error.hint, error.position
    return told, rewritten.blanked_request, rewritten.may_fail


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shown_is_the_same(worlds: Callable[[str, str], tuple[World, ...]], kind: str, policy: str) -> None:
    one, other = worlds(kind, policy)
    for sql in ASKED:
        assert _told(one, sql) == _told(other, sql), sql


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shown_of_statements_by_chance_is_the_same(
    worlds: Callable[[str, str], tuple[World, ...]], kind: str, policy: str
) -> None:
    one, other = worlds(kind, policy)
    chance, answered = random.Random(f"{kind} {policy}"), 0
    for sql in (_statement(chance) for _ in range(12)):
        said = _told(one, sql)
        answered += said[0] != "error"
        assert said == _told(other, sql), sql
    assert answered > 3


def test_how_long_a_query_may_be_is_the_same(tmp_path: Path) -> None:
    """It is fenced where a struct has a hidden field, and then its conditions stand behind the fence as well."""
    wide = ", ".join(f"v AS c{number}" for number in range(90))
    conditions = [f"t <> '{letter * 480}'" for letter in "abc"]
    inner = f"exists (from shop.people where {' and '.join(conditions)})"
    asked = [
        f"select count(cast(s as varchar)) from shop.people where {' or '.join([inner] * places)}"
        for places in (1, 48, 55)
    ]
    told = []
    with ExitStack() as stack:
        for hidden in ("", ", 'pay': v"):
            folder = tmp_path / (hidden[3:6] or "none")
            folder.mkdir()
            with duckdb.connect() as made:
                shown = f"v AS id, {{'a': v % 7{hidden}}} AS s, v AS m, v AS n, 'x' AS t, {wide}"
                made.execute(f"COPY (SELECT {shown} FROM range(9) r(v)) TO '{folder}/people.parquet'")
            document = DOCUMENT.replace("SOURCE", "{connector: files, path: .}").replace("RELATION", "people.parquet")
            document = document.replace("HIDDEN", ", s.pay: {tags: [pii.hide]}" if hidden else "")
            document = document.replace("MORE", POLICIES["filter and mask"])
            world = stack.enter_context(governed(folder, document, explain="brief"))
            told.append([_told(world, sql) for sql in asked])
    assert told[0] == told[1]
    assert [said[0] == "error" for said in told[0]] == [False, False, True]


def _statement(chance: random.Random) -> str:
    """A statement in whose names those of hidden columns stand as well."""
    names = ["id", "n", "t", "m", "hid", "pay", "q", "uneven", "id_1", "people", "other"]
    alias = chance.choice(names)
    columns = [*(["id", "n", "t", "m", "s", "s.a", "s.b"] * 3), f"{alias}.id", f"{alias}.n", f"{alias}.s.a", alias]

    def value(depth: int = 0) -> str:
        column = chance.choice(columns if chance.random() < 0.95 else names)
        if depth > 1 or chance.random() < 0.4:
            return column
        inner, beside = value(depth + 1), value(depth + 1)
        return chance.choice(FORMS).format(inner, beside, chance.choice(names))

    def item() -> str:
        given = f" as {chance.choice(names)}" if chance.random() < 0.4 else ""
        return "*" if chance.random() < 0.07 else value() + given

    relation = f"shop.people as {alias}" if chance.random() < 0.8 else "shop.people"
    if chance.random() < 0.2:
        relation = f"(select {item()}, {item()} from {relation}) as {chance.choice(names)}"
    if chance.random() < 0.25:
        kind, other = chance.choice(["left join", "join", "full join", "asof join"]), chance.choice(names)
        relation += f" {kind} shop.people as {other} on {value(1)} >= {value(1)}"
    sql = f"select {', '.join(item() for _ in range(chance.randint(1, 3)))} from {relation}"
    if chance.random() < 0.4:
        sql += f" where {value()} {chance.choice(['>', '=', 'is not distinct from'])} {value()}"
    if chance.random() < 0.3:
        sql += f" group by {chance.choice([value(1), 'all'])}"
    if chance.random() < 0.2:
        sql += f" order by {value(1)}"
    if chance.random() < 0.3:
        sql += f" limit {chance.randint(1, 9)}"
    if chance.random() < 0.2:
        name = chance.choice(names)
        sql = f"with {name} as ({sql}) select {item()} from {name}, shop.people as {chance.choice(names)}"
    return sql
