"""Rules as people look after them: each with how often it was right so far, tried before it is kept, and kept."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from catalog.model import TagRule
from catalog.names import fold
from catalog.tag_assignments import Choice, TagAssignments, Tally
from crawler.builtin import BUILTIN_RULES
from crawler.detectors.catalogue import detectors
from policy_engine.capabilities import Action, Rights
from policy_engine.changing.apply import Applied
from policy_engine.changing.plan import Plan, plan_between
from policy_engine.changing.removal import without_rule
from policy_engine.live import read_live
from policy_engine.model import Subject
from policy_engine.tag_review import namespaces_of
from web_ui.authoring.planning import applied, planned
from web_ui.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A rule with what people said of its suggestions; one `is_own` that a document or a person stated."""

    rule: TagRule
    is_own: bool
    suggested: int = 0
    confirmed: int = 0
    rejected: int = 0

    @property
    def judged(self) -> int:
        """How many of its suggestions people judged."""
        return self.confirmed + self.rejected

    @property
    def precision(self) -> float | None:
        """The share of the judged ones that was right; None while nobody judged any."""
        return self.confirmed / self.judged if self.judged else None

    @property
    def looks(self) -> str:
        """What the rule looks at, in words; of lists of words only how long they are, as they may be data.

        Example: `names like `mrn`; cells like `M[0-9]{7}` (at least 80 % of 20)`.
        """
        return "; ".join(_looks(self.rule))


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A tag with how often it stands where."""

    tag: str
    comment: str
    level: str
    suggested: int
    confirmed: int
    rejected: int

    @property
    def namespace(self) -> str:
        """The namespace of the tag."""
        return self.tag.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRules:
    """Tags and rules as one person may look after them.

    INVARIANT: of other namespaces than the person's own no count and no rule is told.
    """

    parts: Parts
    subject: Subject

    @property
    def may_change(self) -> bool:
        """Whether the person may make tags, and try and keep rules."""
        return self._rights().may(Action.HOME_ADMINISTER)

    def rules(self) -> tuple[Recorded, ...]:
        """The home's own rules by name, then built-in ones that suggested something."""
        tallies, own = self._tallies(), self.parts.tags.rules()
        known = {fold(rule.name) for rule in own}
        built_in = [each.rule for each in BUILTIN_RULES if fold(each.rule.name) not in known]
        told = [
            *(_recorded(rule, tallies, is_own=True) for rule in own if self._is_mine(rule.tag)),
            *(_recorded(rule, tallies, is_own=False) for rule in built_in if self._is_mine(rule.tag)),
        ]
        return tuple(each for each in told if each.is_own or each.judged or each.suggested)

    def tags(self) -> tuple[Used, ...]:
        """The tags of the person's namespaces, each with its uses."""
        counts: Counter[tuple[str, str]] = Counter()
        for tally in self._tallies():
            for state in ("suggested", "confirmed", "rejected"):
                counts[tally.tag, state] += getattr(tally, state)
        return tuple(
            Used(
                tag=tag.name,
                comment=tag.comment,
                level=tag.level.value,
                **{state: counts[tag.name, state] for state in ("suggested", "confirmed", "rejected")},
            )
            for tag in self.parts.tags.tags()
            if self._is_mine(tag.name)
        )

    def put_tag(self, name: str, comment: str, level: str, *, why: str = "") -> Applied:
        """Makes a tag, or says its comment and level anew, as a document would."""
        said = {key: value for key, value in (("comment", comment), ("level", level)) if value}
        return self._apply({"tags": {name: said}}, why)

    def put_rule(self, entry: Mapping[str, object], *, why: str = "") -> Applied:
        """Keeps a rule as a document states it, and its tag too if nobody has declared it yet."""
        self._rights().require(Action.HOME_ADMINISTER, None, "keep rules")
        tag = str(entry.get("tag", "")).replace(":", ".")
        is_known = any(fold(each.name) == fold(tag) for each in self.parts.tags.tags())
        declared = {} if is_known or not tag else {"tags": {tag: _as_known(tag)}}
        return self._apply({**declared, "rules": [dict(entry)]}, why)

    def remove_rule(self, name: str, *, why: str = "") -> Applied:
        """Takes a rule away; what it suggested stays to be judged, and no crawl hears it any more."""
        self._rights().require(Action.HOME_ADMINISTER, None, "take rules away")
        return applied(self.parts, self.subject, rule_removal(self.parts, name), why=why)

    def _apply(self, sections: Mapping[str, object], why: str) -> Applied:
        text = json.dumps({"veil": 1, **sections})
        return applied(self.parts, self.subject, planned(self.parts, self.subject, text, what="make tags"), why=why)

    def _tallies(self) -> tuple[Tally, ...]:
        return TagAssignments(self.parts.catalog).tallied(Choice(namespaces=self._namespaces()))

    def _is_mine(self, tag: str) -> bool:
        namespaces = self._namespaces()
        return self.may_change or namespaces is None or fold(tag.partition(".")[0]) in namespaces

    def _namespaces(self) -> frozenset[str] | None:
        """Whose tags are counted; who administers and may assign none knows the rules, and no count."""
        rights = self._rights()
        return rights.places(Action.TAG_ASSIGN) if self.may_change else namespaces_of(rights)

    def _rights(self) -> Rights:
        return Rights(self.subject, self.parts.policies.current())


def rule_removal(parts: Parts, name: str) -> Plan:
    """What taking a rule away would change; raises PolicyInvalid for one that is not there."""
    live = read_live(parts.catalog)
    return plan_between(live, without_rule(live, name), at=parts.clock())


def known_detectors(parts: Parts) -> tuple[str, ...]:
    """The names of all detectors, the plugged-in ones too."""
    return (*sorted(detectors()), *sorted(parts.plugins))


def _as_known(name: str) -> dict[str, str]:
    """A tag as a detector declares it; nothing of a tag that no detector knows."""
    known = next((each.tag for each in detectors().values() if fold(each.tag.name) == fold(name)), None)
    return {"comment": known.comment, "level": known.level.value} if known else {}


def _recorded(rule: TagRule, tallies: tuple[Tally, ...], *, is_own: bool) -> Recorded:
    mine = [tally for tally in tallies if fold(tally.rule) == fold(rule.name)]
    return Recorded(
        rule=rule,
        is_own=is_own,
        suggested=sum(tally.suggested for tally in mine),
        confirmed=sum(tally.confirmed for tally in mine),
        rejected=sum(tally.rejected for tally in mine),
    )


def _looks(rule: TagRule) -> Iterator[str]:
    if rule.column_name:
        yield f"names like `{rule.column_name}`"
    if rule.counts_cells:
        what = f"cells like `{rule.content}`" if rule.content else "cells that stand in a file of words"
        if rule.words:
            what = f"cells that are one of {len(rule.words):,} words"
        yield f"{what} (at least {rule.min_match:.0%} of {rule.min_rows:,} or more)".replace("%", " %")
    if rule.detector:
        yield f"the detector `{rule.detector}`"
    if rule.name.startswith("detector ") and not (rule.column_name or rule.counts_cells or rule.detector):
        yield "built in"
