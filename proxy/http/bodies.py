"""Reads the JSON body of a request into typed values and refuses every key it does not know."""

import json
from collections.abc import Mapping
from typing import NoReturn

import flask
from werkzeug.exceptions import RequestEntityTooLarge

from catalog.names import nearest
from catalog.people.model import Attribute
from proxy.refusals import MediaTypeUnsupported, RequestInvalid

_TOLD = 100
"""So many letters of a name that is not known are told back."""


def read_json() -> object:
    """The JSON of the current request, whatever it holds; raises what is wrong with it."""
    if flask.request.mimetype != "application/json":
        given = flask.request.mimetype or "nothing"
        raise MediaTypeUnsupported(
            f"the body is `{given}`, not JSON", hint="send JSON with the header `Content-Type: application/json`"
        )
    try:
        return json.loads(read_bytes(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        place = f" (line {problem.lineno}, column {problem.colno})" if isinstance(problem, json.JSONDecodeError) else ""
        raise RequestInvalid(f"the body is not valid JSON{place}", hint="send one JSON object") from None


def read_bytes() -> bytes:
    """The body of the current request, whole, or a refusal of one that is too large.

    A chunked body that is too large would be cut by the framework, and what is left could look whole.
    """
    data = flask.request.get_data()
    most = flask.request.max_content_length
    if flask.request.content_length is None and most is not None and len(data) >= most:
        raise RequestEntityTooLarge
    return data


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


class Body:
    """A JSON object whose keys are known beforehand; reading a key checks its type.

    Example:
        >>> Body({"sql": "select 1"}, keys=("sql", "database")).text("database", default="main")
        'main'
    """

    def __init__(self, value: object, *, keys: tuple[str, ...], where: str = "the body") -> None:
        if not isinstance(value, dict):
            raise RequestInvalid(f"{where} is no JSON object", hint=f"it may have the keys {_listed(keys)}")
        for key in value:
            if key not in keys:
                near = nearest(key, keys)
                meant = f"did you mean `{near}`? " if near else ""
                raise RequestInvalid(
                    f"unknown key `{key[:_TOLD]}` in {where}", hint=f"{meant}known keys: {_listed(keys)}"
                )
        self._values: Mapping[str, object] = value

    @classmethod
    def read(cls, *keys: str) -> "Body":
        """The body of the current request."""
        return cls(read_json(), keys=keys)

    def has(self, key: str) -> bool:
        """Whether the key is there with a value other than null."""
        return self._values.get(key) is not None

    def raw(self, key: str) -> object:
        """The value as it came, None when it is not there."""
        return self._values.get(key)

    def text(self, key: str, *, default: str | None = None) -> str:
        """A text; required when there is no default."""
        value = self._values.get(key)
        if value is None and default is not None:
            return default
        if value is None:
            raise RequestInvalid(f"the key `{key}` is missing", hint=f"send `{key}` as a text")
        return _checked_text(value, key)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, empty when it is not there."""
        return tuple(_checked_text(item, key) for item in self._list(key))

    def values(self, key: str) -> tuple[object, ...]:
        """A list of any JSON values, empty when it is not there; texts in it and in its objects are whole."""
        return tuple(_checked_inside(item, key) for item in self._list(key))

    def values_or_named(self, key: str) -> tuple[object, ...] | dict[str, object]:
        """A list of any JSON values or an object of such, an empty list when it is not there."""
        value = self._values.get(key)
        if not isinstance(value, dict):
            return self.values(key)
        return {_checked_text(name, key): _checked_inside(inner, key) for name, inner in value.items()}

    def attributes(self, key: str) -> dict[str, Attribute]:
        """An object of texts and of lists of texts, empty when it is not there."""
        value = self._values.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise RequestInvalid(f"`{key}` is no JSON object", hint=f"send `{key}` as an object of texts or lists")
        return {_checked_text(name, key): _checked_attribute(inner, key) for name, inner in value.items()}

    def _list(self, key: str) -> list[object]:
        value = self._values.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise RequestInvalid(f"`{key}` is no list", hint=f"send `{key}` as a JSON list")
        return value


def refuse_unknown_arguments(*known: str) -> None:
    """Raise when the address carries a parameter that is not read here."""
    for name in flask.request.args:
        if name not in known:
            listed = ", ".join(f"`{key}`" for key in known) or "none"
            raise RequestInvalid(f"unknown query parameter `{name[:_TOLD]}`", hint=f"known parameters: {listed}")


def _checked_attribute(value: object, key: str) -> Attribute:
    return tuple(_checked_text(item, key) for item in value) if isinstance(value, list) else _checked_text(value, key)


def _checked_inside(value: object, key: str) -> object:
    """Any value, whose texts are whole where it is one or an object of them."""
    for inner in value.values() if isinstance(value, dict) else (value,):
        if isinstance(inner, str):
            _checked_text(inner, key)
    return value


def _checked_text(value: object, key: str) -> str:
    if not isinstance(value, str):
        raise RequestInvalid(f"`{key}` is no text", hint=f"send `{key}` as a text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise RequestInvalid(f"`{key}` holds half of a character", hint="send whole Unicode characters") from None
    return value


def _listed(keys: tuple[str, ...]) -> str:
    return ", ".join(f"`{key}`" for key in keys)
