"""A file with rows that cannot be read, from the crawl to the analyst: everybody is told, no row goes in silence."""

from pathlib import Path

import pytest

import veil
from tests.serving import Home, serve

DOCUMENT = """
veil: 1
sources: {{lake: {{connector: files, path: ./data{more}}}}}
databases: {{shop: {{}}}}
roles: {{clerk: {{groups: [clerks]}}}}
users: {{kim: {{groups: [clerks]}}}}
policies: [{{policy: clerks, grant: select, to: [clerk], scope: shop, why: example}}]
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "orders.csv").write_text("id,note\n1,fine\n2\n3,fine\n4,not,secret\n")
    home = Home(path=tmp_path / "home")
    home.veil("init")
    return home


def govern(home: Home, more: str = "") -> str:
    """Applies the policy with further options of the source, and crawls; what the crawl told."""
    document = home.path.parent / "shop.yaml"
    document.write_text(DOCUMENT.format(more=more))
    home.veil("apply", document)
    return home.veil("crawl", "lake", "--into", "shop")


def test_bad_rows_are_told_and_refuse_the_query(home: Home) -> None:
    told = govern(home)
    assert "defect: shop.orders: 2 rows cannot be read: queries are refused (orders.csv: lines 3, 5)" in told
    assert "2 rows cannot be read" in home.veil("doctor", expect=2)
    with serve(home) as server, veil.connect(server.url, token=home.token("kim")) as connection:
        with pytest.raises(veil.Error, match="2 rows cannot be read") as caught:
            connection.query("select * from shop.orders").to_arrow()
        assert not any(part in str(caught.value) for part in ("secret", "orders.csv", "line"))
        assert connection.describe("shop.orders").defects == ("2 rows cannot be read: queries are refused",)


def test_bad_rows_are_left_out_when_the_source_says_so(home: Home) -> None:
    told = govern(home, ", bad_rows: leave_out")
    assert "defect: shop.orders: 2 rows cannot be read: left out (orders.csv: lines 3, 5)" in told
    with serve(home) as server, veil.connect(server.url, token=home.token("kim")) as connection:
        assert connection.query("select id from shop.orders order by id").to_arrow()["id"].to_pylist() == [1, 3]
        assert connection.describe("shop.orders").defects == ("2 rows cannot be read: left out",)


def test_mended_file_has_no_defects_after_the_next_crawl(home: Home) -> None:
    govern(home)
    (home.path.parent / "data" / "orders.csv").write_text("id,note\n1,fine\n")
    assert "defect" not in home.veil("crawl", "lake")
    assert "cannot be read" not in home.veil("doctor")
