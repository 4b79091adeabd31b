"""The server's figures in the form of Prometheus: loads, times and errors, and nothing of people or data.

No label names a user, a dataset, a tag or a policy, so the figures tell no more than how busy the server is. Even that
is for those with the capability `metrics:read`: a count that rises when a certain query is sent is an answer too.

The form is the text format 0.0.4 of Prometheus (its documentation, "Exposition formats").
"""

from dataclasses import dataclass

import flask
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from policy_engine.capabilities import Action, Rights
from policy_engine.store import PolicyStore
from proxy.answering.answer import Ending
from proxy.http import answers
from proxy.http.identity import Identity

disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS = (0.005, 0.02, 0.1, 0.5, 1.0, 5.0, 20.0, 60.0, 300.0)


class Metrics:
    """Counts what the server does; a `Meter` of its queries, and an observer of its answers.

    Example:
        >>> metrics = Metrics()
        >>> metrics.refused("unknown_dataset")
        >>> b'veil_queries_total{code="unknown_dataset",verdict="deny"} 1.0' in metrics.exposition()
        True
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._queries = Counter(
            "veil_queries", "Queries by how they ended", ("verdict", "code"), registry=self._registry
        )
        self._running = Gauge("veil_queries_running", "Queries that run or stream now", registry=self._registry)
        self._seconds = Histogram(
            "veil_query_seconds",
            "From the first look at the source to the end",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._rows = Counter("veil_rows", "Rows that left", registry=self._registry)
        self._bytes = Counter("veil_arrow_bytes", "Bytes of rows that left, as Arrow", registry=self._registry)
        self._answers = Counter(
            "veil_http_responses", "Answers by route and status", ("method", "route", "status"), registry=self._registry
        )

    def began(self) -> None:
        """One more query runs."""
        self._running.inc()

    def ended(self, ending: Ending) -> None:
        """A query that had begun is over."""
        self._running.dec()
        self._queries.labels(verdict=ending.verdict.value, code=ending.code).inc()
        self._seconds.observe(ending.milliseconds / 1000)
        self._rows.inc(ending.rows)
        self._bytes.inc(ending.bytes)

    def refused(self, code: str) -> None:
        """A query was not let through."""
        self._queries.labels(verdict="deny", code=code).inc()

    def answered(self, response: flask.Response) -> flask.Response:
        """Count an answer under its route; what matched no route counts as one, whatever was asked for."""
        rule = flask.request.url_rule
        method = flask.request.method if rule else "-"
        self._answers.labels(method=method, route=rule.rule if rule else "-", status=response.status_code).inc()
        return response

    def exposition(self) -> bytes:
        """All figures as Prometheus reads them."""
        return generate_latest(self._registry)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsPage:
    """The route `/metrics`, for those who may read it."""

    metrics: Metrics
    identity: Identity
    policies: PolicyStore

    def show(self) -> flask.Response:
        """The figures, for a bearer of `metrics:read`."""
        rights = Rights(answers.subject(self.identity), self.policies.current())
        rights.require(Action.METRICS_READ, None, "read the figures of this server")
        return flask.Response(self.metrics.exposition(), content_type=CONTENT_TYPE_LATEST)
