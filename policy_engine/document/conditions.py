"""The condition of a policy, `when`: on who asks, for what, from where, and at which time of which day.

Example: `when: {group: doctors, purpose: [care, audit], network: 10.0.0.0/8, time_of_day: "08:00-18:00"}`.
"""

from catalog import names
from policy_engine.circumstances import WEEKDAYS, When
from policy_engine.conditions import hours, knows_zone, read_network
from policy_engine.document.entries import Entry, pairs, text, texts
from policy_engine.document.places import Stated, invalid
from policy_engine.document.tree import Node, Sequence

KEYS = ("group", "not_group", "attribute", "purpose", "network", "time_of_day", "weekdays", "zone")


def read_when(node: Node) -> When:
    """The condition that a mapping states; every key given must hold, and of each list one entry."""
    entry = Entry.of(node, "a condition", KEYS)
    if not entry.nodes:
        raise invalid(node.place, "demands nothing", hint=f"a condition has some of: {', '.join(KEYS)}")
    when = When(
        groups=_several(entry, "group"),
        not_groups=_several(entry, "not_group"),
        attributes=_attributes(entry),
        purposes=_several(entry, "purpose"),
        networks=tuple(_network(stated) for stated in _stated(entry, "network")),
        time_of_day=_time_of_day(entry),
        weekdays=tuple(sorted({_weekday(stated) for stated in _stated(entry, "weekdays")}, key=WEEKDAYS.index)),
        zone=_zone(entry),
    )
    if "zone" in entry.nodes and not when.time_of_day and not when.weekdays:
        raise invalid(entry.nodes["zone"].place, "has no meaning without `time_of_day` or `weekdays`")
    return when


def one_or_more(node: Node, expected: str) -> tuple[Stated[str], ...]:
    """One text, or a list of texts with at least one in it."""
    if not isinstance(node, Sequence):
        return (text(node, expected),)
    found = texts(node, expected)
    if not found:
        raise invalid(node.place, f"must be {expected}, and the list is empty")
    return found


def _stated(entry: Entry, key: str) -> tuple[Stated[str], ...]:
    return one_or_more(entry.nodes[key], "a text or a list of texts") if key in entry.nodes else ()


def _several(entry: Entry, key: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(stated.value for stated in _stated(entry, key)))


def _attributes(entry: Entry) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if "attribute" not in entry.nodes:
        return ()
    found: dict[str, tuple[str, ...]] = {}
    for key, node in pairs(entry.nodes["attribute"], "a mapping from an attribute to the values it may have"):
        values = one_or_more(node, "a text or a list of texts")
        found[key.text] = tuple(dict.fromkeys(stated.value for stated in values))
    if not found:
        raise invalid(entry.nodes["attribute"].place, "names no attribute", hint="as `attribute: {clearance: high}`")
    return tuple(sorted(found.items()))


def _network(stated: Stated[str]) -> str:
    try:
        return str(read_network(stated.value.strip()))
    except ValueError as error:
        hint = "as `10.0.0.0/8`, `192.0.2.17` or `2001:db8::/32`"
        if "host bits" in str(error):
            hint = "the bits after the prefix must be zero, as in `10.0.0.0/8`"
        raise invalid(stated.place, "is no network", hint=hint) from None


def _time_of_day(entry: Entry) -> str:
    stated = entry.text("time_of_day")
    if stated is None:
        return ""
    try:
        start, end = hours(stated.value.strip())
    except ValueError:
        hint = 'as `"08:00-18:00"`, or `"22:00-06:00"` across midnight'
        raise invalid(stated.place, "is no time of day", hint=hint) from None
    return f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"


def _weekday(stated: Stated[str]) -> str:
    day = stated.value.strip().lower()
    if day not in WEEKDAYS:
        near = names.nearest(day[:3], WEEKDAYS)
        hint = f"did you mean `{near}`? " if near else ""
        raise invalid(stated.place, "is no day of the week", hint=f"{hint}they are {', '.join(WEEKDAYS)}")
    return day


def _zone(entry: Entry) -> str:
    stated = entry.text("zone")
    if stated is None:
        return When().zone
    if not knows_zone(stated.value):
        raise invalid(stated.place, "is no time zone that this machine knows", hint="as `Europe/Vienna` or `UTC`")
    return stated.value
