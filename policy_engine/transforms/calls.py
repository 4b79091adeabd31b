"""A transform call as text: `mask(keep_last=>4)`, read and printed."""

import functools
import re

from catalog.errors import PolicyInvalid
from catalog.names import nearest
from policy_engine.model import Literal, TransformCall
from policy_engine.transforms.registry import find
from policy_engine.transforms.spec import Parameter, Transform

_CALL = re.compile(r"\s*(?:`(?P<quoted>\w+)`|(?P<name>[A-Za-z_]\w*))\s*\((?P<arguments>.*)\)\s*\Z", re.DOTALL)
_ARGUMENT = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_]\w*)\s*=>\s*)?"
    r"(?:'(?P<text>(?:[^']|'')*)'|(?P<number>[+-]?\d{1,18}(?:\.\d{1,18})?)|(?P<word>[A-Za-z_]\w*))\s*(?P<end>,|\Z)",
    re.DOTALL,
)
_COLUMN = "__column__"


@functools.lru_cache(maxsize=4096)
def parse_call(text: str) -> TransformCall:
    """The call that a text says; `fn()` is `fn(__COLUMN__)`, arguments go by name or by place.

    Example:
        >>> parse_call("mask(__COLUMN__, keep_last=>4)")
        TransformCall(name='mask', arguments=(('keep_last', 4),))
    """
    match = _CALL.match(text)
    if match is None:
        raise PolicyInvalid(
            f"the transform `{text.strip()}` cannot be read",
            hint="write a name with parentheses, for example `tokenize()` or `mask(keep_last=>4)`",
        )
    transform = find(match["quoted"] or match["name"])
    given: dict[str, Literal] = {}
    for place, (name, value) in enumerate(_read_arguments(text, match["arguments"])):
        parameter = _parameter(transform, name, place)
        if parameter.name in given:
            raise PolicyInvalid(f"the transform `{text.strip()}` gives `{parameter.name}` twice")
        given[parameter.name] = value
    return checked(TransformCall(name=transform.name, arguments=tuple(given.items())))


def print_call(call: TransformCall) -> str:
    """The call as people write it; parsing the text gives an equal call.

    Example:
        >>> print_call(TransformCall(name="mask", arguments=(("char", "'"),)))
        "mask(char=>'''')"
    """
    return f"{call.name}({', '.join(f'{name}=>{_print(value)}' for name, value in call.arguments)})"


def checked(call: TransformCall) -> TransformCall:
    """The call in its one form: the transform's own name, arguments in order, defaults left out."""
    transform = find(call.name)
    given = {_parameter(transform, name, 0).name: value for name, value in call.arguments}
    for parameter in transform.parameters:
        if parameter.name in given:
            _check_value(transform, parameter, given[parameter.name])
    return TransformCall(
        name=transform.name,
        arguments=tuple(
            (parameter.name, given[parameter.name])
            for parameter in transform.parameters
            if given.get(parameter.name, parameter.default) != parameter.default
        ),
    )


def _read_arguments(call: str, text: str) -> list[tuple[str, Literal]]:
    arguments: list[tuple[str, Literal]] = []
    at, expects_more = 0, bool(text.strip())
    while expects_more:
        match = _ARGUMENT.match(text, at)
        if match is None:
            raise PolicyInvalid(
                f"the arguments of the transform `{call.strip()}` cannot be read at `{text[at:].strip()[:40]}`",
                hint="write arguments as `name=>value`: texts in single quotes, numbers, true or false",
            )
        is_column = match["name"] is None and (match["word"] or "").lower() == _COLUMN
        if not (is_column and at == 0):
            arguments.append((match["name"] or "", _value(call, match)))
        at, expects_more = match.end(), match["end"] == ","
    return arguments


def _value(call: str, match: re.Match[str]) -> Literal:
    if match["text"] is not None:
        return match["text"].replace("''", "'")
    if match["number"] is not None:
        return float(match["number"]) if "." in match["number"] else int(match["number"])
    if match["word"].lower() in ("true", "false"):
        return match["word"].lower() == "true"
    raise PolicyInvalid(
        f"the transform `{call.strip()}` has an argument `{match['word']}` that is no value",
        hint="texts stand in single quotes; `__COLUMN__` may only come first",
    )


def _parameter(transform: Transform, name: str, place: int) -> Parameter:
    if not name:
        if place < len(transform.parameters):
            return transform.parameters[place]
        raise PolicyInvalid(f"the transform `{transform.name}` takes no {place + 1} arguments", hint=_usage(transform))
    by_name = {parameter.name: parameter for parameter in transform.parameters}
    if name.lower() in by_name:
        return by_name[name.lower()]
    near = nearest(name, by_name)
    raise PolicyInvalid(
        f"the transform `{transform.name}` has no parameter `{name}`",
        hint=f"did you mean `{near}`?" if near else _usage(transform),
    )


def _usage(transform: Transform) -> str:
    if not transform.parameters:
        return f"write `{transform.name}()`: it takes no parameters"
    shown = ", ".join(f"{parameter.name}=>{_print(parameter.default)}" for parameter in transform.parameters)
    return f"write `{transform.name}({shown})`"


def _check_value(transform: Transform, parameter: Parameter, value: Literal) -> None:
    wanted = ""
    if type(value) is not type(parameter.default):
        wanted = {str: "a text in single quotes", int: "a whole number", bool: "true or false"}.get(
            type(parameter.default), "a number"
        )
    elif parameter.characters is not None and isinstance(value, str) and len(value) != parameter.characters:
        wanted = "exactly one character" if parameter.characters == 1 else f"{parameter.characters} characters"
    elif parameter.least is not None and isinstance(value, int) and not parameter.least <= value <= 1_000_000:
        wanted = f"a whole number from {parameter.least} to 1000000"
    elif isinstance(value, str) and ("\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value)):
        wanted = "a text of ordinary characters"
    if wanted:
        raise PolicyInvalid(f"`{parameter.name}` of the transform `{transform.name}` must be {wanted}")


def _print(value: Literal) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)
