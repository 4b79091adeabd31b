"""The preview beside the sentence builder: what a policy would do, and no more than its reader may know."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.journal.event import EventKind
from catalog.model import Database, Field
from catalog.registry import connect
from tests.web_ui.browsing import SignIn, signed_in_once
from tests.web_ui.building import NEW, Fields, send, shop_with_writers
from tests.web_ui.test_policy_pages import words
from web_ui.app import create_app
from web_ui.pages.stretch import MOST_COLUMNS
from web_ui.parts import Parts


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    with shop_with_writers(tmp_path_factory.mktemp("shop")) as parts:
        yield parts


@pytest.fixture(scope="module")
def people(there: Parts) -> SignIn:
    return signed_in_once(create_app(there))


def test_a_delegate_is_told_outcomes_but_no_reason_of_policies_of_others(people: SignIn) -> None:
    page = send(people("eve"), NEW, "check", extra="sql")
    text = words(page)
    assert "shop.orders as whoever holds clerk" in text
    assert re.search(r"card changes hidden .* masked by mask", text)
    assert "bosses" not in text
    assert "The governed SQL" not in text
    refused = send(people("eve"), NEW, "check", as_kind="user", as_name="kim")
    assert "subject:impersonate" in words(refused)
    assert "What it does to people" in words(refused)
    admins = words(send(people("eve"), NEW, "check", as_kind="groups", as_name="admin"))
    assert "shop.orders as groups admin" in admins
    assert "bosses" not in admins


def test_a_policy_elsewhere_is_neither_planned_nor_tried(people: SignIn) -> None:
    page = send(people("kim"), {**NEW, "on": "shop.orders"}, "check")
    assert page.status_code == 403
    assert "policy:write on shop" in words(page)
    assert "Before" not in words(page)
    for name in ("shop.orders", "shop.nothing"):
        page = send(people("kim"), {**NEW, "scope": "hr"}, "check", on=name)
        assert f"There is no dataset {name} to try the policy on." in words(page)
        assert "Rows before" not in words(page)


def test_a_preview_tells_a_delegate_of_no_account_and_of_no_dataset_elsewhere(people: SignIn, there: Parts) -> None:
    there.datasets.put_database(Database(name="lab"))
    there.datasets.register("lab", "results", "lake", "orders.csv", (Field(name="id", type="BIGINT"),))
    told = {
        name: words(send(people("eve"), NEW, "preview", **{"on": "shop.orders", **asked, field: name}))
        for field, asked, names in (
            ("on", {}, ("lab.results", "lab.nothing")),
            ("as_name", {"as_kind": "user"}, ("max", "xam")),
        )
        for name in names
    }
    assert "Why this change" in told["max"]
    assert told["max"] == told["xam"]
    assert told["lab.results"].replace("results", "nothing") == told["lab.nothing"]


def test_the_preview_follows_whom_it_is_about_and_tells_the_sql(people: SignIn, there: Parts) -> None:
    text = words(send(people("max"), NEW, "preview", as_kind="user", as_name="kim", extra="sql"))
    assert text.startswith("What it says")
    assert "shop.orders as kim" in text
    assert "The governed SQL, before and after" in text
    assert text.count("'NO'") >= 2
    [event] = there.journal.search(user="max", kind=EventKind.EXPLAIN_READ, limit=1)
    assert event.details["foreseen"] is True
    assert (
        "there is no user nobody"
        in words(send(people("max"), NEW, "preview", as_kind="user", as_name="nobody")).lower()
    )
    assert "nobody holds the role" in words(send(people("max"), NEW, "preview", as_name="clrk")).lower()


def test_the_preview_of_a_wide_dataset_is_read_page_by_page_and_searched(
    shop: Parts, browser: SignIn, tmp_path: Path
) -> None:
    names = [f"c{number:03d}" for number in range(MOST_COLUMNS + 50)]
    (tmp_path / "data" / "wide.csv").write_text(f"{','.join(names)}\n{','.join(name[1:] for name in names)}\n")
    [source] = shop.datasets.sources()
    shop.datasets.register("shop", "wide", "lake", "wide.csv", connect(source).describe("wide.csv"))
    fields = {**NEW, "scope": "shop.wide", "columns": "c340", "pick": "all", "having": "", "where": ""}
    fields |= {name: [] for name in ("tagged", "with", "arguments")}

    def look(**more: str) -> str:
        page = send(browser("max"), fields, "check", **more)
        assert page.status_code == 200
        return page.get_data(as_text=True)

    def lines(text: str) -> list[str]:
        return re.findall(r'<th scope="row" class="name">(c\d+)<', text)

    first, second, found, none = look(), look(columns_page="2"), look(columns_like="C34"), look(columns_like="none")
    assert lines(first)[0] == "c340"  # what moves stands first
    assert sorted(lines(first) + lines(second)) == names
    assert len(lines(first)) == MOST_COLUMNS
    assert f"{MOST_COLUMNS} of {len(names)} columns, each before and after" in first
    assert ("Page 1 of 2" in first, "Page 2 of 2" in second) == (True, True)
    assert re.search(r'<button[^>]* name="columns_page" value="2" formaction="/policies/new#seen">Further<', first)
    assert lines(found) == ["c340", *(name for name in names if name.startswith("c34") and name != "c340")]
    assert 'name="columns_like" type="search" value="C34"' in found
    assert ("has that in its name" in none, lines(none)) == (True, [])
    assert "must be a whole number" in look(columns_page="none")
    narrow = send(browser("max"), {**NEW}, "check", columns_like="none").get_data(as_text=True)
    assert ("Each column before and after" in narrow, "Find among" in narrow) == (True, False)


def test_rows_are_counted_for_administrators_alone(people: SignIn) -> None:
    counted = words(send(people("max"), NEW, "check", extra="rows", as_kind="user", as_name="kim"))
    assert re.search(r"Counted 20 before, 36 after, of 40", counted), counted
    assert "Counted" not in words(send(people("eve"), NEW, "check", extra="rows"))


def test_the_sample_is_made_of_what_the_author_sees(people: SignIn) -> None:
    masked: Fields = {
        **NEW,
        "to": ["shop writer"],
        "pick": "all",
        "having": "",
        "where": "",
        "tagged": ["pii.email", "fin.card"],
        "with": ["mask", "tokenize"],
        "arguments": ["keep_last=>4", ""],
    }
    page = send(people("max"), masked, "check", extra="sample")
    assert "XXXX@X.test" in words(page)
    assert "tokenize, which takes a key: not made here" in words(page)
    assert "user1@x.test" not in page.get_data(as_text=True)
    assert not re.search("4539797705756", page.get_data(as_text=True))
    assert "Masked sample" not in words(send(people("eve"), masked, "check", extra="sample"))
