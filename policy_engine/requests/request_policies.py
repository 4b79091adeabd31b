"""The policies that approving a request for access would make: ordinary grants, to the asker alone, with an end.

Columns are granted by name, those with fields field by field, so that none is opened that comes later; on the rows that
the asker sees already, by the filters and conditions of the grants that open these; and masks go by the approval,
whatever becomes of tags.
"""

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, replace
from datetime import datetime

from catalog.access_requests import AccessRequest, Wanted
from catalog.errors import NotAllowed, PolicyInvalid
from catalog.inner_paths import is_document
from catalog.model import Column, Dataset
from catalog.names import fold, split_field
from catalog.people.accounts import is_provided
from policy_engine.approvals import approval_name
from policy_engine.circumstances import When
from policy_engine.live import Live
from policy_engine.model import (
    AnyOf,
    Effect,
    HasTag,
    Not,
    Policy,
    Scope,
    Subject,
    TransformCall,
    TransformRule,
)
from policy_engine.personal_roles import role_of
from policy_engine.profile import profile
from policy_engine.requests.rows_seen import for_purpose, innermost, on_rows_seen, while_in_groups, whole_rows
from policy_engine.shapes import Shape, nesting

Path = tuple[str, ...]
_LONGEST_WHY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms a request is approved: which of the columns (None: all that are asked for), how, until when.

    `mask` is a transform for all of them; `is_bound` gives the access to queries alone that state the purpose.
    """

    ends_at: datetime
    columns: tuple[str, ...] | None = None
    mask: TransformCall | None = None
    is_bound: bool = False


def asked_columns(request: AccessRequest, dataset: Dataset) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """The columns and nested fields that are asked for, and the names that nothing bears; of all rows, no column."""
    if request.wanted is Wanted.ROWS:
        return (), ()
    if request.wanted is Wanted.DATASET:
        return tuple(column for column in dataset.columns if len(column.path) == 1), ()
    known = {_folded(column.path): column for column in dataset.columns}
    found = {name: known.get(_folded(split_field(name))) for name in request.columns}
    there = {column.path: column for column in found.values() if column is not None}
    return tuple(there.values()), tuple(name for name, column in found.items() if column is None)


def policies_for(
    request: AccessRequest,
    terms: Terms,
    dataset: Dataset,
    opening: tuple[Policy, ...],
    live: Live,
    asker: Subject,
    reads: Callable[[Policy], bool],
    *,
    is_seen: bool,
) -> tuple[Policy, ...]:
    """The grants that an approval makes; `opening` are those that open rows to the asker now, and `is_seen` says
    whether anything of the dataset is there for them.

    Raises NotAllowed where they would repeat words of a grant that who decides does not read.
    """
    as_seen = request.wanted is Wanted.COLUMNS and is_seen
    repeated = (grant for grant in opening if grant.where is not None or (as_seen and grant.when is not None))
    if (as_seen or request.wanted is Wanted.ROWS) and not all(map(reads, repeated)):
        raise NotAllowed(
            f"an approval would repeat the conditions on which `{asker.user}` sees rows, and not all are yours to read",
            hint="who writes or reads policies everywhere can decide; you can deny",
        )
    if as_seen or request.wanted is Wanted.ROWS:
        if terms.is_bound:
            opening = for_purpose(opening, request.purpose, asker)
        if is_provided(asker.user):
            opening = tuple(while_in_groups(grant, live.roles, asker) for grant in opening)
    if request.wanted is Wanted.ROWS:
        found = whole_rows(opening, dataset, asker)
    else:
        scope = Scope(database=dataset.database, dataset=dataset.name, columns=_chosen(request, terms, dataset))
        masks = () if terms.mask is None else (_mask(terms.mask, scope, dataset, live.tags),)
        plain = Policy(id="", effect=Effect.GRANT, roles=(), scope=scope, transforms=masks)
        found = tuple(on_rows_seen(plain, opening)) if as_seen else (plain,)
    return tuple(_signed(policy, number, request, terms) for number, policy in enumerate(found))


def _chosen(request: AccessRequest, terms: Terms, dataset: Dataset) -> tuple[Path, ...]:
    """What is granted: in place of a column with fields, all that are in it now."""
    tops = {_folded(path) for path in _named(request, terms, dataset)}
    cells = (cell for top in profile(dataset).columns for cell in innermost(top))
    return tuple(cell.column.path for cell in cells if _is_within(tops, cell.path))


def _is_within(tops: Set[Path], path: Path) -> bool:
    return any(path[:end] in tops for end in range(1, len(path) + 1))


def with_keys(policies: Iterable[Policy], dataset: Dataset) -> tuple[str, ...]:
    """The documents and maps that policies of a request open, in whole or in part: with keys that may come later."""
    granted = {
        path[:length] for policy in policies for path in policy.scope.columns for length in range(1, len(path) + 1)
    }
    found = [column for column in dataset.columns if column.path in granted and _has_keys(column.type)]
    inside = {column.path for column in found}
    return tuple(
        column.name for column in found if not any(column.path[:end] in inside for end in range(1, len(column.path)))
    )


def _has_keys(type_text: str) -> bool:
    return is_document(type_text) or nesting(type_text).shape is Shape.MAP


def _named(request: AccessRequest, terms: Terms, dataset: Dataset) -> tuple[Path, ...]:
    asked, _ = asked_columns(request, dataset)
    if terms.columns is None:
        return tuple(column.path for column in asked)
    wanted = {_folded(split_field(name)) for name in terms.columns}
    unknown = wanted - {_folded(column.path) for column in asked}
    if unknown or not wanted:
        what = f"`{'.'.join(min(unknown))}` is not asked for" if unknown else "no column is chosen"
        raise PolicyInvalid(what, hint="approve columns that are asked for, or deny the request")
    return tuple(column.path for column in asked if _folded(column.path) in wanted)


def _mask(call: TransformCall, scope: Scope, dataset: Dataset, tags: Iterable[str]) -> TransformRule:
    """The transform for every column in scope, and with the keys of the tags that these carry.

    It holds whether or not a tag is there: a mask must not come off because somebody takes a tag away.
    """
    # with what the columns are in, whose tags are theirs, too
    granted = {path[:length] for path in scope.columns for length in range(1, len(path) + 1)}
    chosen = [column for column in dataset.columns if column.path in granted]
    carried = {tag for column in chosen for tag in column.confirmed | column.suggested}
    carried |= dataset.confirmed | dataset.suggested | dataset.database_tags
    named = sorted(carried) or sorted(tags)[:1]
    if not named:
        raise PolicyInvalid(
            "there is no tag, and a mask goes by tags", hint="declare one, or approve the columns as they are"
        )
    return TransformRule(tagged=AnyOf((*map(HasTag, named), Not(HasTag(named[0])))), call=call)


def _signed(policy: Policy, number: int, request: AccessRequest, terms: Terms) -> Policy:
    """The policy under the request's name, to the asker alone, no longer than the terms say."""
    ends_at = terms.ends_at if policy.ends_at is None else min(policy.ends_at, terms.ends_at)
    said = " ".join(f"request {request.id} of {request.user}: {request.why}".split())
    return replace(
        policy,
        id=approval_name(request.id, number),
        roles=(role_of(request.user).name,),
        when=_bound(policy.when, request.purpose) if terms.is_bound else policy.when,
        ends_at=ends_at,
        starts_at=None,
        why=said if len(said) <= _LONGEST_WHY else said[: _LONGEST_WHY - 2] + "..",
    )


def _bound(when: When | None, purpose: str) -> When:
    if not purpose:
        raise PolicyInvalid("the request states no purpose to bind it to", hint="approve it without that")
    return replace(when or When(), purposes=(purpose,))


def _folded(path: Path) -> Path:
    return tuple(map(fold, path))
