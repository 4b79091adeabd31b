"""How every picture looks: the page's own colours, which follow light and dark, and one size for all."""

import itertools
from collections.abc import Iterable, Mapping, Sequence

from web_ui.pictures.chart import Part

WIDTH = 540
"""Units of a picture across, of which a letter is some seven wide."""

CLEAR = Part(name="clear", tone="clear", fill=0.25)
MASKED = Part(name="masked", tone="masked", fill=0.6)
HIDDEN = Part(name="hidden", tone="hidden", fill=1.0)
OUTCOMES = (CLEAR, MASKED, HIDDEN)
"""How columns are shown, as parts of bars: the fuller, the less is seen."""

_TEXT = 13  # the sheet sets 12: fonts differ in width from the one that places were measured with


def tone(name: str) -> str:
    """A colour of the page's style sheet, as an SVG attribute names it."""
    return f"var(--{name})"


def numbered(bars: Iterable[tuple[str, Mapping[str, int]]], parts: Sequence[Part]) -> list[dict[str, object]]:
    """The numbers as data: a row for each part of a bar that is there."""
    return [
        {"of": bar, "part": part.name, "place": place, "number": numbers.get(part.name, 0)}
        for bar, numbers in bars
        for place, part in enumerate(parts)
        if numbers.get(part.name, 0)
    ]


def ticks(totals: Iterable[int]) -> dict[str, object]:
    """An axis of whole numbers, with at most six marks.

    Example:
        >>> ticks([3, 11])["values"]
        [0, 5, 10]
    """
    most = max(totals, default=0)
    steps = (factor * 10**power for power in itertools.count() for factor in (1, 2, 5))
    step = next(step for step in steps if most <= 5 * step)
    return {"values": list(range(0, most + 1, step)), "format": ",d"}


def specification(**parts: object) -> dict[str, object]:
    """A specification in the common look."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": None,
        "width": WIDTH,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": 12,
        "config": _CONFIGURATION,
        **parts,
    }


def coloured(parts: Sequence[Part]) -> dict[str, object]:
    """The encodings by which the field `part` tells parts apart, with a legend above."""
    legend = {"orient": "top", "title": None, "symbolType": "square", "symbolSize": 140, "symbolStrokeWidth": 1}
    names = [part.name for part in parts]
    fills, strokes = [_filled(part) for part in parts], [tone(part.tone) for part in parts]
    of_part = {"field": "part", "type": "nominal", "legend": legend}
    return {
        "fill": {**of_part, "scale": {"domain": names, "range": fills}},
        "stroke": {**of_part, "scale": {"domain": names, "range": strokes}},
        "order": {"field": "place", "type": "quantitative"},
    }


def _filled(part: Part) -> str:
    """The part's colour, as thin as the part is empty."""
    return f"color-mix(in srgb, {tone(part.tone)} {part.fill:.0%}, {tone('surface')})"


_AXIS = {
    "labelColor": "currentColor",
    "labelFontSize": _TEXT,
    "titleColor": "currentColor",
    "titleFontSize": _TEXT,
    "titleFontWeight": "normal",
    "domainColor": tone("muted"),
    "gridColor": tone("line"),
    "tickColor": tone("muted"),
    "labelLimit": 190,
    "labelPadding": 6,
}
_CONFIGURATION = {
    "aria": False,
    "axis": _AXIS,
    "legend": {"labelColor": "currentColor", "labelFontSize": _TEXT, "labelLimit": 300},
    "text": {"fill": "currentColor", "fontSize": _TEXT},
    "view": {"stroke": None},
}
