"""The matrix of a dataset holds, cell by cell, what is decided for each role."""

from datetime import UTC, datetime

from benchmarks.ground.estate import Size, estate
from policy_engine.circumstances import AT_MOST
from policy_engine.judging.decide import decide
from policy_engine.subjects import holder_of
from policy_engine.telling.matrix import matrix

AT = datetime(2026, 11, 28, tzinfo=UTC)


def test_each_cell_is_the_decision_of_its_role() -> None:
    live = estate(Size(databases=2, datasets=2, columns=10, tags=12, roles=8, policies=30))
    told = 0
    for dataset in live.datasets.values():
        found = matrix(dataset, live.policy_set, AT, live.datasets.get)
        seen: dict[str, list[tuple[str, str]]] = {}
        for role in live.policy_set.roles:
            decision = decide(holder_of(role), dataset, live.policy_set, AT, AT_MOST, live.datasets.get)
            if decision.is_visible and not decision.broken:
                seen[role.name] = [(column.outcome.value, column.transform) for column in decision.columns]
                assert (role.name in found.filtered) == bool(decision.rows.filter)
        assert found.roles == tuple(seen)
        assert found.blind == len(live.policy_set.roles) - len(seen)
        assert len(found.rows) == (10 if seen else 0)
        for place, name in enumerate(found.roles):
            assert [(cells[place].outcome.value, cells[place].transform) for _, cells in found.rows] == seen[name]
        told += len(seen)
    assert told > 4
