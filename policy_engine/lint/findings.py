"""What lint can find: each kind by its code, with what it means and what to do, and one finding of it at a place."""

from dataclasses import dataclass
from enum import StrEnum

from policy_engine.document.places import Place


class Severity(StrEnum):
    """An error does not do what it says, a warning may do harm, a hint is worth a look."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of finding; `advice` is what to do when a finding has nothing better to say."""

    code: str
    severity: Severity
    meaning: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is odd, where it is said; the place is None for what is live and not in the documents.

    Example: `policy.yaml, line 12: policy `nurses` shows nothing ..  [denied_grant]`.
    """

    kind: Kind
    place: Place | None
    sentence: str
    hint: str = ""

    @property
    def code(self) -> str:
        """The code of its kind."""
        return self.kind.code

    @property
    def severity(self) -> Severity:
        """The severity of its kind."""
        return self.kind.severity

    @property
    def advice(self) -> str:
        """What to do."""
        return self.hint or self.kind.advice


def _kind(code: str, severity: Severity, meaning: str, advice: str) -> Kind:
    return Kind(code=code, severity=severity, meaning=meaning, advice=advice)


UNKNOWN_TAG = _kind(
    "unknown_tag",
    Severity.ERROR,
    "A policy, column or rule names a tag that nobody declares.",
    "declare it under `tags:`, or correct its name",
)
UNKNOWN_ROLE = _kind(
    "unknown_role",
    Severity.ERROR,
    "A policy is for a role that does not exist, so it binds nobody.",
    "declare it under `roles:`, or correct its name",
)
UNKNOWN_SOURCE = _kind(
    "unknown_source",
    Severity.ERROR,
    "A dataset names a source that does not exist.",
    "declare it under `sources:`, or correct its name",
)
UNKNOWN_POLICY = _kind(
    "unknown_policy",
    Severity.ERROR,
    "A test expects a policy to decide that does not exist.",
    "correct the name under `because:`",
)
UNKNOWN_SCOPE = _kind(
    "unknown_scope",
    Severity.WARNING,
    "The database, dataset or column that a policy is about is not there; that is fine where data comes later.",
    "correct the scope, or declare the database",
)
UNHELD_ROLE = _kind(
    "unheld_role",
    Severity.WARNING,
    "No group holds the role, so no policy for it has an effect.",
    "name its groups under `roles:`",
)
UNUSED_ROLE = _kind(
    "unused_role", Severity.HINT, "No policy is for the role.", "write a policy for it, or leave it out"
)
EMPTY_GROUP = _kind(
    "empty_group",
    Severity.HINT,
    "No local user is in a group that a role names; groups of an identity provider are not known here.",
    "check the name of the group",
)
EXPIRED_POLICY = _kind(
    "expired_policy",
    Severity.WARNING,
    "The policy's time is over: it is listed and does nothing.",
    "remove it, or give it another `until`",
)
FUTURE_POLICY = _kind("future_policy", Severity.HINT, "The policy's time has not begun.", "nothing, if that is meant")
DISABLED_POLICY = _kind(
    "disabled_policy", Severity.HINT, "The policy is switched off.", "remove it, or leave `enabled` out"
)
EMPTY_GRANT = _kind(
    "empty_grant",
    Severity.ERROR,
    "A grant covers data and shows none of its columns, as its `having` or its filter never holds there.",
    "compare its `having` with the tags that the columns carry",
)
DENIED_GRANT = _kind(
    "denied_grant",
    Severity.ERROR,
    "Every column that a grant shows is taken back by denials or restrictions for the same people.",
    "remove the grant, or narrow what takes it back",
)
SHADOWED_GRANT = _kind(
    "shadowed_grant",
    Severity.WARNING,
    "A grant adds nothing to what others already give the same roles.",
    "remove it, or say in it what the other does not give",
)
TOTAL_DENIAL = _kind(
    "total_denial",
    Severity.WARNING,
    "A denial takes away everything that its roles are granted.",
    "remove the grants instead, or narrow the denial with `having`",
)
IDLE_TAKER = _kind(
    "idle_taker",
    Severity.WARNING,
    "A restriction or denial covers data and takes nothing away from anybody.",
    "compare its `having`, `transform` and roles with what is granted; it may protect nothing",
)
UNDECIDED_CELL = _kind(
    "undecided_cell",
    Severity.ERROR,
    "Two policies show the same cell through different transforms of equal strength, so it is NULL.",
    "use one transform in both, or a stronger one in one of them",
)
UNFIT_TRANSFORM = _kind(
    "unfit_transform",
    Severity.ERROR,
    "A transform cannot show a column of this type: a grant hides the column, a restriction refuses the dataset.",
    "choose a transform for the type, or tag the column otherwise",
)
MISSING_FILTER_COLUMN = _kind(
    "missing_filter_column",
    Severity.ERROR,
    "A filter names a column that a dataset in scope lacks: a grant gives nothing there, a restriction refuses it.",
    "narrow the scope to datasets that have the column",
)
UNJUDGED_FILTER = _kind(
    "unjudged_filter",
    Severity.ERROR,
    "A filter looks into a dataset or column that is not there, or asks for the column of a tag that not just one "
    "carries: a grant gives nothing, a restriction refuses the dataset.",
    "correct the name, or narrow the scope to datasets on which the filter can be judged",
)
IMPOSSIBLE_CONDITION = _kind(
    "impossible_condition",
    Severity.ERROR,
    "A policy's `where` and `when` demand two things that nothing meets at once: a grant gives nothing, and a "
    "restriction's filter leaves no row.",
    "join the two by `or`, split the policy, or correct one of them",
)
UNMET_CONDITION = _kind(
    "unmet_condition",
    Severity.HINT,
    "No local user who holds a role of the policy is in the groups, or has the attributes, that its `when` asks for; "
    "people of an identity provider are not known here.",
    "check the names of groups and attributes in `when`",
)
CLEAR_SENSITIVE = _kind(
    "clear_sensitive",
    Severity.WARNING,
    "A grant shows columns of a confidential or restricted tag in the clear, and nothing restricts them.",
    "transform the tag, leave it out with `having`, or name the tag in `having` if that is meant",
)
UNUSED_TAG = _kind(
    "unused_tag",
    Severity.HINT,
    "A declared tag is carried by no column, dataset or database, and no rule gives it.",
    "tag what it is meant for, or leave it out",
)
UNSEEN_DATASET = _kind(
    "unseen_dataset", Severity.HINT, "No role sees anything of the dataset.", "write a grant, or leave it out"
)

KINDS = (
    *(UNKNOWN_TAG, UNKNOWN_ROLE, UNKNOWN_SOURCE, UNKNOWN_POLICY, UNKNOWN_SCOPE, UNHELD_ROLE, UNUSED_ROLE, EMPTY_GROUP),
    *(EXPIRED_POLICY, FUTURE_POLICY, DISABLED_POLICY),
    *(EMPTY_GRANT, DENIED_GRANT, SHADOWED_GRANT, TOTAL_DENIAL, IDLE_TAKER),
    *(UNDECIDED_CELL, UNFIT_TRANSFORM, MISSING_FILTER_COLUMN, UNJUDGED_FILTER),
    *(IMPOSSIBLE_CONDITION, UNMET_CONDITION),
    *(CLEAR_SENSITIVE, UNUSED_TAG, UNSEEN_DATASET),
)
"""Every kind, in the order in which families are looked through."""
