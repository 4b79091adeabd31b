"""How Veil is packed: as setuptools does it, with the pages' scripts built first, so that a wheel carries them.

Where npm is not to be had, a wheel is refused unless `VEIL_ASSETS=none` asks for one whose pages do without them.
"""

import os
from collections.abc import Mapping

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    get_requires_for_build_editable,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

from web_ui.assets.bundle import VENDOR, build, is_built
from web_ui.assets.npm import NODE_WHEEL, CannotFetch, has_own_node

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

Settings = Mapping[str, str | list[str] | None] | None


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """What the scripts need beside npm's packages: Node, where the machine has none."""
    return [] if _goes_without() or is_built() or has_own_node() else [NODE_WHEEL]


def get_requires_for_build_sdist(config_settings: Settings = None) -> list[str]:
    """As for a wheel."""
    return get_requires_for_build_wheel(config_settings)


def build_wheel(wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None) -> str:
    """A wheel with the pages' scripts in it."""
    _build_scripts()
    return str(build_meta.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """A source archive with the pages' scripts in it, so that a wheel can be made of it offline."""
    _build_scripts()
    return str(build_meta.build_sdist(sdist_directory, config_settings))


def _goes_without() -> bool:
    return os.environ.get("VEIL_ASSETS") == "none"


def _build_scripts() -> None:
    if _goes_without():
        print(f"VEIL_ASSETS=none: {VENDOR} is left as it is, and pages do without what is not there")
        return
    try:
        build()
    except CannotFetch as problem:
        raise SystemExit(
            f"the scripts of Veil's pages cannot be built: {problem}\n"
            "build where npm's registry can be reached, or set VEIL_ASSETS=none for a package whose pages do without"
        ) from problem
