"""What the generated columns of tables are made of, through generated columns that they read themselves; pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

from catalog.names import fold
from catalog.relations import Place, place_of
from catalog.sources.connector import GeneratedColumn

Column = tuple[Place, str]
"""A column of a relation, folded."""


@dataclass(frozen=True, slots=True)
class Generated:
    """The generated columns of one source.

    Example:
        >>> one = GeneratedColumn(relation="main.t", name="loud", reads=frozenset({("main.t", "remark")}))
        >>> two = GeneratedColumn(relation="main.t", name="remark", reads=frozenset({("main.t", "note")}))
        >>> sorted(name for _, name in Generated.of([one, two], most=9).made((("main", "t"), "loud")))
        ['note', 'remark']
    """

    _read: dict[Column, frozenset[Column] | None] = field(default_factory=dict)
    _names: dict[Place, dict[str, None]] = field(default_factory=dict)
    _untold: set[Column] = field(default_factory=set)
    _open: set[Place] = field(default_factory=set)
    _tangled: set[Place] = field(default_factory=set)

    @classmethod
    def of(cls, columns: Iterable[GeneratedColumn], most: int) -> "Generated":
        """These columns; what two relations that cannot be told apart read, both of them may.

        Of all together `most` are told that they are made of; of tables beyond that, any column of theirs may be in it.
        """
        found = cls()
        for each in columns:
            if (place := place_of(each.relation)) is not None:
                reads, column = _folded(each), (place, fold(each.name))
                known = found._read.get(column, frozenset())
                found._read[column] = None if reads is None or known is None else reads | known
                found._names.setdefault(place, {})[each.name] = None
                if not each.is_told:
                    found._untold.add(column)
                    found._open.add(place)
        found._bound(most)
        return found

    def _bound(self, left: int) -> None:
        for place, names in self._names.items():
            kept = 0
            for name in names:
                kept += len(self.made((place, fold(name)), most=left) or ())
                if kept > left:
                    self._tangled.add(place)
                    break
            else:
                left -= kept

    def tables(self) -> tuple[Place, ...]:
        """The relations that have any."""
        return tuple(self._names)

    def names(self, relation: Place) -> tuple[str, ...]:
        """The generated columns of a relation."""
        return tuple(self._names.get(relation, ()))

    def may_hold_anything(self, column: Column) -> bool:
        """Whether a column may hold anything of its source, as what it calls does not tell what it reads."""
        made = self.made(column)
        return any(each in self._untold for each in (column, *made)) if made is not None else self.is_open(column[0])

    def is_open(self, relation: Place) -> bool:
        """Whether a relation has a column that may hold anything."""
        return relation in self._open

    def made(self, column: Column, *, most: float = inf) -> frozenset[Column] | None:
        """What a column is made of, nothing where it is not generated; None for any column of its table.

        It is looked for until there are more than `most`.
        """
        if column[0] in self._tangled:
            return None
        found: set[Column] = set()
        left = [column]
        while left and len(found) <= most + 1:
            each = left.pop()
            if each not in found:
                found.add(each)
                read = self._read.get(each, frozenset())
                if read is None:
                    return None
                left.extend(read)
        return frozenset(found - {column})


def _folded(column: GeneratedColumn) -> frozenset[Column] | None:
    """What a column reads, by place; None where one of these has none."""
    reads = None if column.reads is None else [(place_of(relation), fold(name)) for relation, name in column.reads]
    if reads is None or any(place is None for place, _ in reads):
        return None
    return frozenset((place, name) for place, name in reads if place is not None)
