"""What the claims of an identity provider make of a person: a name, groups and attributes that are nobody else's.

Claims are told by a provider that is trusted to know people, not to know Veil: what a person could have chosen there
(a display name, a group of their own) must not collide with what means something here. So people of the provider are
called `oidc:NAME`, which no local account may be called; names are plain ASCII, since others could look like somebody
else's; and groups that hold power from the beginning come by the settings alone. What is missing or of another form is
refused, never guessed: without their groups, restrictions on somebody would not bind them.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog.errors import NotAuthenticated
from catalog.names import fold
from catalog.people.accounts import PROVIDED, is_provided
from catalog.people.model import Attribute
from policy_engine.capabilities import ADMIN, AUDITOR
from policy_engine.model import Subject

Claims = Mapping[str, object]

MOST_GROUPS = 1000
MOST_VALUES = 1000
_LONGEST = 256
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+=|#~:-]{0,127}")
_WITH_PROOF = frozenset({"email", "phone_number"})
_POWERFUL = frozenset({ADMIN, AUDITOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRules:
    """Which claims tell name, groups and attributes, and what the provider's groups are called here.

    `renamed` maps a group of the provider to one here, or to nothing; `attributes` an attribute to its claim.
    """

    user: str = "preferred_username"
    groups: str = "groups"
    renamed: Mapping[str, str] = field(default_factory=dict)
    keeps_other_groups: bool = True
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """A fingerprint: under rules with another one the same claims may be somebody else.

        Example:
            >>> ClaimRules().mark == ClaimRules(renamed={"it": "admin"}).mark
            False
        """
        renamed, attributes = sorted(self.renamed.items()), sorted(self.attributes.items())
        told = json.dumps([self.user, self.groups, renamed, self.keeps_other_groups, attributes])
        return hashlib.sha256(f"veil claims {told}".encode()).hexdigest()[:32]

    @property
    def needed(self) -> tuple[str, ...]:
        """The claims that somebody's identity takes."""
        return tuple(claim for claim in (self.user, self.groups, *self.attributes.values()) if claim)


def subject_of_claims(claims: Claims, rules: ClaimRules) -> Subject:
    """The person whom verified claims describe; raises NotAuthenticated for claims that cannot be used.

    Example:
        >>> told = {"preferred_username": "kim", "groups": ["clerks"], "land": "NO"}
        >>> subject = subject_of_claims(told, ClaimRules(attributes={"land": "land"}))
        >>> subject.user, sorted(subject.groups), subject.attributes
        ('oidc:kim', ['clerks', 'oidc:kim'], {'land': 'NO'})
    """
    user = PROVIDED + _name(claims, rules.user)
    return Subject(user=user, groups=_groups(claims, rules) | {user}, attributes=_attributes(claims, rules.attributes))


def told(claims: Claims, name: str) -> object:
    """What the claims say under a name, or under a path of names with dots; None when they say nothing.

    Example:
        >>> told({"realm_access": {"roles": ["clerk"]}}, "realm_access.roles")
        ['clerk']
    """
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def completed(proof: Claims, more: Claims) -> Claims:
    """What a proof and a later answer say, the proof first; a value and the word that it is verified from one of them.

    Example:
        >>> dict(completed({"sub": "7", "email": "kim@a.test"}, {"sub": "7", "email_verified": True, "land": "NO"}))
        {'sub': '7', 'land': 'NO', 'email': 'kim@a.test'}
    """
    first, later = dict(proof), dict(more)
    for name in _WITH_PROOF:  # the word is about the value beside it: of another value it says nothing
        (later if name in proof else first).pop(f"{name}_verified", None)
    return {**later, **first}


def _name(claims: Claims, claim: str) -> str:
    name = told(claims, claim)
    if name is None:
        raise _unfit(claim, "is missing", "ask for the scope that carries it, or name another claim")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _unfit(
            claim,
            "is no name that people can be called by here",
            "names are of at most 128 letters, digits and `._@+=|#~:-`, without accents; `sub` may serve instead",
        )
    _refuse_unverified(claims, claim)
    return name


def _groups(claims: Claims, rules: ClaimRules) -> frozenset[str]:
    if not rules.groups:
        return frozenset()
    listed = told(claims, rules.groups)
    if listed is None:
        raise _unfit(rules.groups, "is missing", "make the provider send it, also when somebody is in no group")
    if not isinstance(listed, list) or len(listed) > MOST_GROUPS:
        raise _unfit(rules.groups, f"is no list of at most {MOST_GROUPS} groups", "see how the provider sends groups")
    return frozenset(kept for group in listed if (kept := _group(group, rules)))


def _group(group: object, rules: ClaimRules) -> str:
    """What a group of the provider is called here; empty when it counts for nothing."""
    if not isinstance(group, str) or not _is_plain(group):
        raise _unfit(rules.groups, "holds what is no group's name", "a name is one line of text in composed characters")
    if group in rules.renamed:
        return rules.renamed[group]
    if not rules.keeps_other_groups:
        return ""
    if fold(group) in _POWERFUL:
        raise _unfit(
            rules.groups,
            f"names `{fold(group)}`, which is a group with power of its own here",
            f'write `{group} = "{fold(group)}"` under [auth.groups] if that is meant, or `""` if it counts for nothing',
        )
    if is_provided(group):
        raise _unfit(rules.groups, f"names a group `{PROVIDED}..`, as people are called here", "rename it there")
    return group


def _attributes(claims: Claims, wanted: Mapping[str, str]) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {}
    for name, claim in sorted(wanted.items()):
        if (value := told(claims, claim)) is not None:
            _refuse_unverified(claims, claim)
            found[name] = _attribute(value, claim)
    return found


def _refuse_unverified(claims: Claims, claim: str) -> None:
    """Of what people may write themselves the provider says whether it is theirs (OpenID Connect Core 1.0, 5.1)."""
    if claim in _WITH_PROOF and claims.get(f"{claim}_verified") is not True:
        raise _unfit(claim, "was not verified by the provider", "verify it there, or name another claim")


def _attribute(value: object, claim: str) -> Attribute:
    if isinstance(value, list):
        if len(value) > MOST_VALUES:
            raise _unfit(claim, f"has more than {MOST_VALUES} values", "take another claim for the attribute")
        return tuple(_text(each, claim) for each in value)
    return _text(value, claim)


def _text(value: object, claim: str) -> str:
    """A value as the text that policies compare with; true and false as JSON writes them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str) or len(value) > _LONGEST or not (value == "" or value.isprintable()):
        raise _unfit(claim, "is no text, whole number or list of them", "take another claim for the attribute")
    return value


def _is_plain(name: str) -> bool:
    """Whether a name is what it looks like: one line, without marks that cannot be seen, in its composed form."""
    return (
        0 < len(name) <= _LONGEST
        and name.isprintable()
        and name == name.strip()
        and unicodedata.is_normalized("NFC", name)
    )


def _unfit(claim: str, what: str, hint: str) -> NotAuthenticated:
    return NotAuthenticated(
        f"the claim `{claim}` of your identity provider {what}", hint=f"for an administrator: {hint}"
    )
