"""The way from an empty home to the first answer, in five steps that tick themselves by what the home holds."""

from collections.abc import Iterator
from dataclasses import dataclass

import flask

from catalog.journal.event import EventKind
from catalog.names import fold
from policy_engine.capabilities import Action, Rights
from policy_engine.store import FIRST_POLICY, FIRST_ROLE
from web_ui.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, and the page where it is taken."""

    title: str
    words: str
    address: str
    is_done: bool


def steps(parts: Parts) -> tuple[Step, ...]:
    """The five steps of the tutorial, in order; none when all of them are taken.

    Example:
        >>> [step.is_done for step in steps(parts)]
        [True, True, False, False, False]
    """
    found = tuple(_steps(parts))
    return () if all(step.is_done for step in found) else found


def next_step(parts: Parts, rights: Rights) -> Step | None:
    """The first step that is still to be taken, for whoever administers; None when all are taken."""
    if not rights.may(Action.HOME_ADMINISTER):
        return None
    return next((step for step in _steps(parts) if not step.is_done), None)


def _steps(parts: Parts) -> Iterator[Step]:
    with parts.policies.moment() as now:
        has_rules, has_data = bool(parts.tags.rules()), bool(parts.datasets.names())
        yield Step(
            title="Say what is sensitive",
            words="Tags such as `phi.mrn`, and rules by which crawls recognise them in names or contents of columns.",
            address=flask.url_for("tag_rules.rules"),
            is_done=has_rules,
        )
    has_role = any(role.groups and fold(role.name) != fold(FIRST_ROLE.name) for role in now.roles)
    yield Step(
        title="Give roles to groups",
        words="Policies are written for roles; groups of your identity provider, or of local accounts, hold them.",
        address=flask.url_for("roles.show" if has_role else "role_form.show"),
        is_done=has_role,
    )
    has_place = bool(parts.datasets.databases())
    yield Step(
        title="Write a policy",
        words="Before there is any data: make an empty database as its place, and tags decide what it will cover.",
        address=flask.url_for("builder.begin") if has_place else flask.url_for("data.show", _anchor="databases"),
        is_done=any(fold(policy.id) != fold(FIRST_POLICY.id) for policy in now.policies),
    )
    yield Step(
        title="Crawl a source",
        words="Its datasets are found, tagged by your rules and registered in the database, under the policy at once.",
        address=flask.url_for("sources.new"),
        is_done=has_data,
    )
    yield Step(
        title="Read as an analyst",
        words="With a token, from a notebook or the Query page: what the policy takes away is not there, and says why.",
        address=flask.url_for("connect.show"),
        is_done=bool(parts.journal.search(kind=EventKind.QUERY_BEGIN, limit=1)),
    )
