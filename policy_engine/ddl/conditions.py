"""The condition of a policy as POLICYPROPERTIES say it: `'when.purpose'='care, audit'`, a set of values as one text."""

from collections.abc import Iterator, Mapping

from policy_engine.circumstances import When
from policy_engine.document.conditions import KEYS, read_when
from policy_engine.document.places import Place
from policy_engine.document.tree import Mapping as Node
from policy_engine.document.tree import Scalar, Sequence
from policy_engine.filters.sets import read_set, write_set

PREFIX = "when."
_ATTRIBUTE = "when.attribute."
_SINGLE = ("time_of_day", "zone")
PROPERTIES = tuple(_ATTRIBUTE + "NAME" if key == "attribute" else PREFIX + key for key in KEYS)


def condition_key(text: str) -> str | None:
    """A property of the condition in the form in which it is known, None when it is none; attributes keep their case.

    Example:
        >>> condition_key("WHEN.Attribute.Clearance"), condition_key("when.prupose")
        ('when.attribute.Clearance', None)
    """
    lower = text.lower()
    if lower.startswith(_ATTRIBUTE) and len(text) > len(_ATTRIBUTE):
        return _ATTRIBUTE + text[len(_ATTRIBUTE) :]
    return lower if lower in PROPERTIES else None


def read_condition(texts: Mapping[str, str]) -> When | None:
    """The condition that properties say, if any do; raises PolicyInvalid."""
    plain: list[tuple[Scalar, Scalar | Sequence | Node]] = []
    attributes: list[tuple[Scalar, Scalar | Sequence | Node]] = []
    for key, text in texts.items():
        if key.startswith(_ATTRIBUTE):
            attributes.append((_scalar(key.removeprefix(_ATTRIBUTE), key), _values(text, key)))
        elif key.startswith(PREFIX):
            name = key.removeprefix(PREFIX)
            value = _scalar(text, key) if name in _SINGLE else _values(text, key)
            plain.append((_scalar(name, key), value))
    if attributes:
        plain.append((_scalar("attribute", _ATTRIBUTE), Node(pairs=tuple(attributes), place=_place(_ATTRIBUTE))))
    return read_when(Node(pairs=tuple(plain), place=_place(PREFIX))) if plain else None


def print_condition(when: When) -> Iterator[tuple[str, str]]:
    """The properties that say a condition."""
    sets = {
        "when.group": when.groups,
        "when.not_group": when.not_groups,
        **{_ATTRIBUTE + name: values for name, values in when.attributes},
        "when.purpose": when.purposes,
        "when.network": when.networks,
        "when.weekdays": when.weekdays,
    }
    yield from ((key, write_set(values)) for key, values in sets.items() if values)
    if when.time_of_day:
        yield "when.time_of_day", when.time_of_day
    if when.zone != When().zone:
        yield "when.zone", when.zone


def _values(text: str, key: str) -> Sequence:
    values = read_set(text)
    items = tuple(_scalar(value, key) for value in ((text,) if values is None else values))
    return Sequence(items=items, place=_place(key))


def _scalar(text: str, key: str) -> Scalar:
    return Scalar(text=text, kind="str", place=_place(key))


def _place(key: str) -> Place:
    return Place(file="statement", path=key)
