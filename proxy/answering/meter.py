"""What is counted of queries while they come and go: how they ended and what they took, never who asked or for what."""

from typing import Protocol

from proxy.answering.answer import Ending


class Meter(Protocol):
    """Is told of every query: that it began, and then that it ended; or that it was refused. Thread-safe."""

    def began(self) -> None: ...
    def ended(self, ending: Ending) -> None: ...
    def refused(self, code: str) -> None: ...
