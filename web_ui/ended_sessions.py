"""Remembers which sign-ins were ended before their time, across restarts of the server."""

import os
import threading
from pathlib import Path


class EndedSessions:
    """Ids of ended sessions, each kept until its cookie would have run out anyway."""

    def __init__(self, file: Path, *, now: float) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._until = {id_: until for id_, until in _read(file) if until > now}
        _write(file, self._until)

    def add(self, session_id: str, until: float) -> None:
        """End a session; it stays ended when the server starts again."""
        with self._lock:
            self._until[session_id] = until
            with self._file.open("a", encoding="ascii") as stream:
                stream.write(f"{session_id} {until:.0f}\n")
                stream.flush()
                os.fsync(stream.fileno())

    def __contains__(self, session_id: object) -> bool:
        return session_id in self._until


def _read(file: Path) -> list[tuple[str, float]]:
    if not file.exists():
        return []
    lines = (line.split() for line in file.read_text(encoding="ascii").splitlines())
    return [(line[0], float(line[1])) for line in lines if len(line) == 2]


def _write(file: Path, until: dict[str, float]) -> None:
    draft = file.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as stream:
        stream.writelines(f"{id_} {end:.0f}\n" for id_, end in until.items())
    draft.replace(file)
