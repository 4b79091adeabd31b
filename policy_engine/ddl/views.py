"""What a question about the live state is answered from, and what an answer is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from policy_engine.ddl.rights import Asker
from policy_engine.live import DatasetKey, Live
from policy_engine.model import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Rows under column names, all of them texts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a question is answered from: the live state, who asks and when, and the decisions on what they see.

    `decisions` is None for whoever administers, and may know every name.
    """

    live: Live
    asker: Asker
    at: datetime
    decisions: Mapping[DatasetKey, Decision] | None = None
