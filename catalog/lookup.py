"""Finds the row that a name means, or says which name was nearly meant."""

import re
from typing import Literal

from catalog.database import Transaction
from catalog.errors import PolicyInvalid, SettingsInvalid, VeilError
from catalog.names import fold, nearest, split

_TAG = re.compile(r"\s*(\w+)\s*[.:]\s*(\w+)\s*\Z")
_UNFIT = re.compile(r'["\x00-\x1f\x7f]')

Kind = Literal["source", "database", "user"]


def tag_name(text: str) -> str:
    """A tag as the catalog writes it, `namespace.name` in lower case; `namespace:name` is understood.

    Example:
        >>> tag_name("PHI:MRN")
        'phi.mrn'
    """
    match = _TAG.match(text)
    if match is None:
        raise PolicyInvalid(
            f"`{text}` is no tag: a tag is a namespace and a name, of letters, digits and underscores",
            hint="write it like `phi.phone_number`",
        )
    return fold(f"{match[1]}.{match[2]}")


def split_dataset(name: str) -> tuple[str, str]:
    """Database and dataset of a full name, quoted where people quote or plain as `Dataset.full_name` has it.

    Example:
        >>> split_dataset('clinic."Lab Results"') == split_dataset("clinic.Lab Results")
        True
    """
    parts = split(name) if '"' in name else tuple(name.split(".", 1))
    if len(parts) != 2 or not all(parts):
        raise PolicyInvalid(f"`{name}` is no dataset's name", hint="write it like `shop.orders`")
    return parts[0], parts[1]


def check_name(name: str, what: str, *, may_hold_dot: bool = False) -> None:
    """Raises SettingsInvalid for a name that could not be told from another once it is written down."""
    if not name.strip() or name != name.strip() or _UNFIT.search(name) or ("." in name and not may_hold_dot):
        raise SettingsInvalid(
            f"`{name}` cannot name a {what}",
            hint="leave out double quotes, control characters and outer spaces"
            + ("" if may_hold_dot else ", and dots"),
        )


def row_id(tx: Transaction, kind: Kind, name: str, error: type[VeilError] = SettingsInvalid) -> int:
    """The id of a source, database or user; raises `error` naming the nearest one that is there."""
    row = tx.row(f"SELECT id FROM {kind} WHERE name = ?", [name])
    if row is None:
        known = [row["name"] for row in tx.rows(f"SELECT name FROM {kind}")]
        raise error(f"there is no {kind} `{name}`", hint=_hint(name, known))
    return int(row["id"])


def tag_id(tx: Transaction, text: str) -> int:
    """The id of a declared tag; raises PolicyInvalid naming the nearest one for any other."""
    name = tag_name(text)
    row = tx.row("SELECT id FROM tag WHERE name = ?", [name])
    if row is None:
        known = [row["name"] for row in tx.rows("SELECT name FROM tag")]
        raise PolicyInvalid(
            f"the tag `{name}` is not declared", hint=_hint(name, known) or "declare it under `tags:` first"
        )
    return int(row["id"])


def dataset_id(tx: Transaction, full_name: str) -> int:
    """The id of a registered dataset; raises PolicyInvalid naming the nearest one for any other."""
    database, name = split_dataset(full_name)
    row = tx.row(
        "SELECT d.id FROM dataset d JOIN database b ON b.id = d.database_id"
        " WHERE b.name = ? AND d.name = ? AND NOT d.is_gone",
        [database, name],
    )
    if row is None:
        known = tx.rows(
            "SELECT b.name || '.' || d.name AS name FROM dataset d JOIN database b ON b.id = d.database_id"
            " WHERE NOT d.is_gone"
        )
        raise PolicyInvalid(
            f"there is no dataset `{full_name}`", hint=_hint(f"{database}.{name}", [row["name"] for row in known])
        )
    return int(row["id"])


def _hint(name: str, known: list[str]) -> str:
    close = nearest(name, known)
    return f"did you mean `{close}`?" if close else ""
