"""How a rule recognises a column: a regex searched in its name, one that its cells match whole, both, or a detector."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import regex

from catalog.errors import PolicyInvalid
from catalog.model import TagRule

_MATCH_SECONDS = 0.05


class RuleTimedOut(Exception):
    """A rule's regex took too long on a name or a cell; such a rule suggests nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """A rule whose regexes are ready to match, each single match within a time limit, or a detector's name."""

    rule: TagRule
    column_name: regex.Pattern[str] | None
    content: regex.Pattern[str] | None
    detector: str | None = None

    def fits_name(self, name: str) -> bool:
        """Whether the name holds what the rule looks for, in upper or lower case."""
        try:
            return self.column_name is not None and bool(self.column_name.search(name, timeout=_MATCH_SECONDS))
        except TimeoutError:
            raise RuleTimedOut(self.rule.name) from None

    def matching_count(self, cells: Mapping[str, int]) -> int:
        """How many cells match whole; the cells come as text with how often each is there."""
        if self.content is None:
            return 0
        try:
            return sum(count for text, count in cells.items() if self.content.fullmatch(text, timeout=_MATCH_SECONDS))
        except TimeoutError:
            raise RuleTimedOut(self.rule.name) from None


def compile_rule(rule: TagRule) -> CompiledRule:
    """A rule ready to match; raises PolicyInvalid when it can never suggest anything sensible.

    Example:
        >>> compile_rule(TagRule(name="mrn by name", tag="phi.mrn", column_name="mrn")).fits_name("Patient_MRN")
        True
    """
    if rule.column_name is None and rule.content is None:
        raise PolicyInvalid(f"rule `{rule.name}` says nothing", hint="give it `column_name`, `content`, or both")
    if not 0 < rule.min_match <= 1:
        raise PolicyInvalid(f"rule `{rule.name}` has a `min_match` of {rule.min_match:g}", hint="a share from 0 to 1")
    if rule.min_rows < 1:
        raise PolicyInvalid(f"rule `{rule.name}` has a `min_rows` of {rule.min_rows}", hint="at least 1")
    return CompiledRule(
        rule=rule,
        column_name=_compiled(rule, "column_name", rule.column_name, regex.IGNORECASE),
        content=_compiled(rule, "content", rule.content, 0),
    )


def check_rule(rule: TagRule) -> None:
    """Raises PolicyInvalid when the rule cannot be used."""
    compile_rule(rule)


def compile_rules(rules: Iterable[TagRule]) -> tuple[CompiledRule, ...]:
    """Rules ready to match, in their order."""
    return tuple(compile_rule(rule) for rule in rules)


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
