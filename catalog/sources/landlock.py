"""Has the system refuse every file to a thread but those that it is given (Landlock, landlock(7)).

An engine opens files by their paths, and whoever may write to a folder can put a link in the place of one at any
moment. What such a thread opens is one of its files, whatever stands at the path by then, or it opens nothing. No other
thread is held to it.
"""

import ctypes
import functools
import os
import struct
import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

_T = TypeVar("_T")

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the numbers of the calls, alike on all machines
_RULESET, _FILE_RULE = struct.Struct("=Q"), struct.Struct("=Qi")
_PATH_BENEATH = 1
_WRITE, _READ = 1 << 1, 1 << 2
_EVERY_RIGHT = 2**13 - 1  # of the first version: to open, make and remove files of any kind
_VERSION = 1
_PR_SET_NO_NEW_PRIVS = 38


@functools.cache
def is_there() -> bool:
    """Whether the system has it: Linux 5.13, where it is switched on and a container does not keep it back."""
    try:
        return _called(_CREATE, None, ctypes.c_size_t(0), _VERSION) >= 1
    except OSError:
        return False


def with_files_alone(
    call: Callable[[], _T], readable: Iterable[int], writable: Iterable[int] = (), folders: Iterable[int] = ()
) -> _T:
    """What a call gives that opens no other files than these, by descriptors that may be `O_PATH`; all in `folders`.

    It runs in a thread of its own, which ends with it, and raises here what it raises there. Raises OSError where
    `is_there` says no.

    Example:
        >>> descriptor = os.open(__file__, os.O_PATH)
        >>> len(with_files_alone(Path(__file__).read_text, [descriptor])) > 1000
        True
        >>> with_files_alone(Path("/etc/hostname").read_text, [descriptor])
        Traceback (most recent call last):
        PermissionError: [Errno 13] Permission denied: '/etc/hostname'
    """
    given: list[_T] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            _restrict((_READ, readable), (_READ | _WRITE, writable), (_EVERY_RIGHT, folders))
            given.append(call())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work, name="veil-open")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return given[0]


def _restrict(*allowed: tuple[int, Iterable[int]]) -> None:
    """Holds this thread, for good, to these files."""
    if _system().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    rules = _called(_CREATE, _RULESET.pack(_EVERY_RIGHT), ctypes.c_size_t(_RULESET.size), 0)
    try:
        for rights, files in allowed:
            for file in files:
                _called(_ADD, rules, _PATH_BENEATH, _FILE_RULE.pack(rights, file), 0)
        _called(_RESTRICT, rules, 0)
    finally:
        os.close(rules)


def _called(number: int, *arguments: object) -> int:
    answer = int(_system().syscall(number, *arguments))
    if answer < 0:
        raise OSError(ctypes.get_errno(), "landlock")
    return answer


@functools.cache
def _system() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
