"""Connectors and their options are named exactly; what is misspelt is told with the nearest name."""

import pytest

from catalog.errors import SettingsInvalid
from catalog.model import Source
from catalog.registry import CONNECTORS, connect


def test_every_connector_is_made_by_its_name() -> None:
    for kind in CONNECTORS:
        options = dict.fromkeys(kind.required, "somewhere") or {"url_env": "SOMEWHERE"}
        assert connect(Source(name="s", connector=kind.name, options=options)).engine == "embedded"


@pytest.mark.parametrize(
    ("connector", "options", "told"),
    [
        ("file", {"path": "x"}, "files"),
        ("nothing-like-it", {"path": "x"}, "duckdb"),
        ("spark", {"url": "sc://h"}, "by `files`"),
        ("files", {}, "needs it"),
        ("files", {"path": ""}, "needs it"),
        ("files", {"path": "x", "pth": "y"}, "path"),
    ],
)
def test_what_is_wrong_is_told_with_what_is_right(connector: str, options: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        connect(Source(name="s", connector=connector, options=options))
    assert told in caught.value.hint
