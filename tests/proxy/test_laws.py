"""The ten laws, one property test each, on the whole proxy.

The seventh also stands in test_noninterference.py: two worlds that differ in what is governed answer alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from catalog.journal.event import EventKind
from catalog.model import Dataset
from policy_engine.model import Effect, Policy, PolicySet
from tests.policy_engine import drawn
from tests.policy_engine.oracle import Oracle
from tests.policy_engine.predicates import WHENS, predicates
from tests.policy_engine.seen import Asker, Row
from tests.proxy.test_oracle import RIGHTS, writes
from tests.proxy.trial import KEYS, Answer, Trial, trial

often = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with trial(tmp_path_factory.mktemp("laws")) as made:
        yield made


@dataclass(frozen=True, kw_only=True)
class Case:
    """A person, a dataset with rows, and the policies about it, in the home where they are tried."""

    home: Trial
    dataset: Dataset
    policies: tuple[Policy, ...]
    asker: Asker
    rows: Sequence[Row]

    def ask(self, policies: Sequence[Policy], sql: str = "from shop.people", dataset: Dataset | None = None) -> Answer:
        found = dataset or self.dataset
        policy_set = PolicySet(revision=1, policies=tuple(policies), roles=drawn.ROLES)
        return self.home.ask(sql, found, writes(found, self.rows, ()), policy_set, self.asker, RIGHTS)

    def oracle(self, policies: Sequence[Policy]) -> Oracle:
        return Oracle(
            subject=self.asker,
            dataset=self.dataset,
            policies=PolicySet(revision=1, policies=tuple(policies), roles=drawn.ROLES),
            at=drawn.AT,
            predicates=predicates(self.dataset, ()),
            keys=KEYS,
            whens=WHENS,
        )


def a_case(home: Trial, data: st.DataObject) -> Case:
    dataset = data.draw(drawn.datasets())
    home.at = drawn.AT
    return Case(
        home=home,
        dataset=dataset,
        policies=data.draw(drawn.policies(dataset)),
        asker=data.draw(drawn.askers),
        rows=data.draw(drawn.rows(dataset)),
    )


@often
@given(data=st.data())
def test_law_1_nothing_is_visible_without_a_grant(home: Trial, data: st.DataObject) -> None:
    case = a_case(home, data)
    answer = case.ask([policy for policy in case.policies if policy.effect is not Effect.GRANT])
    assert answer.code == "unknown_dataset"


@often
@given(data=st.data())
def test_law_2_grants_only_add_and_the_others_only_take_away(home: Trial, data: st.DataObject) -> None:
    case = a_case(home, data)
    one, rest = case.policies[-1], case.policies[:-1]
    less, more = case.ask(rest), case.ask(case.policies)
    if one.effect is not Effect.GRANT:
        less, more = more, less
    assert {*less.columns} <= {*more.columns}
    assert len(less.rows) <= len(more.rows)
    taker = replace(one, id="taker", effect=Effect.DENY, transforms=(), where=None, when=None)
    judge = case.oracle([taker])
    named = {column.name for column in judge.covered(taker)} if judge.binds(taker) else set()
    assert not {*case.ask((*case.policies, taker)).columns} & named


@often
@given(data=st.data())
def test_law_3_order_and_duplicates_do_not_matter(home: Trial, data: st.DataObject) -> None:
    case = a_case(home, data)
    mixed = data.draw(st.permutations([*case.policies, *(replace(p, id=f"{p.id} again") for p in case.policies)]))
    one, other = case.ask(mixed), case.ask(case.policies)
    assert (one.columns, sorted(one.rows), one.code) == (other.columns, sorted(other.rows), other.code)


@often
@given(data=st.data())
def test_law_4_grants_add_cell_by_cell(home: Trial, data: st.DataObject) -> None:
    """Of grants without transforms a cell is there where one of them shows its column and holds on its row."""
    case = a_case(home, data)
    grants = [replace(p, effect=Effect.GRANT, transforms=()) for p in case.policies]
    judge, answer = case.oracle(grants), case.ask(grants)
    held = [grant for grant in grants if judge.binds(grant) and judge.is_judged(grant)]
    shown = [{c.name for g in held if judge.is_true(g, row) for c in judge.covered(g)} for row in case.rows]
    assert set(answer.columns) == {column.name for grant in held for column in judge.covered(grant)}
    assert len(answer.rows) == sum(map(bool, shown))
    for place, name in enumerate(answer.columns):
        there = [row for row, names in zip(case.rows, shown, strict=True) if name in names]
        cells = [row[place] for row in answer.rows if row[place] != "None"]
        assert len(cells) == sum(row[name] is not None for row in there)


@often
@given(data=st.data())
def test_law_5_what_cannot_be_judged_protects(home: Trial, data: st.DataObject) -> None:
    case = a_case(home, data)
    *rest, last = case.policies
    broken = replace(last, where="ghost = 1", effect=Effect.GRANT)
    assert case.ask((*rest, broken)) == case.ask(rest)
    taker = replace(broken, effect=Effect.RESTRICT)
    judge = case.oracle([taker])
    if judge.binds(taker) and judge.covered(taker):
        answer = case.ask((*rest, taker))
        assert answer.table is None


@often
@given(data=st.data())
def test_law_6_a_hidden_column_does_not_exist(home: Trial, data: st.DataObject) -> None:
    case = a_case(home, data)
    shown = case.ask(case.policies).columns
    assume(shown)
    for name in {column.name for column in case.dataset.columns} - set(shown):
        named, misspelt = (home.again(f'select "{each}" from shop.people', case.asker) for each in (name, "gh0st"))
        assert (named.code, named.words.split(",")[0]) == (
            "unknown_column",
            misspelt.words.split(",")[0].replace("gh0st", name),
        )


@often
@given(data=st.data())
def test_law_7_what_a_person_wrote_sees_governed_values(home: Trial, data: st.DataObject) -> None:
    """Counting and comparing what is shown, in the question, comes to the same as doing so with the answer."""
    case = a_case(home, data)
    answer = case.ask(case.policies)
    assume(answer.columns)
    name = data.draw(st.sampled_from(answer.columns))
    sql = f'select count("{name}"), count(distinct "{name}"), count(*) from shop.people'
    [[count, distinct, total]] = case.ask(case.policies, sql).rows
    place = answer.columns.index(name)
    cells = [row[place] for row in answer.rows if row[place] != "None"]
    assert (count, total) == (str(len(cells)), str(len(answer.rows)))
    assert int(str(distinct)) <= len(set(cells))


@often
@given(data=st.data())
def test_law_8_a_suggested_tag_never_opens(home: Trial, data: st.DataObject) -> None:
    case = a_case(home, data)
    place, tag = data.draw(st.integers(0, len(case.dataset.columns) - 1)), data.draw(st.sampled_from(drawn.TAGS))
    listed = list(case.dataset.columns)
    listed[place] = replace(listed[place], suggested=listed[place].suggested | {tag})
    before, after = (
        case.ask(case.policies),
        case.ask(case.policies, dataset=replace(case.dataset, columns=tuple(listed))),
    )
    assert {*after.columns} <= {*before.columns}
    assert len(after.rows) <= len(before.rows)


@often
@given(data=st.data())
def test_law_9_an_explanation_is_what_a_query_is_decided_by(home: Trial, data: st.DataObject) -> None:
    case = a_case(home, data)
    answer = case.ask(case.policies)
    assume(answer.columns)
    explained = home.explained("from shop.people", case.asker)
    [decided] = cast("list[dict[str, list[dict[str, str]]]]", explained["datasets"])
    assert isinstance(decided.pop("statements"), dict), "beside the decision stands what its policies say"
    assert [decided] == answer.told["datasets"]
    shown = [column["column"] for column in decided["columns"] if column["outcome"] != "hidden"]
    assert tuple(name for name in shown if "." not in name) == answer.columns


@often
@given(data=st.data())
def test_law_10_no_journal_no_data(home: Trial, data: st.DataObject) -> None:
    case = a_case(home, data)
    answer = case.ask(case.policies)
    event = home.journalled()
    assert event.kind is (EventKind.QUERY_BEGIN if answer.columns else EventKind.QUERY_DENY)
    assert event.revision == home.revision
    with home.journal_unwritable():
        refused = home.again("select 1 as n from shop.people", case.asker)
    assert (refused.code, refused.rows) == ("journal_unavailable", ())
