"""A form for each transform that databases can work out, in the words of a dialect.

Each says what the transform's `render` says in the engine's SQL. Where a database could raise, round or read a value
otherwise there is no form, and the reason is given.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from policy_engine.transforms.at_source.dialect import Dialect, Form, NoForm
from policy_engine.transforms.dates import HASH_DIGITS as SHIFT_DIGITS
from policy_engine.transforms.dates import moments
from policy_engine.transforms.generalizing import words_of
from policy_engine.transforms.known import find
from policy_engine.transforms.masking import arguments_of
from policy_engine.transforms.partial_masks import CCN_KEPT, DOMAIN, IPV4, IPV6, LAST_TWO
from policy_engine.transforms.periods import DAYS, PERIODS
from policy_engine.transforms.permutation import ROUNDS
from policy_engine.transforms.perturbing import BETWEEN, steps
from policy_engine.transforms.perturbing import HASH_DIGITS as NOISE_DIGITS
from policy_engine.transforms.safe_harbour import OLDEST, SMALL_AREAS, ZIP
from policy_engine.transforms.spec import Place
from policy_engine.transforms.tokenize import TOKEN_CHARACTERS
from policy_engine.transforms.types import NUMBERS, ColumnType, Kind, read_type

_TEXT = read_type("VARCHAR")
_OVERFLOW = "floating point raises there where the engine's goes to infinity"


def nothing_read(name: str, column: ColumnType) -> bool:
    """Whether a transform shows the same whatever the value, NULL or not, so that the column is never read.

    Example:
        >>> nothing_read("redact", read_type("DATE"))
        True
    """
    is_empty = column.kind in (Kind.OTHER, Kind.JSON)
    return name == "null" or (name == "redact" and column.kind is not Kind.TEXT) or (name == "zero" and is_empty)


def shared_form(name: str, dialect: Dialect, at: Place) -> Form:
    """The form of a transform on a column; raises NoForm.

    `at` names in its arguments the type of the column that the transform goes by; what it reads are the marks.
    """
    write = _FORMS.get(name)
    if write is None:
        raise NoForm(_NONE[name])
    return write(dialect, dialect.raw(0, at.column), at)


def _constant(name: str) -> "_Write":
    """The same value for every one that is not NULL."""

    def write(dialect: Dialect, raw: str, at: Place) -> Form:
        value = dialect.value(find(name).reference("", at), at.column)
        return Form(sql=f"CASE WHEN {raw} IS NOT NULL THEN {value} END")

    return write


def _mask(dialect: Dialect, raw: str, at: Place) -> Form:
    if at.column.kind in NUMBERS:
        return Form(sql=f"CASE WHEN {raw} IS NOT NULL THEN {dialect.value(0, at.column)} END")
    char, first, last = arguments_of(at)
    whole = dialect.masked(raw, char)
    if not first and not last:
        return Form(sql=dialect.out(whole, at.column))
    middle = dialect.masked(f"substr({raw}, {first + 1}, char_length({raw}) - {first + last})", char)
    parts = [f"left({raw}, {first})"] * bool(first) + [middle] + [f"right({raw}, {last})"] * bool(last)
    case = f"CASE WHEN char_length({raw}) > {first + last} THEN {dialect.joined(*parts)} ELSE {whole} END"
    return Form(sql=dialect.out(case, at.column))


def _mask_ccn(dialect: Dialect, raw: str, at: Place) -> Form:
    text = dialect.canonical(raw, at.column)
    hidden = dialect.joined(f"repeat('X', char_length({text}) - {CCN_KEPT})", f"right({text}, {CCN_KEPT})")
    short = f"repeat('X', char_length({text}))"
    return Form(sql=dialect.out(f"CASE WHEN char_length({text}) > {CCN_KEPT} THEN {hidden} ELSE {short} END", _TEXT))


def _mask_email(dialect: Dialect, raw: str, at: Place) -> Form:
    masked = dialect.joined("'***'", dialect.tail(raw, DOMAIN))
    return Form(sql=dialect.out(f"CASE WHEN {raw} IS NOT NULL THEN {masked} END", _TEXT))


def _mask_ip(dialect: Dialect, raw: str, at: Place) -> Form:
    last = f"char_length({dialect.tail(raw, '[0-9]+')})"
    short = dialect.joined(f"left({raw}, char_length({raw}) - {last})", "'0'")
    case = f"CASE WHEN {dialect.matches(raw, IPV4)} THEN {short} "
    case += f"WHEN {dialect.matches(raw, IPV6)} THEN {dialect.network(raw)} END"
    return Form(sql=dialect.out(case, _TEXT))


def _mask_phone(dialect: Dialect, raw: str, at: Place) -> Form:
    text = dialect.canonical(raw, at.column)
    tail = dialect.tail(text, LAST_TWO)
    head = f"left({text}, char_length({text}) - char_length({tail}))"
    parts = dialect.joined(dialect.masked(head, "X"), dialect.masked(tail, "X", kept="0-9"))
    has_more = f"{tail} <> '' AND {dialect.has(head, '[0-9]')}"
    return Form(sql=dialect.out(f"CASE WHEN {has_more} THEN {parts} ELSE {dialect.masked(text, 'X')} END", _TEXT))


def _generalize(dialect: Dialect, raw: str, at: Place) -> Form:
    words, otherwise = words_of(at.arguments)
    branches = " ".join(f"WHEN {dialect.same(raw, old)} THEN {dialect.text(new)}" for old, new in words.items())
    rest = "" if otherwise is None else f" WHEN {raw} IS NOT NULL THEN {dialect.text(otherwise)}"
    return Form(sql=dialect.out(f"CASE {branches}{rest} END", at.column))


def _round(dialect: Dialect, raw: str, at: Place) -> Form:
    digits, column = at.arguments.whole("n"), at.column
    _refuse_floats(column)
    if digits >= column.scale:
        return Form(sql=dialect.out(dialect.exact(raw, column.scale), column))
    return Form(sql=dialect.out(f"round({dialect.exact(raw, column.scale)}, {digits})", column))


def _bucket(dialect: Dialect, raw: str, at: Place) -> Form:
    _refuse_floats(at.column)
    number = dialect.exact(raw, at.column.scale)
    width = f"{Decimal(str(at.arguments.number('width'))):f}"
    rest, least = f"({number} % {width})", _step(at.column)
    # MariaDB has a zero that is less than 0.
    return Form(
        sql=dialect.out(f"({number} - {rest} - CASE WHEN {rest} <= -{least} THEN {width} ELSE 0 END)", at.column)
    )


def _date_trunc(dialect: Dialect, raw: str, at: Place) -> Form:
    return Form(sql=dialect.truncated(raw, at.arguments.text("unit"), at.column))


def _phi_date(dialect: Dialect, raw: str, at: Place) -> Form:
    return Form(sql=dialect.truncated(raw, "year", at.column))


def _phi_age(dialect: Dialect, raw: str, at: Place) -> Form:
    _refuse_floats(at.column)
    number = dialect.exact(raw, at.column.scale)
    return Form(sql=dialect.out(f"CASE WHEN {number} >= {OLDEST} THEN {OLDEST} ELSE {number} END", at.column))


def _phi_zip3(dialect: Dialect, raw: str, at: Place) -> Form:
    if at.column.kind is Kind.TEXT:
        small = " OR ".join(dialect.same(f"left({raw}, 3)", area) for area in SMALL_AREAS)
        case = f"CASE WHEN {small} THEN '000' ELSE left({raw}, 3) END"
        return Form(sql=dialect.out(f"CASE WHEN {dialect.matches(raw, ZIP)} THEN {case} END", at.column))
    number = dialect.exact(raw, 0)
    area = f"CASE WHEN {number} BETWEEN 0 AND 99999 THEN {dialect.divided(number, 100)}"
    area += f" WHEN {number} BETWEEN 100000 AND 999999999 THEN {dialect.divided(number, 1_000_000)} END"
    small = ", ".join(str(int(area)) for area in SMALL_AREAS)
    return Form(sql=dialect.out(f"CASE WHEN ({area}) IN ({small}) THEN 0 ELSE ({area}) END", at.column))


def _hash(dialect: Dialect, raw: str, at: Place) -> Form:
    key = at.keys.key("hash", at.namespace)
    return Form(sql=dialect.out(dialect.hmac(key, _bytes(dialect, raw, at.column)), _TEXT), keys=key.blocks())


def _tokenize(dialect: Dialect, raw: str, at: Place) -> Form:
    key, column = at.keys.key("tokenize", at.namespace), at.column
    if column.kind is Kind.TEXT:
        token = f"left({dialect.hmac(key, dialect.utf8(raw))}, {TOKEN_CHARACTERS})"
        return Form(sql=dialect.out(token, column), keys=key.blocks())
    if column.kind is Kind.INTEGER:
        token = dialect.permuted(*dialect.halves(raw, column.bits), column.bits, key)
        sql = f"CASE WHEN {raw} IS NOT NULL THEN {dialect.whole(token, column)} END"
        return Form(sql=sql, keys=key.rounds(ROUNDS))
    period = DAYS if column.kind is Kind.DATE else PERIODS[column.text]
    position, size = dialect.position(raw, column), 1 << period.bits
    high, low = dialect.halves(position, period.bits)
    moment = dialect.moment(position, size, dialect.permuted(high, low, period.bits, key), column)
    within = f"{position} BETWEEN {period.first * size} AND {(period.last + 1) * size - 1}"
    sql = f"CASE WHEN {within} THEN {moment} END"
    return Form(sql=sql, keys=key.rounds(ROUNDS))


def _perturb(dialect: Dialect, raw: str, at: Place) -> Form:
    _refuse_floats(at.column)
    key, column, by = at.keys.key("perturb", at.namespace), at.column, at.arguments.beside("by")
    message = dialect.canonical(raw, column)
    if by is not None:
        other = dialect.canonical(dialect.raw(1, by.column), by.column)
        message = dialect.joined(other, dialect.text(BETWEEN), message)
    noise = dialect.from_hex(dialect.hmac(key, dialect.utf8(message)), NOISE_DIGITS)
    units = steps(at.arguments, column)
    moved = f"({noise} % {2 * units + 1} - {units}) * {_step(column)}"
    return Form(sql=dialect.out(f"({dialect.exact(raw, column.scale)} + {moved})", column), keys=key.blocks())


def _date_shift(dialect: Dialect, raw: str, at: Place) -> Form:
    by, days = at.arguments.beside("by"), at.arguments.whole("days")
    assert by is not None
    key = at.keys.key("date_shift", "")
    hashed = dialect.hmac(key, _bytes(dialect, dialect.raw(1, by.column), by.column))
    drawn = f"({dialect.from_hex(hashed, SHIFT_DIGITS)} % {2 * days})"
    # As 0 .. 2n-1 becomes -n .. -1 and 1 .. n, with what was drawn written but once.
    shift = f"({dialect.divided(f'{drawn} * {days + 1}', days)} - {days})"
    first, last = (moment.isoformat(" ") for moment in moments(days))
    return Form(sql=dialect.moved(raw, shift, at.column, (first, last)), keys=key.blocks())


def _bytes(dialect: Dialect, raw: str, column: ColumnType) -> str:
    return raw if column.kind is Kind.BLOB else dialect.utf8(dialect.canonical(raw, column))


def _step(column: ColumnType) -> str:
    """The smallest number above zero of a type."""
    return f"{Decimal(1).scaleb(-column.scale):f}"


def _refuse_floats(column: ColumnType) -> None:
    if column.kind is Kind.FLOAT:
        raise NoForm(_OVERFLOW)


_Write = Callable[[Dialect, str, Place], Form]

_FORMS: Mapping[str, _Write] = {
    "round": _round,
    "bucket": _bucket,
    "date_trunc": _date_trunc,
    "generalize": _generalize,
    "phi_age": _phi_age,
    "phi_zip3": _phi_zip3,
    "phi_date": _phi_date,
    "perturb": _perturb,
    "date_shift": _date_shift,
    "mask_ccn": _mask_ccn,
    "mask_email": _mask_email,
    "mask_ip": _mask_ip,
    "mask_phone": _mask_phone,
    "tokenize": _tokenize,
    "hash": _hash,
    "mask": _mask,
    "redact": _constant("redact"),
    "constant": _constant("constant"),
    "zero": _constant("zero"),
}
_NONE: Mapping[str, str] = {
    "phi_dob": "which year it is must be told by one clock, that of the engine",
    "redact_text": "its patterns look around what they find, and check digits",
    "encrypt": "there is no AES in SIV mode",
    "fpe": "there is no FF1",
}
