"""Tries rules of a document on datasets of a home, on record: for the command, and under /api/v1."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import flask

from catalog.errors import PolicyInvalid, UnknownDataset, VeilError
from catalog.journal.event import Event, EventKind
from catalog.model import Dataset, TagRule
from catalog.names import fold, nearest
from catalog.registry import connect
from catalog.sources.private_copies import PrivateCopies
from crawler.plugins import PluginFailed
from crawler.rules import CompiledRule, RuleTimedOut, compile_rule
from crawler.trial import Tried, try_rule
from policy_engine.capabilities import Action, Rights
from policy_engine.document.reading import loads
from proxy.http import answers
from proxy.http.bodies import Body, refuse_unknown_arguments
from proxy.http.identity import Identity
from web_ui.parts import Parts

MOST_DATASETS = 50


@dataclass(slots=True, kw_only=True)
class Trial:
    """What a rule made of the datasets: columns it fits or nearly fits, and what could not be told."""

    looked_at: int = 0
    tried: list[Tried] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def rules_of(text: str, folder: Path) -> tuple[TagRule, ...]:
    """The rules that a document states, unknown keys refused by their nearest names."""
    return tuple(stated.value for stated in loads(text, file="rules", folder=folder).rules)


def trial(
    parts: Parts,
    rule: TagRule,
    on: str,
    *,
    by: str,
    client: str = "",
    decision_id: str = "",
    is_exact: bool = False,
) -> Trial:
    """Tries a rule on a dataset, or on the datasets of a database; what it asked and what came of it is on record.

    INVARIANT: whether cells fit an expression is an answer about data, so none is told that the journal does not have.
    Exact shares are for the operator of the home alone.
    """
    compiled = compile_rule(rule, parts.plugins)
    chosen = _chosen(parts, on)
    told = Trial()
    try:
        for dataset in chosen:
            _try(parts, compiled, dataset, told, is_exact=is_exact)
    finally:
        fits = Counter(each.fit.value for each in told.tried)
        parts.journal.append(
            Event(
                kind=EventKind.RULE_TRY,
                user=by,
                datasets=tuple(dataset.full_name for dataset in chosen),
                tags=(rule.tag,),
                client=client,
                decision_id=decision_id,
                details={"rule": rule.name, "on": on, "looks": rule.looks, "fits": {**fits}},
            )
        )
    return told


def _try(parts: Parts, rule: CompiledRule, dataset: Dataset, told: Trial, *, is_exact: bool) -> None:
    source = parts.datasets.source(dataset.source)
    assert source is not None
    try:
        connector = connect(source, PrivateCopies(parts.home.copies))
        rows = parts.settings.politeness(source).rows
        told.tried += try_rule(rule, dataset, connector, rows, is_exact=is_exact)
        told.looked_at += 1
    except VeilError as error:
        told.problems.append(f"`{dataset.full_name}` cannot be read: {error.in_general}; a crawl of it tells why")
    except RuleTimedOut:
        told.problems.append(
            f"the rule took too long on a column of `{dataset.full_name}`, where a crawl would hear nothing from it;"
            " what comes after that was not tried"
        )
    except PluginFailed as error:
        told.problems.append(f"{error} on `{dataset.full_name}`")


def _chosen(parts: Parts, on: str) -> tuple[Dataset, ...]:
    every = parts.datasets.datasets()
    wanted = fold(on)
    found = tuple(each for each in every if wanted in (fold(each.database), fold(each.full_name)))
    if not found:
        near = nearest(on, [*(each.full_name for each in every), *{each.database for each in every}])
        raise UnknownDataset(
            f"there is no dataset or database `{on}`",
            hint=f"did you mean `{near}`?" if near else "crawl a source first",
        )
    if len(found) > MOST_DATASETS:
        raise PolicyInvalid(f"`{on}` has more than {MOST_DATASETS} datasets", hint="try the rule on one of them")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialsApi:
    """The route that tries a rule; for administrators, who alone may keep one."""

    parts: Parts
    identity: Identity

    def blueprint(self) -> flask.Blueprint:
        """The route as Flask takes it, without the prefix."""
        routes = flask.Blueprint("trials", __name__)
        routes.post("/rules/try")(self.try_rule)
        return routes

    def try_rule(self) -> flask.Response:
        """Try a rule on real columns: matches, near misses and how they look, never a value."""
        subject = answers.subject(self.identity)
        Rights(subject, self.parts.policies.current()).require(Action.HOME_ADMINISTER, None, "try rules")
        refuse_unknown_arguments()
        body = Body.read("rule", "on")
        document = json.dumps({"veil": 1, "rules": [body.raw("rule")]})
        [rule] = rules_of(document, self.parts.home.documents)
        told = trial(
            self.parts,
            rule,
            body.text("on"),
            by=subject.user,
            client=answers.client(),
            decision_id=answers.decision_id(),
        )
        return flask.jsonify(as_json(told))


def as_json(told: Trial) -> Mapping[str, object]:
    """A trial as JSON values."""
    return {
        "datasets": told.looked_at,
        "columns": [
            {
                "dataset": each.dataset,
                "column": each.column,
                "fit": each.fit.value,
                "confidence": each.confidence,
                "evidence": each.evidence,
                "hits": list(each.hits),
                "misses": list(each.misses),
            }
            for each in told.tried
        ],
        "problems": list(told.problems),
    }
