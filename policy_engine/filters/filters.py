"""Row filters: conditions over a dataset's raw columns, checked when written and bound to who asks."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime

from catalog.errors import PolicyInvalid
from catalog.model import Dataset
from catalog.names import fold
from policy_engine.circumstances import UNKNOWN, Circumstances
from policy_engine.conditions import stated_purpose
from policy_engine.filters.binding import Answer, Value, bound
from policy_engine.filters.grammar import print_text, read
from policy_engine.filters.meaning import Fact, Path, meaning
from policy_engine.filters.names import Unjudgeable, resolve
from policy_engine.model import Estate, Lookup, Subject, nowhere
from policy_engine.profile import profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A filter as SQL over `_row`, with the lookups whose answers it names."""

    sql: str
    lookups: tuple[Lookup, ...] = ()


def check_filter(text: str) -> str:
    """The filter in its one written form; raises PolicyInvalid for what a filter may not say.

    Example:
        >>> check_filter("opted_out != 1 -- the opt-outs")
        'opted_out <> 1'
    """
    normal = print_text(read(text), copy=False)
    if print_text(read(normal), copy=False) != normal:
        raise PolicyInvalid(
            f"the filter `{text}` cannot be used: it has no single meaning", hint="write it more simply"
        )
    return normal


def column_paths(text: str) -> tuple[Path, ...]:
    """The columns and nested fields that a filter names, as written; those of its lookups are not among them."""
    return meaning(text).paths


def columns_asked(text: str) -> frozenset[Path] | None:
    """The folded columns that a filter names; None where what it means depends on more of a dataset than these.

    Example:
        >>> columns_asked("Region = user_attribute('region')")
        frozenset({('region',)})
    """
    try:
        said = meaning(text)
    except PolicyInvalid:
        return frozenset()
    if said.lookups or said.asks_tags:
        return None
    return frozenset(tuple(map(fold, path)) for path in said.paths)


def missing_columns(text: str, dataset: Dataset) -> tuple[Path, ...]:
    """The columns that a filter names and the dataset has not."""
    known = profile(dataset).fields
    return tuple(path for path in column_paths(text) if tuple(map(fold, path)) not in known)


def tags_asked(text: str) -> tuple[str, ...]:
    """The tags that a filter names."""
    return meaning(text).asks_tags


def lookups(text: str) -> tuple[tuple[str, str], ...]:
    """The datasets that a filter looks into, by folded database and name."""
    return tuple((fold(use.database), fold(use.dataset)) for use in meaning(text).lookups)


def asks_time(text: str) -> bool:
    """Whether the filter may hold at one moment and not at another; one that cannot be read is taken to."""
    return _asks(text, "now", "today")


def asks_purpose(text: str) -> bool:
    """Whether the filter may hold for one purpose and not for another; one that cannot be read is taken to."""
    return _asks(text, "purpose")


def problem(text: str, dataset: Dataset, estate: Estate) -> str:
    """Why a filter cannot be judged on a dataset, for people; empty when it can be.

    Example: "names `ghost`, which is not there".
    """
    try:
        resolve(meaning(text), dataset, estate)
    except Unjudgeable as why:
        return str(why)
    return ""


def bind(
    text: str,
    subject: Subject,
    dataset: Dataset,
    *,
    roles: AbstractSet[str],
    at: datetime,
    circumstances: Circumstances = UNKNOWN,
    estate: Estate = nowhere,
) -> Bound | None:
    """The filter as SQL over `_row` for one subject and moment; None when it cannot be judged on the dataset.

    What is known of the subject enters as literals; an unknown attribute is NULL, which no row meets.
    `roles` are the folded names of the roles held; `estate` holds the datasets that lookups may read.

    Example: `region = user_attribute('region')` becomes `"_row"."region" = 'northwest'`.
    """
    said = meaning(text)
    try:
        found = resolve(said, dataset, estate)
    except Unjudgeable:
        return None
    values = tuple((fact, _value(fact, subject, roles, at, circumstances)) for fact in said.facts)
    written = bound(text, found, values)
    return Bound(sql=written.sql, lookups=tuple(_lookup(answer, estate) for answer in written.answers))


def _lookup(answer: Answer, estate: Estate) -> Lookup:
    dataset = estate(answer.key)
    assert dataset is not None, "names were resolved in the same estate"
    return Lookup(name=answer.name, value=answer.value, column=answer.column, where=answer.where, dataset=dataset)


def _asks(text: str, *names: str) -> bool:
    try:
        return any(name in names for name, _ in meaning(text).facts)
    except PolicyInvalid:
        return True


def _value(fact: Fact, subject: Subject, roles: AbstractSet[str], at: datetime, circumstances: Circumstances) -> Value:
    name, argument = fact
    match name:
        case "current_user":
            return subject.user
        case "user_attribute":
            return subject.attributes.get(argument)
        case "has_role":
            return fold(argument) in roles
        case "in_group":
            return any(fold(argument) == fold(group) for group in subject.groups)
        case "purpose":
            return stated_purpose(circumstances)
    moment = at.astimezone(UTC).replace(tzinfo=None)
    return moment.date().isoformat() if name == "today" else moment.isoformat(" ", "microseconds")
