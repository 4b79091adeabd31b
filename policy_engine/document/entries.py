"""One entry of a document, read key by key with the type each key must have."""

from collections.abc import Iterator
from dataclasses import dataclass

from catalog import names
from catalog.errors import PolicyInvalid
from policy_engine.document.examples import example
from policy_engine.document.places import Place, Stated, invalid
from policy_engine.document.tree import Mapping, Node, Scalar, Sequence

_SPOKEN = {"int": "a number", "float": "a number", "bool": "true or false", "null": "nothing", "timestamp": "a date"}


def spoken(node: Node) -> str:
    """What a node is, for people: a list, a mapping, a text, a number, nothing."""
    if isinstance(node, Scalar):
        return _SPOKEN.get(node.kind, "a text")
    return "a list" if isinstance(node, Sequence) else "a mapping"


def wrong(node: Node, expected: str, *, hint: str = "") -> PolicyInvalid:
    """The refusal of a node that is something else than what must stand there."""
    return invalid(node.place, f"must be {expected}, and is {spoken(node)}", hint=hint)


def text(node: Node, expected: str = "a text") -> Stated[str]:
    """A value as the text that was written; numbers, dates and true/false are taken as written."""
    if not isinstance(node, Scalar) or node.kind == "null":
        raise wrong(node, expected)
    if not node.text.strip():
        raise invalid(node.place, f"must be {expected}, and is empty")
    if any(ord(character) < 32 and character not in "\n\t" for character in node.text):
        raise invalid(node.place, "holds a control character", hint="type the text again, without it")
    return Stated(value=node.text, place=node.place)


def texts(node: Node, expected: str = "a list of texts") -> tuple[Stated[str], ...]:
    """A list of texts, in order."""
    if not isinstance(node, Sequence):
        hint = f"write it as `[{node.text}]`" if isinstance(node, Scalar) and node.kind != "null" else ""
        raise wrong(node, expected, hint=hint)
    return tuple(text(item) for item in node.items)


def pairs(node: Node, expected: str) -> Iterator[tuple[Scalar, Node]]:
    """The keys and nodes of a mapping; a key with nothing after it is an empty mapping."""
    if isinstance(node, Scalar) and node.kind == "null":
        return
    if not isinstance(node, Mapping):
        raise wrong(node, expected)
    for key, value in node.pairs:
        text(key)
        yield key, value


def items(node: Node, expected: str) -> tuple[Node, ...]:
    """The nodes of a list; a key with nothing after it is an empty list."""
    if isinstance(node, Scalar) and node.kind == "null":
        return ()
    if not isinstance(node, Sequence):
        raise wrong(node, expected)
    return node.items


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A mapping whose keys are all known; `what` names it in messages (`a policy`)."""

    what: str
    nodes: dict[str, Node]
    place: Place

    @classmethod
    def of(cls, node: Node, what: str, keys: tuple[str, ...], refused: dict[str, str] | None = None) -> "Entry":
        """The entry, once every key is one of `keys`; `refused` says why a tempting key is not."""
        nodes: dict[str, Node] = {}
        for key, value in pairs(node, f"{what} with its keys"):
            if refused and key.text in refused:
                raise invalid(key.place, refused[key.text], hint="leave it out")
            if key.text not in keys:
                raise _unknown_key(key, what, keys)
            nodes[key.text] = value
        return cls(what=what, nodes=nodes, place=node.place)

    def needs(self, key: str) -> Node:
        """The node of a key that must be there."""
        if key not in self.nodes:
            shown = example(f"{self.place.path}.{key}")
            raise invalid(self.place, f"has no `{key}`", hint=f"{self.what} needs one{shown and f', {shown}'}")
        return self.nodes[key]

    def text(self, key: str) -> Stated[str] | None:
        """The text under a key, or None when the key is not there."""
        return text(self.nodes[key]) if key in self.nodes else None

    def texts(self, key: str) -> tuple[Stated[str], ...] | None:
        """The list of texts under a key, or None when the key is not there."""
        return texts(self.nodes[key]) if key in self.nodes else None

    def said(self, key: str) -> str | None:
        """The text under a key without its place; an empty text is allowed."""
        node = self.nodes.get(key)
        if isinstance(node, Scalar) and node.kind == "str" and not node.text:
            return ""
        stated = self.text(key)
        return stated.value if stated else None

    def flag(self, key: str, default: bool) -> bool:
        """The true or false under a key."""
        node = self.nodes.get(key)
        if node is None:
            return default
        if not isinstance(node, Scalar) or node.kind != "bool":
            raise wrong(node, "`true` or `false`", hint="YAML 1.2 reads `yes`, `no`, `on` and `off` as texts")
        return node.text.lower() == "true"

    def count(self, key: str, default: int, *, high: int) -> int:
        """The whole number under a key, from 1 on."""
        node = self.nodes.get(key)
        if isinstance(node, Scalar) and node.kind == "float":
            raise wrong(node, f"a whole number from 1 to {high}")
        return int(self.number(key, default, low=1, high=high))

    def number(self, key: str, default: float, *, low: float, high: float) -> float:
        """The number under a key, within bounds."""
        node = self.nodes.get(key)
        if node is None:
            return default
        if not isinstance(node, Scalar) or node.kind not in ("int", "float"):
            raise wrong(node, f"a number from {low:g} to {high:g}")
        try:
            number = float(node.text.replace("_", ""))
        except ValueError:
            raise invalid(node.place, f"must be a plain number from {low:g} to {high:g}") from None
        if not low <= number <= high:
            raise invalid(node.place, f"must be a number from {low:g} to {high:g}")
        return number


def _unknown_key(key: Scalar, what: str, keys: tuple[str, ...]) -> PolicyInvalid:
    near = names.nearest(key.text, keys)
    meant = f"did you mean `{near}`? " if near else ""
    return invalid(key.place, f"is not a key of {what}", hint=f"{meant}{what} has: {', '.join(keys)}")
