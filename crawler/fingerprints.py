"""The mark that a look leaves on a dataset: while it stays the same, nothing would be found that is not known."""

import functools
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from importlib import resources
from importlib.resources.abc import Traversable

from crawler.rules import CompiledRule


def rules_digest(rules: Iterable[CompiledRule], rows: int) -> str:
    """What everything that judges comes to: rules, the words in their files, detectors, and the rows of a sample."""
    told = [
        [asdict(each.rule), sorted(each.words), each.detector, each.plugin is not None and each.plugin.name]
        for each in rules
    ]
    return _digest(json.dumps([told, rows, _detectors_digest()], ensure_ascii=False, sort_keys=True))


def mark(fingerprint: str, digest: str) -> str:
    """The mark of a relation as its source tells it; empty, and so never the same, when the source tells nothing.

    Example:
        >>> mark("", "d")
        ''
    """
    return _digest(f"{fingerprint}\n{digest}") if fingerprint else ""


@functools.cache
def _detectors_digest() -> str:
    """The built-in detectors as they are: an upgrade makes a crawl look again."""
    digest = hashlib.sha256()
    for file in _files(resources.files("crawler")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _files(folder: Traversable) -> Iterable[Traversable]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _files(entry)
        elif entry.name.endswith((".py", ".csv", ".txt")):
            yield entry


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
