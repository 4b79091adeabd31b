"""The engine's own reading of the final SQL must be exactly what was decided."""

import pytest

from catalog.sources.engine import serialize
from proxy.rewriting.verify import Expectation, VerificationFailed, governed_node, verify

GOVERNED = 'SELECT "_row"."a" AS "a" FROM "v_1" AS "_row" WHERE "_row"."b" <> 1'
WIDER = GOVERNED.replace(" FROM", ', "_row"."c" AS "c" FROM')


def _check(sql: str, times: int = 1) -> None:
    expectation = Expectation(physical="v_1", governed=governed_node(serialize(GOVERNED), ["v_1"]))
    verify(serialize(sql), [expectation] * times, queries=frozenset({"n", "x", "y"}))


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT * FROM ({GOVERNED}) AS t",
        f"WITH x AS (SELECT * FROM ({GOVERNED}) AS t) SELECT count(*) FROM x, range(3) r",
        f"SELECT upper(a), 1 + 2, CAST(a AS INT) FROM ({GOVERNED}) AS t WHERE a LIKE 'x%' ORDER BY a LIMIT 3",
        f"SELECT * FROM ({GOVERNED}) AS t PIVOT (count(*) FOR a IN ('x'))",
        f"SELECT * FROM (DESCRIBE SELECT * FROM ({GOVERNED}) AS t), (SUMMARIZE SELECT 1)",
        f"WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT * FROM n, ({GOVERNED}) AS t",
    ],
)
def test_a_governed_statement_passes(sql: str) -> None:
    _check(sql)


def test_a_relation_placed_twice_stands_twice() -> None:
    _check(f"SELECT * FROM ({GOVERNED}) AS t, ({GOVERNED}) AS u", times=2)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM v_1",
        "SELECT 1",
        f"SELECT * FROM ({GOVERNED}) AS t, v_1",
        f"SELECT * FROM ({GOVERNED}) AS t, ({GOVERNED}) AS u",
        f"SELECT * FROM ({GOVERNED} OR TRUE) AS t",
        f"SELECT * FROM ({WIDER}) AS t",
        f"SELECT * FROM ({GOVERNED}) AS t, other",
        f"SELECT * FROM ({GOVERNED}) AS t, duckdb_settings()",
        f"SELECT * FROM ({GOVERNED}) AS t, main.x",
        f"SELECT * FROM ({GOVERNED}) AS t, (WITH x AS (SELECT 1) SELECT * FROM x) AS u, x",
        f"SELECT current_setting('threads') FROM ({GOVERNED}) AS t",
        f"SELECT now() FROM ({GOVERNED}) AS t",
        f"SELECT a COLLATE nocase FROM ({GOVERNED}) AS t",
        f"SELECT * FROM ({GOVERNED}) AS t; SELECT 2",
        f"SELECT * FROM ({GOVERNED}) AS t, (SHOW TABLES)",
        f"SELECT * FROM ({GOVERNED}) AS t, (SELECT main.upper('x')) AS u",
        f"SELECT * FROM ({GOVERNED}) AS t PIVOT (count(*) FOR a IN a_type)",
        f"SELECT * FROM ({GOVERNED}) AS t PIVOT (now() FOR a IN ('x'))",
        f"SELECT * FROM ({GOVERNED}) AS t, (DESCRIBE v_1)",
        f"SELECT * FROM ({GOVERNED}) AS t, (SUMMARIZE other)",
        f"SELECT * FROM ({GOVERNED}) AS t, (SHOW ALL TABLES)",
        f"SELECT * FROM ({GOVERNED}) AS t, 'file.csv'",
        f"WITH z AS (SELECT 1) SELECT * FROM ({GOVERNED}) AS t, z",
        f"WITH x AS (SELECT * FROM y), y AS (SELECT 1) SELECT * FROM ({GOVERNED}) AS t, x",
        f"WITH x AS (SELECT * FROM x) SELECT * FROM ({GOVERNED}) AS t, x",
        f"WITH RECURSIVE x AS (SELECT * FROM x) SELECT * FROM ({GOVERNED}) AS t, x",
        f"WITH RECURSIVE x AS (SELECT * FROM x UNION SELECT 1) SELECT * FROM ({GOVERNED}) AS t, x",
        f"WITH RECURSIVE x AS (SELECT 1 EXCEPT SELECT * FROM x) SELECT * FROM ({GOVERNED}) AS t, x",
        f"WITH RECURSIVE x AS (WITH y AS (FROM x) SELECT 1 UNION FROM y) SELECT * FROM ({GOVERNED}) AS t, x",
        f"WITH v_1 AS (SELECT a.* FROM v_1 AS a, range(1)) SELECT * FROM ({GOVERNED}) AS t, v_1",
        f"WITH X AS (SELECT 1) SELECT * FROM ({GOVERNED}) AS t, X",
    ],
)
def test_anything_else_is_refused(sql: str) -> None:
    with pytest.raises(VerificationFailed):
        _check(sql)


@pytest.mark.parametrize(("keys", "is_fine"), [("a", False), ("{g}", True), ("{g}, {g}, 1 + {g}", True)])
def test_of_keys_of_groups_that_are_alike_one_stands(keys: str, is_fine: bool) -> None:
    governed = governed_node(serialize(GOVERNED), ["v_1"])
    once = Expectation(physical="v_1", governed=governed)
    again = Expectation(physical="v_1", governed=governed, may_be_left_out=True)
    parsed = serialize(
        f"SELECT 1 FROM (SELECT 1 AS a) AS t GROUP BY {keys.format(g=f'(SELECT 1 FROM ({GOVERNED}) AS u)')}"
    )
    if is_fine:
        verify(parsed, [again, once])
    else:
        with pytest.raises(VerificationFailed):
            verify(parsed, [again, once])


def test_of_keys_of_groups_none_stands_more_often_than_placed() -> None:
    governed = governed_node(serialize(GOVERNED), ["v_1"])
    expected = [Expectation(physical="v_1", governed=governed, may_be_left_out=is_again) for is_again in (False, True)]
    key = f"(SELECT 1 FROM ({GOVERNED}) AS u)"
    verify(serialize(f"SELECT 1 GROUP BY {key}, 1 + {key}"), expected)
    with pytest.raises(VerificationFailed):
        verify(serialize(f"SELECT 1 GROUP BY {key}, 1 + {key}, 2 + {key}"), expected)


def test_a_long_chain_is_read_to_its_end() -> None:
    _check(f"SELECT {'1 + ' * 300}1 FROM ({GOVERNED}) AS t")
    with pytest.raises(VerificationFailed):
        _check(f"SELECT now() {'|| 1' * 300} FROM ({GOVERNED}) AS t")
