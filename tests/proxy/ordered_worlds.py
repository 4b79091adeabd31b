"""Two worlds of one size whose answers have to be equal in their order: the same rows are seen, in the same order.

What is filtered out lies between other rows, raw values look the same behind their masks, and hidden texts are long
before other rows. So every piece in which an engine takes rows holds others of those that are seen.
"""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from tests.proxy.world import World, governed

KINDS = ("parquet", "ndjson", "duckdb", "csv")
SEEN, GONE, FEW = 4_000, 1_500, 60
FILTERS = ("region in ('EU', 'US')", "kind < 4", "region in ('EU', 'US', 'UK', 'CH', 'NO')", "not (kind = 4)")
DOCUMENT = """
veil: 1
sources:
  one: {connector: CONNECTOR, path: PATH}
  few: {connector: files, path: ./data}
databases: {db: {}}
tags: {m.age: {}, m.born: {}, m.mail: {}, m.card: {}, m.name: {}, m.bonus: {}, m.note: {}}
datasets:
  db.people:
    source: one
    relation: RELATION
    columns:
      age: {tags: [m.age]}
      born: {tags: [m.born]}
      mail: {tags: [m.mail]}
      card: {tags: [m.card]}
      name: {tags: [m.name]}
      bonus: {tags: [m.bonus]}
      note: {tags: [m.note]}
  db.places:
    source: few
    relation: places.parquet
    columns: {age: {tags: [m.age]}, mail: {tags: [m.mail]}, note: {tags: [m.note]}}
roles: {analyst: {groups: [analysts]}}
policies:
  - policy: some
    grant: select
    to: [analyst]
    scope: db
    having: not m.note
    transform:
      - {tagged: m.age, with: bucket(10)}
      - {tagged: m.born, with: date_trunc('year')}
      - {tagged: m.mail, with: mask_email()}
      - {tagged: m.card, with: mask(keep_last=>2)}
      - {tagged: m.name, with: redact()}
      - {tagged: m.bonus, with: "null()"}
    why: as much as is needed
  - policy: rows
    restrict: select
    to: [analyst]
    scope: db.people
    where: WHERE
    why: these are of other offices
  - policy: own
    grant: select
    to: [analyst]
    scope: db.people
    having: m.bonus
    where: kind in (1, 2)
    why: bonuses of these kinds are public
"""
_TYPES = {
    "id": pa.int32(),
    "k": pa.int32(),
    "kind": pa.int32(),
    "region": pa.string(),
    "s": pa.string(),
    "f": pa.float64(),
    "day": pa.date32(),
    "ok": pa.bool_(),
    "age": pa.int32(),
    "born": pa.date32(),
    "mail": pa.string(),
    "card": pa.string(),
    "name": pa.string(),
    "bonus": pa.int64(),
    "note": pa.string(),
}
Row = dict[str, object]


def _person(number: int, seen: random.Random, raw: random.Random, letters: int) -> Row:
    """A row that is seen: `seen` draws what it looks like, `raw` what is behind that."""
    kind, decade, year = seen.randrange(4), seen.randrange(9) * 10, seen.randrange(1930, 2010)
    host, last, bonus = seen.choice(("a.org", "b.com", "c.net")), f"{seen.randrange(100):02d}", seen.randrange(10**6)
    texts = (str(seen.randrange(77)), str(seen.randrange(77)), "x", "", None, "7a")
    return {
        "id": number,
        "k": seen.randrange(40),
        "kind": kind,
        "region": seen.choice(("EU", "US")),
        "s": seen.choice(texts),
        "f": seen.choice((0.0, -0.0, 0.5, 1.25, -3.75, 100.0)),
        "day": date(2020, 1, 1) + timedelta(seen.randrange(400)),
        "ok": seen.random() < 0.5,
        "age": decade + raw.randrange(10),
        "born": date(year, 1, 1) + timedelta(raw.randrange(364)),
        "mail": f"{'abc'[raw.randrange(3)]}{raw.randrange(10 ** raw.randrange(1, 6))}@{host}",
        "card": f"{raw.randrange(10**8):08d}{last}",
        "name": raw.choice(("A", "Bobby", "Z" * raw.randrange(1, 60))),
        "bonus": bonus if kind in (1, 2) else raw.choice((raw.randrange(10**9), None, 0)),
        "note": raw.choice("ab") * letters,
    }


def _gone(raw: random.Random) -> Row:
    """A row that each of the filters leaves out, with cells of which some cannot be cast or summed."""
    row = _person(raw.randrange(10**6), raw, raw, 3)
    odd = {"f": raw.choice((1e300, -1e300, 5.5)), "s": raw.choice(("bad", "9" * 30, "", None))}
    return {**row, **odd, "region": "APAC", "kind": 4, "k": raw.choice((0, 7, 10**6))}


def _people(seed: int, which: int) -> list[Row]:
    seen, raw = random.Random(f"seen {seed}"), random.Random(f"raw {seed} {which}")
    long = [9 if (number < SEEN // 2) == (which == 0) else 900 for number in range(SEEN)]
    rows = [_person(number, seen, raw, letters) for number, letters in enumerate(long)]
    places = [0, 1, 1700, 3000, SEEN] if which == 0 else range(SEEN + 1)
    for place in sorted((raw.choice(places) for _ in range(GONE)), reverse=True):
        rows.insert(place, _gone(raw))
    return rows


def _places(seed: int, which: int) -> list[Row]:
    seen, raw = random.Random(f"places {seed}"), random.Random(f"raw places {seed} {which}")
    rows = [_person(number, seen, raw, raw.randrange(1, 20)) for number in range(FEW)]
    kept = ("id", "k", "kind", "s", "f", "day", "age", "mail", "note")
    return [{name: row[name] for name in kept} for row in rows]


def _table(rows: list[Row]) -> pa.Table:
    return pa.table({name: pa.array([row[name] for row in rows], _TYPES[name]) for name in rows[0]})


def _write_parquet(table: pa.Table, folder: Path, chance: random.Random) -> None:
    pq.write_table(table, folder / "people.parquet", row_group_size=chance.choice((600, 2_048, 2_500, 100_000)))


def _write_ndjson(table: pa.Table, folder: Path, _: random.Random) -> None:
    rows = (json.dumps(row, default=str) for row in table.to_pylist())
    (folder / "people.ndjson").write_text("\n".join(rows))


def _write_duckdb(table: pa.Table, folder: Path, _: random.Random) -> None:
    with duckdb.connect(str(folder / "people.duckdb")) as database:
        database.from_arrow(table).create("people")


def _write_csv(table: pa.Table, folder: Path, _: random.Random) -> None:
    pyarrow.csv.write_csv(table, folder / "people.csv")


_WRITERS: dict[str, Callable[[pa.Table, Path, random.Random], None]] = {
    "parquet": _write_parquet,
    "ndjson": _write_ndjson,
    "duckdb": _write_duckdb,
    "csv": _write_csv,
}


def _document(kind: str, where: str) -> str:
    connector, path, relation = "files", "./data", f"people.{kind}"
    if kind == "duckdb":
        connector, path, relation = "duckdb", "./data/people.duckdb", "main.people"
    written = DOCUMENT.replace("CONNECTOR", connector).replace("PATH", path)
    return written.replace("RELATION", relation).replace("WHERE", json.dumps(where))


@contextmanager
def ordered_twins(folder: Path, seed: int) -> Iterator[tuple[World, World]]:
    """The two worlds of a number, each with its pipeline."""
    chance = random.Random(f"form {seed}")
    kind, where, rows_of_a_group = KINDS[seed % len(KINDS)], chance.choice(FILTERS), chance.randrange(10**6)
    with ExitStack() as stack:
        worlds = []
        for which in (0, 1):
            data = folder / str(which) / "data"
            data.mkdir(parents=True)
            _WRITERS[kind](_table(_people(seed, which)), data, random.Random(rows_of_a_group))
            pq.write_table(_table(_places(seed, which)), data / "places.parquet")
            worlds.append(stack.enter_context(governed(folder / str(which), _document(kind, where))))
        yield worlds[0], worlds[1]
