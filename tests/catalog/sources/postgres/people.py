"""A PostgreSQL database as a source, and its relations as the catalog knows them."""

import itertools
from pathlib import Path

from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import Expected

NUMBERS = itertools.count()


def given(folder: Path, url: str) -> Source:
    """A source whose URL lies in a file, as an operator keeps it."""
    file = folder / f"url{next(NUMBERS)}"
    file.write_text(f"{url}\n")
    return Source(name="clinic", connector="postgres", options={"url_file": str(file)})


def described(source: Source, relation: str) -> Expected:
    fields = connect(source).describe(relation)
    return Expected(relation=relation, columns=tuple((field.name, field.type) for field in fields))
