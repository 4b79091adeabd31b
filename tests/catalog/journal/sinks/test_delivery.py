"""Events arrive in order and none is lost, whatever the target does; real sockets, files and an HTTP server."""

import contextlib
import json
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from catalog.errors import SettingsInvalid, SinkUnavailable
from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.journal import Journal
from catalog.journal.sinks.delivery import Sink
from catalog.journal.sinks.forms import FORMS, as_json
from catalog.journal.sinks.targets import RotatedFile, Syslog, Target, Webhook, target
from tests.catalog.journal.sinks.web import collector, hook


@dataclass
class Flaky:
    """A target that is away as long as it is told to be."""

    longest_line: ClassVar[int | None] = None
    is_away: bool = False
    got: list[int] = field(default_factory=list)

    def send(self, lines: Sequence[str]) -> None:
        if self.is_away:
            raise SinkUnavailable("away")
        self.got += [json.loads(line)["seq"] for line in lines]


def _fill(journal: Journal, count: int, kind: EventKind = EventKind.QUERY_BEGIN) -> None:
    for _ in range(count):
        journal.append(Event(kind=kind, user="ada"))


def _deliver(sink: Sink, journal: Journal, now: float = 0.0) -> None:
    sink.deliver(journal, now=now, leave=lambda: False)


def _made(to: str, **more: str) -> Target:
    return target(to, most_bytes=10_000, keep=2, token_env=more.pop("token_env", ""), environ=more)


def test_every_event_arrives_once_and_in_order(journal: Journal) -> None:
    place = Flaky()
    sink = Sink(name="s", target=place, form=as_json)
    _fill(journal, 450)
    _deliver(sink, journal)
    _fill(journal, 3)
    _deliver(sink, journal)
    assert place.got == list(range(1, 454))


def test_a_sink_that_was_away_gets_what_it_missed_and_is_asked_less_and_less(journal: Journal) -> None:
    place = Flaky(is_away=True)
    sink = Sink(name="s", target=place, form=as_json)
    _fill(journal, 3)
    _deliver(sink, journal, now=0)
    assert (sink.problem, place.got) == ("away", [])
    place.is_away = False
    _deliver(sink, journal, now=0.5)  # too early
    assert place.got == []
    _deliver(sink, journal, now=1.5)
    assert (sink.problem, place.got) == ("", [1, 2, 3])


def test_another_server_goes_on_where_the_last_one_stopped(journal: Journal) -> None:
    first, second = Flaky(), Flaky()
    _fill(journal, 2)
    _deliver(Sink(name="s", target=first, form=as_json), journal)
    _fill(journal, 1)
    _deliver(Sink(name="s", target=second, form=as_json), journal)
    _deliver(Sink(name="other", target=first, form=as_json), journal)
    assert (first.got, second.got) == ([1, 2, 1, 2, 3], [3])


def test_a_sink_gets_the_kinds_that_it_wants(journal: Journal) -> None:
    place = Flaky()
    _fill(journal, 2)
    _fill(journal, 1, EventKind.QUERY_DENY)
    _deliver(Sink(name="s", target=place, form=as_json, kinds=frozenset({"query:deny"})), journal)
    assert place.got == [3]
    assert journal.passed_on("s") == 3


def test_a_file_is_the_owners_alone_and_put_aside_when_it_is_full(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    place = RotatedFile(file=file, most_bytes=10, keep=2)
    for text in ("first line", "second line", "third line", "fourth line"):
        place.send([text])
    assert file.read_text() == "fourth line\n"
    assert Path(f"{file}.1").read_text() == "third line\n"
    assert Path(f"{file}.2").read_text() == "second line\n"
    assert not Path(f"{file}.3").exists()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    file.write_text('{"seq":1}\n{"se')
    RotatedFile(file=file, most_bytes=1_000, keep=2).send(['{"seq":2}', '{"seq":3}'])
    assert file.read_text() == '{"seq":1}\n{"se\n{"seq":2}\n{"seq":3}\n'


def test_a_file_that_cannot_be_written_is_away(tmp_path: Path) -> None:
    with pytest.raises(SinkUnavailable, match="cannot be written"):
        RotatedFile(file=tmp_path / "gone" / "x", most_bytes=10, keep=2).send(["a"])


def test_syslog_over_udp_carries_one_message_a_line() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        _made(f"udp://127.0.0.1:{server.getsockname()[1]}").send(["one", "two"])
        messages = [server.recv(1_000).decode() for _ in range(2)]
    assert [message.rpartition(" ")[2] for message in messages] == ["one", "two"]
    assert all(message.startswith("<110>1 20") for message in messages)


@pytest.mark.parametrize("scheme", ["udp", "unix"])
def test_a_long_name_in_a_query_keeps_no_datagram_from_telling_who_asked(
    scheme: str, journal: Journal, tmp_path: Path
) -> None:
    """A line that is cut off at the end is no JSON any more, and its last keys are kind, user and verdict."""
    request = f'SELECT id AS "{chr(0x1F600) * 19_000}" FROM shop.secret'
    journal.append(Event(kind=EventKind.QUERY_DENY, verdict=Verdict.DENY, user="kim", details={"request": request}))
    with socket.socket(socket.AF_INET if scheme == "udp" else socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0) if scheme == "udp" else str(tmp_path / "log"))
        server.settimeout(10)
        place = f"udp://127.0.0.1:{server.getsockname()[1]}" if scheme == "udp" else f"unix://{tmp_path}/log"
        _deliver(Sink(name="s", target=_made(place), form=as_json), journal)
        told = json.loads(server.recv(200_000).decode().partition(" - - ")[2])
    assert (told["user"], told["kind"], told["verdict"], told["seq"]) == ("kim", "query:deny", "deny", 1)
    assert told["details"]["shortened"] == "details: event 1 of the journal has all of it"


def test_syslog_over_tcp_counts_its_octets() -> None:
    got = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def read() -> None:
            stream, _ = server.accept()
            with stream:
                while part := stream.recv(1_000):
                    got.extend(part)

        reader = threading.Thread(target=read)
        reader.start()
        _made(f"tcp://127.0.0.1:{server.getsockname()[1]}").send(["one", "zwei ü"])
        reader.join(10)
    count, _, rest = bytes(got).partition(b" ")
    first, rest = rest[: int(count)], rest[int(count) :]
    count, _, second = rest.partition(b" ")
    assert (first[-4:], second.decode()[-7:], int(count)) == (b" one", " zwei ü", len(second))


def test_syslog_over_a_local_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "log"))
        server.settimeout(10)
        _made(f"unix://{tmp_path}/log").send(["one"])
        assert server.recv(1_000).endswith(b" one")
    with pytest.raises(SinkUnavailable, match="cannot be reached"):
        Syslog(address=f"unix://{tmp_path}/nothing").send(["one"])


def test_a_tcp_server_that_is_not_there_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(SinkUnavailable, match="cannot be reached"):
        _made(f"tcp://127.0.0.1:{port}").send(["one"])


def _refused_query(journal: Journal, alias: str) -> None:
    details = {"request": f'SELECT id AS "{alias}" FROM shop.secret', "ms": 3}
    journal.append(
        Event(
            kind=EventKind.QUERY_DENY, verdict=Verdict.DENY, user="kim", datasets=("shop.l", "shop.m"), details=details
        )
    )


def test_queries_with_long_names_are_no_body_that_a_web_address_refuses(journal: Journal) -> None:
    _fill(journal, 2)
    for _ in range(15):
        _refused_query(journal, "\U0001f600" * 19_000)
    _fill(journal, 230)
    with collector(2**20) as (url, got, refused):
        sink = Sink(name="s", target=_made(url), form=as_json)
        _deliver(sink, journal)
    assert (sink.problem, refused) == ("", [])
    assert [event["seq"] for event in got] == list(range(1, 248))
    assert not any("shortened" in event["details"] for event in got)


@pytest.mark.parametrize("form", ["json", "ocsf"])
def test_who_takes_little_at_once_gets_batches_of_half_the_size_and_of_a_large_event_what_fits(
    form: str, journal: Journal
) -> None:
    _fill(journal, 100)
    _refused_query(journal, "\U0001f600" * 19_000)
    _fill(journal, 100)
    with collector(20_000) as (url, got, refused):
        sink = Sink(name="s", target=_made(url), form=FORMS[form])
        _deliver(sink, journal)
    assert sink.problem == ""
    numbers = [int(event["seq"] if form == "json" else event["metadata"]["uid"]) for event in got]
    assert list(dict.fromkeys(numbers)) == list(range(1, 202))
    assert len(refused) < 20
    large = [event for event, number in zip(got, numbers, strict=True) if number == 101]
    assert len(large) == (1 if form == "json" else 2)
    assert all("event 101 of the journal has all of it" in json.dumps(event) for event in large)
    assert all("kim" in json.dumps(event) for event in large)


def test_a_text_that_a_web_address_does_not_let_in_goes_without_it(journal: Journal) -> None:
    """As what looks for attacks in front of a collector does: one such query would hold up all that come after it."""
    _fill(journal, 3)
    _refused_query(journal, "<script>")
    _fill(journal, 3)
    with collector(2**20) as (url, got, _):
        sink = Sink(name="s", target=_made(url), form=as_json)
        _deliver(sink, journal)
    assert sink.problem == ""
    assert [event["seq"] for event in got] == [1, 2, 3, 4, 5, 6, 7]
    assert got[3]["details"] == {"shortened": "details: event 4 of the journal has all of it"}
    assert got[3]["user"] == "kim"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("where", ["datasets", "columns", "policies", "groups", "tags", "user", "client"])
def test_a_name_that_a_web_address_does_not_let_in_goes_without_it(form: str, where: str, journal: Journal) -> None:
    """Whoever asks for access may name anything."""
    _fill(journal, 3)
    plain = Event(kind=EventKind.REQUEST_CREATE, user="kim", decision_id="d-1", at=datetime.now(UTC))
    odd: dict[str, Any] = {where: "shop.<script>" if where in ("user", "client") else ("shop.<script>",)}
    asked = replace(plain, **odd)
    is_told = any("script" in line for line in FORMS[form](asked))  # not each form has everything
    journal.append(asked)
    _fill(journal, 3)
    with collector(2**20) as (url, got, _):
        sink = Sink(name="s", target=_made(url), form=FORMS[form])
        _deliver(sink, journal)
    assert sink.problem == ""
    told = [event for event in got if "event 4 of the journal has all of it" in json.dumps(event)]
    assert len(told) == is_told
    assert len(got) == 7
    if form == "json":
        assert is_told
        assert (told[0]["kind"], told[0]["seq"], told[0]["decision_id"]) == ("request:create", 4, "d-1")
        assert told[0]["user"] == ("" if where == "user" else "kim")


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_nothing_goes_briefly_to_an_address_that_is_away(status: int, journal: Journal) -> None:
    _refused_query(journal, "x" * 9_000)
    with hook(status) as (url, seen):
        sink = Sink(name="s", target=_made(url), form=as_json)
        _deliver(sink, journal)
    assert len(seen) == 1
    assert (sink.problem, journal.passed_on("s")) == (f"`{url[:-2]}..` answered {status}", 0)


def test_an_event_that_is_refused_in_every_form_holds_its_place(journal: Journal) -> None:
    _refused_query(journal, "x")
    _fill(journal, 3)
    with hook(403) as (url, seen):
        sink = Sink(name="s", target=_made(url), form=as_json)
        _deliver(sink, journal)
    assert (sink.problem, journal.passed_on("s")) == (f"`{url[:-2]}..` answered 403", 0)
    assert len(seen) < 10


def test_a_web_address_gets_an_array_and_the_token() -> None:
    with hook(204) as (url, seen):
        _made(url, token_env="HOOK_TOKEN", HOOK_TOKEN="s3cret").send(['{"a":1}', "CEF:0|x"])
    assert seen == [("Bearer s3cret", [{"a": 1}, "CEF:0|x"])]


@pytest.mark.parametrize("form", ["json", "ocsf", "cef"])
def test_half_of_a_character_in_an_event_keeps_none_of_the_later_ones_back(journal: Journal, form: str) -> None:
    journal.append(Event(kind=EventKind.QUERY_BEGIN, user="ada\udcff"))
    _fill(journal, 1)
    with hook(204) as (url, seen):
        sink = Sink(name="s", target=Webhook(url=url), form=FORMS[form])
        _deliver(sink, journal)
    assert sink.problem == ""
    [(_, lines)] = seen
    assert isinstance(lines, list)
    assert len(lines) == 2


@pytest.mark.parametrize("status", [302, 307, 401, 500])
def test_any_answer_but_a_good_one_is_no_arrival_and_no_redirect_is_followed(status: int) -> None:
    with hook(status) as (url, seen):
        place = Webhook(url=f"{url}?key=hidden", token="s3cret")
        with pytest.raises(SinkUnavailable, match=f"answered {status}") as caught:
            place.send(["{}"])
    assert len(seen) == 1
    assert "hidden" not in str(caught.value)
    assert "s3cret" not in repr(place)


def test_a_web_address_that_answers_a_byte_at_a_time_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                while not over.wait(0.1):
                    connection.send(b"H")

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(SinkUnavailable, match="cannot be reached"):
            Webhook(url=f"http://127.0.0.1:{server.getsockname()[1]}/", seconds=0.5).send(["{}"])
        over.set()
        thread.join(10)


@pytest.mark.parametrize(
    ("to", "more", "told"),
    [
        ("", {}, "no known kind"),
        ("udp://logs.example:99999", {}, "no known kind"),
        ("https://[half", {}, "no known kind"),
        ("ftp://x", {}, "no known kind"),
        ("https://x", {"token_env": "NOT_THERE"}, "`NOT_THERE` is not set"),
    ],
)
def test_a_target_that_cannot_be_is_refused(to: str, more: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsInvalid, match=told):
        _made(to, **more)
