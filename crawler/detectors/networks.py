"""Judges addresses of networks, and tells them from four-part version numbers."""

import ipaddress
from collections.abc import Iterator

from crawler.detectors.column import Column, Kind
from crawler.detectors.odds import Reading, bounded, likelihood, told

_PRIVATE = ("192.168.", "127.0.0.", "172.16.", "172.17.", "100.64.")
_SMALL = 64


def judge(column: Column) -> Iterator[Reading]:
    """What the values say of network addresses: versions count small, addresses spread over all first numbers."""
    if column.kind is not Kind.TEXT:
        return
    found = [value.split("/")[0] for value in column.few if is_address(value)]
    if len(found) < 0.2 * len(column.few) or not found:
        return
    short = [value for value in found if ":" not in value]
    weight = likelihood(len(found), len(column.few), chance=0.02, expected=0.9)
    if len(short) > 0.5 * len(found):
        large = sum(int(value.split(".")[0]) >= _SMALL or value.startswith(_PRIVATE) for value in short)
        tens = sum(value.startswith("10.") for value in short)
        large += tens if tens > 0.6 * len(short) else 0
        weight = min(weight, 3.0) + bounded(likelihood(large, len(short), chance=0.05, expected=0.65))
    because = told(len(found), len(column.few), "are network addresses")
    yield Reading(detector="ip_address", weight=bounded(weight), because=because)


def is_address(value: str) -> bool:
    """Whether a value is an address of version 4 or 6 of the internet protocol, with or without the net's width."""
    if len(value) > 45 or not ("." in value or ":" in value) or (not value[0].isalnum() and value[0] != ":"):
        return False
    try:
        ipaddress.ip_interface(value)
    except ValueError:
        return False
    return "." in value or value.count(":") > 1
