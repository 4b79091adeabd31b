"""The shop's home for tests, and documents planned and applied there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from catalog.database import Catalog
from catalog.home import Home
from policy_engine.changing.apply import Applied, carry_out, prepare
from policy_engine.changing.plan import Plan
from policy_engine.document.reading import loads
from policy_engine.store import PolicyStore
from tests.policy_engine.shop import CSV

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@contextmanager
def shop_home(folder: Path) -> Iterator[Catalog]:
    """A new home whose `d/orders.csv` lies beside it; nothing but the first grant is in force."""
    (folder / "d").mkdir()
    (folder / "d" / "orders.csv").write_text(CSV)
    home = Home.create(folder / "home")
    with Catalog(home.catalog_file) as catalog:
        PolicyStore(catalog).init_home(by="ada")
        yield catalog


def plan(
    catalog: Catalog, text: str, folder: Path, *, prune: bool = False, environment: Mapping[str, str] | None = None
) -> Plan:
    """What the text would change."""
    document = loads(text, folder=folder)
    return prepare(document, catalog, at=NOW, prune=prune, environment=environment or {})


def apply(
    catalog: Catalog, text: str, folder: Path, *, prune: bool = False, environment: Mapping[str, str] | None = None
) -> Applied:
    """The text, planned and carried out by ada."""
    return carry_out(plan(catalog, text, folder, prune=prune, environment=environment), catalog, by="ada")
