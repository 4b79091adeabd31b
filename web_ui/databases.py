"""Databases that are not there yet are made by the way of a document, as anybody else would make them."""

from catalog.errors import PolicyInvalid
from policy_engine.document.writing import write
from policy_engine.model import Subject
from web_ui.authoring.planning import applied, planned
from web_ui.parts import Parts


def made_sure(parts: Parts, subject: Subject, name: str, *, why: str) -> str:
    """The database of that name, made empty if it is not there; raises NotAllowed and PolicyInvalid."""
    known = parts.datasets.database(name)
    if known is None:
        _make(parts, subject, name, "", why)
    found = known or parts.datasets.database(name)
    assert found is not None
    return found.name


def make(parts: Parts, subject: Subject, name: str, *, comment: str = "", why: str = "") -> None:
    """An empty database, for which policies can be written before there is any data.

    Raises NotAllowed, and PolicyInvalid for a name that is taken or cannot be one.
    """
    if not name:
        raise PolicyInvalid("a database needs a name", hint="write one like `medical_charges`")
    if (known := parts.datasets.database(name)) is not None:
        raise PolicyInvalid(f"there is a database `{known.name}` already", hint="choose another name")
    _make(parts, subject, name, comment, why)


def _make(parts: Parts, subject: Subject, name: str, comment: str, why: str) -> None:
    document = write({"databases": {name: {"comment": comment} if comment else {}}})
    applied(parts, subject, planned(parts, subject, document, what="make databases"), why=why)
