"""A browser for each person: what they type and click, and what a page must not do while they do."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, StorageState, sync_playwright

from tests.debian import debian_program
from tests.node import node_package

AXE = "4.14.1"
ARTEFACTS = Path(__file__).parent.parent.parent / "build" / "screens"
"""Where screenshots are kept; never committed."""

_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
_MILLISECONDS = 30_000
_SERIOUS = ("serious", "critical")
_OF_COLOURS = ("color-contrast", "link-in-text-block")
"""The rules of axe that look at colours; no other one finds anything else in the dark."""

_HEIGHT = 900

_MOST_TABS = 120
_FOCUSED = """(() => {
  const here = document.activeElement;
  return ((here.labels && here.labels[0]) || here).innerText.trim();
})()"""

Clickable = Literal["button", "link"]
Scheme = Literal["light", "dark"]

_LOOKS: tuple[tuple[int, Scheme], ...] = ((390, "light"), (390, "dark"), (1280, "dark"), (1280, "light"))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    program = debian_program("chromium", "chromium", (Path("/usr/bin"),))
    with sync_playwright() as driver:
        browser = _launch(driver, program)
        try:
            yield browser
        finally:
            browser.close()


def _launch(driver: Playwright, program: Path) -> Browser:
    return driver.chromium.launch(executable_path=program, args=list(_ARGUMENTS), timeout=_MILLISECONDS)


@dataclass(kw_only=True)
class Person:
    """Somebody in front of their browser, signed in; whatever the console complains about is kept."""

    name: str
    page: Page
    complaints: list[str] = field(default_factory=list)

    def sign_in(self, password: str) -> None:
        """Fill in the sign-in form."""
        self.open("/sign-in")
        self.fill("Name", self.name)
        self.fill("Password", password)
        self.follow("button", "Sign in")

    def open(self, address: str) -> None:
        """Go to an address of the server; it must be there."""
        answer = self.page.goto(address)
        assert answer is not None
        assert answer.status < 400, f"{address}: {answer.status}"

    def click(self, role: Clickable, name: str) -> None:
        """Click what has this name, as a screen reader would find it."""
        self.page.get_by_role(role, name=name, exact=True).first.click()

    def follow(self, role: Clickable, name: str) -> None:
        """Click what has this name or begins with it, and wait for the page that it leads to."""
        with self.page.expect_navigation():
            self.page.get_by_role(role, name=re.compile(f"^{re.escape(name)}")).first.click()

    def enter(self) -> None:
        """Press Enter on what has the focus, and wait for the page that it leads to."""
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def looks(self) -> Iterator[tuple[int, Scheme]]:
        """The page that is open narrow and wide, in light and dark: one thing is altered at a time."""
        for width, scheme in _LOOKS:
            self.page.set_viewport_size({"width": width, "height": _HEIGHT})
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            yield width, scheme

    def fill(self, label: str, text: str) -> None:
        """Write into the page's field of that label; the search above every page is none of them."""
        self.page.locator("main").get_by_label(label).first.fill(text)

    def choose(self, label: str, option: str) -> None:
        """Choose from the list of that label."""
        self.page.get_by_role("combobox", name=label).select_option(option)

    def tab_to(self, name: str) -> None:
        """Press Tab until what has this name has the focus; fails when the keyboard never gets there."""
        for _ in range(_MOST_TABS):
            if str(self.page.evaluate(_FOCUSED)).startswith(name):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no key leads to `{name}` on {self.page.url}")

    def ask(self, sql: str, button: str = "Run") -> None:
        """Go to the Query page with SQL in the form, press a button of it, and wait for what comes of it."""
        self.open(f"/query?sql={quote(sql)}")
        self.click("button", button)
        self.page.locator("#result[data-told]").wait_for()

    def sees(self, text: str) -> bool:
        """Whether a text stands on the page, wherever lines break and whatever begins a sentence."""
        return " ".join(text.split()).lower() in self.words().lower()

    def words(self) -> str:
        """All that can be read of the page's content."""
        return re.sub(r"\s+", " ", self.page.locator("main").inner_text())

    def picture(self, name: str) -> None:
        """Keep a screenshot of the whole page."""
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)

    def faults(self, axe: str, *, colours_alone: bool = False) -> list[str]:
        """What is wrong with the page that is open: what axe calls serious, sideways scroll, complaints.

        `colours_alone` is for a page that was judged already and only has other colours now.
        """
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found = [f"scrolls sideways by {wide} pixels"] if wide > 0 else []
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(axe)
        rules = {"runOnly": list(_OF_COLOURS)} if colours_alone else {}
        told = self.page.evaluate("asked => axe.run(document, asked)", {"resultTypes": ["violations"], **rules})
        for violation in told["violations"]:
            if violation["impact"] in _SERIOUS:
                places = ", ".join(" ".join(map(str, node["target"])) for node in violation["nodes"][:3])
                found.append(f"{violation['id']} ({violation['help']}): {places}")
        return found + self.complaints


class Entrance:
    """The way in to a server; whoever has signed in once may open further windows."""

    def __init__(self, browser: Browser, url: str, passwords: Mapping[str, str]) -> None:
        self._browser = browser
        self._url = url
        self._passwords = passwords
        self._known: dict[str, StorageState] = {}

    @contextmanager
    def __call__(self, name: str, *, scripts: bool = True) -> Iterator[Person]:
        """A person who has signed in through the form, with a wide window."""
        context = self._browser.new_context(
            base_url=self._url,
            viewport={"width": _LOOKS[-1][0], "height": _HEIGHT},
            reduced_motion="reduce",
            java_script_enabled=scripts,
            storage_state=self._known.get(name),
        )
        try:
            person = _person(context, name)
            if name not in self._known:
                person.sign_in(self._passwords[name])
                self._known[name] = context.storage_state()
            yield person
        finally:
            context.close()


def _person(context: BrowserContext, name: str) -> Person:
    context.set_default_timeout(_MILLISECONDS)
    person = Person(name=name, page=context.new_page())

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            person.complaints.append(f"the console says: {message.text}")

    person.page.on("console", heard)
    person.page.on("pageerror", lambda error: person.complaints.append(f"a script failed: {error.message}"))
    return person


def axe_source() -> str:
    """The text of axe-core, which judges how accessible a page is."""
    return (node_package("axe-core", AXE).modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
