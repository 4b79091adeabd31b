"""Requests for access as one reader may know them: lists, and the whole story of one, for the API and the pages."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from catalog.access_requests import AccessRequest, AccessRequests, Choice, RequestState
from catalog.errors import VeilError
from catalog.journal.event import Event, EventKind
from catalog.names import fold
from catalog.people.accounts import is_provided
from policy_engine.capabilities import Action, Rights
from policy_engine.circumstances import AT_MOST
from policy_engine.ddl.printing import print_policy
from policy_engine.judging.decide import Judge
from policy_engine.judging.judged import Judged
from policy_engine.judging.policy_index import roles_of
from policy_engine.judging.verdicts import Verdict
from policy_engine.live import Live, read_live
from policy_engine.model import Outcome, Policy, Subject
from policy_engine.oversight import overseen, overseen_roles
from policy_engine.personal_roles import role_of
from policy_engine.profile import Path
from policy_engine.readers import may_read
from policy_engine.requests.access_requests import is_own, may_decide
from policy_engine.requests.proposal import Proposal, propose
from policy_engine.requests.request_policies import Terms
from policy_engine.requests.told_proposal import as_told
from policy_engine.subjects import holder_of
from policy_engine.transforms.calls import parse_call
from policy_engine.transforms.expressions import LONGEST_CALL
from proxy.asking import LONGEST_NAME, MOST_COLUMNS
from proxy.refusals import NotThere, RequestInvalid
from web_ui.numbers import whole_number
from web_ui.parts import Parts

_MOST_PAST = 10
_MOST_HOLDERS = 20
_MOST_COLUMNS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A role that sees some of what is asked for: the columns by how they are shown."""

    role: str
    shown: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A policy that would still take something away after an approval, and whom to ask about it.

    It has no name for who may not read it.
    """

    name: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A request with all that its reader may know; of a proposal only who decides.

    `in_force` are the policies that came of it and are there still, as statements; `is_bound` is whether they count for
    the purpose alone.
    """

    request: AccessRequest
    is_mine: bool
    may_decide: bool
    proposal: Proposal | None = None
    problem: VeilError | None = None
    statements: tuple[str, ...] = ()
    against: tuple[Standing, ...] = ()
    holders: tuple[Holder, ...] = ()
    past: tuple[AccessRequest, ...] = ()
    in_force: Mapping[str, str] = field(default_factory=dict)
    is_bound: bool = False

    @property
    def is_provided(self) -> bool:
        """Whether the asker comes from an identity provider."""
        return is_provided(self.request.user)


class Reader:
    """What one person may know of requests: their own, and those on which they may decide.

    Example:
        >>> reader.story("482109").proposal.plan.id
        '8f2c41aa'
    """

    def __init__(
        self, parts: Parts, subject: Subject, rights: Rights | None, *, client: str = "", decision_id: str = ""
    ) -> None:
        """Without `rights` it is the operator of the home, who has its files in hand."""
        self._parts = parts
        self.subject = subject
        self.rights = rights
        self._client = client
        self._decision_id = decision_id
        self._store = AccessRequests(parts.catalog)

    @property
    def databases(self) -> frozenset[str] | None:
        """The folded databases on whose requests this reader decides, None for all."""
        return None if self.rights is None else self.rights.places(Action.POLICY_WRITE)

    def reads(self, policy: Policy) -> bool:
        """Whether a policy is this reader's to read, or would be if it were in force."""
        return may_read(policy, roles_of(self.subject, self._parts.policies.current()), self.rights)

    def is_mine(self, request: AccessRequest) -> bool:
        """Whether the reader is who asks."""
        return is_own(request, self.subject.user)

    def choice(self, *, state: RequestState | None = None, search: str = "") -> Choice:
        """All that this reader may know of, narrowed."""
        return Choice(reader=self.subject.user, databases=self.databases, state=state, search=search)

    def listed(self, choice: Choice, *, limit: int, offset: int = 0) -> tuple[tuple[AccessRequest, ...], int]:
        """Some requests, open ones first, and how many there are in all."""
        now = self._parts.clock()
        with self._parts.catalog.snapshot():
            return self._store.listed(choice, now, limit=limit, offset=offset), self._store.count(choice, now)

    def request(self, number: str) -> AccessRequest:
        """One request; raises NotThere alike for one that is not there and one that is none of the reader's business.

        Both are looked for and judged the same.
        """
        found = self._store.request(whole_number(number) or 0, self._parts.clock())
        if found is None or not (self.is_mine(found) or may_decide(found, self.rights)):
            raise NotThere(f"there is no request `{number[:20]}` that you can see", hint="list the requests")
        return found

    def story(
        self, number: str, *, columns: tuple[str, ...] = (), mask: str = "", until: str = "", bound: bool = False
    ) -> Story:
        """The whole story; of somebody else's request also what an approval on these terms would do, journalled."""
        request = self.request(number)
        is_mine = self.is_mine(request)
        made = self._in_force(request)
        found = Story(
            request=request,
            is_mine=is_mine,
            may_decide=not is_mine and request.state is RequestState.OPEN,
            in_force={policy.id: print_policy(policy) for policy in made},
            is_bound=any(policy.when and request.purpose in policy.when.purposes for policy in made),
        )
        if is_mine:
            return found
        self._note_reading(request)
        found = replace(found, past=self._past(request))
        if not found.may_decide:
            return found
        live = read_live(self._parts.catalog)
        try:
            terms = terms_of(request, columns=columns, mask=mask, until=until, bound=bound)
            proposed = propose(request, terms, live, self._parts.clock(), reads=self.reads)
        except VeilError as problem:
            return replace(found, problem=problem)
        proposal = as_told(proposed, self.reads)
        return replace(
            found,
            proposal=proposal,
            statements=tuple(
                print_policy(proposal.plan.after.policies[fold(change.name)])
                for change in proposal.plan.changes
                if change.kind == "policy"
            ),
            against=self._against(proposed),
            holders=self._holders(proposal, live),
        )

    def _in_force(self, request: AccessRequest) -> tuple[Policy, ...]:
        """The policies that came of it and are still there for the asker: a name may be another's by now."""
        names, role = set(map(fold, request.policies)), fold(role_of(request.user).name)
        current = self._parts.policies.current().policies if names else ()
        mine = (policy for policy in current if role in map(fold, policy.roles))
        return tuple(policy for policy in mine if fold(policy.id) in names)

    def _past(self, request: AccessRequest) -> tuple[AccessRequest, ...]:
        """Earlier ones of this asker, and of others about this dataset, as far as this reader decides."""
        now, known = self._parts.clock(), self.choice()
        place = (request.database, request.dataset)
        choices = (replace(known, reader="", user=request.user), replace(known, reader="", dataset=place))
        found = {each.id: each for choice in choices for each in self._store.listed(choice, now, limit=_MOST_PAST)}
        return tuple(each for each in found.values() if each.id != request.id)[:_MOST_PAST]

    def _against(self, proposal: Proposal) -> tuple[Standing, ...]:
        owners, known = self._parts.policies.current().owners, proposal.plan.after.policies
        return tuple(
            Standing(name=name if self.reads(known[fold(name)]) else "", owner=owners.get(fold(name), ""))
            for name in proposal.against
        )

    def _holders(self, proposal: Proposal, live: Live) -> tuple[Holder, ...]:
        """The roles that see what is asked for already, at most, and how; of those that the reader may be told of."""
        asked = {column.path for column in proposal.columns.asked}
        found: list[Holder] = []
        policies, at = live.policy_set, self._parts.clock()
        for role in policies.roles if self.rights is None else overseen_roles(policies, overseen(self.rights)):
            judged = Judge(holder_of(role), policies, at, AT_MOST, live.datasets.get).judge(proposal.dataset)
            if judged.broken or not judged.is_visible:
                continue
            shown = _shown(judged, asked)
            if shown:
                found.append(Holder(role=role.name, shown=shown))
            if len(found) == _MOST_HOLDERS:
                break
        return tuple(found)

    def _note_reading(self, request: AccessRequest) -> None:
        """That somebody looked at what another person sees and would see is on record."""
        self._parts.journal.append(
            Event(
                kind=EventKind.REQUEST_READ,
                user=self.subject.user,
                groups=tuple(sorted(self.subject.groups)),
                datasets=(f"{request.database}.{request.dataset}",),
                client=self._client,
                decision_id=self._decision_id,
                details={"request": request.id, "asker": request.user},
            )
        )


def _shown(judged: Judged, asked: AbstractSet[Path]) -> dict[str, tuple[str, ...]]:
    """The first of the columns that are asked for and there, by how they are shown."""
    found: dict[str, list[str]] = {}
    there = (item for item in judged.verdicts.items() if item[1].outcome is not Outcome.HIDDEN)
    ways = {key: _how(verdict) for key, verdict in there}
    for column, key in judged.keyed:
        how = ways.get(key)
        if how is not None and column.path in asked:
            names = found.setdefault(how, [])
            names.append(column.name)
            if len(names) == _MOST_COLUMNS:
                ways = {key: way for key, way in ways.items() if way != how}
                if not ways:
                    break
    for inner, verdict in judged.parts:
        if verdict.outcome is not Outcome.HIDDEN and inner.column.path in asked:
            found.setdefault(_how(verdict), []).append(inner.column.name)
    return {how: tuple(names[:_MOST_COLUMNS]) for how, names in found.items()}


def _how(verdict: Verdict) -> str:
    return verdict.transform or verdict.outcome.value


def terms_of(
    request: AccessRequest, *, columns: tuple[str, ...] = (), mask: str = "", until: str = "", bound: bool = False
) -> Terms:
    """The terms of an approval as they were written; what is not said is as it was asked for.

    Raises RequestInvalid for more than can be asked for, or a longer mask than any.
    """
    if len(columns) > MOST_COLUMNS or any(len(name) > LONGEST_NAME for name in columns) or len(mask) > LONGEST_CALL:
        raise RequestInvalid("these are longer terms than a request can have", hint="approve columns of the request")
    return Terms(
        ends_at=end_of(until) if until.strip() else request.ends_at,
        columns=columns or None,
        mask=parse_call(mask) if mask.strip() else None,
        is_bound=bound,
    )


def end_of(text: str) -> datetime:
    """A day, which is part of the time, or a moment; without a zone it is meant in UTC.

    Example:
        >>> end_of("2026-01-31")
        datetime.datetime(2026, 2, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        return datetime.combine(date.fromisoformat(text.strip()) + timedelta(days=1), time(), UTC)
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise RequestInvalid(
            "`until` is no date or moment", hint="write `2026-01-31` or `2026-01-31T12:30:00Z`"
        ) from None
