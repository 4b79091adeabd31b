"""What others change while a request is on its way: over a connection of their own, as from another process."""

import contextlib
from collections.abc import Callable, Iterator

import pytest

from catalog.database import Catalog, Transaction
from catalog.people.accounts import Accounts
from catalog.people.api_tokens import ApiTokens
from catalog.people.model import User
from web_ui.parts import Parts


@contextlib.contextmanager
def elsewhere(parts: Parts) -> Iterator[Catalog]:
    """The catalog of a home, opened once more."""
    with contextlib.closing(Catalog(parts.catalog.path)) as catalog:
        yield catalog


def remove_user(parts: Parts, name: str) -> None:
    """Take an account away."""
    with elsewhere(parts) as catalog:
        assert Accounts(catalog).remove_user(name)


def regroup(parts: Parts, name: str, *groups: str) -> None:
    """Have an account be in these groups alone, and take its attributes away."""
    with elsewhere(parts) as catalog:
        Accounts(catalog).put_user(User(name=name, groups=frozenset(groups), attributes={}))


def revoke(parts: Parts, token_id: str) -> None:
    """End a token."""
    with elsewhere(parts) as catalog:
        assert ApiTokens(catalog).revoke(token_id)


def revoke_all(parts: Parts, user: str) -> None:
    """End every token of somebody."""
    for token in parts.tokens.tokens(user):
        revoke(parts, token.id)


@contextlib.contextmanager
def overtaken(parts: Parts, meanwhile: Callable[[], object], nth: int = 1) -> Iterator[None]:
    """Something happens elsewhere right before the nth transaction that is not part of another one."""
    begin, left = parts.catalog.transaction, [nth]

    @contextlib.contextmanager
    def transaction() -> Iterator[Transaction]:
        if not parts.catalog.is_in_transaction:
            left[0] -= 1
            if left[0] == 0:
                meanwhile()
        with begin() as tx:
            yield tx

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts.catalog, "transaction", transaction)
        yield
    assert left[0] <= 0, "nothing was changed"
