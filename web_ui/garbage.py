"""How seldom a server looks for garbage: it makes many small parts of a request, which live as long as that does."""

import gc

_NEW_PARTS = 20_000
_ROUNDS = 10


def collect_seldom() -> None:
    """Leaves what lives by now alone for ever, and looks for garbage each time so many parts were made.

    Python's own number is 700: up to a third of the time of a large query went into looking at its parts while they
    were needed. So many are some 10 MB at most (https://docs.python.org/3/library/gc.html).

    Example: `collect_seldom()` when all is loaded and before the first request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_PARTS, _ROUNDS, _ROUNDS)
