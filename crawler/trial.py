"""Tries a rule on real columns before it is kept: what it matches, what it nearly matches, and how that looks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalog.model import Dataset
from catalog.sources.connector import SourceConnector
from crawler.classify import findings_in, sampled_columns
from crawler.look import SAMPLE_ROWS
from crawler.plugins import Sampled
from crawler.rules import CompiledRule
from crawler.weighing import Fit, Weighed, weigh

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
    rule: CompiledRule, dataset: Dataset, connector: SourceConnector, rows: int = SAMPLE_ROWS
) -> Iterator[Tried]:
    """The columns of a dataset that the rule fits or nearly fits, in order; nothing is kept.

    Raises VeilError when the dataset cannot be read, RuleTimedOut and PluginFailed as a crawl would see them.
    """
    fields = connector.describe(dataset.relation)
    sample = connector.sample(dataset.relation, rows)
    columns = tuple(sampled_columns(fields, sample))
    found = findings_in(columns, sample, [rule])
    for column in columns:
        weighed = weigh(rule, column, found.get(column.path, {}), tells_near=True)
        if weighed.fit is not Fit.NONE:
            yield _tried(dataset, column, weighed, counts_cells=rule.rule.counts_cells)


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


def _tried(dataset: Dataset, column: Sampled, weighed: Weighed, *, counts_cells: bool) -> Tried:
    frequent = sorted(column.values, key=lambda text: -column.values[text]) if counts_cells else []
    return Tried(
        dataset=dataset.full_name,
        column=".".join(column.path),
        fit=weighed.fit,
        confidence=weighed.confidence,
        evidence=weighed.evidence,
        hits=_shapes(text for text in frequent if text in weighed.matching),
        misses=_shapes(text for text in frequent if text not in weighed.matching),
    )


def _shapes(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(shape, values)))[:_SHOWN]
