"""Check digits: those of python-stdnum by name, and the few that it does not know."""

import importlib
import re
from collections.abc import Callable
from datetime import date
from hashlib import sha256

from stdnum import luhn as stdnum_luhn

from crawler.detectors import tables

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_CARD = re.compile(
    r"4\d{12}(\d{3}){0,2}|5[1-5]\d{14}|2(2[2-9]|[3-6]\d|7[01])\d{13}|27200?\d{11,12}|3[47]\d{13}|6(011|5\d\d|4[4-9]\d)\d{12,15}"
    r"|3(0[0-5]|[689]\d)\d{11,14}|35(2[89]|[3-8]\d)\d{12}|62\d{14,17}|(5018|5020|5038|5[678]\d\d|6304|67\d\d)\d{8,15}|220[0-4]\d{12}"
)
_IBAN_LENGTHS = dict(
    AT=20, BE=16, BG=22, CH=21, CZ=24, DE=22, DK=18, EE=20, ES=24, FI=18, FR=27, GB=22, GR=27, HR=21, HU=28, IE=22,
    IT=27, LT=20, LU=20, LV=21, NL=18, NO=15, PL=28, PT=25, RO=24, SE=24, SI=19, SK=24, TR=26,
)  # fmt: skip
_GAPS = str.maketrans("", "", " -./()")

Check = Callable[[str], bool]


def standard(module: str) -> Check:
    """The check of a module of python-stdnum, which says no where the module trips.

    Example:
        >>> standard("pl.pesel")("44051401359")
        True
    """
    loaded = importlib.import_module(f"stdnum.{module}")

    def is_valid(value: str) -> bool:
        try:
            return bool(loaded.is_valid(value))
        except Exception:  # a module may trip over what it does not expect: cn.ric raises KeyError
            return False

    return is_valid


def named(name: str) -> Check:
    """One of the checks of this file."""
    return _CHECKS[name]


def luhn(value: str) -> bool:
    """Whether the last digit follows from the others as on payment cards."""
    return bool(stdnum_luhn.is_valid(value.translate(_GAPS)))


def card(value: str) -> bool:
    """Whether it begins as cards of some scheme do, is as long, and its last digit is right."""
    digits = value.translate(_GAPS)
    return bool(_CARD.fullmatch(digits)) and luhn(digits)


def _weighted(digits: str, weights: str | tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, map(int, weights), strict=False))


def _crossed(digits: str, weights: str) -> int:
    """The weighted sum of the digits of products."""
    return sum(sum(divmod(int(digit) * int(weight), 10)) for digit, weight in zip(digits, weights, strict=False))


def _birth_first(value: str) -> bool:
    return is_day(value[4:6], value[2:4], value[:2])


def is_day(year: str, month: str, day: str) -> bool:
    """Whether there is such a day in this century or the last one."""
    try:
        date(2000 + int(year) if len(year) == 2 else int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _dea(value: str) -> bool:
    digits = [int(each) for each in value[2:]]
    is_known = value[0].upper() in "ABCDEFGHJKLMPRSTUX"
    return is_known and (sum(digits[:6:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


def _vin(value: str) -> bool:
    known = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "12345678123457923456789"), strict=True))
    numbers = [int(char) if char.isdigit() else known.get(char, 0) for char in value.upper()]
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    return (
        "0123456789X"[sum(number * weight for number, weight in zip(numbers, weights, strict=True)) % 11]
        == value[8].upper()
    )


def _icao(value: str) -> bool:
    total = sum(_ALPHABET.index(char) * (7, 3, 1)[place % 3] for place, char in enumerate(value[:-1].upper()))
    return str(total % 10) == value[-1]


def _de_pension(value: str) -> bool:
    text = value.translate(_GAPS).upper()
    digits = f"{text[:8]}{ord(text[8]) - 64:02d}{text[9:]}"
    return _crossed(digits[:11], "21257121212"[:11]) % 10 == int(digits[-1])


def _de_health(value: str) -> bool:
    digits = f"{ord(value[0].upper()) - 64:02d}{value[1:]}"
    return _crossed(digits[:10], "1212121212") % 10 == int(digits[10])


def _de_lanr(value: str) -> bool:
    return (10 - _weighted(value[:6], "494949") % 10) % 10 == int(value[6])


def _es_nuss(value: str) -> bool:
    digits = value.translate(_GAPS)
    return int(digits[:2]) <= 66 and int(digits[:10]) % 97 == int(digits[10:])


def _pl_card(value: str) -> bool:
    text = value.translate(_GAPS).upper()
    total = sum(_ALPHABET.index(char) * int(weight) for char, weight in zip(text, "731073173"[:9], strict=True))
    return total % 10 == int(text[3])


def _hu_personal(value: str) -> bool:
    digits = value.translate(_GAPS)
    total = sum(int(digit) * place for place, digit in enumerate(digits[:10], 1)) % 11
    falling = sum(int(digit) * (11 - place) for place, digit in enumerate(digits[:10], 1)) % 11
    return is_day(digits[1:3], digits[3:5], digits[5:7]) and int(digits[10]) in (total, falling)


def _hu_taj(value: str) -> bool:
    digits = value.translate(_GAPS)
    return _weighted(digits[:8], "37373737") % 10 == int(digits[8])


def _hu_tax(value: str) -> bool:
    return sum(int(digit) * place for place, digit in enumerate(value[:9], 1)) % 11 == int(value[9])


def _ru_snils(value: str) -> bool:
    digits = value.translate(_GAPS)
    return _weighted(digits[:9], (9, 8, 7, 6, 5, 4, 3, 2, 1)) % 101 % 100 == int(digits[9:])


def _br_cns(value: str) -> bool:
    digits = value.translate(_GAPS)
    return sum(int(digit) * (15 - place) for place, digit in enumerate(digits)) % 11 == 0


def _mx_clabe(value: str) -> bool:
    total = sum(int(digit) * (3, 7, 1)[place % 3] % 10 for place, digit in enumerate(value[:17]))
    return (10 - total % 10) % 10 == int(value[17])


def _uy_ci(value: str) -> bool:
    digits = value.translate(_GAPS)
    return (10 - _weighted(digits[:7], "2987634") % 10) % 10 == int(digits[7])


def _tw_id(value: str) -> bool:
    code = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(value[0].upper()) + 10
    return (code // 10 + code % 10 * 9 + _weighted(value[1:], (8, 7, 6, 5, 4, 3, 2, 1, 1))) % 10 == 0


def _hk_id(value: str) -> bool:
    text = value.translate(_GAPS).upper().rjust(9)
    numbers = [36 if char == " " else _ALPHABET.index(char) for char in text[:8]]
    check = sum(number * weight for number, weight in zip(numbers, range(9, 1, -1), strict=True))
    return (check + (10 if text[8] == "A" else int(text[8]) if text[8].isdigit() else 5)) % 11 == 0


def _sg_nric(value: str) -> bool:
    letters = {"S": "JZIHGFEDCBA", "T": "GFEDCBAJZIH", "F": "XWUTRQPNMLK", "G": "RQPNMLKXWUT", "M": "KLJNPQRTUWX"}
    first, last = value[0].upper(), value[-1].upper()
    return letters[first][_weighted(value[1:8], "2765432") % 11] == last or first == "M"


def _id_nik(value: str) -> bool:
    day = int(value[6:8])
    return value[:2] >= "11" and is_day(value[10:12], value[8:10], f"{day - 40 if day > 40 else day:02d}")


def _au_medicare(value: str) -> bool:
    digits = value.translate(_GAPS)
    return _weighted(digits[:8], "13791379") % 10 == int(digits[8])


def _bic(value: str) -> bool:
    return value[4:6].lower() in tables.phrases("countries")


def _base58(value: str) -> bool:
    number = 0
    for char in value:
        number = number * 58 + _BASE58.index(char)
    if number.bit_length() > 200:
        return False
    raw = number.to_bytes(25, "big")
    return sha256(sha256(raw[:21]).digest()).digest()[:4] == raw[21:]


def _mixed(value: str) -> bool:
    return any(map(str.isupper, value)) and any(map(str.islower, value)) and any(map(str.isdigit, value))


def _iban_length(value: str) -> bool:
    text = value.translate(_GAPS).upper()
    return len(text) == _IBAN_LENGTHS.get(text[:2], 0) and (
        text[4:].isdigit() or text[:2] in ("GB", "NL", "IE", "FR", "IT", "BG", "CH", "GR", "LV", "RO", "TR")
    )


def _no_date(value: str) -> bool:
    return not is_day(value[:2], value[3:5], value[6:]) and not is_day(value[6:], value[3:5], value[:2])


_CHECKS: dict[str, Check] = {
    "luhn": luhn,
    "card": card,
    "npi": lambda value: luhn("80840" + value),
    "dea": _dea,
    "vin": _vin,
    "icao": _icao,
    "birth_first": _birth_first,
    "de_pension": _de_pension,
    "de_health": _de_health,
    "de_lanr": _de_lanr,
    "es_nuss": _es_nuss,
    "pl_card": _pl_card,
    "hu_personal": _hu_personal,
    "hu_taj": _hu_taj,
    "hu_tax": _hu_tax,
    "ru_snils": _ru_snils,
    "br_cns": _br_cns,
    "mx_clabe": _mx_clabe,
    "uy_ci": _uy_ci,
    "tw_id": _tw_id,
    "hk_id": _hk_id,
    "sg_nric": _sg_nric,
    "id_nik": _id_nik,
    "au_medicare": _au_medicare,
    "bic": _bic,
    "base58": _base58,
    "mixed": _mixed,
    "iban_length": _iban_length,
    "no_date": _no_date,
}
