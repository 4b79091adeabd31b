"""How a bucket is reached: its address in the source's options, its credentials by reference alone."""

import functools
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import pyarrow.fs as pafs

from catalog.errors import SettingsInvalid, SourceUnavailable
from catalog.sources.references import from_environment, from_file

_SECRETS = ("access_key", "secret_key", "session_token")
S3_OPTIONS = ("endpoint", "region", "anonymous", *(f"{name}_{how}" for name in _SECRETS for how in ("env", "file")))

_CREDENTIAL = re.compile(r"[A-Za-z0-9+/=_.-]{1,4096}")
_TRUST = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_CONNECT_SECONDS, _ANSWER_SECONDS, _TRIES = 5, 30, 3


def check_s3(source: str, options: Mapping[str, str]) -> None:
    """Raises SettingsInvalid unless the options say where the bucket is and as whom it is read."""
    if options.get("anonymous", "no") not in ("yes", "no"):
        raise SettingsInvalid(f"source `{source}` has an odd option `anonymous`", hint="it may be `yes` or `no`")
    named = {name for name in _SECRETS for how in ("env", "file") if f"{name}_{how}" in options}
    if options.get("anonymous") == "yes":
        if named:
            raise SettingsInvalid(f"source `{source}` is anonymous and has credentials", hint="keep one of the two")
    elif not {"access_key", "secret_key"} <= named:
        raise SettingsInvalid(
            f"source `{source}` does not say as whom it reads its bucket",
            hint="name `access_key_env` and `secret_key_env` (or `.._file`), or `anonymous: yes`",
        )
    if "endpoint" in options:
        parts = urlsplit(options["endpoint"])
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.path.strip("/"):
            raise SettingsInvalid(
                f"the `endpoint` of source `{source}` is no address", hint="write it as `https://minio.example:9000`"
            )
    elif "region" not in options:
        raise SettingsInvalid(f"source `{source}` names no region", hint="name it in `region`, as `eu-central-1`")


def address(options: Mapping[str, str]) -> str:
    """The server of a bucket, in one spelling.

    Example:
        >>> address({"endpoint": "HTTPS://Minio.example:443/"}), address({"region": "eu-central-1"})
        ('https://minio.example:443', '')
    """
    if "endpoint" not in options:
        return ""
    parts = urlsplit(options["endpoint"])
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').rstrip('.')}:{port}"


_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Client:
    """A client of a bucket as plain data, which a worker makes one of: its environment holds nothing."""

    bucket: str
    region: str
    scheme: str
    endpoint: str
    anonymous: bool
    trusted: tuple[tuple[str, str], ...]
    secrets: tuple[tuple[str, str], ...] = field(repr=False)

    def asking(self, ask: Callable[[pafs.S3FileSystem], _Done]) -> _Done:
        """What the bucket's server answers; raises SourceUnavailable."""
        try:
            return ask(_system(self))
        except OSError as error:
            raise told(self.bucket, error) from None
        except UnicodeError:
            raise SourceUnavailable(
                f"the server of the bucket `{self.bucket}` tells of an object whose name is no text",
                hint="rename it, or name a longer prefix in the source's path",
            ) from None


def client(source: str, bucket: str, options: Mapping[str, str]) -> S3Client:
    """The client that options say; raises SourceUnavailable when a credential is not where they say."""
    parts = urlsplit(options.get("endpoint", "https://"))
    known = {name: _secret(source, options, name) for name in _SECRETS}
    return S3Client(
        bucket=bucket,
        region=options.get("region", "us-east-1"),
        scheme=parts.scheme,
        endpoint=parts.netloc,
        anonymous=options.get("anonymous") == "yes",
        trusted=tuple((name, os.environ[name]) for name in _TRUST if name in os.environ),
        secrets=tuple((name, value) for name, value in known.items() if value is not None),
    )


@functools.lru_cache(maxsize=1)
def _system(known: S3Client) -> pafs.S3FileSystem:
    os.environ.update(known.trusted)
    return pafs.S3FileSystem(
        **dict(known.secrets),
        anonymous=known.anonymous,
        region=known.region,
        scheme=known.scheme,
        endpoint_override=known.endpoint or None,
        connect_timeout=_CONNECT_SECONDS,
        request_timeout=_ANSWER_SECONDS,
        retry_strategy=pafs.AwsStandardS3RetryStrategy(max_attempts=_TRIES),
    )


def told(bucket: str, error: OSError) -> SourceUnavailable:
    """What a failure means. INVARIANT: the client's own text, which may hold names of keys, is not passed on."""
    text = str(error)
    if isinstance(error, FileNotFoundError):
        text = "NO_SUCH_KEY"
    for marks, what, hint in _FAILURES:
        if any(mark in text for mark in marks):
            return SourceUnavailable(what.format(bucket=bucket), hint=hint)
    return SourceUnavailable(f"the bucket `{bucket}` cannot be read", hint="look at the bucket and its rights")


_FAILURES = (
    (("INTERNAL_FAILURE",), "the server of the bucket `{bucket}` failed on its side", "try again later"),
    (("NO_SUCH_KEY", "RESOURCE_NOT_FOUND"), "an object of the bucket `{bucket}` has gone", "crawl the source again"),
    (("NO_SUCH_BUCKET",), "there is no bucket `{bucket}`", "check the source's path, endpoint and region"),
    (
        ("INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH", "INVALID_CLIENT_TOKEN", "UNRECOGNIZED_CLIENT"),
        "the bucket `{bucket}` does not take the credentials",
        "check what the source's options `access_key_..` and `secret_key_..` name",
    ),
    (
        ("ACCESS_DENIED",),
        "the bucket `{bucket}` refuses this reader",
        "give it the rights s3:ListBucket and s3:GetObject",
    ),
    (
        ("curlCode: 60,", "curlCode: 77,", "curlCode: 90,", "curlCode: 91,"),
        "the certificate of the server of the bucket `{bucket}` cannot be verified",
        "have this machine trust the authority that signed it, or check the host in `endpoint`",
    ),
    (
        ("curlCode: 35,",),
        "the server of the bucket `{bucket}` does not speak TLS, or not as it should",
        "check whether `endpoint` should begin with `http://`",
    ),
    (
        ("curlCode: 6,",),
        "the server of the bucket `{bucket}` cannot be reached: its host is not known",
        "check the host in `endpoint`, and that this machine can resolve it",
    ),
    (
        ("curlCode: 7,",),
        "the server of the bucket `{bucket}` cannot be reached: nothing listens at its address",
        "check host and port in `endpoint`, and that the server runs",
    ),
    (
        ("NETWORK_CONNECTION", "curlCode", "REQUEST_TIMEOUT", "SLOW_DOWN", "SERVICE_UNAVAILABLE"),
        "the server of the bucket `{bucket}` cannot be reached",
        "check the source's endpoint and the network, then try again",
    ),
    (
        ("PERMANENT_REDIRECT", "301", "AUTHORIZATION_HEADER_MALFORMED"),
        "the bucket `{bucket}` is in another region",
        "check `region`",
    ),
)


def _secret(source: str, options: Mapping[str, str], name: str) -> str | None:
    if variable := options.get(f"{name}_env"):
        return _given(from_environment(source, variable), source, name, f"the environment variable `{variable}`")
    if file := options.get(f"{name}_file"):
        return _given(from_file(Path(file)), source, name, f"the file `{Path(file).name}`")
    return None


def _given(text: str, source: str, name: str, place: str) -> str:
    """The credential. INVARIANT: it is one word, since a part of it is sent in the clear, and nothing else may be."""
    if not text.strip():
        raise SourceUnavailable(
            f"the {name.replace('_', ' ')} of source `{source}` is not there: {place} is missing or empty",
            hint="set it for the server's process, then try again",
        )
    if _CREDENTIAL.fullmatch(text.strip()) is None:
        raise SourceUnavailable(
            f"the {name.replace('_', ' ')} of source `{source}` is none: {place} holds something else",
            hint="it is one word of letters, digits and `+/=_.-`",
        )
    return text.strip()
