"""What a source of files may say about them, read once and checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from catalog.errors import SettingsInvalid
from catalog.names import nearest
from catalog.sources.files.delimited import CsvOptions
from catalog.sources.files.encodings import check_encoding
from catalog.sources.files.s3_options import S3_OPTIONS

FILE_OPTIONS = ("encoding", "delimiter", "header", "quote", "escape", "dates", "times", "bad_rows", *S3_OPTIONS)

_Choice = TypeVar("_Choice")
_Default = TypeVar("_Default")

_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
_QUOTES = {"double": '"', "single": "'", "none": ""}
_ESCAPES: Mapping[str, str | None] = {"doubled": None, "backslash": "\\"}
_HEADERS = {"yes": True, "no": False}
_DAYS = (
    *("yyyy-mm-dd", "yyyy/mm/dd", "yyyy.mm.dd", "dd/mm/yyyy", "mm/dd/yyyy", "dd-mm-yyyy", "mm-dd-yyyy", "dd.mm.yyyy"),
    *("dd/mm/yy", "mm/dd/yy", "dd.mm.yy"),
)
_SIGNS = {"yyyy": "%Y", "yy": "%y", "mm": "%m", "dd": "%d"}
_DATES = {form: re.sub("yyyy|yy|mm|dd", lambda found: _SIGNS[found[0]], form) for form in _DAYS}
_TIMES = {"hh:mm": "%H:%M", "hh:mm:ss": "%H:%M:%S", "hh:mm am": "%I:%M %p", "hh:mm:ss am": "%I:%M:%S %p"}
_BAD_ROWS = {"refuse": False, "leave_out": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """How the files of a source are read where they do not tell it themselves.

    `leaves_out_bad_rows`: whether a file with rows that cannot be read is read without them, or not at all.
    """

    encoding: str | None
    csv: CsvOptions
    leaves_out_bad_rows: bool

    @classmethod
    def of(cls, source: str, options: Mapping[str, str]) -> "FileOptions":
        """Reads the options; raises SettingsInvalid for a value that is not known.

        Example:
            >>> FileOptions.of("lake", {"delimiter": "bar"}).csv.delimiter
            '|'
        """
        encoding = options.get("encoding")
        if encoding is not None:
            check_encoding(source, encoding)
        return cls(
            encoding=encoding,
            csv=_csv(source, options),
            leaves_out_bad_rows=_choice(source, options, "bad_rows", _BAD_ROWS, False),
        )


def _csv(source: str, options: Mapping[str, str]) -> CsvOptions:
    dates = _choice(source, options, "dates", _DATES, _DATES["yyyy-mm-dd"])
    times = _choice(source, options, "times", _TIMES, None)
    return CsvOptions(
        delimiter=_choice(source, options, "delimiter", _DELIMITERS, None),
        has_header=_choice(source, options, "header", _HEADERS, None),
        quote=_choice(source, options, "quote", _QUOTES, '"'),
        escape=_choice(source, options, "escape", _ESCAPES, None),
        dates=dates,
        timestamps=times and f"{dates} {times}",
    )


def _choice(
    source: str, options: Mapping[str, str], option: str, choices: Mapping[str, _Choice], default: _Default
) -> _Choice | _Default:
    given = options.get(option)
    if given is None:
        return default
    if given not in choices:
        near = nearest(given, list(choices))
        listed = ", ".join(f"`{choice}`" for choice in choices)
        raise SettingsInvalid(
            f"source `{source}` has the option `{option}` set to `{given}`",
            hint=f"did you mean `{near}`?" if near else f"it may be {listed}",
        )
    return choices[given]
