"""Folders of files for tests: how they are written, and read through a session."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl

from catalog.model import Source
from catalog.registry import connect
from catalog.sources.connector import Expected, KnowsDefects
from catalog.sources.sessions import SessionCache
from tests.contracts.connectors import read


def write(path: Path, text: str | bytes) -> None:
    """Puts a file where it is wanted, texts in UTF-8."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def lake(path: Path, **options: str) -> Source:
    """A source of files."""
    return Source(name="lake", connector="files", options={"path": str(path), **options})


def workbook(path: Path, **sheets: Sequence[tuple[object, ...]]) -> None:
    """An Excel file, each sheet by its rows from the first."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    book.save(path)


def changed_sheet(path: Path, old: bytes, new: bytes) -> None:
    """Writes something else into the first sheet of an Excel file."""
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert old in parts[sheet]
    parts[sheet] = parts[sheet].replace(old, new)
    with zipfile.ZipFile(path, "w") as packed:
        for name, part in parts.items():
            packed.writestr(name, part)


def relations(source: Source) -> list[str]:
    """The names of what a source holds."""
    return [relation.name for relation in connect(source).relations()]


def expected(source: Source, relation: str) -> Expected:
    """A relation with the columns that it has now."""
    fields = connect(source).describe(relation)
    return Expected(relation=relation, columns=tuple((field.name, field.type) for field in fields))


def rows(source: Source, relation: str, cache: SessionCache | None = None) -> list[dict[str, object]]:
    """All rows of a relation as it is now."""
    return read(source, expected(source, relation), cache)


def types(source: Source, relation: str) -> dict[str, str]:
    """The columns of a relation with their types."""
    return {field.name: field.type for field in connect(source).describe(relation)}


def defects(source: Source, relation: str) -> tuple[str, ...]:
    """What the connector tells of rows that cannot be read, with where they are."""
    connector = connect(source)
    assert isinstance(connector, KnowsDefects)
    return tuple(f"{defect.what} ({defect.where})" for defect in connector.defects(relation))
