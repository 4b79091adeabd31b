"""`veil doctor` tells beforehand what would stand in the way of a sign-in, and `veil session` whom it let in."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.home import Home
from catalog.journal.event import EventKind
from tests.serving import free_port
from tests.web_ui.identity.provider import SECRET, Provider
from tests.web_ui.identity.test_connect import make_token, text_of
from tests.web_ui.identity.world import auth, served

VEIL = Path(sys.executable).with_name("veil")


def veil(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a command on the home prints."""
    done = subprocess.run(
        [VEIL, *arguments, "--home", home],
        capture_output=True,
        text=True,
        timeout=120,
        env={"VEIL_TEST_SECRET": SECRET},
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stdout + done.stderr
    return done


def checked(home: Path) -> list[str]:
    """What the doctor finds about the provider, empty when nothing."""
    done = veil(home, "doctor", "-f", "json")
    [row] = [row for row in json.loads(done.stdout) if row["checked"].startswith("identity provider")]
    assert done.returncode == (2 if row["finding"] else 0)
    return [row["finding"]] if row["finding"] else []


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = Home.create(tmp_path / "home")
    Catalog(made.catalog_file).close()
    veil(made.path, "init")
    return made.path


def write(home: Path, provider: Provider, **other: str) -> None:
    """Settings that fit the provider, some of them otherwise."""
    told = {"issuer": provider.issuer, "client_id": "veil", "client_secret_env": "VEIL_TEST_SECRET", **other}
    lines = [f"{name} = {json.dumps(value)}" for name, value in told.items()]
    (home / "veil.toml").write_text(
        "\n".join(["[server]", f'public_url = "{provider.veil_url}"', "[auth]", *lines]), encoding="utf-8"
    )


def test_a_provider_that_takes_this_server_is_found_sound(home: Path, provider: Provider) -> None:
    write(home, provider)
    assert checked(home) == []


def test_without_a_provider_nothing_is_told_of_one(home: Path) -> None:
    assert "identity provider" not in veil(home, "doctor").stdout


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"client_secret_env": "PATH_OF_NOTHING"}, "the variable `PATH_OF_NOTHING` is missing or empty"),
        ({"client_id": "somebody"}, "it refuses the client `somebody` with the address"),
        ({"issuer": "http://127.0.0.1:{port}"}, "the identity provider cannot be reached"),
        ({"issuer": "{issuer}/"}, "names another issuer"),
        ({"issuer": "http://id.example"}, "must start with `https://`"),
    ],
    ids=str,
)
def test_what_stands_in_the_way_is_a_finding(home: Path, provider: Provider, other: dict[str, str], what: str) -> None:
    told = {name: value.format(port=free_port(), issuer=provider.issuer) for name, value in other.items()}
    write(home, provider, **told)
    [finding] = checked(home)
    assert what in finding


def test_a_wrong_secret_is_a_finding(home: Path, provider: Provider, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a wrong secret")
    write(home, provider, client_secret_env="", client_secret_file=str(tmp_path / "secret"))
    [finding] = checked(home)
    assert "does not take the client's secret" in finding


def test_keys_that_fit_no_signature_that_is_taken_are_a_finding(home: Path, provider: Provider) -> None:
    provider.publish("elliptic")
    write(home, provider)
    assert checked(home) == []
    provider.publish()
    [finding] = checked(home)
    assert "it has no key for RS256, PS256, ES256" in finding


def test_a_server_whose_provider_is_half_told_of_does_not_start(home: Path, provider: Provider) -> None:
    write(home, provider, client_secret_env="PATH_OF_NOTHING")
    done = veil(home, "serve", "--port", "0")
    assert (done.returncode, "PATH_OF_NOTHING" in done.stderr) == (1, True)


def test_the_operator_lists_revokes_and_releases(tmp_path: Path, provider: Provider) -> None:
    with served(tmp_path, provider, auth(provider)) as world:
        kim = world.browser()
        kim.sign_in("1001")
        token = provider.mint(world.claims())
        assert world.whoami(token).status_code == 200
        home = world.parts.home.path
        assert "oidc:kim.berg" in veil(home, "session", "list").stdout
        told = veil(home, "session", "revoke", "--user", "oidc:kim.berg").stdout
        assert "of oidc:kim.berg is ended" in told
        assert "issued until now are refused" in told
        assert not kim.is_signed_in()
        assert world.whoami(token).status_code == 401
        assert "is free for whoever comes" in veil(home, "session", "release", "oidc:kim.berg").stdout
        assert "nobody has come as" in veil(home, "session", "release", "oidc:kim.berg").stderr
        assert len(world.told(EventKind.SESSION_REVOKE)) == 3


@pytest.mark.parametrize("command", [("revoke", "--user", "oidc:kim.berg"), ("release", "oidc:kim.berg")])
def test_tokens_of_a_sign_in_that_was_left_for_long_are_revoked_with_it(
    tmp_path: Path, provider: Provider, command: tuple[str, ...]
) -> None:
    with served(tmp_path, provider, auth(provider)) as world:
        kim = world.browser()
        kim.sign_in("1001")
        text = text_of(make_token(kim))
        [session] = world.parts.web_sessions.living(world.clock(), idle=None)
        world.parts.web_sessions.saw(session.id, world.clock() - timedelta(hours=3))
        assert world.whoami(text).status_code == 200
        home = world.parts.home.path
        assert "oidc:kim.berg" in veil(home, "session", "list").stdout
        assert veil(home, "session", *command).returncode == 0
        assert world.whoami(text).status_code == 401
