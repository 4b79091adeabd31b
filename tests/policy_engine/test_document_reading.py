"""A document says what it means, or is refused with the place and the way out."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.errors import PolicyInvalid, SettingsInvalid
from catalog.model import Level
from policy_engine.document.reading import load, loads
from policy_engine.model import Effect, HasTag, Not, Scope
from tests.policy_engine.shop import SHOP

RULE = "veil: 1\nrules:\n  - {{name: r, tag: a.b, {}}}\n"
GOOD = "veil: 1\npolicies:\n  - {policy: p, grant: select, to: [r], scope: shop, why: x}\n"


def policy(text: str) -> str:
    return f"veil: 1\npolicies:\n  - {{policy: p, to: [r], scope: shop, {text}}}\n"


WRONG: list[tuple[str, str, int, str]] = [
    ("veil: 1\npolicies:\n  - {policy: p, grant: select, to: [c], scoop: shop}\n", "`policies[0].scoop`", 3, "`scope`"),
    ("veil: 1\npolices: []\n", "`polices` is not a key of a document", 2, "`policies`"),
    ("policies: []\n", "has no `veil`", 1, "veil: 1"),
    ("veil: 2\n", "`veil` must be 1", 1, ""),
    ("", "says nothing", 1, "veil: 1"),
    ("- a\n", "must be a document", 1, ""),
    ("veil: 1\nroles:\n  a: {groups: [x]}\n  A: {groups: [y]}\n", "`roles.A` stands here a second time", 4, ""),
    ("veil: 1\nveil: 1\n", "a second time", 2, ""),
    ("veil: 1\nroles: {a: {groups: clerks}}\n", "must be a list of groups, and is a text", 2, "[clerks]"),
    ("veil: 1\nroles: [a]\n", "`roles` must be a mapping", 2, ""),
    ("veil: 1\nroles: {a: {groups: [[x]]}}\n", "`roles.a.groups[0]` must be a text, and is a list", 2, ""),
    ("veil: 1\nroles: {a.b: {group: [x]}}\n", "`roles.a.b.group` is not a key of a role", 2, "`groups`"),
    (policy("grant: select, where: [a, b]"), "`policies[0].where` must be a text, and is a list", 3, ""),
    (policy("grant: select, where: "), "`policies[0].where` must be a text, and is nothing", 3, ""),
    (policy("grant: select, where: 'a = '"), "`policies[0].where` cannot be used", 3, ""),
    (policy("grant: select, where: '(select 1) = 1'"), "`policies[0].where` cannot be used", 3, ""),
    (policy("grant: select, having: "), "`policies[0].having` must be a text, and is nothing", 3, ""),
    (policy("grant: select, having: not"), "`policies[0].having` cannot be used", 3, ""),
    (policy("grant: select, having: mrn"), "`policies[0].having` cannot be used", 3, ""),
    (policy("grant: select, transform: tokenize()"), "`policies[0].transform` must be a list", 3, ""),
    (policy("grant: select, transform: [{tagged: a.b}]"), "`policies[0].transform[0]` has no `with`", 3, ""),
    (
        policy("grant: select, transform: [{tagged: a.b, with: tokenise()}]"),
        "`policies[0].transform[0].with` cannot be used",
        3,
        "`tokenize`",
    ),
    (
        policy("grant: select, transform: [{tagged: a.b, with: 'mask(kep_last=>4)'}]"),
        "transform[0].with` cannot be used",
        3,
        "`keep_last`",
    ),
    (policy("grant: select, from: 2026-13-01"), "`policies[0].from` is no date", 3, ""),
    (policy("grant: select, until: tomorrow"), "`policies[0].until` is no date", 3, ""),
    (policy("grant: select, from: 2026-02-02, until: 2026-02-01"), "`policies[0].until` lies before `from`", 3, ""),
    (policy("grant: select, enabled: yes"), "`policies[0].enabled` must be `true` or `false`", 3, "YAML 1.2"),
    (policy("grant: select, when: purpose"), "must be a condition with its keys, and is a text", 3, ""),
    (policy("grant: select, when: {}"), "`policies[0].when` demands nothing", 3, "group, not_group"),
    (policy("grant: select, when: {purposes: x}"), "`policies[0].when.purposes` is not a key", 3, "`purpose`?"),
    (policy("grant: select, when: {group: []}"), "and the list is empty", 3, ""),
    (policy("grant: select, when: {attribute: high}"), "must be a mapping from an attribute", 3, ""),
    (policy("grant: select, when: {network: 10.0.0.1/8}"), "`policies[0].when.network` is no network", 3, "zero"),
    (policy("grant: select, when: {network: [office]}"), "`policies[0].when.network[0]` is no network", 3, ""),
    (policy("grant: select, when: {time_of_day: '8-18'}"), "is no time of day", 3, "08:00-18:00"),
    (policy("grant: select, when: {time_of_day: '08:00-08:00'}"), "is no time of day", 3, "midnight"),
    (policy("grant: select, when: {weekdays: [monday]}"), "is no day of the week", 3, "`mon`?"),
    (policy("grant: select, when: {purpose: x, zone: UTC}"), "has no meaning without `time_of_day`", 3, ""),
    (policy("grant: select, when: {weekdays: mon, zone: Vienna}"), "is no time zone", 3, "Europe/Vienna"),
    (
        "veil: 1\npolicies:\n  - {policy: p, grant: select, to: [r], scope: 'home_${usr}'}\n",
        "there is no variable `${usr}`",
        3,
        "`${user}`?",
    ),
    (policy("grant: select, priority: 1"), "policies have no priority", 3, ""),
    (policy("grant: select, deny: select"), "says more than one of `grant`", 3, ""),
    (policy("why: x"), "says none of `grant`", 3, "grant: select"),
    (policy("grant: update"), "`policies[0].grant` must be `select`", 3, ""),
    (policy("restrict: select"), "restricts nothing", 3, "`having`"),
    (policy("deny: select, where: a = 1"), "has no meaning in a `deny`", 3, "`restrict`"),
    ("veil: 1\npolicies:\n  - {grant: select, to: [r], scope: shop}\n", "has no `policy`", 3, ""),
    ("veil: 1\npolicies:\n  - {policy: p, grant: select, scope: shop}\n", "has no `to`", 3, ""),
    ("veil: 1\npolicies:\n  - {policy: p, grant: select, to: [], scope: shop}\n", "names no role", 3, ""),
    ("veil: 1\npolicies:\n  - {policy: p, grant: select, to: [r]}\n", "has no `scope`", 3, ""),
    (
        "veil: 1\npolicies:\n  - {policy: p, grant: select, to: [r], scope: a.b.c}\n",
        "`a.b.c` is no scope",
        3,
        "database",
    ),
    ("veil: 1\npolicies:\n  - {policy: p, grant: select, to: [r], scope: 'a(b)'}\n", "is no scope", 3, ""),
    ("veil: 1\npolicies:\n  - {policy: p, grant: select, to: [r], scope: 'a.b(c,'}\n", "is no scope", 3, ""),
    (GOOD + "  - {policy: P, deny: select, to: [r], scope: x}\n", "the policy `P` a second time", 4, "line 3"),
    ("veil: 1\npolicies: {p: {}}\n", "must be a list of policies", 2, ""),
    (RULE.format("content: x, words: [a]"), "has `content` and `words`", 3, "a rule for each"),
    (RULE.format("words: []"), "must be a list of 1 to 10,000 words", 3, "words_file"),
    (RULE.format("detector: card, min_rows: 3"), "counts nothing", 3, "words_file"),
    (RULE.format("column_name: x, min_match: 0.5"), "counts nothing", 3, "content"),
    (RULE.format("colum_name: x"), "is not a key of a rule", 3, "`column_name`"),
    ("veil: 1\nrules:\n  - {name: r, tag: a.b, column_name: '('}\n", "is no regular expression", 3, ""),
    ("veil: 1\nrules:\n  - {name: r, tag: a.b}\n", "looks at nothing", 3, ""),
    ("veil: 1\nrules:\n  - {name: r, tag: a.b, content: x, min_match: 2}\n", "a number from 0 to 1", 3, ""),
    ("veil: 1\nrules:\n  - {name: r, tag: a.b, content: x, min_match: much}\n", "must be a number", 3, ""),
    ("veil: 1\nrules:\n  - {name: r, tag: a.b, content: x, min_rows: 2.5}\n", "must be a whole number", 3, ""),
    ("veil: 1\ntags: {mrn: {}}\n", "`mrn` is no tag", 2, "phi.phone_number"),
    ("veil: 1\ntags: {a.b: {level: secret}}\n", "must be one of public, internal", 2, ""),
    ("veil: 1\nsources: {s: {path: x}}\n", "`sources.s` has no `connector`", 2, ""),
    ("veil: 1\nsources: {s: {connector: postgres, url_env: X}}\n", "there is no connector `postgres`", 2, ""),
    ("veil: 1\nsources: {s: {connector: flies, path: x}}\n", "there is no connector `flies`", 2, "`files`"),
    ("veil: 1\nsources: {s: {connector: files, pth: x}}\n", "lacks the option `path`", 2, ""),
    ("veil: 1\nsources: {s: {connector: files, path: x, pat: y}}\n", "unknown option `pat`", 2, "`path`"),
    ("veil: 1\ndatasets: {orders: {}}\n", "`datasets.orders` is no dataset's name", 2, "database.dataset"),
    ("veil: 1\ndatasets: {a.b: {source: s}}\n", "has no `relation`", 2, ""),
    ("veil: 1\ndatasets: {a.b: {columns: {'x y': {}}}}\n", "is no column's name", 2, "Lab Results"),
    ("veil: 1\ndatasets: {a.b: {columns: {x: {tags: [1]}}}}\n", "is no tag", 2, ""),
    ("veil: 1\ndatabases: {'a.b': {}}\n", "cannot name a database", 2, ""),
    ("veil: 1\nusers: {kim: {password: x}}\n", "does not belong in a document", 2, ""),
    ("veil: 1\nusers: {kim: {password_env: a-b}}\n", "name of an environment variable", 2, ""),
    ("veil: 1\nroles: !!python/object:os.system {a: 1}\n", "YAML tag", 2, ""),
    ("veil: 1\nroles: !mine {a: {}}\n", "YAML tag", 2, ""),
    ("veil: 1\nroles: {a: *nobody}\n", "undefined alias", 2, ""),
    ("veil: 1\nroles: {<<: {a: {}}}\n", "merge keys", 2, "alias"),
    ("veil: 1\nroles: {a: [\n", "is not YAML that can be read", 3, ""),
    ("veil: 1\n---\nveil: 1\n", "another document", 2, ""),
    ("%YAML 1.1\n---\nveil: 1\n", "only YAML 1.2", 1, ""),
    ("veil: 1\nroles: {a: {groups: &g [*g]}}\n", "deeper than a document can be", 2, ""),
    ("veil: 1\nx: \x00\n", "is not YAML that can be read", 1, "UTF-8"),
    ('veil: 1\nroles: {a: {groups: ["x\\0y"]}}\n', "control character", 2, ""),
    ("veil: 1\n? [a]\n: b\n", "not a plain text", 2, ""),
]


@pytest.mark.parametrize(
    ("text", "words", "line", "hint"), WRONG, ids=[f"{wrong[1]} ({i})" for i, wrong in enumerate(WRONG)]
)
def test_a_wrong_document_is_refused_at_its_place(text: str, words: str, line: int, hint: str) -> None:
    with pytest.raises(PolicyInvalid) as refusal:
        loads(text, file="x.yaml")
    assert words in refusal.value.detail
    assert refusal.value.detail.startswith(f"x.yaml, line {line}: ")
    assert refusal.value.position is not None
    assert refusal.value.position.line == line
    assert hint in refusal.value.hint


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
