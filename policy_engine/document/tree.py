"""YAML text as a plain tree in which every node knows its place, bounded in size and depth."""

from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode

from catalog.errors import PolicyInvalid
from catalog.names import fold
from policy_engine.document.places import Place, invalid

DEEPEST = 24
MOST_REPEATED = 20_000
_TAG = "tag:yaml.org,2002:"
_KINDS = frozenset({"map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The most that one text may hold: characters, and values, each key, entry and list of which is one."""

    characters: int = 16_000_000
    values: int = 2_000_000


WHOLE_ESTATE = Size()
"""What those write who administer: some ten thousand policies."""

DELEGATED = Size(characters=64_000, values=10_000)
"""What somebody may have a server read at once who does not administer: some hundred policies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """One value as it was written; `kind` is how YAML 1.2 reads it: str int float bool null timestamp."""

    text: str
    kind: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A list of nodes."""

    items: tuple["Node", ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Keys with their nodes, in the order they were written; no key stands twice."""

    pairs: tuple[tuple[Scalar, "Node"], ...]
    place: Place


Node = Scalar | Sequence | Mapping


def parse(text: str, *, file: str = "document", most: Size = WHOLE_ESTATE) -> Node | None:
    """The tree of one YAML 1.2 document, or None when it is empty; refuses one that is larger than `most`.

    Example:
        >>> parse("land: NO").pairs[0][1].text
        'NO'
    """
    start = Place(file=file)
    if len(text) > most.characters:
        raise _too_large(start, f"{most.characters:,} characters")
    _refuse_other_versions(text, start)
    yaml = YAML(typ="rt")
    yaml.Composer = _Bounded
    yaml.composer.warn_double_anchors = False
    yaml.composer.left = most.values
    try:
        node = yaml.compose(text)
    except MarkedYAMLError as error:
        raise _unreadable(error, file, text) from None
    except (YAMLError, ValueError):
        raise invalid(start, "this is not YAML that can be read", hint="is it a text file in UTF-8?") from None
    except RecursionError:
        raise _too_deep(start) from None
    except _Full:
        raise _too_large(start, f"{most.values:,} keys and values") from None
    return None if node is None else _Walk(file=file, lines=text.splitlines()).node(node, "", 0)


class _Full(Exception):
    """A text holds more values than it may."""


class _Bounded(Composer):
    """Ends at a node too many, and at one that is far too deep: to look through the rest would take seconds.

    One that is a little too deep is left to the walk, which says where it is.
    """

    left = 0
    """How many nodes may still come."""

    _depth = 0

    def compose_node(self, parent: YamlNode | None, index: int | None) -> YamlNode | None:
        if self._depth > 2 * DEEPEST:
            raise RecursionError
        if self.left <= 0:
            raise _Full
        self.left -= 1
        self._depth += 1
        try:
            node: YamlNode | None = super().compose_node(parent, index)
            return node
        finally:
            self._depth -= 1


def _refuse_other_versions(text: str, start: Place) -> None:
    for line in text.splitlines():
        if line.startswith("%YAML") and line.split()[1:] != ["1.2"]:
            raise invalid(start, "only YAML 1.2 is read", hint="remove the `%YAML` line")
        if line.strip() and not line.startswith(("#", "%")):
            return


def _unreadable(error: MarkedYAMLError, file: str, text: str) -> PolicyInvalid:
    mark = error.problem_mark
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    lines = text.splitlines()
    snippet = lines[line] if line < len(lines) else ""
    place = Place(file=file, line=line + 1, column=column + 1, snippet=snippet[:200])
    hint = (
        "look for a quote or bracket that is not closed, or for lines that are indented otherwise than their neighbours"
    )
    return invalid(place, f"this is not YAML that can be read: {error.problem or error.context}", hint=hint)


def _too_large(place: Place, most: str) -> PolicyInvalid:
    hint = "send it in several parts, or have an administrator apply it"
    return invalid(place, f"this is more than {most}", hint=hint)


def _too_deep(place: Place) -> PolicyInvalid:
    return invalid(place, "is nested deeper than a document can be", hint="does an anchor hold itself?")


def _refuse_own_tags(node: YamlNode, place: Place) -> None:
    """A tag such as `!!python/object` asks for something else than what is written; nothing here gives it."""
    if str(node.tag).removeprefix(_TAG) not in _KINDS:
        raise invalid(place, f"carries a YAML tag that is not read here: `{node.tag}`", hint="remove the `!` tag")


def _whole(text: str, place: Place) -> str:
    """The text with characters that escapes give in two halves made whole: JSON writes a rare one as a pair of them."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        raise invalid(place, "holds half of a character", hint="write whole Unicode characters") from None


@dataclass(slots=True, kw_only=True)
class _Walk:
    """One walk over the composed nodes; aliases are followed, and counted so that they cannot explode."""

    file: str
    lines: list[str]
    seen: set[int] = field(default_factory=set)
    repeated: int = 0

    def node(self, node: YamlNode, path: str, depth: int) -> Node:
        place = self._place(node, path)
        if depth > DEEPEST:
            raise _too_deep(place)
        self._count(node, place)
        _refuse_own_tags(node, place)
        if isinstance(node, MappingNode):
            return self._mapping(node, place, depth)
        if isinstance(node, SequenceNode):
            items = (self.node(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(node.value))
            return Sequence(items=tuple(items), place=place)
        return self._scalar(node, place)

    def _mapping(self, node: MappingNode, place: Place, depth: int) -> Mapping:
        pairs: list[tuple[Scalar, Node]] = []
        known: dict[str, Place] = {}
        for key_node, value_node in node.value:
            key_place = self._place(key_node, place.path)
            if not isinstance(key_node, ScalarNode):
                raise invalid(key_place, "has a key that is not a plain text", hint="write each key as `name: ..`")
            name = _whole(str(key_node.value), key_place)
            path = f"{place.path}.{name}" if place.path else name
            key = self._scalar(key_node, key_place.at(path))
            earlier = known.setdefault(fold(key.text), key.place)
            if earlier is not key.place:
                problem = f"stands here a second time; the first is on line {earlier.line}"
                raise invalid(key.place, problem, hint="keep one of them, and join what they say")
            pairs.append((key, self.node(value_node, path, depth + 1)))
        return Mapping(pairs=tuple(pairs), place=place)

    def _scalar(self, node: YamlNode, place: Place) -> Scalar:
        kind = str(node.tag).removeprefix(_TAG)
        if kind == "merge":
            raise invalid(place, "merge keys are not part of YAML 1.2", hint="write the keys out, or use an alias")
        return Scalar(text=_whole(str(node.value), place), kind=kind, place=place)

    def _count(self, node: YamlNode, place: Place) -> None:
        if id(node) in self.seen:
            self.repeated += 1
            if self.repeated > MOST_REPEATED:
                raise invalid(place, "repeats anchors until the document would be too large")
        self.seen.add(id(node))

    def _place(self, node: YamlNode, path: str) -> Place:
        line, column = node.start_mark.line, node.start_mark.column
        snippet = self.lines[line] if line < len(self.lines) else ""
        return Place(file=self.file, path=path, line=line + 1, column=column + 1, snippet=snippet[:200])
