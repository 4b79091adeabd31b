"""A body is read strictly: every key known, every value of its type, and what is wrong is said."""

import flask
import pytest

from catalog.errors import VeilError
from proxy.http.bodies import Body
from proxy.refusals import MediaTypeUnsupported, RequestInvalid

KEYS = ("sql", "params", "database", "attributes")


def read(data: bytes, content_type: str = "application/json") -> Body:
    with flask.Flask("test").test_request_context(method="POST", data=data, content_type=content_type):
        return Body.read(*KEYS)


def test_values_come_out_in_their_types() -> None:
    body = read(b'{"sql": "select ?", "params": [1, 2.5, "x", null, true], "attributes": {"region": "north"}}')
    assert body.text("sql") == "select ?"
    assert body.text("database", default="main") == "main"
    assert body.values("params") == (1, 2.5, "x", None, True)
    assert body.attributes("attributes") == {"region": "north"}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON (line 1, column 2)"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"sql": NaN}', "not valid JSON"),
        (b'{"sql": "\xff"}', "not valid JSON"),
        (b"[]", "no JSON object"),
        (b'{"sqll": "x"}', "unknown key `sqll`"),
    ],
)
def test_a_broken_body_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(RequestInvalid) as refused:
        read(data)
    assert says in refused.value.detail


def test_an_unknown_key_names_the_nearest() -> None:
    with pytest.raises(RequestInvalid) as refused:
        read(b'{"sqll": "x"}')
    assert "`sql`" in refused.value.hint


def test_an_unknown_key_of_a_million_letters_is_not_told_back() -> None:
    with pytest.raises(RequestInvalid) as refused:
        read(b'{"' + b"sq" * 500_000 + b'": 1}')
    assert len(refused.value.detail) + len(refused.value.hint) < 300


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_only_json_is_read(content_type: str) -> None:
    with pytest.raises(MediaTypeUnsupported):
        read(b'{"sql": "x"}', content_type)


@pytest.mark.parametrize(
    "call",
    [
        lambda: read(b"{}").text("sql"),
        lambda: read(b'{"sql": 1}').text("sql"),
        lambda: read(b'{"sql": "\\ud800"}').text("sql"),
        lambda: read(b'{"params": "x"}').values("params"),
        lambda: read(b'{"params": [{"$type": "date", "value": "\\ud800"}]}').values("params"),
        lambda: read(b'{"attributes": []}').attributes("attributes"),
        lambda: read(b'{"attributes": {"a": 1}}').attributes("attributes"),
    ],
)
def test_a_wrong_type_is_refused(call: "object") -> None:
    assert callable(call)
    with pytest.raises(VeilError):
        call()
