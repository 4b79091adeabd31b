"""Every example of the page on policy statements is run in the shop that the page describes, in order."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.errors import VeilError
from policy_engine.changing.apply import Applied
from policy_engine.ddl.views import Answer
from tests.policy_engine.ddl.giving import Shop
from tests.policy_engine.homes import apply, shop_home
from veil.cli.output import aligned

PAGE = Path(__file__).parent.parent.parent / "docs" / "reference" / "policy-statements.md"
BLOCKS = re.findall(r"^```(\w+)( refused)?\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
_VERBS = r"(?=^(?:GRANT|REVOKE|RESTRICT|DENY|DROP|CREATE|ALTER|SHOW|DESCRIBE) )"
_HASH = re.compile(r"\b[0-9a-f]{8}\b")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with shop_home(tmp_path) as catalog:
        (tmp_path / "d" / "visits.json").write_text('[{"who": {"name": "x", "phone": "1"}}]')
        [document] = [text for kind, _, text in BLOCKS if kind == "yaml"]
        apply(catalog, document, tmp_path)
        yield Shop(catalog=catalog, folder=tmp_path)


def test_every_example_does_what_the_page_says(shop: Shop) -> None:
    done = shown = 0
    for place, (kind, refused, block) in enumerate(BLOCKS):
        if kind == "sql":
            statements = list(filter(str.strip, re.split(_VERBS, block, flags=re.MULTILINE)))
            told = [_refusal(shop, text) if refused else _told(shop.give(text)) for text in statements]
            answer = _answer(place)
            assert told[-1].startswith(answer), block
            done, shown = done + len(told), shown + bool(answer)
    assert (done > 40, shown) == (True, 6)


def _answer(place: int) -> str:
    """The block of text after an example, when nothing but a blank line stands between them."""
    block, (kind, _, following) = BLOCKS[place][2], (*BLOCKS, ("", "", ""))[place + 1]
    is_next = kind == "text" and f"{block}```\n\n```text\n{following}" in PAGE.read_text(encoding="utf-8")
    return _plain(following) if is_next else ""


def _told(done: Answer | Applied) -> str:
    if isinstance(done, Answer):
        return "\n".join(aligned([done.columns, *done.rows]))
    return _plain(done.plan.text())


def _refusal(shop: Shop, text: str) -> str:
    with pytest.raises(VeilError) as caught:
        shop.give(text)
    return (
        caught.value.detail.split(": ")[-1] if caught.value.detail.startswith("the statement") else caught.value.detail
    )


def _plain(text: str) -> str:
    """The text without the ids that its content gives it."""
    return _HASH.sub("00000000", text).rstrip()
