"""A database whose tables are registered one by one."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.model import Database as CatalogDatabase
from catalog.model import Tag, TagAssignment, TagOrigin, TagState
from catalog.tags import Tags
from crawler.crawl import crawl
from policy_engine.changing.apply import carry_out, prepare
from policy_engine.document.reading import load
from policy_engine.store import PolicyStore
from tests.databases import Server
from tests.remote_tables import Database


class Crawled:
    """A database whose tables are registered in `d` one by one."""

    def __init__(self, database: Database, catalog: Catalog, folder: Path) -> None:
        self.database, self.catalog, self.folder = database, catalog, folder
        PolicyStore(catalog).init_home(by="ada")
        Datasets(catalog).put_source(database.source)
        Datasets(catalog).put_database(CatalogDatabase(name="d"))
        Tags(catalog).put_tag(Tag(name="x.secret"))

    def crawl(self, *tables: str) -> None:
        for table in tables:
            crawl(self.catalog, "data", path=self.database.relation(table), into="d", by="ada")

    def declare(self, *tables: str) -> None:
        """Registers them by a document: partitions are listed by their name alone."""
        stated = {f"d.{table}": {"source": "data", "relation": self.database.relation(table)} for table in tables}
        document = self.folder / "d.yaml"
        document.write_text(json.dumps({"veil": 1, "datasets": stated}))
        carry_out(prepare(load([document]), self.catalog, at=datetime.now(UTC)), self.catalog, by="ada")

    def tag(self, table: str, *path: str) -> None:
        self.say(table, path, TagState.CONFIRMED)

    def say(self, table: str, path: tuple[str, ...], state: TagState) -> None:
        Tags(self.catalog).assign(
            TagAssignment(
                dataset=f"d.{table}", path=path, tag="x.secret", state=state, origin=TagOrigin.PERSON, by="ada"
            )
        )

    def heard(self, table: str) -> dict[str, str]:
        found = Tags(self.catalog).assignments(f"d.{table}", tag="x.secret", state=TagState.SUGGESTED)
        return {".".join(each.path): each.evidence for each in found}


@pytest.fixture
def crawled(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str, str], Crawled]]:
    """Makes a database of a kind by SQL, of which nothing is registered yet."""
    with Catalog(tmp_path / "catalog.db") as catalog:

        def made(kind: str, sql: str) -> Crawled:
            server: Server | None = None if kind == "sqlite" else request.getfixturevalue(kind)
            database = Database(kind, server, tmp_path)
            database.run(sql)
            if kind == "mariadb":
                database.run(f"GRANT SHOW VIEW ON {database.name}.* TO {database.name}@'127.0.0.1'")
            return Crawled(database, catalog, tmp_path)

        yield made
