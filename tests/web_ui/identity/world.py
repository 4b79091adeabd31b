"""The shop behind real HTTP with a real identity provider, and people whose browsers keep cookies and send forms."""

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import requests
from werkzeug.serving import make_server

from catalog.clock import utc_now
from catalog.journal.event import Event, EventKind
from tests.web_ui.identity.provider import SECONDS, Provider
from tests.web_ui.shop import open_shop
from web_ui.app import create_app
from web_ui.parts import Parts
from web_ui.settings import AuthSettings, ServerSettings, Settings

API = "https://veil.example/api"


@dataclass(slots=True)
class Clock:
    """A clock that runs, and that tests move ahead."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The server at its address, what it is made of, and its provider."""

    url: str
    parts: Parts
    clock: Clock
    provider: Provider
    opened: ExitStack

    def browser(self) -> "Browser":
        """A browser that has never been here."""
        browser = Browser(self.url)
        self.opened.callback(browser.session.close)
        return browser

    def claims(self, **other: object) -> dict[str, object]:
        """The claims of a good access token for the API, some of them otherwise; None leaves one out."""
        now = int(self.clock().timestamp())
        good: dict[str, object] = {
            "iss": self.provider.issuer,
            "aud": API,
            "sub": "1001",
            "client_id": "veil",
            "iat": now,
            "exp": now + 300,
            "preferred_username": "kim.berg",
            "groups": ["clerks"],
            "land": "NO",
        }
        return {name: value for name, value in {**good, **other}.items() if value is not None}

    def whoami(self, token: str) -> requests.Response:
        """Whom the API takes the bearer of a token for."""
        header = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{self.url}/api/v1/whoami", headers=header, timeout=SECONDS)

    def told(self, kind: EventKind) -> tuple[Event, ...]:
        """The journal's events of a kind, newest first."""
        return self.parts.journal.search(kind=kind)


class Browser:
    """Follows links and redirects, keeps cookies, fills in forms."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False

    def open(self, path: str, *, follow: bool = True) -> requests.Response:
        """A page of the server, or of an address that a page leads to."""
        return self.session.get(urljoin(self.url, path), allow_redirects=follow, timeout=SECONDS)

    def begin(self, onward: str = "/data") -> requests.Response:
        """The provider's first page, reached by the link on the sign-in page."""
        page = self.open(f"/sign-in?next={onward}")
        found = re.search(r'href="(/sign-in/provider[^"]*)"', page.text)
        assert found is not None, page.text
        return self.open(unescape(found[1]))

    def sign_in(self, account: str, onward: str = "/data") -> requests.Response:
        """The page that somebody comes to who signs in through the provider."""
        return self.submit(self.submit(self.begin(onward), login=account, password="any"))

    def returned(self, account: str, onward: str = "/data") -> str:
        """The address that the provider sends somebody back to, not yet opened."""
        consent = self.submit(self.begin(onward), login=account, password="any")
        answer = self.submit(consent, follow=False)
        while not answer.headers["Location"].startswith(self.url):
            answer = self.open(urljoin(answer.url, answer.headers["Location"]), follow=False)
        return answer.headers["Location"]

    def submit(self, page: requests.Response, *, follow: bool = True, **filled: str) -> requests.Response:
        """Send the first form of a page that posts."""
        form = re.search(r"<form(?=[^>]*method=\"post\")[^>]*action=\"([^\"]+)\"[^>]*>(.*?)</form>", page.text, re.S)
        assert form is not None, page.text
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[2]))
        address = urljoin(page.url, unescape(form[1]))
        return self.session.post(address, data={**hidden, **filled}, allow_redirects=follow, timeout=SECONDS)

    def csrf_token(self, page: requests.Response) -> str:
        """The token of the first form of a page."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert found is not None
        return found[1]

    def is_signed_in(self) -> bool:
        """Whether the page of data opens."""
        return self.open("/data", follow=False).status_code == 200


def auth(provider: Provider, **other: object) -> AuthSettings:
    """The settings that fit the provider, some of them otherwise."""
    good = AuthSettings(
        issuer=provider.issuer,
        name="Example SSO",
        client_id="veil",
        client_secret_env="VEIL_TEST_SECRET",
        attributes={"land": "land"},
        api_audience=API,
    )
    return replace(good, **other)  # type: ignore[arg-type]


@contextmanager
def served(folder: Path, provider: Provider, settings: AuthSettings) -> Iterator[World]:
    """The shop with these settings at the address that the provider knows."""
    clock, port = Clock(), int(provider.veil_url.rpartition(":")[2])
    wanted = Settings(server=ServerSettings(public_url=provider.veil_url), auth=settings)
    with open_shop(folder, wanted) as parts, ExitStack() as opened:
        parts = replace(parts, clock=clock)
        server = make_server("127.0.0.1", port, create_app(parts), threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield World(url=provider.veil_url, parts=parts, clock=clock, provider=provider, opened=opened)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def tells_a_proof(text: str) -> bool:
    """Whether a text holds a signed token: two parts of base64 that begin as JSON does (RFC 7515, section 3.1)."""
    return re.search(r"eyJ[\w-]{8,}\.", text) is not None


def words(page: requests.Response) -> str:
    """What a page says, without its marks."""
    return unescape(re.sub(r"<[^>]+>", "", page.text))


def assert_refused(world: World, browser: Browser, answer: requests.Response, what: str) -> None:
    """Assert that an answer says what is wrong, tells no secret, and that nobody is signed in by it."""
    assert answer.status_code == 401
    assert what.replace("`", "") in words(answer)
    assert "Sign in with Example SSO" in answer.text
    for secret in ("the secret of veil", "Traceback", "authlib", "joserfc"):
        assert secret not in answer.text
    assert not tells_a_proof(answer.text)
    assert not browser.is_signed_in()
    [event] = world.told(EventKind.LOGIN_FAIL)
    assert (event.user, event.groups) == ("", ())
    assert what in str(event.details["reason"])
    assert world.told(EventKind.LOGIN_OK) == ()
