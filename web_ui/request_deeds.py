"""What people do with requests for access, in the API and on pages: ask, approve, deny and take back."""

from catalog.access_requests import AccessRequest
from policy_engine.capabilities import Rights
from policy_engine.model import Subject
from policy_engine.requests.access_requests import approve, deny, withdraw
from policy_engine.requests.request_policies import Terms
from proxy.asking import Asking
from proxy.http import answers
from proxy.refusals import NotThere, RequestInvalid
from web_ui.parts import Parts
from web_ui.request_stories import Reader

_LONGEST_WORDS = 2_000


def reader_of(parts: Parts, subject: Subject) -> Reader:
    """Who sent the current request, as a reader of requests for access."""
    rights = Rights(subject, parts.policies.current())
    return Reader(parts, subject, rights, client=answers.client(), decision_id=answers.decision_id())


def asking(parts: Parts) -> Asking:
    """Where requests are taken, over the parts of a server."""
    return Asking(
        catalog=parts.catalog,
        visibility=parts.visibility,
        policies=parts.policies,
        journal=parts.journal,
        clock=parts.clock,
        tells_hidden=parts.tells_hidden,
    )


def approved(parts: Parts, reader: Reader, number: str, terms: Terms, *, plan: str, words: str) -> AccessRequest:
    """The request approved on the terms that were looked at; answers tell the revision that came of it."""
    done = approve(
        parts.catalog,
        reader.request(number).id,
        terms,
        plan=plan,
        by=reader.subject.user,
        rights=reader.rights,
        reads=reader.reads,
        at=parts.clock(),
        words=_words(words),
        client=answers.client(),
        decision_id=answers.decision_id(),
    )
    answers.decided_under(done.revision)
    return done


def denied(parts: Parts, reader: Reader, number: str, *, words: str) -> AccessRequest:
    """The request denied with words."""
    return deny(
        parts.catalog,
        reader.request(number).id,
        by=reader.subject.user,
        rights=reader.rights,
        at=parts.clock(),
        words=_words(words),
        client=answers.client(),
        decision_id=answers.decision_id(),
    )


def taken_back(parts: Parts, reader: Reader, number: str) -> AccessRequest:
    """One's own request taken back; anybody else's is not there to be."""
    request = reader.request(number)
    if not reader.is_mine(request):
        raise NotThere(f"there is no request {number} of yours", hint="decide on it, or leave it to the asker")
    return withdraw(
        parts.catalog,
        request.id,
        by=request.user,
        at=parts.clock(),
        client=answers.client(),
        decision_id=answers.decision_id(),
    )


def _words(text: str) -> str:
    if len(text) > _LONGEST_WORDS:
        raise RequestInvalid(f"the words are longer than {_LONGEST_WORDS:,} characters", hint="say it in fewer")
    return text.strip()
