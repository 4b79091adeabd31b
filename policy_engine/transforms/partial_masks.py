"""mask_ccn(), mask_email(), mask_ip() and mask_phone(): masks that know what they mask, and keep a little of it.

What is not of the expected form keeps nothing: an email without a domain, an address that is none.
"""

import ipaddress
import re

from policy_engine.strength import Strength
from policy_engine.transforms.keys import bound
from policy_engine.transforms.masking import masked_sql
from policy_engine.transforms.separators import is_separator
from policy_engine.transforms.spec import Arguments, Fragment, Place, Transform
from policy_engine.transforms.types import ColumnType, Kind

CCN_KEPT = 4
DOMAIN = "@[A-Za-z0-9.-]+"
LAST_TWO = "[0-9][^0-9]*[0-9][^0-9]*"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4 = rf"({_OCTET}\.{_OCTET}\.{_OCTET}\.){_OCTET}"
_GROUP = "[0-9a-fA-F]{1,4}"
IPV6 = rf"(?:{_GROUP}:){{7}}{_GROUP}|(?:(?:{_GROUP}:){{0,6}}{_GROUP})?::(?:(?:{_GROUP}:){{0,6}}{_GROUP})?"


class _PartialMask(Transform):
    """What these masks have in common: a text comes out, of a text or of a number written as digits."""

    takes: tuple[Kind, ...] = (Kind.TEXT,)

    def strength(self, arguments: Arguments) -> Strength:
        return Strength.PARTIAL

    def accepts(self, arguments: Arguments, column: ColumnType) -> bool:
        return column.kind in self.takes

    def output_type(self, arguments: Arguments, column: ColumnType) -> str:
        return "VARCHAR"

    def render(self, sql: str, at: Place) -> Fragment:
        text = sql if at.column.kind is Kind.TEXT else f"({sql})::VARCHAR"
        return Fragment(sql=f"CAST({self.masked_sql(text)} AS VARCHAR)")

    def reference(self, value: object, at: Place) -> object:
        return self.masked(str(value))

    def masked_sql(self, text: str) -> str:
        """The mask of a text, as SQL."""
        raise NotImplementedError

    def masked(self, text: str) -> str | None:
        """The mask of a text, in Python."""
        raise NotImplementedError


class MaskCcn(_PartialMask):
    """The transform `mask_ccn()`: all but the last four characters become X, separators too."""

    name = "mask_ccn"
    takes: tuple[Kind, ...] = (Kind.TEXT, Kind.INTEGER)
    example = "mask_ccn() | VARCHAR | 4539 7977 0575 5516"

    def masked_sql(self, text: str) -> str:
        hidden = f"repeat('X', length({text}) - {CCN_KEPT}) || right({text}, {CCN_KEPT})"
        return f"CASE WHEN length({text}) > {CCN_KEPT} THEN {hidden} ELSE repeat('X', length({text})) END"

    def masked(self, text: str) -> str | None:
        return "X" * len(text) if len(text) <= CCN_KEPT else "X" * (len(text) - CCN_KEPT) + text[-CCN_KEPT:]


class MaskEmail(_PartialMask):
    """The transform `mask_email()`: `***@` and the domain."""

    name = "mask_email"
    example = "mask_email() | VARCHAR | ann.lee@example.org"

    def masked_sql(self, text: str) -> str:
        return f"'***' || regexp_extract({text}, '{DOMAIN}$')"

    def masked(self, text: str) -> str | None:
        domain = re.search(rf"{DOMAIN}\Z", text)
        return f"***{domain[0]}" if domain else "***"


class MaskIp(_PartialMask):
    """The transform `mask_ip()`: the last octet of an IPv4 address becomes 0, the last 80 bits of an IPv6 one.

    What is no address becomes NULL; an IPv6 address comes out in lower case and in its short form.
    """

    name = "mask_ip"
    example = "mask_ip() | VARCHAR | 192.168.17.34"

    def masked_sql(self, text: str) -> str:
        return (
            f"CASE WHEN regexp_full_match({text}, '{IPV4}') THEN regexp_extract({text}, '^{IPV4}$', 1) || '0' "
            f"WHEN regexp_full_match({text}, '{IPV6}') THEN {_network_sql(text)} END"
        )

    def masked(self, text: str) -> str | None:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return None
        if isinstance(address, ipaddress.IPv4Address):
            return f"{text.rpartition('.')[0]}.0"
        if "." in text or "%" in text:
            return None
        return str(ipaddress.ip_network((address, 48), strict=False).network_address)


class MaskPhone(_PartialMask):
    """The transform `mask_phone()`: all digits but the last two become X, letters too; separators stay.

    A number of no more than two digits is masked whole.
    """

    name = "mask_phone"
    takes: tuple[Kind, ...] = (Kind.TEXT, Kind.INTEGER)
    example = "mask_phone() | VARCHAR | +1 (206) 555-0147"

    def masked_sql(self, text: str) -> str:
        head = f"left({text}, length({text}) - length(veil_last))"
        parts = f"{masked_sql(head, 'X')} || {masked_sql('veil_last', 'X', '0-9')}"
        has_more = f"veil_last <> '' AND regexp_matches({head}, '[0-9]')"
        case = f"CASE WHEN {has_more} THEN {parts} ELSE {masked_sql(text, 'X')} END"
        return bound("veil_last", f"regexp_extract({text}, '{LAST_TWO}$')", case)

    def masked(self, text: str) -> str | None:
        found = re.search(rf"{LAST_TWO}\Z", text)
        kept = found.start() if found and re.search("[0-9]", text[: found.start()]) else len(text)
        return "".join(
            letter if is_separator(letter) or (place >= kept and letter in "0123456789") else "X"
            for place, letter in enumerate(text)
        )


def _network_sql(text: str) -> str:
    """The first 48 bits of an IPv6 address as its short form: what `::` leaves out is counted and put in its place."""
    every = f"veil_left || CASE WHEN len(veil_halves) > 1 THEN {_ZEROS} ELSE [] END || veil_right"
    three = "list_transform(veil_groups[1:3], lambda veil_group: regexp_replace(veil_group, '^0+(.)', '\\1'))"
    short = f"regexp_replace(array_to_string({three}, ':') || '::', '(^|:)(0:)*0::$', '::')"
    sql = bound("veil_groups", every, short)
    sql = f"CASE WHEN len(veil_halves) = 1 OR len(veil_left) + len(veil_right) < 8 THEN {sql} END"
    right = "CASE WHEN len(veil_halves) < 2 OR veil_halves[2] = '' THEN [] ELSE string_split(veil_halves[2], ':') END"
    left = "CASE WHEN veil_halves[1] = '' THEN [] ELSE string_split(veil_halves[1], ':') END"
    sql = bound("veil_left", left, bound("veil_right", right, sql))
    return bound("veil_halves", f"string_split(lower({text}), '::')", sql)


_ZEROS = "list_transform(range(8 - len(veil_left) - len(veil_right)), lambda veil_place: '0')"
