"""A document says what it means, or is refused with the place and the way out."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from catalog.errors import PolicyInvalid, SettingsInvalid
from catalog.model import Level
from policy_engine.document.reading import load, loads
from policy_engine.document.tree import Size
from policy_engine.model import Effect, HasTag, Not, Scope
from tests.policy_engine.shop import SHOP

RULE = "veil: 1\nrules:\n  - {{name: r, tag: a.b, {}}}\n"
GOOD = "veil: 1\npolicies:\n  - {policy: p, grant: select, to: [r], scope: shop, why: x}\n"


def policy(text: str) -> str:
    return f"veil: 1\npolicies:\n  - {{policy: p, to: [r], scope: shop, {text}}}\n"


WRONG: list[dict[str, Any]] = YAML(typ="safe").load(Path(__file__).with_name("wrong_documents.yaml"))


@pytest.mark.parametrize("wrong", WRONG, ids=[f"{wrong['says'][:60]} ({i})" for i, wrong in enumerate(WRONG)])
def test_a_wrong_document_is_refused_at_its_place_with_a_way_out(wrong: dict[str, Any]) -> None:
    with pytest.raises(PolicyInvalid) as refusal:
        loads(wrong["give"], file="x.yaml")
    assert refusal.value.detail == f"x.yaml, line {wrong['at']}: {wrong['says']}"
    assert refusal.value.hint == wrong["hint"] != ""
    assert refusal.value.position is not None
    assert refusal.value.position.line == wrong["at"]


def test_there_are_more_than_forty_ways_to_be_wrong() -> None:
    assert len({wrong["says"] for wrong in WRONG}) > 40


def test_the_whole_vocabulary_is_read(tmp_path: Path) -> None:
    document = loads(SHOP, folder=tmp_path)
    [source] = document.sources
    assert source.value.options == {"path": str(tmp_path / "d")}
    assert [tag.value.level for tag in document.tags] == [Level.CONFIDENTIAL, Level.RESTRICTED]
    clerks, bosses = (stated.value for stated in document.policies)
    assert clerks.effect is Effect.GRANT
    assert clerks.having == Not(HasTag("fin.card"))
    assert clerks.scope == Scope(database="shop")
    assert bosses.scope == Scope()


def test_yaml_1_2_words_stay_texts() -> None:
    attributes = "{land: NO, light: on, sure: yes, zip: 01234, share: 1.10, day: 2026-01-01}"
    [user] = loads(f"veil: 1\nusers: {{kim: {{attributes: {attributes}}}}}").users
    assert user.value.attributes == {
        "land": "NO",
        "light": "on",
        "sure": "yes",
        "zip": "01234",
        "share": "1.10",
        "day": "2026-01-01",
    }


def test_names_may_be_quoted() -> None:
    document = loads(
        "veil: 1\ndatasets: {'clinic.\"Lab Results\"': {columns: {'\"Due date\"': {tags: ['phi:dob']}, a.b: {}}}}\n"
        'policies: [{policy: p, grant: select, to: [r], scope: \'clinic."Lab (Results)"("a, b", c.d)\'}]'
    )
    [dataset] = document.datasets
    assert (dataset.value.database, dataset.value.name) == ("clinic", "Lab Results")
    assert [column.path for column in dataset.value.columns] == [("Due date",), ("a", "b")]
    assert dataset.value.columns[0].tags == ("phi.dob",)
    scope = document.policies[0].value.scope
    assert scope == Scope(database="clinic", dataset="Lab (Results)", columns=(("a, b",), ("c", "d")))


def test_a_day_in_until_is_included() -> None:
    [stated] = loads(policy("grant: select, from: 2026-01-01, until: 2026-01-01")).policies
    assert stated.value.starts_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert stated.value.ends_at == datetime(2026, 1, 2, tzinfo=UTC)


def test_a_moment_without_a_zone_is_utc() -> None:
    [stated] = loads(policy("grant: select, from: 2026-01-01 08:00:00, until: '2026-01-01T10:00:00+01:00'")).policies
    assert stated.value.starts_at == datetime(2026, 1, 1, 8, tzinfo=UTC)
    assert stated.value.ends_at == datetime(2026, 1, 1, 9, tzinfo=UTC)


def test_empty_sections_say_nothing() -> None:
    document = loads("veil: 1\npolicies:\nroles:\ndatabases: {shop: }\nrules: []\n")
    assert document.policies == ()
    assert document.databases[0].value.tags is None


def test_an_alias_stands_for_its_anchor() -> None:
    document = loads("veil: 1\nroles: {a: {groups: &g [x, y]}, b: {groups: *g}}")
    assert {stated.value.groups for stated in document.roles} == {frozenset({"x", "y"})}


def test_anchors_cannot_explode() -> None:
    lines = ["veil: 1", "roles:", "  a0: &a0 {groups: [x, x, x, x, x, x, x, x, x, x]}"]
    lines += [f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(PolicyInvalid, match="repeats anchors"):
        loads("\n".join(lines))


def test_a_character_that_json_writes_in_two_halves_is_one() -> None:
    document = loads('{"veil": 1, "roles": {"a\\ud83d\\ude00": {"groups": ["\\ud83d\\ude00"]}}}')
    [role] = (stated.value for stated in document.roles)
    assert (role.name, role.groups) == ("a😀", frozenset({"😀"}))
    for half in ('"roles": {"\\ud83d": {}}', '"roles": {"a": {"groups": ["\\ude00"]}}'):
        with pytest.raises(PolicyInvalid, match="holds half of a character"):
            loads(f'{{"veil": 1, {half}}}')


@pytest.mark.parametrize(
    ("test", "said", "hint"),
    [
        ("at: 9999-12-31, as: {user: kim}", "a moment at the end of all time", "look at another day"),
        ("at: 0001-01-01, as: {user: kim}", "a moment at the end of all time", "look at another day"),
        ("as: kim", "must be `as` with its keys, and is a text", "for example `as: {groups: [analysts]}`"),
    ],
)
def test_a_test_that_cannot_be_made_is_refused(test: str, said: str, hint: str) -> None:
    with pytest.raises(PolicyInvalid, match=said) as refusal:
        loads(f"veil: 1\ntests: [{{{test}, dataset: a.b, sees: {{x: clear}}}}]")
    assert refusal.value.hint == hint


def test_a_document_nested_without_end_is_refused() -> None:
    with pytest.raises(PolicyInvalid, match="nested deeper"):
        loads("veil: 1\nroles: " + "[" * 20_000)


def test_a_folder_is_one_document(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.yaml").write_text("veil: 1\nroles: {r: {groups: [g]}}\n")
    (tmp_path / "sub" / "b.yml").write_text("veil: 1\nsources: {s: {connector: files, path: ./data}}\n")
    (tmp_path / "notes.txt").write_text("not a document")
    document = load([tmp_path])
    assert [stated.value.name for stated in document.roles] == ["r"]
    assert document.sources[0].value.options == {"path": str(tmp_path / "sub" / "data")}


def test_two_files_cannot_state_one_policy(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yaml").write_text(GOOD)
    with pytest.raises(PolicyInvalid, match=r"b\.yaml, line 3: .* the policy `p` a second time") as refusal:
        load([tmp_path])
    assert refusal.value.hint == "the first is in a.yaml, line 3"


@pytest.mark.parametrize("name", ["missing.yaml", "empty"])
def test_a_path_that_holds_no_document_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsInvalid, match=name):
        load([tmp_path / name])


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PolicyInvalid, match="not UTF-8"):
        load([tmp_path])


def test_a_home_of_nobody_is_a_path_like_any_other(tmp_path: Path) -> None:
    [source] = loads("veil: 1\nsources: {s: {connector: files, path: ~nobody-at-all/d}}", folder=tmp_path).sources
    assert source.value.options == {"path": str(tmp_path / "~nobody-at-all" / "d")}


@pytest.mark.parametrize(
    ("text", "said"),
    [("veil: 1\npolicies: [" + "a, " * 600 + "]", "500 keys and values"), ("#" + "x" * 9_999, "5,000 characters")],
    ids=["values", "characters"],
)
def test_a_document_that_is_too_large_is_refused_before_the_rest_is_read(text: str, said: str) -> None:
    with pytest.raises(PolicyInvalid, match=said) as refused:
        loads(text, most=Size(characters=5_000, values=500))
    assert "several parts" in refused.value.hint
