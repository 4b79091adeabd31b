"""Whether searches find each event of the journal by all that it mentions, and by nothing else.

The chain binds events alone. What they are found by lies beside it, where somebody with the file in hands could take an
event out of every search and leave the chain whole.
"""

import secrets
from hashlib import blake2b

import numpy as np

from catalog.database import Transaction
from catalog.journal.event_index import key
from catalog.journal.event_sets import unpacked
from catalog.journal.event_terms import Term, read_body
from catalog.remembered import remembered

_MENTIONS = "SELECT what, key, first, seqs FROM mention JOIN term ON term.id = mention.term"


class IndexCheck:
    """Adds up for each event what it mentions, and takes away what it is filed under: nothing is left where both agree.

    INVARIANT: terms count by numbers that are drawn anew each time, so that whoever alters what is filed cannot have it
    add up.

    Example:
        >>> check = IndexCheck(filed=2)
        >>> for row in rows:
        ...     check.read(row["seq"], row["body"])
        >>> check.first_lost(tx)
        0
    """

    def __init__(self, *, filed: int) -> None:
        """`filed` is up to which event all are filed."""
        self._left = np.zeros(filed + 1, np.uint64)
        self._secret = secrets.token_bytes(32)
        self._number = remembered(65_536)(self._of_mention)

    def read(self, seq: int, body: bytes) -> None:
        """Takes an event as the chain has it."""
        if 0 < seq < len(self._left):
            self._left[seq] = sum({self._number(term) for term in read_body(body)}) % 2**64

    def first_lost(self, tx: Transaction) -> int:
        """The first event that is filed otherwise than it was read, 0 if there is none."""
        [archived] = tx.rows("SELECT coalesce(max(last), 0) AS last FROM journal_archive")
        [now] = tx.rows("SELECT seq FROM event_filed")
        if now["seq"] < len(self._left) - 1:  # it is being filed anew
            return 0
        for what, known_as, first, stored in tx.tuples(_MENTIONS):
            try:
                numbers = np.array(unpacked(first, stored), np.int64)
            except (ValueError, TypeError):  # no part of ours: what it should hold is left
                continue
            mine = numbers[(numbers > 0) & (numbers < len(self._left))]
            self._left[mine] -= np.uint64(self._drawn(str(what), str(known_as)))
        lost = np.flatnonzero(self._left[archived["last"] + 1 :])
        return archived["last"] + 1 + int(lost[0]) if lost.size else 0

    def _of_mention(self, term: Term) -> int:
        what, told = term
        return self._drawn(what, key(told))

    def _drawn(self, what: str, known_as: str) -> int:
        named = f"{what}\0{known_as}".encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(named, key=self._secret, digest_size=8).digest())
