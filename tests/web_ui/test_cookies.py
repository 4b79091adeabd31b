"""Cookies that are none are left out before anything looks for one; our own are always some."""

import signal
from pathlib import Path

import pytest

from tests.web_ui.browsing import sign_in
from web_ui.app import create_app
from web_ui.cookies import plain_cookies
from web_ui.parts import Parts


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ("veil=a.b-c_d", "veil=a.b-c_d"),
        ("a=1;b=2; c=", "a=1; b=2; c="),
        ('a="1"; b="2', 'a="1"; b="2'),
        ("a=1 2; b=3", "b=3"),
        ("a = 1; b=3", "b=3"),
        ("a; =1; ; b=3;", "b=3"),
        ('a=1,2; b=\\"; c=ä; d=\x7f; e=3', "e=3"),
        ("", ""),
    ],
)
def test_what_is_a_cookie_by_the_standard_is_kept(header: str, kept: str) -> None:
    assert plain_cookies(header) == kept


def test_a_header_of_blanks_keeps_nobody_waiting(shop: Parts) -> None:
    """Read by Werkzeug it takes a minute of a processor, in which nobody else is answered."""
    client = create_app(shop).test_client(use_cookies=False)

    def stop(signum: int, frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 5)
    try:
        answer = client.get("/healthz", headers={"Cookie": ";a=" + " " * 60_000 + '"'})
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    assert answer.status_code == 200


def test_a_session_is_found_among_others(shop: Parts, tmp_path: Path) -> None:
    browser = create_app(shop).test_client()
    sign_in(browser, "max")
    [ours] = [f"{cookie.key}={cookie.value}" for cookie in (browser._cookies or {}).values()]
    client = create_app(shop).test_client(use_cookies=False)
    odd = f"theirs=some words; {ours}; other"
    assert client.get("/policies", headers={"Cookie": odd}).status_code == 200
    assert client.get("/policies", headers={"Cookie": "theirs=1"}).status_code != 200
