"""The grants that open rows of a dataset to who asks for more of it, and what an approval repeats of them.

An approval of columns keeps to the rows that the asker sees already: it has the filters and conditions of the grants
that open these, and none of what any circumstances leave closed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from catalog.errors import PolicyInvalid
from catalog.model import Dataset
from catalog.names import fold
from catalog.people.model import Role
from policy_engine.circumstances import Circumstances, When
from policy_engine.conditions import purpose_holds
from policy_engine.filters.filters import check_filter
from policy_engine.judging.judged import Judged
from policy_engine.judging.rulings import covers, has_fields
from policy_engine.live import Live
from policy_engine.model import Effect, Policy, Scope, Subject
from policy_engine.own_names import resolved
from policy_engine.profile import FieldProfile, profile


def opening_grants(seen: Judged, live: Live) -> tuple[Policy, ...]:
    """The grants by which rows are there for the asker, by id, of what is seen whatever a denial's condition is."""
    known = (live.policies.get(fold(name)) for name in sorted(seen.opened_by))
    return tuple(policy for policy in known if policy is not None and policy.effect is Effect.GRANT)


def for_purpose(opening: Iterable[Policy], purpose: str, asker: Subject) -> tuple[Policy, ...]:
    """Those of the grants that open rows to queries for a purpose; raises PolicyInvalid where none does."""
    stated = Circumstances(purpose=purpose)
    found = tuple(
        grant
        for grant in opening
        if grant.when is None or not grant.when.purposes or purpose_holds(grant.when.purposes, stated)
    )
    if not found:
        raise PolicyInvalid(
            f"for the purpose `{purpose}` no row is there for `{asker.user}`", hint="approve it without that, or deny"
        )
    return found


def while_in_groups(grant: Policy, roles: Mapping[str, Role], asker: Subject) -> Policy:
    """The grant for as long as the asker is in one of the groups by which it is theirs: whoever comes from an identity
    provider may have left these since they asked, and nobody here is told of that before they come again.

    Raises PolicyInvalid where the grant demands other groups besides.
    """
    demanded = set(map(fold, grant.when.groups)) if grant.when is not None else set()
    named = {fold(group) for role in grant.roles if fold(role) in roles for group in roles[fold(role)].groups}
    if demanded:
        named &= demanded
    groups = tuple(sorted(group for group in asker.groups if fold(group) in named))
    if not groups:
        raise PolicyInvalid(
            f"rows are there for `{asker.user}` by two groups at once, and an approval can demand either alone",
            hint="write a grant for a role of its own, or deny the request",
        )
    when = replace(grant.when or When(), groups=groups)
    return replace(grant, when=when)


def on_rows_seen(plain: Policy, opening: Iterable[Policy]) -> Iterator[Policy]:
    """The grant for each condition and end under which rows are open: on these rows and no longer than they are."""
    alike: dict[tuple[When | None, datetime | None], list[str | None]] = {}
    for grant in opening:
        alike.setdefault((grant.when, grant.ends_at), []).append(grant.where)
    for (when, ends_at), filters in alike.items():
        yield replace(plain, where=_any_of(filters), when=when, ends_at=ends_at)


def _any_of(filters: Iterable[str | None]) -> str | None:
    texts = dict.fromkeys(filters)
    if None in texts:
        return None
    return check_filter(" OR ".join(f"({text})" for text in texts)) if len(texts) > 1 else next(iter(texts))


def whole_rows(opening: Iterable[Policy], dataset: Dataset, asker: Subject) -> tuple[Policy, ...]:
    """The grants that open rows by a filter, without it and for this dataset alone; masks stay as they are."""
    found: list[Policy] = []
    for grant in opening:
        mine = resolved(grant, asker.user)
        if grant.where is not None and mine is not None:
            cells = (cell for top in profile(dataset).columns for cell in innermost(top))
            covered = tuple(cell.column.path for cell in cells if covers(mine, cell.path))
            if covered:  # none would be all of them
                scope = Scope(database=dataset.database, dataset=dataset.name, columns=covered)
                found.append(replace(mine, scope=scope, where=None))
    if not found:
        raise PolicyInvalid(
            f"no grant limits the rows that `{asker.user}` sees, so none can be opened by another",
            hint="what takes rows away is a restriction; its owner can change it",
        )
    return tuple(found)


def innermost(field: FieldProfile) -> Iterator[FieldProfile]:
    """The innermost fields of a column, and of a document the paths in it that are governed."""
    if has_fields(field):
        for part in field.parts:
            yield from innermost(part)
    else:
        yield from (field, *field.nested)
