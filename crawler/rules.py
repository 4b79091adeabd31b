"""How a rule recognises a column: by its name, by its cells (a regex or words), or by a detector."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import regex

from catalog.errors import PolicyInvalid, SourceUnavailable
from catalog.model import TagRule
from catalog.names import nearest
from catalog.sources.own_files import read_named
from crawler.detectors.catalogue import detectors
from crawler.plugins import PluggedDetector, Plugins

_MATCH_SECONDS = 0.05
_COLUMN_SECONDS = 5.0
_LARGEST_FILE = 64_000_000


class RuleTimedOut(Exception):
    """A rule's regex took too long on a name or on cells; for such a column the rule suggests nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """A rule that is ready to match: regexes with a time limit for each match, folded words, or a detector."""

    rule: TagRule
    column_name: regex.Pattern[str] | None = None
    content: regex.Pattern[str] | None = None
    words: frozenset[str] = frozenset()
    detector: str | None = None
    plugin: PluggedDetector | None = None

    def fits_name(self, name: str) -> bool:
        """Whether the name holds what the rule looks for, in upper or lower case."""
        try:
            return self.column_name is not None and bool(self.column_name.search(name, timeout=_MATCH_SECONDS))
        except TimeoutError:
            raise RuleTimedOut(self.rule.name) from None

    def matching(self, cells: Iterable[str]) -> frozenset[str]:
        """The cells that match whole or are one of the words."""
        if self.words:
            return frozenset(text for text in cells if text.casefold() in self.words)
        return frozenset() if self.content is None else frozenset(self._matching(self.content, cells))

    def matching_count(self, cells: Mapping[str, int]) -> int:
        """How many cells match; they come as text with how often each is there."""
        return sum(cells[text] for text in self.matching(cells))

    def _matching(self, content: regex.Pattern[str], cells: Iterable[str]) -> Iterable[str]:
        give_up_at = time.monotonic() + _COLUMN_SECONDS
        try:
            for text in cells:
                if content.fullmatch(text, timeout=_MATCH_SECONDS):
                    yield text
                if time.monotonic() > give_up_at:
                    raise TimeoutError
        except TimeoutError:
            raise RuleTimedOut(self.rule.name) from None


def compile_rule(rule: TagRule, plugins: Plugins | None = None) -> CompiledRule:
    """A rule ready to match; raises PolicyInvalid when it can never suggest anything sensible.

    Example:
        >>> compile_rule(TagRule(name="mrn by name", tag="phi.mrn", column_name="mrn")).fits_name("Patient_MRN")
        True
    """
    looks = (rule.content is not None, bool(rule.words), rule.words_file is not None, rule.detector is not None)
    if rule.column_name is None and not any(looks):
        hint = "give it `column_name`, and `content`, `words`, `words_file` or `detector`"
        raise PolicyInvalid(f"rule `{rule.name}` says nothing", hint=hint)
    if sum(looks) > 1:
        raise PolicyInvalid(f"rule `{rule.name}` looks at cells in two ways", hint="write a rule for each")
    if not 0 < rule.min_match <= 1:
        raise PolicyInvalid(f"rule `{rule.name}` has a `min_match` of {rule.min_match:g}", hint="a share from 0 to 1")
    if rule.min_rows < 1:
        raise PolicyInvalid(f"rule `{rule.name}` has a `min_rows` of {rule.min_rows}", hint="at least 1")
    plugin = (plugins or {}).get(rule.detector or "")
    return CompiledRule(
        rule=rule,
        column_name=_compiled(rule, "column_name", rule.column_name, regex.IGNORECASE),
        content=_compiled(rule, "content", rule.content, 0),
        words=_words(rule),
        detector=None if plugin else _detector(rule, plugins or {}),
        plugin=plugin,
    )


def compile_rules(rules: Iterable[TagRule], plugins: Plugins | None = None) -> tuple[CompiledRule, ...]:
    """Rules ready to match, in their order."""
    return tuple(compile_rule(rule, plugins) for rule in rules)


def _detector(rule: TagRule, plugins: Plugins) -> str | None:
    if rule.detector is None or rule.detector in detectors():
        return rule.detector
    near = nearest(rule.detector, (*detectors(), *plugins))
    raise PolicyInvalid(
        f"rule `{rule.name}` asks for the detector `{rule.detector}`, which is neither built in nor enabled",
        hint=f"did you mean `{near}`?" if near else "enable it under `detectors` in the settings, section [crawl]",
    )


def _words(rule: TagRule) -> frozenset[str]:
    words = frozenset(word.strip().casefold() for word in (*rule.words, *_lines(rule))) - {""}
    if (rule.words or rule.words_file) and not words:
        raise PolicyInvalid(f"rule `{rule.name}` has no words", hint="its list or file is empty")
    return words


def _lines(rule: TagRule) -> Iterable[str]:
    """The words of a rule's file, one on each line, as they are now."""
    if rule.words_file is None:
        return ()
    hint = "one word on each line, in UTF-8"
    try:
        return read_named(Path(rule.words_file), _LARGEST_FILE).splitlines()
    except SourceUnavailable as error:
        raise PolicyInvalid(f"the words of rule `{rule.name}` cannot be read: {error.detail}", hint=hint) from None
    except ValueError:
        raise PolicyInvalid(f"the words of rule `{rule.name}` are no text", hint=hint) from None
    except OSError as error:
        raise PolicyInvalid(
            f"the words of rule `{rule.name}` cannot be read: `{rule.words_file}`: {error.strerror}", hint=hint
        ) from None


def _compiled(rule: TagRule, key: str, text: str | None, flags: int) -> regex.Pattern[str] | None:
    if text is None:
        return None
    try:
        return regex.compile(text, flags | regex.VERSION0)
    except regex.error as error:
        place = "" if error.pos is None else f" at character {error.pos + 1}"
        raise PolicyInvalid(
            f"`{key}` of rule `{rule.name}` is no regular expression: {error.msg}{place}", hint=f"it says `{text}`"
        ) from None
    except RecursionError:
        raise PolicyInvalid(f"`{key}` of rule `{rule.name}` is nested too deeply", hint="write it flatter") from None
