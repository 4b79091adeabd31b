"""A small shop whose secrets can be varied: what the analyst must not see differs between worlds, and nothing else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import VeilError
from catalog.home import Home
from catalog.journal.journal import Journal
from catalog.registry import connect
from catalog.sources.sessions import SessionCache
from catalog.sources.world import Resources
from policy_engine.changing.apply import carry_out, prepare
from policy_engine.document.reading import load
from policy_engine.model import Subject
from policy_engine.store import PolicyStore
from policy_engine.transforms.functions import FUNCTIONS_PLACE
from policy_engine.transforms.keys import KeyRing
from policy_engine.visibility import Visibility
from proxy.governance import Governor
from proxy.pipeline import Pipeline, QueryLimits, Request
from proxy.reading.parameters import Values
from proxy.reading.tokens import SqlLimits
from proxy.rewriting.resolve import Explain
from web_ui.metrics import Metrics

DOCUMENT = """
veil: 1
sources: {data: {connector: files, path: ./data}}
databases: {shop: {}, lab: {}}
tags: {pci.card: {level: restricted}, pii.phone: {level: confidential}, pii.email: {level: confidential}}
datasets:
  shop.orders:
    source: data
    relation: orders.parquet
    columns: {card: {tags: [pci.card]}, phone: {tags: [pii.phone]}, email: {tags: [pii.email]}}
  shop.customers: {source: data, relation: customers.parquet}
  shop.clients:
    source: data
    relation: clients.parquet
    columns:
      contact.card: {tags: [pci.card]}
      contact.phone: {tags: [pii.phone]}
      visits.card: {tags: [pci.card]}
      cards.value.card: {tags: [pci.card]}
  lab.results: {source: data, relation: results.parquet}
roles: {analyst: {groups: [analysts]}, everything: {groups: [owners]}}
policies:
  - policy: analysts-shop
    grant: select
    to: [analyst]
    scope: shop
    having: not pci.card
    transform: [{tagged: pii.phone, with: mask()}, {tagged: pii.email, with: tokenize()}]
    where: region in ('EU', 'US') or customer = 0
    why: a filter the engine likes to reorder
  - {policy: analysts-customers, grant: select, to: [analyst], scope: shop.customers, why: names are no secret}
  - {policy: owners, grant: select, to: [everything], scope: "*", why: owners see all}
"""

ANALYST = Subject(user="ana", groups=frozenset({"ana", "analysts"}))
OWNER = Subject(user="olga", groups=frozenset({"olga", "owners"}))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A shop with its pipeline."""

    pipeline: Pipeline
    governor: Governor
    catalog: Catalog
    journal: Journal
    datasets: Datasets
    policies: PolicyStore
    folder: Path

    def ask(self, sql: str, subject: Subject = ANALYST, parameters: Values = ()) -> pa.Table:
        """The governed answer, whole."""
        request = Request(sql=sql, parameters=parameters)
        with self.pipeline.query(subject, request, decision_id="d") as answer:
            return pa.Table.from_batches(list(answer.batches()), schema=answer.schema)

    def outcome(self, sql: str, subject: Subject = ANALYST) -> tuple[object, ...]:
        """All that the asker can observe: the columns, types and rows, or the error with all its words."""
        try:
            table = self.ask(sql, subject)
        except VeilError as error:
            return "error", error.code, error.detail, error.hint, error.position
        rows = sorted((tuple(map(repr, row.values())) for row in table.to_pylist()), key=repr)
        return "rows", str(table.schema), table.column_names, rows


def write_shop(folder: Path, secret: str) -> None:
    """The shop's data: every value that the analyst must not see is made from `secret`."""
    ids = range(200)
    regions = [("EU", "US", "APAC", "APAC")[i % 4] for i in ids] + ["APAC"] * len(secret)
    count = len(regions)
    orders = {
        "id": pa.array(range(count), pa.int32()),
        "customer": pa.array([1 + i % 5 for i in range(count)], pa.int32()),
        "email": [f"user{i % 9}@example.com" for i in range(count)],
        "phone": [f"+1 555 {crc32(f'{secret}{i}'.encode()) % 10_000:04d}" for i in range(count)],
        "card": [f"{secret}-{i}" for i in range(count)],
        "region": regions,
        "amount": pa.array([len(secret) + i if regions[i] == "APAC" else i for i in range(count)], pa.int64()),
        "note": [f"{secret}{i}" if regions[i] == "APAC" else str(i) for i in range(count)],
        # one value in all rows that the analyst sees, and in one world in all others too
        "grade": ["A" if region != "APAC" or len(secret) == 4 else None for region in regions],
        "at": pa.array([datetime(2026, 1, 1 + i % 28) for i in range(count)], pa.timestamp("us")),
    }
    customers = {"customer": pa.array([1, 2, 3, 4, 5], pa.int32()), "name": ["Ann", "Bob", "Cy", "Di", "Ed"]}
    clients = {
        "id": range(20),
        "customer": [1 + i % 5 for i in range(20)],
        "region": regions[:20],
        "phone": ["none"] * 20,
        "contact": [
            {
                "city": f"city {i}",
                "phone": f"+1 555 {crc32(f'{secret}{i}'.encode()) % 10_000:04d}",
                "card": f"{secret}{i}",
            }
            for i in range(20)
        ],
        "visits": [[{"card": f"{secret}{i}", "note": f"note {i}"}] * (i % 3) for i in range(20)],
        "cards": pa.array(
            [[("first", {"card": secret, "year": 2000 + i})] for i in range(20)],
            pa.map_(pa.string(), pa.struct([("card", pa.string()), ("year", pa.int32())])),
        ),
    }
    folder.mkdir(parents=True)
    pq.write_table(pa.table(clients), folder / "clients.parquet")
    pq.write_table(pa.table(orders), folder / "orders.parquet")
    pq.write_table(pa.table(customers), folder / "customers.parquet")
    pq.write_table(pa.table({"id": [1, 2], "result": [secret, secret]}), folder / "results.parquet")


@contextmanager
def world(
    folder: Path, secret: str, document: str = DOCUMENT, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[World]:
    """A home with the shop in it, closed at the end."""
    write_shop(folder / "data", secret)
    with governed(folder, document, clock) as made:
        yield made


@contextmanager
def governed(
    folder: Path,
    document: str,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    explain: Explain = "full",
    seconds: float = 300.0,
) -> Iterator[World]:
    """A home under a document, whose data lies in the folder already."""
    (folder / "shop.yaml").write_text(document)
    catalog = Catalog(Home.create(folder / "home").catalog_file)
    datasets, policies, journal = Datasets(catalog), PolicyStore(catalog), Journal(catalog)
    policies.init_home(by="test")
    carry_out(prepare(load([folder / "shop.yaml"]), catalog, at=datetime.now(UTC)), catalog, by="test")
    sessions = SessionCache(connect, Resources(functions=FUNCTIONS_PLACE))
    governor = Governor(
        catalog=catalog,
        datasets=datasets,
        policies=policies,
        visibility=Visibility(catalog, datasets),
        sessions=sessions,
        keys=KeyRing(b"0123456789abcdef0123456789abcdef"),
        clock=clock,
        limits=SqlLimits(),
        explain=explain,
    )
    limits = QueryLimits(explain=explain, seconds=seconds)
    pipeline = Pipeline(governor=governor, policies=policies, journal=journal, limits=limits, meter=Metrics())
    try:
        yield World(
            pipeline=pipeline,
            governor=governor,
            catalog=catalog,
            journal=journal,
            datasets=datasets,
            policies=policies,
            folder=folder,
        )
    finally:
        sessions.close()
        catalog.close()
