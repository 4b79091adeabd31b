"""Judges whether a policy's condition on who asks, from where, for what and at which time of day is met.

Every part is TRUE, FALSE or in doubt (None). Doubt protects: a grant counts only where its condition is TRUE,
a restriction or denial wherever it is not FALSE.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from catalog.names import fold
from catalog.people.model import Attribute
from catalog.remembered import remembered
from policy_engine.circumstances import WEEKDAYS, Circumstances, Reach, When
from policy_engine.model import Effect, Policy, Subject

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))\Z")


def counts(policy: Policy, subject: Subject, circumstances: Circumstances, at: datetime) -> bool:
    """Whether a policy's condition lets it bind the subject now; in a survey at most, doubt opens instead, and in one
    against all doubt whatever may count does.

    Of somebody named it is known which attributes they lack: these protect in a survey as they do in a request.
    """
    if policy.when is None:
        return True
    takes = policy.effect is not Effect.GRANT
    is_known = bool(subject.user) and circumstances.reach is not Reach.REQUEST
    verdict = judge(policy.when, subject, circumstances, at, lacking=takes if is_known else None)
    if verdict is not None:
        return verdict
    return circumstances.reach is Reach.AGAINST_ALL or takes is not (circumstances.reach is Reach.AT_MOST)


def judge(
    when: When, subject: Subject, circumstances: Circumstances, at: datetime, *, lacking: bool | None = None
) -> bool | None:
    """Whether everything that a condition demands holds; None where that is in doubt and nothing is against it.

    `lacking` is the verdict on an attribute that the subject does not have.

    Example: `network: 10.0.0.0/8` is TRUE of 10.1.2.3, FALSE of 192.0.2.1, and in doubt without an address.
    """
    verdicts = tuple(_verdicts(when, subject, circumstances, at, lacking))
    if False in verdicts:
        return False
    return None if None in verdicts else True


def purpose_holds(purposes: tuple[str, ...], circumstances: Circumstances) -> bool | None:
    """Whether the stated purpose is one of those; in doubt when none is stated."""
    stated = stated_purpose(circumstances)
    return None if stated is None else fold(stated) in map(fold, purposes)


def stated_purpose(circumstances: Circumstances) -> str | None:
    """The purpose of a request, None when it states none; a survey is for no purpose."""
    is_stated = circumstances.reach is Reach.REQUEST and circumstances.purpose and circumstances.purpose.strip()
    return circumstances.purpose if is_stated else None


def network_holds(networks: tuple[str, ...], circumstances: Circumstances) -> bool | None:
    """Whether the client's address lies in one of the networks; in doubt when it is no address."""
    return _lies_in(networks, circumstances.address) if circumstances.reach is Reach.REQUEST else None


def time_holds(when: When, at: datetime) -> bool | None:
    """Whether the moment is one of the times and weekdays; in doubt when this machine does not know the zone.

    Times that cross midnight belong to the day on which they begin.
    """
    zone = _zone(when.zone)
    if zone is None:
        return None
    local = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(zone)
    start, end = hours(when.time_of_day) if when.time_of_day else (0, 24 * 60)
    minute = local.hour * 60 + local.minute
    if start < end:
        return start <= minute < end and _is_day(when, local)
    return (start <= minute and _is_day(when, local)) or (minute < end and _is_day(when, local - timedelta(days=1)))


@remembered(512)
def hours(text: str) -> tuple[int, int]:
    """The minutes of a day between which a time of day lies; raises ValueError for what is none.

    Example:
        >>> hours("08:00-18:00")
        (480, 1080)
    """
    match = _HOURS.match(text)
    if match is None:
        raise ValueError(text)
    first, second, *rest = (int(part) for part in match.groups() if part is not None)
    start, end = first * 60 + second, rest[0] * 60 + rest[1]
    if start == end:
        raise ValueError(text)
    return start, end


def read_network(text: str) -> Network:
    """A network or a single address; raises ValueError for what is none, bits beyond the prefix included."""
    return ipaddress.ip_network(text)


def knows_zone(name: str) -> bool:
    """Whether this machine knows a time zone of that name."""
    return _zone(name) is not None


def print_when(when: When) -> str:
    """A condition in words.

    Example:
        >>> print_when(When(groups=("hr",), purposes=("audit", "care"), weekdays=("mon", "tue")))
        'in group hr, purpose is audit or care, on mon or tue (UTC)'
    """
    return ", ".join(_words(when))


def _verdicts(
    when: When, subject: Subject, circumstances: Circumstances, at: datetime, lacking: bool | None
) -> Iterator[bool | None]:
    # In a survey a subject without a name stands for everybody in its groups: of further groups nothing is known.
    unheld = None if circumstances.reach is not Reach.REQUEST and not subject.user else False
    held = {fold(group) for group in subject.groups}
    if when.groups:
        yield True if held & set(map(fold, when.groups)) else unheld
    if when.not_groups:
        yield False if held & set(map(fold, when.not_groups)) else (None if unheld is None else True)
    for name, wanted in when.attributes:
        given = values_of(subject.attributes, name)
        yield bool(set(given) & set(wanted)) if given else lacking
    if when.purposes:
        yield purpose_holds(when.purposes, circumstances)
    if when.networks:
        yield network_holds(when.networks, circumstances)
    if when.time_of_day or when.weekdays:
        yield time_holds(when, at) if circumstances.reach is Reach.REQUEST else None


def values_of(attributes: Mapping[str, Attribute], name: str) -> tuple[str, ...]:
    """The values of a user attribute, none when it is not known."""
    value = attributes.get(name, ())
    return (value,) if isinstance(value, str) else value


@remembered(8192)
def _lies_in(networks: tuple[str, ...], text: str) -> bool | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any((mapped or address) in read_network(network) for network in networks)


@remembered(512)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _is_day(when: When, local: datetime) -> bool:
    return not when.weekdays or WEEKDAYS[local.weekday()] in when.weekdays


def _words(when: When) -> Iterator[str]:
    if when.groups:
        yield f"in group {' or '.join(when.groups)}"
    if when.not_groups:
        yield f"not in group {' or '.join(when.not_groups)}"
    for name, wanted in when.attributes:
        yield f"attribute {name} is {' or '.join(wanted)}"
    if when.purposes:
        yield f"purpose is {' or '.join(when.purposes)}"
    if when.networks:
        yield f"network is {' or '.join(when.networks)}"
    times = [f"between {' and '.join(when.time_of_day.split('-'))}"] if when.time_of_day else []
    times += [f"on {' or '.join(when.weekdays)}"] if when.weekdays else []
    if times:
        yield f"{' '.join(times)} ({when.zone})"
