"""What a worker gives up before it opens anything: rights, environment, files, and what lies beyond its limits."""

import contextlib
import ctypes
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from catalog.sources.byte_counts import byte_count
from catalog.sources.world import Resources

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_BESIDE_THE_ENGINE = 2**29  # threads' stacks, a batch on its way
_OPEN_FILES = 2**17


def enclose(resources: Resources, keep: Iterable[int], parent: int) -> None:
    """Puts this process behind its walls; only the descriptors to `keep` stay open.

    It ends with `parent`. What needs more memory than the engine's own limit should allow is refused by the system:
    some functions of the engine do not count what they take.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # whoever stops the server lets running queries end
        signal.signal(number, signal.SIG_IGN)
    os.environ.clear()
    os.chdir("/")
    os.umask(0o077)
    _close_all_but(keep)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, min(_OPEN_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    _limit(resource.RLIMIT_FSIZE, byte_count(resources.spill))
    _limit(resource.RLIMIT_DATA, _data_bytes() + 2 * byte_count(resources.memory) + _BESIDE_THE_ENGINE)
    if sys.platform == "linux":
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        _prctl(_PR_SET_DUMPABLE, 0)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")  # should memory run out, this goes first
    if os.getppid() != parent:
        os._exit(0)


def limit_seconds(seconds: int) -> None:
    """Has the system end this process when it takes so many more seconds of a processor."""
    _limit(resource.RLIMIT_CPU, math.ceil(time.process_time()) + seconds)


def _close_all_but(keep: Iterable[int]) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # an engine that aborts may print values
        os.dup2(nothing, standard)
    lowest = 3
    for descriptor in sorted(keep):
        os.closerange(lowest, descriptor)
        lowest = descriptor + 1
    os.closerange(lowest, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _data_bytes() -> int:
    """What the limit counts of this process already: libraries reserve much more than they use."""
    pages = int(Path("/proc/self/statm").read_text().split()[5]) if sys.platform == "linux" else 0
    return pages * resource.getpagesize()


def _limit(kind: int, wanted: int) -> None:
    """Sets the limit for good, to what is wanted or what is allowed, whichever is less."""
    _, most = resource.getrlimit(kind)
    limit = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(kind, (limit, limit))


def _prctl(option: int, value: int) -> None:
    """Raises OSError when the system refuses: a wall that does not stand is no wall."""
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
