"""What is exported is what is live; what people wrote around it stays theirs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.database import Catalog
from catalog.errors import PolicyInvalid
from catalog.model import TagRule
from catalog.names import fold
from catalog.people.model import Role
from policy_engine.changing.apply import prepare
from policy_engine.changing.differences import differences
from policy_engine.changing.export import FILES, export_files, export_text
from policy_engine.changing.facts import Facts
from policy_engine.changing.merging import merge
from policy_engine.document.reading import load, loads
from policy_engine.live import Live, read_live
from policy_engine.model import HasTag, Policy
from policy_engine.tag_expressions import tags_of
from tests.policy_engine.homes import NOW, apply, plan, shop_home
from tests.policy_engine.policies import policies
from tests.policy_engine.shop import SHOP


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Catalog]:
    with shop_home(tmp_path) as catalog:
        apply(catalog, SHOP, tmp_path)
        yield catalog


def exported(catalog: Catalog, present: dict[str, str], folder: Path) -> dict[str, str]:
    return export_files(read_live(catalog), present, folder)


def write_all(files: dict[str, str], folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def test_applying_an_export_changes_nothing(shop: Catalog, tmp_path: Path) -> None:
    text = export_text(read_live(shop))
    made = plan(shop, text, tmp_path / "elsewhere", prune=True)
    assert not made.has_changes, made.text()


def test_files_say_the_same_as_one_text(shop: Catalog, tmp_path: Path) -> None:
    files = exported(shop, {}, tmp_path)
    assert set(files) == set(FILES)
    document = load([write_all(files, tmp_path / "out")])
    live = read_live(shop)
    assert differences(live, merge(document, live, Facts(), prune=True)) == ()


def test_an_export_makes_the_same_state_in_a_new_home(shop: Catalog, tmp_path: Path) -> None:
    text = export_text(read_live(shop))
    (tmp_path / "other").mkdir()
    with shop_home(tmp_path / "other") as other:
        apply(other, text, tmp_path)
        assert export_text(read_live(other)) == text


@settings(max_examples=40, deadline=None)
@given(st.lists(policies(), max_size=3, unique_by=lambda policy: policy.id.casefold()))
def test_any_state_survives_its_export(written: list[Policy]) -> None:
    live = live_with(written)
    assert differences(live, merge(loads(export_text(live)), live, Facts(), prune=True)) == ()


def live_with(written: list[Policy]) -> Live:
    names = {name for policy in written for name in policy.roles}
    expressions = [rule.tagged for policy in written for rule in policy.transforms]
    expressions += [policy.having for policy in written if policy.having is not None]
    tags = {tag for expression in (*expressions, HasTag("fin.card")) for tag in tags_of(expression)}
    declared = merge(
        loads("veil: 1\ntags: {" + ", ".join(f"{tag}: {{}}" for tag in sorted(tags)) + "}"), Live(), Facts()
    )
    roles = {fold(name): Role(name=name) for name in sorted(names)}
    return Live(tags=declared.tags, roles=roles, policies={fold(p.id): p for p in written})


def test_comments_and_layout_stay_where_nothing_changed(shop: Catalog, tmp_path: Path) -> None:
    mine = "# ours\n" + SHOP.replace("    where:", "    # opt-outs, DPO rule 4\n    where:")
    files = exported(shop, {"mine.yaml": mine}, tmp_path)
    assert files["mine.yaml"] == mine
    assert set(files) == {"mine.yaml", "people.yaml", "policies.yaml"}
    assert "administrators see everything" in files["policies.yaml"]


def test_only_what_changed_is_rewritten(shop: Catalog, tmp_path: Path) -> None:
    mine = SHOP.replace("    where:", "    # DPO rule 4\n    where:").replace("roles: {", "roles: { ")
    apply(shop, SHOP.replace("scope: shop\n", "scope: shop.orders\n"), tmp_path)
    text = exported(shop, {"mine.yaml": mine}, tmp_path)["mine.yaml"]
    assert "scope: shop.orders\n" in text
    assert "# DPO rule 4\n    where:" in text
    assert "{connector: files, path: ./d}" in text


def test_what_is_no_longer_live_leaves_the_file(shop: Catalog, tmp_path: Path) -> None:
    mine = SHOP + "  - {policy: old, deny: select, to: [clerk], scope: shop}\n"
    text = exported(shop, {"mine.yaml": mine}, tmp_path)["mine.yaml"]
    assert "policy: old" not in text
    assert "policy: bosses" in text


def test_entries_that_share_an_anchor_are_written_apart(shop: Catalog, tmp_path: Path) -> None:
    mine = "veil: 1\nroles:\n  clerk: &r {groups: [admin]}\n  boss: *r\n"
    text = exported(shop, {"mine.yaml": mine}, tmp_path)["mine.yaml"]
    roles = {stated.value.name: stated.value.groups for stated in loads(text).roles}
    assert roles == {"clerk": frozenset({"clerks"}), "boss": frozenset({"admin"})}


def test_password_env_stays_in_the_file_and_passwords_out_of_it(shop: Catalog, tmp_path: Path) -> None:
    mine = "veil: 1\nusers:\n  kim: {groups: [other], password_env: KIM}\n"
    apply(shop, "veil: 1\nusers: {kim: {password_env: KIM}}", tmp_path, environment={"KIM": "correct horse"})
    files = exported(shop, {"people.yaml": mine}, tmp_path)
    assert "password_env: KIM" in files["people.yaml"]
    assert not any("correct horse" in text or "argon2" in text for text in files.values())


def test_exporting_twice_is_exporting_once(shop: Catalog, tmp_path: Path) -> None:
    once = exported(shop, {"mine.yaml": "veil: 1\nroles:\n  clerk: {groups: [x]}\n"}, tmp_path)
    assert exported(shop, once, tmp_path) == once


def test_a_file_that_cannot_be_rewritten_is_named(shop: Catalog, tmp_path: Path) -> None:
    mine = "veil: 1\nusers: {kim: {groups: [x], attributes: {day: 2026-99-99}}}\n"
    with pytest.raises(PolicyInvalid, match=r"mine\.yaml") as refusal:
        exported(shop, {"mine.yaml": mine}, tmp_path)
    assert "quote" in refusal.value.hint


RULES = """
veil: 1
tags: {acme.ward: {}}
rules:
  - {name: by name, tag: acme.ward, column_name: 'ward(_id)?'}
  - {name: by cell, tag: acme.ward, content: '[NS][0-9]+', min_match: 0.5, min_rows: 3}
  - {name: by words, tag: acme.ward, words: [NO, "on", "1e3", " north "], column_name: ward}
  - {name: by file, tag: acme.ward, words_file: wards.txt, min_match: 0.9}
  - {name: by detector, tag: acme.ward, detector: city}
"""


def test_rules_of_every_kind_are_exported_whole(shop: Catalog, tmp_path: Path) -> None:
    apply(shop, RULES, tmp_path)
    live = read_live(shop)
    assert len(live.rules) == 5
    assert live.rules["by file"].words_file == str(tmp_path / "wards.txt")
    document = loads(export_text(live), folder=tmp_path / "elsewhere")
    assert {fold(stated.value.name): stated.value for stated in document.rules} == live.rules
    assert not plan(shop, export_text(live), tmp_path / "elsewhere").has_changes


def test_a_rule_that_no_crawl_could_use_is_refused_where_it_stands(shop: Catalog) -> None:
    def refuse(rule: TagRule) -> None:
        if rule.detector:
            raise PolicyInvalid(f"no detector `{rule.detector}`", hint="did you mean `town`?")

    with pytest.raises(PolicyInvalid, match=r"line 9: `rules\[4\].name` cannot be used: no detector `city`"):
        prepare(loads(RULES), shop, at=NOW, check_rule=refuse)
