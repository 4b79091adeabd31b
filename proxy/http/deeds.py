"""What is done or told is for who asks as they are when it is done or told, however long it took to come so far."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import flask

from catalog.database import Catalog
from catalog.errors import Internal, NotAuthenticated, VeilError
from catalog.names import fold
from catalog.revisions import Revisions
from policy_engine.capabilities import Rights
from policy_engine.model import Subject
from policy_engine.store import PolicyStore
from proxy.http import answers

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """Has whatever a request changes asked about once more, within the transaction that changes it; its answer, too.

    INVARIANT: no route does that by itself, so that none can forget it: but for the catalog's `bookkeeping` a request
    cannot write otherwise. What a server does by itself is not asked about, nor who works on its machine.

    Example:
        >>> Deeds(catalog=parts.catalog, policies=parts.policies).install(app)
    """

    catalog: Catalog
    policies: PolicyStore

    def install(self, app: flask.Flask) -> None:
        """Ask about the deeds and answers of an application, the only one over its catalog in this process."""
        app.before_request_funcs.setdefault(None, []).insert(0, self._begin)  # before anything is settled
        app.after_request(self._end)
        self.catalog.ask_before_deeds(self._deed, _doer)

    def _begin(self) -> None:
        if flask.request.endpoint != "static":
            flask.g.roles_of = self._revision()

    def _end(self, response: flask.Response) -> flask.Response:
        """The answer, or instead of it that whoever it was made for is no longer who they were."""
        if "subject" not in flask.g or "is_nobody" in flask.g:
            return response
        try:
            self._refuse_if_changed()
        except VeilError as error:
            response.close()
            return flask.current_app.make_response(flask.current_app.handle_user_exception(error))
        return response

    @contextmanager
    def _deed(self) -> Iterator[None]:
        """Raises NotAuthenticated unless who asks is who they were when that was settled, and may do the same."""
        if not flask.has_request_context():
            yield
            return
        if flask.request.method in _SAFE or "subject" not in flask.g:
            raise Internal("something was to be changed by reading, or before it was settled for whom")
        self._refuse_if_changed()
        yield
        # What a deed itself changes of who asks, and of what they may do, hinders nothing else that belongs to it.
        flask.g.roles_of = self._revision()
        answers.settle_again(flask.g.identity)

    def _refuse_if_changed(self) -> None:
        """Roles can lose capabilities as people can lose roles."""
        answers.refuse_if_changed(flask.g.identity)
        if "roles_of" not in flask.g:  # a file that is not there: who asks was settled for the page that says so
            return
        subject: Subject = flask.g.subject
        if flask.g.roles_of == self._revision():
            return
        before, now = self.policies.at_revision(flask.g.roles_of), self.policies.current()
        if Rights(subject, before).listed() != Rights(subject, now).listed():
            raise NotAuthenticated("what you may do has changed meanwhile", hint="ask again")

    def _revision(self) -> int:
        return Revisions(self.catalog).current_number()


def _doer() -> str:
    """Who sent the current request, nobody while there is none or while that is not settled."""
    return fold(flask.g.subject.user) if flask.has_request_context() and "subject" in flask.g else ""
