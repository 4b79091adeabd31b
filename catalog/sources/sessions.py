"""Sessions are kept and shared: making one costs some 50 ms, finding one costs a look at the files."""

import threading
import time
import weakref
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from catalog.errors import SourceUnavailable
from catalog.model import Source
from catalog.sources.connector import Expected, LooksOneByOne, SourceConnector
from catalog.sources.engine import EngineSession, open_session
from catalog.sources.opening import Part
from catalog.sources.states import Watched
from catalog.sources.watch import WATCH
from catalog.sources.workers.forking import FORKING
from catalog.sources.workers.pool import Pool
from catalog.sources.world import Resources

_MOST_LOOKS = 4

_Identity = tuple[str, str, tuple[tuple[str, str], ...]]


class SessionCache:
    """The sessions of a process, at most `capacity` of them, the least recently used let go first.

    A session is found again only for the same sources, columns and files in the same state. One that is
    let go lives on until its last run has ended. `idle_seconds` bounds how long an unused one holds its
    files (a database file that is held cannot be opened for writing by its owner), and how long a worker waits
    for something to do; there are at most `workers` of them.
    """

    def __init__(
        self,
        connect: Callable[[Source], SourceConnector],
        resources: Resources | None = None,
        *,
        capacity: int = 16,
        idle_seconds: float = 60.0,
        workers: int = 64,
    ) -> None:
        self._connect = connect
        self._pool = Pool(resources or Resources(), most=workers, idle_seconds=idle_seconds)
        self._capacity = capacity
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._connectors: dict[_Identity, SourceConnector] = {}
        self._kept: OrderedDict[frozenset[Part], _Kept] = OrderedDict()
        self._tidying = _Tidying(self, idle_seconds)

    def prepare(self) -> None:
        """Begins what the first session would have to wait for."""
        FORKING.prepare()

    def open(self, parts: Sequence[tuple[Source, Expected]]) -> EngineSession:
        """A session over these relations; raises SourceUnavailable when one is gone or has changed its shape."""
        scanners = tuple(self._scanned(source, expected) for source, expected in _merged(parts))
        kept = self._found(scanners)
        if kept is None:
            scanners = _at_one_moment(scanners)
            kept = self._found(scanners) or _Kept(open_session(_parts(scanners), self._pool), scanners)
        with self._lock:
            self._keep(kept)
            over = [self._kept.popitem(last=False)[1] for _ in range(len(self._kept) - self._capacity)]
        for each in over:
            each.session.let_go()
        WATCH.add(self._tidying)
        return kept.session

    def is_current(self, session: EngineSession) -> bool:
        """Whether `open` would find this very session for the relations that it is over; then it counts as used.

        Raises SourceUnavailable when one of them is gone.
        """
        with self._lock:
            kept = self._kept.get(session.parts)
        if kept is None or kept.session is not session:
            return False
        if any(_has_changed(connector, part) for connector, part in kept.scanners):
            return False
        with self._lock:
            self._keep(kept)
        return True

    def _found(self, scanners: "tuple[_Scanner, ...]") -> "_Kept | None":
        """The session over what was scanned, which is one moment's: whatever is kept was looked at for that."""
        with self._lock:
            return self._kept.pop(_parts(scanners), None)

    def _keep(self, kept: "_Kept") -> None:
        kept.used_at = time.monotonic()
        self._kept[kept.session.parts] = kept
        self._kept.move_to_end(kept.session.parts)

    def close(self) -> None:
        """Lets every session go; runs under way end undisturbed."""
        WATCH.remove(self._tidying)
        with self._lock:
            self._kept.clear()
            self._connectors.clear()
        self._pool.close()

    def tidy(self) -> None:
        """Lets sessions go that nobody has opened for `idle_seconds`."""
        unused_since = time.monotonic() - self._idle_seconds
        with self._lock:
            over = [parts for parts, kept in self._kept.items() if kept.used_at <= unused_since]
            unused = [self._kept.pop(parts) for parts in over]
        for each in unused:
            each.session.let_go()
        self._pool.tidy()

    def _scanned(self, source: Source, expected: Expected) -> "_Scanner":
        identity = source.name, source.connector, tuple(sorted(source.options.items()))
        with self._lock:
            connector = self._connectors.get(identity)
            if connector is None:
                connector = self._connectors[identity] = self._connect(source)
        return connector, Part(source=source.name, expected=expected, scan=connector.scan(expected))


_Scanner = tuple[SourceConnector, Part]
"""One relation of a session, and what looks at its files again."""


def _parts(scanners: Iterable[_Scanner]) -> frozenset[Part]:
    return frozenset(part for _, part in scanners)


def _at_one_moment(scanners: tuple[_Scanner, ...]) -> tuple[_Scanner, ...]:
    """The relations as all of them stood at once; raises SourceUnavailable where they are written all the while.

    INVARIANT: between two looks at all of them that find the same, there is a moment at which all stood so. One look
    alone finds a list of rights as it was before, and rows as they are after a copy of something else was made.
    """
    relations = Counter(id(connector) for connector, _ in scanners)
    for _ in range(_MOST_LOOKS):
        for connector in {id(connector): connector for connector, _ in scanners}.values():
            if isinstance(connector, LooksOneByOne) and relations[id(connector)] > 1:
                connector.look_anew()
        again = tuple((connector, _again(connector, part)) for connector, part in scanners)
        if again == scanners:
            return scanners
        scanners = again
    raise SourceUnavailable("files of the datasets were written while they were looked at", hint="ask again")


def _again(connector: SourceConnector, part: Part) -> Part:
    if not isinstance(connector, LooksOneByOne):
        return part
    return replace(part, scan=connector.scan(part.expected))


def _has_changed(connector: SourceConnector, part: Part) -> bool:
    if part.scan.is_one_file and not Watched(part.scan.states, part.scan.heads).have_moved():
        return False
    return connector.scan(part.expected) != part.scan


@dataclass(slots=True)
class _Kept:
    """A session, how its files are looked at, and when it was last used."""

    session: EngineSession
    scanners: tuple[_Scanner, ...]
    used_at: float = 0.0


class _Tidying:
    """Tells a cache to tidy from time to time; the watch must not keep a cache that nobody else keeps."""

    is_stopping = False

    def __init__(self, cache: SessionCache, seconds: float) -> None:
        self._cache = weakref.ref(cache)
        self._seconds = seconds
        self.deadline = time.monotonic() + seconds

    def expire(self) -> None:
        self.deadline = time.monotonic() + self._seconds
        cache = self._cache()
        if cache is None:
            WATCH.remove(self)
        else:
            cache.tidy()

    def interrupt(self) -> None:
        """There is nothing to interrupt."""


def _merged(parts: Iterable[tuple[Source, Expected]]) -> Iterable[tuple[Source, Expected]]:
    """Two datasets may stand on one relation: it is opened once, with the columns of both."""
    by_relation: dict[tuple[str, str], tuple[Source, dict[str, str]]] = {}
    in_part: set[tuple[str, str]] = set()
    for source, expected in parts:
        key = (source.name, expected.relation)
        _, columns = by_relation.setdefault(key, (source, {}))
        in_part.update([key] if expected.seen_in_part else [])
        for name, type_ in expected.columns:
            if columns.setdefault(name, type_) != type_:
                raise SourceUnavailable(
                    f"two datasets on `{expected.relation}` know column `{name}` by different types",
                    hint="crawl the source again",
                )
    for key, (source, columns) in by_relation.items():
        yield source, Expected(relation=key[1], columns=tuple(columns.items()), seen_in_part=key in in_part)
