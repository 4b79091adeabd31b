"""Numbers with check digits, drawn until one is right: an independent hand at each pattern of the detectors."""

import functools
import itertools
import random
from collections.abc import Callable

from stdnum import luhn
from stdnum.br import cpf
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.mx import curp

from crawler.detectors.checksums import named, standard

_DIGITS, _LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

NUMBERS = {
    "id_de": "pii.tax_id",
    "id_de_pension": "pii.national_id",
    "kvnr": "phi.health_plan_id",
    "lanr": "phi.npi",
    "npi": "phi.npi",
    "aba": "fin.routing_number",
    "id_at": "pii.national_id",
    "id_ch": "pii.national_id",
    "id_fr": "pii.national_id",
    "id_es": "pii.national_id",
    "id_mx": "pii.national_id",
    "id_ar": "pii.tax_id",
    "id_cl": "pii.national_id",
    "id_br": "pii.national_id",
    "id_br_sus": "phi.health_plan_id",
    "rg_br": "pii.national_id",
    "id_pt": "pii.tax_id",
    "id_it": "pii.tax_id",
    "id_nl": "pii.national_id",
    "id_be": "pii.national_id",
    "id_se": "pii.national_id",
    "id_dk": "pii.national_id",
    "id_no": "pii.national_id",
    "id_fi": "pii.national_id",
    "id_pl": "pii.national_id",
    "id_cz": "pii.national_id",
    "id_hu_taj": "pii.national_id",
    "id_ro": "pii.national_id",
    "id_hr": "pii.national_id",
    "id_bg": "pii.national_id",
    "id_gr": "pii.tax_id",
    "id_tr": "pii.national_id",
    "id_ru_snils": "pii.national_id",
    "id_ru_inn": "pii.tax_id",
    "id_ua": "pii.tax_id",
    "id_cn": "pii.national_id",
    "id_kr": "pii.national_id",
    "id_id": "pii.national_id",
    "id_vn": "pii.national_id",
    "id_th": "pii.national_id",
    "id_il": "pii.national_id",
    "id_ir": "pii.national_id",
    "id_gb": "pii.national_id",
    "id_in": "pii.national_id",
    "pan_in": "pii.tax_id",
    "id_au_tfn": "pii.tax_id",
    "medicare_au": "phi.health_plan_id",
    "id_ca": "pii.national_id",
    "bc_phn": "phi.health_plan_id",
    "id_za": "pii.national_id",
    "id_sg": "pii.national_id",
}
"""Every number of people, with its tag."""


def _iran(value: str) -> bool:
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(value[:9])) % 11
    return int(value[9]) == (rest if rest < 2 else 11 - rest)


def _anything(value: str) -> bool:
    return True


Draw = Callable[[random.Random], str]


def _mask(mask: str) -> Draw:
    """Random text of a mask: 9 a digit, A a letter, other characters stand for themselves."""
    kinds = {"9": _DIGITS, "A": _LETTERS}
    return lambda drawn: "".join(drawn.choice(kinds.get(char, char)) for char in mask)


def _born(form: str, years: tuple[int, int] = (40, 99)) -> Draw:
    """A mask in which Y, M and D are the two digits of a birth."""

    def draw(drawn: random.Random) -> str:
        parts = {"Y": drawn.randint(*years), "M": drawn.randint(1, 12), "D": drawn.randint(1, 28)}
        return _mask("".join(f"{parts[char]:02d}".translate(_KEPT) if char in parts else char for char in form))(
            drawn
        ).translate(_FREED)

    return draw


_KEPT = str.maketrans("9", "n")
_FREED = str.maketrans("n", "9")
_WAYS: dict[str, tuple[Draw, Callable[[str], bool] | str]] = {
    "card": (_mask("4999999999999999"), luhn.is_valid),
    "imei": (_mask("353999999999999"), luhn.is_valid),
    "vin": (_mask("1HGC9998XA9999999"), "=vin"),
    "nhs": (_mask("943 999 9999"), "gb.nhs"),
    "dea": (_mask("BA9999999"), "=dea"),
    "iban": (_mask("DE99999999999999999999"), "iban"),
    "ean": (_mask("4099999999999"), "ean"),
    "isbn": (_mask("9783999999999"), "isbn"),
    "isin": (_mask("US9999999999"), "isin"),
    "id_de": (_mask("99999999999"), "de.idnr"),
    "id_de_pension": (_born("65DMYA999"), "=de_pension"),
    "kvnr": (_mask("A999999999"), "=de_health"),
    "lanr": (_mask("999999901"), "=de_lanr"),
    "npi": (_mask("1999999999"), "=npi"),
    "aba": (_mask("021999999"), "us.rtn"),
    "id_at": (_born("9999DMY"), "at.vnr"),
    "id_ch": (_mask("756.9999.9999.99"), "ch.ssn"),
    "id_fr": (_born("1YM75114999"), _anything),
    "id_es": (_mask("99999999A"), "es.dni"),
    "id_mx": (_born("GOMEYMDHDFRRN0"), _anything),
    "id_ar": (_mask("20-99999999-9"), "ar.cuit"),
    "id_cl": (_mask("19.999.999-9"), "cl.rut"),
    "id_br": (_mask("999999999"), _anything),
    "id_br_sus": (_mask("799999999999999"), "=br_cns"),
    "rg_br": (_mask("99.999.999-9"), _anything),
    "id_pt": (_mask("299999999"), "pt.nif"),
    "id_it": (_born("RSSMRAYHDH501"), _anything),
    "id_nl": (_mask("199999999"), "nl.bsn"),
    "id_be": (_born("Y.M.D-999.99"), "be.nn"),
    "id_se": (_born("YMD-9999"), "se.personnummer"),
    "id_dk": (_born("DMY-9999"), _anything),
    "id_no": (_born("DMY99999"), "no.fodselsnummer"),
    "id_fi": (_born("DMY-999A"), "fi.hetu"),
    "id_pl": (_born("YMD99999"), "pl.pesel"),
    "id_cz": (_born("YMD/9999"), "cz.rc"),
    "id_hu_taj": (_mask("999 999 999"), "=hu_taj"),
    "id_ro": (_born("1YMD129999"), "ro.cnp"),
    "id_hr": (_mask("99999999999"), "hr.oib"),
    "id_bg": (_born("YMD9999"), "bg.egn"),
    "id_gr": (_mask("099999999"), "gr.vat"),
    "id_tr": (_mask("99999999999"), "tr.tckimlik"),
    "id_ru_snils": (_mask("199-999-999 99"), "=ru_snils"),
    "id_ru_inn": (_mask("779999999999"), "ru.inn"),
    "id_ua": (_mask("2999999999"), "ua.rntrc"),
    "id_cn": (_born("11010119YMD9999"), "cn.ric"),
    "id_kr": (_born("YMD-1999999"), _anything),
    "id_id": (_born("327101DMY9999"), _anything),
    "id_vn": (_mask("001999999999"), _anything),
    "id_th": (_mask("1999999999999"), "th.pin"),
    "id_il": (_mask("099999999"), "il.idnr"),
    "id_ir": (_mask("0999999999"), _iran),
    "id_gb": (_mask("CE999999C"), _anything),
    "id_in": (_mask("2999 9999 9999"), "in_.aadhaar"),
    "pan_in": (_mask("AAAPA9999A"), _anything),
    "id_au_tfn": (_mask("999 999 999"), "au.tfn"),
    "medicare_au": (_mask("2999999991"), "=au_medicare"),
    "id_ca": (_mask("999-999-999"), "ca.sin"),
    "bc_phn": (_mask("9999 999 999"), "ca.bc_phn"),
    "id_za": (_born("YMD9999089"), "za.idnr"),
    "id_sg": (_mask("S9999999A"), "=sg_nric"),
}


def _cpf(value: str) -> str:
    return str(cpf.format(value + cpf._calc_check_digits(value)))


_FINISHED: dict[str, Callable[[str], str]] = {
    "id_fr": lambda value: f"{value}{nir.calc_check_digits(value)}",
    "id_br": _cpf,
    "id_mx": lambda value: value + curp.calc_check_digit(value + "0"),
    "id_it": lambda value: value + codicefiscale.calc_check_digit(value),
}
"""Numbers whose check digits are reckoned, as drawing until they are right would take long."""


@functools.cache
def _check(name: str) -> Callable[[str], bool]:
    how = _WAYS[name][1]
    return how if callable(how) else named(how[1:]) if how.startswith("=") else standard(how)


def number(name: str, drawn: random.Random) -> str:
    """A number of that kind whose check digits are right."""
    draw, holds, finish = _WAYS[name][0], _check(name), _FINISHED.get(name, str)
    for _ in itertools.repeat(None, 20_000):
        value = finish(draw(drawn))
        if holds(value):
            return value
    raise ValueError(f"no number of kind {name} was found")
