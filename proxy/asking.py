"""How people ask for access: to what they see in part, and to what they can only name.

INVARIANT: a dataset that somebody cannot see is asked for like one that is not there, in words, work and answer alike;
and a column that nobody is told of like one that is misspelt. Whoever may write policies there sees what was meant.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from catalog.access_requests import AccessRequest, AccessRequests, Choice, RequestState, Wanted
from catalog.database import Catalog
from catalog.errors import PolicyInvalid, UnknownColumn
from catalog.journal.event import Event, EventKind
from catalog.journal.journal import Journal
from catalog.lookup import split_dataset
from catalog.model import Dataset
from catalog.names import fold, join, nearest, split_field
from policy_engine.circumstances import Circumstances
from policy_engine.model import ColumnDecision, Decision, Outcome, Subject
from policy_engine.store import PolicyStore
from policy_engine.visibility import Visibility
from proxy.refusals import RequestInvalid, TooMany

DEFAULT_DAYS, MOST_DAYS = 30, 366
MOST_OPEN, MOST_A_DAY = 20, 50
MOST_COLUMNS, LONGEST_NAME, LONGEST_WHY, LONGEST_PURPOSE = 200, 300, 2_000, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asks for; no columns and not `all_rows` is the whole dataset. Without `until`, for 30 days."""

    dataset: str
    columns: tuple[str, ...] = ()
    all_rows: bool = False
    why: str = ""
    purpose: str = ""
    until: datetime | None = None


class Asking:
    """Takes requests and journals them.

    Example:
        >>> asking.ask(kim, Asked(dataset="shop.orders", columns=("card",), why="to call back")).state
        <RequestState.OPEN: 'open'>
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        visibility: Visibility,
        policies: PolicyStore,
        journal: Journal,
        clock: Callable[[], datetime],
        tells_hidden: bool,
    ) -> None:
        """`tells_hidden` is whether people are told of the columns that are hidden from them."""
        self._catalog = catalog
        self._requests = AccessRequests(catalog)
        self._visibility = visibility
        self._policies = policies
        self._journal = journal
        self._clock = clock
        self._tells_hidden = tells_hidden

    def ask(self, subject: Subject, asked: Asked, *, decision_id: str = "", client: str = "") -> AccessRequest:
        """A new request on its way; raises what is wrong with it, TooMany when there are too many already."""
        now = self._clock()
        request = self._read(subject, asked, now, Circumstances(address=client))
        with self._catalog.transaction():
            self._refuse_too_many(request, now)
            kept = self._requests.add(request)
            self._journal.append(
                Event(
                    kind=EventKind.REQUEST_CREATE,
                    user=subject.user,
                    groups=tuple(sorted(subject.groups)),
                    datasets=(f"{kept.database}.{kept.dataset}",),
                    client=client,
                    decision_id=decision_id,
                    details={
                        "request": kept.id,
                        "wanted": kept.wanted.value,
                        "columns": list(kept.columns),
                        "why": kept.why,
                        "purpose": kept.purpose,
                        "until": f"{kept.ends_at:%Y-%m-%d}",
                    },
                )
            )
        return kept

    def seen(self, subject: Subject, dataset: str, client: str = "") -> Decision | None:
        """What the subject sees of a dataset, for a form; None for what they do not."""
        return self._decision(subject, *_dataset(dataset), Circumstances(address=client))

    def askable(self, decision: Decision) -> tuple[ColumnDecision, ...]:
        """The columns and fields of a dataset that can be asked for: those one is told of."""
        told = decision if self._tells_hidden else decision.briefly
        every = (field for column in told.columns for field in (column, *column.nested))
        return tuple(field for field in every if self._tells_hidden or field.outcome is not Outcome.HIDDEN)

    def _read(self, subject: Subject, asked: Asked, now: datetime, circumstances: Circumstances) -> AccessRequest:
        why, purpose = asked.why.strip(), asked.purpose.strip()
        if not why:
            raise RequestInvalid("a request needs a reason", hint="say in `why` what you need it for")
        _refuse_long(("why", why, LONGEST_WHY), ("purpose", purpose, LONGEST_PURPOSE))
        _refuse_long(*(("columns", column, LONGEST_NAME) for column in asked.columns))
        if asked.columns and asked.all_rows:
            raise RequestInvalid("columns and all rows are asked for one by one", hint="ask twice, or for the dataset")
        if len(asked.columns) > MOST_COLUMNS:
            raise RequestInvalid(f"more than {MOST_COLUMNS} columns at once", hint="ask for the dataset as a whole")
        database, dataset = _dataset(asked.dataset)
        columns = tuple(dict.fromkeys(_column(column) for column in asked.columns))
        decision = self._decision(subject, database, dataset, circumstances)
        if decision is not None:
            database, dataset = decision.dataset.database, decision.dataset.name
            columns = self._known(columns, decision)
            self._refuse_needless(asked, columns, decision)
        return AccessRequest(
            user=subject.user,
            groups=subject.groups,
            attributes=subject.attributes,
            database=database,
            dataset=dataset,
            wanted=Wanted.ROWS if asked.all_rows else Wanted.COLUMNS if columns else Wanted.DATASET,
            columns=columns,
            why=why,
            purpose=purpose,
            asked_at=now,
            ends_at=_end(asked.until, now),
        )

    def _decision(self, subject: Subject, database: str, name: str, circumstances: Circumstances) -> Decision | None:
        """What the subject sees of it. INVARIANT: for what they do not, no work depends on whether it is there."""
        key = (fold(database), fold(name))
        with self._policies.in_force(self._clock) as (policies, now):
            visible = self._visibility.datasets(subject, policies, now, circumstances)
            found = next((dataset for dataset in visible if _key(dataset) == key), None)
            if found is None:
                return None
            return self._visibility.decision(subject, database, name, policies, now, circumstances)

    def _known(self, columns: tuple[str, ...], decision: Decision) -> tuple[str, ...]:
        """The columns as they are called; where people are told of all there are, another one is a mistake."""
        known = {fold(field.name): join(*field.path) for field in self.askable(decision)}
        known |= {fold(name): name for name in known.values()}
        found: list[str] = []
        for column in columns:
            called = known.get(fold(column))
            if called is None and self._tells_hidden:
                near = nearest(column, known.values())
                raise UnknownColumn(
                    f"no column `{column}` of `{decision.dataset.full_name}` that you can ask for",
                    hint=f"did you mean `{near}`?" if near else "describe the dataset to see its columns",
                )
            found.append(called or column)
        return tuple(dict.fromkeys(found))

    def _refuse_needless(self, asked: Asked, columns: tuple[str, ...], decision: Decision) -> None:
        """Raise PolicyInvalid for what the asker sees already, as far as the asker is told what there is."""
        shown = {join(*field.path): field.outcome for field in self.askable(decision)}
        wanted = columns or shown
        is_clear = all(shown.get(name) is Outcome.CLEAR for name in wanted) and (bool(columns) or self._tells_hidden)
        has_rows = not decision.rows.filter
        is_seen = has_rows if asked.all_rows else is_clear and (bool(columns) or has_rows)
        if is_seen and not decision.broken:
            raise PolicyInvalid("you see all of that already", hint="describe the dataset to see how")

    def _refuse_too_many(self, request: AccessRequest, now: datetime) -> None:
        mine = Choice(reader=request.user, user=request.user, state=RequestState.OPEN)
        waiting = self._requests.listed(mine, now, limit=MOST_OPEN)
        for other in waiting:
            if _same(other) == _same(request):
                raise PolicyInvalid(
                    f"you have asked for that already: request {other.id} waits for a decision",
                    hint="take it back first, to ask in other words",
                )
        if len(waiting) >= MOST_OPEN:
            raise TooMany(f"{MOST_OPEN} of your requests wait for a decision", hint="take some back, or wait")
        if self._requests.asked_since(request.user, now - timedelta(days=1)) >= MOST_A_DAY:
            raise TooMany(f"{MOST_A_DAY} requests within a day", hint="ask for the rest tomorrow")


def _same(request: AccessRequest) -> tuple[object, ...]:
    """What makes two requests the same to whoever decides."""
    place = fold(request.database), fold(request.dataset)
    return (*place, request.wanted, frozenset(map(fold, request.columns)))


def _dataset(name: str) -> tuple[str, str]:
    _refuse_long(("dataset", name, LONGEST_NAME))
    try:
        return split_dataset(name.strip())
    except PolicyInvalid as error:
        raise RequestInvalid(error.detail, hint=error.hint) from None


def _column(name: str) -> str:
    """A column's name as it is kept: its parts, or all of a text that has none, quoted where needed."""
    path = split_field(name) or (name.strip(),)
    if not path[0]:
        raise RequestInvalid("a column has no name", hint="write it like `phone` or `address.zip`")
    return join(*path)


def _key(dataset: Dataset) -> tuple[str, str]:
    return fold(dataset.database), fold(dataset.name)


def _end(until: datetime | None, now: datetime) -> datetime:
    """When the access ends: at the end of a day, unless a moment was said."""
    last = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
    ends_at = until or last + timedelta(days=DEFAULT_DAYS)
    if not now < ends_at <= last + timedelta(days=MOST_DAYS):
        raise RequestInvalid(
            f"`until` must lie after today and within {MOST_DAYS} days", hint="write it like `2026-01-31`"
        )
    return ends_at


def _refuse_long(*given: tuple[str, str, int]) -> None:
    for name, text, most in given:
        if len(text) > most:
            raise RequestInvalid(f"`{name}` is longer than {most:,} characters", hint="say it in fewer words")
        if any(ord(character) < 32 and character not in "\n\t\r" for character in text):
            raise RequestInvalid(f"`{name}` holds control characters", hint="leave them out")
