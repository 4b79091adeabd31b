"""Tags of columns and fields that a crawl no longer finds, carried to what may hold their values now.

A crawl shows nothing more than before. Whatever is new in a dataset while a tagged column or field goes may be that
one, under another name or elsewhere; and where a struct has become a map, a text or other fields, nobody knows any more
which part of it the tagged one was. Nor is what bears the tagged one's name always that one: what is new beside it and
called after it, or stands where it stood, may be. Each of them has the tag until a person has looked. What has only
gone leaves nothing behind.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set

from catalog.clock import utc_now, written_time
from catalog.database import Transaction
from catalog.dataset_reader import read_path
from catalog.inner_paths import is_document
from catalog.names import fold
from catalog.tables import DRAWN

Path = tuple[str, ...]
Shape = Mapping[Path, tuple[str, str]]
"""Fields in their order by their folded paths: how the path is stored, and the type."""

_SHORT = 2  # letters of a name that many others begin or end with by chance
_SUGGEST = (
    "INSERT INTO assignment (id, dataset_id, path, tag_id, state, origin, rule, confidence, evidence, by, at)"
    f" VALUES ({DRAWN}, ?, ?, ?, 'suggested', 'rule', '', 1.0, ?, '', ?) ON CONFLICT (dataset_id, path, tag_id)"
    " DO UPDATE SET (state, evidence, by, at) = ('suggested', excluded.evidence, '', excluded.at)"
    " WHERE state = 'rejected'"
)


def shape_of(tx: Transaction, dataset: int) -> Shape:
    """The fields that a dataset has now."""
    rows = tx.rows("SELECT path, type FROM field WHERE dataset_id = ? AND NOT is_gone ORDER BY position", [dataset])
    return {_folded(read_path(row["path"])): (row["path"], row["type"]) for row in rows}


def ever_known(tx: Transaction, dataset: int) -> frozenset[Path]:
    """The paths of all fields that a dataset has or had."""
    rows = tx.rows("SELECT path FROM field WHERE dataset_id = ?", [dataset])
    return frozenset(_folded(read_path(row["path"])) for row in rows)


def carry_tags(tx: Transaction, dataset: int, before: Shape, ever: Set[Path]) -> None:
    """Suggests the tags of lost fields where their values may be now; `before` is what the dataset was, and `ever` what
    it had at some time: one that has come and gone beside the tagged one is another.

    Example: of `contact STRUCT(city, phone)` that has become a map, all has the tag of `contact.phone`.
    """
    now = shape_of(tx, dataset)
    if now == before:
        return
    said = tx.rows("SELECT path, tag_id FROM assignment WHERE dataset_id = ? AND state <> 'rejected'", [dataset])
    # the outermost that are new
    new = tuple(each for each in now if each not in ever and (len(each) == 1 or each[:-1] in ever))
    beside = _Beside(before, now, new)
    lost: dict[tuple[int, Path], set[Path]] = {}
    for row in said:
        if path := read_path(row["path"]):
            folded = _folded(path)
            for above in (*_where_it_may_be(folded, before, now), *beside.may_be(folded)):
                lost.setdefault((row["tag_id"], above), set()).add(path)
    at = written_time(utc_now())
    tx.execute_many(
        _SUGGEST,
        (
            (dataset, now[holder][0], tag, f"what `{'.'.join(min(paths))}` held, which has the tag, may be in it", at)
            for (tag, above), paths in lost.items()
            for holder in ([above] if above else new)
        ),
    )


def _where_it_may_be(path: Path, before: Shape, now: Shape) -> Iterable[Path]:
    """What may hold now what stood at a path; the empty path stands for whatever is new."""
    if _is_held(path, now):
        return ()
    above = next((path[:end] for end in range(len(path) - 1, 0, -1) if path[:end] in now), ())
    is_as_it_was = above in before and before[above][1] == now[above][1]
    old, parts = _parts(before, above), _parts(now, above)
    if _is_held(path, before):
        return ((),) if not above or is_as_it_was or parts else ((), above)
    if not above or is_as_it_was or old & parts:  # it went before, and nothing has come of it since
        return ()
    return parts or (above,)


class _Beside:
    """What is new beside a field that is still there by its name, or beside what that lies in: it may be what the name
    stood for, and the name another's.
    """

    def __init__(self, before: Shape, now: Shape, new: Iterable[Path]) -> None:
        kept = before.keys() & now.keys()
        self._before, self._now = _places(before, kept), _places(now, kept)
        self._order = {path: place for place, path in enumerate(now)}
        self._new: dict[Path, list[Path]] = {}
        for path in new:
            self._new.setdefault(path[:-1], []).append(path)

    def may_be(self, path: Path) -> Iterator[Path]:
        """The new ones that are called after a field, or that stand where it stood among those that have stayed."""
        for end in range(1, len(path) + 1):
            yield from self._of(path[:end])

    def _of(self, path: Path) -> Iterator[Path]:
        new = self._new.get(path[:-1], ())
        if not new or path not in self._now or path not in self._before:
            return
        place, is_moved = self._before[path], self._now[path] != self._before[path]
        for each in new:
            is_behind = self._order[path] < self._order[each]
            stands_there = self._now[each] - is_behind == place and (is_moved or not is_behind)
            if stands_there or _is_called_after(each[-1], path[-1]):
                yield each


def _places(shape: Shape, kept: Set[Path]) -> dict[Path, int]:
    """How many of the kept fields stand before each one among those beside it."""
    counts: Counter[Path] = Counter()
    places = {}
    for path in shape:
        places[path] = counts[path[:-1]]
        counts[path[:-1]] += path in kept
    return places


def _is_called_after(name: str, other: str) -> bool:
    """Whether a name begins or ends with another one; a short one must stand apart."""
    rests = []
    if name.startswith(other):
        rests.append(name[len(other) :][:1])
    if name.endswith(other):
        rests.append(name[: -len(other)][-1:])
    return any(len(other) > _SHORT or not rest.isalpha() for rest in rests)


def _is_held(path: Path, shape: Shape) -> bool:
    """Whether a path is a field, or lies in a document."""
    return path in shape or any(is_document(shape[path[:end]][1]) for end in range(1, len(path)) if path[:end] in shape)


def _parts(shape: Shape, above: Path) -> set[Path]:
    """What lies directly within a field, or the columns of a dataset."""
    depth = len(above) + 1
    return {path for path in shape if len(path) == depth and path[:-1] == above}


def _folded(path: Path) -> Path:
    return tuple(map(fold, path))
