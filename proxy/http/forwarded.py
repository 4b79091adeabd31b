"""Whom a request comes from where a proxy stands between: the address that a proxy one trusts says it had it from."""

import ipaddress
from collections.abc import Iterable

from catalog.errors import SettingsInvalid
from proxy.refusals import RequestInvalid

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

HEADER = "X-Forwarded-For"
_SETTING = "`trusted_proxies` of [server]"
_HINT = "have the proxy add the address it is reached from, and see the how-to about running behind a proxy"


def read_proxies(stated: Iterable[str]) -> tuple[Network, ...]:
    """The networks of proxies that are trusted, as settings state them; raises SettingsInvalid.

    Example:
        >>> read_proxies(["127.0.0.1", "10.0.0.0/24"])
        (IPv4Network('127.0.0.1/32'), IPv4Network('10.0.0.0/24'))
    """
    return tuple(_network(text) for text in stated)


def client_address(peer: str, forwarded: str | None, proxies: tuple[Network, ...]) -> str:
    """The address a request comes from: the peer's, or the last one that no trusted proxy has of those it passes on.

    What stands before that one anybody may have written. A trusted proxy that says none, or none that can be read, is
    not taken for the client itself: some can be made to leave the header out. Raises RequestInvalid.

    Example:
        >>> client_address("127.0.0.1", "10.0.0.8, 192.0.2.1", read_proxies(["127.0.0.1"]))
        '192.0.2.1'
    """
    direct = _address(peer)
    if direct is None or not _is_in(direct, proxies):
        return peer
    if forwarded is None or not forwarded.strip():
        raise RequestInvalid(f"this came through a trusted proxy without `{HEADER}`", hint=_HINT)
    for text in reversed(forwarded.split(",")):
        found = _address(_without_port(text.strip()))
        if found is None:
            raise RequestInvalid(f"`{HEADER}` of a trusted proxy names something that is no address", hint=_HINT)
        if not _is_in(found, proxies):
            return str(found)
    return str(found)  # from a proxy itself, as far as can be told


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        hint = "write an address or a network, such as `127.0.0.1` or `10.0.0.0/24`"
        raise SettingsInvalid(f"{_SETTING} has `{text}`, which is no network", hint=hint) from None
    if not network.prefixlen:
        raise SettingsInvalid(f"{_SETTING} has `{text}`, which is everybody", hint="name the addresses of the proxies")
    return network


def _is_in(address: Address, proxies: tuple[Network, ...]) -> bool:
    return any(address in network for network in proxies)


def _address(text: str) -> Address | None:
    """An address, as IPv4 where it is one in IPv6; a zone after `%` may be any text, so such a one is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return address
    return None if address.scope_id else address.ipv4_mapped or address


def _without_port(text: str) -> str:
    """Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
