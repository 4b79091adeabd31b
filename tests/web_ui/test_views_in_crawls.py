"""At no moment of a crawl, in no state of it, does a query show a view's column without the tags that descend to it."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import duckdb
import flask
import pytest

from catalog.crawl_runs import CrawlRuns, RunState
from catalog.errors import SourceUnavailable
from catalog.home import Home
from catalog.model import TagState
from catalog.people.model import User
from catalog.sources.duckdb_file import DuckDbFileConnector
from crawler.crawl import Conduct, ask_for, carry_on, crawl
from crawler.report import Progress
from policy_engine.changing.apply import carry_out, prepare
from policy_engine.document.reading import load
from policy_engine.store import PolicyStore
from web_ui.app import create_app
from web_ui.parts import Parts, assemble
from web_ui.settings import Settings

DOCUMENT = """
veil: 1
sources: {file: {connector: duckdb, path: DATA}}
databases: {shop: {}, other: {}}
tags: {secret.note: {level: restricted}}
datasets:
  shop.t: {source: file, relation: main.t, columns: {note: {tags: [secret.note]}}}
roles: {analyst: {groups: [analysts]}}
policies:
  - {policy: a, grant: select, to: [analyst], scope: shop, having: not secret.note, why: notes are for nobody}
"""
TABLES = "".join(f"CREATE TABLE z{number} AS SELECT 1 AS c;" for number in range(2))
SCRIPT = f"""
CREATE TABLE t AS SELECT 7 AS id, 'SECRET' AS note;
CREATE VIEW a_view AS SELECT id, note AS remark FROM t;
CREATE VIEW b_view AS SELECT id, upper(remark) AS loud FROM a_view;
CREATE VIEW a_star AS SELECT columns('id|note') FROM t;
{TABLES}
"""
VIEWS = {"a_view", "b_view", "a_star"}


Seen = Callable[[], dict[str, set[str]]]
"""Asks as the analyst: the columns of every dataset that there is, as a query of all of it gives them."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "data.duckdb")) as engine:
        engine.execute(SCRIPT)
    return tmp_path / "data.duckdb"


@pytest.fixture
def parts(tmp_path: Path, data: Path) -> Iterator[Parts]:
    (tmp_path / "shop.yaml").write_text(DOCUMENT.replace("DATA", str(data)))
    home = Home.create(tmp_path / "home")
    with assemble(home, Settings()) as parts:
        PolicyStore(parts.catalog).init_home(by="t")
        apply(parts, tmp_path / "shop.yaml")
        parts.accounts.put_user(User(name="ana", groups=frozenset({"analysts"}), attributes={}))
        yield parts


@pytest.fixture
def seen(parts: Parts) -> Seen:
    client: flask.testing.FlaskClient = create_app(parts).test_client()
    token, _ = parts.tokens.create("ana", "test", timedelta(days=1))

    def ask() -> dict[str, set[str]]:
        found = {}
        for database, name in parts.datasets.names():
            asked = {"sql": f"select * from {database}.{name}", "format": "json"}
            answer = client.post("/api/v1/query", json=asked, headers={"Authorization": f"Bearer {token}"})
            assert "SECRET" not in answer.get_data(as_text=True)
            found[name] = {each["name"] for each in answer.get_json().get("columns", ())}
        return found

    return ask


def apply(parts: Parts, document: Path) -> None:
    carry_out(prepare(load([document]), parts.catalog, at=datetime.now(UTC)), parts.catalog, by="t")


class Looker:
    """Looks before each relation that a crawl comes to, and has enough at one of them."""

    def __init__(self, seen: Seen, most: int = 1_000) -> None:
        self.seen, self.most, self.looks = seen, most, list[dict[str, set[str]]]()

    def __call__(self, progress: Progress) -> None:
        self.looks.append(self.seen())

    def is_enough(self) -> bool:
        return len(self.looks) >= self.most


def assert_hidden(looks: list[dict[str, set[str]]]) -> None:
    """Whatever view is there has the tag wherever the note has gone; of one that is not clear nothing is shown."""
    assert all(look.get(view, set()) <= {"id"} for look in looks for view in VIEWS), looks


def test_a_view_is_there_with_its_tags_from_its_first_moment(parts: Parts, seen: Seen) -> None:
    looker = Looker(seen)
    report = crawl(parts.catalog, "file", into="shop", by="max", conduct=Conduct(on_progress=looker))
    assert_hidden([*looker.looks, seen()])
    assert len(looker.looks) == 6
    assert {each.name for each in report.crawled} == {f"shop.{name}" for name in seen()}
    assert {name: seen()[name] for name in VIEWS} == {"a_view": {"id"}, "b_view": {"id"}, "a_star": set()}


@pytest.mark.parametrize(
    ("most", "state"),
    [(2, RunState.PAUSED), (4, RunState.PAUSED), (5, RunState.PAUSED), (5, RunState.CANCELLED)],
)
def test_a_run_that_is_left_anywhere_leaves_no_view_without_its_tags(
    parts: Parts, seen: Seen, most: int, state: RunState
) -> None:
    looker, runs = Looker(seen, most), CrawlRuns(parts.catalog)
    run = ask_for(parts.catalog, "file", into="shop", by="max")
    conduct = Conduct(on_progress=looker, should_leave=looker.is_enough)
    if state is RunState.CANCELLED:
        conduct = Conduct(on_progress=looker, should_stop=looker.is_enough)
    carry_on(parts.catalog, run, conduct=conduct)
    assert_hidden([*looker.looks, seen()])
    assert (runs.run(run.id).state, len(looker.looks)) == (state if most < 6 else RunState.DONE, most)
    if runs.run(run.id).state is RunState.PAUSED:
        rest = Looker(seen)
        carry_on(parts.catalog, run, conduct=Conduct(on_progress=rest))
        assert_hidden([*rest.looks, seen()])
        assert seen().keys() >= VIEWS


def _unreadable(connector: DuckDbFileConnector) -> NoReturn:
    raise SourceUnavailable("the file is damaged")


def test_where_views_cannot_be_read_nothing_is_registered(
    parts: Parts, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(DuckDbFileConnector, "views", _unreadable)
        with pytest.raises(SourceUnavailable, match="what its views are made of cannot be read"):
            crawl(parts.catalog, "file", into="shop", by="max")
    assert seen().keys() == {"t"}

    def break_(progress: Progress) -> None:
        if progress.relation == "main.b_view":
            monkeypatch.setattr(DuckDbFileConnector, "views", _unreadable)
            monkeypatch.setattr("catalog.descent._FRESH_SECONDS", -1.0)

    with pytest.raises(SourceUnavailable, match="what its views are made of cannot be read"):
        crawl(parts.catalog, "file", into="shop", by="max", conduct=Conduct(on_progress=break_))
    assert_hidden([seen()])
    assert "a_view" in seen()
    assert "b_view" not in seen()
    [item] = CrawlRuns(parts.catalog).items(2, outcome="failed")
    assert (item.relation, item.reason[:40]) == ("main.b_view", "what its views are made of cannot be rea")


def test_a_view_that_is_made_anew_has_its_new_tags_before_a_crawl_looks_at_anything(
    parts: Parts, data: Path, seen: Seen
) -> None:
    change(data, "CREATE OR REPLACE VIEW a_view AS SELECT id, 'x' AS remark FROM t")
    crawl(parts.catalog, "file", into="shop", by="max")
    assert seen()["b_view"] == {"id", "loud"}
    change(data, "CREATE OR REPLACE VIEW a_view AS SELECT id, 'x' AS remark, note AS more FROM t")
    change(data, "CREATE OR REPLACE VIEW b_view AS SELECT id, upper(more) AS loud FROM a_view")
    looker = Looker(seen)
    crawl(parts.catalog, "file", into="shop", by="max", conduct=Conduct(on_progress=looker))
    assert all(look["b_view"] == {"id"} for look in [*looker.looks, seen()])
    assert seen()["a_view"] == {"id", "remark"}


def test_a_tag_comes_to_views_in_the_moment_in_which_it_comes_to_what_they_are_made_of(
    parts: Parts, tmp_path: Path, seen: Seen
) -> None:
    crawl(parts.catalog, "file", into="shop", by="max")
    parts.tags.confirm("shop.t", ("id",), "secret.note", by="max")
    assert {name: seen()[name] for name in VIEWS} == {name: set() for name in VIEWS}
    assert seen()["z0"] == {"c"}
    [standing] = parts.tags.assignments("shop.b_view", tag="secret.note", state=TagState.SUGGESTED)[:1]
    assert (standing.path, standing.evidence) == (("id",), "derives from `shop.t.id`")


@pytest.mark.parametrize(
    "entry",
    [
        "datasets: {shop.z0: {columns: {c: {tags: [secret.note]}}}}",
        "datasets: {shop.z0: {tags: [secret.note]}}",
        "datasets: {other.z0: {source: file, relation: main.z0, columns: {c: {tags: [secret.note]}}}}",
        "databases: {other: {tags: [secret.note]}}\ndatasets: {other.z0: {source: file, relation: main.z0}}",
    ],
)
def test_a_document_brings_tags_to_views_as_well(
    parts: Parts, data: Path, tmp_path: Path, seen: Seen, entry: str
) -> None:
    change(data, "CREATE VIEW c_view AS SELECT c + 1 AS d FROM z0; CREATE VIEW d_view AS SELECT d AS e FROM c_view")
    crawl(parts.catalog, "file", into="shop", by="max")
    assert (seen()["c_view"], seen()["d_view"]) == ({"d"}, {"e"})
    (tmp_path / "more.yaml").write_text(f"veil: 1\n{entry}\n")
    apply(parts, tmp_path / "more.yaml")
    assert (seen()["c_view"], seen()["d_view"]) == (set(), set())


def test_a_view_that_a_document_brings_has_its_tags_before_any_crawl(parts: Parts, tmp_path: Path, seen: Seen) -> None:
    (tmp_path / "more.yaml").write_text(
        "veil: 1\ndatasets:\n  shop.b_view: {source: file, relation: main.b_view}\n"
        "  shop.a_star: {source: file, relation: main.a_star}\n"
    )
    apply(parts, tmp_path / "more.yaml")
    assert seen() == {"t": {"id"}, "b_view": {"id"}, "a_star": set()}


@pytest.mark.parametrize(
    "entry",
    [
        "datasets: {shop.b_view: {columns: {loud: {tags: [TAG]}}}}",
        "datasets: {shop.b_view: {tags: [TAG]}}",
        "databases: {shop: {tags: [TAG]}}",
    ],
)
def test_what_a_document_takes_back_a_view_still_has_from_what_it_is_made_of(
    parts: Parts, tmp_path: Path, seen: Seen, entry: str
) -> None:
    brought = "datasets: {shop.b_view: {source: file, relation: main.b_view}}"
    said, unsaid = entry.replace("TAG", "secret.note"), entry.replace("TAG", "")
    for text in (said, brought, unsaid) if entry.startswith("databases") else (brought, said, unsaid):
        (tmp_path / "more.yaml").write_text(f"veil: 1\n{text}\n")
        apply(parts, tmp_path / "more.yaml")
    assert seen()["b_view"] == {"id"}
    assert [each.path for each in parts.tags.assignments("shop.b_view", tag="secret.note")] == [("loud",)]


def test_a_view_that_is_crawled_before_what_it_is_made_of_gets_its_tags_with_that(
    parts: Parts, data: Path, tmp_path: Path, seen: Seen
) -> None:
    mails = ", ".join(f"('user{number}@example.org')" for number in range(30))
    change(data, f"CREATE TABLE mails AS SELECT * FROM (VALUES {mails}) m(mail);")
    change(data, "CREATE VIEW c_view AS SELECT length(mail) AS n FROM mails")
    (tmp_path / "more.yaml").write_text(
        "veil: 1\ntags: {pii.email_address: {level: restricted}}\npolicies:\n"
        "  - {policy: a, grant: select, to: [analyst], scope: shop, why: x,"
        " having: not secret.note and not pii.email_address}\n"
    )
    apply(parts, tmp_path / "more.yaml")
    crawl(parts.catalog, "file", path="main.c_view", into="shop", by="max")
    assert seen()["c_view"] == {"n"}
    looker = Looker(seen)
    crawl(parts.catalog, "file", into="shop", by="max", conduct=Conduct(on_progress=looker))
    assert all((look["c_view"] == {"n"}) == ("mails" not in look) for look in looker.looks)
    assert seen()["c_view"] == set()


def change(data: Path, script: str) -> None:
    """Puts a changed file in its place, as whoever asks may still have the one that was there open."""
    other = Path(shutil.copy2(data, data.with_suffix(".new")))
    with duckdb.connect(str(other)) as engine:
        engine.execute(script)
    other.replace(data)
