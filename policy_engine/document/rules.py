"""The section `rules` of a document: how a crawler recognises a tag."""

from collections.abc import Iterator
from os.path import expanduser
from pathlib import Path

import regex

from catalog import lookup
from catalog.errors import VeilError
from catalog.model import TagRule
from policy_engine.document.entries import Entry, items, text
from policy_engine.document.model import Context
from policy_engine.document.places import Stated, invalid, pointed
from policy_engine.document.tree import Node

MOST_WORDS = 10_000
_LOOKS = ("content", "words", "words_file", "detector")
_KEYS = ("name", "tag", "column_name", *_LOOKS, "min_match", "min_rows")


def read_rules(node: Node, context: Context) -> Iterator[Stated[TagRule]]:
    """Rules: a regex on the column's name, and a regex, words or a detector for what is in it."""
    for item in items(node, "a list of rules"):
        entry = Entry.of(item, "a rule", _KEYS)
        name, tag = text(entry.needs("name")), text(entry.needs("tag"))
        _check_looks(entry)
        rule = TagRule(
            name=_named(name),
            tag=context.refer("tag", read_tag_name(tag), tag.place),
            column_name=_regex(entry, "column_name"),
            content=_regex(entry, "content"),
            words=_words(entry),
            words_file=_file(entry, context.folder),
            detector=_said(entry, "detector"),
            min_match=entry.number("min_match", 0.8, low=0.0, high=1.0),
            min_rows=entry.count("min_rows", 20, high=1_000_000),
        )
        yield Stated(value=rule, place=name.place)


def read_tag_name(stated: Stated[str]) -> str:
    """A tag's name as it is kept, `namespace.name` in lower case; `namespace:name` is accepted."""
    try:
        return lookup.tag_name(stated.value)
    except VeilError as error:
        raise pointed(error, stated.place) from None


def _check_looks(entry: Entry) -> None:
    """A rule looks at something, at what is in a column in one way, and counts only where it looks at cells."""
    looks = [key for key in _LOOKS if key in entry.nodes]
    listed = ", ".join(f"`{key}`" for key in ("column_name", *_LOOKS))
    if not looks and "column_name" not in entry.nodes:
        raise invalid(entry.place, f"looks at nothing: it has none of {listed}", hint="a rule needs one of them")
    if len(looks) > 1:
        both = " and ".join(f"`{key}`" for key in looks)
        raise invalid(entry.place, f"has {both}", hint="write a rule for each of them; rules that agree add up")
    for key in ("min_match", "min_rows"):
        if key in entry.nodes and looks in ([], ["detector"]):
            hint = "it belongs to `content`, `words` and `words_file`; a detector weighs a column by itself"
            raise invalid(entry.nodes[key].place, "counts nothing: the rule counts no cells", hint=hint)


def _named(stated: Stated[str]) -> str:
    try:
        lookup.check_name(stated.value, "rule", may_hold_dot=True)
    except VeilError as error:
        raise pointed(error, stated.place) from None
    return stated.value


def _said(entry: Entry, key: str) -> str | None:
    stated = entry.text(key)
    return None if stated is None else stated.value.strip()


def _words(entry: Entry) -> tuple[str, ...]:
    stated = entry.texts("words")
    if stated is None:
        return ()
    if not 0 < len(stated) <= MOST_WORDS:
        raise invalid(
            entry.nodes["words"].place, f"must be a list of 1 to {MOST_WORDS:,} words", hint="more go into `words_file`"
        )
    return tuple(dict.fromkeys(word.value.strip() for word in stated))


def _file(entry: Entry, folder: Path) -> str | None:
    """INVARIANT: what the catalog keeps never depends on the folder a command is run from."""
    said = _said(entry, "words_file")
    return None if said is None else str((folder / expanduser(said)).resolve())


def _regex(entry: Entry, key: str) -> str | None:
    stated = entry.text(key)
    if stated is None:
        return None
    try:
        regex.compile(stated.value)
    except regex.error as error:
        raise invalid(stated.place, f"is no regular expression: {error.msg} at character {error.pos}") from None
    return stated.value
