"""What CREATE, DROP and ALTER .. ATTRIBUTE make of the tags and of what carries them."""

from dataclasses import replace
from typing import TypeVar

from catalog.errors import PolicyInvalid
from catalog.model import Column, Database, Dataset, Tag
from catalog.names import fold
from policy_engine.ddl.known import known_column, known_database, known_dataset, known_tag, tags_named
from policy_engine.ddl.model import AssignTag, CreateTag, DropTag
from policy_engine.live import DatasetKey, Live, dataset_key

T = TypeVar("T", Database, Dataset, Column)
C = TypeVar("C", Dataset, Column)


def with_tag(change: CreateTag, live: Live) -> Live:
    """The state with the tag declared."""
    if change.name not in live.tags:
        return replace(live, tags={**live.tags, change.name: Tag(name=change.name)})
    if not change.unless_there:
        problem = f"the attribute `{change.name}` already exists"
        raise PolicyInvalid(problem, hint="write `CREATE ATTRIBUTE IF NOT EXISTS`")
    return live


def without_tag(change: DropTag, live: Live) -> Live:
    """The state without the tag, and nothing that carries it.

    INVARIANT: a tag that a policy names stays: without it, `NOT` it would hold everywhere.
    """
    if change.if_there and change.name not in live.tags:
        return live
    _refuse_named(known_tag(change.name, live), live)
    return replace(
        live,
        tags={name: tag for name, tag in live.tags.items() if name != change.name},
        databases={key: _untagged(database, change.name) for key, database in live.databases.items()},
        datasets={key: _dataset_without(dataset, change.name) for key, dataset in live.datasets.items()},
    )


def assigned(change: AssignTag, live: Live) -> Live:
    """The state in which the thing carries the tag, or no longer does."""
    known_tag(change.tag, live, "Cannot assign attributes: ")
    if change.target.dataset is None:
        return _tagged_database(change, live)
    dataset = known_dataset(change.target, live)
    changed = _tagged_column(change, dataset) if change.target.path else _tagged(change, dataset)
    key = dataset_key(dataset.database, dataset.name)
    return replace(live, datasets={**live.datasets, key: _kept(dataset, changed)})


def _refuse_named(tag: str, live: Live) -> None:
    for policy in live.policies.values():
        if tag in tags_named(policy):
            raise PolicyInvalid(
                f"the attribute `{tag}` is named by policy `{policy.id}`", hint="take that policy away first"
            )
    for rule in live.rules.values():
        if rule.tag == tag:
            raise PolicyInvalid(
                f"the attribute `{tag}` is what the rule `{rule.name}` suggests",
                hint="let that rule suggest another tag first, in a document",
            )


def _untagged(database: Database, tag: str) -> Database:
    return _kept(database, replace(database, tags=tuple(known for known in database.tags if known != tag)))


def _dataset_without(dataset: Dataset, tag: str) -> Dataset:
    columns = tuple(
        _kept(column, replace(column, confirmed=column.confirmed - {tag}, suggested=column.suggested - {tag}))
        for column in dataset.columns
    )
    changed = replace(
        dataset,
        columns=columns,
        confirmed=dataset.confirmed - {tag},
        suggested=dataset.suggested - {tag},
        database_tags=dataset.database_tags - {tag},
    )
    return _kept(dataset, changed)


def _kept(old: T, new: T) -> T:
    """The very thing that was there, unless it is different now."""
    return old if old == new else new


def _check_carried(change: AssignTag, confirmed: frozenset[str], suggested: frozenset[str]) -> None:
    if change.is_there or change.tag in confirmed:
        return
    target = change.target
    thing = ".".join(part for part in (target.database, target.dataset, *target.path) if part)
    hint = (
        "a crawler only suggests it there"
        if change.tag in suggested
        else f"it carries: {', '.join(sorted(confirmed)) or 'none'}"
    )
    error = PolicyInvalid(f"`{thing}` does not carry the attribute `{change.tag}`", hint=hint)
    error.gives = ("tags", thing)
    raise error


def _tagged_database(change: AssignTag, live: Live) -> Live:
    database = known_database(change.target.database, live)
    _check_carried(change, frozenset(database.tags), frozenset())
    tags = frozenset(database.tags) | {change.tag} if change.is_there else frozenset(database.tags) - {change.tag}
    key = fold(database.name)

    def within(place: DatasetKey, dataset: Dataset) -> Dataset:
        return _kept(dataset, replace(dataset, database_tags=tags)) if place[0] == key else dataset

    return replace(
        live,
        databases={**live.databases, key: _kept(database, replace(database, tags=tuple(sorted(tags))))},
        datasets={place: within(place, dataset) for place, dataset in live.datasets.items()},
    )


def _tagged_column(change: AssignTag, dataset: Dataset) -> Dataset:
    chosen = known_column(dataset, change.target.path)
    columns = tuple(_tagged(change, column) if column is chosen else column for column in dataset.columns)
    return replace(dataset, columns=columns)


def _tagged(change: AssignTag, thing: C) -> C:
    _check_carried(change, thing.confirmed, thing.suggested)
    if not change.is_there:
        return replace(thing, confirmed=thing.confirmed - {change.tag})
    return replace(thing, confirmed=thing.confirmed | {change.tag}, suggested=thing.suggested - {change.tag})
