"""SHOW, DESCRIBE, SUMMARIZE, EXPLAIN and information_schema are answered from what the person may see."""

from collections.abc import Iterator

import duckdb
import pytest

from catalog.errors import UnknownDataset
from catalog.model import EventKind
from proxy.information import VIEWS, shown
from proxy.shows import explained, spelled_out
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
