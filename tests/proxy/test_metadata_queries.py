"""SHOW, DESCRIBE, SUMMARIZE, EXPLAIN and information_schema are answered from what the person may see."""

from collections.abc import Iterator

import duckdb
import pytest

from catalog.errors import SqlUnsupported, UnknownDataset
from catalog.journal.event import EventKind
from proxy.rewriting.information import VIEWS, shown
from proxy.rewriting.shows import explained, spelled_out
from tests.proxy.honest_world import ask, company
from tests.proxy.test_honest import Company, cases

METADATA = cases("metadata")


@pytest.fixture(scope="module")
def trade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with company(tmp_path_factory.mktemp("company") / "it") as both:
        yield both


@pytest.mark.parametrize(("title", "case"), METADATA, ids=[title for title, _ in METADATA])
def test_metadata_is_the_persons_own(trade: Company, title: str, case: str) -> None:
    """The last line of a case is the answer: the names of the columns, then the rows in order."""
    sql, _, answer = case.rpartition("\n-- ")
    names, *rows = answer.split("|")
    table = ask(trade[0], sql)
    assert table.column_names == names.split(",")
    found = [",".join(str(cell) for cell in row.values()) for row in table.to_pylist()]
    assert sorted(found) == rows


def test_an_explanation_is_the_governed_sql(trade: Company) -> None:
    [row] = ask(trade[0], "explain select phone from orders where id = 4").to_pylist()
    assert row["explain_key"] == "governed_sql"
    assert "regexp_replace" in row["explain_value"]
    assert '"shop"."orders"' in row["explain_value"]


@pytest.mark.parametrize(
    "sql",
    ["describe hidden.salaries", "show hidden.salaries", "summarize hidden.salaries", "explain from hidden.salaries"],
)
def test_an_unseen_dataset_is_an_absent_one(trade: Company, sql: str) -> None:
    with pytest.raises(UnknownDataset, match=r"no dataset `hidden\.salaries` that you can see"):
        ask(trade[0], sql)


def test_metadata_is_journalled_as_a_read(trade: Company) -> None:
    ask(trade[0], "select table_name from information_schema.tables")
    ended, begun = trade[0].journal.search(limit=2)
    assert (begun.kind, ended.kind) == (EventKind.QUERY_BEGIN, EventKind.QUERY_END)
    assert begun.datasets == ("information_schema.tables",)


def test_the_views_have_columns_of_the_engines_own() -> None:
    """Tools ask by the standard's names; each column that is answered bears one, in its type."""
    with duckdb.connect() as engine:
        for name in sorted(VIEWS):
            known = {row[0]: row[1] for row in engine.execute(f"DESCRIBE FROM information_schema.{name}").fetchall()}
            columns = {column.name: column.type for column in shown(name, 1).columns}
            assert columns.items() <= known.items()


def test_every_show_is_spelled_out_by_its_form_alone() -> None:
    assert spelled_out("select 'show tables'", "shop") == "select 'show tables'"
    assert "table_schema) = 'o''hara'" in spelled_out("show tables", "O'Hara")
    assert spelled_out('show "a b".c;', "x") == 'DESCRIBE "a b".c'
    assert explained("explain analyze select 1") is None
    assert explained("EXPLAIN\nselect 1") == "select 1"


def test_the_catalog_that_tools_are_told_of_may_stand_before_a_dataset(trade: Company) -> None:
    for written in ("veil.shop.orders", '"veil"."shop"."orders"', "VEIL.Shop.ORDERS"):
        asked = ask(trade[0], f"select id, region from {written} order by 1, 2")
        assert asked.equals(ask(trade[0], "select id, region from shop.orders order by 1, 2"))
    assert ask(trade[0], "select veil.shop.orders.id from veil.shop.orders").column_names == ["id"]
    assert ask(trade[0], "select o.id from veil.shop.orders o limit 1").num_rows == 1
    assert ask(trade[0], "describe veil.shop.orders").equals(ask(trade[0], "describe shop.orders"))
    for unknown in ("memory.shop.orders", "veil.hidden.salaries", "veil.veil.orders", "a.veil.shop.orders"):
        with pytest.raises((UnknownDataset, SqlUnsupported)):
            ask(trade[0], f"select * from {unknown}")


def test_a_tool_finds_its_way_by_questions_alone(trade: Company) -> None:
    """As drivers do it: schemas, their tables, the columns of each, then a query of every name in full and quoted."""
    schemas = ask(trade[0], "select schema_name from information_schema.schemata where catalog_name = 'veil'")
    assert sorted(schemas["schema_name"].to_pylist()) == ["Lab", "information_schema", "shop"]
    tables = "select table_catalog, table_schema, table_name, table_type from information_schema.tables"
    of_schema = ask(trade[0], f"{tables} where table_schema like $schema order by 2, 3", {"schema": "%"}).to_pylist()
    assert len(of_schema) == 6
    for table in of_schema:
        columns = ask(
            trade[0],
            "select column_name, data_type, is_nullable, ordinal_position from information_schema.columns"
            " where table_catalog = ? and table_schema = ? and table_name = ? order by ordinal_position",
            (table["table_catalog"], table["table_schema"], table["table_name"]),
        ).to_pylist()
        assert [column["ordinal_position"] for column in columns] == [*range(1, len(columns) + 1)]
        whole = ".".join(f'"{table[part]}"' for part in ("table_catalog", "table_schema", "table_name"))
        listed = ", ".join(f'{whole}."{column["column_name"]}"' for column in columns)
        answered = ask(trade[0], f"select {listed} from {whole} limit 5")
        assert answered.column_names == [column["column_name"] for column in columns]
        described = ask(trade[0], f"describe {whole}").to_pylist()
        assert [(row["column_name"], row["column_type"]) for row in described] == [
            (column["column_name"], column["data_type"].replace('"', "")) for column in columns
        ]
    for view in ("table_constraints", "key_column_usage", "referential_constraints", "views"):
        assert ask(trade[0], f"select * from information_schema.{view}").num_rows == 0


@pytest.mark.parametrize("show", ["show tables", "show all tables", "show schemas", "show a.b.c", "show"])
def test_blanks_behind_a_show_are_passed_by_once(show: str) -> None:
    """Each way to part a million of them would take days."""
    text = f"{show}{' ' * 1_000_000}!"
    assert spelled_out(text, "shop") == text
