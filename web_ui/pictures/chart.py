"""A chart before it is drawn, and the figure that a page shows: a picture and the same numbers as a table."""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

Specification = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the parts that bars are made of: told apart by word, colour and how full it is.

    `tone` is a colour of the page's style sheet.
    """

    name: str
    tone: str
    fill: float


@dataclass(frozen=True, slots=True)
class Link:
    """A cell of a figure's table that leads somewhere."""

    text: str
    address: str


Cell = str | int | Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What is drawn, in Vega-Lite's words, and what stands beside it.

    `name` is unique within a page. Of a chart over time the end is seen first where there is no place for all of it.
    A chart with no rows is not drawn; a page says in its place what is not there yet.
    """

    name: str
    title: str
    description: str
    specification: Specification
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    is_over_time: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart with its picture, which is empty when it could not be drawn."""

    chart: Chart
    picture: Markup
