"""A transform call as text, read and printed: `mask(keep_last=>4)`, or an expression as `lower(mask(__COLUMN__))`."""

import re

from catalog.errors import PolicyInvalid
from catalog.remembered import remembered
from policy_engine.model import Argument, ColumnName, TransformCall
from policy_engine.transforms.checking import checked_call, print_argument
from policy_engine.transforms.composing import EXPRESSION, expression_call, text_of
from policy_engine.transforms.expressions import COLUMN, NAMES
from policy_engine.transforms.known import BY_NAME, find

_CALL = re.compile(r"\s*(?:`(?P<quoted>\w+)`|(?P<name>[A-Za-z_]\w*))\s*\((?P<arguments>.*)\)\s*\Z", re.DOTALL)
_NAME = r'(?:[^\W\d]\w*|"(?:[^"]|"")+")'
_ARGUMENT = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_]\w*)\s*=>\s*)?"
    r"(?:'(?P<text>(?:[^']|'')*)'|(?P<number>[+-]?\d{1,18}(?:\.\d{1,24})?(?:[eE][+-]?\d{1,3})?)"
    rf"|(?P<word>{_NAME}(?:\s*\.\s*{_NAME})*))\s*(?P<end>,|\Z)",
    re.DOTALL,
)
_WORD = re.compile(_NAME)


@remembered(4096)
def parse_call(text: str) -> TransformCall:
    """The call that a text says; `fn()` is `fn(__COLUMN__)`, arguments go by name or by place.

    Example:
        >>> parse_call("mask(__COLUMN__, keep_last=>4)")
        TransformCall(name='mask', arguments=(('keep_last', 4),))
    """
    match = _CALL.match(text)
    name = (match["quoted"] or match["name"]).lower() if match else ""
    if COLUMN.lower() in text.lower() and not (match and name in BY_NAME and _is_plain(match["arguments"])):
        return expression_call(text)
    if match is None:
        raise PolicyInvalid(
            f"the transform `{text.strip()}` cannot be read",
            hint="write a name with parentheses, for example `tokenize()` or `mask(keep_last=>4)`",
        )
    if name not in BY_NAME and name in NAMES:
        hint = f"SQL speaks of the value as `{COLUMN}`: `{name}({COLUMN})`"
        raise PolicyInvalid(f"there is no transform `{name}`", hint=hint)
    find(name)
    return checked_call(name, _read_arguments(text, match["arguments"]), text.strip())


def print_call(call: TransformCall) -> str:
    """The call as people write it; parsing the text gives an equal call.

    Example:
        >>> print_call(TransformCall(name="mask", arguments=(("char", "'"),)))
        "mask(char=>'''')"
    """
    if call.name == EXPRESSION:
        return text_of(call)
    return f"{call.name}({', '.join(f'{name}=>{print_argument(value)}' for name, value in call.arguments)})"


def _is_plain(arguments: str) -> bool:
    """Whether the arguments are values and names only, so that no expression stands among them."""
    at, expects_more = 0, bool(arguments.strip())
    while expects_more:
        match = _ARGUMENT.match(arguments, at)
        if match is None:
            # What is left is wrong, and better told of as an argument, unless it is a call or an operator.
            return not re.search(r"__column__\s*[^\s,)]|[(|+*/%]", _without_texts(arguments[at:]), re.IGNORECASE)
        at, expects_more = match.end(), match["end"] == ","
    return True


def _without_texts(text: str) -> str:
    return re.sub(r"'(?:[^']|'')*'", "''", text)


def _read_arguments(call: str, text: str) -> list[tuple[str, Argument]]:
    arguments: list[tuple[str, Argument]] = []
    at, expects_more, is_column_said = 0, bool(text.strip()), False
    while expects_more:
        match = _ARGUMENT.match(text, at)
        if match is None:
            raise PolicyInvalid(
                f"the arguments of the transform `{call.strip()}` cannot be read at `{text[at:].strip()[:40]}`",
                hint="write arguments as `name=>value`: texts in single quotes, numbers, true or false",
            )
        if match["name"] is None and (match["word"] or "").upper() == COLUMN and not is_column_said:
            is_column_said = True
        else:
            arguments.append((match["name"] or "", _value(call, match)))
        at, expects_more = match.end(), match["end"] == ","
    return arguments


def _value(call: str, match: re.Match[str]) -> Argument:
    if match["text"] is not None:
        return match["text"].replace("''", "'")
    if match["number"] is not None:
        return int(match["number"]) if re.fullmatch(r"[+-]?\d+", match["number"]) else float(match["number"])
    word = match["word"]
    if word.lower() in ("true", "false"):
        return word.lower() == "true"
    if word.upper() == COLUMN:
        raise PolicyInvalid(f"the transform `{call.strip()}` names `{COLUMN}` where a value belongs")
    names = [name[1:-1].replace('""', '"') if name.startswith('"') else name for name in _WORD.findall(word)]
    return ColumnName(tuple(names))
