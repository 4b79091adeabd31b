"""What is legal in a document and yet worth a word: what meets no data or not its type, variables not set."""

from collections.abc import Iterator

from catalog import names
from catalog.model import Dataset
from policy_engine.changing.facts import Facts
from policy_engine.changing.merging import folded
from policy_engine.changing.notes import Note
from policy_engine.changing.unfit import Unfit, unfit_transforms
from policy_engine.document.model import Document
from policy_engine.filters import filters
from policy_engine.filters.fitting import misfit
from policy_engine.live import Live
from policy_engine.model import Effect, Policy
from policy_engine.own_names import is_own, may_mean
from policy_engine.profile import profile


def plan_warnings(document: Document, after: Live, facts: Facts) -> tuple[Note, ...]:
    """What an administrator should know before applying, in the order of the document."""
    variables = (
        Note(f"the variable `{name}` is not set here; `veil apply` needs it", kind="variable", name=name)
        for name in facts.missing_variables
    )
    policies = (warning for stated in document.policies for warning in scope_warnings(stated.value, after))
    return (*variables, *policies)


def scope_warnings(policy: Policy, after: Live) -> Iterator[Note]:
    """What of a policy is not there or does not fit: worth a word and no refusal, as data may come later."""
    yield from place_warnings(policy, after)
    yield from filter_warnings(policy, after)
    yield from transform_warnings(policy, after)


def _note(policy: Policy, words: str, near: str = "") -> Note:
    """One warning; a database that is `near` is named to those alone who may know of it."""
    general = f"policy `{policy.id}`: {words}"
    text, gives = (f"{general}; did you mean `{near}`?", ("database", near)) if near else (general, None)
    return Note(text, kind="policy", name=policy.id, gives=gives, general=general)


def place_warnings(policy: Policy, after: Live) -> Iterator[Note]:
    """What of a policy's scope is not there."""
    scope = policy.scope
    if scope.database is not None and not _is_there(scope.database, after):
        near = names.nearest(scope.database, (database.name for database in after.databases.values()))
        yield _note(policy, f"there is no database `{scope.database}` yet", near or "")
        return
    covered = covered_datasets(policy, after)
    if scope.dataset is not None and not covered:
        yield _note(policy, f"there is no dataset `{scope.database}.{scope.dataset}` yet")
    for dataset in covered:
        for path in scope.columns:
            if folded(path) not in profile(dataset).paths and not is_own(scope):
                yield _note(policy, f"`{dataset.full_name}` has no column `{'.'.join(path)}`")


def filter_warnings(policy: Policy, after: Live) -> Iterator[Note]:
    """The datasets in scope on which a policy's filter cannot be judged or does not fit, with what comes of that."""
    for dataset in covered_datasets(policy, after) if policy.where else ():
        assert policy.where is not None
        if why := misfit(policy.where, dataset, after.datasets.get):
            yield _note(policy, f"on `{dataset.full_name}` its filter {why}, so queries there would fail")
        if problem := filters.problem(policy.where, dataset, after.datasets.get):
            so = f"so the {_noun(policy)} {_consequence(policy)} there"
            yield _note(policy, f"on `{dataset.full_name}` its filter {problem}, {so}")


def covered_datasets(policy: Policy, after: Live) -> list[Dataset]:
    """The datasets in a policy's scope."""
    return [dataset for dataset in after.datasets.values() if _is_in_scope(policy, dataset)]


def _is_there(database: str, after: Live) -> bool:
    return any(may_mean(database, name) for name in after.databases)


def transform_warnings(policy: Policy, after: Live) -> Iterator[Note]:
    """One sentence for each reason why a transform does not fit, however many datasets it is true of."""
    alike: dict[tuple[str, str], list[Unfit]] = {}
    for found in unfit_transforms(policy, covered_datasets(policy, after)):
        alike.setdefault((found.transform, found.why), []).append(found)
    so = "hides the column" if policy.effect is Effect.GRANT else "refuses the dataset"
    for (transform, why), [first, *others] in alike.items():
        more = f" and on {len(others):,} more" if others else ""
        where = f"`{first.dataset}.{first.column}`{more}"
        yield _note(policy, f"on {where}, `{transform}` {why}, so the {_noun(policy)} {so}")


def _noun(policy: Policy) -> str:
    return "restriction" if policy.effect is Effect.RESTRICT else policy.effect.value


def _consequence(policy: Policy) -> str:
    return "gives nothing" if policy.effect is Effect.GRANT else "refuses the dataset"


def _is_in_scope(policy: Policy, dataset: Dataset) -> bool:
    scope = policy.scope
    if scope.database is None:
        return True
    same_database = may_mean(scope.database, dataset.database)
    return same_database and (scope.dataset is None or may_mean(scope.dataset, dataset.name))
