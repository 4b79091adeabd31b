"""What an operator may set, and how a slip of the pen is told."""

from pathlib import Path

import pytest

from catalog.errors import SettingsInvalid
from web_ui.settings import Settings, load_settings


def written(folder: Path, text: str) -> Path:
    file = folder / "veil.toml"
    file.write_text(text)
    return file


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "veil.toml", {}) == Settings()


def test_the_file_sets_and_the_environment_overrides(tmp_path: Path) -> None:
    file = written(tmp_path, '[server]\nport = 9000\nthreads = 4\npublic_url = "https://veil.example"\n')
    settings = load_settings(file, {"VEIL_SERVER__PORT": "9001", "VEIL_QUERY__SECONDS": "2.5", "VEIL_HOME": "/x"})
    assert (settings.server.port, settings.server.threads, settings.query.seconds) == (9001, 4, 2.5)
    assert settings.server.public_url == "https://veil.example"


def test_a_list_is_written_with_commas_in_the_environment(tmp_path: Path) -> None:
    file = written(tmp_path, '[crawl]\ndetectors = ["a", "b"]\n')
    assert load_settings(file, {}).crawl.detectors == ("a", "b")
    assert load_settings(file, {"VEIL_CRAWL__DETECTORS": "c, d,"}).crawl.detectors == ("c", "d")


@pytest.mark.parametrize(
    ("text", "names", "hint"),
    [
        ("[sever]\nport = 1\n", "section `sever`", "`server`"),
        ("[server]\nprot = 1\n", "`prot`", "`port`"),
        ("server = 1\n", "`server`", "[server]"),
        ('[server]\nport = "eighty"\n', "`port` of [server]", "reference"),
        ("[server]\nport = -1\n", "`port` of [server]", "reference"),
        ("[server]\nport = true\n", "`port` of [server]", "reference"),
        ("[session]\nhours = inf\n", "`hours` of [session]", "reference"),
        ("[crawl]\ndetectors = [1]\n", "`detectors` of [crawl]", "reference"),
        ("[server\n", "not valid TOML", "mend"),
        ("[server]\nthreads = 3\n", "`threads` of [server] in `veil.toml` must be 4 at least", "32"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_way_out(tmp_path: Path, text: str, names: str, hint: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        load_settings(written(tmp_path, text), {})
    assert names in refused.value.detail
    assert hint in refused.value.hint


def test_an_unknown_variable_is_refused_by_its_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        load_settings(tmp_path / "veil.toml", {"VEIL_SERVER__PROT": "1"})
    assert "`port`" in refused.value.hint


def test_explain_is_full_or_brief(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="full"):
        load_settings(written(tmp_path, '[query]\nexplain = "breif"\n'), {})
