"""Tries a rule on real columns before it is kept: what it matches, what it nearly matches, and how that looks."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from catalog.model import Dataset
from catalog.sources.connector import SourceConnector
from crawler.classify import findings_in, sampled_columns
from crawler.look import SAMPLE_ROWS
from crawler.plugins import Sampled
from crawler.rules import CompiledRule
from crawler.weighing import FEWEST, Fit, Weighed, weigh

_SHOWN = 3
_LONGEST = 40
_KEPT = frozenset(" -_./@:+,()#")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How a rule fits one column. Samples are shapes: never a value, whoever asks.

    `hits` are shapes of cells that match, `misses` of cells that do not, the most frequent first.
    """

    dataset: str
    column: str
    fit: Fit
    confidence: float
    evidence: str
    hits: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()


def try_rule(
    rule: CompiledRule,
    dataset: Dataset,
    connector: SourceConnector,
    rows: int = SAMPLE_ROWS,
    *,
    is_exact: bool = False,
) -> Iterator[Tried]:
    """The columns of a dataset that the rule fits or nearly fits, in order; nothing is kept.

    Unless it `is_exact`, for whoever has the data in hand, shares are rounded, and what fewer than `FEWEST` cells match
    or are shaped like is not told.

    Raises VeilError when the dataset cannot be read, RuleTimedOut and PluginFailed as a crawl would see them.
    """
    fields = connector.describe(dataset.relation)
    sample = connector.sample(dataset.relation, rows)
    columns = tuple(sampled_columns(fields, sample))
    found = findings_in(columns, sample, [rule])
    for column in columns:
        weighed = weigh(rule, column, found.get(column.path, {}), tells_near=True, is_coarse=not is_exact)
        if weighed.fit is not Fit.NONE:
            shown = column.values if rule.rule.counts_cells else {}
            yield _tried(dataset, column, weighed, shown, fewest=1 if is_exact else FEWEST)


def shape(text: str) -> str:
    """How a value looks, without what it says.

    Example:
        >>> shape("Ann-7 (541) 555!")
        'Aaa-0 (000) 000·'
    """
    cut = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return "".join(map(_sign, cut))


def _sign(sign: str) -> str:
    if sign.isdigit():
        return "0"
    if sign.isalpha():
        return "A" if sign.isupper() else "a"
    return sign if sign in _KEPT or sign == "…" else "·"


def _tried(dataset: Dataset, column: Sampled, weighed: Weighed, shown: Mapping[str, int], *, fewest: int) -> Tried:
    """The fit told with the shapes of the shown cells, as far as `fewest` of them have the same shape."""
    hits = {text: count for text, count in shown.items() if text in weighed.matching}
    return Tried(
        dataset=dataset.full_name,
        column=".".join(column.path),
        fit=weighed.fit,
        confidence=weighed.confidence,
        evidence=weighed.evidence,
        hits=_shapes(hits, fewest),
        misses=_shapes({text: count for text, count in shown.items() if text not in hits}, fewest),
    )


def _shapes(cells: Mapping[str, int], fewest: int) -> tuple[str, ...]:
    """The most frequent shapes, the most frequent first."""
    counts = Counter[str]()
    for text, count in cells.items():
        counts[shape(text)] += count
    return tuple(found for found, count in counts.most_common(_SHOWN) if count >= fewest)
