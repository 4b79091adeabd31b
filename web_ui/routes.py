"""Everything that answers under an address: the blueprints of the API and those of the pages."""

from collections.abc import Iterator

import flask

from proxy.http.api import Api
from proxy.http.departures import Departures
from proxy.http.identity import Identity
from web_ui.apis.audit import AuditApi
from web_ui.apis.control import ControlApi
from web_ui.apis.crawls import CrawlsApi
from web_ui.apis.health import HealthApi
from web_ui.apis.history import HistoryApi
from web_ui.apis.home import HomeApi
from web_ui.apis.openapi import description
from web_ui.apis.previews import PreviewApi
from web_ui.apis.reports import ReportsApi
from web_ui.apis.requests import RequestsApi
from web_ui.apis.rules import RulesApi
from web_ui.apis.sources import SourcesApi
from web_ui.apis.tags import TagsApi
from web_ui.apis.trials import TrialsApi
from web_ui.home.estate import Estates
from web_ui.identity.provider import IdentityProvider
from web_ui.pages.ask import AskPage
from web_ui.pages.audit import AuditPage
from web_ui.pages.builder import BuilderPage
from web_ui.pages.change import ChangePage
from web_ui.pages.connect import ConnectPage
from web_ui.pages.crawls import CrawlsPage
from web_ui.pages.data import DataPage
from web_ui.pages.dataset import DatasetPage
from web_ui.pages.drafts import DraftsPage
from web_ui.pages.health import HealthPage
from web_ui.pages.home import HomePage
from web_ui.pages.policies import PoliciesPage
from web_ui.pages.policy import PolicyPage
from web_ui.pages.provider_sign_in import ProviderSignIn
from web_ui.pages.query import QueryPage
from web_ui.pages.reports import ReportsPage
from web_ui.pages.requests import RequestsPage
from web_ui.pages.revisions import RevisionsPage
from web_ui.pages.role_form import RoleFormPage
from web_ui.pages.roles import RolesPage
from web_ui.pages.sign_in import SignInPage
from web_ui.pages.sources import SourcesPage
from web_ui.pages.tag_rules import TagRulesPage
from web_ui.pages.tags import TagsPage
from web_ui.parts import Parts
from web_ui.session import Sessions


def apis(parts: Parts, identity: Identity, estates: Estates) -> Iterator[flask.Blueprint]:
    """What programs call; the caller puts all of it under one prefix."""
    yield Api(
        identity=identity,
        accounts=parts.accounts,
        policies=parts.policies,
        metadata=parts.metadata,
        pipeline=parts.pipeline,
        departures=Departures(),
        description=description(),
        levels=parts.levels,
    ).blueprint()
    yield ControlApi(parts=parts, identity=identity).blueprint()
    yield AuditApi(parts=parts, identity=identity).blueprint()
    yield CrawlsApi(parts=parts, identity=identity).blueprint()
    yield SourcesApi(parts=parts, identity=identity).blueprint()
    yield HealthApi(parts=parts, identity=identity).blueprint()
    yield HomeApi(parts=parts, identity=identity, estates=estates).blueprint()
    yield ReportsApi(parts=parts, identity=identity, estates=estates).blueprint()
    yield HistoryApi(parts=parts, identity=identity).blueprint()
    yield PreviewApi(parts=parts, identity=identity).blueprint()
    yield TagsApi(parts=parts, identity=identity).blueprint()
    yield RulesApi(parts=parts, identity=identity).blueprint()
    yield RequestsApi(parts=parts, identity=identity).blueprint()
    yield TrialsApi(parts=parts, identity=identity).blueprint()


def pages(
    parts: Parts, identity: Identity, sessions: Sessions, provider: IdentityProvider | None, estates: Estates
) -> Iterator[flask.Blueprint]:
    """What people open."""
    yield SignInPage(sessions=sessions).blueprint()
    yield ProviderSignIn(
        sessions=sessions, provider=provider, journal=parts.journal, failed=parts.failed_sign_ins
    ).blueprint()
    yield HomePage(parts=parts, identity=identity, estates=estates).blueprint()
    yield DataPage(parts=parts, identity=identity).blueprint()
    yield DatasetPage(parts=parts, identity=identity).blueprint()
    yield QueryPage(parts=parts, identity=identity).blueprint()
    yield ConnectPage(parts=parts, identity=identity, sessions=sessions).blueprint()
    yield PoliciesPage(parts=parts, identity=identity).blueprint()
    yield ChangePage(parts=parts, identity=identity).blueprint()
    yield BuilderPage(parts=parts, identity=identity).blueprint()
    yield DraftsPage(parts=parts, identity=identity).blueprint()
    yield PolicyPage(parts=parts, identity=identity).blueprint()
    yield RevisionsPage(parts=parts, identity=identity).blueprint()
    yield AskPage(parts=parts, identity=identity).blueprint()
    yield RolesPage(parts=parts, identity=identity).blueprint()
    yield RoleFormPage(parts=parts, identity=identity).blueprint()
    yield RequestsPage(parts=parts, identity=identity).blueprint()
    yield TagsPage(parts=parts, identity=identity).blueprint()
    yield TagRulesPage(parts=parts, identity=identity).blueprint()
    yield CrawlsPage(parts=parts, identity=identity).blueprint()
    yield ReportsPage(parts=parts, identity=identity, estates=estates).blueprint()
    yield SourcesPage(parts=parts, identity=identity).blueprint()
    yield HealthPage(parts=parts, identity=identity).blueprint()
    yield AuditPage(parts=parts, identity=identity).blueprint()
