"""The story of one event of the journal, in sentences; each tells what the event says, and nothing else."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from catalog.journal.event import Event, EventKind, Verdict
from policy_engine.model import Outcome

_ASKING = frozenset(
    {EventKind.QUERY_BEGIN, EventKind.QUERY_END, EventKind.QUERY_DENY, EventKind.EXPLAIN_READ, EventKind.METADATA_READ}
)
"""Kinds of which `token` tells by which one it came; others tell of a token that was made or ended."""


def story(event: Event) -> tuple[str, ...]:
    """What happened, sentence by sentence.

    Example:
        >>> story(event)
        ('Of the columns of `shop.orders`, 2 were shown clear and 1 was hidden.', 'Policy `clerks` decided so, ..')
    """
    return tuple(_sentences(event))


def _sentences(event: Event) -> Iterator[str]:
    details = event.details
    if columns := outcomes(event):
        yield f"Of the columns of {_listed(event.datasets)}, {_columns(columns)}."
    if event.kind is EventKind.QUERY_BEGIN and event.policies:
        yield f"{_named('Policy', 'Policies', event.policies)} decided so, in revision {event.revision}."
    if event.kind is EventKind.QUERY_END:
        yield _ending(event)
    if event.kind is EventKind.QUERY_DENY:
        yield f"It was refused: `{details.get('code', 'no reason is told')}`."
    if event.kind in (EventKind.DOCUMENT_APPLY, EventKind.POLICY_ROLLBACK):
        yield f"Revision {event.revision} came into force with it; the one before was {event.revision - 1}."
    if event.kind in (EventKind.AUDIT_READ, EventKind.AUDIT_EXPORT):
        yield from _reading(details)
    if event.kind is EventKind.LOGIN_FAIL and details.get("pause") == "begins":
        yield "It began a pause, in which more of them are counted and not told one by one."
    if event.kind is EventKind.LOGIN_FAIL and details.get("pause") == "over":
        yield f"A pause is over, in which {details.get('refused')} sign-ins were refused."
    if event.kind is EventKind.AUDIT_VERIFY:
        yield _verified(details)
    if event.kind is EventKind.AUDIT_SEAL:
        yield f"The seal tells of {details.get('count')} events."
    if event.kind is EventKind.AUDIT_ARCHIVE:
        yield f"Events {details.get('first')} to {details.get('last')} are in `{details.get('file')}`."
    if isinstance(why := details.get("why"), str) and why:
        yield f"The reason given: {why}"
    if isinstance(purpose := details.get("purpose"), str) and purpose:
        yield f"The purpose stated: {purpose}"
    if event.kind in _ASKING and isinstance(token := details.get("token"), str):
        yield f"It came by the API token `{token}`."


def withheld(event: Event, related: Iterable[Event]) -> tuple[str, ...]:
    """Why a query was refused that the database could not carry out: what its beginning tells to be hidden.

    Example:
        >>> withheld(end, [begin])
        ('Hidden from them was `shop.orders.card`, by policy `clerks` in revision 3.',)
    """
    if (event.kind, event.verdict) != (EventKind.QUERY_END, Verdict.DENY):
        return ()
    begun = (each for each in related if each.kind is EventKind.QUERY_BEGIN)
    return tuple(_hidden(each) for each in begun if any(how is Outcome.HIDDEN for _, how in outcomes(each)))


def _hidden(begin: Event) -> str:
    names = [name for name, how in outcomes(begin) if how is Outcome.HIDDEN]
    said = f"Hidden from them {'was' if len(names) == 1 else 'were'} {_listed(names)}"
    return f"{said}, by {_named('policy', 'policies', begin.policies)} in revision {begin.revision}."


def outcomes(event: Event) -> tuple[tuple[str, Outcome], ...]:
    """Each column with how it was shown; an event that tells of no outcome has none."""
    pairs = (column.rpartition("=") for column in event.columns)
    return tuple((name, Outcome(outcome)) for name, _, outcome in pairs if outcome in list(Outcome))


def _columns(columns: Sequence[tuple[str, Outcome]]) -> str:
    counts = Counter(outcome for _, outcome in columns)
    words = {Outcome.CLEAR: "shown clear", Outcome.MASKED: "masked", Outcome.HIDDEN: "hidden"}
    shown = [(counts[outcome], words[outcome]) for outcome in Outcome if counts[outcome]]
    return _and([f"{count} {'was' if count == 1 else 'were'} {how}" for count, how in shown])


def _ending(event: Event) -> str:
    rows, size, spent = (event.details.get(name) for name in ("rows", "bytes", "ms"))
    ended = {
        Verdict.ALLOW: "It was read to its end",
        Verdict.CANCEL: "It was stopped by the person",
        Verdict.ERROR: "It failed",
        Verdict.DENY: "It was refused",
    }[event.verdict]
    code = event.details.get("code")
    return f"{ended}{f' (`{code}`)' if code else ''}: {rows} rows, {size} bytes, in {spent} ms."


def _reading(details: Mapping[str, object]) -> Iterator[str]:
    asked = details.get("asked")
    if isinstance(asked, dict):
        given = [f"{name} `{value}`" for name, value in asked.items()]
        yield f"What was asked for: {_and(given) if given else 'everything'}."
    if "event" in details:
        yield f"It was event {details['event']} that was opened."
    if "count" in details:
        yield f"{details['count']} events were given."


def _verified(details: Mapping[str, object]) -> str:
    if details.get("ok"):
        return f"The chain of {details.get('events')} events held, against {details.get('seals')} seals."
    return f"The chain did not hold: {details.get('what', 'see `veil audit verify`')}."


def _named(one: str, many: str, names: Sequence[str]) -> str:
    return f"{one if len(names) == 1 else many} {_listed(names)}"


def _listed(names: Sequence[str]) -> str:
    shown = [f"`{name}`" for name in names[:5]]
    return _and([*shown, f"{len(names) - 5} more"] if len(names) > 5 else shown) or "what was asked"


def _and(parts: Sequence[str]) -> str:
    return " and ".join((", ".join(parts[:-1]), parts[-1])) if len(parts) > 1 else "".join(parts)
