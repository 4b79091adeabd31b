"""What the policies that bind somebody say of one column: who shows it and how, who takes away what."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog.errors import PolicyInvalid
from catalog.names import fold
from policy_engine.approvals import is_exact
from policy_engine.by_identity import ByIdentity
from policy_engine.columns_in_words import columns, left_out
from policy_engine.judging.cells import CLEAR, NOTHING, Contribution, Showing, strongest
from policy_engine.model import Effect, Policy, TagExpression, TransformCall, TransformRule
from policy_engine.profile import FieldProfile, Path, Profile, Tags
from policy_engine.shapes import Shape, nesting
from policy_engine.strength import Strength
from policy_engine.tag_expressions import holds, print_expression, tags_of
from policy_engine.transforms.namespaces import namespace
from policy_engine.transforms.registry import columns_named, is_keyed, problem, scope, strength


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """All that is said of one column before rows are looked at.

    `least` is what restrictions demand at least; `silent` are grants that cover the column and do not
    show it, with the reason; `limited_by` are restrictions that cover it and filter rows; `broken` are
    restrictions that cannot do to it what they say.
    """

    contributions: tuple[Contribution, ...] = ()
    least: Showing = CLEAR
    raised_by: tuple[str, ...] = ()
    hidden_by: tuple[Policy, ...] = ()
    silent: tuple[tuple[Policy, str], ...] = ()
    limited_by: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    nulled: frozenset[str] = frozenset()

    @property
    def is_shown(self) -> bool:
        """Whether any cell of the column can show anything."""
        return bool(self.contributions) and not self.hidden_by


def has_fields(field: FieldProfile) -> bool:
    """Whether a column is shown field by field; a document is one value, whatever tags stand on what is in it."""
    return bool(field.parts) and nesting(field.column.type).shape is not Shape.DOCUMENT


def hides(policy: Policy) -> bool:
    """Whether the policy makes columns disappear: a denial, or a restriction that neither masks nor filters."""
    if policy.effect is Effect.RESTRICT:
        return not policy.transforms and policy.where is None
    return policy.effect is Effect.DENY


def applies(policy: Policy, field: FieldProfile) -> bool:
    """Whether scope and HAVING cover the column; a doubtful tag counts where that hides more."""
    if not covers(policy, field.path):
        return False
    opens = policy.effect is Effect.GRANT
    return policy.having is None or _holds(policy.having, field.tags, opens=opens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks, with the folded names of the roles held, and about which dataset where a policy goes by that."""

    user: str = ""
    roles: frozenset[str] = frozenset()
    dataset: Profile | None = None

    @property
    def types(self) -> dict[Path, str]:
        """The types of the dataset's columns, for transforms that go by another column."""
        return {} if self.dataset is None else {path: item.type for path, item in self.dataset.fields.items()}

    def column(self, path: Path) -> str:
        """The full name of a column of the dataset."""
        return "" if self.dataset is None else ".".join((self.dataset.database, self.dataset.name, *path))


NOBODY = Asked()


def goes_by_dataset(policy: Policy) -> bool:
    """Whether a transform of the policy depends on the dataset beside the column: on another one, or on its name."""
    return any(
        columns_named(rule.call) or scope(rule.call) == "column" for rule in policy.transforms if _is_known(rule)
    )


class Rulings:
    """Rules on columns under the policies that bind somebody; columns alike in all that counts share a ruling."""

    def __init__(
        self,
        policies: Sequence[Policy],
        conditions: Mapping[str, str],
        problems: Mapping[str, str],
        asked: Asked = NOBODY,
    ) -> None:
        """`conditions` are the grants' bound filters by policy id; `problems` say why a grant has none."""
        self._policies = policies
        self._conditions = conditions
        self._problems = problems
        self._scoped: dict[Path, list[Policy]] = {}
        """The policies that name a column or a field, by its path: one may name thousands of fields of a column."""
        for policy in policies:
            for path in policy.scope.columns:
                self._scoped.setdefault(tuple(map(fold, path)), []).append(policy)
        self._scoped_tops = frozenset(path[0] for path in self._scoped)
        self._named = frozenset(tag for policy in policies for tag in _tags_named(policy))
        self._rules = tuple(rule for policy in policies for rule in policy.transforms)
        self._asked = asked
        self._is_by_column = any(_is_known(rule) and scope(rule.call) == "column" for rule in self._rules)
        self.go_by_name = bool(self._scoped) or self._is_by_column
        """Whether columns of one kind may be ruled on differently, by what they are called."""
        self._by_kind: dict[int, Ruling] = {}
        self._identities: dict[int, int] = {}
        self.by_identity: dict[int, Ruling] = {}
        """The rulings that `on_kinds` tells."""
        self._by_name: dict[tuple[int, tuple[str, ...], Path], Ruling] = {}
        self._by_tags: dict[Tags, Ruling] = {}
        self._alike: dict[Hashable, Ruling] = {}
        self._transformed: dict[Tags, bool] = {}

    def of(self, field: FieldProfile) -> Ruling:
        """The ruling on a column or nested field."""
        if self.go_by_name and (self._is_by_column or field.path[0] in self._scoped_tops):
            return self._of_named(field)
        ruling = self._by_kind.get(field.kind)
        if ruling is None:
            ruling = self._by_kind[field.kind] = self._of_alike(field, ())
        return ruling

    def on_kinds(self, fields: Profile) -> list[int]:
        """The rulings on each kind of a dataset's columns, of which names do not count, by identity.

        INVARIANT: a ruling stays in `by_identity`, so no other one takes its identity.
        """
        try:
            return list(map(self._identities.__getitem__, fields.tally))
        except KeyError:
            known, by_tags = self._identities, self._by_tags
            for field in fields.alike:
                if field.kind not in known:
                    ruling = by_tags.get(field.tags) or self.of(field)
                    known[field.kind] = id(ruling)
                    self.by_identity[id(ruling)] = ruling
            return list(map(self._identities.__getitem__, fields.tally))

    def _of_named(self, field: FieldProfile) -> Ruling:
        path = field.path
        near = (policy for end in range(1, len(path) + 1) for policy in self._scoped.get(path[:end], ()))
        scoped = tuple([policy.id for policy in near if covers(policy, path)])
        key = (field.kind, scoped, field.path if self._is_by_column else ())
        ruling = self._by_name.get(key)
        if ruling is None:
            ruling = self._by_name[key] = self._of_alike(field, scoped)
        return ruling

    def _of_alike(self, field: FieldProfile, scoped: tuple[str, ...]) -> Ruling:
        """The ruling on all fields that differ in nothing that is asked for: tags named, and types transformed."""
        is_by_tags = not (scoped or field.parts or self._is_by_column)
        if is_by_tags and (by_tags := self._by_tags.get(field.tags)):
            return by_tags
        told = Tags(field.tags.confirmed & self._named, field.tags.suggested & self._named)
        does_type_count = bool(field.parts) or self._is_transformed(told)
        path = field.path if self._is_by_column else ()
        key = (told, field.column.type if does_type_count else "", bool(field.parts), scoped, path)
        ruling = self._alike.get(key)
        if ruling is None:
            ruling = self._alike[key] = self._rule(field)
        if is_by_tags and not does_type_count:
            self._by_tags[field.tags] = ruling
        return ruling

    def _is_transformed(self, told: Tags) -> bool:
        known = self._transformed.get(told)
        if known is None:
            known = self._transformed[told] = bool(_matching(self._rules, told))
        return known

    def _rule(self, field: FieldProfile) -> Ruling:
        contributions: list[Contribution] = []
        hidden_by: list[Policy] = []
        silent: list[tuple[Policy, str]] = []
        demands: list[tuple[str, Showing]] = []
        limited_by: list[str] = []
        broken: list[str] = []
        for policy in self._policies:
            does_apply = applies(policy, field)
            if policy.effect is Effect.GRANT:
                said = self._granted(policy, field) if does_apply else _why_not(policy, field)
                if isinstance(said, Contribution):
                    contributions.append(said)
                elif said:
                    silent.append((policy, said))
                continue
            if not does_apply:
                continue
            if policy.effect is Effect.RESTRICT and policy.where is not None:
                limited_by.append(policy.id)
            if hides(policy):
                hidden_by.append(policy)
            elif rules := _matching(policy.transforms, field.tags):
                demand = self._showing(policy, rules, field)
                if demand is None:
                    broken.append(policy.id)
                if demand != CLEAR:
                    demands.append((policy.id, demand or NOTHING))
        return Ruling(
            contributions=tuple(contributions),
            least=strongest(showing for _, showing in demands),
            raised_by=tuple(policy for policy, _ in demands),
            hidden_by=tuple(hidden_by),
            silent=tuple(silent),
            limited_by=tuple(limited_by),
            broken=tuple(broken),
            nulled=self._nulled(field) if has_fields(field) else frozenset(),
        )

    def _nulled(self, field: FieldProfile) -> frozenset[str]:
        """The grants that leave nothing of a column with fields, whether they show it themselves or a field in it."""
        grants = (policy for policy in self._policies if policy.effect is Effect.GRANT)
        return frozenset(
            grant.id
            for grant in grants
            if self._showing(grant, _matching(grant.transforms, field.tags), field) != CLEAR
        )

    def _granted(self, policy: Policy, field: FieldProfile) -> Contribution | str:
        when = self._conditions.get(policy.id)
        if when is None:
            return self._problems[policy.id]
        rules = _matching(policy.transforms, field.tags)
        showing = self._showing(policy, rules, field)
        if showing is None:
            names = " and ".join(f"`{rule.call.name}`" for rule in rules)
            return f"shows it through {names}, which {self._why_impossible(rules, field)}"
        return Contribution(policy=policy.id, when=when, showing=showing)

    def _showing(self, policy: Policy, rules: Sequence[TransformRule], field: FieldProfile) -> Showing | None:
        """What one policy's matching rules make of the column: each is owed, so the strongest; None when it cannot be.

        Of a column with fields, what leaves nothing of any value leaves nothing of the whole; else its fields are
        judged.
        """
        if not rules:
            return CLEAR
        try:
            if has_fields(field):
                return NOTHING if any(strength(rule.call) >= Strength.REDACT for rule in rules) else CLEAR
            showing = strongest(Showing(rule.call, self._namespace(policy, rule, field)) for rule in rules)
            is_possible = showing.call is None or not problem(showing.call, field.column.type, self._asked.types)
        except PolicyInvalid:  # a transform that this version does not know
            return None
        return showing if is_possible else None

    def _namespace(self, policy: Policy, rule: TransformRule, field: FieldProfile) -> str:
        """The tag whose key a keyed transform uses, narrowed to the call's scope.

        Of the tags that the rule names it is the first that the column carries.
        """
        if not is_keyed(rule.call):
            return ""
        carried = sorted(tag for tag in tags_of(rule.tagged) if tag in field.tags.all)
        tag = carried[0] if carried else print_expression(rule.tagged)
        held = [role for role in map(fold, policy.roles) if role in self._asked.roles]
        column = self._asked.column(field.path)
        return namespace(scope(rule.call), tag, user=self._asked.user, roles=held, column=column)

    def _why_impossible(self, rules: Sequence[TransformRule], field: FieldProfile) -> str:
        why = (problem(rule.call, field.column.type, self._asked.types) for rule in rules if _is_known(rule))
        return next(filter(None, why), f"cannot show a column of type {field.column.type}")


def _is_known(rule: TransformRule) -> bool:
    """Whether this version knows every transform of the rule."""
    try:
        strength(rule.call)
    except PolicyInvalid:
        return False
    return True


def _matching(rules: Iterable[TransformRule], tags: Tags) -> tuple[TransformRule, ...]:
    return tuple(rule for rule in rules if _holds(rule.tagged, tags, opens=False))


def _tags_named(policy: Policy) -> Iterator[str]:
    if policy.having is not None:
        yield from tags_of(policy.having)
    for rule in policy.transforms:
        yield from tags_of(rule.tagged)


def _holds(expression: TagExpression, tags: Tags, *, opens: bool) -> bool:
    return holds(expression, tags.confirmed, tags.suggested, opens=opens)


def covers(policy: Policy, path: Path) -> bool:
    """Whether a column or field, by its folded path, is in scope of a policy on its dataset.

    A column of the scope covers the fields nested in it, unless a request made the policy.
    """
    if not policy.scope.columns:
        return True
    named, exactly = _scope_columns(policy)
    return path in named if exactly else any(path[:length] in named for length in range(len(path) + 1))


def _folded_columns(policy: Policy) -> tuple[frozenset[Path], bool]:
    return frozenset(tuple(map(fold, column)) for column in policy.scope.columns), is_exact(policy)


_scope_columns = ByIdentity(_folded_columns, 4_096)


def _why_not(policy: Policy, field: FieldProfile) -> str:
    if not covers(policy, field.path):
        return ""
    assert policy.having is not None
    missing = left_out(policy.having)
    return f"leaves out {missing}" if missing else f"shows only {columns(policy.having)}"


def call_names(calls: Iterable[TransformCall | None]) -> tuple[str, ...]:
    """The words for people of several showings, each once, in order."""
    return tuple(dict.fromkeys("clear" if call is None else call.name for call in calls))
