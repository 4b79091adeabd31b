"""What waits for somebody: tags to review, crawls that failed, policies that lint warns of."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import flask

from catalog.access_requests import AccessRequests, Choice, RequestState
from catalog.crawl_runs import CrawlRuns, RunState
from catalog.model import TagState
from catalog.tag_assignments import Choice as TagChoice
from catalog.tag_assignments import TagAssignments
from policy_engine.capabilities import Action, Rights
from policy_engine.model import Subject
from policy_engine.oversight import may_see_sources
from web_ui.home.estate import Estates
from web_ui.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """So many things of one kind that wait, and the page where they are dealt with."""

    name: str
    count: int
    words: str
    address: str


def tasks(parts: Parts, subject: Subject, estates: Estates) -> tuple[Task, ...]:
    """What waits for somebody, empty when nothing does.

    Example:
        >>> [(task.count, task.words) for task in tasks(parts, steward, estates)]
        [(12, 'suggested tags to review'), (1, 'source whose last crawl failed')]
    """
    return tuple(task for task in _tasks(parts, subject, estates) if task.count)


def _tasks(parts: Parts, subject: Subject, estates: Estates) -> Iterator[Task]:
    rights = Rights(subject, parts.policies.current())
    if rights.places(Action.POLICY_WRITE) != frozenset():
        count = _to_decide(parts, subject, rights)
        words = "request for access to decide" if count == 1 else "requests for access to decide"
        address = flask.url_for("requests.show", state=RequestState.OPEN.value)
        yield Task(name="access_requests", count=count, words=words, address=address)
    namespaces = rights.places(Action.TAG_ASSIGN)
    if namespaces != frozenset():
        choice = TagChoice(state=TagState.SUGGESTED, namespaces=namespaces)
        count = TagAssignments(parts.catalog).count(choice)
        words = "suggested tag to review" if count == 1 else "suggested tags to review"
        yield Task(name="suggested_tags", count=count, words=words, address=flask.url_for("tags.show"))
    if may_see_sources(rights):
        count = _failed(parts)
        words = "source whose last crawl failed" if count == 1 else "sources whose last crawls failed"
        yield Task(name="failed_crawls", count=count, words=words, address=flask.url_for("crawls.show"))
    if rights.may(Action.HOME_ADMINISTER):
        count = len(estates.quick_findings() or ())
        words = "warning about policies" if count == 1 else "warnings about policies"
        yield Task(
            name="lint_findings", count=count, words=words, address=flask.url_for("reports.one", name="warnings")
        )


def _to_decide(parts: Parts, subject: Subject, rights: Rights) -> int:
    """How many open requests of others lie where the subject writes policies."""
    store, now = AccessRequests(parts.catalog), parts.clock()
    within = Choice(databases=rights.places(Action.POLICY_WRITE), state=RequestState.OPEN)
    return store.count(within, now) - store.count(replace(within, user=subject.user), now)


def _failed(parts: Parts) -> int:
    """How many sources' newest run failed."""
    runs = CrawlRuns(parts.catalog, clock=parts.clock)
    last = (runs.runs(source=source.name, limit=1) for source in parts.datasets.sources())
    return sum(found[0].state is RunState.FAILED for found in last if found)
