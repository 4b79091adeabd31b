"""What every database server behind a source has in common when something is wrong: a connector's own tests inherit it.

Inherit `ServerContract`, and give the fixture `server` and what differs in SQL.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest

from catalog.errors import SettingsInvalid, SourceTimeout, SourceUnavailable, VeilError
from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import Expected, Limits
from catalog.sources.sessions import SessionCache
from tests.certificates import Authority, Identity
from tests.contracts.connectors import Stop, read
from tests.databases import PASSWORD, Server, mariadb_server, postgres_server
from tests.remote_tables import Database

_SECONDS = 20


class ServerContract:
    """Failures as people meet them; each test has a database and an account of its own.

    `slow` is an expression that takes a minute, `retyped` makes the column `a` of a table a text, `running` counts
    what an account is doing, and `encrypted` asks in a URL for a certificate that an authority has signed.
    """

    kind: ClassVar[str]
    slow: ClassVar[str]
    retyped: ClassVar[str]
    running: ClassVar[str]
    encrypted: ClassVar[str]

    @pytest.fixture
    def database(self, server: Server, tmp_path: Path) -> Database:
        made = Database(self.kind, server, tmp_path)
        made.run("CREATE TABLE people (a int, b int); INSERT INTO people VALUES (1, 2), (3, 4)")
        return made

    @pytest.fixture
    def expected(self, database: Database) -> Expected:
        return described(database.source, database.relation("people"))

    def given(self, folder: Path, url: str) -> Source:
        """A source whose URL lies in a file, as an operator keeps it."""
        (folder / "given.url").write_text(f"{url}\n")
        return Source(name="data", connector=self.kind, options={"url_file": str(folder / "given.url")})

    def test_unreachable_server(self, database: Database, tmp_path: Path) -> None:
        port = f":{database.address[1]}/"
        with pytest.raises(SourceUnavailable, match="cannot be reached") as caught:
            connect(self.given(tmp_path, database.url.replace(port, ":1/"))).describe("people")
        tells_no_secret(caught.value)

    @pytest.mark.parametrize("wrong", ["account", "password"])
    def test_refused_account(self, database: Database, tmp_path: Path, wrong: str) -> None:
        change = (f"{database.name}:", "nobody:") if wrong == "account" else (PASSWORD, "wrong")
        with pytest.raises(SourceUnavailable, match="refuses the account or its password") as caught:
            list(connect(self.given(tmp_path, database.url.replace(*change, 1))).relations())
        tells_no_secret(caught.value)

    def test_url_from_a_variable_or_a_file(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CLINIC_URL", database.url)
        source = Source(name="data", connector=self.kind, options={"url_env": "CLINIC_URL"})
        assert connect(source).sample(database.relation("people"), 9).num_rows == 2

    def test_missing_url(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("NO_SUCH_URL", raising=False)
        for options in ({"url_file": str(tmp_path / "absent")}, {"url_env": "NO_SUCH_URL"}):
            with pytest.raises(SourceUnavailable, match="is missing or empty"):
                connect(Source(name="data", connector=self.kind, options=options)).describe("people")

    @pytest.mark.parametrize("option", ["password", "sslpassword"])
    def test_a_password_in_the_options_is_refused(self, database: Database, option: str) -> None:
        bare = database.url.replace(f":{PASSWORD}@", "@")
        for options in (
            {},
            {"url": bare, "url_env": "X"},
            {"url": database.url},
            {"url": f"{bare}?{option}={PASSWORD}"},
            {"url": f"host=127.0.0.1 user=a {option}={PASSWORD}"},
        ):
            with pytest.raises(SettingsInvalid) as caught:
                connect(Source(name="data", connector=self.kind, options=options))
            tells_no_secret(caught.value)

    def test_changed_while_crawling(self, database: Database, expected: Expected) -> None:
        database.run(self.retyped)
        with pytest.raises(SourceUnavailable, match="column `a` is no longer INTEGER"):
            read(database.source, expected)
        database.run("DROP TABLE people")
        with pytest.raises(SourceUnavailable, match="is no table or view"):
            read(database.source, expected)

    @pytest.mark.parametrize("is_limited", [True, False])
    def test_a_slow_read_is_stopped_in_the_server(self, server: Server, database: Database, is_limited: bool) -> None:
        database.run(f"CREATE VIEW slow AS SELECT 1 AS a, {self.slow} AS b")
        relation = database.relation("slow")
        session = SessionCache(connect).open([(database.source, described(database.source, relation))])
        limits = Limits(seconds=1 if is_limited else None)
        run = session.run(f"FROM {session.physical_name('data', relation)}", {}, limits)
        if not is_limited:
            threading.Timer(1, run.cancel, [Stop()]).start()
        begun = time.monotonic()
        with pytest.raises(SourceTimeout if is_limited else Stop):
            list(run)
        assert time.monotonic() - begun < _SECONDS
        deadline = time.monotonic() + _SECONDS
        while server.run(self.running.format(database.name)).strip() != "0":
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def test_a_password_is_in_nothing_that_is_shown(self, database: Database, expected: Expected) -> None:
        scan = connect(database.source).scan(expected)
        session = SessionCache(connect).open([(database.source, expected)])
        run = session.run(f"FROM {session.physical_name('data', expected.relation)}", {}, Limits())
        shown = (database.source, scan, session.parts, session, run, connect(database.source))
        assert all(PASSWORD not in repr(each) for each in shown)
        assert PASSWORD in str(scan.remote.options if scan.remote else "")


class EncryptionContract:
    """A server that shows a certificate, and hears the account `guarded` only encrypted.

    Give `kind` and `encrypted` as for the other contract. Its certificate is for 127.0.0.1, so that `localhost` is
    another host's name.
    """

    kind: ClassVar[str]
    encrypted: ClassVar[str]

    @pytest.fixture(scope="class")
    @classmethod
    def authority(cls, tmp_path_factory: pytest.TempPathFactory) -> Authority:
        return Authority(tmp_path_factory.mktemp("authority"), "ours")

    @pytest.fixture(scope="class")
    @classmethod
    def url(cls, authority: Authority) -> Iterator[str]:
        with _started(cls.kind, authority.identity("127.0.0.1")) as server:
            if cls.kind == "postgres":
                server.run(f"CREATE DATABASE shop; CREATE ROLE guarded LOGIN PASSWORD '{PASSWORD}'")
                server.run("CREATE TABLE t AS SELECT 1 AS a; GRANT SELECT ON t TO guarded", "shop")
            else:
                account = f"guarded@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'"
                server.run(f"CREATE DATABASE shop; CREATE TABLE shop.t AS SELECT 1 AS a; CREATE USER {account}")
                server.run("GRANT SELECT ON shop.* TO guarded@'127.0.0.1'")
            yield server.url("shop", "guarded")

    def relations(self, folder: Path, url: str) -> list[str]:
        (folder / "url").write_text(url)
        source = Source(name="data", connector=self.kind, options={"url_file": str(folder / "url")})
        return [each.suggested_name for each in connect(source).relations()]

    def test_a_certificate_that_the_authority_has_signed_is_taken(
        self, url: str, authority: Authority, tmp_path: Path
    ) -> None:
        assert self.relations(tmp_path, f"{url}?{self.encrypted.format(authority.file)}") == ["t"]

    def test_another_authority_is_refused(self, url: str, tmp_path: Path) -> None:
        other = Authority(tmp_path, "theirs")
        with pytest.raises(SourceUnavailable, match="its certificate cannot be verified") as caught:
            self.relations(tmp_path, f"{url}?{self.encrypted.format(other.file)}")
        tells_no_secret(caught.value)

    def test_another_host_is_refused(self, url: str, authority: Authority, tmp_path: Path) -> None:
        elsewhere = url.replace("@127.0.0.1:", "@localhost:")
        with pytest.raises(SourceUnavailable, match="its certificate cannot be verified") as caught:
            self.relations(tmp_path, f"{elsewhere}?{self.encrypted.format(authority.file)}")
        tells_no_secret(caught.value)


@contextmanager
def _started(kind: str, identity: Identity) -> Iterator[Server]:
    with (postgres_server if kind == "postgres" else mariadb_server)(identity) as server:
        yield server


def described(source: Source, relation: str) -> Expected:
    """A relation with the columns that it has now."""
    fields = connect(source).describe(relation)
    return Expected(relation=relation, columns=tuple((field.name, field.type) for field in fields))


def tells_no_secret(error: VeilError) -> None:
    """Fails when a password, or the driver's own words, come with an error."""
    assert PASSWORD not in f"{error.detail} {error.hint} {error!r} {error.__cause__!r}"
