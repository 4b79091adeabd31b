"""Who answers for a policy: whoever wrote it last, as the revisions tell."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from catalog.model import Revision
from catalog.names import fold

_POLICY = " policy "


def last_changes(history: Iterable[Revision]) -> Mapping[str, Revision]:
    """The revision that last changed each policy, by the policy's folded id; `history` is newest first.

    Example: of revisions 2 (`~ policy clerks`) and 1 (`+ policy clerks`), `{"clerks": revision 2}`.
    """
    last: dict[str, Revision] = {}
    for revision in history:
        for _, name in changed_policies(revision):
            last.setdefault(fold(name), revision)
    return last


def changed_policies(revision: Revision) -> Iterator[tuple[str, str]]:
    """The policies that a revision added (+), changed (~) or removed (-), each with its sign."""
    for line in revision.difference.splitlines():
        if line[1:].startswith(_POLICY):
            yield line[0], line[1 + len(_POLICY) :]


def told_history(history: Iterable[Revision], *, tells_all: bool, tells_of_one: bool = False) -> Iterator[Revision]:
    """The revisions without their reasons, but for who may be told of all.

    A reason is of a whole revision, and of what stood before it: whoever may read one policy that it changed may not
    know of the others, nor have known that one until then. Who finds out what stood before may keep the reasons of
    those that changed one thing alone, and tells them of what could be read before and after.

    Example: `applied lab data of ACME` of `~ policy clerks` and `+ policy falcon` is told to who reads every policy.
    """
    for revision in history:
        is_of_one = tells_of_one and len(revision.difference.splitlines()) == 1
        yield revision if tells_all or is_of_one else replace(revision, why="")


def owners(history: Iterable[Revision], before: Mapping[str, str] = MappingProxyType({})) -> Mapping[str, str]:
    """Whom to ask about each policy, by its folded id; `history` is newest first, and follows what is known `before`.

    Example: revision 3 (`~ policy clerks`) by bob after `{"clerks": "ada", "all": "ada"}` is `{"clerks": "bob", ..}`.
    """
    last = {policy: revision.by for policy, revision in last_changes(history).items()}
    return {policy: by for policy, by in {**before, **last}.items() if by}
