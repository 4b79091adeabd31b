"""What the content of each detector looks like at least, so that a name cannot speak for a column of something else."""

import re

from crawler.detectors.column import Column, Kind

_LETTER = r"[^\W\d_]"
FORMS: dict[str, re.Pattern[str]] = {
    "any": re.compile(r"(?s).*"),
    "text": re.compile(r"(?s).*\D.*|.{3,40}"),
    "words": re.compile(r"(?s).{2,}"),
    "address": re.compile(rf"(?!0x)(?=.*{_LETTER})(?=.*[\s,./]|.*[^\x00-\x7f]|.{{7,}})[^@\\<>{{}}=|]{{3,200}}"),
    "letters": re.compile(rf"(?=.*{_LETTER})[^@\\<>{{}}=|]{{1,160}}"),
    "handle": re.compile(r"@?(?=.*[^\W\d_])[^\s,;]{2,60}"),
    "phone": re.compile(
        r"(?!(?:\D*\d){16}[^x#]*$)[+(0-9*Xx][-+()./ \d*Xx]{4,22}(\s*(x|ext\.?|#)\s*\d{1,6})?"
        r"|[Tt]el[.:]? ?[+(\d][-()./ \d]{4,20}"
    ),
    "digits": re.compile(r"(?=(?:.*\d){3})[\d *Xx./-]{3,30}|\d{3,4}"),
    "account": re.compile(r"(?=(?:.*\d){4})[\w ./*•-]{5,40}"),
    "code": re.compile(r"(?=.*\d)[\w ./:#+・·*•-]{2,40}"),
    "identity": re.compile(r"(?=(?:.*\d){3})[\w ./:#+・·*•-]{5,40}"),
    "plate": re.compile(rf"(?=.*\d)(?=.*{_LETTER})[\w ./:#+・·-]{{4,20}}"),
    "bic": re.compile(r"[A-Z]{4} ?[A-Z]{2} ?[A-Z\d]{2} ?([A-Z\d]{3})?", re.I),
    "date": re.compile(r"(?=.*\d)[\w.,/ \u3400-\u9fff-]{4,30}(T?[\d:.Z+ ]*)?"),
    "expiry": re.compile(r"(0?[1-9]|1[0-2])\s?[-/.]?\s?(20)?\d\d|20\d\d[-/.]?(0[1-9]|1[0-2])([-/.]?[0-3]\d)?|\d{1,2}"),
    "age": re.compile(
        r"(1[01]\d|\d{1,2})(\.\d+)?( ?(y|yrs?|years?|ans|años|jahre|歳|岁|세)\.?)?|"
        r"(\D{0,12})\d{1,3} ?(-|–|to|bis|a|à|~|〜) ?\d{1,3}\D{0,8}|"
        r"(<|>|≥|≤|under|over|unter|über|(less|more|greater|older|younger) than) ?=? ?\d{1,3}|"
        r"child|children|kids?|teen(ager)?s?|adolescents?|youths?|young( adults?)?|adults?|middle[- ]aged?|seniors?|"
        r"elderly|old|younger|older|infants?|newborns?|kind(er)?|erwachsene[r]?|jugendliche[r]?|enfants?|adultes?|niños?|adultos?|"
        r"\d{1,3} ?(\+|and over|or older|代|대)|\[\d+[,-] ?\d+[\])]",
        re.I,
    ),
    "postal": re.compile(
        r"[A-Z]{0,2}-?\d{2,7}|\d{9}|\d{2,3}[Xx*]{2,3}|"
        r"\d{2,5}[- ]\d{2,4}|[A-Z]\d[A-Z] ?\d[A-Z]\d|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|"
        r"\d{4} ?[A-Z]{2}|[A-Z]{1,3}[- ]?\d{3,5}([- ]\d{3})?|〒?\d{3}-\d{4}|[A-Z]\d{2} ?[A-Z\d]{4}|[A-Z]\d{4}[A-Z]{3}",
        re.I,
    ),
    "money": re.compile(
        r"\D{0,5}\d[\d.,' \u00a0]{1,14}( ?[kK])?\D{0,8}|\d{1,9}\.\d+|\D{0,14}\d+ ?[kK]?\+|"
        r".{0,6}\d+ ?[kK]?\+? ?([-–]|to|bis) ?.{0,3}\d+ ?[kK]?.{0,6}"
    ),
    "position": re.compile(
        r"[+-]?\d{1,3}\.\d{2,}°?[NSEW]?|\(?[+-]?\d{1,3}\.\d+ ?[,; ] ?[+-]?\d{1,3}\.\d+\)?|POINT ?\(.*\)|"
        r"\d{1,3}[°º] ?\d{1,2}['′].*|[NSEW] ?\d.*|\{.*\}"
    ),
    "profession": re.compile(rf"(?=.*{_LETTER})[^@\\<>{{}}=|]{{1,160}}|\d{{1,4}}"),
    "membership": re.compile(r"[^@\\<>{}=|\n.]{1,60}"),
    "schooling": re.compile(r"[^@\\<>{}=|\n]{1,90}"),
    "category": re.compile(r"[^@\\<>{}=|\n]{1,60}"),
    "secret": re.compile(r"(?s).{12,}"),
}

_KINDS: dict[Kind, frozenset[str]] = {
    Kind.FLOAT: frozenset({"age", "money", "position", "schooling", "any"}),
    Kind.DATE: frozenset({"date", "expiry"}),
    Kind.MOMENT: frozenset({"date"}),
    Kind.FLAG: frozenset({"any", "membership", "category"}),
    Kind.NOTHING: frozenset(),
    Kind.INTEGER: frozenset(
        {
            "profession",
            "identity",
            "any",
            "digits",
            "account",
            "code",
            "phone",
            "date",
            "expiry",
            "age",
            "postal",
            "money",
            "text",
            "category",
            "schooling",
            "membership",
        }
    ),
}
_ENOUGH = 5
_CLOSED = frozenset({"category", "membership", "schooling"})
_MOST_YEARS = 30


def fits(column: Column, form: str) -> float:
    """How well the content has the form: a weight below zero when it has not, zero when there is nothing to see."""
    if form not in _KINDS.get(column.kind, FORMS.keys()):
        return -8.0
    if column.is_flag and form not in ("any", "category", "membership") and column.count >= 10:
        return -8.0
    if not column.values:
        return 0.0
    if form == "schooling" and sum(years > _MOST_YEARS for years in column.numbers) > 0.2 * len(column.values):
        return -8.0
    share = column.share(FORMS[form])
    if share < 0.5:
        return -8.0 * min(len(column.few), _ENOUGH) / _ENOUGH
    if form in _CLOSED and len(column.values) > 60 and column.distinct > 0.5:
        return -4.0
    return 0.0 if share > 0.8 else -1.0
