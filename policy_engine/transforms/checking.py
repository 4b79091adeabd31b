"""Checks a transform's arguments when the policy is written, and puts the call into its one form."""

import math
from collections.abc import Iterable

from sqlglot.dialects.duckdb import DuckDB

from catalog.errors import PolicyInvalid
from catalog.names import fold, nearest, quoted
from policy_engine.model import Argument, ColumnName, TransformCall
from policy_engine.transforms.known import find
from policy_engine.transforms.spec import Parameter, Takes, Transform


def checked_call(name: str, given: Iterable[tuple[str, Argument]], said: str) -> TransformCall:
    """The call of a transform in its one form: arguments in order, defaults left out.

    `given` are arguments by name, or by place where the name is empty; `said` is the call as it was written.
    """
    transform = find(name)
    values: dict[str, Argument] = {}
    for place, (argument, value) in enumerate(given):
        parameter = _parameter(transform, argument, place)
        if parameter.name in values:
            raise PolicyInvalid(f"the transform `{said}` gives `{parameter.name}` twice")
        values[parameter.name] = _checked(transform, parameter, value)
    for parameter in transform.parameters:
        if parameter.name not in values and parameter.default is None and not parameter.is_optional:
            raise PolicyInvalid(f"the transform `{said}` needs `{parameter.name}`", hint=_usage(transform))
    return TransformCall(
        name=transform.name,
        arguments=tuple(
            (parameter.name, values[parameter.name])
            for parameter in transform.parameters
            if parameter.name in values and values[parameter.name] != parameter.default
        ),
    )


def print_argument(value: Argument) -> str:
    """An argument as people write it."""
    if isinstance(value, ColumnName):
        return ".".join(name if _is_plain(name) else quoted(name) for name in value.path)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)


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
    shown = ", ".join(f"{parameter.name}=>{_default(parameter)}" for parameter in transform.parameters)
    return f"write `{transform.name}({shown})`"


def _default(parameter: Parameter) -> str:
    if parameter.default is not None:
        return print_argument(parameter.default)
    if parameter.choices:
        return print_argument(parameter.choices[-1])
    return {Takes.TEXT: "'..'", Takes.COLUMN: "column"}.get(parameter.takes, "..")


def _checked(transform: Transform, parameter: Parameter, value: Argument) -> Argument:
    """The argument in its one form; raises PolicyInvalid with what is wanted."""
    wanted = _unfit(parameter, value)
    if not wanted and parameter.reads is not None:
        try:
            return parameter.reads(str(value))
        except ValueError as error:
            wanted = str(error)
    if wanted:
        problem = f"`{parameter.name}` of the transform `{transform.name}` must be {wanted}"
        raise PolicyInvalid(problem, hint=_usage(transform))
    if parameter.choices:
        return str(value).lower()
    if parameter.takes is Takes.VALUE:
        return value if isinstance(value, str) else print_argument(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, ColumnName):
        return ColumnName(tuple(map(fold, value.path)))
    return value


def _unfit(parameter: Parameter, value: Argument) -> str:
    """What would fit, where the value does not."""
    if not _is_taken(parameter.takes, value):
        return parameter.takes.value
    if isinstance(value, str):
        return _unfit_text(parameter, value)
    if parameter.least is not None and isinstance(value, int | float):
        is_open = parameter.takes is Takes.NUMBER
        if is_open and not parameter.least < value <= parameter.most:
            return f"a number greater than {parameter.least}, at most {parameter.most}"
        if not parameter.least <= value <= parameter.most:
            return f"a whole number from {parameter.least} to {parameter.most}"
    return ""


def _unfit_text(parameter: Parameter, value: str) -> str:
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        return "a text of ordinary characters"
    if parameter.characters is not None and len(value) != parameter.characters:
        return "exactly one character" if parameter.characters == 1 else f"{parameter.characters} characters"
    if parameter.choices and value.lower() not in parameter.choices:
        near = nearest(value, parameter.choices)
        listed = ", ".join(f"'{choice}'" for choice in parameter.choices)
        return f"one of {listed}" + (f"; did you mean '{near}'?" if near else "")
    return ""


def _is_taken(takes: Takes, value: Argument) -> bool:
    match takes:
        case Takes.TEXT:
            return isinstance(value, str)
        case Takes.WHOLE:
            return isinstance(value, int) and not isinstance(value, bool)
        case Takes.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        case Takes.VALUE:
            return not isinstance(value, ColumnName)
        case Takes.COLUMN:
            return isinstance(value, ColumnName)


def _is_plain(name: str) -> bool:
    """Whether a name stands for itself without quotes: letters and digits that are no word of SQL."""
    return name.isidentifier() and name.isascii() and name.upper() not in DuckDB.Tokenizer.KEYWORDS
