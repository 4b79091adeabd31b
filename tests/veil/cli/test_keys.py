"""Keys are rotated and values turned back at the command line, on record, and by those who may alone."""

from pathlib import Path

import pytest

from tests.veil.cli.terminal import Terminal

DOCUMENT = """
veil: 1
sources: {s: {connector: files, path: ./data}}
databases: {shop: {}}
tags: {fin.card: {}, fin.member: {}}
datasets:
  shop.orders: {source: s, relation: orders.csv, columns: {card: {tags: [fin.card]}, member: {tags: [fin.member]}}}
roles: {clerk: {groups: [clerks]}, fraud: {groups: [fraud], capabilities: [value:detokenize on fin]}}
users: {kim: {groups: [clerks]}, fay: {groups: [fraud]}}
policies:
  - {policy: clerks, grant: select, to: [clerk], scope: shop, why: example,
     transform: [{tagged: fin.card, with: encrypt()}, {tagged: fin.member, with: fpe()}]}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Terminal:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "orders.csv").write_text("id,card,member\n1,4539 7977 0575 6008,M-6850243\n")
    (tmp_path / "shop.yaml").write_text(DOCUMENT)
    terminal = Terminal(tmp_path)
    terminal.run("init")
    terminal.run("apply", "shop.yaml", "--why", "example")
    return terminal


def _shown(shop: Terminal) -> tuple[str, str]:
    [row] = shop.run("query", "select card, member from shop.orders", "--as", "kim", "-f", "json").json()["rows"]
    return row[0], row[1]


def test_what_was_encrypted_is_turned_back_before_and_after_a_rotation(shop: Terminal) -> None:
    card, member = _shown(shop)
    asked = ("--as", "fay", "--why", "dispute 7")
    assert shop.run("detokenize", "fin.card", card, *asked).out == "4539 7977 0575 6008\n"
    assert shop.run("detokenize", "fin.member", member, "--with", "fpe()", *asked).out == "M-6850243\n"
    before = shop.run("keys", "list", "-f", "json").json()[0]["key"]
    assert "in use from now on" in shop.run("keys", "rotate").out
    assert _shown(shop)[0] != card
    assert shop.run("detokenize", "fin.card", card, *asked).out == "4539 7977 0575 6008\n"
    older = ("--with", "fpe()", "--key", before)
    assert shop.run("detokenize", "fin.member", member, *older, *asked).out == "M-6850243\n"
    assert [row["state"] for row in shop.run("keys", "list", "-f", "json").json()] == ["kept", "in use"]
    assert shop.run("doctor").out.count("finding") == 1  # the table's head


def test_only_who_may_turns_values_back_and_all_of_it_is_on_record(shop: Terminal) -> None:
    card, _ = _shown(shop)
    refused = shop.run("detokenize", "fin.card", card, "--as", "kim", "--why", "curious", expect=1)
    assert "value:detokenize on fin" in refused.err
    shop.run("detokenize", "fin.card", card, "--as", "fay", "--why", "dispute 7")
    events = shop.run("audit", "search", "--kind", "value:detokenize", "-f", "json").json()
    assert [(event["user"], event["verdict"]) for event in events] == [("fay", "allow"), ("kim", "deny")]
    told = str(events)
    assert "dispute 7" in told
    assert "4539 7977" not in told
    assert card not in told


def test_a_value_of_another_tag_or_made_up_is_not_turned_back(shop: Terminal) -> None:
    card, _ = _shown(shop)
    for shown, tag in ((card, "fin.member"), ("enc_00000000_AAAA", "fin.card"), ("4539", "fin.card")):
        told = shop.run("detokenize", tag, shown, "--as", "fay", "--why", "try", expect=1).err
        assert "was not shown so" in told


def test_tokens_are_turned_back_by_nobody(shop: Terminal) -> None:
    told = shop.run("detokenize", "fin.card", "ab", "--with", "tokenize()", "--as", "fay", "--why", "x", expect=1).err
    assert "cannot be turned back" in told
