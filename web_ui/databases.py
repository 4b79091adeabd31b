"""A database that is not there yet is made by the way of a document, as anybody else would make it."""

from policy_engine.document.writing import write
from policy_engine.model import Subject
from web_ui.parts import Parts
from web_ui.planning import applied, planned


def made_sure(parts: Parts, subject: Subject, name: str, *, why: str) -> str:
    """The database of that name, made empty if it is not there; raises NotAllowed and PolicyInvalid."""
    known = parts.datasets.database(name)
    if known is None:
        document = write({"databases": {name: {}}})
        applied(parts, subject, planned(parts, subject, document, what="make databases"), why=why)
    found = known or parts.datasets.database(name)
    assert found is not None
    return found.name
