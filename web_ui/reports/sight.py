"""Who can see a dataset or column and since when, and what somebody can see: by the decision that a query would get."""

from collections import Counter
from collections.abc import Mapping, Sequence

from catalog.names import fold, nearest
from policy_engine.model import Outcome, Subject
from policy_engine.subjects import fingerprint, holder_of, subject_of
from policy_engine.telling.who import Holder, Sight, can, who
from proxy.refusals import NotThere
from web_ui.pictures.bars import shares
from web_ui.reports.desk import Desk
from web_ui.reports.report import Report
from web_ui.reports.since import since

_AT_MOST = "What a purpose, network or hour may open counts as seen, with the condition in its reason."
_AS_OF_NOW = "Revisions are of policies and roles: each is asked about the data, tags and accounts of today."
_PROVIDED = "People of an identity provider see what the roles of their groups see."


def who_can_see(desk: Desk) -> Report:
    """Roles and users who see a dataset, or one column of it, how, and since which revision."""
    dataset, column = desk.thing("thing")
    users = desk.parts.accounts.users()
    holders = who(dataset, column, desk.policies, users, desk.at, desk.look)
    subjects = _subjects(desk, holders)
    known = since(subjects.values(), dataset, desk.policies, desk.parts.revisions, desk.at, desk.look)
    rows = tuple(_seen_by(desk, holder, known[fingerprint(subjects[holder.kind, holder.name])]) for holder in holders)
    thing = f"{dataset.full_name}.{column}" if column else dataset.full_name
    seeing = Counter(kind for kind, _ in {(holder.kind, holder.name) for holder in holders})
    of_all = f" of {len(users):,}" if desk.databases is None else ""
    return Report(
        answer=(
            f"{_count(seeing['role'], 'role')} of {len(desk.roles):,} and {_count(seeing['user'], 'account')}"
            f"{of_all} see {'something of ' if column is None else ''}`{thing}`."
        ),
        columns=("kind", "name", "column", "outcome", "how", "rows", "since", "policies", "members", "reason"),
        rows=rows,
        notes=(_AT_MOST, _AS_OF_NOW, _PROVIDED),
    )


def what_can(desk: Desk) -> Report:
    """Every column that a user or role sees, and how; to who is told of some databases, others are not there."""
    found = _somebody(desk, desk.word("subject"))
    kind, name, subject = found or ("", "", Subject(user="", groups=frozenset()))
    sights = can(subject, desk.datasets, desk.policies, desk.at, desk.look)
    seen = [sight for sight in sights if sight.outcome is not Outcome.HIDDEN]
    if found is None or not (seen or desk.databases is None):
        raise _nobody(desk, desk.word("subject"))
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


def _subjects(desk: Desk, holders: Sequence[Holder]) -> Mapping[tuple[str, str], Subject]:
    roles = {role.name: role for role in desk.policies.roles}
    users = {user.name: user for user in desk.parts.accounts.users()}
    return {
        (holder.kind, holder.name): holder_of(roles[holder.name])
        if holder.kind == "role"
        else subject_of(users[holder.name])
        for holder in holders
    }


def _seen_by(desk: Desk, holder: Holder, known: Mapping[str, int]) -> tuple[str | int | tuple[str, ...], ...]:
    sight = holder.sight
    members = holder.users if holder.kind == "role" else ()
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


def _somebody(desk: Desk, text: str) -> tuple[str, str, Subject] | None:
    """The account or role that a name stands for; `role:NAME` where an account has the name too."""
    name = text.removeprefix("role:").strip()
    user = None if text.startswith("role:") else desk.parts.accounts.user(name)
    if user is not None:
        return "account", user.name, subject_of(user)
    role = next((each for each in desk.policies.roles if fold(each.name) == fold(name)), None)
    return None if role is None else ("role", role.name, holder_of(role))


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
