"""Carries out a plan: all of it in one transaction, with a new revision and the event that tells it, or nothing."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from catalog.crawl_options import leads_elsewhere
from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import PolicyInvalid
from catalog.flow import ANYTHING
from catalog.flows import Flows
from catalog.journal.event import Event, EventKind
from catalog.journal.journal import Journal
from catalog.model import Dataset, TagAssignment, TagOrigin, TagState
from catalog.names import fold
from catalog.people.accounts import Accounts
from catalog.revisions import Revisions
from catalog.tags import Tags
from policy_engine.changing.draft import Draft
from policy_engine.changing.facts import CheckRule, describe_at_source, gather, trust_rule
from policy_engine.changing.following import Describe
from policy_engine.changing.history import drift
from policy_engine.changing.merging import Path
from policy_engine.changing.notes import Note
from policy_engine.changing.plan import Plan, make_plan
from policy_engine.changing.policy_tests import run_tests
from policy_engine.changing.reach import EVERYTHING, Reach
from policy_engine.changing.row_counts import Count, row_counts
from policy_engine.document.model import Document
from policy_engine.document.places import invalid
from policy_engine.live import read_live
from policy_engine.store import PolicyStore

T = TypeVar("T")
NO_TAGS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A plan that was carried out, and the revision that is in force since."""

    plan: Plan
    revision: int

    def as_json(self) -> dict[str, object]:
        """The plan as JSON values, with whether it changed anything and what is in force now."""
        return {**self.plan.as_json(), "applied": self.plan.has_changes, "live": self.revision}


def prepare(
    document: Document,
    catalog: Catalog,
    *,
    at: datetime,
    prune: bool = False,
    describe: Describe | None = describe_at_source,
    environment: Mapping[str, str] = os.environ,
    count: Count | None = None,
    check_rule: CheckRule = trust_rule,
    tells_all: bool = True,
    reach: Reach = EVERYTHING,
) -> Plan:
    """The plan for a document against what is live now; nothing is changed. With `count`, rows are counted too.

    Unless it `tells_all`, it names no policy that the document does not. Raises what the `reach` of whoever gives the
    document makes of the change, before rows are counted or tests are run.

    Without `describe` no source is read. `check_rule` raises VeilError for a rule that no crawl could use.

    Example:
        >>> plan = prepare(load([Path("policies")]), catalog, at=datetime.now(UTC))
        >>> print(plan.text())
    """
    live = read_live(catalog)
    facts = gather(document, live, catalog, describe=describe, environment=environment, check_rule=check_rule)
    made = make_plan(document, live, facts, at=at, prune=prune, reach=reach)
    return replace(
        made,
        drift=drift(document, made.changes, live, Revisions(catalog).history(), tells_all=tells_all),
        warnings=(*made.warnings, *_failing_tests(document, made, at, reach)),
        rows=row_counts(made.before, made.after, made.impacts, count, at) if count else (),
    )


def _failing_tests(document: Document, plan: Plan, at: datetime, reach: Reach) -> Iterator[Note]:
    """A plan says which of the documents' tests would fail; it is no gate, `veil test` in CI is one."""
    for result in run_tests(Draft(document=document, live=plan.after), at, reads=reach.reads):
        if not result.is_passed:
            failed = ", ".join(check.what for check in result.checks if not check.is_met)
            words = f"the test `{result.name}` ({result.place.file}, line {result.place.line}) fails: {failed}"
            yield Note(words, kind="test", name=result.name)


def carry_out(
    plan: Plan,
    catalog: Catalog,
    *,
    by: str,
    why: str = "",
    client: str = "",
    statement: str = "",
    back_to: int | None = None,
) -> Applied:
    """Makes the plan true; a plan without changes makes no revision, and a stale one is refused.

    `statement` is the text that a person gave instead of a document: the journal tells it, and its tags
    are a person's word, which no document takes back by leaving them out. `back_to` is the revision that a
    rollback puts in force again.

    Example:
        >>> carry_out(plan, catalog, by="ada", why="DPO rule 4").revision
        42
    """
    for variable, place in plan.facts.missing_variables.items():
        hint = f"set `{variable}`, or leave `password_env` out to keep the password that is there"
        raise invalid(place, f"takes its password from `{variable}`, which is not set", hint=hint)
    if not plan.has_changes:
        return Applied(plan=plan, revision=plan.revision)
    with catalog.transaction():
        _refuse_if_moved(plan, Revisions(catalog).current_number())
        _write_data(plan, catalog, by, TagOrigin.PERSON if statement else TagOrigin.DOCUMENT)
        _write_users(plan, Accounts(catalog))
        revision = PolicyStore(catalog).put(
            tuple(plan.after.policies.values()),
            tuple(plan.after.roles.values()),
            by=by,
            why=why,
            difference=plan.difference,
        )
        _remove_data(plan, catalog)
        said: dict[str, object] = {"why": why, **({"statement": statement} if statement else {})}
        kind = EventKind.DOCUMENT_APPLY
        if back_to is not None:
            kind, said["back_to"] = EventKind.POLICY_ROLLBACK, back_to
        Journal(catalog).append(_event(kind, plan, revision, by=by, client=client, said=said))
    return Applied(plan=plan, revision=revision)


def _refuse_if_moved(plan: Plan, live: int) -> None:
    if live != plan.revision:
        problem = f"the live revision is {live}, and this plan was made against revision {plan.revision}"
        raise PolicyInvalid(problem, hint="somebody changed something meanwhile; look at a new plan")


def _write_data(plan: Plan, catalog: Catalog, by: str, origin: TagOrigin) -> None:
    """Tags first, as everything else may carry them; then sources before the datasets that read them."""
    before, after = plan.before, plan.after
    tags, datasets = Tags(catalog), Datasets(catalog)
    for tag in _changed(before.tags, after.tags):
        tags.put_tag(tag)
    for source in _changed(before.sources, after.sources):
        datasets.put_source(source)
    for database in _changed(before.databases, after.databases):
        datasets.put_database(database)
    for source_name, reached in plan.facts.databases.items():
        Flows(catalog).note_database(source_name, reached, by=by)
    for source_name, held in plan.facts.tables.items():
        Flows(catalog).put_tables(source_name, held, by=by)
    for key, fields in plan.facts.fields.items():
        dataset = after.datasets[key]
        datasets.register(
            dataset.database, dataset.name, dataset.source, dataset.relation, fields, comment=dataset.comment
        )
    _write_flows(plan, catalog, by)
    with tags.together():
        for key, dataset in after.datasets.items():
            if dataset is not before.datasets.get(key):
                _write_tags(before.datasets.get(key), dataset, tags, by, origin)
    for rule in _changed(before.rules, after.rules):
        tags.put_rule(rule)


def _write_flows(plan: Plan, catalog: Catalog, by: str) -> None:
    """What datasets hold of others; where a source may lead elsewhere, and one could not be read, that is anything."""
    before, after = plan.before.sources, plan.after
    flows = {after.datasets[key].full_name: held for key, held in plan.facts.flows.items()}
    for source in _changed(before, after.sources):
        known = before.get(fold(source.name))
        if known is not None and leads_elsewhere(known, source):
            unread = {each.full_name: (ANYTHING,) for each in Datasets(catalog).datasets_of(source.name)}
            flows = {**unread, **flows}
    for name, held in flows.items():
        Flows(catalog).put(name, held, by=by)


def _remove_data(plan: Plan, catalog: Catalog) -> None:
    """Takes away what the plan has no more; nothing uses it any longer."""
    before, after = plan.before, plan.after
    for name in before.sources.keys() - after.sources.keys():
        Datasets(catalog).remove_source(before.sources[name].name)
    for name in before.databases.keys() - after.databases.keys():
        Datasets(catalog).remove_database(name)
    for name in before.rules.keys() - after.rules.keys():
        Tags(catalog).remove_rule(before.rules[name].name)
    for name in before.tags.keys() - after.tags.keys():
        Tags(catalog).remove_tag(name)


def _write_tags(before: Dataset | None, after: Dataset, tags: Tags, by: str, origin: TagOrigin) -> None:
    old, new = dict(_confirmed(before)), dict(_confirmed(after))
    for path, wanted in new.items():
        for tag in sorted(wanted - old.get(path, NO_TAGS)):
            tags.assign(
                TagAssignment(
                    dataset=after.full_name,
                    path=path,
                    tag=tag,
                    state=TagState.CONFIRMED,
                    origin=origin,
                    by=by,
                )
            )
        for tag in sorted(old.get(path, NO_TAGS) - wanted):
            tags.remove(after.full_name, path, tag)


def _confirmed(dataset: Dataset | None) -> Iterator[tuple[Path, frozenset[str]]]:
    if dataset is not None:
        yield (), dataset.confirmed
        yield from ((column.path, column.confirmed) for column in dataset.columns)


def _write_users(plan: Plan, accounts: Accounts) -> None:
    for user in _changed(plan.before.users, plan.after.users):
        accounts.put_user(user)
    for name, password in plan.facts.passwords.items():
        accounts.set_password(plan.after.users[name].name, password)


def _event(kind: EventKind, plan: Plan, revision: int, *, by: str, client: str, said: Mapping[str, object]) -> Event:
    def named(kind: str) -> tuple[str, ...]:
        return tuple(change.name for change in plan.changes if change.kind == kind)

    rules = {name: plan.after.rules[fold(name)].looks for name in named("rule") if fold(name) in plan.after.rules}
    return Event(
        kind=kind,
        user=by,
        datasets=named("dataset"),
        tags=named("tag"),
        policies=named("policy"),
        revision=revision,
        client=client,
        details={
            "plan": plan.id,
            "against": plan.revision,
            **said,
            **({"rules": rules} if rules else {}),
            "difference": plan.difference.splitlines(),
        },
    )


def _changed(before: Mapping[str, T], after: Mapping[str, T]) -> Iterator[T]:
    return (thing for name, thing in after.items() if before.get(name) != thing)
