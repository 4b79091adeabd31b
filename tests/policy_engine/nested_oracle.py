"""The laws for nested cells, naive and value by value: the cells of a column with fields are its innermost fields.

A struct or list is there on a row where some grant that holds there tells anything of a field in it; what a policy
takes from the whole it takes from every field. A map is there where its keys are, and keys stay different.
"""

from collections.abc import Callable, Iterator, Sequence

from catalog.model import Column
from policy_engine.model import Effect, Policy, TransformCall
from policy_engine.transforms import registry
from tests.policy_engine.oracle import Oracle
from tests.policy_engine.seen import NOTHING, Row, Seen, Showing, strength

Path = tuple[str, ...]
_REDACT = (TransformCall(name="redact"), "")


class NestedOracle(Oracle):
    """Judges one person on a dataset with fields; `finish` is there for every innermost value, NULL too."""

    def sees(self, rows: Sequence[Row]) -> Seen:
        bound = [policy for policy in self.policies.policies if self.binds(policy)]
        grants = [policy for policy in bound if policy.effect is Effect.GRANT and self.is_judged(policy)]
        takers = [policy for policy in bound if policy.effect is not Effect.GRANT]
        if any(self.is_broken(policy) for policy in takers):
            return Seen(is_refused=True)
        columns = [column for column in self.inside(()) if self.is_there(column, grants, takers)]
        limits = [policy for policy in takers if not self.hides(policy) and self.covered(policy)]
        there = [row for row in rows if any(self.openers(column, row, grants, takers) for column in columns)]
        there = [row for row in there if all(self.is_true(limit, row) for limit in limits)]
        values = [tuple(self.value(c, row[c.name], row, grants, takers) for c in columns) for row in there]
        return Seen(columns=tuple(column.name for column in columns), rows=tuple(values))

    def value(self, column: Column, raw: object, row: Row, grants: list[Policy], takers: list[Policy]) -> object:
        parts = [part for part in self.inside(column.path) if self.is_there(part, grants, takers)]
        if not self.inside(column.path):
            shown = self.shown_on(row, column, grants, takers)
            return self.finish(column, None, None) if shown is None else self.through(shown[0], raw, column, row)
        if not self.tells(column, row, grants, takers) or raw is None:
            return None
        if "MAP(" in column.type.split("STRUCT(")[0]:
            key, value = parts
            return self.each(
                raw,
                lambda pair: (
                    self.value(key, pair[0], row, grants, takers),
                    self.value(value, pair[1], row, grants, takers),
                ),
            )
        return self.each(
            raw, lambda item: {p.path[-1]: self.value(p, item[p.path[-1]], row, grants, takers) for p in parts}
        )

    def each(self, raw: object, made: Callable[..., object]) -> object:
        """What becomes of a struct, or of each struct or pair in lists within lists."""
        if isinstance(raw, list):
            return [self.each(item, made) for item in raw]
        return None if raw is None else made(raw)

    def is_there(self, column: Column, grants: list[Policy], takers: list[Policy]) -> bool:
        if any(self.hides(taker) and self.covers_some_parent(taker, column) for taker in takers):
            return False
        parts = self.inside(column.path)
        there = [part for part in parts if self.is_there(part, grants, takers)]
        if "MAP(" in column.type.split("STRUCT(")[0] and parts:
            return there == parts and self.are_keys_different(parts[0], grants, takers)
        return bool(there) if parts else any(self.shows(grant, column) for grant in grants)

    def are_keys_different(self, key: Column, grants: list[Policy], takers: list[Policy]) -> bool:
        """Whether whoever shows any cell of a key shows all of them, so that no two keys become equal."""
        cells = list(self.innermost(key))
        givers = {tuple(g.id for g in grants if self.is_there(c, grants, takers) and self.shows(g, c)) for c in cells}
        return len(givers) == 1 and all(self.is_cell_different(cell, grants, takers) for cell in cells)

    def innermost(self, column: Column) -> Iterator[Column]:
        parts = self.inside(column.path)
        for part in parts:
            yield from self.innermost(part)
        if not parts:
            yield column

    def is_cell_different(self, key: Column, grants: list[Policy], takers: list[Policy]) -> bool:
        shown = {self.raised(self.showing(g, key), key, takers) for g in grants if self.shows(g, key)}
        is_unique = all(each is None or each[0].name in ("tokenize", "hash") for each in shown)
        is_whole = "DATE" not in key.type or shown <= {None}
        return is_unique and is_whole and len({strength(each) for each in shown}) == len(shown)

    def openers(self, column: Column, row: Row, grants: list[Policy], takers: list[Policy]) -> bool:
        """Whether some grant that holds on the row shows a cell of the column."""
        return any(self.is_true(grant, row) and self.gives(grant, column, grants, takers) for grant in grants)

    def gives(self, grant: Policy, column: Column, grants: list[Policy], takers: list[Policy]) -> bool:
        if not self.is_there(column, grants, takers):
            return False
        parts = self.inside(column.path)
        if "MAP(" in column.type.split("STRUCT(")[0]:
            parts = parts[:1]
        return any(self.gives(grant, part, grants, takers) for part in parts) if parts else self.shows(grant, column)

    def tells(self, column: Column, row: Row, grants: list[Policy], takers: list[Policy]) -> bool:
        return any(self.is_true(g, row) and self.tells_by(g, column, grants, takers) for g in grants)

    def tells_by(self, grant: Policy, column: Column, grants: list[Policy], takers: list[Policy]) -> bool:
        """Whether a grant tells anything of a column: a field that is more than NULL in a whole that is."""
        if not self.is_there(column, grants, takers):
            return False
        parts = self.inside(column.path)
        if not parts:
            shown = self.raised(self.showing(grant, column), column, takers)
            return self.shows(grant, column) and shown != NOTHING
        takes = [grant, *(taker for taker in takers if not self.hides(taker) and self.covers(taker, column))]
        if any(self.nulls(policy, above) for policy in takes for above in self.chain(column)):
            return False
        parts = parts[:1] if "MAP(" in column.type.split("STRUCT(")[0] else parts
        return any(self.tells_by(grant, part, grants, takers) for part in parts)

    def showing(self, policy: Policy, column: Column) -> Showing:
        if any(self.nulls(policy, above) for above in self.chain(column)[:-1]):
            return NOTHING
        return super().showing(policy, column)

    def demands(self, column: Column, takers: Sequence[Policy]) -> set[Showing]:
        """What restrictions make of the cell, those upon a whole that it is in among them."""
        found = super().demands(column, takers)
        for above in self.chain(column)[:-1]:
            found |= {NOTHING for t in takers if self.covers(t, above) and not self.hides(t) and self.nulls(t, above)}
        return found

    def nulls(self, policy: Policy, column: Column) -> bool:
        """Whether a policy leaves nothing of a whole, whatever is in it."""
        strong = (rule for rule in policy.transforms if strength((rule.call, "")) >= strength(_REDACT))
        return bool(self.inside(column.path)) and any(self.holds(rule.tagged, column, False) for rule in strong)

    def is_possible(self, policy: Policy, column: Column) -> bool:
        """What a policy says of a field must be possible, even where it leaves nothing of the whole."""
        showing = super().showing(policy, column)
        return (
            bool(self.inside(column.path)) or showing is None or registry.accepts(showing[0], column.type, self.types)
        )

    def covers_some_parent(self, policy: Policy, column: Column) -> bool:
        return any(self.covers(policy, above) for above in self.chain(column))

    def is_in_scope(self, policy: Policy, column: Column) -> bool:
        return any(column.path[: len(path)] == path for path in policy.scope.columns)

    def tags(self, column: Column) -> tuple[frozenset[str], frozenset[str]]:
        opening, hiding = super().tags(column)
        opening = opening.union(*(above.confirmed for above in self.chain(column)))
        return opening, opening | hiding.union(*(above.suggested for above in self.chain(column)))

    def inside(self, path: Path) -> list[Column]:
        return [c for c in self.dataset.columns if len(c.path) == len(path) + 1 and c.path[: len(path)] == path]

    def chain(self, column: Column) -> list[Column]:
        """The column at the top, every whole on the way down, and the column itself."""
        return [c for c in self.dataset.columns if c.path == column.path[: len(c.path)]]
