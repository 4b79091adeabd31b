"""What differs between two states, thing by thing and word by word, like a plan of Terraform."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from catalog.model import Database, Dataset, Source, Tag, TagRule
from catalog.people.model import Attribute, Role, User
from policy_engine.conditions import print_when
from policy_engine.ddl.printing import print_line
from policy_engine.document.writing import policy_entry
from policy_engine.live import Live
from policy_engine.model import Policy
from policy_engine.tag_expressions import print_expression
from policy_engine.transforms.calls import print_call

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
Words = dict[str, str]

STATEMENT = "statement"
"""The word under which a policy says all of itself, as it is now or, when it is gone, as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is added (+), changed (~) or removed (-), with what is said of it, old and new.

    Example:
        Change(sign="~", kind="role", name="clerk", details=("groups: clerks -> clerks, temps",))
    """

    sign: str
    kind: str
    name: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.sign} {self.kind} {self.name}"


def differences(before: Live, after: Live) -> tuple[Change, ...]:
    """Every change between two states, in the order in which a reader builds them up."""
    return (
        *_compared("tag", before.tags, after.tags, lambda tag: tag.name, _tag_words),
        *_compared("source", before.sources, after.sources, lambda source: source.name, _source_words),
        *_compared("database", before.databases, after.databases, lambda database: database.name, _database_words),
        *_compared("dataset", before.datasets, after.datasets, lambda dataset: dataset.full_name, _dataset_words),
        *_compared("rule", before.rules, after.rules, lambda rule: rule.name, _rule_words),
        *_compared("role", before.roles, after.roles, lambda role: role.name, _role_words),
        *_compared("user", before.users, after.users, lambda user: user.name, _user_words),
        *_compared("policy", before.policies, after.policies, lambda policy: policy.id, _policy_words),
    )


def policy_changes(before: Policy, after: Policy) -> tuple[str, ...]:
    """What a policy says otherwise than before, word by word.

    Example: `("having: not phi.phone -> (none)",)`.
    """
    return tuple(_changed(_policy_words(before), _policy_words(after)))


def tag_changes(before: Dataset, after: Dataset, tells: Callable[[str], bool]) -> tuple[str, ...]:
    """What a dataset has otherwise than before of the tags that are told, and nothing else that is said of it.

    Example: `("tags of phone: (none) -> phi.phone",)`.
    """
    return tuple(_changed(*(_carried(dataset, tells) for dataset in (before, after))))


def _compared(
    kind: str, before: Mapping[K, T], after: Mapping[K, T], name: Callable[[T], str], words: Callable[[T], Words]
) -> Iterator[Change]:
    for key, new in after.items():
        old = before.get(key)
        if old is None:
            details = tuple(f"{word}: {said}" for word, said in words(new).items() if said)
            yield Change(sign="+", kind=kind, name=name(new), details=details)
        elif old is not new and (details := tuple(_changed(words(old), words(new)))):
            yield Change(sign="~", kind=kind, name=name(new), details=(*details, *_whole(words(new))))
    for key, old in before.items():
        if key not in after:
            yield Change(sign="-", kind=kind, name=name(old), details=tuple(_whole(words(old))))


def _whole(words: Words) -> Iterator[str]:
    if STATEMENT in words:
        yield f"{STATEMENT}: {words[STATEMENT]}"


def _changed(old: Words, new: Words) -> Iterator[str]:
    for word in dict.fromkeys((*old, *new)):
        if word == STATEMENT:
            continue
        if old.get(word, "") != new.get(word, ""):
            yield f"{word}: {old.get(word) or '(none)'} -> {new.get(word) or '(none)'}"


def _listed(texts: frozenset[str] | tuple[str, ...]) -> str:
    return ", ".join(sorted(texts))


def _tag_words(tag: Tag) -> Words:
    return {"level": tag.level.value, "comment": tag.comment}


def _source_words(source: Source) -> Words:
    return {"connector": source.connector, **{key: source.options[key] for key in sorted(source.options)}}


def _database_words(database: Database) -> Words:
    return {"comment": database.comment, "tags": _listed(database.tags)}


def _dataset_words(dataset: Dataset) -> Words:
    columns = ", ".join(f"{column.name} {column.type}" for column in dataset.columns)
    head = {"source": dataset.source, "relation": dataset.relation, "comment": dataset.comment}
    return {**head, "columns": columns, **_carried(dataset, lambda _: True)}


def _carried(dataset: Dataset, tells: Callable[[str], bool]) -> Words:
    tags = {f"tags of {column.name}": column.confirmed for column in dataset.columns}
    return {
        word: _listed(frozenset(filter(tells, every))) for word, every in {"tags": dataset.confirmed, **tags}.items()
    }


def _rule_words(rule: TagRule) -> Words:
    return {
        "tag": rule.tag,
        "column_name": rule.column_name or "",
        "content": rule.content or "",
        "words": ", ".join(rule.words),
        "words_file": rule.words_file or "",
        "detector": rule.detector or "",
        "min_match": f"{rule.min_match:g}",
        "min_rows": str(rule.min_rows),
    }


def _role_words(role: Role) -> Words:
    return {"groups": _listed(role.groups), "capabilities": _listed(role.capabilities)}


def _user_words(user: User) -> Words:
    attributes = ", ".join(f"{key}={_value(user.attributes[key])}" for key in sorted(user.attributes))
    return {"groups": _listed(user.groups), "attributes": attributes}


def _value(value: Attribute) -> str:
    return value if isinstance(value, str) else f"[{', '.join(value)}]"


def _policy_words(policy: Policy) -> Words:
    entry = policy_entry(policy)
    transforms = "; ".join(
        f"{print_expression(rule.tagged)} with {print_call(rule.call)}" for rule in policy.transforms
    )
    plain = {key: str(value) for key, value in entry.items() if key != "policy"}
    if policy.when is not None:
        plain["when"] = print_when(policy.when)
    to = {"to": ", ".join(policy.roles)}
    return plain | to | ({"transform": transforms} if transforms else {}) | {STATEMENT: print_line(policy)}
