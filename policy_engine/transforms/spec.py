"""What a transform is: its name, parameters, strength, the types it accepts, its SQL and its reference."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from policy_engine.model import Literal
from policy_engine.strength import Strength
from policy_engine.transforms.keys import KeyRing
from policy_engine.transforms.types import ColumnType


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A named argument with its default; `least` bounds a number, `characters` fixes a text's length."""

    name: str
    default: Literal
    least: int | None = None
    characters: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """A scalar expression and the values to bind to its `$name` parameters.

    INVARIANT: secrets stand in `parameters` only, never in `sql`, and no repr shows them.
    """

    sql: str
    parameters: Mapping[str, bytes] = field(default_factory=dict, repr=False)


Arguments = Mapping[str, Literal]
"""A call's arguments by name, defaults filled in."""


class Transform(Protocol):
    """One way of showing less than a value; NULL stays NULL.

    `render` gives DuckDB SQL of the type `output_type`; `reference` says in Python what that SQL
    must return, and tests hold the two against each other. `is_keyed` transforms take their key from
    the namespace, so that tokens of different tags never meet.
    """

    @property
    def name(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...
    @property
    def parameters(self) -> tuple[Parameter, ...]: ...
    @property
    def is_keyed(self) -> bool: ...
    def strength(self, arguments: Arguments) -> Strength: ...
    def accepts(self, column: ColumnType) -> bool: ...
    def output_type(self, column: ColumnType) -> str: ...
    def render(self, arguments: Arguments, sql: str, column: ColumnType, keys: KeyRing, namespace: str) -> Fragment: ...
    def reference(
        self, arguments: Arguments, value: object, column: ColumnType, keys: KeyRing, namespace: str
    ) -> object: ...
