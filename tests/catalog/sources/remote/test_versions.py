"""A server that is too old to work masked cells out is told so; what it can do without them it still does."""

from dataclasses import replace
from pathlib import Path

import pytest

from catalog.errors import SourceUnavailable
from catalog.sources.remote import versions
from catalog.sources.remote.openers import columns_of, located, open_snapshot
from catalog.sources.remote.snapshot import RemoteColumn
from catalog.sources.remote.versions import Since, mariadb_version, postgres_version, refuse_older
from tests.databases import Server
from tests.remote_tables import Database

PLAIN = RemoteColumn(name="a", type="INTEGER", expression="a")
CELL = replace(PLAIN, is_cell=True)
KEYED = replace(CELL, keys={"k": b"0" * 32})


@pytest.mark.parametrize(
    ("said", "system", "version"),
    [
        ("5.5.5-10.11.6-MariaDB-0+deb12u1", "MariaDB", (10, 11, 6)),
        ("11.4.2-MariaDB", "MariaDB", (11, 4, 2)),
        ("8.0.36-0ubuntu0.22.04.1", "MySQL", (8, 0, 36)),
        ("5.5.5", "MySQL", (5, 5, 5)),
        ("unknown", "MySQL", (0,)),
    ],
)
def test_versions_are_read_as_servers_say_them(said: str, system: str, version: tuple[int, ...]) -> None:
    assert mariadb_version(said) == (system, version)
    assert postgres_version(90_624) < (10,) <= postgres_version(100_000) < (13,) <= postgres_version(130_001)


@pytest.mark.parametrize(
    ("system", "version", "column", "told"),
    [
        ("PostgreSQL", (12, 22), KEYED, "PostgreSQL 12.22, which cannot work out masks that take a key.* 13"),
        ("PostgreSQL", (9, 6), CELL, "PostgreSQL 9.6, which cannot work out masks: that takes version 10"),
        ("MariaDB", (10, 6, 18), KEYED, "MariaDB 10.6.18, .* a key: that takes version 10.10"),
        ("MySQL", (5, 7, 44), CELL, "MySQL 5.7.44, which cannot work out masks: that takes version 8.0.4"),
    ],
)
def test_what_is_too_old_is_refused_and_only_for_cells(
    system: str, version: tuple[int, ...], column: RemoteColumn, told: str
) -> None:
    with pytest.raises(SourceUnavailable, match=told) as caught:
        refuse_older("clinic", system, version, [PLAIN, column])
    assert ("keyless" in caught.value.hint) == bool(column.keys)
    refuse_older("clinic", system, version, [PLAIN])
    refuse_older("clinic", system, versions.SINCE[system].keys, [PLAIN, column])


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_scan_asks_the_real_server_which_version_it_is(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server: Server = request.getfixturevalue(kind)
    database = Database(kind, server, tmp_path)
    database.run("CREATE TABLE people (a int); INSERT INTO people VALUES (1)")
    system = {"postgres": "PostgreSQL", "mariadb": "MariaDB"}[kind]
    monkeypatch.setattr(versions, "SINCE", {system: Since(masks=(99,), keys=(99,))})
    snapshot = open_snapshot(kind, "clinic", {"url": database.url}, 60)
    try:
        table = located(snapshot, database.relation("people"))
        [column] = columns_of(snapshot, table)
        assert sum(batch.num_rows for batch in snapshot.read(table, [column], [])) == 1
        with pytest.raises(SourceUnavailable, match=f"is {system} 1.*: that takes version 99"):
            list(snapshot.read(table, [replace(column, is_cell=True)], []))
    finally:
        snapshot.close()
