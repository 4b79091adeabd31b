"""Runs the tests that documents state: decides as a query would, and compares with what was expected."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from catalog import names
from catalog.names import fold
from policy_engine.changing.draft import Draft
from policy_engine.document.model import PolicyTest
from policy_engine.document.places import Place
from policy_engine.judging.decide import decide
from policy_engine.live import Live, dataset_key
from policy_engine.model import ColumnDecision, Decision, Outcome, Policy, Subject
from policy_engine.subjects import subject_of
from policy_engine.transforms.calls import print_call


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was expected, what is so instead, and why."""

    what: str
    expected: str
    seen: str
    is_met: bool
    why: str
    policies: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """One test with all of its checks."""

    __test__ = False

    name: str
    place: Place
    checks: tuple[Check, ...]

    @property
    def is_passed(self) -> bool:
        """Whether all is as expected."""
        return all(check.is_met for check in self.checks)


def run_tests(
    draft: Draft, at: datetime, *, reads: Callable[[Policy], bool] = lambda _: True
) -> tuple[TestResult, ...]:
    """Every test of the document, on the state that it leads to; `at` is the moment for tests that name none.

    A policy that is not one of those that somebody `reads` decides nothing that a test could ask for by name.

    Example:
        >>> all(result.is_passed for result in run_tests(draft(document), at))
        True
    """
    unread = frozenset(key for key, policy in draft.live.policies.items() if not reads(policy))
    return tuple(_run(stated.value, stated.place, draft.live, at, unread) for stated in draft.document.tests)


def _run(test: PolicyTest, place: Place, live: Live, at: datetime, unread: frozenset[str]) -> TestResult:
    dataset = live.datasets.get(dataset_key(*test.dataset))
    if dataset is None:
        return TestResult(name=test.name or _named(test), place=place, checks=(_not_there(test, place),))
    decision = decide(_subject(test, live), dataset, live.policy_set, test.at or at, estate=live.datasets.get)
    checks = (*_columns(test, decision), *_rows(test, decision, place), *_because(test, decision, place, unread))
    return TestResult(name=test.name or _named(test), place=place, checks=checks)


def _not_there(test: PolicyTest, place: Place) -> Check:
    return Check(
        what="dataset",
        expected=names.join(*test.dataset),
        seen="no such dataset",
        is_met=False,
        why="it is not registered yet",
        policies=(),
        place=place,
    )


def _named(test: PolicyTest) -> str:
    """A test without a name is called by who looks at what."""
    known = [f"{key} {test.attributes[key]}" for key in sorted(test.attributes)]
    who = ", ".join([*filter(None, [test.user]), *sorted(test.groups), *known])
    return f"{who} on {names.join(*test.dataset)}"


def _subject(test: PolicyTest, live: Live) -> Subject:
    """The account of that name where there is one, with what the test adds; else just what the test says."""
    account = live.users.get(fold(test.user))
    known = subject_of(account) if account else Subject(user=test.user, groups=frozenset({test.user} - {""}))
    return Subject(
        user=known.user, groups=known.groups | test.groups, attributes={**known.attributes, **test.attributes}
    )


def _columns(test: PolicyTest, decision: Decision) -> Iterator[Check]:
    every = {fold(inner.name): inner for column in decision.columns for inner in (column, *column.nested)}
    there = {fold(column.name): column for column in decision.dataset.columns}
    for expectation in test.sees:
        name = ".".join(expectation.path)
        column = every.get(fold(name))
        if fold(name) not in there:
            near = names.nearest(name, (known.name for known in decision.dataset.columns))
            seen, why = (
                "no such column",
                f"did you mean `{near}`?" if near else f"{decision.dataset.full_name} lacks it",
            )
        else:
            seen, why = _shown(decision, column)
        yield Check(
            what=name,
            expected=expectation.seen,
            seen=seen,
            is_met=_is_met(expectation.seen, seen, column),
            why=why,
            policies=column.policies if column else (),
            place=expectation.place,
        )


def _shown(decision: Decision, column: ColumnDecision | None) -> tuple[str, str]:
    """How a column is met, in one word, and why; of a dataset that is refused nothing is seen."""
    if decision.broken:
        return Outcome.HIDDEN.value, f"the dataset is refused: {decision.rows.reason}"
    if column is None:
        return Outcome.HIDDEN.value, "the column it is in is hidden"
    if column.outcome is Outcome.MASKED:
        return _words(column), column.reason
    return column.outcome.value, column.reason


def _words(column: ColumnDecision) -> str:
    """The transform with its arguments where there is one for all rows, else the words for people."""
    call = column.cases[0].call if len(column.cases) == 1 else None
    return print_call(call) if call and call.arguments and not column.cases[0].when else column.transform


def _is_met(expected: str, seen: str, column: ColumnDecision | None) -> bool:
    if expected == Outcome.MASKED:
        return column is not None and column.outcome is Outcome.MASKED and seen not in ("hidden", "no such column")
    return seen in (expected, expected.removesuffix("()")) or (
        "(" not in expected and seen.partition("(")[0] == expected
    )


def _rows(test: PolicyTest, decision: Decision, place: Place) -> Iterator[Check]:
    if test.rows:
        is_nothing = decision.broken or not decision.is_visible or decision.rows.filter == "FALSE"
        seen = "none" if is_nothing else "filtered" if decision.rows.filter else "all"
        yield Check(
            what="rows",
            expected=test.rows,
            seen=seen,
            is_met=seen == test.rows,
            why=decision.rows.reason,
            policies=decision.rows.policies,
            place=place.at(f"{place.path}.rows"),
        )


def _because(test: PolicyTest, decision: Decision, place: Place, unread: frozenset[str]) -> Iterator[Check]:
    """Each policy that was named must have had a say about the columns that the test names, or about the rows."""
    if not test.because:
        return
    asked = {fold(".".join(path)) for path in test.columns}
    every = [inner for column in decision.columns for inner in (column, *column.nested)]
    deciding = {name for column in every if fold(column.name) in asked or not asked for name in column.policies}
    deciding = {name for name in deciding | set(decision.rows.policies) if fold(name) not in unread}
    seen = ", ".join(sorted(deciding)) or "no policy"
    for name in test.because:
        yield Check(
            what="because",
            expected=name,
            seen=seen,
            is_met=fold(name) in {fold(policy) for policy in deciding},
            why=f"decided by {seen}",
            policies=tuple(sorted(deciding)),
            place=place.at(f"{place.path}.because"),
        )
