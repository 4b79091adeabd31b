"""An Arrow answer holds its cells and nothing else, though its worker's memory holds what others have asked."""

from pathlib import Path

import pyarrow as pa
import pytest

from proxy.answering.wire import Format, encode
from proxy.pipeline import Request
from tests.ipc_memory import beside_cells
from tests.proxy.world import ANALYST, OWNER, governed
from tests.remote_tables import Database

DOCUMENT = """
veil: 1
sources: {{data: {source}}}
databases: {{shop: {{}}}}
tags: {{pii.key: {{}}}}
datasets:
  shop.people: {{source: data, relation: {relation}, columns: {{secret: {{tags: [pii.key]}}}}}}
roles: {{analyst: {{groups: [analysts]}}, everything: {{groups: [owners]}}}}
policies:
  - {{policy: p, grant: select, to: [analyst], scope: shop, having: not pii.key, where: "secret <> 'none'", why: x}}
  - {{policy: o, grant: select, to: [everything], scope: "*", why: x}}
"""
ROWS = 5_000
UNION = "(case when id % 3 = 0 then id::int::union(a int, b varchar) else ('t' || id)::union(a int, b varchar) end)"
SHAPES = (
    UNION,
    f"[{UNION}, 'x'::union(a int, b varchar)]",
    f"[{UNION}, null]::union(a int, b varchar)[2]",
    f"{{'u': {UNION}, 'n': id, 'b': id % 2 = 0}}",
    f"map([id], [{UNION}])",
    f"union_value(u := {UNION})",
    f"[{{'u': {UNION}, 'l': [{UNION}, null]}}]",
    f"case when id % 2 = 0 then map(['k'], [[{{'u': {UNION}}}]]) end",
)
OTHERS = (
    "id % 2 = 0 as b, (id % 100)::tinyint as t, [id % 3 = 0] as lb, null as n,"
    " case when id % 5 = 0 then id::smallint end as s"
)


@pytest.mark.parametrize(("wide", "rows"), [(20_000, 901), (100_000, 157), (60_000, 333), (6_000, 2501)])
def test_behind_the_last_cells_there_is_nothing(tmp_path: Path, wide: int, rows: int) -> None:
    database = Database("sqlite", None, tmp_path)
    cells = [(place, f"SSN{place * 7919 % 10**6:06d}") for place in range(ROWS)]
    database.write("people", [("id", "INTEGER"), ("secret", "VARCHAR")], cells)
    document = DOCUMENT.format(source=database.shown, relation=database.relation("people"))
    unions = ", ".join(f"{shape} as u{place}" for place, shape in enumerate(SHAPES))
    sql = f"select {unions}, {OTHERS}, repeat('x', {wide}) as wide from shop.people where id < {rows}"
    with governed(tmp_path, document) as world:
        for _ in range(3):
            world.ask("select secret, [secret] as l from shop.people", OWNER)
            with world.pipeline.query(ANALYST, Request(sql=sql), decision_id="d") as answer:
                sent = b"".join(encode(Format.ARROW, answer.schema, answer.batches()))
            batches = list(pa.ipc.open_stream(sent))
            assert len(batches) > 1
            assert sum(batch.num_rows for batch in batches) == rows
            assert beside_cells(sent) == []
            assert b"SSN" not in sent
