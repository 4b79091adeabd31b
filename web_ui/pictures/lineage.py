"""What comes from what: datasets in columns from left to right, and an arrow from each to what is made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from web_ui.pictures.chart import Chart, Link
from web_ui.pictures.look import WIDTH, specification, tone

MOST_NODES = 40
"""What can be looked at; more arrows stand in the table alone."""

_ROW = 46
_BOX = 30
_GAP = 44
_TIP = 5
_LETTER = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """One thing is made of, or refers to, another."""

    source: str
    target: str
    how: str
    address: str = ""


def lineage(name: str, arrows: Sequence[Arrow], *, here: str, title: str, description: str) -> Chart:
    """The arrows, with the thing that is looked at marked out; the table has each with its `how`.

    Example:
        >>> arrows = [Arrow(source="shop.orders", target="shop.big", how="view")]
        >>> lineage("lineage", arrows, here="shop.big", title="Lineage", description="One arrow.").rows
        (('shop.orders', 'shop.big', 'view'),)
    """
    places = _places(arrows, here)
    count = 1 + max(column for column, _ in places.values())
    boxes = {node: _box(node, place, count) for node, place in places.items()}
    lines = [
        _line(boxes[arrow.source], boxes[arrow.target])
        for arrow in arrows
        if arrow.source in boxes and arrow.target in boxes
    ]
    return Chart(
        name=name,
        title=title,
        description=description,
        specification=specification(
            height=_ROW * (1 + max(row for _, row in places.values())),
            layer=_layers([box.told(box.name == here) for box in boxes.values()], lines),
        ),
        head=("From", "To", "How"),
        rows=tuple(
            (Link(arrow.source, arrow.address) if arrow.address else arrow.source, arrow.target, arrow.how)
            for arrow in arrows
        ),
    )


Place = tuple[int, int]
Data = dict[str, str | float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    """Where a thing stands, in units of the picture."""

    name: str
    text: str
    left: float
    right: float
    middle: float

    def told(self, is_here: bool) -> Data:
        return {
            "text": self.text,
            "left": self.left,
            "right": self.right,
            "centre": (self.left + self.right) / 2,
            "top": self.middle - _BOX / 2,
            "bottom": self.middle + _BOX / 2,
            "middle": self.middle,
            "tone": tone("accent") if is_here else tone("muted"),
            "weight": 2 if is_here else 1,
        }


def _line(source: _Box, target: _Box) -> Data:
    return {"x": source.right, "y": source.middle, "x2": target.left, "y2": target.middle, "tip": target.left - _TIP}


def _places(arrows: Sequence[Arrow], here: str) -> dict[str, Place]:
    """A column and row for each thing: what is made of others stands right of them; in a circle, as far as it goes."""
    names = list(dict.fromkeys([here, *(name for arrow in arrows for name in (arrow.source, arrow.target))]))
    columns = dict.fromkeys(names[:MOST_NODES], 0)
    for _ in columns:
        for arrow in arrows:
            if arrow.source in columns and arrow.target in columns and arrow.source != arrow.target:
                least = min(columns[arrow.source] + 1, len(columns) - 1)
                columns[arrow.target] = max(columns[arrow.target], least)
    taken: dict[int, int] = {}
    places: dict[str, Place] = {}
    for name, column in sorted(_close_up(columns).items(), key=lambda item: (item[1], item[0])):
        places[name] = (column, taken.get(column, 0))
        taken[column] = taken.get(column, 0) + 1
    return places


def _close_up(columns: Mapping[str, int]) -> dict[str, int]:
    """The columns numbered without gaps."""
    used = {column: place for place, column in enumerate(sorted(set(columns.values())))}
    return {name: used[column] for name, column in columns.items()}


def _box(name: str, place: Place, count: int) -> _Box:
    column, row = place
    width = (WIDTH - _GAP * (count - 1)) / count
    left = column * (width + _GAP)
    most = max(int(width / _LETTER) - 2, 4)
    return _Box(
        name=name,
        text=name if len(name) <= most else f"…{name[1 - most :]}",
        left=left,
        right=left + width,
        middle=_ROW * (row + 0.5),
    )


def _layers(boxes: Sequence[Data], lines: Sequence[Data]) -> list[dict[str, object]]:
    across = {"type": "quantitative", "scale": {"domain": [0, WIDTH], "nice": False}, "axis": None}
    down = {"type": "quantitative", "scale": {"reverse": True, "nice": False, "zero": True}, "axis": None}
    as_it_is = {"type": "nominal", "scale": None}
    return [
        {
            "data": {"values": lines},
            "mark": {"type": "rule", "stroke": tone("muted")},
            "encoding": {
                "x": {"field": "x", **across},
                "y": {"field": "y", **down},
                "x2": {"field": "x2"},
                "y2": {"field": "y2"},
            },
        },
        {
            "data": {"values": lines},
            "mark": {"type": "point", "shape": "triangle-right", "filled": True, "size": 70, "color": tone("muted")},
            "encoding": {"x": {"field": "tip", **across}, "y": {"field": "y2", **down}},
        },
        {
            "data": {"values": boxes},
            "mark": {"type": "rect", "fill": tone("sunken"), "cornerRadius": 5},
            "encoding": {
                "x": {"field": "left", **across},
                "x2": {"field": "right"},
                "y": {"field": "top", **down},
                "y2": {"field": "bottom"},
                "stroke": {"field": "tone", **as_it_is},
                "strokeWidth": {"field": "weight", "type": "quantitative", "scale": None},
            },
        },
        {
            "data": {"values": boxes},
            "mark": {"type": "text", "align": "center", "baseline": "middle"},
            "encoding": {
                "x": {"field": "centre", **across},
                "y": {"field": "middle", **down},
                "text": {"field": "text", "type": "nominal"},
            },
        },
    ]
