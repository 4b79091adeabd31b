"""The functions a person may call, read from `dialects/duckdb_functions.csv`: what is not named there is refused.

A function is listed only when it is built in, reads nothing but its arguments, and gives the same answer
for the same arguments. Everything that tells the time, draws random numbers, reads files, settings, metadata or
query text, runs SQL or sleeps is absent, and so is whatever nobody has looked at: unknown means refused.
`list_aggregate` and its aliases are absent because they take a function's name as text.

Each is `may_raise` or `total`. A total one never raises an error on the families of arguments that its row names, with
any value of theirs, as tests/proxy/test_functions.py tries on the engine; doubt is `may_raise`, and so is a function
that makes long text longer. Families are written `text =place -> text`; beside the families of families.py stand:

    any          any family                   =place   a literal whole number of up to nine digits
    alike        one family for all of them   =text    a literal text
    alike...     one or more of them          =part    the name of a part of a date whose value is a whole number
    other        a type of no family          =unit    the name of a length of time, from days to years
    first        as the first argument
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

FAMILIES = frozenset({"boolean", "date", "decimal", "double", "integer", "text", "timestamp"})
"""The families of types whose values are compared without a cast that can raise."""

_COLUMNS = ["name", "kind", "reason", "class", "families"]
_KINDS = frozenset({"scalar", "aggregate", "window"})
_ARGUMENTS = FAMILIES | {"any", "alike", "alike...", "=place", "=text", "=part", "=unit"}
_RESULTS = FAMILIES | {"alike", "first", "other"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Families of arguments on which a function never raises, and the family of what it gives."""

    arguments: tuple[str, ...]
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function that may be called (`scalar`, `aggregate` or `window`), why it is safe, and where it is total."""

    kind: str
    reason: str
    signatures: tuple[Signature, ...]


def read_functions(text: str) -> dict[str, Function]:
    """The functions of a table as CSV; raises ValueError for whatever is not as it must be.

    Example:
        >>> row = "lower,scalar,works on text,total,text -> text"
        >>> read_functions("name,kind,reason,class,families\\n" + row)["lower"].signatures
        (Signature(arguments=('text',), result='text'),)
    """
    table = csv.DictReader(text.splitlines(), strict=True)
    if table.fieldnames != _COLUMNS:
        raise ValueError(f"the columns of a table of functions are {', '.join(_COLUMNS)}")
    found: dict[str, Function] = {}
    for row in table:
        name = row["name"]
        if not name or name != name.lower() or name in found:
            raise ValueError(f"line {table.line_num}: `{name}` stands twice or is not lower-case")
        try:
            found[name] = _function(row)
        except (AttributeError, TypeError, ValueError) as error:
            raise ValueError(f"line {table.line_num}: `{name}` is not written as it must be") from error
    return found


def _function(row: Mapping[str, str]) -> Function:
    signatures = tuple(_signatures(row["families"]))
    is_known = row["kind"] in _KINDS and row["class"] in ("total", "may_raise")
    if (
        row.keys() != set(_COLUMNS)
        or not is_known
        or not row["reason"]
        or (row["class"] == "total") != bool(signatures)
    ):
        raise ValueError
    return Function(kind=row["kind"], reason=row["reason"], signatures=signatures)


def _signatures(text: str) -> Iterator[Signature]:
    for part in text.split("|") if text else ():
        arguments, arrow, result = part.partition("->")
        signature = Signature(arguments=tuple(arguments.split()), result=result.strip())
        is_known = _ARGUMENTS.issuperset(signature.arguments) and signature.result in _RESULTS
        if not arrow or not is_known or "alike..." in signature.arguments[:-1]:
            raise ValueError
        yield signature


CALLABLE: Mapping[str, Function] = MappingProxyType(
    read_functions((Path(__file__).parent / "dialects" / "duckdb_functions.csv").read_text("utf-8"))
)
"""Every function a person may call, by DuckDB's lower-case name."""

FUNCTIONS: Mapping[str, str] = MappingProxyType({name: function.reason for name, function in CALLABLE.items()})
"""The same names, each with the reason it is safe."""

OPERATORS = frozenset("+ - * / // % ** ^ || & | << >> ~ ~~ !~~ ~~* !~~* ~~~ ^@ @> <@ && -> ->> @ !".split())
"""What the engine's parser calls an operator's function."""

TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})
"""Functions that may stand where a dataset stands."""

VALUE_NAMES = frozenset(
    """
    current_catalog current_date current_role current_schema current_time current_timestamp current_user localtime
    localtimestamp session_user user
    """.split()
)
"""Names, quoted ones too, that the engine takes for a call of a function where no column bears them."""

WITH_SYNTAX = frozenset(
    """
    any_value avg coalesce count extract first_value generate_series if ifnull lag last_value lead map max min nth_value
    overlay position range replace row struct_pack substring sum trim unnest
    """.split()
)
"""Functions whose call has a syntax of its own, or that other files know by it; the parser knows them by name."""

FEWEST_ARGUMENTS: Mapping[str, int] = MappingProxyType({"age": 2})
"""Functions that would ask the clock for the arguments they are not given."""

_TIME_INSTEAD = "pass the time as a parameter"
_CHANCE_INSTEAD = "random values are not available; sample on your side"
_BY_NAME_INSTEAD = "call `list_sum`, `list_max` and the like by their own names"

FUNCTION_INSTEAD: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            "ago current_localtime current_localtimestamp get_current_time now today".split(), _TIME_INSTEAD
        ),
        **dict.fromkeys("get_current_timestamp transaction_timestamp".split(), _TIME_INSTEAD),
        **dict.fromkeys("gen_random_uuid random setseed uuid uuidv4 uuidv7".split(), _CHANCE_INSTEAD),
        **dict.fromkeys("array_aggr array_aggregate list_aggr list_aggregate".split(), _BY_NAME_INSTEAD),
    }
)
"""What works instead of some functions that people try."""
