"""What approving a request for access would do, worked out by the judge of every query under policies as they would be.

Whatever others restrict or deny stands against it there, too; nothing is changed here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from catalog.access_requests import AccessRequest
from catalog.errors import PolicyInvalid
from catalog.model import Dataset
from catalog.names import fold
from catalog.people.accounts import is_provided
from catalog.people.model import Role
from policy_engine.approvals import approval_name
from policy_engine.changing.plan import Plan, plan_between
from policy_engine.circumstances import AGAINST_ALL, AT_LEAST, AT_MOST, Circumstances
from policy_engine.filters.filters import asks_purpose
from policy_engine.judging.decide import Judge
from policy_engine.judging.judged import Judged
from policy_engine.judging.policy_index import roles_of
from policy_engine.live import Live, dataset_key
from policy_engine.model import Effect, Policy, RowDecision, Subject
from policy_engine.personal_roles import role_of
from policy_engine.requests.column_changes import HIDDEN, Changes, is_alike, words
from policy_engine.requests.request_policies import Terms, asked_columns, policies_for, with_keys
from policy_engine.requests.rows_seen import opening_grants
from policy_engine.subjects import subject_of

_MOST_EDGES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """What differs for the asker from a moment on, before the access ends: a column, or the rows where it is empty."""

    at: datetime
    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What approving a request on some terms would do, looked at and not done.

    `keyed` are the documents and maps that are opened, whose keys that come later are as well; `refused_because` says
    why it cannot be approved so; empty when it can.
    """

    request: AccessRequest
    terms: Terms
    asker: Subject
    dataset: Dataset
    plan: Plan
    before: Judged
    after: Judged
    columns: Changes
    later: tuple[Later, ...]
    missing: tuple[str, ...]
    keyed: tuple[str, ...]
    refused_because: str

    @property
    def rows(self) -> tuple[RowDecision, RowDecision]:
        """Which rows are there before and after."""
        return self.before.rows, self.after.rows

    @property
    def against(self) -> tuple[str, ...]:
        """The policies that would still keep an asked column from being clear, or rows from being there."""
        granted = {change.name for change in self.plan.changes if change.kind == "policy"}
        names = dict.fromkeys(name for change in self.columns.kept for name in change.column.policies)
        taken = (name for name in self.after.rows.policies if _takes(name, self.plan.after))
        return tuple(name for name in dict.fromkeys((*names, *taken)) if name not in granted)


def asker_of(request: AccessRequest, live: Live) -> Subject | None:
    """The asker as they are now, or, when they come from an identity provider, as they were seen when they asked: what
    they are then is asked by each query (rows_seen.py). None when the account is there no longer.
    """
    if is_provided(request.user):
        return Subject(user=request.user, groups=request.groups, attributes=request.attributes)
    user = live.users.get(fold(request.user))
    return None if user is None else subject_of(user)


def reads_all(_: Policy) -> bool:
    """Whether the operator of the home reads a policy."""
    return True


def propose(
    request: AccessRequest, terms: Terms, live: Live, at: datetime, *, reads: Callable[[Policy], bool] = reads_all
) -> Proposal:
    """What approving a request would do for the asker; raises PolicyInvalid where there is nothing to look at.

    `reads` says which policies somebody may read who decides; NotAllowed where an approval would repeat others' words.
    """
    dataset = live.datasets.get(dataset_key(request.database, request.dataset))
    if dataset is None:
        raise PolicyInvalid(f"there is no dataset `{request.full_name}`", hint="deny the request, and say so")
    asker = asker_of(request, live)
    if asker is None:
        raise PolicyInvalid(f"there is no account `{request.user}` any more", hint="deny the request")
    if terms.ends_at > request.ends_at or terms.ends_at <= at:
        raise PolicyInvalid(
            f"the access must end by {request.ends_at:%Y-%m-%d}, as was asked, and not before now", hint="shorten it"
        )
    _refuse_shared(request, live, reads)
    surveys = (Circumstances(purpose=request.purpose if terms.is_bound else None), AT_LEAST, AT_MOST)
    *was, in_doubt = _surveyed(asker, dataset, live, at, (*surveys, AGAINST_ALL))
    opening = opening_grants(in_doubt, live)
    policies = policies_for(request, terms, dataset, opening, live, asker, reads, is_seen=was[-1].is_visible)
    role = role_of(request.user)
    after = replace(
        live,
        roles={**live.roles, fold(role.name): live.roles.get(fold(role.name), role)},
        policies={**live.policies, **{fold(policy.id): policy for policy in policies}},
    )
    will = _surveyed(asker, dataset, after, at, surveys)
    pairs = {(id(old), id(new)): (old, new) for old, new in zip(was, will, strict=True)}
    is_idle = all(is_alike(old, new) for old, new in pairs.values())
    asked, missing = asked_columns(request, dataset)
    return Proposal(
        request=request,
        terms=terms,
        asker=asker,
        dataset=dataset,
        plan=_without_role(plan_between(live, after, at=at), role),
        before=was[0],
        after=will[0],
        columns=Changes(was, will, {column.path for column in asked}),
        later=tuple(_later(request, terms, asker, after, will[0], at, surveys[0])),
        missing=missing,
        keyed=with_keys(policies, dataset),
        refused_because=_why_idle(request, will[0]) if is_idle else "",
    )


def _without_role(plan: Plan, role: Role) -> Plan:
    """The plan without a word of the asker's own role, which is there already where they were given something.

    INVARIANT: neither the plan's id nor what is kept of it tells whether it was: it is made where it is missing.
    """
    told = tuple(change for change in plan.changes if change.kind != "role" or change.name != role.name)
    return replace(plan, changes=told)


def _surveyed(
    asker: Subject, dataset: Dataset, live: Live, at: datetime, surveys: Sequence[Circumstances]
) -> tuple[Judged, ...]:
    """What is found in each of some circumstances; the same one where no policy tells circumstances apart."""
    is_one = not any(
        policy.when is not None or (policy.where is not None and asks_purpose(policy.where))
        for policy in live.policies.values()
    )
    if is_one:
        return (_judged(asker, dataset, live, at, surveys[0]),) * len(surveys)
    return tuple(_judged(asker, dataset, live, at, survey) for survey in surveys)


def _judged(asker: Subject, dataset: Dataset, live: Live, at: datetime, circumstances: Circumstances) -> Judged:
    return Judge(asker, live.policy_set, at, circumstances, live.datasets.get).judge(dataset)


def _refuse_shared(request: AccessRequest, live: Live, reads: Callable[[Policy], bool]) -> None:
    """Raise PolicyInvalid where what is given to the asker alone would reach somebody else, who is not named."""
    role = role_of(request.user)
    known = live.roles.get(fold(role.name))
    if known is not None and (set(map(fold, known.groups)) != {fold(request.user)} or known.capabilities):
        raise PolicyInvalid(
            f"the role `{role.name}` is not `{request.user}`'s alone any more", hint="rename it, and look again"
        )
    for user in live.users.values():
        if fold(user.name) != fold(request.user) and fold(request.user) in map(fold, user.groups):
            raise PolicyInvalid(
                f"somebody else is in the group `{request.user}`, too, so nothing can be given to one alone",
                hint="have an administrator give the group another name",
            )
    mark = approval_name(request.id)
    taken = next((policy for key, policy in live.policies.items() if key.startswith(mark)), None)
    if taken is not None:
        name = f"`{taken.id}`" if reads(taken) else f"that begins with `{mark}`"
        raise PolicyInvalid(f"there is a policy {name} already", hint="give it another name, and look again")


def _later(
    request: AccessRequest,
    terms: Terms,
    asker: Subject,
    after: Live,
    now: Judged,
    at: datetime,
    circumstances: Circumstances,
) -> Iterator[Later]:
    """What other policies for the asker's roles change by beginning or ending meanwhile, of what is asked for."""
    roles, asked = roles_of(asker, after.policy_set), {c.path for c in asked_columns(request, now.dataset)[0]}
    binding = (policy for policy in after.policies.values() if roles & set(map(fold, policy.roles)))
    edges = {moment for policy in binding for moment in (policy.starts_at, policy.ends_at) if moment is not None}
    for moment in sorted(edge for edge in edges if at < edge < terms.ends_at)[:_MOST_EDGES]:
        then = _judged(asker, now.dataset, after, moment, circumstances)
        old, new = words(now), words(then)
        for path in {**old, **new}:
            before, later = old.get(path, HIDDEN), new.get(path, HIDDEN)
            if before != later and (path in asked or not asked):
                yield Later(at=moment, column=".".join(path), before=before, after=later)
        if now.rows.filter != then.rows.filter:
            yield Later(at=moment, column="", before=now.rows.reason, after=then.rows.reason)
        now = then


def _takes(name: str, live: Live) -> bool:
    policy = live.policies.get(fold(name))
    return policy is not None and policy.effect is not Effect.GRANT


def _why_idle(request: AccessRequest, after: Judged) -> str:
    """Why approving would be an empty promise."""
    if after.broken:
        broken = ", ".join(f"`{name}`" for name in after.broken)
        return f"`{request.full_name}` is refused because {broken} cannot be applied, so nothing would be shown"
    return f"approving this would change nothing of what `{request.user}` sees"
