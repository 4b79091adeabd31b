"""Asks the identity provider what `veil doctor` tells: whether it is there and takes this server for a client."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass

from web_ui.identity import authorization, discovery
from web_ui.identity.authorization import CodeRefused
from web_ui.identity.configuration import Configuration
from web_ui.identity.discovery import Metadata
from web_ui.identity.fetching import fetch, status_of
from web_ui.identity.signing_keys import SigningKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """How many keys there are to hold signatures against, and what stands in the way of a sign-in."""

    keys: int
    findings: tuple[str, ...]


def survey(configuration: Configuration) -> Survey:
    """What the provider says to the settings; raises ProviderUnavailable.

    Nobody signs in: a made-up code is offered, which a provider refuses otherwise than a client that it does not know.
    """
    metadata = discovery.ask(configuration.issuer)
    keys = SigningKeys(lambda: fetch(metadata.keys), clock=time.monotonic).usable(configuration.algorithms)
    return Survey(keys=len(keys), findings=tuple(_findings(configuration, metadata, bool(keys))))


def _findings(configuration: Configuration, metadata: Metadata, has_keys: bool) -> Iterator[str]:
    if not has_keys:
        yield f"it has no key for {', '.join(configuration.algorithms)}; see `algorithms` of [auth]"
    made_up = secrets.token_urlsafe(32)
    asked = authorization.address(configuration, metadata, state=made_up, nonce=made_up, verifier=made_up * 2)
    if status_of(asked) >= 400:
        yield (
            f"it refuses the client `{configuration.client_id}` with the address {configuration.redirect_uri}; "
            "register both there as they stand here"
        )
    try:
        authorization.exchange(configuration, metadata, made_up, verifier=made_up)
    except CodeRefused as refused:
        if refused.error in ("invalid_client", "unauthorized_client"):
            yield "it does not take the client's secret; put the present one where [auth] says it is"
