"""How many there were of each part, period by period."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from web_ui.pictures.chart import Chart, Part
from web_ui.pictures.look import coloured, numbered, specification, ticks

VERDICTS = (
    Part(name="allowed", tone="clear", fill=0.25),
    Part(name="refused", tone="hidden", fill=1.0),
    Part(name="failed", tone="masked", fill=0.6),
    Part(name="stopped", tone="muted", fill=0.4),
)
"""How queries end, in words for bars."""

Period = tuple[date | str, Mapping[str, int]]
"""A day, or an hour or month as it is written, no two alike; and how many there were of each part."""


def timeline(
    name: str,
    periods: Sequence[Period],
    *,
    title: str,
    description: str,
    of: str = "Day (UTC)",
    parts: Sequence[Part] = VERDICTS,
) -> Chart:
    """One column a period, in the order in which they are given; periods with nothing are there too.

    Example:
        >>> periods = [(date(2026, 11, 27), {"allowed": 12, "refused": 1})]
        >>> timeline("access", periods, title="Queries", description="One day.").rows
        (('2026-11-27', 12, 1, 0, 0),)
    """
    return Chart(
        name=name,
        title=title,
        description=description,
        specification=specification(
            height=180,
            data={"values": numbered(((_short(period), numbers) for period, numbers in periods), parts)},
            mark={"type": "bar", "strokeWidth": 1, "width": {"band": 0.75}},
            encoding={
                "x": {
                    "field": "of",
                    "type": "ordinal",
                    "scale": {"domain": [_short(period) for period, _ in periods]},
                    "title": None,
                    "axis": {"labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 14, "grid": False},
                },
                "y": {
                    "field": "number",
                    "aggregate": "sum",
                    "type": "quantitative",
                    "stack": "zero",
                    "title": None,
                    "axis": ticks(sum(numbers.values()) for _, numbers in periods),
                },
                **coloured(parts),
            },
        ),
        head=(of, *(part.name for part in parts)),
        is_over_time=True,
        rows=tuple((str(period), *(numbers.get(part.name, 0) for part in parts)) for period, numbers in periods),
    )


def _short(period: date | str) -> str:
    return f"{period.day} {period:%b}" if isinstance(period, date) else period


def days(last: date, count: int) -> tuple[date, ...]:
    """That many days up to the last one, oldest first.

    Example:
        >>> days(date(2026, 3, 1), 2)
        (datetime.date(2026, 2, 28), datetime.date(2026, 3, 1))
    """
    return tuple(last - timedelta(days=back) for back in range(count - 1, -1, -1))
