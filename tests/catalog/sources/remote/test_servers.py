"""What is told when something is wrong with a server or the way to it, the same of every system, with real servers."""

from pathlib import Path

import pytest

from catalog.errors import SourceUnavailable
from tests.contracts.servers import EncryptionContract, ServerContract, tells_no_secret
from tests.databases import Server


class _Postgres:
    kind = "postgres"
    slow = "pg_sleep(60) IS NULL"
    retyped = "ALTER TABLE people ALTER a TYPE text"
    running = "SELECT count(*) FROM pg_stat_activity WHERE usename = '{0}' AND state = 'active'"
    encrypted = "sslmode=verify-full&sslrootcert={0}"


class _MariaDb:
    kind = "mariadb"
    slow = "sleep(60)"
    retyped = "ALTER TABLE people MODIFY a text"
    running = "SELECT count(*) FROM information_schema.processlist WHERE user = '{0}' AND info LIKE '%slow%'"
    encrypted = "ssl_ca={0}"


class TestPostgres(_Postgres, ServerContract):
    @pytest.fixture
    def server(self, postgres: Server) -> Server:
        return postgres


class TestMariaDb(_MariaDb, ServerContract):
    @pytest.fixture
    def server(self, mariadb: Server) -> Server:
        return mariadb


class TestEncryptedPostgres(_Postgres, EncryptionContract):
    def test_without_encryption_nothing_is_read(self, url: str, tmp_path: Path) -> None:
        with pytest.raises(SourceUnavailable, match="refuses the account without encryption") as caught:
            self.relations(tmp_path, f"{url}?sslmode=disable")
        tells_no_secret(caught.value)


class TestEncryptedMariaDb(_MariaDb, EncryptionContract):
    def test_encryption_is_used_though_the_url_does_not_ask_for_it(self, url: str, tmp_path: Path) -> None:
        assert self.relations(tmp_path, url) == ["t"]  # the server hears nobody without
