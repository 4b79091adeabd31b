"""Every report by its name, with what it asks for, and the one way in which page, API and command line have it made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from policy_engine.capabilities import Rights
from policy_engine.model import Subject
from proxy.refusals import NotThere, RequestInvalid
from web_ui.home.estate import Estates
from web_ui.parts import Parts
from web_ui.reports.changes import changes
from web_ui.reports.desk import Desk
from web_ui.reports.exposure import coverage, unrestricted, warnings
from web_ui.reports.report import Answered, Report
from web_ui.reports.sight import what_can, who_can_see
from web_ui.reports.use import DAYS, unused


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One thing that a report asks for; it has to be there where nothing stands for it."""

    name: str
    label: str
    hint: str
    otherwise: str = ""
    is_needed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A report that can be asked for; `empty` is said when its table has no row.

    One that `is_of_everything` has no part for those who may look at some databases alone.
    """

    name: str
    title: str
    words: str
    empty: str
    make: Callable[[Desk], Report]
    inputs: tuple[Input, ...] = ()
    is_of_everything: bool = False


KINDS = (
    Kind(
        name="who-can-see",
        title="Who can see a dataset or column",
        words="Roles and accounts, how they see it, through which policies, and since which revision.",
        empty="Nobody sees it.",
        make=who_can_see,
        inputs=(Input(name="thing", label="Dataset or column", hint="shop.orders.phone", is_needed=True),),
    ),
    Kind(
        name="what-can",
        title="What somebody can see",
        words="Every column that an account or a role sees, and why.",
        empty="Nothing at all.",
        make=what_can,
        inputs=(Input(name="subject", label="Account or role", hint="kim, or role:clerk", is_needed=True),),
    ),
    Kind(
        name="coverage",
        title="What roles see of the estate",
        words="How many columns are clear, masked and hidden, for each role.",
        empty="There is no role yet.",
        make=coverage,
    ),
    Kind(
        name="unrestricted",
        title="Sensitive columns in the clear",
        words="Columns of a confidential or restricted tag that some role sees as they are.",
        empty="No role sees a sensitive column as it is.",
        make=unrestricted,
    ),
    Kind(
        name="unused",
        title="Unused grants",
        words="Grants by which no query was answered for long.",
        empty="Every grant in force was used.",
        make=unused,
        inputs=(Input(name="days", label="In so many days", hint="90", otherwise=str(DAYS)),),
    ),
    Kind(
        name="changes",
        title="Changes to access",
        words="Who gained and who lost which columns in a period, or from one revision to another.",
        empty="Nobody sees anything different.",
        make=changes,
        inputs=(
            Input(name="since", label="Since", hint="30d, or 2026-10-01", otherwise="30d"),
            Input(name="from", label="Or from revision", hint="12"),
            Input(name="to", label="To revision", hint="the newest"),
            Input(name="who", label="Who", hint="role clerk, or everybody"),
        ),
    ),
    Kind(
        name="warnings",
        title="Warnings about policies",
        words="What lint finds in the policies in force: what gives nothing, opens too much or contradicts itself.",
        empty="Nothing is odd.",
        make=warnings,
        is_of_everything=True,
    ),
)
"""In the order in which they are listed."""


def kind_of(name: str) -> Kind:
    """The report of that name; raises NotThere."""
    found = next((kind for kind in KINDS if kind.name == name), None)
    if found is None:
        raise NotThere(f"there is no report `{name[:100]}`", hint=", ".join(kind.name for kind in KINDS))
    return found


def answer(
    parts: Parts, estates: Estates, kind: Kind, asked: Mapping[str, str], *, subject: Subject | None
) -> Answered:
    """The report, made now; `subject` None is the operator of the home. Raises NotAllowed where nothing may be told.

    Example:
        >>> answer(parts, estates, kind_of("unused"), {"days": "30"}, subject=ada).report.answer
        '2 of 14 grants in force gave nothing to any query of the last 30 days.'
    """
    unknown = next((name for name in asked if name not in {each.name for each in kind.inputs}), None)
    if unknown is not None:
        raise RequestInvalid(f"the report asks for nothing named `{unknown[:100]}`", hint="leave it out")
    with parts.policies.in_force(parts.clock) as (policies, now):
        every = parts.visibility.every()
    given = {name: value.strip() for name, value in asked.items() if value.strip()}
    desk = Desk(
        parts=parts,
        estates=estates,
        subject=subject,
        rights=Rights(subject, policies) if subject else None,
        asked=given,
        policies=policies,
        every=every,
        at=now,
    )
    assert desk.databases is None or desk.databases
    return Answered(
        name=kind.name,
        title=kind.title,
        asked=given,
        report=kind.make(desk),
        standing=desk.standing(),
        words=kind.words,
    )
