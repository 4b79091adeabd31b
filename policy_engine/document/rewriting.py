"""An existing document brought up to the live state: what is so already keeps its words, order and comments."""

from collections.abc import Callable, Iterator, Mapping
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from catalog import names
from catalog.model import Column, Database, Dataset, Level, Tag
from catalog.people.model import Role, User
from policy_engine.document import writing
from policy_engine.document.model import Document
from policy_engine.document.places import Place, invalid
from policy_engine.document.reading import loads
from policy_engine.document.writing import Data

Sections = Mapping[str, Data]
Key = tuple[str, ...]
Entries = dict[Key, Data]
_NAMED_BY = {"policies": "policy", "rules": "name"}
_NOT_LIVE = frozenset({"password_env"})


def rewrite(text: str, live: Sections, *, file: str = "document", folder: Path | None = None) -> str:
    """The text with each of its entries as it is live now; entries that are no longer live are gone.

    An entry that already says what is live is not touched, comments included.

    Example:
        >>> live = {"roles": {"a": {"groups": ["x", "y"]}}}
        >>> print(rewrite("veil: 1\\nroles:\\n  a:  # night shift\\n    groups: [x]\\n", live))
        veil: 1
        roles:
          a:  # night shift
            groups:
              - x
              - y
    """
    said = as_sections(loads(text, file=file, folder=folder))
    present = {section: _only(section, live[section], entries(section, said[section])) for section in live}
    if all(entries(section, said[section]) == entries(section, present[section]) for section in live):
        return text
    root = _load(text, file)
    for section in live:
        if root.get(section):
            _settle_section(section, root[section], entries(section, said[section]), entries(section, live[section]))
    settled = _dump(root)
    # INVARIANT: comments are kept where that is possible, the meaning always (two entries may share one anchor).
    return settled if as_sections(loads(settled, folder=folder)) == {**said, **present} else writing.write(present)


def add(text: str, sections: Sections, *, file: str = "document") -> str:
    """The text with more entries at the end of its sections.

    Example:
        >>> print(add("veil: 1\\nroles:\\n  a: {}\\n", {"roles": {"b": {"groups": ["x"]}}}))
        veil: 1
        roles:
          a: {}
          b:
            groups:
              - x
    """
    root = _load(text, file)
    for section, data in sections.items():
        if not root.get(section):
            root[section] = data
        elif isinstance(data, dict):
            root[section].update(data)
        elif isinstance(data, list):
            root[section].extend(data)
    return _dump(root)


def without(section: str, data: Data, known: Entries) -> Data:
    """The entries of a section that are not among the known ones."""
    return _filtered(section, data, lambda key: key not in known)


def _only(section: str, data: Data, known: Entries) -> Data:
    return _filtered(section, data, lambda key: key in known)


def _filtered(section: str, data: Data, is_kept: Callable[[Key], bool]) -> Data:
    if isinstance(data, dict):
        return {name: entry for name, entry in data.items() if is_kept(_key(name))}
    named = _NAMED_BY[section]
    return (
        [entry for entry in data if isinstance(entry, dict) and is_kept(_key(str(entry[named])))]
        if isinstance(data, list)
        else data
    )


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.composer.warn_double_anchors = False
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _load(text: str, file: str) -> CommentedMap:
    """INVARIANT: the text was read before, so what fails here is a value such as the date 2026-99-99."""
    try:
        root: CommentedMap = _yaml().load(text)
    except (YAMLError, ValueError, OverflowError):
        hint = "quote what looks like a number or a date and is meant as a text"
        raise invalid(Place(file=file), "the file cannot be rewritten with its comments", hint=hint) from None
    return root


def _dump(root: CommentedMap) -> str:
    stream = StringIO()
    _yaml().dump(root, stream)
    return stream.getvalue()


def entries(section: str, data: Data) -> Entries:
    """The entries of a section by their folded names."""
    if isinstance(data, dict):
        return {_key(name): entry for name, entry in data.items()}
    named = _NAMED_BY[section]
    assert isinstance(data, list)
    return {_key(str(entry[named])): entry for entry in data if isinstance(entry, dict)}


def as_sections(document: Document) -> dict[str, Data]:
    """What a document says, in the words in which the live state is written."""
    return {
        "sources": writing.sources(stated.value for stated in document.sources),
        "databases": writing.databases(
            Database(name=s.value.name, comment=s.value.comment or "", tags=s.value.tags or ())
            for s in document.databases
        ),
        "datasets": writing.datasets(_datasets(document)),
        "tags": writing.tags(
            Tag(name=s.value.name, comment=s.value.comment or "", level=s.value.level or Level.INTERNAL)
            for s in document.tags
        ),
        "rules": writing.rules(stated.value for stated in document.rules),
        "roles": writing.roles(Role(name=s.value.name, groups=s.value.groups or frozenset()) for s in document.roles),
        "users": writing.users(
            User(name=s.value.name, groups=s.value.groups or frozenset(), attributes=s.value.attributes or {})
            for s in document.users
        ),
        "policies": writing.policies(stated.value for stated in document.policies),
    }


def _datasets(document: Document) -> Iterator[Dataset]:
    for stated in document.datasets:
        entry = stated.value
        columns = (
            Column(path=column.path, type="", position=0, confirmed=frozenset(column.tags)) for column in entry.columns
        )
        yield Dataset(
            database=entry.database,
            name=entry.name,
            source=entry.source or "",
            relation=entry.relation or "",
            comment=entry.comment or "",
            confirmed=frozenset(entry.tags or ()),
            columns=tuple(columns),
        )


def _key(name: str) -> Key:
    """One key for a name however it is quoted or cased."""
    return tuple(names.fold(part) for part in names.split(name)) or (names.fold(name),)


def _settle_section(section: str, node: CommentedMap | CommentedSeq, known: Entries, wanted: Entries) -> None:
    """Brings a section's entries up to what is wanted; one that is right is not touched."""
    for place, key in reversed(list(_places(section, node))):
        if key not in wanted:
            del node[place]
        elif known.get(key) != wanted[key]:
            node[place] = _settled(node[place], wanted[key])


def _places(section: str, node: CommentedMap | CommentedSeq) -> Iterator[tuple[str | int, Key]]:
    if isinstance(node, CommentedMap):
        yield from ((name, _key(str(name))) for name in node)
    else:
        yield from ((index, _key(str(entry[_NAMED_BY[section]]))) for index, entry in enumerate(node))


def _settled(node: object, wanted: Data) -> object:
    """The node with what is wanted, keeping the comments of keys that stay."""
    if not isinstance(node, CommentedMap) or not isinstance(wanted, dict):
        return wanted
    for key in [key for key in node if key not in wanted and key not in _NOT_LIVE]:
        del node[key]
    for key, value in wanted.items():
        if node.get(key) != value:
            node[key] = _settled(node.get(key), value)
    return node
