"""Each section of a document other than `policies`, read entry by entry."""

import re
from collections.abc import Iterator, Mapping
from os.path import expanduser
from pathlib import Path

from catalog import lookup, names, registry
from catalog.errors import VeilError
from catalog.model import Level, Source
from catalog.people.model import Attribute
from policy_engine import capabilities
from policy_engine.document.entries import Entry, pairs, text, texts
from policy_engine.document.model import (
    ColumnEntry,
    Context,
    DatabaseEntry,
    DatasetEntry,
    RoleEntry,
    TagEntry,
    UserEntry,
)
from policy_engine.document.places import Place, Stated, invalid, pointed
from policy_engine.document.rules import read_tag_name
from policy_engine.document.tree import Node, Scalar, Sequence

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_QUOTES = 'quote it where it holds a dot or a blank: `"Lab Results"`'


def read_sources(node: Node, context: Context) -> Iterator[Stated[Source]]:
    """Sources with their options; a relative path is taken from the document's folder."""
    for key, body in pairs(node, "a mapping from a source's name to its connector"):
        name = _plain_name(key, "source")
        options = dict(_options(body, "a source"))
        if "connector" not in options:
            raise invalid(
                body.place.at(key.place.path), "has no `connector`", hint="as `{connector: files, path: ./data}`"
            )
        connector = options.pop("connector")
        absolute = {option: _absolute(option, stated.value, context.folder) for option, stated in options.items()}
        _check_connector(name, connector, absolute, key.place)
        yield Stated(value=Source(name=name, connector=connector.value, options=absolute), place=key.place)


def read_databases(node: Node, context: Context) -> Iterator[Stated[DatabaseEntry]]:
    """Databases, with a comment and tags."""
    for key, body in pairs(node, "a mapping from a database's name to what is said of it"):
        entry = Entry.of(body, "a database", ("comment", "tags"))
        database = DatabaseEntry(
            name=_plain_name(key, "database"), comment=entry.said("comment"), tags=_tags(entry, context)
        )
        yield Stated(value=database, place=key.place)


def read_datasets(node: Node, context: Context) -> Iterator[Stated[DatasetEntry]]:
    """Datasets under `database.dataset`, with source, relation, tags and columns."""
    for key, body in pairs(node, "a mapping from `database.dataset` to what is said of it"):
        parts = names.split(key.text)
        if len(parts) != 2:
            raise invalid(key.place, "is no dataset's name", hint=f"write `database.dataset`; {_QUOTES}")
        entry = Entry.of(body, "a dataset", ("source", "relation", "comment", "tags", "columns"))
        if "source" in entry.nodes or "relation" in entry.nodes:
            entry.needs("source")
            entry.needs("relation")
        database = _fit(parts[0], "database", key.place, may_hold_dot=False)
        name = _fit(parts[1], "dataset", key.place, may_hold_dot=True)
        yield Stated(value=_dataset(database, name, entry, context), place=key.place)


def read_tags(node: Node, context: Context) -> Iterator[Stated[TagEntry]]:
    """Declared tags, with a comment and a level."""
    for key, body in pairs(node, "a mapping from a tag's name to what is said of it"):
        entry = Entry.of(body, "a tag", ("comment", "level"))
        name = read_tag_name(Stated(value=key.text, place=key.place))
        yield Stated(value=TagEntry(name=name, comment=entry.said("comment"), level=_level(entry)), place=key.place)


def read_roles(node: Node, context: Context) -> Iterator[Stated[RoleEntry]]:
    """Roles, with the groups that hold them and what they may do."""
    for key, body in pairs(node, "a mapping from a role's name to its groups"):
        entry = Entry.of(body, "a role", ("groups", "capabilities"))
        role = RoleEntry(name=_plain_name(key, "role"), groups=_groups(entry), capabilities=_capabilities(entry))
        yield Stated(value=role, place=key.place)


def read_users(node: Node, context: Context) -> Iterator[Stated[UserEntry]]:
    """Local accounts, with groups, attributes and where the password comes from; never the password itself."""
    refused = {"password": "does not belong in a document: name a variable, as `password_env: KIM_PASSWORD`"}
    for key, body in pairs(node, "a mapping from a user's name to the account"):
        entry = Entry.of(body, "a user", ("groups", "attributes", "password_env"), refused)
        attributes = entry.nodes.get("attributes")
        user = UserEntry(
            name=_plain_name(key, "user"),
            groups=_groups(entry),
            attributes=None if attributes is None else dict(read_attributes(attributes)),
            password_env=_variable(entry),
        )
        yield Stated(value=user, place=key.place)


def read_attributes(node: Node) -> Iterator[tuple[str, Attribute]]:
    """What is known of a user: under each name a text, or a list of texts for several values."""
    for key, value in pairs(node, "attributes with their values"):
        is_list = isinstance(value, Sequence)
        several = tuple(dict.fromkeys(stated.value for stated in texts(value))) if is_list else ()
        yield key.text, several if is_list else text(value).value


def _check_connector(source: str, connector: Stated[str], options: Mapping[str, str], place: Place) -> None:
    try:
        kind = registry.connector_kind(connector.value)
    except VeilError as error:
        raise pointed(error, connector.place) from None
    try:
        registry.check_options(source, kind, options)
    except VeilError as error:
        raise pointed(error, place) from None


def _dataset(database: str, name: str, entry: Entry, context: Context) -> DatasetEntry:
    columns, source = entry.nodes.get("columns"), entry.text("source")
    if source is not None:
        context.refer("source", source.value, source.place)
    return DatasetEntry(
        database=database,
        name=name,
        source=None if source is None else source.value,
        relation=entry.said("relation"),
        comment=entry.said("comment"),
        tags=_tags(entry, context),
        columns=() if columns is None else tuple(_columns(columns, context)),
    )


def _columns(node: Node, context: Context) -> Iterator[ColumnEntry]:
    known: dict[tuple[str, ...], Place] = {}
    for key, body in pairs(node, "a mapping from a column to its tags"):
        path = names.split_field(key.text)
        if not path:
            raise invalid(key.place, "is no column's name", hint=_QUOTES)
        folded = tuple(names.fold(part) for part in path)
        if folded in known:
            raise invalid(key.place, f"stands here a second time; the first is on line {known[folded].line}")
        known[folded] = key.place
        entry = Entry.of(body, "a column", ("tags",))
        yield ColumnEntry(path=path, tags=_tags(entry, context) or (), place=key.place)


def _plain_name(key: Scalar, what: str) -> str:
    """A name of one part, quotes undone; names of users, roles and rules may hold dots."""
    name = key.text.strip()
    if name.startswith('"') and len(parts := names.split(name)) == 1:
        name = parts[0]
    return _fit(name, what, key.place, may_hold_dot=what in ("user", "role", "rule"))


def _fit(name: str, what: str, place: Place, *, may_hold_dot: bool) -> str:
    try:
        lookup.check_name(name, what, may_hold_dot=may_hold_dot)
    except VeilError as error:
        raise pointed(error, place) from None
    return name


def _tags(entry: Entry, context: Context) -> tuple[str, ...] | None:
    stated = entry.texts("tags")
    if stated is None:
        return None
    return tuple(dict.fromkeys(context.refer("tag", read_tag_name(tag), tag.place) for tag in stated))


def _groups(entry: Entry) -> frozenset[str] | None:
    node = entry.nodes.get("groups")
    return None if node is None else frozenset(group.value for group in texts(node, "a list of groups"))


def _capabilities(entry: Entry) -> frozenset[str] | None:
    node = entry.nodes.get("capabilities")
    if node is None:
        return None
    return frozenset(_capability(stated) for stated in texts(node, "a list of capabilities"))


def _capability(stated: Stated[str]) -> str:
    try:
        return str(capabilities.parse(stated.value))
    except VeilError as error:
        raise pointed(error, stated.place) from None


def _options(node: Node, what: str) -> Iterator[tuple[str, Stated[str]]]:
    for key, value in pairs(node, f"{what} with its keys"):
        yield key.text, text(value)


def _absolute(option: str, value: str, folder: Path) -> str:
    """INVARIANT: what the catalog keeps never depends on the folder a command is run from."""
    if option not in ("path", "url_file") or "://" in value:
        return value
    return str((folder / expanduser(value)).resolve())


def _level(entry: Entry) -> Level | None:
    stated = entry.text("level")
    if stated is None:
        return None
    try:
        return Level(stated.value)
    except ValueError:
        near = names.nearest(stated.value, [level.value for level in Level])
        hint = f"did you mean `{near}`?" if near else ""
        raise invalid(stated.place, f"must be one of {', '.join(Level)}", hint=hint) from None


def _variable(entry: Entry) -> str | None:
    stated = entry.text("password_env")
    if stated is None:
        return None
    if not _VARIABLE.match(stated.value):
        raise invalid(stated.place, "must be the name of an environment variable", hint="as `KIM_PASSWORD`")
    return stated.value
