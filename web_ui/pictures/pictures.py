"""Draws charts, each content once: the pictures that were asked for lately are kept."""

import contextlib
import json
import logging
import re
from collections import OrderedDict
from threading import Lock, Thread

from markupsafe import Markup

from web_ui.pictures.chart import Chart, Figure
from web_ui.pictures.drawing_process import CannotDraw, DrawingProcess
from web_ui.pictures.look import specification
from web_ui.pictures.svg import inline

_MOST_KEPT = 256

_UNFIT = re.compile(r"(?<!\\)((?:\\\\)*)\\(?:u(?:fff[ef]|00[01][0-9a-f])|[bf])")
"""What JSON escapes and XML 1.0 cannot hold (its production Char): such a letter ends the process that draws."""

_log = logging.getLogger("veil.pictures")


class Pictures:
    """Makes figures of charts.

    Example:
        >>> pictures.figure(chart).picture
        Markup('<svg class="picture" ...')
    """

    def __init__(self) -> None:
        self._process = DrawingProcess()
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    def figure(self, chart: Chart) -> Figure:
        """The chart with its picture, or with none when it cannot be drawn: its numbers are there all the same."""
        if not chart.rows:
            return Figure(chart=chart, picture=Markup())
        try:
            drawn = self._drawn(_UNFIT.sub(r"\1\\ufffd", json.dumps(chart.specification, sort_keys=True)))
        except CannotDraw as problem:
            _log.warning("the picture `%s` was left out: %s", chart.name, problem)
            return Figure(chart=chart, picture=Markup())
        return Figure(
            chart=chart,
            picture=inline(drawn, name=chart.name, title=chart.title, description=chart.description),
        )

    def prepare(self) -> None:
        """Begins the process that draws, beside everything else: the first picture need not wait for it."""
        Thread(target=self._begin, name="pictures", daemon=True).start()

    def _begin(self) -> None:
        with contextlib.suppress(CannotDraw):
            self._process.draw(json.dumps(specification(mark="bar")))

    def close(self) -> None:
        """Ends the process that draws."""
        self._process.close()

    def _drawn(self, specification: str) -> str:
        with self._lock:
            known = self._kept.get(specification)
            if known is not None:
                self._kept.move_to_end(specification)
                return known
        drawn = self._process.draw(specification)
        with self._lock:
            self._kept[specification] = drawn
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return drawn
