"""What an approval gives of columns with fields: those that are there when it is looked at, none that comes later."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from catalog.access_requests import AccessRequest, Wanted
from catalog.model import Column, Dataset
from catalog.people.model import Role, User
from policy_engine.approvals import approval_name, is_exact
from policy_engine.judging.decide import decide
from policy_engine.live import Live
from policy_engine.model import AnyOf, Effect, HasTag, Not, Outcome, Policy, Scope, TransformCall
from policy_engine.profile import Path
from policy_engine.requests.proposal import Proposal, propose
from policy_engine.requests.request_policies import Terms
from policy_engine.subjects import subject_of

AT = datetime(2026, 6, 1, tzinfo=UTC)
END = AT + timedelta(days=9)
KIM = User(name="kim", groups=frozenset({"g"}))
KEY = ("shop", "people")

Fields = tuple[tuple[str, str], ...]

STRUCT: Fields = (("c", "STRUCT(town VARCHAR)"), ("c.town", "VARCHAR"))
LIST: Fields = (("c", "STRUCT(town VARCHAR)[]"), ("c.town", "VARCHAR"))
DEEP: Fields = (
    ("c", 'STRUCT(town VARCHAR, "in" STRUCT(a INTEGER)[])[]'),
    *(("c.town", "VARCHAR"), ("c.in", "STRUCT(a INTEGER)[]"), ("c.in.a", "INTEGER")),
)
MAP: Fields = (
    ("c", "MAP(VARCHAR, STRUCT(a INTEGER))"),
    *(("c.key", "VARCHAR"), ("c.value", "STRUCT(a INTEGER)"), ("c.value.a", "INTEGER")),
)
LATER: dict[str, tuple[Fields, Fields, Path]] = {
    "a struct": (STRUCT, (("c.card", "VARCHAR"),), ("c", "card")),
    "a list of structs": (LIST, (("c.card", "VARCHAR"),), ("c", "card")),
    "a struct in a list in a struct": (DEEP, (("c.in.card", "VARCHAR"),), ("c", "in", "card")),
    "a struct in a map": (MAP, (("c.value.card", "VARCHAR"),), ("c", "value", "card")),
    "a struct that comes": (STRUCT, (("c.more", "STRUCT(card VARCHAR)"), ("c.more.card", "VARCHAR")), ("c", "more")),
    "a text that becomes a struct": ((("c", "VARCHAR"),), (("c.card", "VARCHAR"),), ("c", "card")),
    "a field that becomes a struct": (STRUCT, (("c.town.card", "VARCHAR"),), ("c", "town", "card")),
    "a path of a document that is tagged": ((("c", "JSON"),), (("c.card", "JSON"),), ("c", "card")),
}


def _live(fields: Fields) -> Live:
    """A dataset of an `id` and these fields; what has others in it is a struct, if it says nothing else."""
    inside = {name.rpartition(".")[0] for name, _ in fields}
    columns = [Column(path=("id",), type="BIGINT", position=0)]
    for name, text in fields:
        is_plain = name in inside and text == "VARCHAR"
        type_text = "STRUCT(card VARCHAR)" if is_plain else text
        columns.append(Column(path=tuple(name.split(".")), type=type_text, position=len(columns)))
    people = Dataset(database="shop", name="people", source="s", relation="people.json", columns=tuple(columns))
    return Live(
        revision=1,
        datasets={KEY: people},
        roles={"r": Role(name="r", groups=frozenset({"g"}))},
        users={"kim": KIM},
        tags={},
    )


def _proposed(live: Live, wanted: Wanted, *columns: str, mask: str = "") -> Proposal:
    request = AccessRequest(
        id=7,
        user="kim",
        groups=frozenset({"g"}),
        database="shop",
        dataset="people",
        wanted=wanted,
        columns=columns,
        why="letters",
        asked_at=AT,
        ends_at=END,
    )
    return propose(request, Terms(ends_at=END, mask=TransformCall(name=mask) if mask else None), live, AT)


def _seen(proposal: Proposal, live: Live) -> set[Path]:
    """What the asker sees, under what was approved, of a dataset as it is by now."""
    decision = decide(subject_of(KIM), live.datasets[KEY], proposal.plan.after.policy_set, AT)
    fields = (field for column in decision.columns for field in (column, *column.nested))
    return {field.path for field in fields if field.outcome is not Outcome.HIDDEN}


@pytest.mark.parametrize("wanted", [Wanted.COLUMNS, Wanted.DATASET])
@pytest.mark.parametrize("change", LATER)
def test_a_field_that_comes_later_is_not_opened(change: str, wanted: Wanted) -> None:
    fields, more, late = LATER[change]
    live, later = _live(fields), _live((*fields, *more))
    proposal = _proposed(live, wanted, *(("c",) if wanted is Wanted.COLUMNS else ()))
    assert not proposal.refused_because
    assert {tuple(name.split(".")) for name, _ in fields} <= _seen(proposal, live)
    assert not {path for path in _seen(proposal, later) if path[: len(late)] == late}
    assert proposal.plan.id != _proposed(later, wanted, *(("c",) if wanted is Wanted.COLUMNS else ())).plan.id
    if change == "a path of a document that is tagged":
        assert ("c",) not in _seen(proposal, later), "nothing can be left out of a document"


@pytest.mark.parametrize("names", [("c",), ("c", "c.town"), ("c.in", "c.town"), ("C.IN.A", "c.town")])
def test_an_approval_names_the_innermost_fields_each_once(names: tuple[str, ...]) -> None:
    [policy] = _proposed(_live(DEEP), Wanted.COLUMNS, *names).plan.after.policies.values()
    assert policy.scope.columns == (("c", "town"), ("c", "in", "a"))


def test_a_struct_that_becomes_a_text_is_not_opened() -> None:
    proposal = _proposed(_live(STRUCT), Wanted.DATASET)
    assert _seen(proposal, _live((("c", "VARCHAR"),))) == {("id",)}


def test_an_approval_of_an_earlier_version_opens_no_field_of_a_column_that_it_names() -> None:
    old = Policy(
        id=approval_name(3, 1),
        effect=Effect.GRANT,
        roles=("r",),
        scope=Scope(database="shop", dataset="people", columns=(("id",), ("c",))),
    )
    for policy, seen in ((old, {("id",)}), (replace(old, id="open"), {("id",), ("c",), ("c", "town")})):
        live = replace(_live(STRUCT), policies={policy.id: policy})
        decision = decide(subject_of(KIM), live.datasets[KEY], live.policy_set, AT)
        fields = (field for column in decision.columns for field in (column, *column.nested))
        assert {field.path for field in fields if field.outcome is not Outcome.HIDDEN} == seen


def test_what_takes_away_under_such_a_name_covers_all_fields() -> None:
    scope = Scope(database="shop", dataset="people", columns=(("c",),))
    grant = Policy(id="open", effect=Effect.GRANT, roles=("r",), scope=Scope(database="shop"))
    denial = Policy(id=approval_name(3), effect=Effect.DENY, roles=("r",), scope=scope)
    live = replace(_live(STRUCT), policies={policy.id: policy for policy in (grant, denial)})
    decision = decide(subject_of(KIM), live.datasets[KEY], live.policy_set, AT)
    assert [column.path for column in decision.columns if column.outcome is not Outcome.HIDDEN] == [("id",)]
    assert (is_exact(denial), is_exact(replace(denial, effect=Effect.GRANT))) == (False, True)


def test_more_rows_are_of_the_columns_that_are_there() -> None:
    filtered = Policy(
        id="some",
        effect=Effect.GRANT,
        roles=("r",),
        scope=Scope(database="shop"),
        having=Not(HasTag("x")),
        where="id<9",
    )
    live = replace(_live(STRUCT), policies={"some": filtered})
    policies = _proposed(live, Wanted.ROWS).plan.after.policies
    assert policies["request 7"].scope.columns == (("id",), ("c", "town"))
    assert policies["request 7"].having == filtered.having


def test_a_mask_has_the_keys_of_tags_on_what_the_fields_are_in() -> None:
    live = _live(STRUCT)
    people = live.datasets[KEY]
    own = frozenset({"x"})
    columns = tuple(replace(each, confirmed=own) if each.name == "c" else each for each in people.columns)
    tagged = replace(people, columns=columns)
    live = replace(live, datasets={KEY: tagged})
    [policy] = _proposed(live, Wanted.COLUMNS, "c", mask="tokenize").plan.after.policies.values()
    [rule] = policy.transforms
    assert (policy.scope.columns, rule.tagged) == ((("c", "town"),), AnyOf((HasTag("x"), Not(HasTag("x")))))


def test_what_has_keys_in_place_of_fields_is_told() -> None:
    document: Fields = (("d", "JSON"), ("d.email", "JSON"))
    live = _live((*STRUCT, *document, ("m", "MAP(VARCHAR, VARCHAR)[]"), ("s", "STRUCT(j JSON)"), ("s.j", "JSON")))
    assert _proposed(live, Wanted.DATASET).keyed == ("d", "m", "s.j")
    assert _proposed(live, Wanted.COLUMNS, "c", "m").keyed == ("m",)
    assert _proposed(_live(MAP), Wanted.COLUMNS, "c.value").keyed == ("c",)
