"""Who can see a dataset or column and since when, and what somebody can see: by the decision that a query would get."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, islice, repeat

from catalog.model import Dataset
from catalog.names import fold, nearest
from catalog.people.model import User
from policy_engine.circumstances import AT_MOST
from policy_engine.judging.decide import Judge
from policy_engine.model import Decision, Outcome, Subject
from policy_engine.subjects import fingerprint, holder_of, subject_of
from policy_engine.telling.who import Holder, Onlooker, Sight, can, onlookers
from proxy.refusals import NotThere
from web_ui.pictures.bars import shares
from web_ui.reports.desk import Desk
from web_ui.reports.report import Report, Row
from web_ui.reports.since import since

_MOST_ROWS = 500
_AT_MOST = (
    "What a purpose, network or hour may open counts as seen, and to a role what a further group or attribute may;"
    " the condition stands in its reason."
)
_AS_OF_NOW = "Revisions are of policies and roles: each is asked about the data, tags and accounts of today."
_PROVIDED = "People of an identity provider see what the roles of their groups see."


def who_can_see(desk: Desk) -> Report:
    """Roles and users who see a dataset, or one column of it, how, and since which revision."""
    dataset, column = desk.thing("thing")
    users = desk.parts.accounts.users()
    rows = _Watched(desk, dataset, column, users)
    thing = f"{dataset.full_name}.{column}" if column else dataset.full_name
    of_all = f" of {len(users):,}" if desk.databases is None else ""
    return Report(
        answer=(
            f"{_count(rows.seeing['role'], 'role')} of {len(desk.roles):,} and {_count(rows.seeing['user'], 'account')}"
            f"{of_all} see {'something of ' if column is None else ''}`{thing}`."
        ),
        columns=("kind", "name", "column", "outcome", "how", "rows", "since", "policies", "members", "reason"),
        rows=rows,
        notes=(_AT_MOST, _AS_OF_NOW, _PROVIDED),
        most=_MOST_ROWS,
    )


class _Watched:
    """Everybody's columns of a dataset as rows; those of so many people at once are worked out when they are read."""

    def __init__(self, desk: Desk, dataset: Dataset, column: str | None, users: Sequence[User]) -> None:
        self._desk = desk
        self._dataset = dataset
        self._column = column
        self._top = next((each.path[0] for each in dataset.columns if each.name == column), None)
        self._is_flat = column is None and all(len(each.path) == 1 for each in dataset.columns)
        self._judges: dict[object, Judge] = {}
        self._decisions: dict[object, Decision] = {}
        every = ((each, self._number(each)) for each in onlookers(desk.roles, users))
        self._onlookers = [(each, number) for each, number in every if number]
        self.seeing = Counter(each.kind for each, _ in self._onlookers)
        self._members = self._told_members()

    def __len__(self) -> int:
        return sum(number for _, number in self._onlookers)

    def __iter__(self) -> Iterator[Row]:
        numbers = accumulate((number for _, number in self._onlookers), initial=0)
        first = sum(before < _MOST_ROWS for before in islice(numbers, len(self._onlookers)))
        everybody = [each for each, _ in self._onlookers]
        for some in (everybody[:first], everybody[first:]):
            yield from self._of(some) if some else ()

    def _of(self, some: Sequence[Onlooker]) -> Iterator[Row]:
        desk, subjects = self._desk, [each.subject for each in some]
        revisions, at, look = desk.parts.revisions, desk.at, desk.look
        known = since(subjects, self._dataset, desk.policies, revisions, at, look, self._top, self._decided)
        for each in some:
            when = known[fingerprint(each.subject)]
            holders = each.holders(self._decided(each.subject), self._column)
            yield from (_seen_by(desk, holder, when, self._members) for holder in holders)

    def _told_members(self) -> frozenset[str] | None:
        """The accounts that may be named as members of a role, None for all: who sees nothing here may not be known."""
        if self._desk.databases is None:
            return None
        return frozenset(each.name for each, _ in self._onlookers if each.kind == "user")

    def _number(self, onlooker: Onlooker) -> int:
        """How many rows somebody has; columns that are alike are counted together."""
        judged = self._judge(onlooker.subject).judge_seen(self._dataset) if self._is_flat else None
        if judged is not None and not judged.broken:
            numbers = judged.fields.tally.values() if judged.is_plain else repeat(1)
            shown = zip(judged.verdicts.values(), numbers, strict=False)
            return sum(number for verdict, number in shown if verdict.outcome is not Outcome.HIDDEN)
        if self._is_flat or not self._judge(onlooker.subject).sees(self._dataset):
            return 0
        return sum(1 for _ in onlooker.holders(self._decided(onlooker.subject), self._column))

    def _decided(self, subject: Subject) -> Decision:
        """The decision for somebody, remembered; of a whole dataset, which may be wide, the last one alone."""
        key = fingerprint(subject)
        if key not in self._decisions:
            if self._top is None:
                self._decisions.clear()
            self._decisions[key] = self._judge(subject).decide(self._dataset, self._top)
        return self._decisions[key]

    def _judge(self, subject: Subject) -> Judge:
        """The judge for somebody, who is asked again and remembers."""
        key, desk = fingerprint(subject), self._desk
        if key not in self._judges:
            self._judges[key] = Judge(subject, desk.policies, desk.at, AT_MOST, desk.look)
        return self._judges[key]


def what_can(desk: Desk) -> Report:
    """Every column that a user or role sees, and how; to who is told of some databases, others are not there."""
    for kind, name, subject in _somebodies(desk, desk.word("subject")):
        sights = can(subject, desk.datasets, desk.policies, desk.at, desk.look)
        seen = [sight for sight in sights if sight.outcome is not Outcome.HIDDEN]
        if seen or desk.databases is None:
            return _told_sights(desk, kind, name, sights, seen)
    raise _nobody(desk, desk.word("subject"))


def _told_sights(desk: Desk, kind: str, name: str, sights: Sequence[Sight], seen: Sequence[Sight]) -> Report:
    return Report(
        answer=(
            f"The {kind} `{name}` sees {_count(len(seen), 'column')} of {_count(len(_by_dataset(seen)), 'dataset')}."
        ),
        columns=("dataset", "column", "outcome", "how", "rows", "policies", "reason"),
        rows=tuple(_sight(desk, sight) for sight in seen),
        notes=(_AT_MOST,),
        chart=shares(
            "seen",
            _by_dataset(sights),
            title=f"What the {kind} {name} sees",
            description="Shares of columns, fields inside of them included, of each dataset that is there.",
            of="Dataset",
        ),
    )


def _seen_by(
    desk: Desk, holder: Holder, known: Mapping[str, int], told: frozenset[str] | None
) -> tuple[str | int | tuple[str, ...], ...]:
    sight = holder.sight
    members = holder.users if holder.kind == "role" else ()
    members = members if told is None else tuple(name for name in members if name in told)
    how = (sight.outcome.value, sight.transform, _rows(desk, sight), known[fold(sight.column)])
    return holder.kind, holder.name, sight.column, *how, desk.named(sight.policies), members, _reason(desk, sight)


def _sight(desk: Desk, sight: Sight) -> tuple[str | int | tuple[str, ...], ...]:
    how = (sight.outcome.value, sight.transform, _rows(desk, sight))
    return sight.dataset, sight.column, *how, desk.named(sight.policies), _reason(desk, sight)


def _rows(desk: Desk, sight: Sight) -> str:
    return desk.said(sight.rows_reason, sight.rows_policies, "some") if sight.is_filtered else "all"


def _reason(desk: Desk, sight: Sight) -> str:
    return desk.said(sight.reason, sight.policies)


def _by_dataset(sights: Sequence[Sight]) -> list[tuple[str, Counter[str]]]:
    found: dict[str, Counter[str]] = {}
    for sight in sights:
        found.setdefault(sight.dataset, Counter())[sight.outcome.value] += 1
    return list(found.items())


def _somebodies(desk: Desk, text: str) -> Iterator[tuple[str, str, Subject]]:
    """The account, then the role that a name stands for; `role:NAME` where an account that is told of has it too."""
    name = text.removeprefix("role:").strip()
    user = None if text.startswith("role:") else desk.parts.accounts.user(name)
    if user is not None:
        yield "account", user.name, subject_of(user)
    role = next((each for each in desk.roles if fold(each.name) == fold(name)), None)
    if role is not None:
        yield "role", role.name, holder_of(role)


def _nobody(desk: Desk, text: str) -> NotThere:
    """The one answer for a name that stands for nobody, and for somebody who sees nothing that may be told of."""
    name, known = text.removeprefix("role:").strip(), [role.name for role in desk.roles]
    if desk.databases is None:
        known += [user.name for user in desk.parts.accounts.users()]
    near = nearest(name, known)
    hint = f"did you mean `{near}`?" if near and fold(near) != fold(name) else "name an account, or `role:NAME`"
    return NotThere(f"there is no account or role `{name[:100]}`", hint=hint)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
