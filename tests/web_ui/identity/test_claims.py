"""What claims make of a person, and which claims make nobody of anybody, however they are meant."""

from typing import Any

import pytest

from catalog.errors import NotAuthenticated
from web_ui.identity.claims import MOST_GROUPS, ClaimRules, completed, subject_of_claims, told

GOOD: dict[str, Any] = {"sub": "1001", "preferred_username": "kim", "groups": ["clerks"]}


def groups(listed: object, **rules: Any) -> list[str]:
    return sorted(subject_of_claims({**GOOD, "groups": listed}, ClaimRules(**rules)).groups - {"oidc:kim"})


def refusal(claims: dict[str, object], **rules: Any) -> str:
    with pytest.raises(NotAuthenticated) as refused:
        subject_of_claims({**GOOD, **claims}, ClaimRules(**rules))
    assert refused.value.hint.startswith("for an administrator: ")
    return refused.value.detail


@pytest.mark.parametrize(
    "name", ["kim", "Kim.Berg", "kim@x.test", "kim_x.test#EXT#@y.test", "auth0|5f", "a" * 128, "00u1", "admin"]
)
def test_a_name_becomes_a_name_of_the_provider(name: str) -> None:
    subject = subject_of_claims({**GOOD, "preferred_username": name}, ClaimRules())
    assert subject.user == f"oidc:{name}"
    assert subject.groups == {"clerks", f"oidc:{name}"}


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            " ",
            "kim berg",
            " kim",
            "kim\n",
            "kim\0",
            "kim\u200b",
            "kім",
            "ｋim",
            "Jürgen",
            "kim\u0301",
            "\u202eadmin",
        ),
        *(".kim", "'kim", 'kim"', "kim;", "<b>kim", "${user}", "a" * 129, 7, True, ["kim"], {"name": "kim"}, None),
    ],
    ids=ascii,
)
def test_what_is_no_plain_name_is_nobodys(name: object) -> None:
    assert "`preferred_username`" in refusal({"preferred_username": name})


def test_an_address_counts_as_a_name_once_it_was_verified() -> None:
    assert subject_of_claims({**GOOD, "email": "k@x.test", "email_verified": True}, ClaimRules(user="email")).user
    for verified in (False, "true", None, 1):
        assert "not verified" in refusal({"email": "k@x.test", "email_verified": verified}, user="email")


@pytest.mark.parametrize("claim", ["email", "phone_number"])
def test_what_people_write_themselves_counts_as_an_attribute_once_it_was_verified(claim: str) -> None:
    rules = ClaimRules(attributes={"mine": claim})
    verified = {**GOOD, claim: "k@x.test", f"{claim}_verified": True}
    assert subject_of_claims(verified, rules).attributes == {"mine": "k@x.test"}
    assert subject_of_claims(GOOD, rules).attributes == {}
    for said in (False, "true", None, 1):
        assert "not verified" in refusal({claim: "k@x.test", f"{claim}_verified": said}, attributes={"mine": claim})


@pytest.mark.parametrize("claim", ["email", "phone_number"])
def test_a_value_counts_as_verified_by_the_word_beside_it_alone(claim: str) -> None:
    word = f"{claim}_verified"
    said: dict[str, object] = {word: True}
    theirs: dict[str, object] = {"groups": [], claim: "theirs@x.test"}
    own: dict[str, object] = {claim: "own@x.test", word: True}
    denied: dict[str, object] = {word: False}
    for proof, more in ((theirs, own), (theirs, said), ({"groups": [], **said}, theirs), ({}, theirs)):
        assert "not verified" in refusal(dict(completed(proof, more)), user=claim)
        assert "not verified" in refusal(dict(completed(proof, more)), attributes={"mine": claim})
    for proof, more in ((own, {**theirs, **denied}), ({}, own), (denied, own)):
        assert subject_of_claims({**GOOD, **completed(proof, more)}, ClaimRules(user=claim)).user == "oidc:own@x.test"


def test_groups_keep_their_names_or_get_others_or_count_for_nothing() -> None:
    listed = ["clerks", "Ärzte", "veil-admins", "bored"]
    renamed = {"veil-admins": "admin", "bored": ""}
    assert groups(listed, renamed=renamed) == ["admin", "clerks", "Ärzte"]
    assert groups(listed, renamed=renamed, keeps_other_groups=False) == ["admin"]
    assert groups(["admin", "clerks"], keeps_other_groups=False) == []
    assert groups([], renamed=renamed) == []


@pytest.mark.parametrize("group", ["admin", "ADMIN", "Admin", "auditor", "AudiTor"])
def test_groups_with_power_come_by_the_settings_alone(group: str) -> None:
    assert f"names `{group.lower()}`" in refusal({"groups": ["clerks", group]})
    assert groups([group], renamed={group: ""}) == []
    assert groups([group], renamed={group: group}) == [group]


@pytest.mark.parametrize("group", ["ａｄｍｉｎ", "аdmin", "admin-x", "xadmin"])
def test_what_only_looks_like_a_group_with_power_is_another_group(group: str) -> None:
    assert groups([group]) == [group]


@pytest.mark.parametrize(
    "group",
    [
        *(
            "",
            " ",
            " clerks",
            "clerks ",
            "cler\u200bks",
            "clerks\n",
            "clerks\0",
            "\u202eskrelc",
            "A\u0308rzte",
            "K\u212a",
        ),
        *("x" * 257, 7, None, True, ["clerks"], {"name": "clerks"}),
    ],
    ids=ascii,
)
def test_what_is_no_groups_name_is_refused(group: object) -> None:
    assert "holds what is no group's name" in refusal({"groups": ["clerks", group]})


@pytest.mark.parametrize("group", ["oidc:kim", "OIDC:max", "oidc:"])
def test_nobody_is_in_a_group_of_somebody_elses_name(group: str) -> None:
    assert "as people are called here" in refusal({"groups": [group]})


@pytest.mark.parametrize(
    "listed", ["clerks", {"clerks": True}, 7, True, ["x"] * (MOST_GROUPS + 1)], ids=lambda v: str(v)[:20]
)
def test_groups_that_are_no_list_are_refused(listed: object) -> None:
    assert "is no list" in refusal({"groups": listed})


def test_missing_groups_are_refused_unless_none_are_wanted() -> None:
    assert "is missing" in refusal({"groups": None})
    assert subject_of_claims({"preferred_username": "kim"}, ClaimRules(groups="")).groups == {"oidc:kim"}


def test_attributes_are_texts_one_or_several_and_missing_ones_are_missing() -> None:
    claims = {**GOOD, "land": "NO", "level": 3, "is_new": True, "sites": ["Oslo", "Bergen"], "none": None, "empty": ""}
    wanted = {
        "region": "land",
        "level": "level",
        "new": "is_new",
        "sites": "sites",
        "x": "none",
        "y": "nowhere",
        "z": "empty",
    }
    assert subject_of_claims(claims, ClaimRules(attributes=wanted)).attributes == {
        "region": "NO",
        "level": "3",
        "new": "true",
        "sites": ("Oslo", "Bergen"),
        "z": "",
    }


@pytest.mark.parametrize(
    "value", [1.5, {"a": 1}, ["a", None], [["a"]], "a\0b", "a\u202eb", "x" * 257, ["x"] * 1001], ids=ascii
)
def test_attributes_of_another_form_are_refused(value: object) -> None:
    assert "`land`" in refusal({"land": value}, attributes={"land": "land"})


def test_a_claim_inside_another_is_found_by_its_path_and_by_its_name_first() -> None:
    claims = {"realm_access": {"roles": ["a"]}, "https://x.test/groups": ["b"], "a.b": 1, "a": {"b": 2}}
    assert told(claims, "realm_access.roles") == ["a"]
    assert told(claims, "https://x.test/groups") == ["b"]
    assert told(claims, "a.b") == 1
    assert told(claims, "realm_access.roles.0") is None
    assert told(claims, "nowhere.at.all") is None


def test_a_refusal_tells_no_value() -> None:
    for claims in ({"preferred_username": "sesame 7f3a"}, {"groups": ["sesame\0"]}, {"groups": "sesame"}):
        assert "sesame" not in refusal(dict(claims))
