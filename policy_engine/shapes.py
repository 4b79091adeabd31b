"""How a type holds fields: a struct or map, in lists within lists perhaps, or a value that is one whole."""

import re
from dataclasses import dataclass
from enum import Enum

from catalog.remembered import remembered

_LISTS = re.compile(r"(?:\[\d*\])*\Z")


class Shape(Enum):
    """What stands at the core of a type that has fields; a document is one whole, whatever it holds."""

    STRUCT = "struct"
    MAP = "map"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nesting:
    """The core of a type, and the lists around it, innermost first: `[]`, or `[3]` where the length is fixed."""

    shape: Shape
    lists: tuple[str, ...] = ()


@remembered(4096)
def nesting(type_text: str) -> Nesting:
    """How a type holds its fields.

    Example:
        >>> nesting('STRUCT("note" VARCHAR)[][2]').lists, nesting("JSON").shape
        (('[]', '[2]'), <Shape.DOCUMENT: 'document'>)
    """
    found = _LISTS.search(type_text)
    lists = found[0] if found else ""
    core = type_text[: len(type_text) - len(lists)].upper()
    for shape in (Shape.STRUCT, Shape.MAP):
        if core.startswith(f"{shape.name}(") and core.endswith(")"):
            return Nesting(shape=shape, lists=tuple(re.findall(r"\[\d*\]", lists)))
    return Nesting(shape=Shape.DOCUMENT)
