"""What a document says and a plan tells is listed with who may say it or be told; what is not listed is withheld."""

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from catalog.errors import NotAllowed
from catalog.model import Column, Database, Dataset, Level
from catalog.people.model import Role, User
from policy_engine.capabilities import Rights
from policy_engine.changing import told_plan as telling
from policy_engine.changing.delegation import require_document
from policy_engine.changing.differences import Change
from policy_engine.changing.facts import Facts
from policy_engine.changing.impact import Alike, Impacts, Movement
from policy_engine.changing.notes import Note
from policy_engine.changing.plan import Plan, plan_between
from policy_engine.changing.row_counts import RowCount
from policy_engine.changing.told_plan import TOLD, told_notes, told_plan
from policy_engine.document.model import Document
from policy_engine.document.reading import SECTIONS, loads
from policy_engine.live import Live
from policy_engine.model import AnyOf, Effect, HasTag, Not, Policy, PolicySet, Scope, Subject

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DELEGATE = Subject(user="dee", groups=frozenset({"delegates"}))
STEWARD = Subject(user="sam", groups=frozenset({"stewards"}))
ADMIN = Subject(user="max", groups=frozenset({"admin"}))
AUDITOR = Subject(user="ada", groups=frozenset({"auditor"}))
ROLES = (
    Role(name="delegate", groups=frozenset({"delegates"}), capabilities=frozenset({"policy:write on shop"})),
    Role(name="steward", groups=frozenset({"stewards"}), capabilities=frozenset({"tag:assign on ops"})),
    Role(name="internal affairs", groups=frozenset({"g"})),
)
KNOWN_IMPACT = {
    *("kind", "name", "dataset", "columns", "movement", "before", "after"),
    *("is_filtered", "policies", "level", "when"),
}


def _rights(subject: Subject) -> Rights:
    return Rights(subject, PolicySet(revision=1, policies=(), roles=ROLES))


def _dataset(*tags: str, database: str = "lab") -> Dataset:
    column = Column(path=("pid",), type="VARCHAR", position=0, confirmed=frozenset(tags))
    return Dataset(database=database, name="trials", source="lake", relation="x.csv", columns=(column,))


def _live(*tags: str) -> Live:
    watch = Policy(
        id="fraud watch",
        effect=Effect.GRANT,
        roles=("internal affairs",),
        scope=Scope(),
        having=AnyOf((HasTag("ops.open"), HasTag("legal.open"))),
    )
    return Live(
        revision=7,
        databases={"lab": Database(name="lab")},
        datasets={("lab", "trials"): _dataset(*tags)},
        roles={role.name: role for role in ROLES},
        policies={"fraud watch": watch},
    )


def _plan(**other: Any) -> Plan:
    made = plan_between(_live("legal.hold"), _live("legal.hold", "ops.open"), at=NOW)
    return replace(made, **other)


def test_every_field_of_a_plan_and_of_what_is_in_it_has_its_rule() -> None:
    assert {each.name for each in fields(Plan)} == TOLD.keys()
    assert {each.name for each in fields(Alike)} == KNOWN_IMPACT, "say in told_plan how the new field is told"
    assert {each.name for each in fields(Change)} == {"sign", "kind", "name", "details"}
    whole = {"plan", "revision", "changes", "impact", "warnings", "drift", "rows"}
    assert _plan().as_json().keys() == whole, "no answer holds the states or facts by which a plan is carried out"


def test_a_field_that_nobody_listed_is_told_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Longer(Plan):
        secrets: tuple[str, ...] = ()

    monkeypatch.setattr(telling, "Plan", Longer)
    made = _plan()
    longer = Longer(**{each.name: getattr(made, each.name) for each in fields(Plan)}, secrets=("x",))
    with pytest.raises(KeyError):
        told_plan(longer, DELEGATE)


@pytest.mark.parametrize("subject", [DELEGATE, STEWARD], ids=["delegate", "steward"])
def test_kinds_that_nobody_listed_are_withheld(subject: Subject) -> None:
    changes = tuple(
        Change(sign="~", kind=kind, name="lab.trials", details=("zebra",))
        for kind in ("source", "database", "role", "user", "rule", "password", "a new kind")
    )
    notes = tuple(Note("zebra", kind=kind, name="x") for kind in ("", "variable", "dataset", "role", "a new kind"))
    impact = Alike(
        kind="a new kind",
        name="zebra",
        dataset="lab.trials",
        columns=("pid",),
        movement=Movement.GAINS,
        before="hidden",
        after="clear",
    )
    rows = (RowCount(kind="role", name="zebra", dataset="lab.trials"),)
    made = _plan(changes=changes, warnings=notes, drift=notes, impacts=Impacts([impact]), rows=rows)
    told = told_plan(made, subject)
    assert "zebra" not in str(told.as_json())
    assert told.difference == made.difference, "the record has every change, whoever made it"
    assert list(told_notes(notes, made, subject)) == []
    assert "zebra" in str(told_plan(made, ADMIN).as_json())


def test_a_plan_is_called_by_what_is_told_of_it() -> None:
    """A number that goes by what is withheld could be guessed at."""
    others = [plan_between(_live(tag), _live(tag, "ops.open"), at=NOW) for tag in ("legal.hold", "phi.mrn")]
    assert len({told_plan(each, STEWARD).id for each in others}) == 1
    assert len({told_plan(each, ADMIN).id for each in others}) == 2


def test_a_steward_is_told_their_tags_and_outcomes() -> None:
    [change] = told_plan(_plan(), STEWARD).changes
    assert change.details == ("tags of pid: (none) -> ops.open",)
    [impact] = told_plan(_plan(), STEWARD).impacts
    assert (impact.name, impact.dataset, impact.column, impact.after) == ("others", "lab.trials", "pid", "clear")
    assert impact.policies == ()
    [impact] = told_plan(_plan(), AUDITOR).impacts
    assert (impact.name, impact.policies) == ("internal affairs", ("fraud watch",))


def test_a_steward_is_told_what_rejecting_a_suggestion_does() -> None:
    """What is only suggested counts against opening, so without it somebody may gain."""
    seen = Policy(
        id="seen", effect=Effect.GRANT, roles=("internal affairs",), scope=Scope(), having=Not(HasTag("ops.x"))
    )
    column = replace(_dataset().columns[0], suggested=frozenset({"ops.x"}))
    sides = [replace(_dataset(), columns=(each,)) for each in (column, replace(column, suggested=frozenset()))]
    before, after = (replace(_live(), datasets={("lab", "trials"): side}, policies={"seen": seen}) for side in sides)
    change = Change(sign="~", kind="tag", name="ops.x on lab.trials.pid", details=("suggested -> rejected",))
    told = told_plan(replace(plan_between(before, after, at=NOW), changes=(change,)), STEWARD)
    assert [(each.name, each.column, each.movement) for each in told.impacts] == [("others", "pid", Movement.GAINS)]
    assert told.changes == (change,)


def test_of_columns_and_datasets_that_a_steward_did_not_name_nothing_is_told() -> None:
    def impact(dataset: str, column: str) -> Alike:
        return Alike(
            kind="role",
            name="internal affairs",
            dataset=dataset,
            columns=(column,),
            movement=Movement.LOSES,
            before="constant",
            after="hidden",
            level=Level.RESTRICTED,
            when="purpose is raid",
            is_filtered=True,
        )

    made = _plan(impacts=Impacts([impact("lab.trials", "salary"), impact("hr.staff", "pid")]))
    told = told_plan(made, STEWARD)
    [only] = told.impacts.first(9)
    assert (only.column, only.before, only.when, only.is_filtered, only.level) == (
        "*",
        "masked",
        "",
        False,
        Level.PUBLIC,
    )
    assert "told to administrators" in "".join(told.warnings)
    assert len(told_plan(made, AUDITOR).impacts) == 2


def test_roles_without_a_grant_where_a_delegate_oversees_are_others() -> None:
    """A role that shares a group with one of theirs moves along with it, whatever it is there for elsewhere."""
    told = set()
    for name in ("internal affairs", "ski club"):
        roles = (*ROLES[:2], Role(name="clerk", groups=frozenset({"g"})), Role(name=name, groups=frozenset({"g", "h"})))
        lab = Policy(id="lab", effect=Effect.GRANT, roles=(name,), scope=Scope(database="lab"))
        data = {**_live().datasets, ("shop", "trials"): _dataset(database="shop")}
        before = replace(_live(), datasets=data, roles={each.name: each for each in roles}, policies={"lab": lab})
        shop = Policy(id="shop", effect=Effect.GRANT, roles=("clerk",), scope=Scope(database="shop"))
        made = plan_between(before, replace(before, policies={"lab": lab, "shop": shop}), at=NOW)
        assert {impact.name for impact in told_plan(made, AUDITOR).impacts} == {"clerk", name}
        told |= {impact.name for impact in told_plan(made, DELEGATE).impacts}
        seen = replace(shop, id="seen", roles=(name,))
        other = plan_between(before, replace(before, policies={"lab": lab, "seen": seen}), at=NOW)
        assert name in {impact.name for impact in told_plan(other, DELEGATE).impacts}
    assert told == {"clerk", "others"}


def test_accounts_are_told_to_who_may_see_as_others() -> None:
    own = Policy(
        id="own", effect=Effect.GRANT, roles=("internal affairs",), scope=Scope(database="shop", dataset="x_${user}")
    )
    data = {("shop", f"x_{name}"): replace(_dataset(database="shop"), name=f"x_{name}") for name in ("zed", "yan")}
    for named in ("zed", "yan"):
        user = User(name=named, groups=frozenset({"g"}))
        before = replace(_live(), datasets=data, users={named: user}, policies={})
        made = plan_between(before, replace(before, policies={"own": own}), at=NOW)
        assert named in str(told_plan(made, ADMIN).as_json()["impact"])
        told = told_plan(made, DELEGATE)
        assert told.as_json()["impact"] == []
        assert "single accounts" in "".join(told.warnings), "which is said whether or not there are any"


def test_every_section_of_a_document_is_listed_or_takes_an_administrator() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Wider(Document):
        views: tuple[str, ...] = ()

    for subject in (DELEGATE, STEWARD):
        with pytest.raises(NotAllowed, match="home:administer"):
            require_document(_rights(subject), Wider(views=("v",)), subject.user)
    require_document(_rights(ADMIN), Wider(views=("v",)), ADMIN.user)
    assert {each.name for each in fields(Document)} == {*SECTIONS, "references"} - {"veil"}


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("datasets: {lab.trials: {}}", "dee"),
        ("datasets: {lab.trials: {columns: {pid: {tags: []}}}}", "dee"),
        ("datasets: {lab.trials: {comment: x}}", "dee sam"),
        ("datasets: {lab.trials: {columns: {pid: {tags: [ops.open, legal.hold]}}}}", "dee sam"),
        ("datasets: {lab.trials: {tags: [legal.hold]}}", "dee sam"),
        ("policies: [{policy: p, grant: select, to: [r], scope: lab}]", "dee sam"),
        ("policies: [{policy: p, grant: select, to: [r], scope: '*'}]", "dee sam"),
        (
            'policies: [{policy: p, grant: select, to: [r], scope: shop, where: "a in (select pid from lab.trials)"}]',
            "dee",
        ),
        ("tests: [{as: {user: zed}, dataset: shop.orders, rows: all}]", "dee sam"),
        ("tests: [{as: {groups: [g]}, dataset: lab.trials, rows: all}]", "dee sam"),
        ("roles: {r: {}}", "dee sam"),
        ("users: {zed: {}}", "dee sam"),
    ],
)
def test_what_is_not_theirs_to_say_is_refused_before_it_is_looked_up(text: str, who: str) -> None:
    for subject in (DELEGATE, STEWARD):
        if subject.user in who:
            with pytest.raises(NotAllowed):
                require_document(_rights(subject), loads(f"veil: 1\n{text}\n"), subject.user)
    require_document(_rights(ADMIN), loads(f"veil: 1\n{text}\n"), ADMIN.user)


def test_what_is_theirs_to_say_is_not_refused() -> None:
    for subject, text in (
        (DELEGATE, "policies: [{policy: p, grant: select, to: [r], scope: shop}]"),
        (DELEGATE, "tests: [{as: {user: DEE}, dataset: shop.orders, rows: all}]"),
        (DELEGATE, "tests: [{as: {groups: [g]}, dataset: shop.orders, rows: all}]"),
        (STEWARD, "datasets: {lab.trials: {tags: [ops.open], columns: {pid: {tags: []}}}}"),
    ):
        require_document(_rights(subject), loads(f"veil: 1\n{text}\n"), subject.user)
        with pytest.raises(NotAllowed, match="home:administer"):
            require_document(_rights(subject), loads(f"veil: 1\n{text}\n"), subject.user, prune=True)


def test_what_is_carried_out_stays_whole() -> None:
    made = replace(_plan(), facts=Facts(passwords={"zed": "x"}))
    told = told_plan(made, STEWARD)
    assert (told.before, told.after, told.facts) == (made.before, made.after, made.facts)
    assert told.difference == made.difference
