"""The page about files names every option, and its documents can be applied as they stand."""

import re
from pathlib import Path

import pytest

from catalog.registry import connect, connector_kind
from policy_engine.document.reading import load

PAGE = (Path(__file__).parent.parent.parent / "docs/how-to/connect-files.md").read_text(encoding="utf-8")
DOCUMENTS = dict(re.findall(r"^```yaml (\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))


def test_every_option_is_described_and_every_described_option_is_one() -> None:
    table = PAGE[PAGE.index("## Every option") :]
    described = {
        name for cells in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall("`(.*?)`", cells)
    }
    kind = connector_kind("files")
    assert described == {*kind.required, *kind.optional}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_name_sources_that_can_be_made(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(DOCUMENTS[name], encoding="utf-8")
    sources = [stated.value for stated in load([tmp_path / name]).sources]
    assert sources
    for source in sources:
        connect(source)
