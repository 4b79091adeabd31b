"""Plans a document for whoever sends it, in the API and on pages: within that person's rights, and no further."""

from catalog.errors import PolicyInvalid
from policy_engine.capabilities import Action, Rights
from policy_engine.changing.apply import Applied, carry_out, prepare
from policy_engine.changing.delegation import require_any, require_change, require_document
from policy_engine.changing.facts import describe_at_source
from policy_engine.changing.plan import Plan
from policy_engine.changing.reach import reach_of
from policy_engine.changing.row_counts import Count
from policy_engine.changing.told_plan import names_withheld, refuse_taken, told_plan
from policy_engine.document.places import pointed
from policy_engine.document.reading import loads
from policy_engine.document.tree import DELEGATED, WHOLE_ESTATE
from policy_engine.live import Live
from policy_engine.model import Subject
from policy_engine.personal_roles import refuse_personal
from policy_engine.readers import reader, reads_every_policy
from proxy.http import answers
from web_ui.parts import Parts


def planned(
    parts: Parts,
    subject: Subject,
    text: str,
    *,
    what: str,
    prune: bool = False,
    count: Count | None = None,
    is_one_of_many: bool = False,
) -> Plan:
    """The plan for the text of a document; raises NotAllowed for `what` when nobody let the person change anything.

    A document that `is_one_of_many` is not told what else is live. One of somebody who does not administer is smaller.

    INVARIANT: nothing is looked up before the person may speak of what the document names, nothing is read from a
    source or the environment for somebody who may not administer, and no more is worked out of a change, rows
    counted, say, before the person may make it. What is told of it passes `told_plan`.
    """
    current = parts.policies.current()
    rights = Rights(subject, current)
    require_any(rights, what)
    most = WHOLE_ESTATE if rights.may(Action.HOME_ADMINISTER) else DELEGATED
    document = loads(text, folder=parts.home.documents, most=most)
    require_document(rights, document, subject.user, prune=prune)
    for stated in document.policies:
        try:
            refuse_personal(stated.value, subject, current)
        except PolicyInvalid as error:
            raise pointed(error, stated.place) from None

    def ask(before: Live, after: Live) -> None:
        for stated in document.policies:
            refuse_taken(stated.value, before, subject)
        require_change(Rights(subject, before.policy_set), before, after)

    with names_withheld(subject, current):
        plan = prepare(
            document,
            parts.catalog,
            at=parts.clock(),
            prune=prune,
            describe=describe_at_source if rights.may(Action.HOME_ADMINISTER) else None,
            check_rule=parts.check_rule,
            count=count,
            tells_all=reads_every_policy(rights) and not is_one_of_many,
            reach=reach_of(rights, reads=reader(subject, current), may_allow=ask),
        )
    return told_plan(plan, subject)


def applied(parts: Parts, subject: Subject, plan: Plan, *, why: str) -> Applied:
    """A plan carried out in somebody's name; the answer is told under its revision."""
    done = carry_out(plan, parts.catalog, by=subject.user, why=why, client=answers.client())
    answers.decided_under(done.revision)
    return done
