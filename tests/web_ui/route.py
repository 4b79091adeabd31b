"""A route of the server, who may call it, and a call of it."""

from dataclasses import dataclass, field
from enum import Enum

from policy_engine.capabilities import Action


class Open(Enum):
    """To whom a route is open that takes no capability."""

    EVERYBODY = "everybody"
    SIGNED_IN = "whoever is signed in"


READ = (Action.HOME_ADMINISTER, Action.AUDIT_READ)
STEWARD = (Action.TAG_ASSIGN, Action.HOME_ADMINISTER)
WRITE = (Action.POLICY_WRITE, Action.TAG_ASSIGN, Action.HOME_ADMINISTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route, who may call it (of several capabilities any one is enough; a refusal names the first), and a call."""

    method: str
    rule: str
    who: Open | tuple[Action, ...]
    body: dict[str, object] = field(default_factory=dict)
    called: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_api(self) -> bool:
        """Whether programs call it, which carry a token and read JSON."""
        return self.rule.startswith("/api/v1/") or self.rule == "/metrics"

    @property
    def is_form(self) -> bool:
        """Whether it takes a form of a page."""
        return self.method == "POST" and not self.is_api

    @property
    def path(self) -> str:
        """An address that the route takes."""
        return self.called or self.rule
