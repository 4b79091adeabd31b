"""What the pages of data, tags, rules and crawlers cost on a large estate, as a browser gets them.

10,000 columns in 100 datasets, a suggestion for every second column by twenty rules, a crawl of 10,000 relations, 50
roles and 200 policies. The first look after a change works the estate out. The goal is 300 ms of processor time.
"""

import tempfile
import time
from pathlib import Path

from argon2 import PasswordHasher
from flask.testing import FlaskClient

from benchmarks.ground.estate import Size, estate, store
from benchmarks.ground.figures import figure
from catalog.crawl_runs import CrawlItem, CrawlRuns, RunState
from catalog.home import Home
from catalog.people.model import Role, User
from tests.web_ui.browsing import sign_in
from tests.web_ui.shop import PASSWORD
from veil.cli.homes import make_home
from web_ui.app import create_app
from web_ui.parts import Parts, assemble
from web_ui.settings import Settings

SIZE = Size(databases=10, datasets=10, columns=100, tags=100, roles=50, policies=200)
RELATIONS = 10_000
GOAL_MS = 300
PAGES = {
    "data": "/data",
    "data_search": "/data?search=email",
    "dataset": "/data/db0/table0",
    "tags": "/tags",
    "tags_of_a_rule": "/tags?rule=rule+7",
    "tags_far_down": "/tags?offset=4000",
    "tags_search": "/tags?state=&search=phone",
    "all_tags": "/tags/all",
    "rules": "/tags/rules",
    "tag_history": "/tags/history?dataset=db0.table0&column=name_0",
    "crawlers": "/crawls",
    "crawl": "/crawls/2",
    "crawl_failed": "/crawls/2?outcome=failed",
    "source": "/sources/lake",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        make_home(Path(folder))
        with assemble(Home.open(Path(folder)), Settings()) as parts:
            store(estate(SIZE), parts.catalog)
            _suggest(parts)
            for _ in range(2):
                _crawl(parts)
            _measure(parts, _browser(parts))


def _suggest(parts: Parts) -> None:
    """A suggestion by a rule for every second column that has none."""
    with parts.catalog.change() as tx:
        tx.execute(
            "INSERT OR IGNORE INTO assignment"
            " (dataset_id, path, tag_id, state, origin, rule, confidence, evidence, by, at)"
            " SELECT f.dataset_id, f.path, 1 + f.id % 100, 'suggested', 'rule', 'rule ' || (f.id % 20), 0.9,"
            " 'name says so', 'schedule', '2026-01-01T00:00:00.000000Z' FROM field f WHERE f.id % 2 = 0"
        )


def _crawl(parts: Parts) -> None:
    """A crawl that is over, of which a tenth could not be read."""
    runs = CrawlRuns(parts.catalog)
    run = runs.add("lake", by="ada")
    runs.begin(run.id)
    runs.list_items(
        run.id,
        (
            CrawlItem(
                position=number,
                relation=f"t{number + 10 * run.id}.parquet",
                name=f"t{number}",
                outcome="failed" if number % 10 == 0 else "found",
                reason="it is damaged" if number % 10 == 0 else "",
            )
            for number in range(RELATIONS)
        ),
    )
    runs.end(run.id, RunState.DONE)


def _browser(parts: Parts) -> FlaskClient:
    """Somebody who administers and has ten roles, signed in."""
    groups = frozenset({"admin", *(f"group{number * 5}" for number in range(10))})
    parts.accounts.put_user(
        User(name="ada", groups=groups, attributes={"region": "north"}, password_hash=PasswordHasher().hash(PASSWORD))
    )
    now = parts.policies.current()
    steward = Role(name="steward", groups=frozenset({"admin"}), capabilities=frozenset({"tag:assign"}))
    parts.policies.put(now.policies, (*now.roles, steward), by="bench", why="", difference="")
    client = create_app(parts).test_client()
    assert sign_in(client, "ada").status_code == 303
    return client


def _measure(parts: Parts, client: FlaskClient) -> None:
    """Each page as it is looked at first, and the best of five more looks."""

    def look(address: str) -> float:
        began = time.process_time()
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        return 1e3 * (time.process_time() - began)

    for name, address in PAGES.items():
        first, again = look(address), min(look(address) for _ in range(5))
        for what, spent in (("first", first), ("again", again)):
            figure("steward_pages", f"{name}_{what}_ms", spent, "ms", against="goal", ratio=spent / GOAL_MS)


if __name__ == "__main__":
    main()
