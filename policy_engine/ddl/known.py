"""What a statement names must be there; when it is not, the refusal names what nearly is."""

from catalog.errors import PolicyInvalid
from catalog.model import Column, Database, Dataset
from catalog.names import fold, nearest
from catalog.people.model import Role
from policy_engine.ddl.model import Target
from policy_engine.live import Live, dataset_key
from policy_engine.model import Policy, TagExpression
from policy_engine.tag_expressions import tags_of


def known_role(name: str, live: Live) -> Role:
    """The role of that name; raises PolicyInvalid naming the nearest."""
    role = live.roles.get(fold(name))
    if role is None:
        near = nearest(name, [known.name for known in live.roles.values()])
        hint = f"did you mean `{near}`?" if near else f"write `CREATE ROLE {name}` first"
        error = PolicyInvalid(f"Role '{name}' does not exist", hint=hint)
        error.gives = ("role", near or "")
        raise error
    return role


def known_database(name: str, live: Live) -> Database:
    """The database of that name; raises PolicyInvalid naming the nearest."""
    database = live.databases.get(fold(name))
    if database is None:
        raise _unknown("database", name, [known.name for known in live.databases.values()])
    return database


def known_dataset(target: Target, live: Live) -> Dataset:
    """The dataset of that name; raises PolicyInvalid naming the nearest."""
    dataset = live.datasets.get(dataset_key(target.database, target.dataset or ""))
    if dataset is None:
        name = f"{target.database}.{target.dataset}"
        raise _unknown("table", name, [known.full_name for known in live.datasets.values()])
    return dataset


def known_column(dataset: Dataset, path: tuple[str, ...]) -> Column:
    """The column or nested field of that path; raises PolicyInvalid naming the nearest."""
    wanted = folded(path)
    column = next((known for known in dataset.columns if folded(known.path) == wanted), None)
    if column is None:
        raise no_column(dataset.full_name, path, dataset)
    return column


def no_column(table: str, path: tuple[str, ...], dataset: Dataset | None) -> PolicyInvalid:
    """The refusal of a column that is not there, or whose table is not."""
    name = ".".join(path)
    near = nearest(name, [column.name for column in dataset.columns] if dataset else [])
    error = PolicyInvalid(
        f"`{table}` has no column `{name}`. Verify that both table and columns exist",
        hint=f"did you mean `{near}`?" if near else "see `SHOW TABLES IN ..` and `DESCRIBE ..`",
    )
    error.gives = ("dataset", table)
    return error


def known_tag(name: str, live: Live, refusal: str = "") -> str:
    """The tag, if it is declared; raises PolicyInvalid naming the nearest, after the words of `refusal`."""
    if name not in live.tags:
        near = nearest(name, live.tags)
        hint = f"did you mean `{near}`?" if near else f"write `CREATE ATTRIBUTE {name}` first"
        raise PolicyInvalid(f"{refusal}the attribute `{name}` does not exist", hint=hint)
    return name


def conditions_of(policy: Policy) -> tuple[TagExpression, ...]:
    """Every condition on tags that a policy has."""
    having = (policy.having,) if policy.having is not None else ()
    return (*having, *(rule.tagged for rule in policy.transforms))


def tags_named(policy: Policy) -> frozenset[str]:
    """Every tag that a policy names."""
    return frozenset(tag for condition in conditions_of(policy) for tag in tags_of(condition))


def folded(path: tuple[str, ...]) -> tuple[str, ...]:
    """A path as it is compared."""
    return tuple(fold(part) for part in path)


def _unknown(what: str, name: str, known: list[str]) -> PolicyInvalid:
    near = nearest(name, known)
    error = PolicyInvalid(
        f"the {what} `{name}` does not exist",
        hint=f"did you mean `{near}`?"
        if near
        else f"see `SHOW {'DATABASES' if what == 'database' else 'TABLES IN ..'}`",
    )
    error.gives = ("database" if what == "database" else "dataset", near or "")
    return error
