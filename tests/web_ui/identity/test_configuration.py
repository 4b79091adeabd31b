"""What the settings may say of an identity provider, and how a slip is told before anybody is sent anywhere."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import SettingsInvalid
from web_ui.identity.configuration import configured
from web_ui.settings import AuthSettings, ServerSettings, Settings, load_settings

GOOD = AuthSettings(issuer="https://id.example", client_id="veil", client_secret_env="SECRET")
ENVIRONMENT = {"SECRET": " sesame\n"}


def settings(public_url: str = "https://veil.example", **other: Any) -> Settings:
    return Settings(server=ServerSettings(public_url=public_url), auth=replace(GOOD, **other))


def test_without_an_issuer_there_are_local_accounts_alone() -> None:
    assert configured(Settings()) is None


def test_a_provider_is_known_by_its_settings_and_its_secret_is_not_shown() -> None:
    found = configured(settings("https://veil.example/"), ENVIRONMENT)
    assert found is not None
    assert (found.client_secret, found.redirect_uri) == ("sesame", "https://veil.example/sign-in/callback")
    assert found.api_clients == {"veil"}
    assert "sesame" not in repr(found)


def test_the_secret_may_lie_in_a_file_or_be_none(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("sesame\n")
    found = configured(settings(client_secret_env="", client_secret_file=str(tmp_path / "secret")), {})
    assert found is not None
    assert found.client_secret == "sesame"
    public = configured(settings(client_secret_env=""), {})
    assert public is not None
    assert public.client_secret == ""


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"])
def test_plain_http_does_on_this_machine(url: str) -> None:
    assert configured(settings(url, issuer=url), ENVIRONMENT) is not None


@pytest.mark.parametrize(
    ("other", "what", "hint"),
    [
        ({"issuer": "http://id.example"}, "`issuer` of [auth]", "https://"),
        ({"issuer": "http://127.0.0.1.id.example"}, "`issuer` of [auth]", "https://"),
        ({"issuer": "https://kim:pass@id.example"}, "`issuer` of [auth]", "https://"),
        ({"issuer": "https://"}, "`issuer` of [auth]", "https://"),
        ({"issuer": "https://[id"}, "`issuer` of [auth]", "https://"),
        ({"issuer": "id.example"}, "`issuer` of [auth]", "https://"),
        ({"issuer": ""}, "[auth] has no `issuer`", "leave the section out"),
        ({"client_id": ""}, "no `client_id`", "provider calls"),
        ({"client_secret_env": "NOWHERE"}, "the variable `NOWHERE` is missing", "server's process"),
        ({"client_secret_env": "", "client_secret_file": "/nowhere"}, "the file `/nowhere` is missing", "process"),
        ({"client_secret_file": "/nowhere"}, "two places", "keep"),
        ({"user_claim": ""}, "no `user_claim`", "`sub`"),
        ({"scopes": ("profile",)}, "lacks `openid`", "identity"),
        ({"algorithms": ()}, "`algorithms` of [auth] is empty", "default"),
        ({"algorithms": ("RS256", "HS256")}, "names `HS256`", "`RS256`"),
        ({"algorithms": ("none",)}, "names `none`", "RS256"),
        ({"algorithms": ("rs256",)}, "names `rs256`", "`RS256`"),
        ({"api_audience": "veil"}, "`api_audience` of [auth] is the `client_id`", "audience of its own"),
        ({"clock_skew_seconds": 301.0}, "`clock_skew_seconds`", "clocks"),
        ({"public_url": ""}, "no `public_url`", "/sign-in/callback"),
        ({"public_url": "http://veil.example"}, "`public_url` of [server]", "https://"),
    ],
    ids=str,
)
def test_a_slip_is_told_with_the_way_out(other: dict[str, Any], what: str, hint: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        configured(settings(**other), ENVIRONMENT)
    assert what in refused.value.detail
    assert hint in refused.value.hint


def test_groups_and_attributes_are_sections_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "veil.toml"
    file.write_text(
        '[auth]\nissuer = "https://id.example"\n'
        '[auth.groups]\n"veil-admins" = "admin"\n[auth.attributes]\nland = "x.y"\n'
    )
    auth = load_settings(file, {"VEIL_AUTH__SCOPES": "openid, groups"}).auth
    assert (auth.groups, auth.attributes, auth.scopes) == (
        {"veil-admins": "admin"},
        {"land": "x.y"},
        ("openid", "groups"),
    )


@pytest.mark.parametrize("text", ['groups = "admin"', "[auth.groups]\nadmin = 1", "[auth.groups]\nadmin = []"])
def test_groups_of_another_form_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "veil.toml"
    file.write_text(f"[auth]\n{text}\n")
    with pytest.raises(SettingsInvalid, match="must be a section of texts, in the file"):
        load_settings(file, {})
