"""Decides on requests for access: approved by an ordinary policy, denied with words, or taken back by the asker.

A decision, the policy that comes of it and its entry in the journal are one transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from catalog.access_requests import AccessRequest, AccessRequests, RequestState
from catalog.database import Catalog
from catalog.errors import NotAllowed, PolicyInvalid
from catalog.journal.event import Event, EventKind
from catalog.journal.journal import Journal
from catalog.names import fold
from catalog.people.accounts import OPERATOR
from policy_engine.capabilities import Action, Rights
from policy_engine.changing.apply import carry_out
from policy_engine.changing.delegation import require_change
from policy_engine.live import read_live
from policy_engine.model import Policy
from policy_engine.requests.proposal import propose, reads_all
from policy_engine.requests.request_policies import Terms
from policy_engine.requests.told_proposal import as_told


def is_own(request: AccessRequest, by: str) -> bool:
    """Whether somebody is the asker, also as whoever works on this machine.

    An account of an earlier version may itself be called like whoever works there.
    """
    return fold(request.user) in (fold(by), fold(by).removeprefix(OPERATOR))


def may_decide(request: AccessRequest, rights: Rights | None) -> bool:
    """Whether somebody may know of others' requests like this one, and decide on them."""
    return rights is None or rights.may(Action.POLICY_WRITE, request.database)


def approve(
    catalog: Catalog,
    number: int,
    terms: Terms | None,
    *,
    plan: str,
    by: str,
    rights: Rights | None,
    at: datetime,
    reads: Callable[[Policy], bool] = reads_all,
    words: str = "",
    client: str = "",
    decision_id: str = "",
) -> AccessRequest:
    """Carries out the very plan that was looked at, and closes the request, all or nothing.

    Raises NotAllowed for one's own request, PolicyInvalid when something has moved since or would stay as it is.
    """
    with catalog.transaction():
        request = _to_decide(catalog, number, by, rights, at)
        live = read_live(catalog)
        proposal = propose(request, terms or Terms(ends_at=request.ends_at), live, at, reads=reads)
        made = proposal.plan
        if proposal.refused_because:
            refused_because = as_told(proposal, reads).refused_because
            raise PolicyInvalid(refused_because, hint="deny the request with words, or let others act first")
        if made.id != plan:
            raise PolicyInvalid(
                "something was changed since this was looked at", hint="look at what it does now, and approve that"
            )
        if rights is not None:
            # The role is the asker's alone and carries no capability: it takes no more than writing the policy does.
            require_change(rights, made.before, replace(made.after, roles=made.before.roles))
        why = f"request {number} of {request.user}: {words or 'approved'}"
        revision = carry_out(made, catalog, by=by, why=why, client=client).revision
        policies = tuple(change.name for change in made.changes if change.kind == "policy")
        return _closed(
            catalog,
            replace(request, policies=policies, revision=revision, ends_at=proposal.terms.ends_at),
            RequestState.APPROVED,
            by=by,
            at=at,
            words=words,
            client=client,
            decision_id=decision_id,
            details={"columns": [change.column.name for change in proposal.columns.told if change.is_more]},
        )


def deny(
    catalog: Catalog,
    number: int,
    *,
    by: str,
    rights: Rights | None,
    at: datetime,
    words: str,
    client: str = "",
    decision_id: str = "",
) -> AccessRequest:
    """Closes a request without access; the words are for the asker and must be there."""
    if not words.strip():
        raise PolicyInvalid("a denial needs words", hint="say why, and what the asker can do instead")
    with catalog.transaction():
        request = _to_decide(catalog, number, by, rights, at)
        return _closed(
            catalog,
            request,
            RequestState.DENIED,
            by=by,
            at=at,
            words=words.strip(),
            client=client,
            decision_id=decision_id,
        )


def withdraw(
    catalog: Catalog, number: int, *, by: str, at: datetime, client: str = "", decision_id: str = ""
) -> AccessRequest:
    """Takes one's own open request back; raises PolicyInvalid for any other, whether or not it is there."""
    with catalog.transaction():
        request = AccessRequests(catalog).request(number, at)
        if request is None or fold(request.user) != fold(by):
            raise unknown(number)
        return _closed(catalog, request, RequestState.WITHDRAWN, by=by, at=at, client=client, decision_id=decision_id)


def unknown(number: int) -> PolicyInvalid:
    """The one answer for a request that is not there, and for one that is none of somebody's business."""
    return PolicyInvalid(f"there is no request {number} that you can see", hint="list the requests")


def _to_decide(catalog: Catalog, number: int, by: str, rights: Rights | None, at: datetime) -> AccessRequest:
    """The request, for somebody who may decide on it; one's own is never one's own to decide."""
    request = AccessRequests(catalog).request(number, at)
    if request is None or not (may_decide(request, rights) or is_own(request, by)):
        raise unknown(number)
    if is_own(request, by):
        raise NotAllowed(
            "nobody decides on a request of their own, administrators neither",
            hint=f"somebody else who may write policies of `{request.database}` can",
        )
    if request.state is not RequestState.OPEN:
        raise PolicyInvalid(f"request {number} is {request.state} already", hint="the asker can ask again")
    return request


def _closed(
    catalog: Catalog,
    request: AccessRequest,
    state: RequestState,
    *,
    by: str,
    at: datetime,
    words: str = "",
    client: str = "",
    decision_id: str = "",
    details: Mapping[str, object] | None = None,
) -> AccessRequest:
    """The request closed and journalled, within the caller's transaction."""
    AccessRequests(catalog).close(
        request.id,
        state,
        by=by,
        at=at,
        words=words,
        policies=request.policies,
        revision=request.revision,
        ends_at=request.ends_at,
    )
    Journal(catalog).append(
        Event(
            kind=_KINDS[state],
            user=by,
            datasets=(f"{request.database}.{request.dataset}",),
            policies=request.policies,
            revision=request.revision,
            client=client,
            decision_id=decision_id,
            details={"request": request.id, "asker": request.user, "words": words, **(details or {})},
        )
    )
    closed = AccessRequests(catalog).request(request.id, at)
    assert closed is not None
    return closed


_KINDS = {
    RequestState.APPROVED: EventKind.REQUEST_APPROVE,
    RequestState.DENIED: EventKind.REQUEST_DENY,
    RequestState.WITHDRAWN: EventKind.REQUEST_WITHDRAW,
}
