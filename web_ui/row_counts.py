"""Row counts for plans: counted on the sources through the governed relation, and told to the journal beforehand."""

from catalog.journal.event import Event, EventKind
from policy_engine.changing.row_counts import Count
from policy_engine.live import Live
from policy_engine.model import Decision
from proxy.counting import count_rows
from web_ui.parts import Parts


def row_counter(parts: Parts, user: str, client: str = "") -> Count:
    """Counts for one person who plans; each count is in the journal before it is known."""

    def count(decision: Decision, live: Live) -> int:
        dataset = decision.dataset.full_name
        parts.journal.append(
            Event(
                kind=EventKind.METADATA_READ,
                user=user,
                datasets=(dataset,),
                policies=decision.rows.policies,
                revision=decision.revision,
                client=client,
                details={"counted": "rows, for a plan"},
            )
        )
        return count_rows(
            decision, live.sources, sessions=parts.sessions, keys=parts.keys, seconds=parts.settings.query.seconds
        )

    return count
