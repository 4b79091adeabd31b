"""Random estates in two worlds that differ only in what one person may not see.

An estate is a few tables, policies over them, and the same tables twice: hidden columns, raw values behind masks and
filtered-out rows (their number too) differ; whatever the policies show is the same. What they show is worked out here
plainly, row by row and cell by cell, from the choices that also become the policies' text.
"""

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tests.proxy.estate_values import PLAIN, TYPES, value_of, varied

TAGS = ("t.a", "t.b", "t.c")
REGIONS = ("EU", "US", "APAC")
ATTRIBUTES = {"region": "US"}
_FILTERS = (
    *("region = 'EU'", "region in ('EU', 'US')", "region <> 'APAC'", "region = user_attribute('region')"),
    *("level > 2", "region = 'EU' or level = 1", "level is not null and not region = 'US'", "level <> 3"),
    *("coalesce(level, 0) < 4", "case when level = 1 then region = 'EU' else level > 2 end", "level between 1 and 3"),
)
_HAVING: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("not t.a", lambda tag: tag != "t.a"),
    ("not t.a and not t.b", lambda tag: tag not in ("t.a", "t.b")),
    ("not t.c", lambda tag: tag != "t.c"),
    ("t.a or t.b", lambda tag: tag in ("t.a", "t.b")),
)
_MOODS = (
    *(("mixed", "mixed", "mixed"), ("mixed", "same", "wild"), ("mixed", "wild", "null")),
    *(("tame", "tame", "wild"), ("tame", "wild", "tame"), ("tame", "tame", "null"), ("tame", "null", "tame")),
    *(("tame", "tame", "mixed"), ("tame", "same", "mixed"), ("tame", "mixed", "wild"), ("tame", "null", "wild")),
)
"""How values are drawn: those that are seen, and those that are not in each of the worlds."""
_CALLS = ("null()", "redact()", "mask()", "tokenize()", "zero()", "hash()", "mask(keep_last=>2)")
_EMPTY = {"null()", "redact()", "zero()"}

Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column with its type and its tag, empty for none."""

    name: str
    type: str
    tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A grant as it was chosen; `shows` says for which tags, `calls` what it makes of a tagged column."""

    table: str | None
    having: str = ""
    shows: Callable[[str], bool] = lambda tag: True
    calls: dict[str, str] = field(default_factory=dict)
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with its columns; `region` and `level` are what filters read, and both worlds agree on them.

    `unseen` are the numbers (`id`) that only rows have which the person does not see, in each world.
    """

    name: str
    columns: tuple[Column, ...]
    worlds: tuple[list[Row], list[Row]]
    unseen: tuple[tuple[object, ...], tuple[object, ...]] = ((), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """Tables in two worlds, and the policies as a document; `store` is where the tables lie: `parquet` or `duckdb`."""

    tables: tuple[Table, ...]
    document: str
    hidden: frozenset[str]
    store: str = "parquet"


def table_of(table: Table, which: int) -> pa.Table:
    """One world's table as Arrow has it."""
    rows = table.worlds[which]
    return pa.table({c.name: pa.array([row[c.name] for row in rows], TYPES[c.type]) for c in table.columns})


def write(made: Estate, which: int, folder: Path) -> None:
    """Writes one world of an estate into a folder, with a dataset that is nobody's; files have several row groups."""
    tables = {table.name: table_of(table, which) for table in made.tables}
    tables["secret"] = pa.table({"s": [f"world {which}"]})
    if made.store == "parquet":
        for name, table in tables.items():
            pq.write_table(table, folder / f"{name}.parquet", row_group_size=5)
        return
    with duckdb.connect(str(folder / "all.duckdb")) as database:
        for name, table in tables.items():
            database.from_arrow(table).create(name)


def estate(seed: int, *, rows_of: int | None = None, is_plain: bool = False) -> Estate:
    """The estate of a seed; a plain one fits every database.

    With `rows_of` both worlds have as many rows as that one has without, and that one is the same as it is without.
    """
    chance = random.Random(seed)
    shapes = [_shape(chance, f"t{number}", PLAIN if is_plain else TYPES) for number in range(1, 4)]
    grants = [_grant(chance, None)] + [_grant(chance, chance.choice(("t1", "t2"))) for _ in range(chance.randrange(3))]
    denied = chance.choice((None, None, *TAGS))
    raised = (chance.choice(TAGS), chance.choice(_CALLS[:3])) if chance.random() < 0.3 else None
    limit = chance.choice(_FILTERS) if chance.random() < 0.3 else ""
    views = {name: _View(grants, name, denied, raised, limit) for name, _ in shapes}
    moods = _MOODS[0] if is_plain else chance.choice(_MOODS)
    tables = tuple(_table(f"{seed} {name}", name, columns, views[name], moods, rows_of) for name, columns in shapes)
    hidden = {column.name for name, columns in shapes for column in columns if not views[name].may_show(column)}
    document = _document(tables, grants, denied, raised, limit)
    store = "parquet" if is_plain else chance.choice(("parquet", "parquet", "duckdb"))
    if store == "duckdb":
        document = re.sub(r"relation: (\w+)\.parquet", r"relation: main.\1", document)
        document = document.replace("{connector: files, path: ./data}", "{connector: duckdb, path: ./data/all.duckdb}")
    return Estate(tables=tables, document=document, hidden=frozenset(hidden), store=store)


def _shape(chance: random.Random, name: str, types: Iterable[str]) -> tuple[str, tuple[Column, ...]]:
    columns = [Column(name="id", type="INTEGER"), Column(name="k", type="INTEGER")]
    columns += [Column(name="region", type="VARCHAR"), Column(name="level", type="INTEGER")]
    for number in range(chance.randint(4, 8)):
        kind = chance.choice(list(types))
        label = chance.choice(("v", "V", "city", "select", "my col", "ä", "x_1", "note"))
        columns.append(Column(name=f"{label}{number}", type=kind, tag=chance.choice(("", "", *TAGS))))
    return name, tuple(columns)


def _grant(chance: random.Random, table: str | None) -> Grant:
    having, shows = chance.choice((("", lambda tag: True), *_HAVING))
    calls = {tag: chance.choice(_CALLS) for tag in TAGS if chance.random() < 0.4}
    return Grant(
        table=table,
        having=having,
        shows=shows,
        calls=calls,
        where=chance.choice(("", *_FILTERS, *_FILTERS)) if chance.random() < 0.85 else "",
    )


class _View:
    """What the person sees of one table, in plain words."""

    def __init__(
        self,
        grants: Sequence[Grant],
        table: str,
        denied: str | None,
        raised: tuple[str, str] | None,
        limit: str,
    ) -> None:
        self.grants = [grant for grant in grants if grant.table in (None, table)]
        self.denied, self.raised, self.limit = denied, raised, limit

    def may_show(self, column: Column) -> bool:
        return bool(column.tag != self.denied or not column.tag) and any(g.shows(column.tag) for g in self.grants)

    def freedom(self, column: Column, held: frozenset[int]) -> str:
        """How a cell may differ between the worlds, where the grants `held` hold: fixed, shape, presence, free."""
        if column.name in ("id", "k", "region", "level"):
            return "fixed"
        if not self.may_show(column):
            return "free"
        calls = {g.calls.get(column.tag, "") for at, g in enumerate(self.grants) if at in held and g.shows(column.tag)}
        if not calls or calls == {"null()"}:
            return "free"
        if self.raised and self.raised[0] == column.tag:
            calls.add("")  # what a restriction makes of it is not worked out here
        if calls <= _EMPTY:
            return "presence"
        return "shape" if calls == {"mask()"} and column.type == "VARCHAR" else "fixed"


def _table(
    seed: str, name: str, columns: tuple[Column, ...], view: _View, moods: tuple[str, str, str], rows_of: int | None
) -> Table:
    chance = random.Random(seed)
    drawn = [_row(chance, columns, number, moods[0]) for number in range(chance.choice((3, 10, 24)))]
    first = list(zip(drawn, _held(drawn, columns, view), strict=True))
    second = [model for model in first if model[1] is not None]
    pool = [model for model in first if model[1] is None]
    for _ in range(chance.choice((0, 2, len(pool), 3 * len(pool))) if pool else 0):
        second.insert(chance.randint(0, len(second)), chance.choice(pool))
    models = (first, second) if rows_of is None else ((first, second)[rows_of],) * 2
    worlds = tuple(_world(f"{seed} {at}", columns, view, models[at], moods[1 + at]) for at in (0, 1))
    unseen = tuple(_unseen(rows, columns, view) for rows in worlds)
    return Table(name=name, columns=columns, worlds=(worlds[0], worlds[1]), unseen=(unseen[0], unseen[1]))


def _world(
    seed: str, columns: tuple[Column, ...], view: _View, models: Sequence[tuple[Row, frozenset[int] | None]], mood: str
) -> list[Row]:
    """Rows like the models: those that are seen differ as far as they may, the others in all that no filter reads.

    What is drawn for the rows that are seen does not hang on how many others there are.
    """
    seen, unseen = random.Random(f"{seed} seen"), random.Random(f"{seed} unseen")
    numbers = unseen.choice((30, 10**6))
    rows: list[Row] = []
    for model, holds in models:
        if holds is None:
            fixed = {name: model[name] for name in ("region", "level")}
            rows.append({**_row(unseen, columns, unseen.randrange(numbers), mood), **fixed})
        else:
            freedoms = {c.name: view.freedom(c, holds) for c in columns}
            rows.append({c.name: varied(seen, c.type, model[c.name], freedoms[c.name], mood) for c in columns})
    return rows


def _unseen(rows: list[Row], columns: tuple[Column, ...], view: _View) -> tuple[object, ...]:
    told = list(zip((row["id"] for row in rows), _held(rows, columns, view), strict=True))
    seen = {number for number, holds in told if holds is not None}
    return tuple(number for number, holds in told if holds is None and number not in seen)


def _held(rows: list[Row], columns: tuple[Column, ...], view: _View) -> list[frozenset[int] | None]:
    """For each row the grants whose filter holds, or None for a row that is not there."""
    wheres = [grant.where for grant in view.grants] + [view.limit]
    plain = [where.replace("user_attribute('region')", f"'{ATTRIBUTES['region']}'") or "TRUE" for where in wheres]
    asked = ", ".join(f"coalesce({where}, FALSE)" for where in plain)
    source = pa.table(
        {"region": [r["region"] for r in rows], "level": pa.array([r["level"] for r in rows], pa.int32())}
    )
    found = _engine().from_arrow(source).project(asked).fetchall()
    opening = {
        at for at, grant in enumerate(view.grants) if any(view.may_show(c) and grant.shows(c.tag) for c in columns)
    }
    return [frozenset(held) if row[-1] and (held := {at for at in opening if row[at]}) else None for row in found]


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def _row(chance: random.Random, columns: tuple[Column, ...], number: int, mood: str) -> Row:
    row: Row = {column.name: value_of(chance, column.type, mood) for column in columns}
    row["id"], row["k"] = number, chance.randrange(4) + (mood == "tame")  # 0 is what divisions raise on
    row["region"] = chance.choice((*REGIONS, *REGIONS, None))
    row["level"] = chance.choice((None, 1, 2, 3, 4, 5))
    return row


def _document(
    tables: Sequence[Table], grants: Sequence[Grant], denied: str | None, raised: tuple[str, str] | None, limit: str
) -> str:
    """The estate as `veil apply` reads it."""
    lines = ["veil: 1", "sources: {data: {connector: files, path: ./data}}", "databases: {db: {}, other: {}}"]
    lines += ["tags: {t.a: {}, t.b: {}, t.c: {}}", "datasets:"]
    for table in tables:
        tagged = ", ".join(f"'\"{c.name}\"': {{tags: [{c.tag}]}}" for c in table.columns if c.tag)
        lines.append(f"  db.{table.name}: {{source: data, relation: {table.name}.parquet, columns: {{{tagged}}}}}")
    lines += ["  other.secret: {source: data, relation: secret.parquet}"]
    lines += ["roles: {analyst: {groups: [analysts]}}", "policies:"]
    for number, grant in enumerate(grants):
        calls = ", ".join(f"{{tagged: {tag}, with: {call}}}" for tag, call in grant.calls.items())
        lines.append(
            _policy(
                f"g{number}", "grant", f"db.{grant.table}" if grant.table else "db", grant.having, calls, grant.where
            )
        )
    if denied:
        lines.append(_policy("d", "deny", "db", denied, "", ""))
    if raised:
        lines.append(_policy("r", "restrict", "db", "", f"{{tagged: {raised[0]}, with: {raised[1]}}}", ""))
    if limit:
        lines.append(_policy("l", "restrict", "db", "", "", limit))
    return "\n".join(lines) + "\n"


def _policy(name: str, effect: str, scope: str, having: str, calls: str, where: str) -> str:
    parts = [f"policy: {name}, {effect}: select, to: [analyst], scope: {scope}, why: chance"]
    parts += [f"having: {having}"] if having else []
    parts += [f"transform: [{calls}]"] if calls else []
    parts += [f'where: "{where}"'] if where else []
    return f"  - {{{', '.join(parts)}}}"
