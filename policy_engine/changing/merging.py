"""The state that a document leads to: what it says over what is live, and nothing else moved."""

from collections.abc import Mapping
from dataclasses import replace

from catalog import names
from catalog.inner_paths import with_inner_paths
from catalog.model import Column, Database, Dataset, Field, Level, Source, Tag, TagAssignment, TagOrigin, TagState
from catalog.names import fold
from catalog.people.model import Role, User
from policy_engine.changing.facts import Facts, unknown
from policy_engine.changing.reach import EVERYTHING, Reach
from policy_engine.document.model import (
    ColumnEntry,
    DatabaseEntry,
    DatasetEntry,
    Document,
    RoleEntry,
    TagEntry,
    UserEntry,
)
from policy_engine.document.places import invalid
from policy_engine.live import DatasetKey, Live, dataset_key

NO_TAGS: frozenset[str] = frozenset()
_COUNTING = (TagState.CONFIRMED, TagState.SUGGESTED)
Path = tuple[str, ...]


def merge(document: Document, live: Live, facts: Facts, *, prune: bool = False, reach: Reach = EVERYTHING) -> Live:
    """The state after the document; with `prune`, policies and roles it does not name are gone.

    What an entry does not say stays as it is, but a policy, a rule and a source are always said whole, and so are the
    tags of something, as far as the document speaks of them.
    """
    tags = {**live.tags, **{s.value.name: _tag(s.value, live.tags) for s in document.tags}}
    databases = {**live.databases, **{fold(s.value.name): _database(s.value, live) for s in document.databases}}
    for stated in document.datasets:
        databases.setdefault(fold(stated.value.database), Database(name=stated.value.database))
    roles = {fold(s.value.name): _role(s.value, live) for s in document.roles}
    policies = {fold(s.value.id): s.value for s in document.policies}
    after = replace(
        live,
        sources={**live.sources, **{fold(s.value.name): _source(s.value, live) for s in document.sources}},
        databases=databases,
        tags=tags,
        rules={**live.rules, **{fold(s.value.name): s.value for s in document.rules}},
        roles=roles if prune else {**live.roles, **roles},
        users={**live.users, **{fold(s.value.name): _user(s.value, live) for s in document.users}},
        policies=policies if prune else {**live.policies, **policies},
    )
    _check_references(document, after)
    return replace(after, datasets=_datasets(document, live, after, facts, reach))


def _check_references(document: Document, after: Live) -> None:
    known: dict[str, Mapping[str, object]] = {"tag": after.tags, "role": after.roles, "source": after.sources}
    for reference in document.references:
        if fold(reference.name) not in known[reference.kind]:
            raise unknown(reference.kind, reference.name, known[reference.kind], reference.place)


def _source(source: Source, live: Live) -> Source:
    """The source as said, under the name it already has: another case is no other name."""
    return replace(source, name=live.sources.get(fold(source.name), source).name)


def _tag(entry: TagEntry, known: Mapping[str, Tag]) -> Tag:
    before = known.get(entry.name, Tag(name=entry.name))
    comment = before.comment if entry.comment is None else entry.comment
    return Tag(name=entry.name, comment=comment, level=Level(entry.level or before.level))


def _database(entry: DatabaseEntry, live: Live) -> Database:
    before = live.databases.get(fold(entry.name), Database(name=entry.name))
    return Database(
        name=before.name,
        comment=before.comment if entry.comment is None else entry.comment,
        tags=before.tags if entry.tags is None else tuple(sorted(entry.tags)),
    )


def _role(entry: RoleEntry, live: Live) -> Role:
    before = live.roles.get(fold(entry.name), Role(name=entry.name))
    return Role(
        name=before.name,
        groups=before.groups if entry.groups is None else entry.groups,
        capabilities=before.capabilities if entry.capabilities is None else entry.capabilities,
    )


def _user(entry: UserEntry, live: Live) -> User:
    before = live.users.get(fold(entry.name), User(name=entry.name))
    return replace(
        before,
        groups=before.groups if entry.groups is None else entry.groups,
        attributes=before.attributes if entry.attributes is None else entry.attributes,
    )


def _datasets(document: Document, live: Live, after: Live, facts: Facts, reach: Reach) -> dict[DatasetKey, Dataset]:
    """The datasets named, as they will be; the others as they are, but for the tags of their database, and columns that
    their source has otherwise where it leads now.
    """
    datasets = dict(live.datasets)
    for stated in document.datasets:
        key = dataset_key(stated.value.database, stated.value.name)
        entry = _as_known(stated.value, after)
        assignments, by_document = (
            facts.assignments.get(key, ()),
            _given_by_document(facts.assignments.get(key, ()), reach),
        )
        datasets[key] = _dataset(entry, live.datasets.get(key), facts.fields.get(key), assignments, by_document)
    for key in facts.fields.keys() - {dataset_key(each.value.database, each.value.name) for each in document.datasets}:
        columns = _columns(facts.fields[key], facts.assignments.get(key, ()))
        if [(each.path, each.type) for each in columns] != [(each.path, each.type) for each in datasets[key].columns]:
            datasets[key] = replace(datasets[key], columns=columns)
    tags = {name: frozenset(database.tags) for name, database in after.databases.items()}
    for key, dataset in datasets.items():
        if dataset.database_tags != tags[key[0]]:
            datasets[key] = replace(dataset, database_tags=tags[key[0]])
    return datasets


def _as_known(entry: DatasetEntry, after: Live) -> DatasetEntry:
    """The entry with its database and source called as they are called."""
    source = None if entry.source is None else after.sources[fold(entry.source)].name
    return replace(entry, database=after.databases[fold(entry.database)].name, source=source)


def _dataset(
    entry: DatasetEntry,
    before: Dataset | None,
    fields: tuple[Field, ...] | None,
    assignments: tuple[TagAssignment, ...],
    by_document: Mapping[Path, frozenset[str]],
) -> Dataset:
    known = before or Dataset(
        database=entry.database, name=entry.name, source=entry.source or "", relation=entry.relation or ""
    )
    columns = known.columns if fields is None else _columns(fields, assignments)
    dataset = replace(
        known,
        source=entry.source or known.source,
        relation=entry.relation or known.relation,
        comment=known.comment if entry.comment is None else entry.comment,
        columns=_tagged(columns, entry, by_document),
    )
    if entry.tags is None:
        return dataset
    confirmed = _confirmed(known.confirmed, entry.tags, by_document.get((), NO_TAGS))
    return replace(dataset, confirmed=confirmed, suggested=known.suggested - confirmed)


def _confirmed(before: frozenset[str], said: tuple[str, ...], by_document: frozenset[str]) -> frozenset[str]:
    """INVARIANT: leaving a tag out takes back only what a document said; a person's word needs a person."""
    return (before - by_document) | frozenset(said)


def _given_by_document(assignments: tuple[TagAssignment, ...], reach: Reach) -> dict[Path, frozenset[str]]:
    """What a document takes back by leaving it out: tags that some document gave, and this one speaks of."""
    given: dict[Path, frozenset[str]] = {}
    for assignment in assignments:
        is_given = assignment.origin is TagOrigin.DOCUMENT and assignment.state is TagState.CONFIRMED
        if is_given and reach.speaks_of(assignment.tag):
            path = folded(assignment.path)
            given[path] = given.get(path, NO_TAGS) | {assignment.tag}
    return given


def _columns(fields: tuple[Field, ...], assignments: tuple[TagAssignment, ...]) -> tuple[Column, ...]:
    """Columns as the source describes them now, nested ones after their parent, with the tags that stand."""
    standing: dict[tuple[Path, TagState], frozenset[str]] = {}
    for assignment in assignments:
        place = (folded(assignment.path), assignment.state)
        standing[place] = standing.get(place, NO_TAGS) | {assignment.tag}

    def columns(fields: tuple[Field, ...], parents: Path) -> list[Column]:
        found: list[Column] = []
        for field in fields:
            path = (*parents, field.name)
            confirmed = standing.get((folded(path), TagState.CONFIRMED), NO_TAGS)
            suggested = standing.get((folded(path), TagState.SUGGESTED), NO_TAGS)
            found.append(Column(path=path, type=field.type, position=0, confirmed=confirmed, suggested=suggested))
            found.extend(columns(field.fields, path))
        return found

    found = tuple(replace(column, position=position) for position, column in enumerate(columns(fields, ())))
    given: dict[Path, tuple[frozenset[str], frozenset[str]]] = {}
    for assignment in assignments:
        if assignment.state is not TagState.REJECTED:
            at = folded(assignment.path)
            confirmed, suggested = (standing.get((at, state), NO_TAGS) for state in _COUNTING)
            given[assignment.path] = (confirmed, suggested)
    return with_inner_paths(found, given)


def _tagged(
    columns: tuple[Column, ...], entry: DatasetEntry, by_document: Mapping[Path, frozenset[str]]
) -> tuple[Column, ...]:
    said = {folded(column.path): column for column in entry.columns}
    columns = with_inner_paths(columns, {column.path: (NO_TAGS, NO_TAGS) for column in entry.columns})
    known = {folded(column.path) for column in columns}
    for path, column in said.items():
        if path not in known:
            raise _unknown_column(entry, column, columns)

    def tagged(column: Column) -> Column:
        path = folded(column.path)
        if path not in said:
            return column
        confirmed = _confirmed(column.confirmed, said[path].tags, by_document.get(path, NO_TAGS))
        return replace(column, confirmed=confirmed, suggested=column.suggested - confirmed)

    return tuple(tagged(column) for column in columns)


def _unknown_column(entry: DatasetEntry, column: ColumnEntry, columns: tuple[Column, ...]) -> Exception:
    near = names.nearest(".".join(column.path), (known.name for known in columns))
    hint = f"did you mean `{near}`?" if near else "a tag on a column that is not there would protect nothing"
    error = invalid(column.place, f"is no column of `{entry.full_name}`", hint=hint)
    error.gives = ("dataset", entry.full_name)
    return error


def folded(path: Path) -> Path:
    """A path as it is compared."""
    return tuple(fold(part) for part in path)
