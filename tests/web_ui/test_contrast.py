"""Every text colour of the sheet can be read on every ground it stands on, in light and in dark."""

import re
from pathlib import Path

import pytest

import web_ui

SHEET = (Path(web_ui.__file__).parent / "static" / "veil.css").read_text()
TEXTS = ("text", "muted", "accent", "clear", "masked", "hidden")
GROUNDS = ("page", "surface", "sunken")


def palettes() -> dict[str, dict[str, str]]:
    """The colour tokens of both schemes."""
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in SHEET.split(":root {")[1:])
    return {"light": light, "dark": dark}


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", TEXTS)
def test_text_can_be_read(scheme: str, text: str, ground: str) -> None:
    palette = palettes()[scheme]
    assert contrast(palette[text], palette[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_buttons_can_be_read_and_focus_be_seen(scheme: str) -> None:
    palette = palettes()[scheme]
    assert contrast(palette["on-accent"], palette["accent"]) >= 4.5
    assert all(contrast(palette["focus"], palette[ground]) >= 3 for ground in GROUNDS)
