"""Roles as one reader may know them: who holds them, what they open, what their holders may do, whether they serve."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from catalog.clock import written_time
from catalog.journal.event import Event, EventKind
from catalog.names import fold
from catalog.people.accounts import is_provided
from catalog.people.model import Role
from catalog.search_words import search_words
from policy_engine.capabilities import ADMIN, AUDITOR, Action, Capability, Rights, parse
from policy_engine.circumstances import AT_MOST
from policy_engine.judging.policy_index import is_in_force, roles_of
from policy_engine.judging.sights import Sight
from policy_engine.model import Policy, PolicySet, Subject
from policy_engine.personal_roles import is_personal
from policy_engine.readers import readable, reads_every_policy
from policy_engine.subjects import holder_of, subject_of
from proxy.http import answers
from web_ui.parts import Parts

_SIGN_INS = 1_000
MOST_MEMBERS = 200

WORDS: Mapping[Action, str] = {
    Action.AUDIT_READ: "read what others did in the journal",
    Action.HOME_ADMINISTER: "administer sources, databases, datasets, tags, rules, roles and users",
    Action.METRICS_READ: "read the server's figures",
    Action.POLICY_WRITE: "write and end policies, and decide on requests for access",
    Action.SUBJECT_IMPERSONATE: "see, without data, what others would see",
    Action.TAG_ASSIGN: "give and take tags",
    Action.VALUE_DETOKENIZE: "turn reversible values back",
}
"""What each action is in words."""

_INNATE = {
    ADMIN: "administer this whole home, by the group itself",
    AUDITOR: "read the whole journal and every policy, by the group itself",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """A capability as it is written and in words."""

    text: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who holds a role, by which groups, and when they were last seen; None for never, or where `sees_use` of
    the roles says that it is not told.
    """

    name: str
    groups: tuple[str, ...]
    is_local: bool
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleStory:
    """A role; members, what it opens and why it may be of no use are told to those who read every policy.

    `policies` are those that the reader may read; `sights` what holders of this role alone see at most.
    """

    role: Role
    powers: tuple[Power, ...]
    policies: tuple[Policy, ...]
    is_personal: bool
    members: tuple[Member, ...] = ()
    sights: tuple[Sight, ...] = ()
    unused: str = ""
    warning: str = ""

    @property
    def innate(self) -> tuple[tuple[str, str], ...]:
        """Groups of the role whose members may more than it says, each with what."""
        return tuple((group, _INNATE[fold(group)]) for group in sorted(self.role.groups) if fold(group) in _INNATE)


class Roles:
    """The roles that one person may know of: all of them for administrators and auditors, else those they hold.

    Example:
        >>> [story.role.name for story in Roles(parts, subject).listed("clerk")]
        ['clerk']
    """

    def __init__(self, parts: Parts, subject: Subject) -> None:
        self._parts = parts
        self._subject = subject
        self._current = parts.policies.current()
        self.rights = Rights(subject, self._current)
        self.sees_all = reads_every_policy(self.rights)
        self.sees_use = self.rights.may(Action.AUDIT_READ)
        self._readable = readable(subject, self._current)

    def listed(self, search: str = "") -> tuple[RoleStory, ...]:
        """The roles by name, each word of the search in their names, groups or capabilities."""
        people = self._people() if self.sees_all else ()
        stories = (self._story(role, people) for role in self._known())
        words = search_words(search, "roles")
        searched = ((story, _searched(story)) for story in stories)
        return tuple(story for story, text in searched if all(word in text for word in words))

    def story(self, name: str) -> RoleStory | None:
        """One role whole; None alike for one that is not there and for one that is not theirs to know."""
        role = next((role for role in self._known() if fold(role.name) == fold(name)), None)
        if role is None:
            return None
        if not self.sees_all:
            return self._story(role, ())
        found = self._story(role, self._people())
        members = tuple(self._last_seen(member) for member in found.members[:MOST_MEMBERS])
        with self._parts.policies.in_force(self._parts.clock) as (policies, now):
            sights = self._parts.visibility.sights(holder_of(role), policies, now, AT_MOST)
        self._tell(role)
        return replace(found, members=members, sights=sights)

    def _known(self) -> tuple[Role, ...]:
        held = roles_of(self._subject, self._current)
        known = [role for role in self._current.roles if self.sees_all or fold(role.name) in held]
        return tuple(sorted(known, key=lambda role: fold(role.name)))

    def _story(self, role: Role, people: Iterable[Member]) -> RoleStory:
        groups = {fold(group) for group in role.groups}
        found = [replace(each, groups=_shared(each, groups)) for each in people if _shared(each, groups)]
        return RoleStory(
            role=role,
            powers=tuple(_power(parse(text)) for text in sorted(role.capabilities)),
            policies=tuple(policy for policy in self._readable if fold(role.name) in map(fold, policy.roles)),
            is_personal=is_personal(role),
            members=tuple(sorted(found, key=lambda member: fold(member.name))),
            unused=_unused(role, self._current, self._parts.clock()) if self.sees_all else "",
            warning=_warning(role),
        )

    def _people(self) -> tuple[Member, ...]:
        """The local accounts, and who came from an identity provider, with the groups they had at the last sign-in."""
        local = (subject_of(user) for user in self._parts.accounts.users())
        found = {fold(each.user): Member(name=each.user, groups=_sorted(each.groups), is_local=True) for each in local}
        for event in self._parts.journal.search(kind=EventKind.LOGIN_OK, limit=_SIGN_INS):
            if is_provided(event.user):
                member = Member(name=event.user, groups=_sorted(event.groups), is_local=False)
                found.setdefault(fold(event.user), member)
        return tuple(found.values())

    def _last_seen(self, member: Member) -> Member:
        """INVARIANT: when somebody did something last is told by the journal, so it is to who reads all of it."""
        if not self.sees_use:
            return member
        events = self._parts.journal.search(user=member.name, limit=1)
        return replace(member, seen_at=events[0].at if events else None)

    def _tell(self, role: Role) -> None:
        """That somebody looked at who holds a role and what it opens is on record."""
        self._parts.journal.append(
            Event(
                kind=EventKind.METADATA_READ,
                user=self._subject.user,
                groups=tuple(sorted(self._subject.groups)),
                revision=self._current.revision,
                client=answers.client(),
                decision_id=answers.decision_id(),
                details={"describe": "role", "role": role.name},
            )
        )


def _shared(member: Member, groups: set[str]) -> tuple[str, ...]:
    return tuple(group for group in member.groups if fold(group) in groups)


def _sorted(groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(groups))


def _power(capability: Capability) -> Power:
    words = WORDS[capability.action]
    if capability.place is not None:
        words += f", for {capability.place}"
    elif capability.action in (Action.POLICY_WRITE, Action.TAG_ASSIGN, Action.AUDIT_READ, Action.VALUE_DETOKENIZE):
        words += ", everywhere"
    return Power(text=str(capability), words=words)


def _searched(story: RoleStory) -> str:
    parts: Iterator[str] = iter((story.role.name, *story.role.groups, *story.role.capabilities, story.unused))
    return fold("\n".join(parts))


def _unused(role: Role, current: PolicySet, now: datetime) -> str:
    """Why a role serves nobody or opens nothing; empty for one that does."""
    if not role.groups:
        return "no group holds it"
    named = [policy for policy in current.policies if fold(role.name) in map(fold, policy.roles)]
    if role.capabilities or any(is_in_force(policy, now) for policy in named):
        return ""
    return "none of its policies is in force" if named else "no policy names it, and it has no capability"


def _warning(role: Role) -> str:
    """Duties that one role holds together and that are better kept apart."""
    held = {parse(text).action for text in role.capabilities}
    if {Action.POLICY_WRITE, Action.AUDIT_READ} <= held:
        return "its holders write policies and read the record of what these let through"
    return ""


def role_as_json(story: RoleStory) -> dict[str, object]:
    """A role as an entry of a list."""
    role = story.role
    return {"role": role.name, "groups": sorted(role.groups), "capabilities": sorted(role.capabilities)}


def whole_as_json(story: RoleStory, roles: Roles) -> dict[str, object]:
    """A role with its policies, and for who reads every policy also members, what it opens and why it is of no use."""
    told = {**role_as_json(story), "policies": [policy.id for policy in story.policies]}
    if not roles.sees_all:
        return told
    return {
        **told,
        "unused": story.unused,
        "warning": story.warning,
        "datasets": [
            {
                "dataset": sight.dataset.full_name,
                "clear": sight.clear,
                "masked": sight.masked,
                "hidden": sight.hidden,
                "filtered": sight.is_filtered,
            }
            for sight in story.sights
        ],
        "members": [
            {
                "user": member.name,
                "groups": list(member.groups),
                "local": member.is_local,
                **({"seen_at": written_time(member.seen_at) if member.seen_at else None} if roles.sees_use else {}),
            }
            for member in story.members
        ],
    }
