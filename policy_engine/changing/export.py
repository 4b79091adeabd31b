"""The live state as a folder of documents; applying them changes nothing."""

from collections.abc import Mapping
from pathlib import Path

from policy_engine.document import writing
from policy_engine.document.reading import loads
from policy_engine.document.rewriting import add, as_sections, entries, rewrite, without
from policy_engine.document.writing import Data, write
from policy_engine.live import Live

FILES: Mapping[str, tuple[str, ...]] = {
    "data.yaml": ("sources", "databases", "datasets"),
    "tags.yaml": ("tags", "rules"),
    "people.yaml": ("roles", "users"),
    "policies.yaml": ("policies",),
}
"""Which sections a fresh export writes into which file."""


def export_text(live: Live) -> str:
    """Everything live as one document; secrets and passwords are never in it.

    Example:
        >>> loads(export_text(read_live(catalog)))  # says exactly what is live
    """
    return write(live_sections(live))


def export_files(live: Live, present: Mapping[str, str] | None = None, folder: Path | None = None) -> dict[str, str]:
    """The documents by file name; files that are `present` keep their order and comments where they are right.

    What no present file speaks of is added to the file that a fresh export would have it in.
    """
    sections, base, files = live_sections(live), folder or Path.cwd(), dict[str, str]()
    missing = sections
    for name, text in (present or {}).items():
        place = (base / name).parent
        files[name] = rewrite(text, sections, file=name, folder=place)
        said = as_sections(loads(files[name], file=name, folder=place))
        missing = {key: without(key, data, entries(key, said[key])) for key, data in missing.items()}
    for name, kept in FILES.items():
        added = {section: missing[section] for section in kept if missing[section]}
        if added:
            files[name] = add(files[name], added, file=name) if name in files else write(added)
    return files


def live_sections(live: Live) -> dict[str, Data]:
    """Each section of the document as it is live."""
    return {
        "tags": writing.tags(live.tags.values()),
        "sources": writing.sources(live.sources.values()),
        "databases": writing.databases(live.databases.values()),
        "datasets": writing.datasets(live.datasets.values()),
        "rules": writing.rules(live.rules.values()),
        "roles": writing.roles(live.roles.values()),
        "users": writing.users(live.users.values()),
        "policies": writing.policies(live.policies.values()),
    }
