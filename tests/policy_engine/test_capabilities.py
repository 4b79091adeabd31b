"""What somebody may do besides reading data, and what a change of the live state takes."""

from dataclasses import replace

import pytest

from catalog.errors import NotAllowed, PolicyInvalid
from catalog.model import Column, Dataset, Tag
from catalog.people.model import Role
from policy_engine.capabilities import Action, Capability, Rights, parse, scopes_within
from policy_engine.changing.delegation import demands, require_change
from policy_engine.live import Live
from policy_engine.model import Effect, Policy, PolicySet, Scope, Subject

STEWARD = Role(
    name="steward",
    groups=frozenset({"Stewards"}),
    capabilities=frozenset({"policy:write on medical_charges", "tag:assign on phi", "audit:read on medical_charges"}),
)
POLICIES = PolicySet(revision=1, policies=(), roles=(STEWARD,))
NARROW = Subject(user="kim", groups=frozenset({"kim", "admin"}), scopes=frozenset())


def _rights(*groups: str) -> Rights:
    return Rights(Subject(user="kim", groups=frozenset({"kim", *groups})), POLICIES)


def _policy(database: str | None) -> Policy:
    return Policy(id="p", effect=Effect.GRANT, roles=("r",), scope=Scope(database=database))


DATASET = Dataset(
    database="medical_charges",
    name="costs",
    source="s",
    relation="c.csv",
    columns=(Column(path=("mrn",), type="VARCHAR", position=0),),
)


def _tagged(tag: str) -> Dataset:
    return replace(DATASET, columns=(replace(DATASET.columns[0], confirmed=frozenset({tag})),))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("policy:write on medical_charges", Capability(action=Action.POLICY_WRITE, place="medical_charges")),
        (" Audit:READ ", Capability(action=Action.AUDIT_READ)),
        ("tag:assign on *", Capability(action=Action.TAG_ASSIGN)),
        ('policy:write on "Lab Results"', Capability(action=Action.POLICY_WRITE, place="Lab Results")),
    ],
)
def test_a_capability_is_read_and_written_back(text: str, expected: Capability) -> None:
    assert parse(text) == expected
    assert parse(str(expected)) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("policy:wirte", "policy:write"),
        ("", "there are"),
        ("home:administer on x", "alone"),
        ("tag:assign on phi.mrn", "quote"),
        ("policy:write at x", "policy:write"),
    ],
)
def test_what_is_no_capability_is_refused_with_help(text: str, words: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        parse(text)
    assert words in f"{refused.value.detail} {refused.value.hint}"


def test_nobody_may_do_anything_to_begin_with() -> None:
    assert not any(_rights().may(action) for action in Action)


def test_administrators_may_all_but_read_others_records_and_undo_tokens() -> None:
    assert {action for action in Action if not _rights("ADMIN").may(action)} == {
        Action.AUDIT_READ,
        Action.VALUE_DETOKENIZE,
    }


def test_auditors_may_read_the_whole_journal_and_nothing_else() -> None:
    assert [action for action in Action if _rights("auditor").may(action)] == [Action.AUDIT_READ]


def test_a_capability_holds_in_its_place_only_and_never_everywhere() -> None:
    rights = _rights("stewards")
    assert rights.may(Action.POLICY_WRITE, "Medical_Charges")
    assert not rights.may(Action.POLICY_WRITE, "lab")
    assert not rights.may(Action.POLICY_WRITE)
    assert rights.places(Action.AUDIT_READ) == frozenset({"medical_charges"})


@pytest.mark.parametrize(("groups", "knows_roles"), [((), False), (("stewards",), False), (("auditor",), True)])
def test_the_refusal_names_the_capability_and_who_can_give_it(groups: tuple[str, ...], knows_roles: bool) -> None:
    """Which roles hold it is told to those alone who may read all roles."""
    database = "lab" if "stewards" in groups else "medical_charges"
    with pytest.raises(NotAllowed) as refused:
        _rights(*groups).require(Action.POLICY_WRITE, database, "write policies there")
    assert f"`policy:write on {database}`" in refused.value.detail
    assert "`admin`" in refused.value.hint
    assert ("`steward` has it" in refused.value.hint) is knows_roles


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Live(), Live(), set()),
        (Live(), Live(policies={"p": _policy("lab")}), {(Action.POLICY_WRITE, "lab")}),
        (Live(policies={"p": _policy("lab")}), Live(), {(Action.POLICY_WRITE, "lab")}),
        (
            Live(policies={"p": _policy("lab")}),
            Live(policies={"p": _policy(None)}),
            {(Action.POLICY_WRITE, "lab"), (Action.POLICY_WRITE, None)},
        ),
        (
            Live(datasets={("a", "b"): DATASET}),
            Live(datasets={("a", "b"): _tagged("phi.mrn")}),
            {(Action.TAG_ASSIGN, "phi")},
        ),
        (
            Live(),
            Live(policies={"p": replace(_policy("lab"), where="id in (select id from secrets.people)")}),
            {(Action.POLICY_WRITE, "lab"), (Action.POLICY_WRITE, "secrets")},
        ),
        (Live(), Live(datasets={("a", "b"): DATASET}), {(Action.HOME_ADMINISTER, None)}),
        (Live(), Live(tags={"x.y": Tag(name="x.y")}), {(Action.HOME_ADMINISTER, None)}),
        (Live(), Live(roles={"steward": STEWARD}), {(Action.HOME_ADMINISTER, None)}),
    ],
)
def test_a_change_takes_what_it_touches(before: Live, after: Live, expected: set[tuple[Action, str | None]]) -> None:
    assert demands(before, after) == expected


def test_a_steward_may_change_what_was_delegated_and_no_more() -> None:
    rights = _rights("stewards")
    require_change(rights, Live(), Live(policies={"p": _policy("medical_charges")}))
    for after in (Live(policies={"p": _policy(None)}), Live(roles={"steward": STEWARD})):
        with pytest.raises(NotAllowed):
            require_change(rights, Live(), after)
    with pytest.raises(NotAllowed, match="namespace `pii`"):
        require_change(rights, Live(datasets={("a", "b"): DATASET}), Live(datasets={("a", "b"): _tagged("pii.name")}))


def _by_token(scopes: set[str], *groups: str) -> Rights:
    return Rights(replace(NARROW, groups=frozenset(groups), scopes=frozenset(scopes)), POLICIES)


@pytest.mark.parametrize(
    ("scopes", "left"),
    [
        (set(), ()),
        ({"policy:write"}, ("policy:write on medical_charges",)),
        (
            {"policy:write on Medical_Charges", "tag:assign on phi"},
            ("policy:write on Medical_Charges", "tag:assign on phi"),
        ),
        ({"policy:write on lab", "home:administer", "audit:read on lab"}, ()),
    ],
)
def test_a_token_carries_what_its_scopes_and_its_owner_both_give(scopes: set[str], left: tuple[str, ...]) -> None:
    assert _by_token(scopes, "stewards").listed() == left


def test_what_is_owned_everywhere_is_carried_where_the_scope_says() -> None:
    rights = _by_token({"policy:write on lab", "audit:read"}, "admin")
    assert rights.listed() == ("policy:write on lab",)
    assert rights.places(Action.POLICY_WRITE) == frozenset({"lab"})
    assert not rights.may(Action.POLICY_WRITE)
    assert not rights.may(Action.HOME_ADMINISTER)


def test_a_token_loses_what_its_owner_loses() -> None:
    assert _by_token({"audit:read"}, "auditor").may(Action.AUDIT_READ)
    assert not _by_token({"audit:read"}, "guests").may(Action.AUDIT_READ)


def test_a_refusal_says_whether_the_token_or_its_owner_lacks_the_capability() -> None:
    for action, words in ((Action.HOME_ADMINISTER, "this token does not carry it"), (Action.AUDIT_READ, "can give it")):
        with pytest.raises(NotAllowed) as refused:
            Rights(NARROW, POLICIES).require(action, None, "look")
        assert words in (refused.value.hint or "")


def test_a_token_is_made_for_what_its_owner_holds_alone() -> None:
    stewards = _rights("stewards")
    wanted = ["tag:assign on PHI", " Policy:write on medical_charges"]
    assert scopes_within(wanted, stewards, "kim") == ("policy:write on medical_charges", "tag:assign on PHI")
    assert scopes_within([], stewards, "kim") == ()
    for wider in ("policy:write", "policy:write on lab", "home:administer"):
        with pytest.raises(NotAllowed, match="a token of kim cannot carry"):
            scopes_within([wider], stewards, "kim")
    with pytest.raises(PolicyInvalid) as unknown:
        scopes_within(["polcy:write"], stewards, "kim")
    assert unknown.value.hint == "did you mean `policy:write`?"
