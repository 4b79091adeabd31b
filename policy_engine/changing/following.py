"""What the datasets of a source that is stated anew have and hold there, though the document does not name them."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress

from catalog import registry
from catalog.crawl_options import leads_elsewhere
from catalog.descent import Descent
from catalog.errors import SourceUnavailable, VeilError
from catalog.flow import Flow
from catalog.model import Dataset, Field, Source
from catalog.names import fold
from catalog.sources.connector import KnowsViews, StaysOpen
from policy_engine.document.places import Stated
from policy_engine.live import DatasetKey, Live

Describe = Callable[[Source, str], tuple[Field, ...]]
Followed = Mapping[DatasetKey, tuple[tuple[Field, ...], tuple[Flow, ...]]]
"""Columns and flows by dataset; no columns where these are as they are known."""

_OPEN_SECONDS = 5.0


def follow_anew(
    stated: Stated[Source], live: Live, describe: Describe, descents: dict[str, Descent], *, but: frozenset[DatasetKey]
) -> Followed:
    """The datasets of a source that may lead elsewhere now, `but` those that are known already.

    One that cannot be read there is left out: what it is made of is not known until a crawl. Raises SourceUnavailable
    when the source cannot be asked at all.
    """
    source, known = stated.value, live.sources.get(fold(stated.value.name))
    if known is None or not leads_elsewhere(known, source):
        return {}
    datasets = {key: each for key, each in live.datasets.items() if fold(each.source) == fold(source.name)}
    left = {key: each for key, each in datasets.items() if key not in but}
    if not left:
        return {}
    try:
        descent = descents.setdefault(fold(source.name), Descent(connector=registry.connect(source)))
        connector = descent.connector
        if not isinstance(connector, KnowsViews):
            return dict.fromkeys(left, ((), ()))
        descent.columns("main.views")  # which is to fail here, once, where no view can be followed
        with connector.stay_open(_OPEN_SECONDS) if isinstance(connector, StaysOpen) else nullcontext():
            return _followed(source, left, describe, descent)
    except SourceUnavailable as error:
        raise SourceUnavailable(
            f"source `{source.name}` cannot be stated anew ({stated.place.file}, line {stated.place.line}), since what"
            f" its {len(left)} datasets are made of there cannot be read: {error.detail}",
            hint="nothing is changed; try again when it can be read, or take its datasets out first",
        ) from error


def _followed(source: Source, datasets: Mapping[DatasetKey, Dataset], describe: Describe, descent: Descent) -> Followed:
    found: dict[DatasetKey, tuple[tuple[Field, ...], tuple[Flow, ...]]] = {}
    for key, dataset in datasets.items():
        with suppress(VeilError):
            fields = describe(source, dataset.relation)
            found[key] = fields, descent.of(dataset.relation, [each.name for each in fields]).flows
    return found
