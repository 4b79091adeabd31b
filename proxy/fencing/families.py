"""Works out the family of types of an expression, where that is certain and computing it can never raise.

Two values of one family are compared without a cast that can raise. An expression has a family only if it is a column
of one, or is made of such by what never raises: functions on arguments that their signatures name, calculations with
doubles, casts that fit every value, choices between results of one family. Its own parts are judged by barrier.py.
"""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime
from types import MappingProxyType

from sqlglot import exp

from catalog.names import fold
from catalog.remembered import remembered
from proxy.fencing.numbers import Types, are_comparable, number
from proxy.fencing.own_rows import ReadColumns, is_own
from proxy.reading.functions import CALLABLE, Signature

NUMBERS = frozenset({"decimal", "double", "integer"})
WIDE = "wide"
"""The family of sums and of decimals beyond 18 digits, whose exact types numbers.py follows; no function takes it."""

BOOLEAN_FORMS = (
    *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ),
    *(exp.Between, exp.In, exp.Is, exp.Like, exp.ILike, exp.And, exp.Or, exp.Not, exp.Exists),
)

_OF_TYPE = {
    **dict.fromkeys("TINYINT SMALLINT INTEGER BIGINT UTINYINT USMALLINT UINTEGER".split(), "integer"),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "double"),
    **{"VARCHAR": "text", "DATE": "date", "TIMESTAMP": "timestamp", "BOOLEAN": "boolean"},
}
_DECIMAL = re.compile(r"DECIMAL\(1?\d,\s?\d+\)", re.ASCII)  # wider ones may not fit what they are compared with
TARGETS: Mapping[object, str] = {
    **dict.fromkeys((exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT), "integer"),
    **{exp.DType.FLOAT: "double", exp.DType.DOUBLE: "double", exp.DType.TEXT: "text", exp.DType.DATE: "date"},
    **{exp.DType.TIMESTAMPNTZ: "timestamp", exp.DType.BOOLEAN: "boolean"},
}
# A source's every value fits these targets; TRY_CAST may have any.
_FITTING: Mapping[object, frozenset[str]] = {
    exp.DType.TEXT: frozenset(_OF_TYPE.values()) | {"decimal"},
    exp.DType.DOUBLE: NUMBERS | {"boolean", WIDE},
    exp.DType.BIGINT: frozenset({"integer", "decimal", "boolean"}),
    exp.DType.DATE: frozenset({"date", "timestamp"}),
    exp.DType.TIMESTAMPNTZ: frozenset({"timestamp"}),
    exp.DType.BOOLEAN: frozenset({"boolean"}),
}
_CALLS: Mapping[type[exp.Expr], str] = {
    **{exp.AnyValue: "any_value", exp.Avg: "avg", exp.Coalesce: "coalesce", exp.Count: "count", exp.Sum: "sum"},
    **{exp.FirstValue: "first_value", exp.LastValue: "last_value", exp.Lag: "lag", exp.Lead: "lead"},
    **{exp.Max: "max", exp.Min: "min", exp.StartsWith: "starts_with", exp.StrPosition: "position"},
    **{exp.Substring: "substring", exp.Trim: "trim", exp.If: "if"},
}
_CALCULATED = (exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Sum, exp.Cast)
CALLS: tuple[type[exp.Expr], ...] = (exp.Anonymous, exp.Extract, *_CALLS)
"""The classes of nodes that are calls of functions."""

_ORDER = ("this", "substr", "expression", "expressions", "start", "length", "offset", "true", "false")
_FLAGS = frozenset({"big_int", "position"})
UNITS = frozenset("year quarter month week day".split())
PARTS = UNITS | frozenset(
    "century decade millennium isoyear era dow isodow doy yearweek hour minute second millisecond microsecond".split()
)

# A literal of more digits would make a decimal that not every number of the other side fits.
_SHORT_NUMBER = re.compile(r"(?=[\d.]{1,18}\Z)\d+(\.\d*)?|\.\d{1,17}", re.ASCII)
_PLACE = re.compile(r"\d{1,9}\Z", re.ASCII)
_MOMENT = {"date": re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)}
_MOMENT["timestamp"] = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?\Z", re.ASCII)


class Families(dict[str, str]):
    """For each folded name that means one thing in a query, the family of its type.

    `types` are the exact types of those that are columns and nothing else; `unclear` names may mean something that is
    written nowhere, `*` for any name; `read` finds the columns that SELECTs read. What was worked out of an
    expression is kept until a name means something else: a call asks of its arguments several times, and without this
    a dozen calls in each other would take minutes.
    """

    def __init__(
        self,
        known: Mapping[str, str] = MappingProxyType({}),
        unclear: Set[str] = frozenset(),
        read: ReadColumns | None = None,
    ) -> None:
        super().__init__(known)
        self.types = Types()
        self.unclear = unclear
        self.read = read or ReadColumns({})
        self.found: dict[int, tuple[exp.Expr, str | None]] = {}
        """By a node's id; the node stands beside it, so that no other gets its id."""

    def __setitem__(self, name: str, kind: str) -> None:
        if self.get(name) != kind:
            self.found.clear()
        super().__setitem__(name, kind)

    def __delitem__(self, name: str) -> None:
        self.found.clear()
        super().__delitem__(name)


@remembered(4096)
def family_of_type(type_name: str) -> str | None:
    """The family of a type of the engine's.

    Example:
        >>> family_of_type("BIGINT"), family_of_type("DECIMAL(18,2)"), family_of_type("DECIMAL(20,2)")
        ('integer', 'decimal', None)
    """
    if _DECIMAL.fullmatch(type_name):
        return "decimal" if int(type_name[8 : type_name.index(",")]) <= 18 else None
    return _OF_TYPE.get(type_name)


def family(node: exp.Expr, known: Families) -> str | None:
    """The family of an expression's type, or None."""
    node = bare(node)
    kept = known.found.get(id(node))
    if kept is None:
        kept = known.found[id(node)] = (node, _worked_out(node, known))
    return kept[1]


def _worked_out(node: exp.Expr, known: Families) -> str | None:
    if isinstance(node, exp.Column):
        is_name = isinstance(node.this, exp.Identifier) and not node.args.get("db")
        return known.get(fold(node.name)) or _of_number(node, known) if is_name else None
    if isinstance(node, (exp.Boolean, *BOOLEAN_FORMS)):
        return "boolean"
    if isinstance(node, exp.Count):
        return "integer"  # of whatever it counts, a star too
    if isinstance(node, exp.Literal):
        return "text" if node.is_string else "integer" if _PLACE.match(node.name) else None
    if isinstance(node, _CALCULATED) and (found := _of_number(node, known)):
        return found
    if isinstance(node, exp.Cast):
        return _of_cast(node, known)
    if isinstance(node, exp.Case):
        return alike(results(node), known)
    if isinstance(node, exp.Filter | exp.Window):
        return family(node.this, known)
    if isinstance(node, exp.Subquery):
        return of_one_row(node, known)
    if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Neg):
        return _of_calculation(node, known)
    call = signature(node, known) if isinstance(node, CALLS) else None
    return _result(call, node, known) if call else None


def _of_number(node: exp.Expr, known: Families) -> str | None:
    found = number(node, known.types)
    return None if found is None else WIDE if found.is_wide else "integer" if found.is_whole else "decimal"


def bare(node: exp.Expr) -> exp.Expr:
    """The expression without brackets around it."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def literal(node: exp.Expr) -> exp.Literal | None:
    """The literal that an expression is, a minus before a number aside."""
    node = bare(node)
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return node.this
    return node if isinstance(node, exp.Literal) else None


def alike(sides: Sequence[exp.Expr], known: Families) -> str | None:
    """The one family of expressions of which the engine makes one type without a cast that can raise."""
    sides = [side for side in sides if not isinstance(bare(side), exp.Null)]
    kinds = {family(side, known) for side in sides}
    if kinds == {"double", "integer"}:
        return "double"
    found = kinds.pop() if len(kinds) == 1 else None
    return None if found in ("decimal", WIDE) and len(sides) > 1 else found  # two decimals make a wider one


def is_alike(sides: Sequence[exp.Expr], known: Families) -> bool:
    """Whether the engine makes one type of expressions without a cast that can raise."""
    return is_comparable([side for side in sides if not isinstance(bare(side), exp.Null)], known)


def results(case: exp.Expr) -> list[exp.Expr]:
    """What a CASE may come to."""
    found = [branch.args.get("true") for branch in case.args["ifs"]] + [case.args.get("default")]
    return [result for result in found if result is not None]


def is_comparable(sides: Sequence[exp.Expr], known: Families) -> bool:
    """Whether all sides are of one family of types, literals too by their form, so that nothing is cast row by row."""
    if are_comparable([number(side, known.types) for side in sides]):
        return True
    literals = [found for side in sides if (found := literal(side)) is not None]
    kinds = {family(side, known) for side in sides if literal(side) is None}
    numbers = NUMBERS | {WIDE} if "double" in kinds else NUMBERS  # which then is the type of all
    kinds = {"number" if kind in numbers else kind for kind in kinds}
    if not kinds:
        kinds = {"text" if found.is_string else "number" for found in literals}
    if len(kinds) != 1 or (kind := kinds.pop()) is None or kind == WIDE:
        return False
    return all(_fits(found, kind) for found in literals)


def _is_moment(found: exp.Literal, kind: str) -> bool:
    return found.is_string and kind in ("date", "text", "timestamp") and _fits(found, kind)


def is_of(side: exp.Expr, kind: str, known: Families) -> bool:
    """Whether an expression is comparable with a value of a family."""
    found = family(side, known)
    return literal(side) is None and kind != WIDE and (found == kind or {found, kind} <= NUMBERS)


def is_place(node: object) -> bool:
    """Whether a node is a literal whole number of up to nine digits, maybe below zero."""
    found = literal(node) if isinstance(node, exp.Expr) else None
    return found is not None and not found.is_string and _PLACE.match(found.name) is not None


def _fits(found: exp.Literal, kind: str) -> bool:
    """Whether the engine reads a literal as a value of the family, whatever the type within it."""
    if not found.is_string:
        return kind == "number" and is_number(found)
    if kind == "text":
        return True
    form = _MOMENT.get(kind)
    if form is None or not form.match(found.name):
        return False
    try:
        return datetime.fromisoformat(found.name).year > 0
    except ValueError:
        return False


def is_number(found: exp.Literal) -> bool:
    """Whether a literal is a number of at most eighteen digits."""
    return not found.is_string and _SHORT_NUMBER.fullmatch(found.name) is not None


def signature(call: exp.Expr, known: Families) -> Signature | None:
    """The signature by which a call never raises, if it has one."""
    name, arguments = _read(call)
    function = CALLABLE.get(name)
    if function is None or not function.signatures:
        return None
    kinds = [family(argument, known) for argument in arguments]
    for found in function.signatures:
        wanted = found.arguments
        if wanted == ("alike...",):
            if arguments and is_alike(arguments, known):
                return found
        elif len(wanted) == len(arguments) and all(map(_is_given, wanted, arguments, kinds)):
            together = [argument for want, argument in zip(wanted, arguments, strict=True) if want == "alike"]
            if len(together) < 2 or is_alike(together, known):
                return found
    return None


def _read(call: exp.Expr) -> tuple[str, list[exp.Expr]]:
    """A call's name and its arguments in order; an argument that is not understood has no family."""
    if isinstance(call, exp.Extract):
        return "date_part", [exp.Literal.string(call.name), call.expression]
    name = call.name.lower() if isinstance(call, exp.Anonymous) else _CALLS[type(call)]
    others = ((key, value) for key, value in call.args.items() if value and key not in _ORDER)
    if any(key not in _FLAGS or isinstance(value, exp.Expr) for key, value in others):
        return "", []
    keys = _ORDER[1:] if isinstance(call, exp.Anonymous) else _ORDER
    found: list[exp.Expr] = []
    for key in keys:
        value = call.args.get(key)
        found += value if isinstance(value, list) else [] if value is None else [value]
    first = found[0] if found else None
    if isinstance(first, exp.Distinct) and CALLABLE[name].kind == "aggregate" and not first.args.get("on"):
        return name, [*first.expressions, *found[1:]]
    return name, found


def _is_given(want: str, argument: exp.Expr, kind: str | None) -> bool:
    found = literal(argument)
    match want:
        case "=place":
            return is_place(argument)
        case "=text":
            return found is not None and found.is_string
        case "=part" | "=unit":
            names = PARTS if want == "=part" else UNITS
            return found is not None and found.is_string and found.name.lower() in names
        case "any":
            return kind is not None
        case "alike":
            return kind is not None or found is not None or isinstance(bare(argument), exp.Null)
        case _:
            return kind == want


def _result(found: Signature, call: exp.Expr, known: Families) -> str | None:
    if found.result not in ("alike", "first"):
        return None if found.result == "other" else found.result
    _, arguments = _read(call)
    if found.result == "first" or (len(found.arguments) == 1 and found.arguments != ("alike...",)):
        return family(arguments[0], known)
    wanted = found.arguments if found.arguments != ("alike...",) else ("alike",) * len(arguments)
    together = [argument for want, argument in zip(wanted, arguments, strict=True) if want == "alike"]
    return alike(together, known)


def _of_cast(cast: exp.Cast, known: Families) -> str | None:
    target = cast.to.this
    if cast.to.expressions or any(cast.args.get(key) for key in ("format", "action", "default")):
        return None
    kind, source = TARGETS.get(target), literal(cast.this)
    if source is not None and not isinstance(cast, exp.TryCast):
        return kind if kind and (is_number(source) if kind == "double" else _is_moment(source, kind)) else None
    given = family(cast.this, known)
    is_fitting = given is not None if isinstance(cast, exp.TryCast) else given in _FITTING.get(target, ())
    return kind if is_fitting else None


def _of_calculation(node: exp.Expr, known: Families) -> str | None:
    """Doubles grow to infinity, every division makes one, and days have whole numbers between them."""
    sides = [bare(side) for side in (node.this, node.args.get("expression")) if side is not None]
    kinds: list[str | None] = []
    for side in sides:  # not a comprehension: a chain of these is as deep as it is long
        kinds.append("number" if (found := literal(side)) and is_number(found) else family(side, known))
    if isinstance(node, exp.Sub) and kinds == ["date", "date"]:
        return "integer"
    if isinstance(node, exp.Neg) and kinds == ["number"]:
        return "integer" if _PLACE.match(node.this.name) else None
    is_double = isinstance(node, exp.Div) or "double" in kinds
    is_of_numbers = all(kind in NUMBERS or kind in ("number", WIDE) for kind in kinds)
    return "double" if is_double and is_of_numbers else None


def of_one_row(subquery: exp.Subquery, known: Families) -> str | None:
    """The family of a subquery that finds one value however many rows there are: one aggregate, and no grouping."""
    select = subquery.this
    if not gives_one_row(subquery, known):
        return None
    return family(select.expressions[0].unalias(), known)


def gives_one_row(subquery: exp.Expr, known: Families) -> bool:
    """Whether a subquery is one aggregate over all its rows; any other may find several rows, and raise."""
    select = subquery.this
    if not isinstance(select, exp.Select) or len(select.expressions) != 1:
        return False
    if any(value for key, value in select.args.items() if key not in ("expressions", "from_", "joins", "where")):
        return False
    if "*" in known.unclear:
        return False
    read = known.read.by(select)
    aggregates = _aggregates_of(select.expressions[0].unalias())
    return all(aggregate is not None and is_own(aggregate, read) for aggregate in aggregates)


def _aggregates_of(item: exp.Expr) -> Iterator[exp.Expr | None]:
    """The aggregates, with their FILTER, of which and of literals an expression is calculated; None for all else."""
    item = bare(item)
    if isinstance(item, exp.Add | exp.Sub | exp.Mul | exp.Div):
        sides = [side for side in (item.this, item.expression) if literal(side) is None]
        if not sides:
            yield None
        for side in sides:
            yield from _aggregates_of(side)
        return
    call = item.this if isinstance(item, exp.Filter) else item
    function = CALLABLE.get(_read(call)[0]) if isinstance(call, CALLS) else None
    yield item if function is not None and function.kind == "aggregate" else None


def columns_of(query: exp.Expr, known: Families) -> list[str] | None:
    """The families of the columns of a SELECT or a set operation, where each is known."""
    if isinstance(query, exp.Subquery):
        return columns_of(query.this, known) if not query.args.get("alias") else None
    if isinstance(query, exp.SetOperation):
        return set_columns(query, known)
    if not isinstance(query, exp.Select):
        return None
    kinds = [family(item.unalias(), known) for item in query.expressions]
    found = [kind for kind in kinds if kind is not None]
    return found if found and len(found) == len(kinds) else None


def set_columns(query: exp.SetOperation, known: Families) -> list[str] | None:
    """The families of what a set operation gives, where both of its sides give them in the same order."""
    is_plain = not any(query.args.get(key) for key in ("by_name", "side", "kind", "on"))
    left, right = columns_of(query.this, known), columns_of(query.expression, known)
    return left if is_plain and left == right and not {"decimal", WIDE} & set(left or ()) else None
