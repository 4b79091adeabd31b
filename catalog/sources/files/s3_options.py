"""How a bucket is reached: its address in the source's options, its credentials by reference alone."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from catalog.errors import SettingsInvalid, SourceUnavailable
from catalog.sources.files.s3_client import S3Client, trusted_authorities
from catalog.sources.references import from_environment, from_file

_SECRETS = ("access_key", "secret_key", "session_token")
S3_OPTIONS = ("endpoint", "region", "anonymous", *(f"{name}_{how}" for name in _SECRETS for how in ("env", "file")))

_CREDENTIAL = re.compile(r"[A-Za-z0-9+/=_.-]{1,4096}")


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


def client(source: str, bucket: str, options: Mapping[str, str]) -> S3Client:
    """The client that options say; raises SourceUnavailable when a credential is not where they say."""
    known = {name: _secret(source, options, name) for name in _SECRETS}
    return S3Client(
        bucket=bucket,
        region=options.get("region", "us-east-1"),
        endpoint=address(options),
        authorities=trusted_authorities(),
        secrets=None
        if options.get("anonymous") == "yes"
        else tuple((name, value) for name, value in known.items() if value is not None),
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
