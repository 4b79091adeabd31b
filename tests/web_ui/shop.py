"""A small shop on disk: orders that clerks see in part, bosses whole, and nobody else at all."""

from dataclasses import replace
from pathlib import Path

from argon2 import PasswordHasher

from catalog.database import Catalog
from catalog.home import Home
from catalog.model import Database, Source, Tag, TagAssignment, TagOrigin, TagState
from catalog.people.accounts import Accounts
from catalog.people.model import Role, User
from catalog.registry import connect
from policy_engine.model import (
    Effect,
    HasTag,
    Not,
    Policy,
    Scope,
    TransformCall,
    TransformRule,
)
from web_ui.parts import Parts, assemble
from web_ui.settings import Settings

ORDERS = "id,email,card,land,total\n" + "".join(
    f"{number},user{number}@x.test,4539797705756{number:03d},{'NO' if number % 2 else 'SE'},{number * 10.5}\n"
    for number in range(1, 41)
)
PASSWORD = "a long enough password"

_CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""A hash is meant to be slow, and tests sign in thousands of times."""

_PASSWORD_HASH = _CHEAP.hash(PASSWORD)


def open_shop(folder: Path, settings: Settings | None = None) -> Parts:
    """A new home with the shop in it, put together; the caller closes the parts."""
    (folder / "data").mkdir()
    (folder / "data" / "orders.csv").write_text(ORDERS)
    home = Home.create(folder / "home")
    Catalog(home.catalog_file).close()
    parts = assemble(home, settings or Settings())
    parts = replace(parts, accounts=Accounts(parts.catalog, hasher=_CHEAP))
    _fill(parts, folder / "data")
    return parts


def _fill(parts: Parts, data: Path) -> None:
    source = Source(name="lake", connector="files", options={"path": str(data)})
    parts.tags.put_tag(Tag(name="pii.email"))
    parts.tags.put_tag(Tag(name="fin.card"))
    parts.datasets.put_source(source)
    parts.datasets.put_database(Database(name="shop", comment="what we sold"))
    parts.datasets.register("shop", "orders", "lake", "orders.csv", connect(source).describe("orders.csv"))
    for path, tag in (("email", "pii.email"), ("card", "fin.card")):
        parts.tags.assign(
            TagAssignment(
                dataset="shop.orders",
                path=(path,),
                tag=tag,
                state=TagState.CONFIRMED,
                origin=TagOrigin.DOCUMENT,
                evidence=f"name matches `{path}`",
            )
        )
    for user, groups in (("kim", "clerks"), ("max", "admin"), ("ada", "auditor"), ("eve", "guests")):
        parts.accounts.put_user(
            User(name=user, groups=frozenset({groups}), attributes={"land": "NO"}, password_hash=_PASSWORD_HASH)
        )
    clerks = Policy(
        id="clerks",
        effect=Effect.GRANT,
        roles=("clerk",),
        scope=Scope(database="shop"),
        having=Not(HasTag("fin.card")),
        transforms=(TransformRule(tagged=HasTag("pii.email"), call=TransformCall(name="tokenize")),),
        where="land = user_attribute('land')",
        why="clerks serve their own land",
    )
    bosses = Policy(id="bosses", effect=Effect.GRANT, roles=("boss",), scope=Scope(), why="they own it")
    roles = (
        Role(name="clerk", groups=frozenset({"clerks"})),
        Role(name="boss", groups=frozenset({"admin"})),
    )
    parts.policies.put((clerks, bosses), roles, by="test", why="the shop opens", difference="+ everything")
