"""What became of the relations of a source from one crawl to another."""

from dataclasses import dataclass

from catalog.database import Catalog

_STANDS = (
    "CASE WHEN outcome IN ('new', 'changed', 'unchanged', 'found') THEN 'read' WHEN outcome = '' THEN 'left'"
    " ELSE outcome END"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A relation that stands otherwise than before: `read`, `failed`, `gone`, `passed`, `left`, or '' if it was not."""

    relation: str
    before: str
    after: str
    reason: str


def compared(catalog: Catalog, number: int, earlier: int, *, limit: int = 200) -> tuple[Moved, ...]:
    """The relations of a run that stood otherwise in an earlier one, by name; those alone that differ.

    Example:
        >>> compared(catalog, 12, 11)
        (Moved(relation='visits.csv', before='read', after='failed', reason='..'),)
    """
    rows = catalog.rows(
        f"SELECT relation, coalesce(max(iif(run_id = :earlier, {_STANDS}, NULL)), '') AS before,"
        f" coalesce(max(iif(run_id = :number, {_STANDS}, NULL)), '') AS after,"
        " coalesce(max(iif(run_id = :number, reason, NULL)), '') AS reason"
        " FROM crawl_item WHERE run_id IN (:number, :earlier) GROUP BY relation"
        " HAVING before <> after ORDER BY relation LIMIT :limit",
        {"number": number, "earlier": earlier, "limit": limit},
    )
    return tuple(
        Moved(relation=row["relation"], before=row["before"], after=row["after"], reason=row["reason"]) for row in rows
    )
