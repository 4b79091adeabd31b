"""Bars that are made of parts: how much of each thing is clear, masked or hidden, as shares or as numbers."""

from collections.abc import Mapping, Sequence

from web_ui.pictures.chart import Cell, Chart, Link, Part
from web_ui.pictures.look import OUTCOMES, coloured, numbered, specification, ticks

MOST_BARS = 30
"""What can be looked at; more stand in the table alone."""

Bar = tuple[str | Link, Mapping[str, int]]
"""The name of a bar, no two alike, which may lead somewhere; and how many there are of each part."""


def shares(
    name: str, bars: Sequence[Bar], *, title: str, description: str, of: str, parts: Sequence[Part] = OUTCOMES
) -> Chart:
    """Each bar as a whole, divided by parts; `of` says what a bar stands for, and heads the table.

    Example:
        >>> bars = [("clerks", {"clear": 5, "hidden": 3})]
        >>> shares("coverage", bars, title="What roles see", description="One bar.", of="Role").rows
        (('clerks', 5, 0, 3),)
    """
    return _bars(name, bars, title, description, of, parts, stack="normalize", axis={"format": "%", "tickCount": 5})


def counts(
    name: str, bars: Sequence[Bar], *, title: str, description: str, of: str, parts: Sequence[Part] = OUTCOMES
) -> Chart:
    """Each bar as long as its number, divided by parts.

    Example:
        >>> bars = [("shop.orders", {"clear": 5})]
        >>> counts("seen", bars, title="What kim sees", description="One bar.", of="Dataset").head
        ('Dataset', 'clear', 'masked', 'hidden')
    """
    axis = ticks(sum(numbers.values()) for _, numbers in bars[:MOST_BARS])
    return _bars(name, bars, title, description, of, parts, stack="zero", axis=axis)


def _bars(
    name: str,
    bars: Sequence[Bar],
    title: str,
    description: str,
    of: str,
    parts: Sequence[Part],
    *,
    stack: str,
    axis: Mapping[str, object],
) -> Chart:
    shown = [(_text(bar), numbers) for bar, numbers in bars[:MOST_BARS]]
    return Chart(
        name=name,
        title=title,
        description=description,
        specification=specification(
            height={"step": 28},
            data={"values": numbered(shown, parts)},
            mark={"type": "bar", "strokeWidth": 1, "height": {"band": 0.7}},
            encoding={
                "y": {
                    "field": "of",
                    "type": "nominal",
                    "scale": {"domain": [bar for bar, _ in shown]},
                    "title": None,
                    "axis": {"ticks": False},
                },
                "x": {
                    "field": "number",
                    "aggregate": "sum",
                    "type": "quantitative",
                    "stack": stack,
                    "title": None,
                    "axis": axis,
                },
                **coloured(parts),
            },
        ),
        head=(of, *(part.name for part in parts)),
        rows=tuple(_row(bar, numbers, parts) for bar, numbers in bars),
    )


def _row(bar: str | Link, numbers: Mapping[str, int], parts: Sequence[Part]) -> tuple[Cell, ...]:
    return bar, *(numbers.get(part.name, 0) for part in parts)


def _text(bar: str | Link) -> str:
    return bar.text if isinstance(bar, Link) else bar
