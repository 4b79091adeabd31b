"""What goes wrong unseen where a proxy stands before the server and the settings do not say which one."""

from urllib.parse import urlsplit

from policy_engine.model import PolicySet
from web_ui.settings import ServerSettings


def networks_without_clients(server: ServerSettings, policies: PolicySet) -> str:
    """What is wrong where policies ask for a network and everybody comes from that of a proxy; empty if nothing is.

    It names no policy: not everybody who looks after a server may read them.

    Example:
        >>> none = PolicySet(revision=1, policies=(), roles=())
        >>> networks_without_clients(ServerSettings(public_url="https://veil.example"), none)
        ''
    """
    if server.trusted_proxies or not _is_elsewhere(server):
        return ""
    asking = sum(bool(policy.when and policy.when.networks) for policy in policies.policies)
    if not asking:
        return ""
    return (
        f"{asking:,} {'policy asks' if asking == 1 else 'policies ask'} for a `network`, but people come through"
        " `public_url`, which is not this address: whoever does seems to be where the proxy is; name the proxy in"
        " `trusted_proxies` of [server]"
    )


def _is_elsewhere(server: ServerSettings) -> bool:
    """Whether people reach the server by an address that it does not listen at itself."""
    if not server.public_url:
        return False
    url = urlsplit(server.public_url)
    return url.scheme.lower() != "http" or (url.hostname, url.port or 80) != (server.host.lower(), server.port)
