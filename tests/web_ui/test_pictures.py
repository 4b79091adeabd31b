"""Pictures say what their numbers say, in the colours of the page, and bring nothing else into it."""

import http.server
import json
import os
import re
import threading
from collections.abc import Iterator
from datetime import date
from typing import Any
from xml.etree import ElementTree

import flask
import pytest

from tests.web_ui.test_contrast import palettes
from web_ui.pictures.bars import MOST_BARS, counts, shares
from web_ui.pictures.chart import Chart, Link
from web_ui.pictures.drawing_process import CannotDraw, DrawingProcess
from web_ui.pictures.lineage import Arrow, lineage
from web_ui.pictures.look import numbered
from web_ui.pictures.pictures import Pictures
from web_ui.pictures.timeline import VERDICTS, days, timeline

ROLES = [("clerks", {"clear": 5, "masked": 1, "hidden": 2}), ('<script> & "others"', {"hidden": 8})]
COLOUR = re.compile(r"currentColor|var\(--([a-z]+)\)|color-mix\(in srgb, var\(--([a-z]+)\) \d+%, var\(--surface\)\)")
TITLE, DESCRIPTION = "What roles see", "Two bars."


def charts() -> dict[str, Chart]:
    """One chart of each kind."""
    week = [(day, {"allowed": number, "refused": 1}) for number, day in enumerate(days(date(2026, 11, 28), 7))]
    made = Arrow(source="shop.orders", target="shop.big", how="view", address="/data/shop/orders")
    return {
        "shares": shares("shares", ROLES, of="Role", title=TITLE, description=DESCRIPTION),
        "counts": counts("counts", ROLES, of="Role", title=TITLE, description=DESCRIPTION),
        "timeline": timeline("timeline", week, title=TITLE, description=DESCRIPTION),
        "lineage": lineage("lineage", [made], here="shop.big", title=TITLE, description=DESCRIPTION),
    }


@pytest.fixture(scope="module")
def pictures() -> Iterator[Pictures]:
    made = Pictures()
    yield made
    made.close()


@pytest.fixture(scope="module")
def drawn(pictures: Pictures) -> dict[str, ElementTree.Element]:
    """Each kind of picture as a page holds it."""
    return {name: ElementTree.fromstring(pictures.figure(chart).picture) for name, chart in charts().items()}


@pytest.mark.parametrize("kind", charts())
def test_a_picture_is_one_image_with_a_name_and_a_description(drawn: dict[str, ElementTree.Element], kind: str) -> None:
    picture = drawn[kind]
    named, described = (picture.get("aria-labelledby") or "").split()
    assert (picture.tag, picture.get("role")) == ("svg", "img")
    assert {each.get("id"): each.text for each in picture[:2]} == {
        named: TITLE,
        described: DESCRIPTION,
    }
    assert picture.find(".//*[@role]") is None


@pytest.mark.parametrize("kind", charts())
def test_a_picture_has_the_colours_of_the_page_in_light_and_dark(
    drawn: dict[str, ElementTree.Element], kind: str
) -> None:
    painted = [each.get(what) for each in drawn[kind].iter() for what in ("fill", "stroke")]
    colours = {colour for colour in painted if colour not in (None, "none", "transparent")}
    assert colours
    for colour in colours:
        match = COLOUR.fullmatch(str(colour))
        assert match, colour
        name = match[1] or match[2]
        assert name is None or all(name in palette for palette in palettes().values()), colour


@pytest.mark.parametrize("kind", charts())
def test_nothing_in_a_picture_styles_runs_or_leads_anywhere(drawn: dict[str, ElementTree.Element], kind: str) -> None:
    tags = {each.tag for each in drawn[kind].iter()}
    attributes = {name for each in drawn[kind].iter() for name in each.attrib}
    assert not tags & {"script", "style", "a", "image", "use", "foreignObject"}
    assert not {name for name in attributes if name == "style" or name.startswith(("on", "xlink")) or "href" in name}


def test_the_shares_of_a_bar_are_those_of_its_numbers(drawn: dict[str, ElementTree.Element]) -> None:
    widths = {tone: sum(_widths(drawn["shares"], tone)) for tone in ("clear", "masked", "hidden")}
    whole = sum(widths.values()) / len(ROLES)
    assert widths["clear"] / whole == pytest.approx(5 / 8, abs=0.01)
    assert widths["masked"] / whole == pytest.approx(1 / 8, abs=0.01)
    assert widths["hidden"] / whole == pytest.approx(2 / 8 + 1, abs=0.01)


def test_numbers_are_as_long_as_they_are(drawn: dict[str, ElementTree.Element]) -> None:
    [clear], [masked], [some, more] = (_widths(drawn["counts"], tone) for tone in ("clear", "masked", "hidden"))
    assert clear / masked == pytest.approx(5, rel=0.02)
    assert more / some == pytest.approx(4, rel=0.02)


def test_the_table_has_the_numbers_of_the_picture() -> None:
    for chart in charts().values():
        assert chart.rows
        assert all(len(row) == len(chart.head) for row in chart.rows)
    assert charts()["shares"].rows == (("clerks", 5, 1, 2), ('<script> & "others"', 0, 0, 8))
    assert charts()["timeline"].rows[-1] == ("2026-11-28", 6, 1, 0, 0)
    assert charts()["lineage"].rows == ((Link("shop.orders", "/data/shop/orders"), "shop.big", "view"),)


def test_a_name_stays_a_text(pictures: Pictures) -> None:
    picture = str(pictures.figure(charts()["shares"]).picture)
    assert "<script" not in picture
    assert '&lt;script&gt; &amp; "others"' in picture


@pytest.mark.parametrize("odd", ["\ufffe", "\uffff", "\x01", "\b", "\f", "\\ufffe", "\\\\", "\ud800"])
def test_no_name_ends_the_process_that_draws(pictures: Pictures, odd: str) -> None:
    """The next picture, of anybody, is drawn as ever."""
    for name in (odd, f"plain {odd!a}"):
        drawn = pictures.figure(shares("odd", [(f"a{name}b", {"clear": 1})], of="Role", title="", description=""))
    assert drawn.picture


def test_a_day_without_anything_keeps_its_place() -> None:
    rows = numbered([("28 Nov", {}), ("29 Nov", {"refused": 2})], VERDICTS)
    assert [(row["of"], row["part"], row["number"]) for row in rows] == [("29 Nov", "refused", 2)]
    encoding = timeline("two", [("28 Nov", {}), ("29 Nov", {"refused": 2})], title="", description="").specification
    assert "'domain': ['28 Nov', '29 Nov']" in str(encoding)


def test_too_many_bars_are_in_the_table_alone() -> None:
    many = counts(
        "many",
        [(f"r{number}", {"clear": 1}) for number in range(MOST_BARS + 5)],
        of="Role",
        title=TITLE,
        description=DESCRIPTION,
    )
    assert (len(many.rows), len(_values(many))) == (MOST_BARS + 5, MOST_BARS)


def test_what_is_made_of_others_stands_right_of_them_even_in_a_circle() -> None:
    arrows = [Arrow(source=a, target=b, how="view") for a, b in ("ab", "bc", "ac", "ca")]
    chart = lineage("circle", arrows, here="c", title=TITLE, description=DESCRIPTION)
    boxes = _boxes(chart)
    assert len({(box["left"], box["middle"]) for box in boxes}) == 3
    straight = lineage("line", arrows[:3], here="c", title=TITLE, description=DESCRIPTION)
    assert [box["text"] for box in sorted(_boxes(straight), key=lambda box: box["left"])] == ["a", "b", "c"]


def test_what_was_drawn_is_not_drawn_again() -> None:
    pictures, chart = Pictures(), charts()["counts"]
    first = pictures.figure(chart)
    pictures.close()
    assert pictures.figure(chart) == first
    assert pictures.figure(charts()["shares"]).picture == ""


def test_a_server_begins_to_draw_before_anybody_waits_and_ends_for_good() -> None:
    pictures = Pictures()
    pictures.prepare()
    assert pictures.figure(charts()["counts"]).picture
    pictures.close()
    pictures.prepare()
    assert pictures.figure(charts()["timeline"]).picture == ""
    assert pictures._process._process is None


def test_a_process_that_is_gone_is_begun_again_and_a_broken_picture_does_no_harm() -> None:
    process, good = DrawingProcess(), json.dumps(charts()["counts"].specification)
    try:
        first = process.draw(good)
        assert process._process is not None
        process._process.kill()
        process._process.wait()
        assert process.draw(good) == first
        with pytest.raises(CannotDraw):
            process.draw('{"mark": {"type": "nothing like it"}}')
        assert process.draw(good) == first
    finally:
        process.close()


def test_the_process_that_draws_has_no_secret_and_asks_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEIL_TEST_SECRET", "hush")
    asked: list[str] = []

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)

    process = DrawingProcess()
    with http.server.HTTPServer(("127.0.0.1", 0), Site) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{site.server_port}/data.csv"
        try:
            with pytest.raises(CannotDraw):
                process.draw(json.dumps({"data": {"url": address}, "mark": "bar"}))
            assert process._process is not None
            if os.path.exists("/proc/self/environ"):
                with open(f"/proc/{process._process.pid}/environ", "rb") as environment:
                    assert b"hush" not in environment.read()
        finally:
            process.close()
            site.shutdown()
    assert asked == []


def test_a_figure_without_a_picture_shows_its_numbers(app: flask.Flask) -> None:
    without = Pictures()
    without._process._not_before = float("inf")
    page = _shown(app, without, charts()["shares"])
    assert "cannot be drawn now" in page
    assert "<details open>" in page
    assert '<td class="number">5</td>' in page


def test_a_figure_has_its_table_and_an_empty_one_says_so(app: flask.Flask, pictures: Pictures) -> None:
    page = _shown(app, pictures, charts()["lineage"])
    assert page.count("<svg") == 1
    assert '<a href="/data/shop/orders">shop.orders</a>' in page
    assert "<script" not in _shown(app, pictures, charts()["shares"])
    assert "nothing to show yet" in _shown(
        app, pictures, shares("none", [], of="Role", title=TITLE, description=DESCRIPTION)
    )


def _shown(app: flask.Flask, pictures: Pictures, chart: Chart) -> str:
    with app.test_request_context():
        return flask.render_template_string(
            "{% from 'figure.html' import figure %}{{ figure(shown) }}", shown=pictures.figure(chart)
        )


def _widths(picture: ElementTree.Element, tone: str) -> list[float]:
    """How wide the parts of one colour are, without the legend's."""
    paths = [each.get("d", "") for each in picture.iter("path") if each.get("stroke") == f"var(--{tone})"]
    bars = [re.fullmatch(r"M[\d.]+,[\d.]+h([\d.]+)v[\d.]+h-[\d.]+Z", path) for path in paths]
    return [float(bar[1]) for bar in bars if bar]


def _values(chart: Chart) -> list[dict[str, object]]:
    data = chart.specification["data"]
    assert isinstance(data, dict)
    return list(data["values"])


def _boxes(chart: Chart) -> list[dict[str, Any]]:
    layers = chart.specification["layer"]
    assert isinstance(layers, list)
    [boxes] = [layer["data"]["values"] for layer in layers if layer["mark"]["type"] == "rect"]
    return list(boxes)
