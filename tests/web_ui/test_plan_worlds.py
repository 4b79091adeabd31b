"""Two homes that differ in what somebody may not know answer that person's documents, statements and previews alike."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from catalog.journal.event import EventKind
from catalog.people.model import User
from policy_engine.changing.apply import carry_out, prepare
from policy_engine.document.reading import loads
from tests.web_ui.shop import open_shop
from web_ui.app import create_app
from web_ui.parts import Parts

WORLD = """
veil: 1
databases: {{lab: {{}}, labs: {{}}, {database}: {{}}}}
tags: {{ops.open: {{}}, legal.hold: {{}}, phi.mrn: {{}}}}
datasets:
  lab.trials:
    source: lake
    relation: orders.csv
    tags: [{tag}]
    columns: {{id: {{tags: [{tag}]}}, land: {{tags: [{tag}, ops.open]}}}}
  {database}.{dataset}: {{source: lake, relation: orders.csv, columns: {{id: {{tags: [{tag}]}}}}}}
roles:
  {role}: {{groups: [outsiders]}}
  delegate: {{groups: [delegates], capabilities: [policy:write on shop, policy:write on {near}]}}
  steward: {{groups: [stewards], capabilities: [tag:assign on ops]}}
policies:
  - {{policy: {policy}, grant: select, to: [{role}], scope: "*", having: ops.open, why: w, when: {{purpose: [raid]}},
     transform: [{{tagged: ops.open, with: "constant('{policy}')"}}]}}
  - {{policy: {policy} of rows, restrict: select, to: [clerk], scope: "*", where: id > {number}, why: w}}
"""
WORLDS = (
    {
        "database": "vault",
        "dataset": "gold",
        "tag": "legal.hold",
        "role": "internal affairs",
        "policy": "fraud watch",
        "why": "Falcon",
    },
    {
        "database": "attic",
        "dataset": "dust",
        "tag": "phi.mrn",
        "role": "ski club",
        "policy": "estate rule",
        "why": "Heron",
    },
)
SECRETS = {word for world in WORLDS for word in world.values()} | {"ceo", "raid", "top secret"}
EMPTY = '{"veil": 1}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One of the worlds, and what people ask of it."""

    parts: Parts
    headers: dict[str, dict[str, str]]

    def plan(self, user: str, text: str, verb: str = "plan") -> TestResponse:
        return self._post(user, f"policies/{verb}", data=f"veil: 1\n{text}\n", content_type="application/yaml")

    def give(self, user: str, statement: str) -> TestResponse:
        return self._post(user, "ddl", json={"statement": statement})

    def preview(self, user: str, text: str, who: dict[str, object], on: str) -> TestResponse:
        return self._post(user, "policies/preview", json={"document": f"veil: 1\n{text}\n", "as": who, "on": on})

    def _post(self, user: str, path: str, **body: Any) -> TestResponse:
        client = create_app(self.parts).test_client()
        return client.post(f"/api/v1/{path}", headers=self.headers[user], **body)


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, ...]]:
    with contextlib.ExitStack() as stack:
        yield tuple(
            stack.enter_context(_home(tmp_path_factory.mktemp("world"), number, said))
            for number, said in enumerate(WORLDS)
        )


@contextlib.contextmanager
def _home(folder: Path, number: int, said: dict[str, str]) -> Iterator[Home]:
    with open_shop(folder) as parts:
        groups = ("union members", "chess club")[number]
        clearance = ("top secret", "none")[number]
        for name, own in (("dee", "delegates"), ("sam", "stewards"), ("hana", "admin")):
            parts.accounts.put_user(User(name=name, groups=frozenset({own})))
        zed = User(
            name=("zed", "yan")[number], groups=frozenset({"clerks", groups}), attributes={"clearance": clearance}
        )
        parts.accounts.put_user(zed)
        parts.accounts.put_user(User(name="kim", groups=frozenset({"clerks", groups}), attributes=zed.attributes))
        text = WORLD.format(**said, number=number, near=said["database"][:-1] + "x")
        later = f"veil: 1\ndatasets: {{lab.trials: {{comment: c{number}}}}}\n"
        for document, why in ((text, "opens"), (later, said["why"])):
            plan = prepare(loads(document, folder=folder), parts.catalog, at=parts.clock())
            carry_out(plan, parts.catalog, by=("ceo", "intern")[number], why=why)
        people = ("dee", "sam", "max", "ada", "hana")
        tokens = {user: parts.tokens.create(user, "t", timedelta(days=1))[0] for user in people}
        yield Home(parts=parts, headers={user: {"Authorization": f"Bearer {text}"} for user, text in tokens.items()})


def _alike(answers: list[TestResponse], asked: str = "", *, status: int | None = None) -> dict[str, Any]:
    """What two homes answered, which must be one answer, but for the numbers that each question gets."""
    told = [{**answer.get_json(), "decision_id": "", "instance": ""} for answer in answers]
    assert [answer.status_code for answer in answers] == [status or answers[0].status_code] * len(answers), told
    assert told[0] == told[1]
    found = {word for word in SECRETS for text in map(str, told) if word in text}
    assert found <= {word for word in SECRETS if word in asked}, told
    return told[0]


def _dataset(name: str, said: str) -> str:
    return f"datasets: {{{name}: {said}}}"


DATASETS = [
    *(_dataset(name, "{}") for name in ("vault.gold", "attic.dust", "lab.trials", "no.such")),
    *(
        _dataset("lab.trials", f"{{columns: {{{column}: {{tags: [{tags}]}}}}}}")
        for column in ("id", "nope")
        for tags in ("", "legal.hold", "phi.mrn")
    ),
    *(
        _dataset("lab.trials", said)
        for said in ("{comment: c0}", "{comment: c1}", "{source: lake, relation: x.csv}", "{tags: []}")
    ),
]
"""What somebody says of datasets who may tag nothing."""


@pytest.mark.parametrize("verb", ["plan", "apply"])
@pytest.mark.parametrize("text", DATASETS)
def test_a_delegate_enumerates_no_dataset_column_or_tag(homes: tuple[Home, ...], text: str, verb: str) -> None:
    _alike([home.plan("dee", text, verb) for home in homes], text, status=403)


@pytest.mark.parametrize("text", DATASETS)
def test_nor_by_a_preview(homes: tuple[Home, ...], text: str) -> None:
    _alike([home.preview("dee", text, {"role": "clerk"}, "shop.orders") for home in homes], text, status=403)


@pytest.mark.parametrize(
    "text",
    [
        *(
            f"policies: [{{policy: p, grant: select, to: [clerk], scope: {scope}, why: w}}]"
            for scope in ("vault", "attic.dust", "'*'")
        ),
        *(
            f'policies: [{{policy: p, grant: select, to: [boss], scope: shop, where: "id in (select {name})"}}]'
            for name in ("id from vault.gold", "nope from vault.gold", "id from attic.dust", "id from no.such")
        ),
        *(
            f'policies: [{{policy: {name}, grant: select, to: [boss], scope: "*", why: they own it}}]'
            for name in ("bosses", "x")
        ),
        "sources: {lake: {connector: files, path: /x}}",
        "rules: [{name: r, tag: legal.hold, column_name: x}]",
        "databases: {vault: {}}",
        "users: {zed: {}}",
        "roles: {internal affairs: {}}",
    ],
)
def test_what_a_delegate_may_not_write_is_refused_unread(homes: tuple[Home, ...], text: str) -> None:
    _alike([home.plan("dee", text) for home in homes], text, status=403)


def test_pruning_names_nothing_that_would_be_pruned(homes: tuple[Home, ...]) -> None:
    for text in ("policies: [{policy: p, grant: select, to: [clerk], scope: shop, why: w}]", "tags: {}"):
        _alike([home.plan("dee", text, "plan?prune=true") for home in homes], text, status=403)


@pytest.mark.parametrize(
    "lookup",
    ["id in (select id from vault.gold)", "id in (select nope from attic.dust)", "id in (select id from no.x)"],
)
def test_statements_that_look_into_other_databases_are_refused_unread(homes: tuple[Home, ...], lookup: str) -> None:
    for verb in ("GRANT SELECT ON TABLE shop.orders TO", "REVOKE SELECT ON TABLE shop.orders FROM"):
        statement = f"{verb.rpartition(' ')[0]} WHERE {lookup} {verb.rpartition(' ')[2]} ROLE clerk"
        _alike([home.give("dee", statement) for home in homes], statement, status=403)


PROBES = [
    "",
    *(f"when: {{attribute: {{clearance: ['{value}']}}}}" for value in ("top secret", "none")),
    *(f"when: {{group: ['{group}']}}" for group in ("union members", "chess club")),
]


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("user", ["zed", "yan", "kim", "nobody"])
def test_a_test_tells_nothing_of_an_account(homes: tuple[Home, ...], user: str, probe: str) -> None:
    policy = f"policies: [{{policy: probe, grant: select, to: [clerk], scope: shop.orders(card), why: w, {probe}}}]"
    test = f"{policy}\ntests: [{{as: {{user: {user}}}, dataset: shop.orders, sees: {{card: clear}}}}]"
    told = [home.plan("dee", test).get_json() for home in homes]
    assert [each["code"] for each in told] == ["not_allowed"] * 2
    assert told[0]["detail"] == told[1]["detail"]
    assert "`subject:impersonate`" in str(told[0]["detail"])
    _alike([home.preview("dee", policy, {"user": user}, "shop.orders") for home in homes], policy, status=403)


def test_one_is_somebody_whom_one_may_test(homes: tuple[Home, ...]) -> None:
    tests = (
        "{as: {user: dee}, dataset: shop.orders, rows: none}",
        "{as: {groups: [g]}, dataset: shop.orders, rows: all}",
    )
    test = f"tests: [{', '.join(tests)}]"
    told = _alike([home.plan("dee", test) for home in homes], test, status=200)
    assert "`dee on shop.orders`" not in str(told["warnings"])
    assert "`g on shop.orders`" in str(told["warnings"])
    own = "tests: [{as: {user: kim}, dataset: shop.orders, sees: {card: hidden}}]"
    assert {home.plan("max", own).status_code for home in homes} == {200}


@pytest.mark.parametrize("policy", ["fraud watch of rows", "estate rule of rows", "no such"])
def test_a_test_names_no_policy_that_is_not_theirs_to_read(homes: tuple[Home, ...], policy: str) -> None:
    test = f"tests: [{{as: {{groups: [clerks]}}, dataset: shop.orders, rows: filtered, because: [{policy}]}}]"
    told = [home.plan("dee", test).get_json()["warnings"] for home in homes]
    assert told[0] == told[1]
    assert "because" in str(told[0])
    assert "because" not in str(homes[0].plan("dee", test.replace(policy, "clerks")).get_json()["warnings"])
    administrators = ["because" in str(home.plan("max", test).get_json()["warnings"]) for home in homes]
    assert administrators.count(False) == (0 if policy == "no such" else 1)


def test_a_warning_suggests_no_database_that_is_not_theirs(homes: tuple[Home, ...]) -> None:
    for home, world in zip(homes, WORLDS, strict=True):
        near = world["database"][:-1] + "x"
        text = f"policies: [{{policy: p, grant: select, to: [clerk], scope: {near}, why: w}}]"
        [warning] = home.plan("dee", text).get_json()["warnings"]
        assert warning == f"policy `p`: there is no database `{near}` yet"
        assert f"`{world['database']}`" in str(home.plan("max", text).get_json()["warnings"])


def test_administrators_are_told_all(homes: tuple[Home, ...]) -> None:
    text = _dataset("lab.trials", "{columns: {email: {tags: [ops.open]}}}")
    for home, world in zip(homes, WORLDS, strict=True):
        told = home.plan("max", text).get_json()
        assert world["role"] in str(told["impact"])
        assert world["why"] in str(told["drift"])


STEWARDS = [
    _dataset("lab.trials", "{columns: {id: {tags: [ops.open]}}}"),
    _dataset("lab.trials", "{columns: {id: {tags: []}}}"),
    _dataset("lab.trials", "{columns: {land: {tags: []}}}"),
    _dataset("lab.trials", "{tags: [ops.open]}"),
    _dataset("lab.trials", "{tags: [], columns: {land: {tags: [ops.open]}}}"),
    _dataset("lab.trials", "{columns: {nope: {tags: [ops.open]}}}"),
    _dataset("lab.trials", "{columns: {id: {tags: [ops.open, legal.hold]}}}"),
    _dataset("lab.trials", "{columns: {id: {tags: [phi.mrn]}}}"),
    _dataset("lab.trials", "{columns: {id: {tags: [legal.hold]}}}"),
    _dataset("lab.trials", "{tags: [phi.mrn]}"),
    _dataset("lab.trials", "{comment: c0}"),
    _dataset("lab.trials", "{comment: c1, tags: [ops.open]}"),
]


@pytest.mark.parametrize("text", STEWARDS)
def test_a_steward_is_told_of_their_tags_and_of_nobody(homes: tuple[Home, ...], text: str) -> None:
    _alike([home.plan("sam", text) for home in homes], text)


def test_what_a_steward_does_leaves_the_tags_of_others(homes: tuple[Home, ...]) -> None:
    for verb in ("plan", "apply"):
        text = _dataset(
            "lab.trials", "{columns: {id: {tags: [ops.open]}, email: {tags: [ops.open]}, land: {tags: []}}}"
        )
        told = _alike([home.plan("sam", text, verb) for home in homes], text, status=200)
        assert told["drift"] == []
        [change] = told["changes"]
        assert change["details"] == [
            "tags of id: (none) -> ops.open",
            "tags of email: (none) -> ops.open",
            "tags of land: ops.open -> (none)",
        ]
        who = {(each["role"], each["dataset"], each["column"], each["after"]) for each in told["impact"]}
        assert who == {("others", "lab.trials", "email", "masked"), ("others", "lab.trials", "land", "hidden")}
    for home, world in zip(homes, WORLDS, strict=True):
        dataset = home.parts.datasets.dataset("lab", "trials")
        assert dataset is not None
        assert dataset.confirmed == {world["tag"]}
        tags = {column.name: column.confirmed for column in dataset.columns}
        assert tags["id"] == {world["tag"], "ops.open"}
        assert tags["land"] == {world["tag"]}
        [own] = home.parts.journal.search(kind=EventKind.DOCUMENT_APPLY, user="sam")
        assert own.details["difference"] == ["~ dataset lab.trials"]
        whole = home.plan("max", _dataset("lab.trials", "{columns: {id: {tags: []}}}")).get_json()
        assert world["tag"] in str(whole["changes"]), "who administers speaks of all tags"


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE lab.trials ADD COLUMN ATTRIBUTE email ops.open",
        "ALTER TABLE lab.trials DROP COLUMN ATTRIBUTE land ops.open",
        "ALTER TABLE lab.trials DROP ATTRIBUTE ops.open",
        "ALTER TABLE lab.trials DROP COLUMN ATTRIBUTE id legal.hold",
        "ALTER TABLE lab.trials ADD COLUMN ATTRIBUTE id phi.mrn",
    ],
)
def test_a_steward_is_told_so_by_statements(homes: tuple[Home, ...], statement: str) -> None:
    _alike([home.give("sam", statement) for home in homes], statement)


def test_no_source_is_looked_at_for_a_steward(homes: tuple[Home, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    def described(*_: object) -> object:
        raise AssertionError("a source was asked")

    monkeypatch.setattr("catalog.registry.connect", described)
    for home in homes:
        assert home.plan("sam", _dataset("lab.trials", "{columns: {nope: {tags: [ops.open]}}}")).status_code == 422


def test_rows_are_counted_for_nobody_who_may_not_make_the_change(homes: tuple[Home, ...]) -> None:
    text = "policies: [{policy: clerks, grant: select, to: [clerk], scope: shop, where: id > 3, why: w}]"
    for home in homes:
        now = home.parts.policies.current()
        keeper = _keeper(home.parts)
        asked = home.plan("hana", text, "plan?rows=true")
        assert (asked.status_code, asked.get_json()["rows"] != []) == (200, True)
        counted = len(home.parts.journal.search(kind=EventKind.METADATA_READ, limit=1000))
        refused = Home(parts=home.parts, headers={"keep": keeper}).plan("keep", text, "plan?rows=true")
        assert refused.status_code == 403
        assert len(home.parts.journal.search(kind=EventKind.METADATA_READ, limit=1000)) == counted
        home.parts.policies.put(now.policies, now.roles, by="test", why="", difference="")


def _keeper(parts: Parts) -> dict[str, str]:
    """Somebody who administers and writes no policies."""
    parts.accounts.put_user(User(name="keep", groups=frozenset({"keepers"})))
    plan = prepare(
        loads("veil: 1\nroles: {keeper: {groups: [keepers], capabilities: [home:administer]}}\n"),
        parts.catalog,
        at=parts.clock(),
    )
    carry_out(plan, parts.catalog, by="test", why="")
    return {"Authorization": f"Bearer {parts.tokens.create('keep', 't', timedelta(days=1))[0]}"}
