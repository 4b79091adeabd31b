"""What the settings say of the identity provider, checked as far as that can be done without asking it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from catalog.errors import SettingsInvalid
from catalog.names import nearest
from web_ui.identity.claims import ClaimRules
from web_ui.settings import AuthSettings, Settings

CALLBACK = "/sign-in/callback"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""Signatures that only the holder of a private key can make; a shared secret or none at all is never taken."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The identity provider as this server knows it; `public_url` is where people reach the server."""

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    public_url: str
    scopes: tuple[str, ...]
    algorithms: tuple[str, ...]
    skew: int
    claims: ClaimRules
    api_audience: str = ""
    api_clients: frozenset[str] = frozenset()

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends people back to; it must know this address."""
        return self.public_url + CALLBACK


def configured(settings: Settings, environ: Mapping[str, str] = os.environ) -> Configuration | None:
    """The identity provider of the settings, None when they name none; raises SettingsInvalid.

    Example:
        >>> configured(Settings()) is None
        True
    """
    auth = settings.auth
    if not auth.issuer:
        _refuse_loose_ends(auth)
        return None
    _check(auth)
    return Configuration(
        name=auth.name,
        issuer=auth.issuer,
        client_id=auth.client_id,
        client_secret=_secret(auth, environ),
        public_url=_public_url(settings.server.public_url.rstrip("/")),
        scopes=auth.scopes,
        algorithms=auth.algorithms,
        skew=int(auth.clock_skew_seconds),
        claims=ClaimRules(
            user=auth.user_claim,
            groups=auth.groups_claim,
            renamed=auth.groups,
            keeps_other_groups=auth.other_groups == "keep",
            attributes=auth.attributes,
        ),
        api_audience=auth.api_audience,
        api_clients=frozenset({auth.client_id, *auth.api_clients}),
    )


def check_address(url: str, what: str, *, may_be_plain: bool) -> None:
    """Raise SettingsInvalid unless the URL is an https one; on this machine alone plain http will do."""
    parts = _split(url)
    is_secure = parts.scheme == "https" or (may_be_plain and parts.scheme == "http" and is_local(url))
    if not is_secure or not parts.hostname or parts.username is not None or parts.fragment:
        raise SettingsInvalid(
            f"{what} is no address that sign-in can be trusted to",
            hint="it must start with `https://` and name a host; `http://` does for a provider on this machine only",
        )


def is_local(url: str) -> bool:
    """Whether an address is one of this machine."""
    return _split(url).hostname in _LOOPBACK


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _check(auth: AuthSettings) -> None:
    check_address(auth.issuer, "`issuer` of [auth]", may_be_plain=True)
    if not auth.client_id:
        raise SettingsInvalid("[auth] has no `client_id`", hint="it is what the provider calls this server")
    if not auth.user_claim:
        raise SettingsInvalid("[auth] has no `user_claim`", hint="name the claim that people are called by, or `sub`")
    if "openid" not in auth.scopes:
        raise SettingsInvalid(
            "`scopes` of [auth] lacks `openid`", hint="without it, the provider tells nobody's identity"
        )
    if auth.api_audience and auth.api_audience == auth.client_id:
        raise SettingsInvalid(
            "`api_audience` of [auth] is the `client_id`, so that a proof of sign-in would be taken for a token",
            hint="register the API at the provider under an audience of its own",
        )
    if auth.clock_skew_seconds > 300:
        raise SettingsInvalid("`clock_skew_seconds` of [auth] is more than 300", hint="mend the clocks instead")
    _check_algorithms(auth.algorithms)


def _check_algorithms(algorithms: tuple[str, ...]) -> None:
    if not algorithms:
        raise SettingsInvalid("`algorithms` of [auth] is empty", hint="leave it out for the default")
    for name in algorithms:
        if name not in ALGORITHMS:
            near = nearest(name, ALGORITHMS)
            raise SettingsInvalid(
                f"`algorithms` of [auth] names `{name}`, which is no signature with a private key that is known here",
                hint=f"did you mean `{near}`?" if near else f"there are {', '.join(ALGORITHMS)}",
            )


def _public_url(url: str) -> str:
    if not url:
        raise SettingsInvalid(
            "[server] has no `public_url`, where the identity provider sends people back to",
            hint=f"set it to the address that people open, and tell the provider that address with `{CALLBACK}`",
        )
    check_address(url, "`public_url` of [server]", may_be_plain=True)
    return url


def _secret(auth: AuthSettings, environ: Mapping[str, str]) -> str:
    """The client's secret from where the settings say it is; empty for a public client."""
    if auth.client_secret_env and auth.client_secret_file:
        raise SettingsInvalid(
            "[auth] names two places for the client's secret", hint="keep `client_secret_env` or `client_secret_file`"
        )
    if auth.client_secret_env:
        return _given(environ.get(auth.client_secret_env, ""), f"the variable `{auth.client_secret_env}`")
    if auth.client_secret_file:
        return _given(_read(Path(auth.client_secret_file)), f"the file `{auth.client_secret_file}`")
    return ""


def _given(text: str, place: str) -> str:
    if not text.strip():
        raise SettingsInvalid(
            f"the client's secret is not there: {place} is missing or empty", hint="set it for the server's process"
        )
    return text.strip()


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def _refuse_loose_ends(auth: AuthSettings) -> None:
    """Settings of a provider that is not named would silently do nothing."""
    if auth != AuthSettings():
        raise SettingsInvalid("[auth] has no `issuer`", hint="name the provider's address, or leave the section out")
