"""What the names of a row filter mean for one dataset: its columns, the columns its tags point at, other datasets.

Or why they mean nothing there, in words: then the filter cannot be judged.
"""

from dataclasses import dataclass

from catalog.model import Column, Dataset
from catalog.names import fold
from policy_engine.filters.meaning import LookupUse, Meaning, Path
from policy_engine.model import Estate
from policy_engine.profile import Profile, profile

Typed = tuple[Path, str]
"""A column as it is called, and its type."""

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
_DIGITS = {
    **{"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19, "HUGEINT": 39},
    **{"UTINYINT": 3, "USMALLINT": 5, "UINTEGER": 10, "UBIGINT": 20},
}
_MOST_DIGITS = 38
MOMENTS = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
"""Types that a lookup may compare with each other; dates are made moments first, as far as they can be."""


class Unjudgeable(Exception):
    """That a filter cannot be judged on a dataset; the text says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLookup:
    """A lookup whose dataset and columns are there: under which name, and its columns as they are called."""

    key: tuple[str, str]
    columns: tuple[tuple[Path, Typed], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Every name of a filter with what it means; `tagged` is None where only a crawler thinks that a tag stands."""

    columns: tuple[tuple[Path, Typed], ...]
    lookups: tuple[ReadLookup, ...]
    carriers: tuple[tuple[str, Typed], ...]
    tagged: tuple[tuple[tuple[Path, str], bool | None], ...]


def resolve(said: Meaning, dataset: Dataset, estate: Estate) -> Names:
    """What a filter's names mean for a dataset; raises Unjudgeable when one of them means nothing."""
    fields = profile(dataset)
    absent = [path for path in said.paths if _folded(path) not in fields.fields]
    absent += [path for path, _ in said.tagged if _folded(path) not in fields.paths and path not in absent]
    if absent:
        raise Unjudgeable(f"names {_listed(absent)}, which is not there")
    return Names(
        columns=tuple((path, _typed(fields.fields[_folded(path)])) for path in said.paths),
        lookups=tuple(_lookup(use, said.paths, fields, estate) for use in said.lookups),
        carriers=tuple((tag, _typed(_carrier(tag, fields))) for tag in said.carriers),
        tagged=tuple((asked, _carries(*asked, fields)) for asked in said.tagged),
    )


def _lookup(use: LookupUse, paths: tuple[Path, ...], outside: Profile, estate: Estate) -> ReadLookup:
    key = fold(use.database), fold(use.dataset)
    found = estate(key)
    if found is None:
        raise Unjudgeable(f"looks into `{use.database}.{use.dataset}`, which is not there")
    fields = profile(found)
    columns: list[tuple[Path, Typed]] = []
    for path in use.paths:
        column = fields.fields.get(_folded(path)) or _qualified(path, use, fields)
        if column is None:
            raise Unjudgeable(f"looks for {_listed([path])} in `{use.database}.{use.dataset}`, which is not there")
        columns.append((path, _typed(column)))
    _, type_name = dict(columns)[use.column]
    may_compare = _is_comparable if use.compared else _fits  # an expression may be made of any column
    for path in (use.compared,) if use.compared else paths:
        compared = outside.fields.get(_folded(path))
        if compared is not None and not may_compare(compared.type, type_name):
            of = f"`{use.database}.{use.dataset}`"
            raise Unjudgeable(f"compares {_listed([path])}, a {compared.type}, with a {type_name} of {of}")
    return ReadLookup(key=key, columns=tuple(columns))


def _qualified(path: Path, use: LookupUse, fields: Profile) -> Column | None:
    """`entitlements.region` means the column `region` of the lookup's dataset, where no column is called so."""
    return fields.fields.get(_folded(path[1:])) if fold(path[0]) == fold(use.dataset) else None


def _carrier(tag: str, fields: Profile) -> Column:
    """The one column, or nested field, that carries a tag; a tag that a crawler suggests may make it several."""
    found: list[Column] = []
    is_confirmed = True
    for field in fields.columns:
        carriers = [field] if tag in field.tags.all else []
        carriers += [
            inner for inner in field.nested if tag in map(str.lower, inner.column.confirmed | inner.column.suggested)
        ]
        found += [carrier.column for carrier in carriers]
        is_confirmed &= all(tag in carrier.tags.confirmed for carrier in carriers)
    if len(found) != 1:
        raise Unjudgeable(f"asks for the column that carries `{tag}`, and {'several do' if found else 'none does'}")
    if not is_confirmed:
        raise Unjudgeable(f"asks for the column that carries `{tag}`, which is only suggested so far")
    if _folded(found[0].path) not in fields.fields:
        raise Unjudgeable(f"asks for the column that carries `{tag}`, which is inside a list")
    return found[0]


def _carries(path: Path, tag: str, fields: Profile) -> bool | None:
    folded = _folded(path)
    [field] = [field for top in fields.columns for field in (top, *top.nested) if field.path == folded]
    if tag in field.tags.confirmed:
        return True
    return None if tag in field.tags.suggested else False


def _is_comparable(one: str, other: str) -> bool:
    """Whether the engine compares the types without a cast that could fail; dates are seen to in binding.py."""
    return one == other or (_family(one) is not None and _family(one) == _family(other) and _fits(one, other))


def _fits(one: str, other: str) -> bool:
    """Whether each whole number of a type fits a decimal of the digits that the engine then compares with.

    Example: a BIGINT has 19 digits, so it fits beside a DECIMAL(38,19) and not beside a DECIMAL(38,20).
    """
    whole = next((_DIGITS[kind] for kind in (one, other) if kind in _DIGITS), 0)
    scale = next((int(kind[:-1].split(",")[1]) for kind in (one, other) if kind.startswith("DECIMAL(")), None)
    return scale is None or whole + scale <= _MOST_DIGITS


def _family(type_name: str) -> str | None:
    plain = type_name.upper().split("(")[0].removeprefix("U")
    if plain in _NUMBERS:
        return "number"
    if plain in ("VARCHAR", "ENUM"):
        return "text"
    return "moment" if plain in MOMENTS else None


def _typed(column: Column) -> Typed:
    return column.path, column.type


def _listed(paths: list[Path]) -> str:
    return ", ".join(f"`{'.'.join(path)}`" for path in paths)


def _folded(path: Path) -> Path:
    return tuple(fold(name) for name in path)
