"""Statements given in the shop, on a real catalog."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.model import Dataset
from catalog.people.accounts import Accounts
from policy_engine.changing.apply import Applied
from policy_engine.ddl.printing import print_line
from policy_engine.ddl.run import Runner
from policy_engine.ddl.views import Answer
from policy_engine.model import Subject
from policy_engine.store import PolicyStore
from policy_engine.subjects import subject_of
from policy_engine.visibility import Visibility
from tests.policy_engine.homes import NOW, apply, shop_home
from tests.policy_engine.shop import SHOP


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The shop with the policies of its document in force."""

    catalog: Catalog
    folder: Path

    def give(self, text: str, person: Subject | None = None) -> Answer | Applied:
        """What a statement answers or does, given by ada at the home itself unless by a person."""
        runner = Runner(
            catalog=self.catalog,
            visibility=Visibility(self.catalog, Datasets(self.catalog)),
            user=person.user if person else "ada",
            subject=person,
        )
        return runner.run(text, lambda: NOW)

    def change(self, text: str) -> list[str]:
        """What a statement changed, a line each."""
        done = self.give(text)
        assert isinstance(done, Applied)
        return [str(change) for change in done.plan.changes]

    def ask(self, text: str, person: Subject | None = None) -> tuple[tuple[str, ...], ...]:
        """The rows that answer a question."""
        done = self.give(text, person)
        assert isinstance(done, Answer)
        assert all(len(row) == len(done.columns) for row in done.rows)
        return done.rows

    def person(self, name: str) -> Subject:
        """Somebody who asks a server."""
        user = Accounts(self.catalog).user(name)
        assert user is not None
        return subject_of(user)

    def policies(self) -> dict[str, str]:
        """Every policy in force, by id, as a statement."""
        return {policy.id: print_line(policy) for policy in PolicyStore(self.catalog).current().policies}

    def orders(self) -> Dataset:
        """The shop's dataset."""
        found = Datasets(self.catalog).dataset("shop", "orders")
        assert found is not None
        return found


@contextmanager
def opened_shop(folder: Path) -> Iterator[Shop]:
    """A shop in a new home."""
    with shop_home(folder) as catalog:
        apply(catalog, SHOP, folder)
        yield Shop(catalog=catalog, folder=folder)
