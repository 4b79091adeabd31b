"""What lacks in files: a key that no row has any more tells nothing, and no list opens what it should close."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.proxy.world import World, governed

DOCUMENT = """
veil: 1
sources:
  data: {connector: files, path: ./data}
  lists: {connector: files, path: ./lists, bad_rows: %s}
databases: {shop: {}, staff: {}}
tags: {x.a: {}}
datasets:
  shop.t: {source: data, relation: t.ndjson, columns: {secret: {tags: [x.a]}}}
  staff.deny: {source: lists, relation: deny.csv}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: some, grant: select, to: [analyst], scope: shop, having: not x.a, where: "%s", why: a test}
"""
GENERAL = "what this query is answered from has changed, or cannot be read"
ROWS: list[dict[str, object]] = [
    {"id": i, "who": "abc"[i % 3], "region": "EU" if i % 2 else "US", "n": i, "secret": i, "c": {"blocked": i == 0}}
    for i in range(6)
]
QUESTIONS = ["select id, n from shop.t order by id", "select count(*) from shop.t", "select id from shop.t limit 1"]
LISTED = "not who in (select who from staff.deny)"


def write(folder: Path, rows: Sequence[dict[str, object]]) -> None:
    (folder / "data/t.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_list(folder: Path, text: str) -> None:
    (folder / "lists/deny.csv").write_text(text)


@pytest.fixture(params=[("refuse", "region = 'EU'")])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    for name in ("data", "lists"):
        (tmp_path / name).mkdir()
    write(tmp_path, ROWS)
    write_list(tmp_path, "who,level\na,1\nb,2\n")
    with governed(tmp_path, DOCUMENT % request.param) as made:
        yield made


@pytest.mark.parametrize("sql", QUESTIONS)
@pytest.mark.parametrize(("key", "kept_in"), [("n", 0), ("secret", 0), ("secret", 1)])
def test_a_key_is_known_of_whether_or_not_a_hidden_cell_has_it(world: World, sql: str, key: str, kept_in: int) -> None:
    without = [{name: value for name, value in row.items() if name != key} for row in ROWS]
    write(world.folder, [{**row, key: 1} if row["id"] == kept_in else row for row in without])
    one = world.outcome(sql)
    write(world.folder, without)
    assert (one[0], world.outcome(sql)) == ("rows", one)


@pytest.mark.parametrize(
    "world",
    [("refuse", "region = 'EU' or region is null"), ("refuse", "coalesce(region, who) = 'EU' and n < 9")],
    indirect=True,
)
def test_a_key_by_which_a_filter_goes_is_missed(world: World) -> None:
    assert world.outcome(QUESTIONS[0])[0] == "rows"
    write(world.folder, [{name: value for name, value in row.items() if name != "region"} for row in ROWS])
    kind, code, *words = world.outcome(QUESTIONS[0])
    assert (kind, code) == ("error", "source_unavailable")
    assert "no row has a `region` any more" in str(words)


INNER = "not coalesce(c.blocked, false)"


@pytest.mark.parametrize(
    ("world", "row"),
    [
        (("refuse", "coalesce(region, 'EU') = 'EU'"), {"REGION": "US"}),
        (("refuse", "coalesce(region, 'EU') = 'EU'"), {"REGION": "US", "region": "EU"}),
        (("refuse", INNER), {"c": {"BLOCKED": True}}),
        (("refuse", INNER), {"c": {"other": True}}),
    ],
    indirect=["world"],
)
def test_so_is_one_in_other_letters_or_within_another(world: World, row: dict[str, object]) -> None:
    assert world.outcome(QUESTIONS[0])[0] == "rows"
    write(
        world.folder,
        [{**{name: value for name, value in each.items() if name not in ("region", "c")}, **row} for each in ROWS],
    )
    kind, code, *words = world.outcome(QUESTIONS[0])
    assert (kind, code) == ("error", "source_unavailable")
    assert "any more, by which a policy goes" in str(words) or GENERAL in str(words)


@pytest.mark.parametrize("world", [("leave_out", LISTED), ("leave_out", f"{LISTED} or n > 90")], indirect=True)
@pytest.mark.parametrize("line", ["a,1,and more", "a"])
def test_a_list_from_which_rows_are_left_out_opens_nothing(world: World, line: str) -> None:
    assert world.outcome("select id from shop.t order by id")[-1] == [("2",), ("5",)]
    write_list(world.folder, f"who,level\n{line}\nb,2\n")
    for sql in QUESTIONS:
        kind, code, *words = world.outcome(sql)
        assert (kind, code) == ("error", "source_unavailable")
        assert GENERAL in str(words)


@pytest.mark.parametrize("world", [("refuse", LISTED)], indirect=True)
def test_a_list_does_not_tell_how_many_of_its_rows_cannot_be_read(world: World) -> None:
    told = []
    for bad in (1, 2):
        write_list(world.folder, "who,level\n" + "a,1,and more\n" * bad)
        told.append(world.outcome(QUESTIONS[0]))
    assert told[0] == told[1]
    assert GENERAL in str(told[0])
