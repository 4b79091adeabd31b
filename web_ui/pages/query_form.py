"""What the form of the Query page holds, and the question that it makes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import flask

from catalog.model import Dataset
from catalog.names import join
from proxy.governance import Request
from proxy.http import answers
from proxy.http.api import purpose_of
from proxy.http.bodies import Body
from proxy.reading.parameters import Values, decode
from proxy.refusals import RequestInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryForm:
    """The fields as they were written."""

    sql: str
    params: str
    database: str
    purpose: str

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "QueryForm":
        """The fields of an address or of a form that was sent."""
        return cls(**{name: given.get(name, "").strip() for name in cls.__slots__})

    def request(self) -> Request:
        """The question; raises what is wrong with a field."""
        return Request(
            sql=self.sql,
            parameters=decode(self.values()),
            database=self.database or "main",
            purpose=purpose_of(self.purpose or None),
            client=answers.client(),
        )

    def values(self) -> Values:
        """The values of `?` as a list, or of `$name` as an object, as JSON has them.

        Raises RequestInvalid when they are neither.
        """
        try:
            given = json.loads(self.params or "[]")
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, list | dict):
            raise RequestInvalid(
                "the parameters are neither a JSON list nor a JSON object",
                hint='write `[40, "NO"]` for each `?`, or `{"age": 40}` for `$age`',
            )
        return Body({"params": given}, keys=("params",)).values_or_named("params")

    def address(self) -> str:
        """Where this form stands filled in; nothing runs by itself there."""
        held = {name: str(getattr(self, name)) for name in self.__slots__}
        asked = urlencode({name: value for name, value in held.items() if value})
        return f"{flask.url_for('query.show')}?{asked}"


def first_query(dataset: Dataset) -> str:
    """What somebody begins with who has not seen a dataset yet.

    Example: `SELECT * FROM shop.orders LIMIT 10`.
    """
    return f"SELECT * FROM {join(dataset.database, dataset.name)} LIMIT 10"
