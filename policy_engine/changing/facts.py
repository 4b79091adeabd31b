"""What must be looked up beyond the live state before a document can be compared: shapes, verdicts, passwords."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from catalog import names, registry
from catalog.database import Catalog
from catalog.descent import Descent
from catalog.errors import PolicyInvalid, SourceUnavailable, VeilError
from catalog.flow import Flow, TableFlows
from catalog.model import Dataset, Field, Source, TagAssignment, TagRule
from catalog.names import fold
from catalog.people.accounts import Accounts
from catalog.tags import Tags
from policy_engine.changing.following import Describe, follow_anew
from policy_engine.document.model import DatasetEntry, Document, UserEntry
from policy_engine.document.places import Place, Stated, invalid, pointed
from policy_engine.live import DatasetKey, Live, dataset_key

CheckRule = Callable[[TagRule], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The columns of datasets to be registered, or whose source may lead elsewhere, and what they hold of others, which
    databases their sources reach and what all tables there hold, the tags that already stand, and whose password is
    new.
    """

    fields: Mapping[DatasetKey, tuple[Field, ...]] = field(default_factory=dict)
    flows: Mapping[DatasetKey, tuple[Flow, ...]] = field(default_factory=dict)
    databases: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, TableFlows] = field(default_factory=dict)
    assignments: Mapping[DatasetKey, tuple[TagAssignment, ...]] = field(default_factory=dict)
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)
    missing_variables: Mapping[str, Place] = field(default_factory=dict)


def describe_at_source(source: Source, relation: str) -> tuple[Field, ...]:
    """The columns of a relation as its source gives them; raises SourceUnavailable."""
    return registry.connect(source).describe(relation)


def trust_rule(rule: TagRule) -> None:
    """Takes every rule as it is: a crawl refuses one that it cannot use."""


def gather(
    document: Document,
    live: Live,
    catalog: Catalog,
    *,
    describe: Describe | None = describe_at_source,
    environment: Mapping[str, str] = os.environ,
    check_rule: CheckRule = trust_rule,
) -> Facts:
    """Everything a document needs to know of the world, read before anything is changed.

    Without `describe` no source is read: datasets are as they are known, and new ones are refused.
    """
    for rule in document.rules:
        try:
            check_rule(rule.value)
        except VeilError as error:
            raise pointed(error, rule.place) from error
    sources = {**live.sources, **{fold(stated.value.name): stated.value for stated in document.sources}}
    fields: dict[DatasetKey, tuple[Field, ...]] = {}
    flows: dict[DatasetKey, tuple[Flow, ...]] = {}
    descents: dict[str, Descent] = {}
    assignments: dict[DatasetKey, tuple[TagAssignment, ...]] = {}
    for stated in document.datasets:
        key = dataset_key(stated.value.database, stated.value.name)
        known = live.datasets.get(key)
        if known is not None:
            assignments[key] = Tags(catalog).assignments(known.full_name)
        is_read = known is None or describe is not None
        if is_read and _needs_description(stated.value, known, live, sources):
            fields[key], flows[key] = _described(stated, known, sources, describe, descents)
    for source in document.sources:
        followed = follow_anew(source, live, describe, descents, but=frozenset(flows)) if describe else {}
        for key, (columns, held) in followed.items():
            flows[key] = held
            if columns:
                fields[key] = columns
                assignments.setdefault(key, Tags(catalog).assignments(live.datasets[key].full_name))
    databases, tables = _databases(descents, sources)
    passwords, missing = _passwords(document, Accounts(catalog), environment)
    return Facts(
        fields=fields,
        flows=flows,
        databases=databases,
        tables=tables,
        assignments=assignments,
        passwords=passwords,
        missing_variables=missing,
    )


def _needs_description(entry: DatasetEntry, known: Dataset | None, live: Live, sources: Mapping[str, Source]) -> bool:
    """A dataset is described when it is new, when it moves, or when a column is named that nobody has seen."""
    if known is None:
        return True
    source = fold(entry.source or known.source)
    moved = source != fold(known.source) or (entry.relation or known.relation) != known.relation
    said_otherwise = entry.comment is not None and entry.comment != known.comment
    if moved or said_otherwise or sources.get(source) != live.sources.get(source):
        return True
    columns = {fold(column.name) for column in known.columns}
    return any(fold(".".join(column.path)) not in columns for column in entry.columns)


def _described(
    stated: Stated[DatasetEntry],
    known: Dataset | None,
    sources: Mapping[str, Source],
    describe: Describe | None,
    descents: dict[str, Descent],
) -> tuple[tuple[Field, ...], tuple[Flow, ...]]:
    entry = stated.value
    source_name, relation = entry.source or (known and known.source), entry.relation or (known and known.relation)
    if not source_name or not relation or describe is None:
        problem = "is not registered, so it needs a `source` and a `relation`"
        raise invalid(stated.place, problem, hint="or crawl its source into a database first")
    source = sources.get(fold(source_name))
    if source is None:
        raise unknown("source", source_name, sources, stated.place.at(f"{stated.place.path}.source"))
    try:
        fields = describe(source, relation)
        descent = descents.setdefault(fold(source.name), Descent(connector=registry.connect(source)))
        return fields, descent.of(relation, [each.name for each in fields]).flows
    except SourceUnavailable as error:
        detail = f"`{entry.full_name}` cannot be registered ({stated.place.file}, line {stated.place.line})"
        raise SourceUnavailable(f"{detail}: {error.detail}", hint=error.hint) from error
    except VeilError as error:
        raise pointed(error, stated.place) from error


def _databases(
    descents: Mapping[str, Descent], sources: Mapping[str, Source]
) -> tuple[dict[str, str], dict[str, TableFlows]]:
    """Which database each source reaches that was asked for something, and what its tables hold, by its name."""
    try:
        return (
            {sources[key].name: descent.database() for key, descent in descents.items()},
            {sources[key].name: descent.tables() for key, descent in descents.items()},
        )
    except SourceUnavailable as error:
        detail = f"it cannot be told which database a source reaches: {error.detail}"
        raise SourceUnavailable(detail, hint=error.hint) from error


def unknown(kind: str, name: str, known: Mapping[str, object], place: Place) -> PolicyInvalid:
    """The refusal of a name that stands for nothing, with the nearest that does."""
    near = names.nearest(name, known)
    hint = f"did you mean `{near}`?" if near else f"declare it under `{kind}s:` first"
    error = invalid(place, f"names the {kind} `{name}`, which does not exist", hint=hint)
    error.gives = (kind, near or "")
    return error


def _passwords(
    document: Document, accounts: Accounts, environment: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, Place]]:
    """New passwords by user, and the variables that are not set; a password that is in use is not new."""
    fresh: dict[str, str] = {}
    missing: dict[str, Place] = {}
    for stated in document.users:
        user: UserEntry = stated.value
        if user.password_env is None:
            continue
        password = environment.get(user.password_env)
        if not password:
            missing[user.password_env] = stated.place
        elif accounts.check_password(user.name, password) is None:
            fresh[fold(user.name)] = password
    return fresh, missing
