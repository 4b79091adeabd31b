"""Findings about what policies give and take: those that give nothing, and those that take nothing or everything."""

from collections.abc import Iterator

from catalog.names import fold
from policy_engine.judging.cells import ALWAYS, Contribution
from policy_engine.judging.rulings import Ruling
from policy_engine.lint.case import Case, Sight
from policy_engine.lint.findings import DENIED_GRANT, EMPTY_GRANT, IDLE_TAKER, SHADOWED_GRANT, TOTAL_DENIAL, Finding
from policy_engine.model import Effect, Policy
from policy_engine.tag_expressions import print_expression


def idle_grants(case: Case) -> Iterator[Finding]:
    """Grants that show nothing, whose every column is taken back, or that add nothing to others."""
    removed: set[str] = set()
    for policy in reversed(case.in_force):
        if policy.effect is not Effect.GRANT:
            continue
        said = [ruling for sight in _with(policy, case) for _, ruling in sight.ruled if _gives(policy, ruling)]
        if not said:
            yield from _empty(policy, case)
        elif all(_always_hides(ruling, policy) for ruling in said):
            takers = sorted({taker.id for ruling in said for taker in ruling.hidden_by})
            by = ", ".join(f"`{name}`" for name in takers)
            sentence = f"everything that policy `{policy.id}` grants is taken back by {by}"
            yield Finding(kind=DENIED_GRANT, place=case.place(policy), sentence=sentence)
        elif other := _shadow(policy, said, case, removed):
            removed.add(policy.id)
            sentence = f"policy `{policy.id}` adds nothing to policy `{other}`"
            yield Finding(kind=SHADOWED_GRANT, place=case.place(policy), sentence=sentence)


def odd_takers(case: Case) -> Iterator[Finding]:
    """Restrictions and denials that take nothing, or everything there is."""
    for policy in case.in_force:
        sights = _with(policy, case)
        if policy.effect is Effect.GRANT or not sights:
            continue
        granted = [ruling for sight in sights for _, ruling in sight.ruled if ruling.contributions]
        taken = [ruling for ruling in granted if _takes(policy, ruling)]
        if not taken:
            sentence = f"policy `{policy.id}` takes nothing away from anybody it is for"
            yield Finding(kind=IDLE_TAKER, place=case.place(policy), sentence=sentence)
        elif policy.when is None and all(policy in ruling.hidden_by for ruling in granted):
            sentence = f"policy `{policy.id}` takes away everything that its roles are granted in its scope"
            yield Finding(kind=TOTAL_DENIAL, place=case.place(policy), sentence=sentence)


def _with(policy: Policy, case: Case) -> list[Sight]:
    """Where a policy binds somebody."""
    return [sight for sight in case.sights() if policy in sight.bound]


def _gives(policy: Policy, ruling: Ruling) -> bool:
    return any(item.policy == policy.id for item in ruling.contributions)


def _always_hides(ruling: Ruling, grant: Policy) -> bool:
    """Whether something hides the column whenever the grant counts."""
    return any(taker.when in (None, grant.when) for taker in ruling.hidden_by)


def _takes(policy: Policy, ruling: Ruling) -> bool:
    return policy in ruling.hidden_by or policy.id in (*ruling.raised_by, *ruling.limited_by, *ruling.broken)


def _empty(policy: Policy, case: Case) -> Iterator[Finding]:
    """A grant that covers datasets and shows nothing; one whose filter cannot be read there is told elsewhere."""
    reached = [sight.dataset for sight in _with(policy, case)]
    readable = [item for item in reached if not case.filter_problem(policy, item)]
    if readable:
        why = f", as `{print_expression(policy.having)}` holds for no column there" if policy.having else ""
        sentence = f"policy `{policy.id}` shows nothing of `{readable[0].full_name}` or any other dataset{why}"
        sentence = sentence if len({*map(id, readable)}) > 1 else sentence.replace(" or any other dataset", "")
        yield Finding(kind=EMPTY_GRANT, place=case.place(policy), sentence=sentence)


def _shadow(policy: Policy, said: list[Ruling], case: Case, removed: set[str]) -> str:
    """Another grant that gives as much wherever this one gives anything, empty when there is none."""
    others = {item.policy for item in said[0].contributions} - {policy.id} - removed
    for other in sorted(others):
        lasts = _lasts_as_long(case.live.policies[fold(other)], policy)
        if lasts and all(_covers(other, policy, ruling) for ruling in said):
            return other
    return ""


def _covers(other: str, policy: Policy, ruling: Ruling) -> bool:
    mine = next(item for item in ruling.contributions if item.policy == policy.id)
    return any(item.policy == other and _is_as_much(item, mine) for item in ruling.contributions)


def _is_as_much(one: Contribution, other: Contribution) -> bool:
    is_as_clear = one.showing == other.showing or one.showing.strength < other.showing.strength
    return is_as_clear and one.when in (ALWAYS, other.when)


def _lasts_as_long(one: Policy, other: Policy) -> bool:
    if getattr(one, "when", None) not in (None, getattr(other, "when", None)):
        return False
    return one.ends_at is None or (other.ends_at is not None and other.ends_at <= one.ends_at)
