"""Two steps of OAuth 2 with PKCE: where to send somebody for a code, and what the provider gives for it."""

from collections.abc import Mapping

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session

from web_ui.identity.configuration import Configuration
from web_ui.identity.discovery import Metadata
from web_ui.identity.fetching import bound, unreachable


class CodeRefused(Exception):
    """The provider gives nothing for a code; `error` is its word for why (RFC 6749, section 5.2), shown to nobody."""

    def __init__(self, error: str) -> None:
        super().__init__("the provider gives nothing for this code")
        self.error = error


def address(configuration: Configuration, metadata: Metadata, *, state: str, nonce: str, verifier: str) -> str:
    """Where the provider asks somebody to sign in, and to come back from with a code."""
    with _client(configuration, metadata) as client:
        url, _ = client.create_authorization_url(
            metadata.authorization, state=state, nonce=nonce, code_verifier=verifier
        )
    return str(url)


def exchange(configuration: Configuration, metadata: Metadata, code: str, *, verifier: str) -> Mapping[str, object]:
    """The tokens for a code, unchecked; raises CodeRefused or ProviderUnavailable. The caller has a place for it."""
    try:
        with _client(configuration, metadata) as client:
            answer = client.fetch_token(
                metadata.token,
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
                redirect_uri=configuration.redirect_uri,
                allow_redirects=False,
            )
    except AuthlibBaseError as refused:
        raise CodeRefused(str(refused.error)) from None
    except (requests.RequestException, OSError, ValueError) as problem:
        raise unreachable(problem) from None
    return answer if isinstance(answer, dict) else {}


def _client(configuration: Configuration, metadata: Metadata) -> OAuth2Session:
    way = "none"
    if configuration.client_secret:
        way = "client_secret_post" if metadata.authenticates_by_post else "client_secret_basic"
    client = OAuth2Session(
        client_id=configuration.client_id,
        client_secret=configuration.client_secret or None,
        token_endpoint_auth_method=way,
        scope=" ".join(configuration.scopes),
        redirect_uri=configuration.redirect_uri,
        code_challenge_method="S256",
    )
    bound(client, None)
    return client
