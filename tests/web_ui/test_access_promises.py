"""What is promised to an asker is what a query then gives, cell by cell, whatever else is in force."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from tests.web_ui.desk import Desk, Rows
from tests.web_ui.shop import open_shop

ELSEWHERE = {
    "nothing else": "",
    "a denial": "{policy: x, deny: select, to: [clerk], scope: shop.orders, having: fin.card}",
    "a denial of what is seen": "{policy: x, deny: select, to: [clerk], scope: shop.orders(total)}",
    "a mask": "{policy: x, restrict: select, to: [clerk], scope: shop, transform: [{tagged: fin.card, with: hash()}]}",
    "fewer rows": "{policy: x, restrict: select, to: [clerk], scope: shop.orders, where: total > 100}",
    "a broken one": "{policy: x, restrict: select, to: [clerk], scope: shop.orders, where: ghost > 1}",
    "another grant": "{policy: x, grant: select, to: [clerk], scope: 'shop.orders(id, total)', where: land = 'SE'}",
    "another mask": "{policy: x, grant: select, to: [clerk], scope: shop, having: fin.card,"
    " transform: [{tagged: fin.card, with: mask()}], where: id < 10}",
    "a grant for a purpose": "{policy: x, grant: select, to: [clerk], scope: shop, when: {purpose: audit}}",
}
ASKED: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a column": ({"columns": ["card"]}, {}),
    "columns, one masked before": ({"columns": ["card", "email"]}, {}),
    "one of two": ({"columns": ["card", "email"]}, {"columns": ["email"]}),
    "masked": ({"columns": ["card", "total"]}, {"mask": "tokenize()"}),
    "all": ({"columns": []}, {}),
    "all masked": ({"columns": []}, {"mask": "hash()"}),
    "every row": ({"columns": [], "all_rows": True}, {}),
    "for a purpose": ({"columns": ["card"], "purpose": "callback"}, {"bound": True}),
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_shop(tmp_path_factory.mktemp("shop")) as parts:
        yield Desk(parts)


@pytest.fixture
def desk(opened: Desk) -> Desk:
    opened.reset()
    return opened


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
@pytest.mark.parametrize("asked", ASKED)
def test_what_is_promised_is_what_a_query_gives(desk: Desk, elsewhere: str, asked: str) -> None:
    what, terms = ASKED[asked]
    if ELSEWHERE[elsewhere]:
        desk.apply(f"  - {ELSEWHERE[elsewhere]}\n")
    purpose = str(what.get("purpose", ""))
    before = desk.sees(purpose=purpose)
    number = desk.ask(**what)
    promised = desk.look(number, **terms)
    done = desk.approve(number, **terms)
    after = desk.sees(purpose=purpose)
    if promised["refused_because"]:
        assert (done.status_code, after) == (422, before)
        assert desk.deny(number).status_code == 200
        return
    assert done.status_code == 200, done.text
    assert after != before
    _assert_kept(cast("list[dict[str, object]]", promised["columns"]), after, desk.sees("max"))
    if asked in ("a column", "masked", "one of two"):
        assert len(after) == len(before), "columns alone open no row"
    if purpose:
        assert desk.sees() != after


def _assert_kept(promised: list[dict[str, object]], seen: Rows, raw: Rows) -> None:
    """Every cell is as its column was promised: as it is, nothing, or something else."""
    by_id = {row["id"]: row for row in raw}
    shown = {str(each["column"]): str(each["after"]).split(" or ") for each in promised if each["after"] != "hidden"}
    assert [set(row) for row in seen] == [set(shown)] * len(seen)
    for row in seen:
        for column, words in shown.items():
            cell, known = row[column], by_id[row["id"]][column] if row["id"] in by_id else None
            if known is not None:
                assert _word(cell, known, words) in words, (column, words)


def _word(cell: object, known: object, words: list[str]) -> str:
    if cell is None:
        return "null"
    if cell == known:
        return "clear"
    return next((word for word in words if word not in ("clear", "null")), "another value")
