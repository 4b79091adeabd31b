"""What GRANT, REVOKE, DENY, RESTRICT and their ends make of the policies in force."""

from collections.abc import Iterator
from dataclasses import replace

from catalog.errors import PolicyInvalid
from catalog.names import fold
from policy_engine.ddl.known import folded, known_column, known_role, known_tag, no_column, tags_named
from policy_engine.ddl.model import PutPolicy, TakePolicy
from policy_engine.ddl.naming import generated_id
from policy_engine.ddl.printing import print_condition, print_filter, print_line
from policy_engine.live import Live, dataset_key
from policy_engine.model import Effect, Not, Policy, Scope, TransformRule
from policy_engine.transforms.calls import print_call

Policies = dict[str, Policy]


def put_policy(statement: PutPolicy, live: Live) -> Live:
    """The state with the policy in force.

    A policy with a condition on tags that is there already is an error; one without takes the new
    properties, and stays one policy.
    """
    policy = _as_known(statement.policy, live)
    _check_columns(policy.scope, live)
    _refuse_opposite(policy, live)
    alike = [known for known in _alike(policy, {policy.effect}, live) if _shared(known, policy)]
    policies = dict(live.policies)
    if alike and statement.unless_there:
        policy = _without(policy, alike)
    elif alike:
        _refuse_again(policy, alike[0])
        policies = _taken(alike, policy, live)
    if not policy.roles:
        return live
    if not statement.is_named:
        policy = replace(policy, id=_unnamed_id(policy, alike, policies))
    _refuse_taken_id(policy, policies)
    return replace(live, policies={**policies, fold(policy.id): policy})


def _unnamed_id(policy: Policy, alike: list[Policy], policies: Policies) -> str:
    """The id of the one policy that this one takes the place of, else the one that its clauses give it."""
    is_replacing = len(alike) == 1 and fold(alike[0].id) not in policies
    return alike[0].id if is_replacing else generated_id(policy)


def take_policy(statement: TakePolicy, live: Live) -> Live:
    """The state without the policy for the roles named; what it says to other roles stays."""
    policy = _as_known(statement.policy, live)
    alike = _alike(policy, statement.effects, live)
    unbound = [role for role in policy.roles if not any(_shared(known, _for(policy, role)) for known in alike)]
    if unbound:
        raise _not_there(policy, unbound[0], live)
    return replace(live, policies=_taken(alike, policy, live))


def without_role(live: Live, role: str) -> Policies:
    """The policies when a role is gone; one that bound nobody else is gone with it."""
    gone = Policy(id="", effect=Effect.GRANT, roles=(role,), scope=Scope())
    return _taken(list(live.policies.values()), gone, live)


def _as_known(policy: Policy, live: Live) -> Policy:
    """The policy with its roles called as they are called; unknown roles and tags are refused."""
    roles = tuple(dict.fromkeys(known_role(name, live).name for name in policy.roles))
    for tag in sorted(tags_named(policy)):
        known_tag(tag, live)
    return replace(policy, roles=roles)


def _check_columns(scope: Scope, live: Live) -> None:
    """Policies may come before their data, but a column that is named must be there, or it would protect nothing."""
    if scope.database is None or scope.dataset is None or not scope.columns:
        return
    dataset = live.datasets.get(dataset_key(scope.database, scope.dataset))
    for path in scope.columns:
        if dataset is None:
            raise no_column(f"{scope.database}.{scope.dataset}", path, None)
        known_column(dataset, path)


def _alike(policy: Policy, effects: set[Effect] | frozenset[Effect], live: Live) -> list[Policy]:
    """The policies that say the same, clause for clause, to whomever."""
    said = _clauses(policy)
    return [known for known in live.policies.values() if known.effect in effects and _clauses(known) == said]


def _clauses(policy: Policy) -> tuple[object, ...]:
    """What a policy says beside its effect, roles and properties; the order of lists does not matter."""
    return (*_object(policy.scope), policy.having, frozenset(policy.transforms), policy.where)


def _object(scope: Scope) -> tuple[object, ...]:
    columns = frozenset(folded(path) for path in scope.columns)
    return fold(scope.database or ""), fold(scope.dataset or ""), scope.database is None, columns


def _shared(policy: Policy, other: Policy) -> set[str]:
    """The folded names of the roles that both are for."""
    return {fold(role) for role in policy.roles} & {fold(role) for role in other.roles}


def _for(policy: Policy, role: str) -> Policy:
    return replace(policy, roles=(role,))


def _without(policy: Policy, others: list[Policy]) -> Policy:
    """The policy for those roles alone to whom no other one says it."""
    told = {role for other in others for role in _shared(policy, other)}
    return replace(policy, roles=tuple(role for role in policy.roles if fold(role) not in told))


def _taken(policies: list[Policy], from_roles: Policy, live: Live) -> Policies:
    """All policies, some of them without certain roles; one that is for nobody any more is gone."""
    left = dict(live.policies)
    for policy in policies:
        remaining = _without(policy, [from_roles])
        if remaining.roles:
            left[fold(policy.id)] = remaining
        else:
            del left[fold(policy.id)]
    return left


def _refuse_again(policy: Policy, known: Policy) -> None:
    """A policy with a condition on tags is said once; a plain one takes its new properties."""
    if policy.having is None and not policy.transforms:
        return
    word = policy.effect.value.capitalize()
    raise PolicyInvalid(
        f"{word} already exists: policy `{known.id}` says the same to `{', '.join(known.roles)}`",
        hint=f"{_ending(policy.effect)} it first to give it other properties, or write `GRANT IF NOT EXISTS`"
        if policy.effect is Effect.GRANT
        else f"{_ending(policy.effect)} it first to give it other properties",
    )


def _ending(effect: Effect) -> str:
    return {Effect.GRANT: "REVOKE", Effect.RESTRICT: "DROP RESTRICT", Effect.DENY: "DROP DENY"}[effect]


def _refuse_opposite(policy: Policy, live: Live) -> None:
    """Grants add: one with a tag and one without it would together show everything."""
    if policy.effect is not Effect.GRANT or policy.having is None:
        return
    for known in live.policies.values():
        is_same_object = known.effect is Effect.GRANT and _object(known.scope) == _object(policy.scope)
        opposite = known.having is not None and (
            known.having == Not(policy.having) or Not(known.having) == policy.having
        )
        if is_same_object and opposite and known.having and _shared(known, policy):
            raise PolicyInvalid(
                f"Another grant with `{print_condition(known.having)}` stands on the same object: policy `{known.id}`; "
                "together they would show everything there",
                hint=f"REVOKE that one first: {print_line(known)}",
            )


def _refuse_taken_id(policy: Policy, policies: Policies) -> None:
    """Names it as it was written: how the other is written, and what it is of, may be no business of who writes."""
    if fold(policy.id) in policies:
        raise PolicyInvalid(
            f"a policy named `{policy.id}` exists and says something else",
            hint="give this one another name: POLICYPROPERTIES('name'='..')",
        )


def _not_there(policy: Policy, role: str, live: Live) -> PolicyInvalid:
    """In the words of the predecessor, which scripts look for."""
    transforms = ", ".join(_transform_words(rule) for rule in policy.transforms)
    words = [
        f"WITH EXPRESSION '{print_condition(policy.having)}'" if policy.having else "",
        f"WITH TRANSFORM '{transforms}'" if transforms else "",
        f"WITH FILTER '{print_filter(policy.where)}'" if policy.where else "",
    ]
    clauses = "".join(f" {word}" for word in words if word)
    standing = list(_standing(policy, role, live))
    hint = f"there is: {standing[0]}" if standing else f"see `SHOW GRANT ROLE {role}`"
    return PolicyInvalid(f"Grant{clauses} does not exist. Role `{role}` has none like it", hint=hint)


def _standing(policy: Policy, role: str, live: Live) -> Iterator[str]:
    """What stands on the same object for the role, as statements."""
    for known in live.policies.values():
        if _object(known.scope) == _object(policy.scope) and _shared(known, _for(policy, role)):
            yield print_line(known)


def _transform_words(rule: TransformRule) -> str:
    call = print_call(rule.call)
    shown = call if "__COLUMN__" in call else call.replace("(", "(__COLUMN__, ", 1).replace(", )", ")")
    return f"{print_condition(rule.tagged)}:{shown}"
