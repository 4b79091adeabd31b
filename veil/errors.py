"""What can go wrong for a person who asks, under the names of PEP 249.

Warning (UserWarning)
└── AccessNotice                 a result that is easily misread, e.g. a masked column compared with a plain value
Error
├── InterfaceError               the client was used in a way that cannot work (closed, wrong address)
└── DatabaseError
    ├── DataError                never raised; PEP 249 asks for it
    ├── IntegrityError           never raised; PEP 249 asks for it
    ├── InternalError            a fault of the server's own; quote the id
    ├── NotSupportedError        understood, but not offered
    ├── OperationalError         a limit was passed, or the answer was cut short
    │   ├── AuthenticationError  no token, or one that is unknown, expired or revoked
    │   └── Unavailable          the server, a source or the journal does not answer
    └── ProgrammingError         a wrong value, name or document
        ├── AccessDenied         not for you, or not there: one answer for both
        └── QueryError           the SQL is wrong, or names a column that is not there for you
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from veil.terminal import visible

_NONE: Mapping[str, str] = MappingProxyType({})


class Warning(UserWarning):
    """What PEP 249 calls a warning: important, but no reason to stop."""


class AccessNotice(Warning):
    """A result that is right but easily misread, because of what is masked or filtered for you."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in the SQL, counted from one, with the piece it points at."""

    line: int
    column: int
    snippet: str = ""


class Error(Exception):
    """The root of everything this package raises; its text says what, why, what to try, how to ask, and the id.

    `policies` has the page of each policy that took away what was asked for, by its name.

    Example:
        >>> print(Error("no dataset `shop.oders`", hint="did you mean `shop.orders`?", decision_id="9c1e"))
        no dataset `shop.oders`
          try      did you mean `shop.orders`?
          id       9c1e
    """

    def __init__(
        self,
        detail: str,
        *,
        code: str = "",
        hint: str = "",
        decision_id: str = "",
        position: Position | None = None,
        ask: str = "",
        policies: Mapping[str, str] = _NONE,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code
        self.hint = hint
        self.decision_id = decision_id
        self.position = position
        self.ask = ask
        self.policies = policies

    def __str__(self) -> str:
        lines = [self.detail]
        if self.position is not None:
            lines.append(f"  at       line {self.position.line}, column {self.position.column}")
            lines += [f"           {line}" for line in self.position.snippet.splitlines()]
        if self.hint:
            lines.append(f"  try      {self.hint}")
        lines += [f"  policy   {name}: {address}" for name, address in self.policies.items()]
        if self.ask:
            lines.append(f"  ask      {self.ask}")
        if self.decision_id:
            lines.append(f"  id       {self.decision_id}")
        return visible("\n".join(lines))


class InterfaceError(Error):
    """The client was used in a way that cannot work."""


class DatabaseError(Error):
    """What the server, or the way to it, answered with."""


class DataError(DatabaseError):
    """A value the server could not process."""


class IntegrityError(DatabaseError):
    """A broken relation between data; a server that only reads never raises it."""


class InternalError(DatabaseError):
    """A fault of the server's own; its journal knows more under the id."""


class NotSupportedError(DatabaseError):
    """Something that is understood but not offered."""


class OperationalError(DatabaseError):
    """Something outside the query: a limit was passed, or the answer was cut short."""


class AuthenticationError(OperationalError):
    """No token, or one that is unknown, expired or revoked."""


class Unavailable(OperationalError):
    """The server, one of its sources, or its journal does not answer."""


class ProgrammingError(DatabaseError):
    """A wrong value, name or document was sent."""


class AccessDenied(ProgrammingError):
    """Not visible to you, whether or not it exists."""


class QueryError(ProgrammingError):
    """The SQL cannot be read, or names a column that is not there for you."""


BY_CODE: Mapping[str, type[Error]] = {
    "not_authenticated": AuthenticationError,
    "not_allowed": AccessDenied,
    "unknown_dataset": AccessDenied,
    "policy_broken": AccessDenied,
    "unknown_column": QueryError,
    "sql_invalid": QueryError,
    "sql_unsupported": NotSupportedError,
    "policy_invalid": ProgrammingError,
    "settings_invalid": ProgrammingError,
    "source_unavailable": Unavailable,
    "source_timeout": Unavailable,
    "journal_unavailable": Unavailable,
    "sink_unavailable": Unavailable,
    "limit_exceeded": OperationalError,
    "internal": InternalError,
}
"""Which class a problem's `code` raises."""


def from_problem(status: int, body: bytes) -> Error:
    """The error that an answer of `application/problem+json` stands for.

    Example:
        >>> from_problem(404, b'{"code": "unknown_dataset", "detail": "no dataset `a.b`"}').code
        'unknown_dataset'
    """
    try:
        problem = json.loads(body)
    except (ValueError, RecursionError):
        problem = None
    if not isinstance(problem, dict):
        return _without_problem(status)
    code = str(problem.get("code") or "")
    detail = str(problem.get("detail") or problem.get("title") or f"the server answered with status {status}")
    return BY_CODE.get(code, _class_of_status(status))(
        detail,
        code=code,
        hint=str(problem.get("hint") or ""),
        decision_id=str(problem.get("decision_id") or ""),
        position=_position(problem.get("position")),
        ask=str(problem.get("ask") or ""),
        policies=_texts(problem.get("policies")),
    )


def _texts(value: object) -> Mapping[str, str]:
    return {str(name): str(text) for name, text in value.items()} if isinstance(value, dict) else {}


def _position(value: object) -> Position | None:
    if not isinstance(value, dict):
        return None
    line, column = value.get("line"), value.get("column")
    if not isinstance(line, int) or not isinstance(column, int):
        return None
    return Position(line=line, column=column, snippet=str(value.get("snippet") or ""))


def _class_of_status(status: int) -> type[Error]:
    if status == 401:
        return AuthenticationError
    if status in (502, 503, 504):
        return Unavailable
    if status >= 500:
        return InternalError
    return OperationalError if status in (408, 413, 429) else ProgrammingError


def _without_problem(status: int) -> Error:
    if 300 <= status < 400:
        return InterfaceError(
            f"the server answered with a redirect ({status})", hint="connect to the address it redirects to"
        )
    return _class_of_status(status)(
        f"the answer (status {status}) did not come from a Veil server, or not from a healthy one",
        hint="check the address: it is what `veil serve` printed, without `/api/v1`",
    )
