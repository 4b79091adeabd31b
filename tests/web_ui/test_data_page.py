"""The list of datasets: what a person may see of them, found by words and narrowed by facets."""

import re
from dataclasses import replace

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog.model import Field, Level, Tag
from tests.web_ui.browsing import SignIn, csrf_token, text_of
from web_ui.parts import Parts


def test_the_list_shows_what_the_person_may_see(browser: SignIn) -> None:
    text = text_of(browser("kim"), "/data")
    assert "orders" in text
    assert "3 clear" in text
    assert "1 masked" in text
    assert "what we sold" in text


def test_who_was_granted_nothing_is_told_what_to_do(browser: SignIn) -> None:
    text = text_of(browser("eve"), "/data")
    assert "orders" not in text
    assert "no dataset that you may see yet" in text


def test_the_search_finds_columns_and_tags_but_never_hidden_ones(browser: SignIn) -> None:
    kim = browser("kim")
    assert "1 dataset matches" in text_of(kim, "/data?search=PII.email")
    assert "0 datasets match" in text_of(kim, "/data?search=card")
    assert "1 dataset matches" in text_of(browser("max"), "/data?search=card")


def test_a_database_has_the_level_of_everything_that_the_person_sees_of_it(shop: Parts, browser: SignIn) -> None:
    shop.datasets.register("shop", "returns", "lake", "orders.csv", (Field(name="land", type="VARCHAR"),))
    shop.tags.put_tag(Tag(name="fin.card", level=Level.RESTRICTED))
    level = re.compile(r'<h2[^>]*>shop</h2>.*?<span class="level (\w+)', re.S)
    for address in ("/data", "/data?level=internal"):
        assert level.findall(browser("max").get(address).text) == ["restricted"], address
    assert level.findall(browser("kim").get("/data").text) == ["internal"]


def facets_of(client: FlaskClient, address: str) -> dict[str, str]:
    """The choices of a list by their words, each with how many it leaves."""
    html = client.get(address).get_data(as_text=True).replace("<wbr>", "")
    return dict(re.findall(r'<span>([^<]+)</span> <span class="count">([\d,]+)</span>', html))


def test_the_list_is_narrowed_by_what_the_person_sees_and_by_nothing_else(shop: Parts, browser: SignIn) -> None:
    kim, boss = browser("kim"), browser("max")
    assert facets_of(boss, "/data") == {}, "there is nothing to choose from yet"
    shop.datasets.register("shop", "returns", "lake", "orders.csv", (Field(name="land", type="VARCHAR"),))
    assert facets_of(boss, "/data")["internal"] == "2"
    assert facets_of(kim, "/data")["some masked"] == "1"
    assert "pii.email" in facets_of(kim, "/data")
    assert "fin.card" in facets_of(boss, "/data")
    assert "fin.card" not in facets_of(kim, "/data")
    for address in ("/data?tag=fin.card", "/data?tag=nothing.like_it"):
        assert "0 datasets match" in text_of(kim, address)
    assert "1 dataset matches in what you chose" in text_of(boss, "/data?tag=fin.card")
    assert kim.get("/data?access=any").status_code == 400


def test_sources_are_a_facet_for_whoever_may_see_sources_alone(shop: Parts, browser: SignIn) -> None:
    kim, boss = browser("kim"), browser("max")
    shop.datasets.put_source(replace(shop.datasets.sources()[0], name="ledger"))
    shop.datasets.register("shop", "returns", "ledger", "orders.csv", (Field(name="land", type="VARCHAR"),))
    offered = facets_of(boss, "/data")
    assert (offered["lake"], offered["ledger"]) == ("1", "1")
    assert "1 dataset matches in what you chose" in text_of(boss, "/data?source=LEDGER")
    assert not {"lake", "ledger"} & facets_of(kim, "/data").keys()
    for source in ("ledger", "no_such_source"):
        for address in ("/data", "/api/v1/datasets"):
            refused = kim.get(f"{address}?source={source}")
            assert refused.status_code == 403, "a source that is there, and one that is not, are refused alike"
            assert "narrow by source" in refused.get_data(as_text=True)
    [told] = boss.get("/api/v1/datasets?source=ledger").get_json()["datasets"]
    assert told["dataset"] == "shop.returns"


def test_looking_as_another_shows_no_sources_that_either_may_not_see(shop: Parts, browser: SignIn) -> None:
    shop.datasets.register("shop", "returns", "lake", "orders.csv", (Field(name="land", type="VARCHAR"),))
    boss = browser("max")
    assert "lake" in facets_of(boss, "/data")
    token = csrf_token(boss.get("/view-as"))
    begun = boss.post("/view-as", data={"csrf_token": token, "kind": "user", "name": "kim"})
    assert begun.status_code == 303
    offered = facets_of(boss, "/data")
    assert "some masked" in offered
    assert "lake" not in offered


def test_a_program_narrows_the_list_alike(browser: SignIn) -> None:
    def names(user: str, query: str) -> list[str]:
        return [each["dataset"] for each in browser(user).get(f"/api/v1/datasets?{query}").get_json()["datasets"]]

    assert names("kim", "tag=pii.email&access=masked") == ["shop.orders"]
    assert names("kim", "tag=fin.card") == []
    assert "shop.orders" in names("max", "tag=FIN.card&database=SHOP")


def test_a_database_is_made_before_there_is_any_data(shop: Parts, browser: SignIn) -> None:
    boss, kim = browser("max"), browser("kim")

    def send(client: FlaskClient, **form: str) -> TestResponse:
        return client.post("/data/databases", data={"csrf_token": csrf_token(client.get("/data")), **form})

    assert send(kim, name="lab").status_code == 403
    made = send(boss, name="lab", comment="what was measured", why="policies come first")
    assert (made.status_code, made.location) == (303, "/data?made=lab")
    assert "what was measured" in text_of(boss, "/data")
    assert "Databases without data" not in text_of(kim, "/data")
    for name, words in (("LAB", "database lab already"), ("", "needs a name"), ("a.b", "a.b")):
        refused = send(boss, name=name, comment="kept as it was")
        assert refused.status_code == 422, name
        assert "kept as it was" in refused.get_data(as_text=True)
        assert words in re.sub(r"<[^>]+>", "", refused.get_data(as_text=True)), name
    assert [each.name for each in shop.datasets.databases()] == ["lab", "shop"]
