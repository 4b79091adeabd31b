"""The tags and rules that every crawl knows, as one table; a home's own rules come on top."""

from catalog.model import Level, Tag, TagRule

BUILTIN_TAGS: tuple[Tag, ...] = (
    Tag(name="pci.credit_card", comment="number of a credit or debit card", level=Level.RESTRICTED),
    Tag(name="phi.mrn", comment="medical record number", level=Level.RESTRICTED),
    Tag(name="pii.birth_date", comment="date of birth", level=Level.CONFIDENTIAL),
    Tag(name="pii.email_address", comment="e-mail address", level=Level.CONFIDENTIAL),
    Tag(name="pii.iban", comment="bank account number", level=Level.RESTRICTED),
    Tag(name="pii.ip_address", comment="address of a device in a network", level=Level.INTERNAL),
    Tag(name="pii.person_name", comment="name of a person", level=Level.CONFIDENTIAL),
    Tag(name="pii.phone_number", comment="phone, mobile or fax number", level=Level.CONFIDENTIAL),
    Tag(name="pii.postal_code", comment="postal code", level=Level.INTERNAL),
    Tag(name="pii.ssn", comment="social security number of the United States", level=Level.RESTRICTED),
    Tag(name="pii.street_address", comment="street address", level=Level.CONFIDENTIAL),
)

# `_W` and `W_` stand for the border of a word in a column name: `cell_no` is a phone, `cancelled` is none.
_W, W_ = r"(?<![a-z])", r"(?![a-z])"
_S = r"[-_ ]?"

_NAMES: tuple[tuple[str, str], ...] = (
    (
        "pci.credit_card",
        rf"(credit|debit|payment){_S}card|card{_S}(number|num|no){W_}|^(cc|pan)({_S}(number|num|no))?$",
    ),
    ("phi.mrn", rf"{_W}mrn{W_}|medical{_S}record"),
    ("pii.birth_date", rf"birth{_S}(date|day)|date{_S}of{_S}birth|{_W}dob{W_}|{_W}born$"),
    ("pii.email_address", rf"{_W}e{_S}mail{W_}|{_W}e{_S}mail{_S}addr"),
    ("pii.iban", rf"{_W}iban{W_}|bank{_S}account"),
    ("pii.ip_address", rf"{_W}ip{_S}(v?[46]|addr(ess)?)?{W_}"),
    (
        "pii.person_name",
        rf"(first|last|full|middle|maiden|sur|given|family|patient|person|customer|employee|contact|holder){_S}name|^name$",
    ),
    ("pii.phone_number", rf"phone|{_W}(tel|telefon|mobile|mobil|cell|fax){W_}"),
    ("pii.postal_code", rf"{_W}zip{_S}(code)?{W_}|post(al)?{_S}code|{_W}plz{W_}"),
    ("pii.ssn", rf"{_W}ssn{W_}|social{_S}security"),
    ("pii.street_address", rf"street|(?<!(mail|ip|mac|web|url){_S})address(?!{_S}id)"),
)

_OCTET = r"(25[0-5]|2[0-4]\d|1?\d?\d)"

_CONTENTS: tuple[tuple[str, str], ...] = (
    (
        "pci.credit_card",
        r"(4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|6011|65\d{2})([ -]?)\d{4}\2\d{4}\2\d{4}|3[47]\d{2}([ -]?)\d{6}\3\d{5}",
    ),
    ("pii.email_address", r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w-]{1,63}\.)+\p{L}{2,24}"),
    ("pii.iban", r"[A-Z]{2}\d{2}( ?)(?:[A-Z0-9]{4}\1){2,7}[A-Z0-9]{1,4}"),
    ("pii.ip_address", rf"(?:{_OCTET}\.){{3}}{_OCTET}"),
    (
        "pii.phone_number",
        r"\+\d{1,3}[ .-]?(?:\(?\d{1,5}\)?[ .-]?){2,5}\d{2,5}"
        r"|\(\d{2,5}\)[ .-]?\d{2,5}[ .-]\d{2,6}|\d{3}([ .-])\d{3}\1\d{4}",
    ),
    ("pii.ssn", r"(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}"),
)

BUILTIN_RULES: tuple[TagRule, ...] = tuple(
    TagRule(name=f"{tag} by name", tag=tag, column_name=pattern) for tag, pattern in _NAMES
) + tuple(TagRule(name=f"{tag} by content", tag=tag, content=pattern) for tag, pattern in _CONTENTS)
