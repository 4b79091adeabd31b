"""The whole way through a server process as people run it, and what it leaves behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web_ui.identity.provider import SECRET, Provider
from tests.web_ui.identity.world import Browser, tells_a_proof
from tests.web_ui.running import Server, running
from tests.web_ui.shop import open_shop

SETTINGS = """
[server]
port = {port}
public_url = "{url}"

[auth]
name = "Example SSO"
issuer = "{issuer}"
client_id = "veil"
client_secret_env = "VEIL_TEST_SECRET"
api_audience = "urn:veil:api"

[auth.attributes]
land = "land"
"""


@pytest.fixture
def server(tmp_path: Path, provider: Provider) -> Iterator[Server]:
    with open_shop(tmp_path) as parts:
        home = parts.home
    port = provider.veil_url.rpartition(":")[2]
    home.settings_file.write_text(SETTINGS.format(port=port, url=provider.veil_url, issuer=provider.issuer))
    with running(home.path) as server:
        yield server


def test_people_sign_in_and_out_of_a_running_server_which_keeps_no_secret(
    server: Server, provider: Provider, tmp_path: Path
) -> None:
    kim = Browser(provider.veil_url)
    address = kim.returned("1001", "/data/shop/orders")
    page = kim.open(address)
    assert page.url == f"{provider.veil_url}/data/shop/orders"
    assert "oidc:kim.berg" in page.text
    left = kim.open("/sign-out/provider", follow=False)
    assert left.headers["Location"] == "/sign-in"
    kim.submit(page)
    assert not kim.is_signed_in()
    kim.session.close()
    assert server.stop() == 0
    code = address.partition("code=")[2].partition("&")[0]
    told = server.log.read_text()
    assert not [secret for secret in (SECRET, code, "Traceback") if secret in told]
    assert not tells_a_proof(told)
    kept = [file.read_bytes() for file in (tmp_path / "home").rglob("*") if file.is_file()]
    assert not [content for content in kept if SECRET.encode() in content or code.encode() in content]
