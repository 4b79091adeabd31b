"""Counts the rows that a decision shows, through the governed relation that a query would read."""

import time
from collections.abc import Mapping

from catalog.errors import Internal
from catalog.model import Dataset, Source
from catalog.names import fold, quoted
from catalog.sources.allowed_time import allowed
from catalog.sources.connector import Expected, Limits
from catalog.sources.sessions import SessionCache
from catalog.sources.source_work import SourceWork
from policy_engine.model import Decision
from policy_engine.transforms.keys import KeyRing
from proxy.rewriting.conditions import check_conditions
from proxy.rewriting.secure import govern


def count_rows(
    decision: Decision, sources: Mapping[str, Source], *, sessions: SessionCache, keys: KeyRing, seconds: float
) -> int:
    """How many rows the decision shows; `sources` are by folded name.

    Raises SourceUnavailable when the source cannot be read.
    """
    read = (decision.dataset, *(lookup.dataset for lookup in decision.lookups))
    begun_at = time.monotonic()
    with allowed(seconds):
        session = sessions.open([_part(dataset, sources) for dataset in read])
    check_conditions(decision, session)

    def physical(dataset: Dataset) -> str:
        return session.physical_name(dataset.source, dataset.relation)

    governed = govern(
        decision,
        quoted(physical(decision.dataset)),
        keys,
        lookups={lookup.name: quoted(physical(lookup.dataset)) for lookup in decision.lookups},
    )
    limits = Limits(seconds=seconds, spent=time.monotonic() - begun_at)
    work = {physical(lookup.dataset): SourceWork(is_looked_up=True) for lookup in decision.lookups}
    run = session.run(f"SELECT count(*) AS n FROM {governed.sql}", governed.parameters, limits, work)
    try:
        return int(sum(batch["n"].to_pylist()[0] for batch in run if batch.num_rows))
    finally:
        run.close()


def _part(dataset: Dataset, sources: Mapping[str, Source]) -> tuple[Source, Expected]:
    source = sources.get(fold(dataset.source))
    if source is None:
        raise Internal(f"the source of {dataset.full_name} is not known")
    columns = tuple((column.name, column.type) for column in dataset.columns if len(column.path) == 1)
    return source, Expected(relation=dataset.relation, columns=columns)
