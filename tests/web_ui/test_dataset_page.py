"""The page of a dataset: how each column is seen and why, what stands around it, and a sample."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.clock import written_time
from catalog.crawl_runs import CrawlRuns
from catalog.model import Database, Description, Key, KeyKind, TagAssignment, TagOrigin, TagState
from catalog.people.model import Role
from catalog.registry import connect
from crawler.crawl import crawl
from tests.web_ui.browsing import SignIn, text_of
from web_ui.pages.stretch import MOST_COLUMNS
from web_ui.parts import Parts
from web_ui.wording import day, minute


def test_a_tag_by_lineage_names_no_column_that_the_person_may_not_see(shop: Parts, browser: SignIn) -> None:
    suggestion = TagAssignment(
        dataset="shop.orders",
        path=("land",),
        tag="pii.email",
        state=TagState.SUGGESTED,
        origin=TagOrigin.LINEAGE,
        evidence="refers to `hr.salaries.who`",
    )
    shop.tags.suggest(suggestion)
    text = text_of(browser("kim"), "/data/shop/orders")
    assert "suggested, by lineage" in text
    assert "salaries" not in text


def test_a_tag_says_how_sure_it_is_and_who_confirmed_it_when(shop: Parts, browser: SignIn) -> None:
    suggestion = TagAssignment(
        dataset="shop.orders",
        path=("land",),
        tag="pii.email",
        state=TagState.SUGGESTED,
        origin=TagOrigin.RULE,
        rule="by name",
        confidence=0.8,
        evidence="its name says so",
    )
    shop.tags.suggest(suggestion)
    assert "suggested, its name says so, 80 % sure" in text_of(browser("max"), "/data/shop/orders")
    shop.tags.confirm("shop.orders", ("land",), "pii.email", by="ada")
    [moment] = [each.at for each in shop.tags.assignments() if each.path == ("land",)]
    assert moment is not None
    assert f"its name says so, confirmed by ada, {day(moment)}" in text_of(browser("max"), "/data/shop/orders")
    kim = text_of(browser("kim"), "/data/shop/orders")
    assert f"pii.email confirmed by ada, {day(moment)}" in kim


COUNTED = ["clerk", "policy:write on shop", "audit:read on shop", "tag:assign on fin", "subject:impersonate"]


@pytest.mark.parametrize("held", [*COUNTED, "tag:assign on pii", "tag:assign", "home:administer", "audit:read"])
def test_how_many_raw_cells_a_crawl_has_counted_is_told_to_who_judges_such_tags(
    shop: Parts, browser: SignIn, held: str
) -> None:
    """The share is of cells that are masked here, and of rows that are not there."""
    now = shop.policies.current()
    part = Role(name="part", groups=frozenset({"clerks"}), capabilities=frozenset({held} - {"clerk"}))
    shop.policies.put(now.policies, (*now.roles, part), by="test", why="a part", difference="+ role part")
    pages = []
    for share in (66, 100):
        suggestion = TagAssignment(
            dataset="shop.orders",
            path=("land",),
            tag="pii.email",
            state=TagState.SUGGESTED,
            origin=TagOrigin.RULE,
            rule="mails",
            confidence=share / 101,
            evidence=f"{share} % of 40 cells match rule `mails`",
        )
        shop.tags.suggest(suggestion)
        assert len(shop.tags.assignments("shop.orders", state=TagState.SUGGESTED)) == 1
        pages.append(text_of(browser("kim"), "/data/shop/orders"))
    assert "pii.email suggested" in pages[0]
    assert (pages[0] == pages[1]) is (held in COUNTED)
    assert ("66 % of 40 cells match rule mails , 65 % sure" in pages[0]) is (held not in COUNTED)
    assert ("sure" in pages[1]) is (held not in COUNTED)


def test_a_dataset_tells_how_old_its_last_look_is_and_where_crawls_may_be_seen_which(
    shop: Parts, browser: SignIn
) -> None:
    kim, ada = browser("kim"), browser("ada")
    shop.accounts.put_user(replace(shop.accounts.users()[0], name="zoe", groups=frozenset({"clerks", "auditor"})))
    zoe = browser("zoe")
    assert ada.get("/data/shop/orders").status_code == 404, "an auditor alone sees no data"
    assert "ooked at" not in text_of(kim, "/data/shop/orders")
    assert "No crawl of lake that is kept in detail has looked at it" in text_of(zoe, "/data/shop/orders")
    first = crawl(shop.catalog, "lake", by="max").run
    (shop.home.path.parent / "data" / "orders.csv").write_bytes(b"\xff\xfe\x00")
    crawl(shop.catalog, "lake", by="max")
    look = CrawlRuns(shop.catalog).last_look("lake", "orders.csv")
    assert look is not None
    assert look.run == first, "a crawl that could not read it did not look at it"
    assert f"Last looked at by a crawl on {minute(look.at)} UTC, just now." in text_of(kim, "/data/shop/orders")
    page = kim.get("/data/shop/orders").text
    assert "/crawls/" not in page
    assert "lake" not in page
    assert f'href="/crawls/{first}"' in zoe.get("/data/shop/orders").text
    twin = kim.get("/api/v1/datasets/shop/orders").get_json()
    assert twin["looked_at"] == written_time(look.at)


def test_who_may_judge_tags_is_led_to_those_of_a_dataset(browser: SignIn) -> None:
    link = 'href="/tags?dataset=shop.orders&amp;state="'
    assert link in browser("max").get("/data/shop/orders").text
    assert link not in browser("kim").get("/data/shop/orders").text


def test_a_dataset_tells_how_each_column_is_seen_and_why(browser: SignIn) -> None:
    text = text_of(browser("kim"), "/data/shop/orders")
    assert re.search(r"email masked by tokenize", text)
    assert "clerks" in text
    assert "name matches email" not in text
    assert "name matches email" in text_of(browser("max"), "/data/shop/orders")
    assert re.search(r"card hidden", text)


def test_who_can_see_a_dataset_is_told_to_owners_alone(browser: SignIn) -> None:
    boss, kim = text_of(browser("max"), "/data/shop/orders"), browser("kim").get("/data/shop/orders").text
    assert "How each role sees each column at most" in boss
    assert re.search(r"card clear hidden", boss)
    assert re.search(r"clerk some rows", boss)
    assert "Who can see this" not in kim
    assert "boss" not in kim


def test_a_delegate_is_told_of_no_role_that_reads_elsewhere_alone(browser: SignIn, shop: Parts) -> None:
    now = shop.policies.current()
    capabilities = frozenset({"policy:write on shop"})
    clerks = tuple(replace(role, capabilities=capabilities) if role.name == "clerk" else role for role in now.roles)
    roles = (*clerks, Role(name="surgeon", groups=frozenset({"surgeons"})))
    shop.policies.put(now.policies, roles, by="test", why="a delegate", difference="~ role clerk\n+ role surgeon")
    delegate, boss = (text_of(browser(user), "/data/shop/orders") for user in ("kim", "max"))
    assert "1 role sees nothing" in boss
    assert "Who can see this" in delegate
    assert "sees nothing" not in delegate


def test_what_a_dataset_refers_to_is_a_picture(browser: SignIn, shop: Parts) -> None:
    [source] = shop.datasets.sources()
    assert "Around it" not in browser("max").get("/data/shop/orders").text
    described = shop.datasets.dataset("shop", "orders")
    assert described is not None
    key = Key(kind=KeyKind.FOREIGN, columns=("id",), refers_to="people.csv", at=("id",))
    (shop.home.path.parent / "data" / "people.csv").write_text("id,name\n1,Ann\n")
    fields = connect(source).describe("people.csv")
    shop.datasets.register("shop", "people", "lake", "people.csv", fields)
    shop.datasets.note_description("shop", "orders", Description(keys=(key,)))
    page = browser("max").get("/data/shop/orders").text
    assert "is read by and refers to" in page
    assert "id refers to id" in page


def test_what_views_read_is_told_in_words_and_in_the_picture_of_what_the_person_sees(
    browser: SignIn, shop: Parts
) -> None:
    [source] = shop.datasets.sources()
    shop.datasets.put_database(Database(name="hr"))
    (shop.home.path.parent / "data" / "big.csv").write_text("id\n1\n")
    shop.datasets.register("hr", "big", source.name, "big.csv", connect(source).describe("big.csv"))
    orders = shop.datasets.dataset("shop", "orders")
    assert orders is not None
    shop.datasets.note_description("hr", "big", Description(reads=(orders.relation,)))
    base, view = (browser("max").get(f"/data/{place}").text for place in ("shop/orders", "hr/big"))
    assert 'Read by <a href="/data/hr/big">hr.big</a>.' in base
    assert 'Made from <a href="/data/shop/orders">shop.orders</a>.' in view
    assert base.count("read by the view") == view.count("read by the view") == 1
    hidden = browser("kim").get("/data/shop/orders").text
    assert "Around it" not in hidden
    assert not re.search(r"\bbig\b", hidden)
    shop.datasets.note_description("hr", "big", Description(reads=None))
    assert "cannot be told" in browser("max").get("/data/hr/big").text


def test_the_sample_is_read_as_the_person(browser: SignIn) -> None:
    kim, boss = browser("kim").get("/data/shop/orders"), browser("max").get("/data/shop/orders")
    assert "@x.test" not in kim.get_data(as_text=True)
    assert "<td>SE</td>" not in kim.get_data(as_text=True)
    assert "user1@x.test" in boss.get_data(as_text=True)
    assert boss.get_data(as_text=True).count("<td>NO</td>") + boss.get_data(as_text=True).count("<td>SE</td>") == 20


def test_an_unseen_dataset_and_an_absent_one_are_the_same_page(browser: SignIn) -> None:
    eve = browser("eve")
    unseen, absent = eve.get("/data/shop/orders"), eve.get("/data/shop/absent")
    assert unseen.status_code == absent.status_code == 404
    blank = [
        re.sub(r"<code>[0-9a-f]{32}</code>|value=\"[^\"]*\"", "", page.get_data(as_text=True).replace(name, "NAME"))
        for page, name in ((unseen, "orders"), (absent, "absent"))
    ]
    assert blank[0] == blank[1]


def test_a_source_that_is_gone_is_told_of_on_the_page(browser: SignIn, shop: Parts) -> None:
    (shop.home.path.parent / "data" / "orders.csv").unlink()
    response = browser("kim").get("/data/shop/orders")
    assert response.status_code == 200
    assert "notice bad" in response.get_data(as_text=True)


def test_a_dataset_leads_to_the_policies_that_decide_about_it(browser: SignIn) -> None:
    kim = browser("kim")
    assert re.search(r'href="/policies/clerks\?rev=\d+"', kim.get("/data/shop/orders").get_data(as_text=True))
    assert "GRANT SELECT ON DATABASE shop HAVING ATTRIBUTE NOT fin.card" in text_of(kim, "/data/shop/orders")


def test_values_cannot_become_markup(browser: SignIn, shop: Parts) -> None:
    data = shop.home.path.parent / "data" / "orders.csv"
    data.write_text("id,email,card,land,total\n1,<script>alert(1)</script>,1,NO,1.5\n")
    html = browser("max").get("/data/shop/orders").get_data(as_text=True)
    assert "<script>alert" not in html
    assert browser("kim").get("/data?search=<b>x</b>").get_data(as_text=True).count("<b>x") == 0


def test_a_wide_dataset_is_read_page_by_page_and_searched(shop: Parts, browser: SignIn, tmp_path: Path) -> None:
    names = [f"c{number:03d}" for number in range(MOST_COLUMNS + 50)]
    (tmp_path / "data" / "wide.csv").write_text(f"{','.join(names)}\n{','.join(name[1:] for name in names)}\n")
    [source] = shop.datasets.sources()
    shop.datasets.register("shop", "wide", "lake", "wide.csv", connect(source).describe("wide.csv"))
    first, second = (browser("max").get(f"/data/shop/wide?page={page}").text for page in (1, 2))
    assert f"{MOST_COLUMNS} of {len(names)} columns" in first
    assert ("Page 1 of 2" in first, "Page 2 of 2" in second) == (True, True)
    for text, shown, unshown in ((first, "c000", "c340"), (second, "c340", "c000")):
        assert re.search(rf'<th scope="row" class="name">{shown}<', text)
        assert text.count(shown) > 1  # in the sample, too
        assert f">{unshown}<" not in text
    found = browser("max").get("/data/shop/wide?search=C34").text
    assert f"10 of {len(names)} columns" in found
    assert ">c349<" in found
    none = text_of(browser("max"), "/data/shop/wide?search=none")
    assert "No column that you are told of has that in its name. All columns" in none
    assert "None of the columns shown here has values for you." in none
    assert ("the report</a> about one of its columns" in first, "How each role sees" in first) == (True, False)
    assert "Who can see this" not in browser("kim").get("/data/shop/wide").text
