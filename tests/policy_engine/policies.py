"""Random policies, every one of which a document can state."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from policy_engine.circumstances import WEEKDAYS, When
from policy_engine.filters.filters import check_filter
from policy_engine.model import AllOf, AnyOf, Effect, HasTag, Not, Policy, Scope, TagExpression, TransformRule
from policy_engine.tag_expressions import parse, print_expression
from tests.policy_engine.calls import calls

_TAGS = st.sampled_from(["phi.mrn", "phi.phone_number", "pii.email", "fin.card"]).map(HasTag)
_FILTERS = st.sampled_from(
    ["opted_out != 1", "land = user_attribute('land')", "note = 'it''s: # \"x\"'", "a IN (1, 2) AND NOT b IS NULL"]
)
_TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=30).map(str.strip)
_NAMES = _TEXTS.filter(bool)
_ROLES = _NAMES.filter(lambda name: '"' not in name and "." not in name)
_MOMENTS = st.one_of(
    st.dates(datetime(2000, 1, 2).date(), datetime(2090, 1, 1).date()).map(
        lambda day: datetime(day.year, day.month, day.day, tzinfo=UTC)
    ),
    st.datetimes(datetime(2000, 1, 2), datetime(2090, 1, 1), timezones=st.just(UTC)),
)


def role_names() -> st.SearchStrategy[str]:
    """Names that a role may have."""
    return _ROLES


def expressions() -> st.SearchStrategy[TagExpression]:
    """Tag expressions as reading gives them."""

    def deeper(inner: st.SearchStrategy[TagExpression]) -> st.SearchStrategy[TagExpression]:
        parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(inner.map(Not), parts.map(AllOf), parts.map(AnyOf))

    return st.recursive(_TAGS, deeper, max_leaves=5).map(lambda expression: parse(print_expression(expression)))


def scopes() -> st.SearchStrategy[Scope]:
    """Everything, a database, a dataset, or some of its columns."""
    paths = st.lists(st.lists(_NAMES, min_size=1, max_size=2).map(tuple), max_size=2).map(tuple)
    return st.one_of(
        st.just(Scope()),
        st.builds(Scope, database=_NAMES),
        st.builds(Scope, database=_NAMES, dataset=_NAMES, columns=paths),
    ).filter(_can_be_written)


def _can_be_written(scope: Scope) -> bool:
    """A name that is a star is none, and one with `${` speaks of a variable."""
    names = [name for name in (scope.database, scope.dataset) if name is not None]
    inner = [name for path in scope.columns for name in path]
    return "*" not in names and not any("${" in name for name in (*names, *inner))


def conditions() -> st.SearchStrategy[When]:
    """Conditions on who asks and how, as reading gives them."""
    odd = st.sampled_from(["hr", "HR", "a, b", 'say "x"', "o'x", "{a: b}", "# no", "yes", "08", "ä ö", "%"])
    values = st.lists(odd, min_size=1, max_size=2, unique=True).map(tuple)
    some = st.one_of(st.just(()), values)
    attributes = st.dictionaries(odd.filter(lambda key: key != "HR"), values, max_size=2).map(
        lambda found: tuple(sorted(found.items()))
    )
    hours = st.sampled_from(["", "08:00-18:00", "22:00-06:00", "00:00-24:00"])
    weekdays = st.sets(st.sampled_from(WEEKDAYS)).map(lambda days: tuple(day for day in WEEKDAYS if day in days))
    times = st.builds(When, time_of_day=hours, weekdays=weekdays, zone=st.sampled_from(["UTC", "Europe/Vienna"]))
    networks = st.sampled_from([(), ("10.0.0.0/8",), ("192.0.2.1/32", "2001:db8::/32")])
    return st.builds(
        lambda when, groups, not_groups, attributes, purposes, networks: replace(
            when, groups=groups, not_groups=not_groups, attributes=attributes, purposes=purposes, networks=networks
        ),
        times.map(lambda when: when if when.time_of_day or when.weekdays else When()),
        some,
        some,
        attributes,
        some,
        networks,
    ).filter(lambda when: when != When())


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """A policy that says something."""
    effect = draw(st.sampled_from(Effect))
    rules = st.builds(TransformRule, tagged=expressions(), call=calls())
    is_deny = effect is Effect.DENY
    having = draw(expressions() if effect is Effect.RESTRICT else st.one_of(st.none(), expressions()))
    moments = sorted({draw(_MOMENTS), draw(_MOMENTS)})
    return Policy(
        id=draw(_TEXTS.filter(bool)),
        effect=effect,
        roles=tuple(draw(st.lists(_ROLES, min_size=1, max_size=3, unique=True))),
        scope=draw(scopes()),
        having=having,
        transforms=() if is_deny else tuple(draw(st.lists(rules, max_size=2))),
        where=None if is_deny else draw(st.one_of(st.none(), _FILTERS.map(check_filter))),
        starts_at=draw(st.sampled_from([None, moments[0]])),
        ends_at=draw(st.sampled_from([None, moments[-1]])) if len(moments) == 2 else None,
        enabled=draw(st.booleans()),
        when=draw(st.one_of(st.none(), conditions())),
        why=draw(_TEXTS),
    )
