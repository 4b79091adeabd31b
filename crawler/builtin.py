"""The tags and rules that every crawl knows: one for each detector; a home's own rules come on top."""

from catalog.model import Tag, TagRule
from crawler.detectors.catalogue import Detector, detectors
from crawler.rules import CompiledRule

BUILTIN_TAGS: tuple[Tag, ...] = tuple(detector.tag for detector in detectors().values())


def rule_of(detector: Detector) -> CompiledRule:
    """The rule that lets a detector suggest its own tag; a home's rule of the same name takes its place."""
    rule = TagRule(name=f"detector {detector.name}", tag=detector.tag.name)
    return CompiledRule(rule=rule, detector=detector.name)


BUILTIN_RULES: tuple[CompiledRule, ...] = tuple(map(rule_of, detectors().values()))
