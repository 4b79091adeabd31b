"""Whether what a decision's conditions are judged by is all there: what lacks must not open what they would close."""

from collections.abc import Iterator

from catalog.errors import SourceUnavailable
from catalog.model import Dataset
from catalog.names import fold, quoted
from catalog.sources.connector import Session
from catalog.sources.failures import CHANGED_HINT
from policy_engine.model import Decision


def check_conditions(decision: Decision, session: Session) -> None:
    """Raises SourceUnavailable where a condition reads what no row of a file has any more, or looks something up in a
    file from which rows are left out.

    Example: of a list of those who may not, one line with a comma too many: nobody knows whom it named.
    """
    for lookup in decision.lookups:
        dataset = lookup.dataset
        if session.leaves_out(dataset.source, dataset.relation):
            raise SourceUnavailable(
                f"`{dataset.relation}`, in which a policy looks something up, has rows that cannot be read",
                hint="mend what the last crawl names",
            )
    for dataset in (decision.dataset, *(lookup.dataset for lookup in decision.lookups)):
        gone = session.gone(dataset.source, dataset.relation)
        asked = fold(" ".join(_conditions(decision, dataset))) if gone else ""
        for path in gone:
            if all(quoted(name) in asked for name in path):
                raise SourceUnavailable(
                    f"`{dataset.relation}` has changed since it was last crawled: no row has a `{'.'.join(path)}`"
                    " any more, by which a policy goes",
                    hint=CHANGED_HINT,
                )


def _conditions(decision: Decision, dataset: Dataset) -> Iterator[str]:
    """All SQL over a dataset by which is decided what is shown of a row."""
    if dataset is decision.dataset:
        yield decision.rows.filter
        for column in decision.columns:
            yield from (case.when for each in (column, *column.nested) for case in each.cases)
    for lookup in decision.lookups:
        if dataset is decision.dataset:
            yield lookup.value
        if dataset is lookup.dataset:
            yield from (lookup.column, lookup.where)
