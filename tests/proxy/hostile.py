"""Texts at and beyond every limit, as somebody writes them who wants a server to be busy."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq

from tests.proxy.world import World, governed

DATASET = "shop.orders"
_DOUBLING = ", ".join(f"c{n} as (from c{n - 1} union all from c{n - 1})" for n in range(1, 40))
_TEXTS = tuple(f"'{n}'" for n in range(5_900))

HOSTILE: Mapping[str, str] = MappingProxyType(
    {
        "columns": f"select {', '.join(['id'] * 5_900)} from {DATASET}",
        "named columns": f"select {', '.join(f'id as c{n}' for n in range(2_150))} from {DATASET}",
        "sums": f"select {', '.join(['id + 1'] * 2_950)} from {DATASET}",
        "aggregates": f"select {', '.join(['sum(id)'] * 1_620)} from {DATASET}",
        "windows": f"select {', '.join(['sum(id) over (order by id)'] * 720)} from {DATASET}",
        "lambdas": f"select {', '.join(['list_transform([1], lambda x: x + 1)'] * 900)}",
        "branches": f"select case {' '.join(f'when id = {n} then {n}' for n in range(1_450))} end from {DATASET}",
        "a list": f"select id from {DATASET} where id in ({','.join(map(str, range(5_900)))})",
        "a list of texts": f"select id from {DATASET} where note in ({','.join(_TEXTS)})",
        "an order": f"select id from {DATASET} order by {','.join(['id'] * 5_000)}",
        "sets of groups": f"select count(*) from {DATASET} group by grouping sets ({','.join(['(id)'] * 2_150)})",
        "stars without": f"select * exclude ({', '.join(f'c{n}' for n in range(5_900))}) from {DATASET}",
        "long products": f"select {', '.join(['sum(' + '*'.join(['id'] * 280) + ')'] * 11)} from {DATASET}",
        "names of the engine": f"select {', '.join([chr(34) + 'user' + chr(34)] * 2_900)} from"
        f' (select {", ".join(["id"] * 2_900)}, id as "user" from {DATASET}) q',
        "one alias of many": f"select max(1), {', '.join(['+'.join(['a'] * 288)] * 6)} from"
        f" (select {', '.join(['-id a'] * 1_000)} from {DATASET}) q",
        "one alias of many sums": f"select {', '.join(['sum(id * id) as a'] * 680)} from {DATASET}"
        f" order by {', '.join(['a'] * 1_000)}",
        "many sums of one row": f"with q as (select {', '.join(f'{n} x{n}' for n in range(1_000))} from {DATASET})"
        f" select (select {' + '.join(['(' + '+'.join(['max(x1)'] * 20) + ')'] * 30)} from"
        f" {', '.join(f'q q{n}' for n in range(50))}) from {DATASET}",
        "many of one row": f"with q as (select {', '.join(f'id as x{n}' for n in range(1_000))} from {DATASET})"
        f" select {', '.join(['(select max(x1) from q)'] * 385)} from {DATASET}",
        "one key of many": f"select coalesce({', '.join(['id'] * 2_800)}) as x, sum(amount) from {DATASET}"
        f" group by {', '.join(['1'] * 2_800)}",
        "one alias of many keys": f"select coalesce({', '.join(['id'] * 2_800)}) as x, sum(amount) from {DATASET}"
        f" group by {', '.join(['x'] * 2_800)}",
        "many patterns": f"select {', '.join(['note like any (1::text, id::text)'] * 240)} from {DATASET}",
        "symmetric ranges": f"select {'(' * 59}id = 1{' between symmetric true and false)' * 59} from {DATASET}",
        "places from places": f"select {'position(note, note, ' * 29}1{')' * 29} from {DATASET}",
        "patterns in patterns": f"select {'(' * 29}note{' like any (null, null))::varchar' * 29} from {DATASET}",
        "unions": " union all ".join([f"select id from {DATASET}"] * 250),
        "subqueries": f"select {', '.join(f'(select max(id) + {n} from {DATASET})' for n in range(250))}",
        "parameters": f"select {','.join(['?'] * 4_000)}",
        "calls after dots": f"select id{'.abs()' * 59} from {DATASET}",
        "choices in choices": f"select {'coalesce(' * 59}id{', 1)' * 59} from {DATASET}",
        "the least of the least": f"select {'least(' * 59}id{', 1)' * 59} from {DATASET}",
        "branches in branches": f"select {'if(true, ' * 59}id{', 1)' * 59} from {DATASET}",
        "a chain of names": f"select id{' + id' * 290} from {DATASET}",
        "a chain of casts": f"select id{'::bigint' * 290} from {DATASET}",
        "a chain": f"select 1{' + 1' * 290} from {DATASET}",
        "brackets": f"select {'(' * 59}1{')' * 59}",
        "rows": f"select {'row(' * 58}1{')' * 58}",
        "rows as defaults of types": f"select {'cast(1 as row(a int default row(' * 19}1{')))' * 19}",
        "arrays of arrays": f"select {'array[' * 58}1{']' * 58}",
        "cases of unions": f"select {'case when x union(' * 29}1{') then 1 end' * 29}",
        "casts with brackets": f"select {'x::int[' * 58}1{')' * 58}",
        "joins without conditions": f"select 1 from {DATASET}{f' join {DATASET}' * 90}",
        "joins of joins": f"select {'join ' * 5_000}1",
        "types of rows": f"select 1::{'row(a ' * 58}int{')' * 58}",
        "structs": "select " + "{'a': " * 59 + "1" + "}" * 59,
        "a literal": f"select '{'x' * 190_000}' from {DATASET}",
        "invisible characters": f"select '{chr(0x200B) * 190_000}' from {DATASET}",
        "quotes": f"select '{chr(39) * 190_000}' from {DATASET}",
        "escapes": "select e'" + "\\n" * 90_000 + "'",
        "a name": f'select "{"x" * 190_000}" from {DATASET}',
        "a comment": f"select 1 /*{'/*' * 90_000}*/",
        "open comments": "select $a " + "/* $a," * 30_000,
        "too many brackets": f"select {'(' * 10_000}1{')' * 10_000}",
        "open brackets": "select " + "[" * 6_400,
        "semicolons": ";" * 190_000,
        "commas": "select " + "," * 9_000,
        "signs": "select " + "- " * 6_400 + "1",
        "a path": "select j -> '$" + ".a" * 90_000 + "' from t",
        "a number": "select " + "9" * 190_000,
        "an exponent": "select 1e" + "9" * 5_000,
        "a type": "select 1::struct(" + "a struct(" * 55 + "b int" + ")" * 56,
        "doubled queries": f"with c0 as (select 1), {_DOUBLING} select * from c39",
        "joins": f"select 1 from {', '.join(f'{DATASET} o{n}' for n in range(102))}",
        "an unknown function": f"select {'x' * 100_000}(1)",
        "an unknown dataset": f"select * from {'x' * 190_000}",
        "a chain of unions": " union ".join([f"select {','.join(['-id'] * 10)} from {DATASET}"] * 250),
        "values of a pivot": f"pivot {DATASET} on id in ({','.join(map(str, range(5_000)))}) using sum(amount)",
    }
)

WIDE_COLUMNS = 400
_WIDE = """
veil: 1
sources: {data: {connector: files, path: ./data}}
databases: {shop: {}}
datasets: {shop.wide: {source: data, relation: wide.parquet}}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: all, grant: select, to: [analyst], scope: shop, where: "c0 > 5", why: all columns of some rows}
"""


def _places(count: int) -> str:
    return "with " + ", ".join(f"q{n} as (from shop.wide)" for n in range(count))


OVER_WIDE: Mapping[str, str] = MappingProxyType(
    {
        "places": f"{_places(990)} select 1 from q1",
        "fewer places": f"{_places(60)} select 1 from q1",
        "places and names": f"{_places(60)} select {', '.join(['c1 = 1'] * 2_300)} from q1",
        "places and names with dots": f"{_places(60)} select {', '.join(['q.c1 = 1'] * 1_600)} from shop.wide as q",
        "places with conditions": "with "
        + ", ".join(f"q{n} as (select 1 from shop.wide where c0 > {n})" for n in range(660))
        + f", z as (select {', '.join(f'c{n}' for n in range(17))} from shop.wide) select cast('x' as int) from q0",
        "a numbered name": f"select c1{'_1' * 90_000} from (select c1, c1 from shop.wide)",
        "a star in each": " union all ".join(["(from shop.wide)"] * 250),
    }
)
"""Texts about a dataset of many columns, each of which is written out wherever the dataset is named."""


@contextmanager
def wide_world(folder: Path) -> Iterator[World]:
    """A home with that dataset."""
    (folder / "data").mkdir(parents=True)
    pq.write_table(pa.table({f"c{n}": [n, 7] for n in range(WIDE_COLUMNS)}), folder / "data" / "wide.parquet")
    with governed(folder, _WIDE) as made:
        yield made


PATTERNS = (
    "select regexp_matches(repeat('a', 100000), '(a+)+$') from range(100)",
    "select regexp_matches(repeat('a', 30000) || 'b', '(a|a)*(a|aa)+c') from range(50)",
    "select regexp_matches('a', '((a{1,100}){1,100}){1,100}')",
    f"select regexp_matches('a', '{'(a?){900}' * 1_000}')",
    "select regexp_replace(repeat('ab', 50000), '(a|b)*(ab)+?c', 'x', 'g')",
    f"select 'a' similar to '{'(a|b)*' * 20_000}'",
    f"select repeat('a', 100000) glob '{'*a' * 5_000}b'",
    f"select repeat('a', 1000000) like '{'%a' * 20_000}b'",
    "select regexp_extract_all(repeat('a', 10000), '(a*)*b')",
)
"""Patterns over which a matcher that goes back and forth would never end."""
