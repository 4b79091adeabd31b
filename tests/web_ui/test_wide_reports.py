"""Reports that look at many columns at once say what every decision says, looked at column by column."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from benchmarks.ground.estate import Size, estate, store
from catalog.home import Home
from catalog.model import Column, Dataset
from catalog.people.model import User
from policy_engine.circumstances import AT_MOST
from policy_engine.judging.decide import Judge, decide
from policy_engine.model import Effect, Outcome, Policy, Scope
from policy_engine.profile import profile
from policy_engine.subjects import fingerprint, holder_of
from policy_engine.telling.who import who
from tests.web_ui.browsing import sign_in
from tests.web_ui.shop import PASSWORD
from web_ui import request_stories
from web_ui.app import create_app
from web_ui.home.estate import Estates
from web_ui.pages import reports as pages
from web_ui.parts import Parts, assemble
from web_ui.reports.exposure import SENSITIVE
from web_ui.reports.kinds import answer, kind_of
from web_ui.reports.since import since
from web_ui.settings import Settings

SMALL = Size(databases=2, datasets=4, columns=30, tags=8, roles=6, policies=25)
NESTED = Dataset(
    database="db0",
    name="people",
    source="lake",
    relation="people.json",
    columns=(
        Column(path=("id",), type="BIGINT", position=0),
        Column(path=("home",), type="STRUCT(zip VARCHAR, street VARCHAR)", position=1),
        Column(path=("home", "zip"), type="VARCHAR", position=2, confirmed=frozenset({"pci.t2"})),
        Column(path=("home", "street"), type="VARCHAR", position=3, confirmed=frozenset({"phi.t1"})),
    ),
)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """An estate with fields in a column, a policy about columns by name, and one that cannot be applied."""
    live = estate(SMALL)
    named = Scope(database="db0", dataset="table0", columns=(("name_0",), ("email_0",)))
    policies = {
        **live.policies,
        "named": Policy(id="named", effect=Effect.GRANT, roles=("role1", "role2"), scope=named),
        "people": Policy(
            id="people", effect=Effect.GRANT, roles=("role3",), scope=Scope(database="db0", dataset="people")
        ),
        "broken": Policy(id="broken", effect=Effect.RESTRICT, roles=("role4",), scope=Scope(), where="ghost = 1"),
    }
    live = replace(live, policies=policies, datasets={**live.datasets, ("db0", "people"): NESTED})
    with assemble(Home.create(tmp_path_factory.mktemp("open") / "home"), Settings()) as made:
        store(live, made.catalog)
        now = made.policies.current()
        fewer = tuple(each for each in now.policies if each.id not in ("people", "named"))
        for chosen, difference in ((fewer, "- policy people"), (now.policies, "+ policy people")):
            made.policies.put(chosen, now.roles, by="ada", why="", difference=difference)
        yield made


def rows(parts: Parts) -> dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]]:
    """The roles and policies of each column, as the report has them."""
    report = answer(parts, Estates(parts), kind_of("unrestricted"), {}, subject=None).report
    named = [dict(zip(report.columns, row, strict=True)) for row in report.rows]
    return {(str(row["dataset"]), str(row["column"])): (row["roles"], row["policies"]) for row in named}  # type: ignore[misc]


def decided(parts: Parts) -> dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]]:
    levels = {tag.name for tag in parts.tags.tags() if tag.level in SENSITIVE}
    policies, found = parts.policies.current(), dict[tuple[str, str], list[tuple[str, tuple[str, ...]]]]()
    for role in policies.roles:
        for dataset in parts.datasets.datasets():
            decision = decide(holder_of(role), dataset, policies, parts.clock(), AT_MOST)
            for column in [inner for each in decision.columns for inner in (each, *each.nested)]:
                if column.outcome is Outcome.CLEAR and levels & set(column.tags) and not decision.broken:
                    found.setdefault((dataset.full_name, column.name), []).append((role.name, column.policies))
    return {
        key: (tuple(name for name, _ in seen), tuple(sorted({policy for _, each in seen for policy in each})))
        for key, seen in found.items()
    }


@pytest.mark.parametrize("thing", ["table0", "table0.name_0", "people", "people.home.zip", "people.home"])
def test_who_can_see_is_whoever_a_decision_shows_it_to(parts: Parts, thing: str) -> None:
    report = answer(parts, Estates(parts), kind_of("who-can-see"), {"thing": f"db0.{thing}"}, subject=None).report
    name, *column = thing.split(".", 1)
    dataset, policies, look = (
        parts.datasets.dataset("db0", name),
        parts.policies.current(),
        parts.visibility.every().get,
    )
    assert dataset is not None
    holders = who(dataset, column[0] if column else None, policies, parts.accounts.users(), parts.clock(), look)
    subjects = {role.name: holder_of(role) for role in policies.roles}
    known = since(subjects.values(), dataset, policies, parts.revisions, parts.clock(), look)
    told = [
        (each.name, each.sight.column, each.sight.outcome, known[fingerprint(subjects[each.name])][each.sight.column])
        for each in holders
    ]
    found = [dict(zip(report.columns, row, strict=True)) for row in report.rows]
    assert told
    assert [tuple(row[name] for name in ("name", "column", "outcome", "since")) for row in found] == told
    assert [row["policies"] for row in found] == [each.sight.policies for each in holders]
    assert len(report.rows) == len(told)


def test_each_column_is_there_with_who_sees_it_and_why(parts: Parts) -> None:
    found = rows(parts)
    assert found == decided(parts)
    assert "role3" in found["db0.people", "home.zip"][0]
    assert not any("role4" in roles for roles, _ in found.values())
    assert len(found) > 20


def test_what_was_remembered_of_datasets_may_be_forgotten(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "_capacity", 1)
    assert rows(parts) == decided(parts)


def test_what_a_role_is_told_to_see_are_the_first_of_its_columns(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_stories, "_MOST_COLUMNS", 2)
    policies, longest = parts.policies.current(), 0
    for dataset in parts.datasets.datasets():
        asked = {column.path for column in dataset.columns if column.name != "name_1"}
        for role in policies.roles:
            judged = Judge(holder_of(role), policies, parts.clock(), AT_MOST).judge(dataset)
            every = [(column, verdict) for column, _, verdict in judged.told]
            every += [(field.column, verdict) for field, verdict in judged.parts]
            shown: dict[str, list[str]] = {}
            for column, verdict in every:
                if verdict.outcome is not Outcome.HIDDEN and column.path in asked:
                    shown.setdefault(verdict.transform or "clear", []).append(column.name)
            longest = max(longest, *map(len, shown.values()), 0)
            assert request_stories._shown(judged, asked) == {how: tuple(names[:2]) for how, names in shown.items()}
    assert longest > 2


def test_a_cell_of_a_page_names_the_first_of_many(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_NAMES", 2)
    parts.accounts.put_user(User(name="ada", groups=frozenset({"admin", "auditor"})))
    parts.accounts.set_password("ada", PASSWORD)
    browser = create_app(parts).test_client()
    assert sign_in(browser, "ada").status_code == 303
    page = browser.get("/reports/unrestricted").get_data(as_text=True)
    told = [row["roles"] for row in browser.get("/api/v1/reports/unrestricted").get_json()["rows"]]
    assert max(map(len, told)) > 2
    for roles in told:
        cell = f"{roles[0]}, {roles[1]} and {len(roles) - 2} more" if len(roles) > 2 else ", ".join(roles)
        assert f"<td>{cell}</td>" in page
    assert "A cell has at most 2 names; CSV and JSON have all." in page
