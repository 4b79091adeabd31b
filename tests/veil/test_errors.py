"""Every problem a server tells becomes the exception that PEP 249 and the contract name."""

import pytest

import veil
from tests.veil.peer import Peer
from veil.errors import from_problem

CASES = [
    (401, "not_authenticated", veil.AuthenticationError, veil.OperationalError),
    (403, "not_allowed", veil.AccessDenied, veil.ProgrammingError),
    (404, "unknown_dataset", veil.AccessDenied, veil.ProgrammingError),
    (403, "policy_broken", veil.AccessDenied, veil.ProgrammingError),
    (422, "unknown_column", veil.QueryError, veil.ProgrammingError),
    (400, "sql_invalid", veil.QueryError, veil.ProgrammingError),
    (422, "sql_unsupported", veil.NotSupportedError, veil.DatabaseError),
    (422, "policy_invalid", veil.ProgrammingError, veil.DatabaseError),
    (502, "source_unavailable", veil.Unavailable, veil.OperationalError),
    (504, "source_timeout", veil.Unavailable, veil.OperationalError),
    (503, "journal_unavailable", veil.Unavailable, veil.OperationalError),
    (413, "limit_exceeded", veil.OperationalError, veil.DatabaseError),
    (500, "internal", veil.InternalError, veil.DatabaseError),
    (400, "some_later_code", veil.ProgrammingError, veil.DatabaseError),
    (429, "some_later_code", veil.OperationalError, veil.DatabaseError),
]


@pytest.mark.parametrize(("status", "code", "kind", "parent"), CASES, ids=[f"{case[1]}-{case[0]}" for case in CASES])
def test_a_problem_is_raised_under_its_name(
    server: Peer, connection: veil.Connection, status: int, code: str, kind: type[veil.Error], parent: type[veil.Error]
) -> None:
    server.answers(lambda exchange: exchange.problem(status, code, detail="what", hint="next", decision_id="9c1e"))
    with pytest.raises(veil.Error) as caught:
        connection.query("select 1")
    assert type(caught.value) is kind
    assert isinstance(caught.value, parent)
    assert (caught.value.code, caught.value.hint, caught.value.decision_id) == (code, "next", "9c1e")


def test_the_message_says_what_where_what_to_try_and_the_id() -> None:
    error = from_problem(
        422,
        b'{"code": "unknown_column", "detail": "no column `fone`", "hint": "did you mean `phone`?",'
        b' "decision_id": "9c1e", "position": {"line": 1, "column": 8, "snippet": "select fone"}}',
    )
    assert str(error).splitlines() == [
        "no column `fone`",
        "  at       line 1, column 8",
        "           select fone",
        "  try      did you mean `phone`?",
        "  id       9c1e",
    ]
    assert error.position == veil.Position(line=1, column=8, snippet="select fone")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff"])
def test_an_answer_that_is_no_problem_document_says_that_it_is_no_veil_server(body: bytes) -> None:
    error = from_problem(502, body)
    assert isinstance(error, veil.Unavailable)
    assert "Veil server" in str(error)


def test_pep_249_names_form_its_tree() -> None:
    assert issubclass(veil.Warning, UserWarning)
    assert issubclass(veil.AccessNotice, veil.Warning)
    assert issubclass(veil.InterfaceError, veil.Error)
    for name in ("DataError", "OperationalError", "IntegrityError", "InternalError", "ProgrammingError"):
        assert issubclass(getattr(veil, name), veil.DatabaseError)
    assert issubclass(veil.NotSupportedError, veil.DatabaseError)
