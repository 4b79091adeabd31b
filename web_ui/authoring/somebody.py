"""Somebody to look as: an account, whoever holds a role, or a set of groups; and who may look as whom."""

from dataclasses import dataclass

from catalog.names import fold, nearest
from catalog.people.accounts import Accounts
from catalog.people.model import Attribute
from policy_engine.capabilities import Action, Rights
from policy_engine.model import PolicySet, Subject
from policy_engine.oversight import told_roles
from policy_engine.readers import known_roles
from policy_engine.subjects import holder_of, subject_of
from proxy.refusals import RequestInvalid

KINDS = ("user", "role", "groups")


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """Whom to look as: the name of a user or role, or groups with commas between them.

    `attributes` are lines like `land=NO`, for groups alone: a user has those of the account.
    """

    kind: str
    name: str
    attributes: str = ""

    def __str__(self) -> str:
        return (
            self.name if self.kind == "user" else f"{'whoever holds ' if self.kind == 'role' else 'groups '}{self.name}"
        )

    def subject(
        self, accounts: Accounts, policies: PolicySet, looking: Subject, after: PolicySet | None = None
    ) -> Subject:
        """The subject that is meant; raises RequestInvalid for a name that stands for nobody.

        To who may not see as others a role that they are not told of, before or `after` a change, is not there. None is
        suggested that whoever is `looking` may not know of.
        """
        if self.kind == "user":
            return self._user(accounts)
        if self.kind == "role":
            return self._role(policies, looking, after or policies)
        groups = frozenset(group.strip() for group in self.name.split(",") if group.strip())
        if self.kind != "groups" or not groups:
            raise RequestInvalid("nobody is named to look as", hint="choose a user, a role or groups, and name them")
        return Subject(user="", groups=groups, attributes=self._attributes())

    def _attributes(self) -> dict[str, Attribute]:
        """What the lines say; a name that stands twice has several values."""
        found: dict[str, tuple[str, ...]] = {}
        for line in filter(str.strip, self.attributes.splitlines()):
            name, sign, value = (part.strip() for part in line.partition("="))
            if not sign or not name:
                raise RequestInvalid(f"`{line.strip()[:100]}` is no attribute", hint="write one a line, as `land=NO`")
            found[name] = (*found.get(name, ()), value)
        return {name: values[0] if len(values) == 1 else values for name, values in found.items()}

    def _user(self, accounts: Accounts) -> Subject:
        user = accounts.user(self.name) if self.name else None
        if user is None:
            hint = "name an account of this server; of others, say their groups"
            raise RequestInvalid(f"there is no user `{self.name[:100]}`", hint=hint)
        return subject_of(user)

    def _role(self, policies: PolicySet, looking: Subject, after: PolicySet) -> Subject:
        found = next((role for role in policies.roles if fold(role.name) == fold(self.name)), None)
        sees_as_others = Rights(looking, policies).may(Action.SUBJECT_IMPERSONATE)
        is_told = sees_as_others or fold(self.name) in told_roles(looking, policies, policies, after)
        if found is None or not found.groups or not is_told:
            raise RequestInvalid(f"nobody holds the role `{self.name[:100]}`", hint=_near(self.name, policies, looking))
        return holder_of(found)


def may_look_as(subject: Subject, looking: Subject, rights: Rights) -> bool:
    """Whether one person may see as another would: as oneself always, else with the capability."""
    return subject.user == looking.user != "" or rights.may(Action.SUBJECT_IMPERSONATE)


def _near(name: str, policies: PolicySet, looking: Subject) -> str:
    known = set(known_roles(looking, policies))
    near = nearest(name, [role.name for role in policies.roles if role.groups and role.name in known])
    return f"did you mean `{near}`?" if near else "name a role that has groups"
