"""Detectors that an operator plugs in: Python packages that offer one by an entry point, enabled by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Protocol

from catalog.errors import SettingsInvalid
from catalog.names import nearest

GROUP = "veil.detectors"
"""The group of entry points under which a package offers a detector."""

_TELLING = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """A column as a plug-in looks at it: its path, its type as DuckDB writes it, and its values with their counts.

    Values are stripped text, distinct, without nulls and cut to 1,024 characters.
    """

    path: tuple[str, ...]
    type: str
    values: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How sure a plug-in is, from 0 to 1, and why; the evidence never holds a value."""

    confidence: float
    evidence: str


class PluggedDetector(Protocol):
    """What a plug-in offers: a name for rules to ask for, and a judgement of one column, None for no opinion.

    Example:
        class Members:
            name = "acme_member"

            def judge(self, column: Sampled) -> Judgement | None:
                hits = sum(n for text, n in column.values.items() if text.startswith("M"))
                return Judgement(confidence=0.9, evidence=f"{hits} values begin like members") if hits > 20 else None
    """

    name: str

    def judge(self, column: Sampled) -> Judgement | None: ...


Plugins = Mapping[str, PluggedDetector]


class PluginFailed(Exception):
    """A plug-in raised, or answered with something that is no judgement; it then suggests nothing."""


def load_plugins(enabled: Iterable[str]) -> Plugins:
    """The plug-ins of these names; raises SettingsInvalid for one that no installed package offers.

    Example: `detectors = ["acme_member"]` under `[crawl]` in `veil.toml`.
    """
    names = tuple(dict.fromkeys(enabled))
    offered = {entry.name: entry for entry in entry_points(group=GROUP)} if names else {}
    loaded: dict[str, PluggedDetector] = {}
    for name in names:
        if name not in offered:
            near = nearest(name, offered)
            hint = f"did you mean `{near}`?" if near else f"install the package that offers it under `{GROUP}`"
            raise SettingsInvalid(f"no installed package offers the detector `{name}`", hint=hint)
        try:
            plugin = offered[name].load()()
        except Exception as error:
            kind = type(error).__name__
            raise SettingsInvalid(
                f"the detector `{name}` cannot be loaded ({kind})", hint="mend its package, or take it out"
            ) from error
        if getattr(plugin, "name", None) != name or not callable(getattr(plugin, "judge", None)):
            raise SettingsInvalid(f"what is offered as `{name}` is no detector of that name", hint="mend its package")
        loaded[name] = plugin
    return loaded


def judged(plugin: PluggedDetector, column: Sampled) -> Judgement | None:
    """The judgement of a plug-in, with evidence that tells no value; raises PluginFailed."""
    try:
        told = plugin.judge(column)
    except Exception as error:
        raise PluginFailed(f"the detector `{plugin.name}` failed ({type(error).__name__})") from error
    if told is None:
        return None
    if not isinstance(told, Judgement) or not isinstance(told.evidence, str) or not 0 <= told.confidence <= 1:
        raise PluginFailed(f"the detector `{plugin.name}` gave no judgement")
    if any(text in told.evidence for text in column.values if len(text) >= _TELLING):
        return Judgement(confidence=told.confidence, evidence=f"the detector `{plugin.name}` says so")
    return told
