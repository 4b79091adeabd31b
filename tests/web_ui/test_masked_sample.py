"""A sample as somebody else holds nothing but what the person who looks reads in the clear by a query of their own."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from catalog.model import Source, Tag, TagAssignment, TagOrigin, TagState
from catalog.people.model import Role
from catalog.registry import connect
from policy_engine.judging.decide import decide
from policy_engine.model import Decision, Effect, Outcome, Policy, Scope, Subject, TransformCall, TransformRule
from policy_engine.tag_expressions import parse
from policy_engine.transforms.calls import parse_call
from proxy.answering.cells import texts
from proxy.governance import Request
from tests.web_ui.shop import open_shop
from web_ui.authoring.masked_sample import MaskedSample, masked_sample
from web_ui.parts import Parts

GRANT = Policy(id="g", effect=Effect.GRANT, roles=("a",), scope=Scope(database="shop"))


def shown(tag: str, call: TransformCall, where: str | None = None) -> Policy:
    rule = TransformRule(tagged=parse(tag), call=call)
    return replace(GRANT, id=f"{tag} by {call.name}", transforms=(rule,), where=where)


KINDS: dict[str, tuple[Policy, ...]] = {
    "all": (GRANT,),
    "no card": (replace(GRANT, having=parse("not fin.card")),),
    "only ids": (replace(GRANT, scope=Scope(database="shop", dataset="orders", columns=(("id",),))),),
    "masked": (shown("pii.email", parse_call("mask(keep_last=>3)")),),
    "tokens": (shown("pii.email or fin.card", parse_call("tokenize()")),),
    "expression": (shown("pii.email", parse_call("lower(left(__COLUMN__, 3))")),),
    "some rows": (replace(GRANT, where="land = 'NO' and total > 100"),),
    "row by row": (replace(GRANT, having=parse("not pii.email")), shown("pii.email", parse_call("null()"), "id < 9")),
    "by card": (replace(GRANT, where="card > 4539797705756020"),),
    "no row": (replace(GRANT, where="user_attribute('ghost') = 'x'"),),
    "broken": (GRANT, replace(GRANT, id="r", effect=Effect.RESTRICT, where="ghost = 1")),
}
LOOKING, OTHER = Subject(user="eve", groups=frozenset({"eve"})), Subject(user="tim", groups=frozenset({"tim"}))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    with open_shop(tmp_path_factory.mktemp("shop")) as parts:
        yield parts


def put(shop: Parts, own: str | None, theirs: str) -> Decision:
    """Policies of one kind for the person who looks and of another for whom they look as, for whom is decided."""
    roles = (Role(name="mine", groups=frozenset({"eve"})), Role(name="theirs", groups=frozenset({"tim"})))
    policies = tuple(
        replace(policy, id=f"{role} {policy.id}", roles=(role,))
        for role, kind in (("mine", own), ("theirs", theirs))
        for policy in (KINDS[kind] if kind else ())
    )
    shop.policies.put(policies, roles, by="test", why="x", difference="")
    dataset = shop.datasets.dataset("shop", "orders")
    assert dataset is not None
    return decide(OTHER, dataset, shop.policies.current(), shop.clock(), estate=lambda _: None)


def sample(shop: Parts, decision: Decision) -> MaskedSample:
    return masked_sample(shop, LOOKING, decision, decision_id="d", client="")


def own_texts(shop: Parts) -> dict[str, set[str | None]]:
    """What the person who looks reads of each column with a query of their own, as it is written."""
    with shop.pipeline.query(LOOKING, Request(sql="select * from shop.orders"), decision_id="d") as answer:
        table = pa.Table.from_batches(list(answer.batches()), answer.schema)
    return {name: set(texts(table.column(name).combine_chunks())) for name in table.column_names}


@pytest.mark.parametrize("own", [kind for kind in KINDS if kind != "broken"])
def test_every_value_is_one_that_the_person_who_looks_reads_in_the_clear(shop: Parts, own: str) -> None:
    for theirs in KINDS:
        decision = put(shop, own, theirs)
        found = sample(shop, decision)
        mine = shop.visibility.decision(LOOKING, "shop", "orders", shop.policies.current(), shop.clock())
        clear = {c.name for c in mine.columns if c.outcome is Outcome.CLEAR} if mine else set[str]()
        there = own_texts(shop) if found.rows else {}
        calls = {column.name: column.cases[0].call for column in decision.columns if column.cases}
        for row, (place, column) in itertools.product(found.rows, enumerate(found.columns)):
            if column.note:
                assert row[place] == ""
            else:
                assert column.name in clear
                assert calls[column.name] is not None or row[place] in there[column.name]
        assert {column.name for column in found.columns} <= {c.name for c in decision.columns}


@pytest.mark.parametrize("theirs", list(KINDS))
def test_who_reads_nothing_is_shown_no_row(shop: Parts, theirs: str) -> None:
    for own in (None, "broken"):
        found = sample(shop, put(shop, own, theirs))
        assert found.rows == ()
        assert found.notes != ()


def test_a_mask_without_a_key_is_put_on_and_one_with_a_key_is_not(shop: Parts) -> None:
    found = sample(shop, put(shop, "all", "masked"))
    place = [column.name for column in found.columns].index("email")
    assert {(str(row[place])[:4], str(row[place])[-3:]) for row in found.rows} == {("XXXX", "est")}
    found = sample(shop, put(shop, "all", "tokens"))
    notes = {column.name: column.note for column in found.columns}
    assert notes["email"] == notes["card"] == "tokenize, which takes a key: not made here"
    assert notes["id"] == ""


def test_rows_are_those_of_both_where_the_filter_is_on_what_one_sees(shop: Parts) -> None:
    found = sample(shop, put(shop, "all", "some rows"))
    place = [column.name for column in found.columns].index("land")
    assert {row[place] for row in found.rows} == {"NO"}
    assert found.notes == ()
    found = sample(shop, put(shop, "no card", "by card"))
    assert "their filter goes by what you do not see" in found.notes[0]
    assert len(found.rows) == 10


def test_what_differs_from_row_to_row_is_not_shown(shop: Parts) -> None:
    found = sample(shop, put(shop, "all", "row by row"))
    assert {column.name: column.note for column in found.columns}["email"] == "differs from row to row"


@pytest.mark.parametrize(
    ("value", "call", "cell", "note"),
    [
        ("date '20000-01-01'", "date_trunc('year')", "", "a value of `odd` is too far away to be shown here"),
        ("date '2000-02-03'", "date_trunc('year')", "2000-01-01", ""),
        ("98104::hugeint", "phi_zip3()", "981", ""),
    ],
)
def test_what_python_cannot_hold_is_said_and_breaks_nothing(
    tmp_path: Path, value: str, call: str, cell: str, note: str
) -> None:
    with open_shop(tmp_path) as shop:
        file = tmp_path / "data" / "odd.duckdb"
        with duckdb.connect(str(file)) as engine:
            engine.execute(f"CREATE TABLE t AS SELECT {value} AS odd")
        source = Source(name="odd", connector="duckdb", options={"path": str(file)})
        shop.datasets.put_source(source)
        shop.tags.put_tag(Tag(name="a.odd"))
        shop.datasets.register("shop", "odd", "odd", "main.t", connect(source).describe("main.t"))
        shop.tags.assign(
            TagAssignment(
                dataset="shop.odd", path=("odd",), tag="a.odd", state=TagState.CONFIRMED, origin=TagOrigin.PERSON
            )
        )
        roles = (Role(name="mine", groups=frozenset({"eve"})), Role(name="theirs", groups=frozenset({"tim"})))
        theirs = replace(shown("a.odd", parse_call(call)), roles=("theirs",))
        shop.policies.put((replace(GRANT, roles=("mine",)), theirs), roles, by="test", why="x", difference="")
        dataset = shop.datasets.dataset("shop", "odd")
        assert dataset is not None
        decision = decide(OTHER, dataset, shop.policies.current(), shop.clock(), estate=lambda _: None)
        found = sample(shop, decision)
        assert found.rows == ((cell,),)
        assert found.notes == ((note,) if note else ())
