"""With `explain = "brief"` two shops, of which one has fields and columns more that are hidden, answer alike."""

import base64
import contextlib
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import flask
import pytest

from policy_engine.changing.apply import carry_out, prepare
from policy_engine.document.reading import loads
from tests.web_ui.browsing import sign_in
from tests.web_ui.shop import open_shop
from web_ui.app import create_app
from web_ui.settings import QuerySettings, Settings

COLUMNS = {
    "whole": "STRUCT(x INTEGER{})",
    "deep": "STRUCT(y STRUCT(x INTEGER{}), z INTEGER)",
    "many": "STRUCT(x INTEGER{})[]",
    "masked": "STRUCT(m VARCHAR, x INTEGER{})",
}
HIDDEN = ("whole.b", "deep.y.b", "many.b", "masked.b", "ref")
DOCUMENT = """
veil: 1
sources: {{more: {{connector: duckdb, path: {file}}}}}
databases: {{lab: {{}}}}
tags: {{ops.hide: {{}}}}
datasets: {{lab.trials: {{source: more, relation: main.trials, columns: {columns}}}}}
policies:
  - {{policy: trials, grant: select, to: [clerk], scope: lab, having: not ops.hide, why: w,
     transform: [{{tagged: pii.email, with: redact()}}]}}
"""
QUERIES = (
    "select * from lab.trials",
    "select whole, deep.y from lab.trials where whole = {'x': 1} or deep.y.x > 3",
    "select masked from lab.trials where masked = {'m': 'a', 'x': 1}",
    "describe lab.trials",
    "select whole.b from lab.trials",
    "select ref from lab.trials",
    "explain select whole, masked from lab.trials",
)
ROUTES = (
    "datasets",
    "datasets?access=masked",
    "datasets?access=clear",
    "datasets/lab/trials",
    "home",
    "audit/events",
    "audit/events?column=lab.trials.whole",
    "audit/events?column=lab.trials.whole.x",
    "audit/events?column=lab.trials.masked.m",
    "audit/events?text=whole%3Dmasked",
    "audit/events?text=whole%3Dclear",
    "audit/events?text=masked.m%3D",
    "audit/events?policy=trials",
)
PAGES = ("/data", "/data/lab/trials", "/query/names", "/requests/new?dataset=lab.trials")


@contextlib.contextmanager
def _shop(folder: Path, *, is_more: bool, explain: str = "brief") -> Iterator[flask.Flask]:
    settings = Settings(query=QuerySettings(explain=explain))  # type: ignore[arg-type]
    with open_shop(folder, settings) as parts:
        file = folder / "data" / "more.duckdb"
        more = ", b VARCHAR" if is_more else ""
        with duckdb.connect(str(file)) as made:
            columns = [f"{name} {kind.format(more)}" for name, kind in COLUMNS.items()]
            made.execute(f"CREATE TABLE trials ({', '.join([*columns, *(['ref VARCHAR'] if is_more else [])])})")
        tags = {name: {"tags": ["ops.hide"]} for name in HIDDEN} if is_more else {}
        text = DOCUMENT.format(file=file, columns=json.dumps({**tags, "masked.m": {"tags": ["pii.email"]}}))
        carry_out(
            prepare(loads(text, folder=folder), parts.catalog, at=parts.clock()), parts.catalog, by="max", why="w"
        )
        app = create_app(parts)
        app.config["tokens"] = {user: parts.tokens.create(user, "t", timedelta(days=1))[0] for user in ("kim", "ada")}
        yield app


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[flask.Flask, ...]]:
    with contextlib.ExitStack() as stack:
        yield tuple(
            stack.enter_context(_shop(tmp_path_factory.mktemp("shop"), is_more=is_more)) for is_more in (False, True)
        )


def _post(app: flask.Flask, path: str, user: str = "kim", **body: object) -> Any:
    header = {"Authorization": f"Bearer {app.config['tokens'][user]}"}
    return app.test_client().post(f"/api/v1/{path}", headers=header, json=body, buffered=True)


def _get(app: flask.Flask, path: str, user: str = "kim") -> Any:
    header = {"Authorization": f"Bearer {app.config['tokens'][user]}"}
    return app.test_client().get(f"/api/v1/{path}", headers=header)


def _told(text: str) -> str:
    """A text without what differs between any two answers: ids, moments and how long something took."""
    text = re.sub(r'\b[0-9a-f]{32}\b|"ms": ?\d+|\d+ ms|name="csrf_token" value="[^"]*"', "", text)
    text = re.sub(r"\b[0-9a-f]{12}\b|\d{4}-\d\d-\d\d[T ][\d:.+Z]+(Z|\+\d\d:\d\d)?|\d\d:\d\d(:\d\d)?", "", text)
    return re.sub(r'"(hash|previous_hash|seq|before|token|client|started)": ?"?[\w.]*"?', "", text)


@pytest.mark.parametrize("sql", QUERIES)
def test_queries_and_explanations(shops: tuple[flask.Flask, ...], sql: str) -> None:
    for path, body in (("query", {"sql": sql, "format": "json"}), ("explain", {"sql": sql})):
        one, other = (_post(app, path, **body) for app in shops)
        assert one.status_code == other.status_code
        assert _told(one.text) == _told(other.text)
        access = [json.dumps(_decoded(answer.headers.get("Veil-Access", ""))) for answer in (one, other)]
        assert _told(access[0]) == _told(access[1])
        assert not re.search(r"partly hidden|without some", other.text)


def _decoded(header: str) -> object:
    return json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))) if header else None


@pytest.mark.parametrize("route", ROUTES)
def test_lists_descriptions_and_the_own_journal(shops: tuple[flask.Flask, ...], route: str) -> None:
    for app in shops:
        assert _post(app, "query", sql="select * from lab.trials", format="json").status_code == 200
    one, other = (_get(app, route) for app in shops)
    assert (one.status_code, other.status_code) == (200, 200)
    assert _told(one.text) == _told(other.text)


@pytest.mark.parametrize("page", PAGES)
def test_pages(shops: tuple[flask.Flask, ...], page: str) -> None:
    texts = []
    for app in shops:
        client = app.test_client()
        sign_in(client, "kim")
        texts.append(_told(client.get(page).text))
    assert texts[0] == texts[1]
    assert "partly hidden" not in texts[1]


def test_what_is_hidden_stays_so_and_auditors_are_told_of_it(shops: tuple[flask.Flask, ...]) -> None:
    _, more = shops
    described = {each["column"]: each for each in _get(more, "datasets/lab/trials").get_json()["columns"]}
    assert (described["whole"]["outcome"], described["whole"]["type"]) == ("clear", 'STRUCT("x" INTEGER)')
    assert described["deep"]["type"] == 'STRUCT("y" STRUCT("x" INTEGER), "z" INTEGER)'
    assert (described["many"]["outcome"], described["many"]["type"]) == ("clear", 'STRUCT("x" INTEGER)[]')
    assert (described["masked"]["outcome"], described["masked"]["transform"]) == ("masked", "partly masked")
    answer = _post(more, "query", sql="select whole, many, deep from lab.trials", format="json").get_json()
    assert "b" not in re.findall(r"\w+", json.dumps(answer["columns"]))
    assert _post(more, "query", sql="select whole.b from lab.trials", format="json").status_code == 422
    [event, *_] = _get(more, "audit/events?kind=query:begin&user=kim&limit=1", "ada").get_json()["events"]
    assert {"lab.trials.whole=masked", "lab.trials.whole.b=hidden", "lab.trials.ref=hidden"} <= set(event["columns"])
    for text, count in (("trials.whole%3Dmasked", True), ("trials.whole%3Dclear", False)):
        found = _get(more, f"audit/events?kind=query:begin&text={text}", "ada").get_json()["count"]
        assert bool(found) is count, text


def test_told_in_full_a_struct_says_what_it_lacks(tmp_path: Path) -> None:
    with _shop(tmp_path, is_more=True, explain="full") as app:
        described = {each["column"]: each for each in _get(app, "datasets/lab/trials").get_json()["columns"]}
        assert (described["whole"]["outcome"], described["whole"]["transform"]) == ("masked", "partly hidden")
        told = _post(app, "explain", sql="select whole from lab.trials").get_json()
        assert "struct_pack" in told["sql"]
