"""What a transform is: its name, parameters, strength, the types it accepts, its SQL and its reference."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from policy_engine.model import Argument, ColumnName
from policy_engine.strength import Strength
from policy_engine.transforms.keys import KeyRing
from policy_engine.transforms.types import ColumnType


class Takes(Enum):
    """What a parameter takes, in the words in which a person is told."""

    TEXT = "a text in single quotes"
    WHOLE = "a whole number"
    NUMBER = "a number"
    VALUE = "a text in single quotes, a number, true or false"
    COLUMN = "a column of the same dataset, without quotes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A named argument; without a default it must be given, unless it `is_optional`.

    `least` and `most` bound a number, `characters` fixes a text's length, `choices` lists the texts there are,
    and `reads` gives a text's one written form or raises ValueError with what is wanted.
    """

    name: str
    takes: Takes
    default: Argument | None = None
    is_optional: bool = False
    least: int | None = None
    most: int = 1_000_000
    characters: int | None = None
    choices: tuple[str, ...] = ()
    reads: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Another column of the same row: the SQL that names it or the value in it, and its type."""

    column: ColumnType
    sql: str = ""
    value: object = None


class Arguments:
    """A call's arguments by name with defaults filled in, and the columns that it names."""

    def __init__(self, given: Mapping[str, Argument | None], beside: Mapping[ColumnName, Beside]) -> None:
        self._given = given
        self._beside = beside

    def text(self, name: str) -> str:
        """An argument that is a text."""
        return str(self._given[name])

    def whole(self, name: str) -> int:
        """An argument that is a whole number."""
        value = self._given[name]
        assert isinstance(value, int)
        return value

    def number(self, name: str) -> int | float:
        """An argument that is a number."""
        value = self._given[name]
        assert isinstance(value, int | float)
        return value

    def is_given(self, name: str) -> bool:
        """Whether there is an argument at all, its own or a default."""
        return self._given[name] is not None

    def beside(self, name: str) -> Beside | None:
        """The column that an argument names, if it is given."""
        value = self._given[name]
        return self._beside[value] if isinstance(value, ColumnName) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a call is carried out: on a column of a type, with these arguments, under the keys of a namespace."""

    column: ColumnType
    arguments: Arguments
    keys: KeyRing = field(repr=False)
    namespace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """A scalar expression and the values to bind to its `$name` parameters.

    INVARIANT: secrets stand in `parameters` only, never in `sql`, and no repr shows them.
    """

    sql: str
    parameters: Mapping[str, bytes] = field(default_factory=dict, repr=False)


class Transform:
    """One way of showing less than a value; NULL stays NULL, and no raw value at all makes it fail.

    `render` gives DuckDB SQL of the type `output_type`; `reference` says in Python what that SQL
    must return, and tests hold the two against each other. `is_keyed` transforms take their key from
    the namespace, so that tokens of different tags never meet.
    """

    name: str
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    is_keyed = False
    is_reversible = False
    example = ""
    """A call on a value of a type, as `call | type | value`, for the reference page."""

    def strength(self, arguments: Arguments) -> Strength:
        """How much is taken away under these arguments."""
        raise NotImplementedError

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        """Whether columns of this type can be shown."""
        raise NotImplementedError

    def output_type(self, arguments: Arguments, column: ColumnType) -> str:
        """The type of what is shown: the column's own unless said otherwise."""
        return column.text

    def render(self, sql: str, at: Place) -> Fragment:
        """The transform of an expression, as SQL."""
        raise NotImplementedError

    def reference(self, value: object, at: Place) -> object:
        """The transform of a value that is not NULL, in Python."""
        raise NotImplementedError

    def reverse(self, shown: object, at: Place) -> object:
        """The value of which this is shown, for reversible transforms only; None where it is of none."""
        raise NotImplementedError
