"""What the settings name for the server alone is for no source, wherever it lies and whatever it is called."""

from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.errors import SourceUnavailable
from catalog.home import Home
from catalog.model import Source
from catalog.registry import connect
from web_ui.parts import assemble
from web_ui.settings import AuthSettings, JournalSettings, Settings, SinkSettings


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with data, and with what a server writes of its journal and reads of its secrets."""
    monkeypatch.setenv("COLLECTORS_WORD", "hunter2")
    folder = tmp_path / "logs"
    (folder / "old").mkdir(parents=True)
    for name in ("veil.jsonl", "seals.jsonl", "old/journal.jsonl", "visits.jsonl"):
        (folder / name).write_text('{"a": 1}\n')
    (folder / "secret").write_text("hunter3\n")
    home = Home.create(tmp_path / "home")
    Catalog(home.catalog_file).close()
    settings = Settings(
        auth=AuthSettings(client_secret_env="PROVIDERS_WORD", client_secret_file=str(folder / "secret")),
        journal=JournalSettings(seals=str(folder / "seals.jsonl"), archives=str(folder / "old")),
        sinks={
            "file": SinkSettings(to=f"file://{folder}/veil.jsonl"),
            "web": SinkSettings(to="https://collector.example", token_env="COLLECTORS_WORD"),
        },
    )
    assemble(home, settings).close()
    return folder


def test_the_journal_is_no_data_wherever_the_settings_have_it_written(logs: Path) -> None:
    connector = connect(Source(name="logs", connector="files", options={"path": str(logs)}))
    assert [each.name for each in connector.relations()] == ["visits.jsonl"]
    for relation in ("veil.jsonl", "seals.jsonl", "old/journal.jsonl"):
        with pytest.raises(SourceUnavailable):
            connector.describe(relation)


@pytest.mark.parametrize("named", ["COLLECTORS_WORD", "PROVIDERS_WORD", ""])
def test_secrets_that_the_settings_name_are_no_credentials_of_a_source(logs: Path, named: str) -> None:
    options = {"url_env": named} if named else {"url_file": str(logs / "secret")}
    with pytest.raises(SourceUnavailable, match=r"for the server alone|in the folder of a server"):
        list(connect(Source(name="pond", connector="postgres", options=options)).relations())
