"""The only place where the rooms are put together: a home and its settings become the parts of a server or command."""

import contextlib
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from catalog.clock import utc_now
from catalog.crawl_runs import CrawlRuns
from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import SettingsInvalid
from catalog.home import Home
from catalog.journal.archiving import Archivist
from catalog.journal.event import EventKind
from catalog.journal.journal import Journal
from catalog.journal.seals import SealBook
from catalog.journal.sinks.delivery import Sink
from catalog.journal.sinks.forms import FORMS
from catalog.journal.sinks.targets import target
from catalog.known_keys import KnownKeys
from catalog.model import TagRule
from catalog.names import nearest
from catalog.people.accounts import Accounts
from catalog.people.api_tokens import ApiTokens
from catalog.people.provided_names import ProvidedNames
from catalog.people.session_tokens import SessionTokens
from catalog.people.web_sessions import WebSessions
from catalog.registry import connect
from catalog.revisions import Revisions
from catalog.sources.own_files import withhold
from catalog.sources.private_copies import PrivateCopies
from catalog.sources.references import withhold_variables
from catalog.sources.sessions import SessionCache
from catalog.sources.world import Resources
from catalog.tags import Tags
from crawler.levels import Levels, levels_of
from crawler.plugins import Plugins, load_plugins
from crawler.rules import compile_rule
from policy_engine.store import PolicyStore
from policy_engine.transforms.functions import FUNCTIONS_PLACE
from policy_engine.transforms.keys import KeyRing
from policy_engine.visibility import Visibility
from proxy.governance import Governor
from proxy.metadata import Metadata
from proxy.pipeline import Pipeline, QueryLimits
from web_ui.crawl_runner import CrawlRunner
from web_ui.failed_sign_ins import FailedSignIns
from web_ui.journal.keeper import JournalKeeper
from web_ui.journal.verifier import JournalVerifier
from web_ui.metrics import Metrics
from web_ui.pictures.pictures import Pictures
from web_ui.settings import JournalSettings, QuerySettings, Settings, SinkSettings

_PUBLIC_KEY = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything a server or a local command works with; a context manager that closes it all."""

    home: Home
    settings: Settings
    clock: Callable[[], datetime]
    catalog: Catalog
    datasets: Datasets
    tags: Tags
    accounts: Accounts
    tokens: ApiTokens
    web_sessions: WebSessions
    session_tokens: SessionTokens
    provided_names: ProvidedNames
    journal: Journal
    failed_sign_ins: FailedSignIns
    revisions: Revisions
    policies: PolicyStore
    keys: KeyRing
    visibility: Visibility
    metadata: Metadata
    sessions: SessionCache
    pipeline: Pipeline
    metrics: Metrics
    plugins: Plugins
    crawls: CrawlRunner
    keeper: JournalKeeper
    verifier: JournalVerifier
    pictures: Pictures

    def start(self) -> None:
        """Begin what a server does beside answering."""
        self.crawls.start()
        self.keeper.start()
        self.pictures.prepare()

    @property
    def tells_hidden(self) -> bool:
        """Whether people are told of what is hidden from them, and by which policy."""
        return self.settings.query.explain == "full"

    def levels(self) -> Levels:
        """The levels of the tags as they are now."""
        return levels_of(self.tags.tags())

    def check_rule(self, rule: TagRule) -> None:
        """Raise PolicyInvalid for a rule that no crawl of this home could use."""
        compile_rule(rule, self.plugins)

    def close(self) -> None:
        """Let go of sources and of the catalog's file."""
        self.crawls.close()
        self.verifier.close()
        self.keeper.close()
        self.pictures.close()
        self.sessions.close()
        self.catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def assemble(home: Home, settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> Parts:
    """The parts of one home; the caller closes them.

    Example:
        >>> with assemble(Home.open(path), load_settings(home.settings_file)) as parts:
        ...     parts.accounts.users()
    """
    _withhold(settings)
    with contextlib.ExitStack() as opened:
        catalog = opened.enter_context(Catalog(home.catalog_file))
        datasets = Datasets(catalog)
        journal = Journal(catalog, clock=clock)
        failed = FailedSignIns(journal, clock=time.monotonic)
        policies = PolicyStore(catalog)
        keys = _keys(home, catalog)
        visibility = Visibility(catalog, datasets)
        sessions = _sessions(home, settings.query)
        limits = _limits(settings.query)
        plugins = load_plugins(settings.crawl.detectors)
        metrics = Metrics()
        parts = Parts(
            home=home,
            settings=settings,
            clock=clock,
            catalog=catalog,
            datasets=datasets,
            tags=Tags(catalog, clock=clock),
            accounts=Accounts(catalog),
            tokens=ApiTokens(catalog),
            web_sessions=WebSessions(catalog),
            session_tokens=SessionTokens(catalog),
            provided_names=ProvidedNames(catalog),
            journal=journal,
            failed_sign_ins=failed,
            revisions=Revisions(catalog, clock=clock),
            policies=policies,
            keys=keys,
            visibility=visibility,
            metadata=Metadata(
                visibility=visibility,
                policies=policies,
                journal=journal,
                runs=CrawlRuns(catalog, clock=clock),
                clock=clock,
                tells_hidden=settings.query.explain == "full",
            ),
            sessions=sessions,
            plugins=plugins,
            crawls=CrawlRunner(catalog=catalog, settings=settings, plugins=plugins, copies=home.copies, clock=clock),
            pipeline=Pipeline(
                governor=Governor(
                    catalog=catalog,
                    datasets=datasets,
                    policies=policies,
                    visibility=visibility,
                    sessions=sessions,
                    keys=keys,
                    clock=clock,
                    limits=limits.sql,
                    explain=limits.explain,
                ),
                policies=policies,
                journal=journal,
                limits=limits,
                meter=metrics,
            ),
            metrics=metrics,
            keeper=_keeper(home, settings, catalog, failed, journal, clock),
            verifier=JournalVerifier(journal=journal, book=_book(home, settings.journal), clock=clock),
            pictures=Pictures(),
        )
        opened.pop_all()
    return parts


def _withhold(settings: Settings) -> None:
    """What the settings name for the server alone is for no source: its secrets, and where the journal is written."""
    auth, journal, sinks = settings.auth, settings.journal, settings.sinks.values()
    withhold_variables([auth.client_secret_env, *(sink.token_env for sink in sinks)])
    files = [urlsplit(sink.to).path for sink in sinks if sink.to.startswith("file:")]
    withhold(Path(name) for name in (auth.client_secret_file, journal.seals, journal.archives, *files) if name)


def _keys(home: Home, catalog: Catalog) -> KeyRing:
    """The home's keys; raises SettingsInvalid when another key has taken the place of the one it works with."""
    keys = home.master_keys()
    KnownKeys(catalog).expect(keys)
    return KeyRing(keys.current.secret, id=keys.current.id, older={key.id: key.secret for key in keys.older})


def _keeper(
    home: Home,
    settings: Settings,
    catalog: Catalog,
    failed: FailedSignIns,
    journal: Journal,
    clock: Callable[[], datetime],
) -> JournalKeeper:
    wanted = settings.journal
    book = _book(home, wanted)
    return JournalKeeper(
        journal=journal,
        book=book,
        hours=wanted.seal_hours,
        clock=clock,
        sinks=tuple(_sink(name, sink) for name, sink in settings.sinks.items()),
        archivist=Archivist(catalog=catalog, journal=journal, book=book, clock=clock, sinks=tuple(settings.sinks)),
        archives=Path(wanted.archives) if wanted.archives else home.archives,
        keep_days=wanted.keep_days,
        failed_sign_ins=failed,
    )


def _book(home: Home, journal: JournalSettings) -> SealBook:
    for key in journal.renewed_keys:
        if not _PUBLIC_KEY.fullmatch(key):
            raise SettingsInvalid(
                f"`{key}` of `renewed_keys` in [journal] is no public key",
                hint="write the 64 hexadecimal digits that `veil audit seal` told",
            )
    file = Path(journal.seals) if journal.seals else home.seals_file
    return SealBook(file, home.seal_key_file, journal.renewed_keys)


def _sink(name: str, wanted: SinkSettings) -> Sink:
    """A sink as the settings want it; raises SettingsInvalid for one that cannot be."""
    unknown = next((kind for kind in wanted.kinds if kind not in list(EventKind)), None)
    if unknown is not None:
        near = nearest(unknown, list(EventKind))
        raise SettingsInvalid(
            f"sink `{name}` wants events of no kind: `{unknown}`", hint=f"did you mean `{near}`?" if near else ""
        )
    return Sink(
        name=name,
        target=target(
            wanted.to,
            most_bytes=wanted.rotate_megabytes * 1_000_000,
            keep=wanted.keep,
            token_env=wanted.token_env,
            environ=os.environ,
        ),
        form=FORMS[wanted.form],
        kinds=frozenset(wanted.kinds),
    )


def _sessions(home: Home, query: QuerySettings) -> SessionCache:
    resources = Resources(memory=query.memory, spill=query.spill, folder=home.temporary, functions=FUNCTIONS_PLACE)
    return SessionCache(partial(connect, copies=PrivateCopies(home.copies)), resources, workers=query.workers)


def _limits(query: QuerySettings) -> QueryLimits:
    return QueryLimits(
        seconds=query.seconds,
        max_rows=query.max_rows or None,
        batch_rows=query.batch_rows,
        explain=query.explain,
        at_once=query.at_once or None,
    )
