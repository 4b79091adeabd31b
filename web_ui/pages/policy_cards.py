"""One policy as pages show it: a sentence, the statement and the YAML beside it, its state and its last change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog.model import Revision
from catalog.names import fold
from policy_engine.ddl.printing import print_policy
from policy_engine.document.writing import policy_entry, write
from policy_engine.judging.policy_index import is_in_force
from policy_engine.model import Policy
from policy_engine.telling.sentences import sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One policy as it is shown; `state` is empty for one in force, and `since` the revision that last changed it."""

    policy: Policy
    sentence: str
    statement: str
    yaml: str
    state: str
    since: Revision | None

    @classmethod
    def of(cls, policy: Policy, last: Mapping[str, Revision], now: datetime) -> "Card":
        """The card of a policy; `last` is the revision that last changed each."""
        return cls(
            policy=policy,
            sentence=sentence(policy),
            statement=print_policy(policy),
            yaml=write({"policies": [policy_entry(policy)]}).split("\n", 1)[1],
            state=_state(policy, now),
            since=last.get(fold(policy.id)),
        )

    @property
    def text(self) -> str:
        """All that a search looks through."""
        return "\n".join((self.policy.id, self.sentence, self.statement, self.yaml, self.policy.why, self.state))


def _state(policy: Policy, now: datetime) -> str:
    if not policy.enabled:
        return "switched off"
    if is_in_force(policy, now):
        return ""
    return "over" if policy.ends_at is not None and policy.ends_at <= now else "not begun"
