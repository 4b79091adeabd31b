"""Turns a drawn SVG into markup that may stand inside a page: what is not listed here is left out."""

from xml.etree import ElementTree

from markupsafe import Markup

_SPACE = "{http://www.w3.org/2000/svg}"
_ELEMENTS = frozenset({"circle", "g", "line", "path", "rect", "text", "tspan"})
_ATTRIBUTES = frozenset(
    {
        *("d", "transform", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "dx", "dy", "width"),
        *("height", "fill", "stroke", "opacity", "fill-opacity", "stroke-opacity", "stroke-width", "display"),
        *("stroke-dasharray", "stroke-linecap", "stroke-miterlimit", "text-anchor", "font-size", "font-weight"),
    }
)


def inline(drawn: str, *, name: str, title: str, description: str) -> Markup:
    """The picture as one element of a page, named by its title and description.

    It has no style, script, link or size of its own: it is as wide as its place, in the fonts and colours of the page.
    `name` is a prefix for ids, unique within the page.

    Example:
        >>> inline(drawn, name="access", title="Access", description="Four bars.")[:45]
        Markup('<svg class="picture" viewBox="0 0 540 152" role')
    """
    root = ElementTree.fromstring(drawn)
    picture = ElementTree.Element(
        "svg",
        {
            "class": "picture",
            "viewBox": root.get("viewBox", ""),
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-description",
        },
    )
    ElementTree.SubElement(picture, "title", {"id": f"{name}-title"}).text = title
    ElementTree.SubElement(picture, "desc", {"id": f"{name}-description"}).text = description
    picture.extend(_kept(root))
    return Markup(ElementTree.tostring(picture, encoding="unicode", short_empty_elements=False))


def _kept(parent: ElementTree.Element) -> list[ElementTree.Element]:
    """The children that may stay, each with what may stay of it; a group of nothing goes too."""
    kept: list[ElementTree.Element] = []
    for child in parent:
        tag = child.tag.removeprefix(_SPACE)
        if tag not in _ELEMENTS:
            continue
        copy = ElementTree.Element(tag, {key: value for key, value in child.attrib.items() if key in _ATTRIBUTES})
        copy.text = child.text
        copy.extend(_kept(child))
        if tag != "g" or len(copy):
            kept.append(copy)
    return kept
