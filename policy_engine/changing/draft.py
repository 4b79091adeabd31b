"""The state that a document leads to, worked out without a home: for lint and for policy tests, in CI for example.

What cannot be looked up is taken from the document itself, and told.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from catalog.errors import SourceUnavailable, VeilError
from catalog.model import Field, Source, Tag, TagAssignment
from catalog.names import fold, quoted
from catalog.people.model import Role
from policy_engine.changing.facts import Facts, describe_at_source
from policy_engine.changing.following import Describe
from policy_engine.changing.merging import merge
from policy_engine.document.model import DatasetEntry, Document, Reference
from policy_engine.document.places import Stated
from policy_engine.filters import filters
from policy_engine.live import DatasetKey, Live, dataset_key
from policy_engine.model import Policy

Path = tuple[str, ...]
ASSUMED_TYPE = "VARCHAR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A state as if the document were applied; `assumed` are the datasets whose columns nobody could look at.

    `notes` say for each of those what is not known. `unknown` are the places that name a tag, role or source
    which neither the document nor the home has.
    """

    document: Document
    live: Live
    assumed: frozenset[DatasetKey] = frozenset()
    notes: tuple[str, ...] = ()
    unknown: tuple[Reference, ...] = ()

    @property
    def made_up(self) -> frozenset[str]:
        """The folded names that stand for nothing; the state has empty things under them, so that it can be judged."""
        return frozenset(fold(reference.name) for reference in self.unknown)


def draft(
    document: Document,
    base: Live | None = None,
    *,
    assignments: Mapping[DatasetKey, tuple[TagAssignment, ...]] = MappingProxyType({}),
    describe: Describe = describe_at_source,
) -> Draft:
    """The state after the document, over what is live where a home is at hand; no source has to be reachable.

    Example:
        >>> draft(load([Path("policies")])).live.policies
    """
    base = base or Live()
    fields: dict[DatasetKey, tuple[Field, ...]] = {}
    notes: dict[DatasetKey, str] = {}
    document = _with_tested(document, base)
    for stated in _new_datasets(document, base):
        entry = stated.value
        key = dataset_key(entry.database, entry.name)
        try:
            fields[key] = _described(entry, document, base, describe)
        except VeilError as error:
            fields[key] = _assumed(entry, document)
            listed = ", ".join(f"`{field.name}`" for field in fields[key]) or "none"
            notes[key] = (
                f"the columns of `{entry.full_name}` are not known ({error.detail}): "
                f"taken as texts, with the tags that the document gives them: {listed}"
            )
    unknown = tuple(_unknown(document, base))
    live = merge(document, _with_made_up(base, unknown), Facts(fields=fields, assignments=assignments))
    return Draft(document=document, live=live, assumed=frozenset(notes), notes=tuple(notes.values()), unknown=unknown)


def _unknown(document: Document, base: Live) -> Iterator[Reference]:
    known = {
        "tag": {*base.tags, *(stated.value.name for stated in document.tags)},
        "role": {*base.roles, *(fold(stated.value.name) for stated in document.roles)},
        "source": {*base.sources, *(fold(stated.value.name) for stated in document.sources)},
    }
    return (reference for reference in document.references if fold(reference.name) not in known[reference.kind])


def _with_made_up(base: Live, unknown: tuple[Reference, ...]) -> Live:
    """What is live with empty things under the names that nothing has."""
    named = {kind: [item.name for item in unknown if item.kind == kind] for kind in ("tag", "role", "source")}
    return replace(
        base,
        tags={**base.tags, **{fold(name): Tag(name=fold(name)) for name in named["tag"]}},
        roles={**base.roles, **{fold(name): Role(name=name) for name in named["role"]}},
        sources={**base.sources, **{fold(name): Source(name=name, connector="") for name in named["source"]}},
    )


def _new_datasets(document: Document, base: Live) -> Iterable[Stated[DatasetEntry]]:
    """The datasets whose columns are not known yet."""
    return [s for s in document.datasets if dataset_key(s.value.database, s.value.name) not in base.datasets]


def _with_tested(document: Document, base: Live) -> Document:
    """The document, and the datasets that only its tests name: policies may be written and tested before the data."""
    known = {*base.datasets, *(dataset_key(s.value.database, s.value.name) for s in document.datasets)}
    tested = {dataset_key(*s.value.dataset): s for s in document.tests}
    added = tuple(
        Stated(value=DatasetEntry(database=s.value.dataset[0], name=s.value.dataset[1]), place=s.place)
        for key, s in tested.items()
        if key not in known
    )
    return replace(document, datasets=(*document.datasets, *added))


def _described(entry: DatasetEntry, document: Document, base: Live, describe: Describe) -> tuple[Field, ...]:
    sources = {**base.sources, **{fold(stated.value.name): stated.value for stated in document.sources}}
    source = sources.get(fold(entry.source or ""))
    if source is None or not entry.relation:
        raise SourceUnavailable("no source is stated for it")
    return describe(source, entry.relation)


def _assumed(entry: DatasetEntry, document: Document) -> tuple[Field, ...]:
    """The columns that the document speaks of, nested ones in their parents: listed, tested, filtered by or scoped."""
    key = dataset_key(entry.database, entry.name)
    paths: dict[Path, Path] = {}
    for path in (
        *(column.path for column in entry.columns),
        *(path for test in document.tests if dataset_key(*test.value.dataset) == key for path in test.value.columns),
        *(path for stated in document.policies if _is_about(stated.value, key) for path in _named(stated.value)),
    ):
        paths.setdefault(tuple(map(fold, path)), path)
    return _tree(tuple(paths.values()))


def _is_about(policy: Policy, key: DatasetKey) -> bool:
    places = zip((policy.scope.database, policy.scope.dataset), key, strict=True)
    return all(name is None or fold(name) == other for name, other in places)


def _named(policy: Policy) -> tuple[Path, ...]:
    return (*policy.scope.columns, *(filters.column_paths(policy.where) if policy.where else ()))


def _tree(paths: tuple[Path, ...]) -> tuple[Field, ...]:
    """Fields for dotted paths; one with fields in it is a struct."""
    inside: dict[str, list[Path]] = {}
    names: dict[str, str] = {}
    for path in paths:
        names.setdefault(fold(path[0]), path[0])
        inside.setdefault(fold(path[0]), []).extend([path[1:]] if len(path) > 1 else [])
    found: list[Field] = []
    for key, name in names.items():
        fields = _tree(tuple(inside[key]))
        parts = ", ".join(f"{quoted(field.name)} {field.type}" for field in fields)
        found.append(Field(name=name, type=f"STRUCT({parts})" if parts else ASSUMED_TYPE, fields=fields))
    return tuple(found)
