"""How many connections one look may have open: those of a server are for everybody."""

from catalog.errors import LimitExceeded

_MOST = 40


def refuse_more(count: int, source: str) -> None:
    """Raises LimitExceeded where as many connections are open as one query may have."""
    if count >= _MOST:
        raise LimitExceeded(
            f"the query reads more of source `{source}` at the same time than {_MOST} connections allow",
            hint="ask for less at once, or have the database join or unite it in a view",
        )
