"""Findings about names: what is called by a name that nothing has, and what has a name that nobody uses."""

from collections.abc import Iterator

from catalog import names
from catalog.model import Dataset
from catalog.names import fold
from policy_engine.approvals import is_exact
from policy_engine.lint.case import Case
from policy_engine.lint.findings import (
    EMPTY_GROUP,
    UNHELD_ROLE,
    UNKNOWN_POLICY,
    UNKNOWN_ROLE,
    UNKNOWN_SCOPE,
    UNKNOWN_SOURCE,
    UNKNOWN_TAG,
    UNUSED_ROLE,
    Finding,
)
from policy_engine.model import Policy
from policy_engine.profile import profile

_UNKNOWN = {"tag": UNKNOWN_TAG, "role": UNKNOWN_ROLE, "source": UNKNOWN_SOURCE}


def unknown_names(case: Case) -> Iterator[Finding]:
    """Tags, roles, sources and policies that are named and do not exist."""
    known = {"tag": case.live.tags, "role": case.live.roles, "source": case.live.sources}
    for reference in case.draft.unknown:
        near = names.nearest(reference.name, (name for name in known[reference.kind] if name not in case.draft.made_up))
        yield Finding(
            kind=_UNKNOWN[reference.kind],
            place=reference.place,
            sentence=f"there is no {reference.kind} `{reference.name}`",
            hint=f"did you mean `{near}`?" if near else "",
        )
    for stated in case.draft.document.tests:
        for name in stated.value.because:
            if fold(name) not in case.live.policies:
                yield Finding(kind=UNKNOWN_POLICY, place=stated.place, sentence=f"there is no policy `{name}`")


def unknown_scopes(case: Case) -> Iterator[Finding]:
    """Scopes that name a database, dataset or column that is not there."""
    for policy in case.live.policies.values():
        scope = policy.scope
        if scope.database is None or "${" in f"{scope.database}{scope.dataset}":
            continue
        if fold(scope.database) not in case.live.databases:
            near = names.nearest(scope.database, case.live.databases)
            yield Finding(
                kind=UNKNOWN_SCOPE,
                place=case.place(policy),
                sentence=f"policy `{policy.id}` is about the database `{scope.database}`, which is not there",
                hint=f"did you mean `{near}`?" if near else "",
            )
        elif scope.dataset is not None and (fold(scope.database), fold(scope.dataset)) not in case.live.datasets:
            yield Finding(
                kind=UNKNOWN_SCOPE,
                place=case.place(policy),
                sentence=f"policy `{policy.id}` is about `{scope.database}.{scope.dataset}`, which is not there",
            )
        else:
            for dataset in case.covered(policy):
                known = {tuple(map(fold, column.path)) for column in dataset.columns} if scope.columns else set()
                missing = [".".join(path) for path in scope.columns if tuple(map(fold, path)) not in known]
                if missing:
                    sentence = f"policy `{policy.id}`: `{dataset.full_name}` has no column `{missing[0]}`"
                    yield Finding(kind=UNKNOWN_SCOPE, place=case.place(policy), sentence=sentence)
                elif grown := next(_grown(policy, dataset), ""):
                    sentence = f"policy `{policy.id}` opens no field of `{grown}` that it does not name"
                    hint = "ask for them, or write a policy of another name"
                    yield Finding(kind=UNKNOWN_SCOPE, place=case.place(policy), sentence=sentence, hint=hint)


def _grown(policy: Policy, dataset: Dataset) -> Iterator[str]:
    """The columns that an approval names, with fields in them that it does not name and does not open."""
    if is_exact(policy):
        named = {tuple(map(fold, path)) for path in policy.scope.columns}
        for field in (inner for top in profile(dataset).columns for inner in (top, *top.nested)):
            if field.path in named and any(not inner.parts and inner.path not in named for inner in field.nested):
                yield field.column.name


def idle_roles(case: Case) -> Iterator[Finding]:
    """Roles that nobody holds or that no policy is for, and groups that no user is in."""
    places = {fold(stated.value.name): stated.place for stated in case.draft.document.roles}
    named = {fold(role) for policy in case.live.policies.values() for role in policy.roles}
    there = {fold(group) for user in case.live.users.values() for group in (*user.groups, user.name)}
    for key, role in case.live.roles.items():
        if key in case.draft.made_up:
            continue
        place = places.get(key)
        if not role.groups:
            yield Finding(kind=UNHELD_ROLE, place=place, sentence=f"no group holds the role `{role.name}`")
        if key not in named and not getattr(role, "capabilities", ()):
            yield Finding(kind=UNUSED_ROLE, place=place, sentence=f"no policy is for the role `{role.name}`")
        for group in sorted(role.groups):
            if there and fold(group) not in there:
                sentence = f"no local user is in the group `{group}` of the role `{role.name}`"
                yield Finding(kind=EMPTY_GROUP, place=place, sentence=sentence)
