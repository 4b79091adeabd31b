"""Questions that stand unfenced over filtered rows; `{i}` is large on those alone.

Nothing in QUESTIONS can raise. In LATE only what the outermost SELECT sums up can, and is worked out last.
"""

import random
import re
from collections.abc import Callable, Sequence

KINDS = {
    **{"INTEGER": "whole", "BIGINT": "whole", "DOUBLE": "double", "DECIMAL(9,2)": "decimal", "VARCHAR": "text"},
    **{"DATE": "date", "TIMESTAMP": "timestamp", "BOOLEAN": "truth"},
}

_FORMS = """
whole: length({text})
whole: strpos({text}, {text})
whole: unicode({text})
whole: year({date})
whole: extract(week FROM {timestamp})
whole: date_diff('day', {date}, {date})
whole: ({date} - {date})
whole: sign({double})
whole: coalesce({whole}, {whole})
whole: nullif({whole}, 7)
whole: CASE WHEN {truth} THEN {whole} ELSE 3 END
whole: if({truth}, {whole}, {whole})
whole: TRY_CAST({text} AS INTEGER)
whole: TRY_CAST({double} AS TINYINT)
whole: greatest({whole}, {whole})
whole: date_part('dow', {date})
whole: bit_count({whole})
double: round({double}, 2)
double: abs({double})
double: ({double} * {whole})
double: ({double} - 1.5)
double: exp({whole})
double: floor({whole})
double: CAST({decimal} AS DOUBLE)
double: coalesce({whole}, {double})
double: epoch({date})
double: cbrt({decimal})
decimal: abs({decimal})
decimal: round({decimal})
text: lower({text})
text: upper(trim({text}))
text: substring({text}, 2, 3)
text: left({text}, -1)
text: split_part({text}, ',', 1)
text: coalesce(nullif({text}, ''), 'none')
text: CASE WHEN {truth} THEN {text} END
text: CAST({double} AS VARCHAR)
text: CAST({timestamp} AS VARCHAR)
text: dayname({date})
text: reverse({text})
text: md5({text})
text: typeof({date})
date: last_day({timestamp})
date: CAST({timestamp} AS DATE)
date: least({date}, {date})
date: TRY_CAST({text} AS DATE)
timestamp: TRY_CAST({text} AS TIMESTAMP)
timestamp: TRY_CAST({date} AS TIMESTAMP)
timestamp: if({truth}, {timestamp}, NULL)
truth: {i} > 1000
truth: {whole} < {decimal}
truth: {whole} >= {double}
truth: {decimal} IN (1, 2.5, {whole})
truth: {double} BETWEEN -1 AND {whole}
truth: {text} = {text}
truth: {text} LIKE '%a%'
truth: {text} ILIKE 'A%'
truth: starts_with({text}, {text})
truth: contains({text}, 'x')
truth: {date} < DATE '2020-06-01'
truth: {date} <> {date}
truth: {timestamp} >= '2020-01-31 10:00:00'
truth: isfinite({date})
truth: isnan({double})
truth: ({truth} AND {truth})
truth: ({truth} OR NOT {truth})
truth: {text} IS NULL
truth: coalesce({truth}, TRUE)
truth: {whole} IN (SELECT u.id FROM {other} AS u WHERE u.k IS DISTINCT FROM {i})
truth: {whole} > (SELECT max(u.k) FROM {other} AS u)
truth: EXISTS (SELECT 1 AS x FROM {other} AS u WHERE u.id = {i})
loud: CAST({text} AS INTEGER)
loud: CAST({i} AS TINYINT)
loud: ({i} * {whole} * 1000000000)
loud: ({decimal} * {decimal} * {decimal})
loud: ({loud} + {loud})
loud: ({whole} - {loud})
loud: CASE WHEN {i} > 1000 AND {loud} > 3 THEN {whole} END
loud: CASE WHEN {i} > 1000 THEN CAST('x' || {text} AS INTEGER) ELSE {whole} END
loud: CASE WHEN {truth} OR {loud} <> 0 THEN {loud} END
loud: coalesce({whole}, {loud})
loud: CAST({truth} AND {loud} IS NULL AS INTEGER)
loud: extract(year FROM CAST({text} AS DATE))
"""
_FORMS_OF: dict[str, list[str]] = {}
for _line in _FORMS.strip().splitlines():
    _FORMS_OF.setdefault(_line.partition(": ")[0], []).append(_line.partition(": ")[2])

_LOUD = ("CAST({text} AS INTEGER)", "CAST({i} AS TINYINT)")

_LITERALS = {
    **{"whole": "7", "double": "CAST(2 AS DOUBLE)", "decimal": "CAST(3 AS DOUBLE)", "text": "'abc'"},
    **{"date": "DATE '2020-01-31'", "timestamp": "TIMESTAMP '2020-01-31 10:00:00'", "truth": "TRUE"},
}
QUESTIONS = (
    "SELECT {any} AS x, {any} AS y, {i} AS z FROM {t} WHERE {truth}",
    "SELECT count(*) AS n FROM {t} WHERE {truth} AND {truth}",
    "SELECT {any} AS x, count(*) AS n, max({any}) AS y, min({any}) AS z FROM {t} WHERE {truth} GROUP BY {any}, 1",
    "SELECT {text} AS x, avg(CASE WHEN {truth} THEN 1 ELSE 0 END) AS n FROM {t} GROUP BY 1 HAVING count({any}) > 1",
    "SELECT count(DISTINCT {any}) AS n, sum({whole}) FILTER (WHERE {truth}) AS s, bool_or({truth}) AS b FROM {t}",
    "SELECT {i} AS z, row_number() OVER (PARTITION BY {any} ORDER BY {any}, {i}) AS r FROM {t} WHERE {truth}",
    "SELECT {i} AS z, lag({any}) OVER (ORDER BY {any}, {i}) AS r FROM {t} QUALIFY rank() OVER (ORDER BY {any}) <= 3",
    "SELECT {i} AS z, {any} AS x FROM {t} WHERE {truth} ORDER BY {any}, {any}, 1, 2 LIMIT 3",
    "SELECT q.x, count(*) AS n FROM (SELECT {text} AS x, {truth} AS w FROM {t}) AS q WHERE q.w GROUP BY 1",
    "WITH q AS (SELECT {whole} AS x, {text} AS y FROM {t} WHERE {truth}) SELECT x, lower(y) AS y FROM q WHERE x < 9",
    "SELECT {whole} AS x, {text} AS y FROM {t} UNION ALL SELECT {whole}, {text} FROM {t} WHERE {truth}",
    "SELECT {i} AS z, u.id AS w FROM {t} LEFT JOIN {other} AS u ON u.k = {whole} AND {truth} WHERE {truth}",
)
LATE = (
    "SELECT sum({loud}) AS n FROM {t} WHERE {truth}",
    "SELECT {any} AS x, max({loud}) AS n, count(*) AS m FROM {t} WHERE {truth} GROUP BY 1 ORDER BY n, x LIMIT 3",
    "SELECT sum({loud}) FILTER (WHERE {truth}) AS n, count({loud}) AS m FROM {t}",
    "SELECT {loud} AS x, count(*) AS n FROM {t} WHERE {truth} GROUP BY x",
    "SELECT {truth} AND {loud} > 3 AS x, count(*) AS n FROM {t} GROUP BY 1",
    "SELECT q.y, sum(q.x) AS n FROM (SELECT {loud} AS x, {text} AS y FROM {t} WHERE {truth}) AS q GROUP BY q.y",
    "SELECT sum(CASE WHEN q.y > 1000 AND q.b THEN 1 END) AS n FROM (SELECT {i} AS y, {loud} = 7 AS b FROM {t}) AS q",
    "SELECT sum(CASE WHEN y > 1000 THEN x END) AS n FROM (SELECT {i} AS y, count({loud}) AS x FROM {t} GROUP BY 1) q",
    "SELECT sum({loud}) / count({any}) AS n, max({loud}) > 3 AS b FROM {t} LEFT JOIN {other} AS u ON u.k = {whole}",
    "SELECT max({loud}) AS n FROM {t} JOIN {other} AS u ON u.id = {whole} WHERE {truth}",
)
_PLACE = re.compile(r"\{(\w+)\}")


def question(
    chance: random.Random, forms: Sequence[str], table: str, other: str, columns: Sequence[tuple[str, str]]
) -> str:
    """One question of some form over a dataset whose columns (name as it is written, type) are given."""

    def place(depth: int) -> Callable[[re.Match[str]], str]:
        return lambda found: filled(found[1], depth)

    def filled(kind: str, depth: int) -> str:
        if kind in ("t", "other", "i"):
            return {"t": f"{table} AS a", "other": other, "i": "a.id"}[kind]
        if kind == "any":
            kind = chance.choice([name for name in _FORMS_OF if name != "loud"])
        if kind == "loud":
            return _PLACE.sub(place(max(depth - 1, 0)), chance.choice(_FORMS_OF[kind] if depth > 0 else _LOUD))
        named = [name for name, type_name in columns if KINDS.get(type_name) == kind]
        if depth <= 0 or chance.random() < 0.3:
            return f"a.{chance.choice(named)}" if named and chance.random() < 0.8 else _LITERALS[kind]
        return _PLACE.sub(place(depth - 1), chance.choice(_FORMS_OF[kind]))

    return _PLACE.sub(place(3), chance.choice(forms))
