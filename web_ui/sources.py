"""What the API, the pages and the command do with sources: list, try, put and remove them, by the ways of documents."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from catalog.crawl_runs import CrawlRun, CrawlRuns
from catalog.errors import PolicyInvalid, SettingsInvalid
from catalog.journal.event import Event, EventKind, Verdict
from catalog.journal.reach import Reached, reach
from catalog.lookup import check_name
from catalog.model import Source
from catalog.names import fold, nearest
from catalog.registry import check_options, connector_kind
from policy_engine.capabilities import Action, Rights
from policy_engine.changing.apply import Applied, carry_out, prepare
from policy_engine.changing.plan import Plan, plan_between
from policy_engine.changing.removal import without_source
from policy_engine.document import writing
from policy_engine.document.model import Document
from policy_engine.document.reading import loads
from policy_engine.live import read_live
from policy_engine.model import Subject
from policy_engine.oversight import require_sources
from web_ui.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A source with what is known of it: how many datasets are read from it, and its newest crawl."""

    source: Source
    datasets: int
    last: CrawlRun | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The sources of a home, as one person; without a `subject`, as whoever works on this machine.

    INVARIANT: credentials are named by the options, never held by them, so whatever is shown here shows none.

    Example:
        >>> Sources(parts=parts, by="local:ada").reach(Sources(parts=parts, by="local:ada").one("lake")).is_reached
        True
    """

    parts: Parts
    by: str
    subject: Subject | None = None
    client: str = ""
    decision_id: str = ""

    def listed(self) -> tuple[Known, ...]:
        """Every source, by name; for administrators, and auditors may look."""
        self._require_sight()
        runs, counts = CrawlRuns(self.parts.catalog, clock=self.parts.clock), self.parts.datasets.counts()
        return tuple(
            Known(
                source=each,
                datasets=counts.get(each.name, 0),
                last=next(iter(runs.runs(source=each.name, limit=1)), None),
            )
            for each in self.parts.datasets.sources()
        )

    def one(self, name: str) -> Source:
        """The source of that name; raises SettingsInvalid naming the nearest."""
        self._require_sight()
        found = self.parts.datasets.source(name)
        if found is None:
            near = nearest(name, [each.name for each in self.parts.datasets.sources()])
            hint = f"did you mean `{near}`?" if near else "add it, or list the sources"
            raise SettingsInvalid(f"there is no source `{name}`", hint=hint)
        return found

    def stated(self, source: Source, folder: Path) -> Source:
        """A source as a document in that folder would state it: checked, and with whole paths."""
        self._require("try sources")
        return _stated(source, folder)

    def reach(self, source: Source) -> Reached:
        """A first look at a source, kept or only stated; that somebody looked is on record."""
        self._require("try sources")
        found = reach(source)
        self.parts.journal.append(
            Event(
                kind=EventKind.SOURCE_TEST,
                user=self.by,
                groups=tuple(sorted(self.subject.groups)) if self.subject else (),
                verdict=Verdict.ALLOW if found.is_reached else Verdict.ERROR,
                client=self.client,
                decision_id=self.decision_id,
                details={
                    "source": source.name,
                    "connector": source.connector,
                    **({"code": found.problem.code} if found.problem else {}),
                },
            )
        )
        return found

    def put(self, source: Source, folder: Path, *, replaces: bool = False, why: str = "") -> Applied:
        """Adds a source, or states one anew, as a document that says no more would do."""
        self._require("change sources")
        known = self.parts.datasets.source(source.name)
        if known is not None and not replaces:
            raise PolicyInvalid(f"there is a source `{known.name}` already", hint="name another, or replace it")
        stated = _stated(source, folder)
        document = _document(stated if known is None else replace(stated, name=known.name), folder)
        return self._applied(prepare(document, self.parts.catalog, at=self.parts.clock()), why)

    def removal(self, name: str, *, with_datasets: bool = False) -> Plan:
        """What taking a source away would change, and for whom."""
        self._require("change sources")
        live = read_live(self.parts.catalog)
        return plan_between(live, without_source(live, name, with_datasets=with_datasets), at=self.parts.clock())

    def remove(self, name: str, *, with_datasets: bool = False, why: str = "") -> Applied:
        """Takes a source away, and stops the crawls of it that wait."""
        plan = self.removal(name, with_datasets=with_datasets)
        runs = CrawlRuns(self.parts.catalog, clock=self.parts.clock)
        if runs.leases.is_taken(fold(name)):
            raise PolicyInvalid(f"`{name}` is being crawled", hint="cancel that crawl first, or wait for its end")
        with self.parts.catalog.transaction():
            for run in runs.unfinished(name):
                runs.cancel(run.id)
            return self._applied(plan, why)

    def _applied(self, plan: Plan, why: str) -> Applied:
        return carry_out(plan, self.parts.catalog, by=self.by, why=why, client=self.client)

    def _rights(self) -> Rights | None:
        return None if self.subject is None else Rights(self.subject, self.parts.policies.current())

    def _require(self, what: str) -> None:
        if (rights := self._rights()) is not None:
            rights.require(Action.HOME_ADMINISTER, None, what)

    def _require_sight(self) -> None:
        if (rights := self._rights()) is not None:
            require_sources(rights, "see sources")


def source_of(name: str, connector: str, options: Mapping[str, str]) -> Source:
    """A source as somebody states it; what is left empty is not said."""
    said = {option.strip(): value.strip() for option, value in options.items() if value.strip()}
    return Source(name=name.strip(), connector=connector.strip(), options=said)


def _stated(source: Source, folder: Path) -> Source:
    """The source as the catalog would keep it; raises what is wrong with it, in words of its own and no document's."""
    check_name(source.name, "source")
    check_options(source.name, connector_kind(source.connector), source.options)
    [found] = _document(source, folder).sources
    return found.value


def _document(source: Source, folder: Path) -> Document:
    return loads(writing.write({"sources": writing.sources([source])}), file="source", folder=folder)
