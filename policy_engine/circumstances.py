"""What is known of a request beside who asks and when, and what a policy may demand of all of it."""

from dataclasses import dataclass
from enum import StrEnum


class Reach(StrEnum):
    """What a decision is for: one request, or a survey of whatever a person may see at most or at least.

    A survey is about no request in particular, so purpose, network and time of day are in doubt there;
    of roles, which are nobody in particular, further groups and attributes are, too. Against all doubt, what may give
    counts, and so does what may take.
    """

    REQUEST = "request"
    AT_MOST = "at most"
    AT_LEAST = "at least"
    AGAINST_ALL = "against all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """The purpose that a request states and the address it comes from; what is not known is empty."""

    purpose: str | None = None
    address: str = ""
    reach: Reach = Reach.REQUEST


UNKNOWN = Circumstances()
"""A request of which nothing more is known than who asks and when."""

AT_MOST = Circumstances(reach=Reach.AT_MOST)
AT_LEAST = Circumstances(reach=Reach.AT_LEAST)
AGAINST_ALL = Circumstances(reach=Reach.AGAINST_ALL)

LAST_YEAR = 9998
"""Up to which a moment can be told in every zone of time."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A policy's condition on who asks and how: everything given must hold, of each list one entry.

    Example: `When(groups=("hr",), networks=("10.0.0.0/8",), time_of_day="08:00-18:00", zone="Europe/Vienna")`.
    A subject in any of `not_groups` does not meet it. Times are of `zone`; the end is not part of them.
    """

    groups: tuple[str, ...] = ()
    not_groups: tuple[str, ...] = ()
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    purposes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    time_of_day: str = ""
    weekdays: tuple[str, ...] = ()
    zone: str = "UTC"
