"""What a form asks of each kind of source; what may be said at all is the registry's business, and checked there."""

from collections.abc import Mapping
from dataclasses import dataclass

from catalog.crawl_options import CRAWL_OPTIONS
from catalog.model import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One option of a source as a form asks for it; with `choices` it is one of them, or left to its default."""

    option: str
    label: str
    hint: str = ""
    choices: tuple[str, ...] = ()
    is_needed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of source as people think of it: `first` is what it always needs, `more` what it may need."""

    name: str
    title: str
    connector: str
    first: tuple[Ask, ...]
    more: tuple[Ask, ...] = ()

    @property
    def asks(self) -> tuple[Ask, ...]:
        """Everything that is asked."""
        return (*self.first, *self.more)


_TEXTS = (
    Ask(option="encoding", label="Encoding", hint="Of texts that are neither UTF-8 nor marked, as windows-1252."),
    Ask(option="delimiter", label="Delimiter", choices=("comma", "semicolon", "tab", "bar")),
    Ask(option="header", label="The first line is a header", choices=("yes", "no")),
    Ask(option="quote", label="Cells are quoted by", choices=("double", "single", "none")),
    Ask(option="escape", label="A quote within a quoted cell", choices=("doubled", "backslash")),
    Ask(option="dates", label="Form of dates", hint="As dd/mm/yyyy; those of any other form are read as text."),
    Ask(option="times", label="Form of times after dates", hint="As hh:mm; without it, timestamps are as in ISO 8601."),
    Ask(option="bad_rows", label="Rows that cannot be read", choices=("refuse", "leave_out")),
)
_MASKS = Ask(option="masks", label="Where masks are worked out", choices=("keyless", "source", "veil"))


def _server(example: str) -> tuple[Ask, ...]:
    return (
        Ask(
            option="url_env",
            label="Environment variable with the URL",
            hint=f"A variable of the server's process that holds {example}. Veil never shows what is in it.",
        ),
        Ask(option="url_file", label="Or a file with the URL", hint="Readable by the server alone."),
    )


def _file(what: str) -> tuple[Ask, ...]:
    return (Ask(option="path", label="Path", hint=f"Of the {what}, on the server's machine.", is_needed=True),)


KINDS: tuple[Kind, ...] = (
    Kind(
        name="files",
        title="Folder of files",
        connector="files",
        first=(
            Ask(
                option="path",
                label="Path",
                hint="A folder, a file or a pattern on the server's machine, as /srv/data or /srv/data/*.csv.",
                is_needed=True,
            ),
        ),
        more=_TEXTS,
    ),
    Kind(
        name="s3",
        title="S3 bucket",
        connector="files",
        first=(
            Ask(option="path", label="Bucket and prefix", hint="As s3://clinic-data/2024.", is_needed=True),
            Ask(option="endpoint", label="Endpoint", hint="Of a server other than Amazon's, with http:// or https://."),
            Ask(option="region", label="Region", hint="As eu-central-1; needed without an endpoint."),
            Ask(option="access_key_env", label="Environment variable with the access key"),
            Ask(option="secret_key_env", label="Environment variable with the secret key"),
        ),
        more=(
            Ask(option="access_key_file", label="Or a file with the access key"),
            Ask(option="secret_key_file", label="Or a file with the secret key"),
            Ask(option="session_token_env", label="Environment variable with a session token"),
            Ask(option="session_token_file", label="Or a file with a session token"),
            Ask(option="anonymous", label="Read a public bucket without credentials", choices=("yes", "no")),
            *_TEXTS,
        ),
    ),
    Kind(
        name="postgres",
        title="PostgreSQL",
        connector="postgres",
        first=_server("postgresql://account:password@host:5432/database"),
        more=(Ask(option="url", label="Or the URL, without a password"), _MASKS),
    ),
    Kind(
        name="mariadb",
        title="MariaDB or MySQL",
        connector="mariadb",
        first=_server("mariadb://account:password@host:3306/database"),
        more=(Ask(option="url", label="Or the URL, without a password"), _MASKS),
    ),
    Kind(name="sqlite", title="SQLite file", connector="sqlite", first=_file("SQLite file"), more=(_MASKS,)),
    Kind(name="duckdb", title="DuckDB file", connector="duckdb", first=_file("DuckDB file")),
)

SCHEDULE = (
    Ask(option="crawl_every", label="Crawl every", hint="As 30m, 6h or 7d; left empty, only when somebody asks."),
    Ask(option="crawl_cron", label="Or by a line of cron", hint="Minute hour day month weekday, in UTC: 30 2 * * 1-5."),
    Ask(option="crawl_hours", label="Only in these hours", hint="As 22:00-06:00, in UTC; other hours are quiet."),
)
POLITENESS = (
    Ask(option="crawl_path", label="Only under this path", hint="A folder, a schema or one relation."),
    Ask(option="crawl_rows", label="Rows to look at in each", hint="1,000 unless said."),
    Ask(option="crawl_pause_seconds", label="Seconds to pause after each"),
    Ask(option="crawl_most_seconds", label="Seconds at most", hint="A crawl that takes longer goes on the next time."),
    Ask(option="crawl_most_bytes", label="Bytes at most"),
)
INTO = Ask(option="crawl_into", label="Register what is new in")


def kind_of(source: Source) -> Kind:
    """The kind that a source is, by its connector and where it lies.

    Example:
        >>> kind_of(Source(name="lake", connector="files", options={"path": "s3://lake/2024"})).title
        'S3 bucket'
    """
    is_bucket = source.connector == "files" and source.options.get("path", "").startswith("s3://")
    return kind_named("s3" if is_bucket else source.connector)


def kind_named(name: str) -> Kind:
    """The kind of a name; the first for a name that is none."""
    return next((kind for kind in KINDS if kind.name == name), KINDS[0])


def stated(kind: Kind, form: Mapping[str, str]) -> dict[str, str]:
    """The options that a form states; what it does not ask for is not said."""
    asked = (*(ask.option for ask in kind.asks), *CRAWL_OPTIONS)
    return {option: form[option] for option in asked if form.get(option, "").strip()}
