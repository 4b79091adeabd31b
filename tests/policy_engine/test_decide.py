"""What decisions look like and why: plain SQL where policies agree, and the reasons people read."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from catalog.model import Column, Dataset
from catalog.people.model import Role
from policy_engine.judging.decide import decide
from policy_engine.model import Case, Decision, Effect, Outcome, Policy, PolicySet, Scope, Subject, TransformRule
from policy_engine.tag_expressions import parse
from policy_engine.telling.explain import told
from policy_engine.transforms.calls import parse_call

AT = datetime(2026, 5, 1, tzinfo=UTC)
ANALYST = Subject(user="demo", groups=frozenset({"General_Analysts", "demo"}))
ROLES = (Role(name="Analyst", groups=frozenset({"general_analysts"})),)


def column(name: str, kind: str = "VARCHAR", tags: str = "", *, suggested: str = "") -> Column:
    return Column(
        path=tuple(name.split(".")),
        type=kind,
        position=0,
        confirmed=frozenset(tags.split()),
        suggested=frozenset(suggested.split()),
    )


COSTS = Dataset(
    database="medical_charges",
    name="medical_costs",
    source="lake",
    relation="medical_costs.csv",
    columns=(
        column("mrn", tags="phi.mrn"),
        column("phone", tags="phi.phone_number"),
        column("age", "BIGINT"),
        column("charges", "DECIMAL(12,2)"),
        column("opted_out", "BIGINT"),
    ),
)


def policy(
    id: str,
    effect: Effect = Effect.GRANT,
    *,
    scope: Scope | None = None,
    having: str = "",
    transform: Sequence[tuple[str, str]] = (),
    where: str | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    enabled: bool = True,
) -> Policy:
    return Policy(
        id=id,
        effect=effect,
        roles=("analyst",),
        scope=scope or Scope(database="Medical_Charges"),
        having=parse(having) if having else None,
        transforms=tuple(TransformRule(tagged=parse(tag), call=parse_call(call)) for tag, call in transform),
        where=where,
        starts_at=starts_at,
        ends_at=ends_at,
        enabled=enabled,
    )


TUTORIAL = policy(
    "analysts-medical",
    having="not phi.phone_number",
    transform=[("phi.mrn", "tokenize()")],
    where="opted_out != 1",
)


def decided(*policies: Policy, dataset: Dataset = COSTS, subject: Subject = ANALYST, at: datetime = AT) -> Decision:
    return decide(subject, dataset, PolicySet(revision=7, policies=policies, roles=ROLES), at)


def outcomes(decision: Decision) -> dict[str, str]:
    return {item.name: item.transform or item.outcome.value for item in decision.columns}


def cases(decision: Decision, name: str) -> list[tuple[str, str]]:
    found = next(item for item in decision.columns if item.name == name)
    return [(case.when, case.call.name if case.call else "") for case in found.cases]


def test_the_tutorial_policy_needs_no_case_and_explains_itself() -> None:
    decision = decided(TUTORIAL)
    assert decision.revision == 7
    assert outcomes(decision) == {
        "mrn": "tokenize",
        "phone": "hidden",
        "age": "clear",
        "charges": "clear",
        "opted_out": "clear",
    }
    assert decision.columns[0].cases == (Case(when="", call=parse_call("tokenize()"), namespace="phi.mrn"),)
    assert decision.rows.filter == '"_row"."opted_out" <> 1'
    dataset = told(decision)
    assert dataset["columns"][0] == {
        "column": "mrn",
        "outcome": "masked",
        "transform": "tokenize",
        "policies": ["analysts-medical"],
        "reason": "masked for you by tokenize because policy `analysts-medical` transforms columns tagged `phi.mrn`",
    }
    assert "`analysts-medical` leaves out columns tagged `phi.phone_number`" in dataset["columns"][1]["reason"]
    assert dataset["rows"] == {
        "filtered": True,
        "policies": ["analysts-medical"],
        "reason": "only rows where `opted_out != 1` (policy `analysts-medical`)",
    }
    assert [item["column"] for item in told(decision, with_hidden=False)["columns"]] == [
        "mrn",
        "age",
        "charges",
        "opted_out",
    ]


def test_nothing_is_visible_without_a_grant() -> None:
    everything = [policy(effect.value, effect, where="age > 1") for effect in (Effect.RESTRICT, Effect.DENY)]
    for decision in (decided(), decided(*everything), decided(TUTORIAL, subject=Subject(user="x", groups=frozenset()))):
        assert not decision.is_visible
        assert decision.rows.filter == "FALSE"


def test_a_suggested_tag_hides_what_only_its_absence_would_show() -> None:
    doubtful = Dataset(
        database="medical_charges",
        name="d",
        source="s",
        relation="r",
        columns=(
            column("a", suggested="phi.phone_number"),
            column("b", suggested="phi.mrn"),
            column("opted_out", "BIGINT"),
        ),
    )
    assert outcomes(decided(TUTORIAL, dataset=doubtful)) == {"a": "hidden", "b": "tokenize", "opted_out": "clear"}
    shown_by_tag = policy("p", having="phi.mrn")
    assert not decided(shown_by_tag, dataset=doubtful).is_visible


def test_grants_with_other_rows_and_columns_do_not_combine() -> None:
    decision = decided(TUTORIAL, policy("old", scope=Scope(), where="age > 64"))
    assert cases(decision, "mrn") == [('"_row"."age" > 64', ""), ("", "tokenize")]
    assert cases(decision, "phone") == [('"_row"."age" > 64', "")]
    assert cases(decision, "charges") == [("", "")]
    assert decision.rows.filter == '("_row"."age" > 64) OR ("_row"."opted_out" <> 1)'
    assert outcomes(decision)["mrn"] == "clear or tokenize"
    assert outcomes(decision)["phone"] == "clear or null"


def test_different_transforms_of_equal_strength_show_nothing_where_they_meet() -> None:
    one = policy("one", transform=[("phi.mrn", "mask()")], where="age > 1")
    two = policy("two", transform=[("phi.mrn", "mask(char=>'*')")], where="age < 9")
    assert cases(decided(one, two), "mrn") == [
        ('("_row"."age" < 9) AND ("_row"."age" > 1)', "null"),
        ('"_row"."age" < 9', "mask"),
        ("", "mask"),
    ]


def test_a_grant_that_shows_nothing_opens_no_rows() -> None:
    nothing = policy("nothing", having="no.such_tag")
    assert decided(TUTORIAL, nothing).rows.filter == '"_row"."opted_out" <> 1'
    hidden_only = policy(
        "hidden", scope=Scope(database="medical_charges", dataset="medical_costs", columns=(("phone",),))
    )
    denied = policy("deny", Effect.DENY, having="phi.phone_number")
    assert decided(TUTORIAL, hidden_only, denied).rows.filter == '"_row"."opted_out" <> 1'


def test_a_filter_on_a_missing_column_gives_nothing() -> None:
    decision = decided(policy("p", where="consent = 1"))
    assert not decision.is_visible
    assert "names `consent`, which is not there" in decision.columns[0].reason


@pytest.mark.parametrize(
    "broken",
    [
        policy("r", Effect.RESTRICT, where="consent = 1"),
        policy("r", Effect.RESTRICT, where="this is no filter"),
        policy("r", Effect.RESTRICT, transform=[("not a.b", "tokenize()")]),
        policy(
            "r", Effect.RESTRICT, scope=Scope(database="medical_charges", dataset="medical_costs", columns=(("ssn",),))
        ),
        policy("r", Effect.DENY, scope=Scope(database="medical_charges", dataset="medical_costs", columns=(("ssn",),))),
    ],
    ids=["missing column", "unreadable", "type not accepted", "restricted column gone", "denied column gone"],
)
def test_a_restriction_that_cannot_be_applied_refuses_the_dataset(broken: Policy) -> None:
    decision = decided(TUTORIAL, broken)
    assert decision.broken == ("r",)
    assert decision.rows.filter == "FALSE"


def test_a_restriction_raises_what_grants_show() -> None:
    least = policy("least", Effect.RESTRICT, transform=[("phi.mrn", "mask()")])
    assert cases(decided(TUTORIAL, least), "mrn") == [("", "mask")]
    weaker = policy("weaker", Effect.RESTRICT, transform=[("phi.mrn", "mask(keep_last=>4)")])
    assert cases(decided(TUTORIAL, weaker), "mrn") == [("", "tokenize")]
    reason = decided(policy("all"), least).columns[0].reason
    assert reason == "masked for you by mask because policy `least` transforms columns tagged `phi.mrn`"


def test_a_restriction_of_equal_strength_and_another_form_leaves_nothing() -> None:
    grant = policy("p", transform=[("phi.mrn", "mask()")])
    assert cases(decided(grant, policy("r", Effect.RESTRICT, transform=[("phi.mrn", "mask()")])), "mrn") == [
        ("", "mask")
    ]
    other = policy("r", Effect.RESTRICT, transform=[("phi.mrn", "mask(char=>'*')")])
    assert cases(decided(grant, other), "mrn") == [("", "null")]


def test_a_suggested_tag_is_enough_to_take_away() -> None:
    doubtful = Dataset(
        database="medical_charges", name="d", source="s", relation="r", columns=(column("a", suggested="phi.mrn"),)
    )
    for taking in (
        policy("d", Effect.DENY, having="phi.mrn"),
        policy("r", Effect.RESTRICT, having="phi.mrn"),
        policy("t", Effect.RESTRICT, having="phi.mrn", transform=[("phi.mrn", "null()")]),
    ):
        assert outcomes(decided(policy("p"), taking, dataset=doubtful))["a"] in ("hidden", "null")
    assert (
        outcomes(decided(policy("p"), policy("d", Effect.DENY, having="not phi.mrn"), dataset=doubtful))["a"]
        == "hidden"
    )


def test_a_restriction_filters_rows_of_every_grant() -> None:
    decision = decided(TUTORIAL, policy("all"), policy("adults", Effect.RESTRICT, where="age > 17"))
    assert decision.rows.filter == '"_row"."age" > 17'
    assert decision.rows.policies == ("adults",)
    elsewhere = policy("adults", Effect.RESTRICT, having="no.such_tag", where="age > 17")
    assert decided(policy("all"), elsewhere).rows.filter == ""


@pytest.mark.parametrize("effect", [Effect.DENY, Effect.RESTRICT])
def test_a_denial_hides_whoever_grants(effect: Effect) -> None:
    decision = decided(policy("all"), policy("no", effect, having="phi.mrn or phi.phone_number"))
    assert outcomes(decision)["mrn"] == outcomes(decision)["phone"] == "hidden"
    assert decision.columns[0].policies == ("no",)
    assert not decided(policy("all"), policy("no", effect)).is_visible


def test_a_transform_that_does_not_accept_the_type_hides_the_column() -> None:
    decision = decided(policy("p", transform=[("not a.b", "tokenize()")]))
    assert outcomes(decision)["charges"] == "hidden"
    assert "cannot show a column of type DECIMAL(12,2)" in decision.columns[3].reason
    assert outcomes(decision)["age"] == "tokenize"


def test_a_policy_is_in_force_from_its_start_until_before_its_end() -> None:
    day = timedelta(days=1)
    assert decided(policy("p", starts_at=AT, ends_at=AT + day)).is_visible
    assert not decided(policy("p", starts_at=AT + day)).is_visible
    assert not decided(policy("p", ends_at=AT)).is_visible
    assert not decided(policy("p", enabled=False)).is_visible
    assert decided(policy("p", starts_at=datetime(2026, 5, 1))).is_visible


def test_tags_of_database_dataset_and_parents_are_inherited() -> None:
    tagged = Dataset(
        database="medical_charges",
        name="d",
        source="s",
        relation="r",
        columns=(column("a"),),
        confirmed=frozenset({"x.dataset"}),
        database_tags=frozenset({"X.Database"}),
    )
    assert decided(policy("p", having="x.dataset and x.database"), dataset=tagged).is_visible
    assert tagged.columns[0].confirmed == frozenset()
    assert decided(policy("p"), dataset=tagged).columns[0].tags == ("x.database", "x.dataset")


NESTED = Dataset(
    database="medical_charges",
    name="n",
    source="s",
    relation="r",
    columns=(
        column("id", "BIGINT"),
        column("contact", "STRUCT(phone VARCHAR, city VARCHAR)"),
        column("contact.phone", tags="phi.phone_number"),
        column("contact.city"),
    ),
)


DENIED = Scope(database="medical_charges", dataset="n", columns=(("contact", "phone"),))
CITY = Scope(database="medical_charges", dataset="n", columns=(("contact", "city"),))
MASKED = [("phi.phone_number", "mask()")]


@pytest.mark.parametrize(
    ("policies", "contact", "phone", "city"),
    [
        ([policy("p", having="not phi.phone_number")], "partly hidden", "hidden", "clear"),
        ([policy("p", transform=MASKED)], "partly masked", "mask", "clear"),
        ([policy("p"), policy("d", Effect.DENY, having="phi.phone_number")], "partly hidden", "hidden", "clear"),
        ([policy("p"), policy("r", Effect.RESTRICT, transform=MASKED)], "partly masked", "mask", "clear"),
        ([policy("p"), policy("d", Effect.DENY, scope=DENIED)], "partly hidden", "hidden", "clear"),
        ([policy("p", scope=CITY)], "partly hidden", "hidden", "clear"),
        ([policy("p", having="phi.phone_number")], "partly hidden", "clear", "hidden"),
        (
            [policy("p", where="id = 1", having="not phi.phone_number"), policy("q", where="id = 2")],
            "partly masked",
            "clear or null",
            "clear",
        ),
    ],
    ids=["having", "transform", "deny", "restrict", "denied by path", "granted by path", "only it", "on fewer rows"],
)
def test_fields_are_decided_each_for_itself(policies: list[Policy], contact: str, phone: str, city: str) -> None:
    decision = decided(*policies, dataset=NESTED)
    column = decision.columns[1]
    found = {part.name: part.transform or part.outcome.value for part in column.parts}
    assert outcomes(decision)["contact"] == contact
    assert found == {"contact.phone": phone, "contact.city": city}


def test_rows_on_which_all_of_a_struct_is_shown_alike_need_no_case_inside() -> None:
    decision = decided(policy("p", where="id = 1"), policy("q", where="id = 2", scope=CITY), dataset=NESTED)
    column = decision.columns[1]
    assert [case.when for case in column.cases] == [""]
    cases = {part.name: [case.when for case in part.cases] for part in column.parts}
    assert cases["contact.city"] == [""]
    [phone] = cases["contact.phone"]
    assert "= 1" in phone


DOCUMENT = Dataset(
    database="medical_charges",
    name="n",
    source="s",
    relation="r",
    columns=(column("id", "BIGINT"), column("doc", "JSON"), column("doc.mail", "JSON", tags="phi.phone_number")),
)


def test_nothing_can_be_left_out_of_a_document() -> None:
    assert outcomes(decided(policy("p"), dataset=DOCUMENT)) == {"id": "clear", "doc": "clear"}
    less = decided(policy("p", having="not phi.phone_number"), dataset=DOCUMENT)
    assert outcomes(less) == {"id": "clear", "doc": "hidden"}
    reason = "hidden from you because its field `doc.mail` is governed, and nothing can be left out of a JSON document"
    assert less.columns[1].reason == reason
    also = decided(
        policy("p"), policy("r", Effect.RESTRICT, transform=[("phi.phone_number", "hash()")]), dataset=DOCUMENT
    )
    assert outcomes(also) == {"id": "clear", "doc": "hidden"}


def test_a_column_whose_fields_are_all_clear_is_shown_and_one_may_be_nulled_whole() -> None:
    assert outcomes(decided(policy("p"), dataset=NESTED)) == {"id": "clear", "contact": "clear"}
    nulled = decided(policy("p", transform=[("not a.b", "null()")]), dataset=NESTED)
    assert outcomes(nulled) == {"id": "null", "contact": "null"}
    denied = policy("d", Effect.DENY, having="phi.phone_number")
    also = decided(policy("p", transform=[("not a.b", "null()")]), denied, dataset=NESTED)
    assert outcomes(also) == {"id": "null", "contact": "null"}


def test_hidden_columns_have_no_cases() -> None:
    for item in decided(TUTORIAL).columns:
        assert bool(item.cases) is (item.outcome is not Outcome.HIDDEN)
