"""What an identity provider tells of itself: where to send people, where to ask for tokens, where its keys are."""

from collections.abc import Mapping
from dataclasses import dataclass

from catalog.errors import SettingsInvalid
from web_ui.identity.configuration import check_address, is_local
from web_ui.identity.fetching import ProviderUnavailable, fetch

WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The provider's addresses, empty for what it does not have, and how it does things.

    `tells_issuer`: whether it names itself when it sends somebody back (RFC 9207).
    """

    authorization: str
    token: str
    keys: str
    user_info: str = ""
    sign_out: str = ""
    authenticates_by_post: bool = False
    tells_issuer: bool = False


def ask(issuer: str) -> Metadata:
    """The metadata of a provider as it tells them now; raises ProviderUnavailable.

    Source: OpenID Connect Discovery 1.0, section 4. The issuer that it names must be the one that was asked.
    """
    return read_metadata(fetch(issuer.rstrip("/") + WELL_KNOWN), issuer)


def read_metadata(told: Mapping[str, object], issuer: str) -> Metadata:
    """Metadata as the provider tells them, checked; raises ProviderUnavailable naming what is wrong."""
    if told.get("issuer") != issuer:
        raise ProviderUnavailable(
            "the identity provider names another issuer than the settings do",
            hint="`issuer` in the settings must be exactly what the provider says, with or without a `/` at its end",
        )
    methods = told.get("code_challenge_methods_supported")
    if isinstance(methods, list) and "S256" not in methods:
        raise _unfit("does not know PKCE with S256", "use a provider, or a version of it, that does")
    ways = told.get("token_endpoint_auth_methods_supported")
    return Metadata(
        authorization=_address(told, "authorization_endpoint", issuer),
        token=_address(told, "token_endpoint", issuer),
        keys=_address(told, "jwks_uri", issuer),
        user_info=_address(told, "userinfo_endpoint", issuer, is_needed=False),
        sign_out=_address(told, "end_session_endpoint", issuer, is_needed=False),
        authenticates_by_post=isinstance(ways, list) and "client_secret_basic" not in ways,
        tells_issuer=told.get("authorization_response_iss_parameter_supported") is True,
    )


def _address(told: Mapping[str, object], name: str, issuer: str, *, is_needed: bool = True) -> str:
    url = told.get(name)
    if url is None and not is_needed:
        return ""
    try:
        check_address(url if isinstance(url, str) else "", f"`{name}`", may_be_plain=is_local(issuer))
    except SettingsInvalid:
        raise _unfit(f"has no `{name}` that can be trusted", "every address of it must start with `https://`") from None
    return str(url)


def _unfit(what: str, hint: str) -> ProviderUnavailable:
    return ProviderUnavailable(f"the identity provider {what}", hint=hint)
