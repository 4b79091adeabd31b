"""Where a database is: a URL stated without a password, or kept in an environment variable or a file."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from catalog.errors import SettingsInvalid, SourceUnavailable
from catalog.sources.references import from_environment, from_file

URLS = ("url", "url_env", "url_file")


def check_url(source: str, options: Mapping[str, str]) -> None:
    """Raises SettingsInvalid unless the options name one place for a URL, and none that would show a password.

    What is not written as a URL is refused, such as libpq's `host=db password=...`: a password could stand anywhere.
    """
    given = [option for option in URLS if option in options]
    if len(given) != 1:
        raise SettingsInvalid(
            f"source `{source}` needs one of the options {', '.join(f'`{each}`' for each in URLS)}",
            hint="`url_env: CLINIC_URL` reads the URL from that environment variable of the server",
        )
    if given == ["url"] and "://" not in options["url"]:
        raise SettingsInvalid(
            f"the `url` of source `{source}` is no URL",
            hint="write postgresql://account@host:5432/database or mariadb://account@host:3306/database",
        )
    if given == ["url"] and _holds_secret(options["url"]):
        raise SettingsInvalid(
            f"the `url` of source `{source}` holds a password, which documents and the catalog must not",
            hint="put the URL into an environment variable or a file, and name that: `url_env` or `url_file`",
        )


def resolved(source: str, options: Mapping[str, str]) -> dict[str, str]:
    """The options with the URL itself under `url`; raises SourceUnavailable when it is not where it should be."""
    kept = {option: value for option, value in options.items() if option not in URLS}
    if name := options.get("url_env"):
        return {**kept, "url": _given(from_environment(source, name), source, f"the environment variable `{name}`")}
    if file := options.get("url_file"):
        return {**kept, "url": _given(from_file(Path(file)), source, f"the file `{Path(file).name}`")}
    return dict(options)


def _given(url: str, source: str, place: str) -> str:
    if not url.strip():
        raise SourceUnavailable(
            f"the URL of source `{source}` is not there: {place} is missing or empty",
            hint="set it for the server's process, then try again",
        )
    return url.strip()


def _holds_secret(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.password is not None or any("pass" in key.lower() for key, _ in parse_qsl(parts.query))
    except ValueError:
        return True
