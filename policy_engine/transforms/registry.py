"""All transforms by name, and how a call is carried out."""

import functools
from collections.abc import Mapping

from catalog.errors import PolicyInvalid
from catalog.names import nearest
from policy_engine.model import TransformCall
from policy_engine.strength import Strength
from policy_engine.transforms.hashing import Hash
from policy_engine.transforms.keys import KeyRing
from policy_engine.transforms.masking import Mask, Null, Redact
from policy_engine.transforms.spec import Arguments, Fragment, Transform
from policy_engine.transforms.tokenize import Tokenize
from policy_engine.transforms.types import read_type

TRANSFORMS: tuple[Transform, ...] = (Tokenize(), Hash(), Mask(), Redact(), Null())

_BY_NAME: Mapping[str, Transform] = {
    name: transform for transform in TRANSFORMS for name in (transform.name, *transform.aliases)
}


def find(name: str) -> Transform:
    """The transform of a name or alias; raises PolicyInvalid naming the nearest."""
    transform = _BY_NAME.get(name.lower())
    if transform is None:
        near = nearest(name, _BY_NAME)
        known = ", ".join(f"`{known.name}`" for known in TRANSFORMS)
        raise PolicyInvalid(
            f"there is no transform `{name}`", hint=f"did you mean `{near}`?" if near else f"there are {known}"
        )
    return transform


@functools.lru_cache(maxsize=8192)
def accepts(call: TransformCall, column_type: str) -> bool:
    """Whether the transform can show a column of this type."""
    return find(call.name).accepts(read_type(column_type))


@functools.lru_cache(maxsize=1024)
def strength(call: TransformCall | None) -> Strength:
    """How much a call takes away; None is the raw value."""
    return Strength.CLEAR if call is None else find(call.name).strength(_arguments(call))


def output_type(call: TransformCall | None, column_type: str) -> str:
    """The type of what is shown."""
    return column_type if call is None else find(call.name).output_type(read_type(column_type))


def render(call: TransformCall, column_sql: str, column_type: str, *, namespace: str, keys: KeyRing) -> Fragment:
    """The call as DuckDB SQL over an expression of a column's type, with the values to bind.

    Example:
        >>> from policy_engine.model import TransformCall
        >>> render(TransformCall(name="null"), '"age"', "BIGINT", namespace="", keys=KeyRing(b"0" * 32)).sql
        'CAST(NULL AS BIGINT)'
    """
    transform, column = find(call.name), read_type(column_type)
    if not transform.accepts(column):
        raise PolicyInvalid(f"the transform `{call.name}` cannot show a column of type {column_type}")
    return transform.render(_arguments(call), column_sql, column, keys, namespace)


def reference(call: TransformCall, value: object, column_type: str, *, namespace: str, keys: KeyRing) -> object:
    """What `render`'s SQL must return for a value: the same transform, written plainly in Python."""
    transform, column = find(call.name), read_type(column_type)
    return transform.reference(_arguments(call), value, column, keys, namespace)


def _arguments(call: TransformCall) -> Arguments:
    return {parameter.name: parameter.default for parameter in find(call.name).parameters} | dict(call.arguments)
