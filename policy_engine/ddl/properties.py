"""POLICYPROPERTIES: a policy's name, description, switch, window and condition, beside what it does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from catalog.errors import VeilError
from catalog.names import nearest
from policy_engine.circumstances import When
from policy_engine.ddl.conditions import PROPERTIES, condition_key, print_condition, read_condition
from policy_engine.ddl.cursor import Cursor
from policy_engine.ddl.tokens import Token
from policy_engine.model import Policy

KEYS = ("name", "description", "enabled", "start_datetime", "end_datetime")
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """What POLICYPROPERTIES say; what they do not say is as in a new policy."""

    name: str | None = None
    description: str = ""
    enabled: bool = True
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    when: When | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """The texts between the parentheses, each with its place."""

    cursor: Cursor
    texts: Mapping[str, tuple[str, Token]] = field(default_factory=dict)

    def text(self, key: str) -> str | None:
        return self.texts[key][0] if key in self.texts else None

    def name(self) -> str | None:
        name = self.text("name")
        if name is not None and (not name or name != name.strip() or "\n" in name or len(name) > _LONGEST_NAME):
            problem = "name must be one line of at most 200 characters, without blanks around it"
            self.cursor.refuse(problem, token=self.texts["name"][1])
        return name

    def condition(self) -> When | None:
        try:
            return read_condition({key: text for key, (text, _) in self.texts.items()})
        except VeilError as error:
            token = next((token for key, (_, token) in self.texts.items() if f"`{key}" in error.detail), None)
            self.cursor.refuse(error.detail.partition(": ")[2] or error.detail, error.hint, token)

    def flag(self, key: str) -> bool:
        text = self.text(key)
        if text is not None and text.lower() not in ("true", "false"):
            self.cursor.refuse(f"{key} must a boolean string", "write 'true' or 'false'", self.texts[key][1])
        return text is None or text.lower() == "true"

    def moment(self, key: str) -> datetime | None:
        text = self.text(key)
        if text is None:
            return None
        try:
            return _moment(text)
        except (ValueError, OverflowError, OSError):
            self.cursor.refuse(
                f"{key} must a positive long value representing a Unix epoch time",
                "count the seconds since 1970 (UTC), or write '2026-01-31T08:00:00Z'",
                self.texts[key][1],
            )


def read_properties(cursor: Cursor) -> Properties:
    """The properties that come next, if any.

    Example: `POLICYPROPERTIES('name'='opt-outs', 'enabled'='false')`.
    """
    start = cursor.now
    if not cursor.takes("POLICYPROPERTIES"):
        return Properties()
    given = _Given(cursor=cursor, texts=_texts(cursor))
    description = given.text("description") or ""
    properties = Properties(
        name=given.name(),
        description=description if description.strip() else "",
        enabled=given.flag("enabled"),
        starts_at=given.moment("start_datetime"),
        ends_at=given.moment("end_datetime"),
        when=given.condition(),
    )
    if properties.starts_at and properties.ends_at and properties.starts_at >= properties.ends_at:
        cursor.refuse("start_datetime must be before end_datetime", hint="exchange the two", token=start)
    return properties


def print_properties(policy: Policy, *, name: str | None) -> str:
    """The properties of a policy as a statement writes them, empty when all are as in a new one."""
    said = {
        "name": name,
        "description": policy.why or None,
        "enabled": None if policy.enabled else "false",
        "start_datetime": _printed(policy.starts_at) if policy.starts_at else None,
        "end_datetime": _printed(policy.ends_at) if policy.ends_at else None,
    }
    if policy.when is not None:
        said.update(print_condition(policy.when))
    pairs = ", ".join(f"{_quoted(key)}={_quoted(text)}" for key, text in said.items() if text is not None)
    return f"POLICYPROPERTIES({pairs})" if pairs else ""


def _texts(cursor: Cursor) -> dict[str, tuple[str, Token]]:
    found: dict[str, tuple[str, Token]] = {}
    cursor.must("(", hint="write `POLICYPROPERTIES('name'='opt-outs')`")
    while True:
        key = _key(cursor, found)
        cursor.must("=")
        token = cursor.now
        found[key] = (cursor.literal(f"the value of `{key}`"), token)
        if not cursor.takes(","):
            cursor.must(")")
            return found


def _key(cursor: Cursor, found: Mapping[str, object]) -> str:
    start = cursor.now
    written = cursor.literal("a property")
    key = condition_key(written) or written.lower()
    if key not in KEYS and condition_key(key) is None:
        near = nearest(key, (*KEYS, *PROPERTIES))
        hint = f"did you mean `{near}`?" if near else f"there are {', '.join(KEYS)}"
        cursor.refuse(f"there is no property `{key}`", hint, start)
    if key in found:
        cursor.refuse(f"the property `{key}` stands here twice", hint="keep one of them", token=start)
    return key


def _moment(text: str) -> datetime:
    """Seconds since 1970, or a moment as ISO 8601 writes it."""
    text = text.strip()
    if text.isascii() and text.isdigit() and int(text) > 0:
        return datetime.fromtimestamp(int(text), UTC)
    if "T" not in text:
        raise ValueError
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _printed(moment: datetime) -> str:
    """Whole seconds since 1970; a moment that is none of these is written out."""
    seconds = moment.timestamp()
    if moment.microsecond or seconds <= 0:
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(int(seconds))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
