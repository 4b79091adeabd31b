"""A bucket's own words: what is listed of it, and the bytes of an object in the state that was listed.

INVARIANT: nothing is asked of another server than the one that the source names, whatever that one answers; and what
is told of an object are bytes that the server has sent of that state, as many as were asked for, or none.
"""

import functools
import os
import re
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import botocore.session
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError, IncompleteReadError
from urllib3.exceptions import HTTPError

from catalog.sources.files.s3_failures import ELSEWHERE, OTHER_WORDS, refused, unreached
from catalog.sources.held_files import changed_meanwhile

_CONNECT_SECONDS, _ANSWER_SECONDS, _TRIES = 5, 30, 3
_KEY_BYTES = 1_024
_TAG = re.compile(r"[!-9;-{}~]{1,200}")  # visible, and no `:` or `|`, which stand between the parts of a state
_BROKEN = (HTTPClientError, IncompleteReadError, HTTPError)  # in the middle of an answer
_CHANGED = ("PreconditionFailed", "412", "InvalidRange", "416")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Object:
    """An object as a bucket lists it: below which path, how long, when written, and the tag of its content.

    The time is in nanoseconds since 1970, told in whole seconds or milliseconds.
    """

    path: str
    size: int
    mtime_ns: int
    tag: str

    @property
    def state(self) -> str:
        """What tells this object from every other, and from itself when it is written again.

        Example:
            >>> found = S3Object(path="lake/a:b.csv", size=7, mtime_ns=5, tag='"c0ffee"')
            >>> found.state, S3Object.of(found.state) == found
            ('lake/a:b.csv:7:5:"c0ffee"', True)
        """
        return f"{self.path}:{self.size}:{self.mtime_ns}:{self.tag}"

    @classmethod
    def of(cls, state: str) -> "S3Object":
        """The object of that state."""
        path, size, mtime_ns, tag = state.rsplit(":", 3)
        return cls(path=path, size=int(size), mtime_ns=int(mtime_ns), tag=tag)


class _Elsewhere(Exception):
    """The server leads on to another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Client:
    """A client of a bucket as plain data, which a worker makes one of: its environment holds nothing."""

    bucket: str
    region: str
    endpoint: str = ""
    authorities: str = ""
    secrets: tuple[tuple[str, str], ...] | None = field(repr=False)

    def objects(self, below: str) -> Iterator[tuple[int, S3Object]]:
        """What lies below the bucket or a prefix, as `lake/2024`, each with its page; raises SourceUnavailable."""
        prefix = f"{below}/".removeprefix(f"{self.bucket}/")
        with self._asking():
            pages = botocore_client(self).get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            for number, page in enumerate(pages, 1):
                for told in page.get("Contents", ()):
                    yield number, self._object(told, prefix)

    def _object(self, told: dict[str, Any], prefix: str) -> S3Object:
        key, tag = told["Key"], told["ETag"]
        is_asked_for = key.startswith(prefix) and len(key.encode()) <= _KEY_BYTES
        if not is_asked_for or _TAG.fullmatch(tag) is None or told["Size"] < 0:
            raise ValueError("no object of a bucket")
        written = (told["LastModified"] - _EPOCH) // timedelta(microseconds=1) * 1_000
        return S3Object(path=f"{self.bucket}/{key}", size=told["Size"], mtime_ns=written, tag=tag)

    def piece(self, listed: S3Object, begin: int, end: int) -> bytes:
        """The bytes from one place to another; raises SourceUnavailable when the object is not as it was listed."""
        with self._asking(Path(listed.path)):
            if begin == end:
                return b""
            for _ in range(_TRIES - 1):
                with suppress(*_BROKEN):
                    return self._piece(listed, begin, end)
            return self._piece(listed, begin, end)

    def _piece(self, listed: S3Object, begin: int, end: int) -> bytes:
        told = botocore_client(self).get_object(
            Bucket=self.bucket,
            Key=listed.path.removeprefix(f"{self.bucket}/"),
            IfMatch=listed.tag,
            Range=f"bytes={begin}-{end - 1}",
        )
        with closing(told["Body"]) as body:
            is_whole = "ContentRange" not in told and end - begin == listed.size
            is_piece = told.get("ContentRange") == f"bytes {begin}-{end - 1}/{listed.size}"
            is_same = told.get("ETag") == listed.tag and told["ContentLength"] == end - begin
            if not is_same or not (is_whole or is_piece):
                raise changed_meanwhile(Path(listed.path))
            piece: bytes = body.read()
        return piece

    @contextmanager
    def _asking(self, path: Path | None = None) -> Iterator[None]:
        """Has what the server or the client refuses be told in Veil's words."""
        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code"))
            if path is not None and code in _CHANGED:
                raise changed_meanwhile(path) from None
            raise refused(self.bucket, code) from None
        except (ConnectionError, *_BROKEN) as error:
            raise unreached(self.bucket, error) from None
        except _Elsewhere:
            raise ELSEWHERE.about(self.bucket) from None
        except (BotoCoreError, OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError):
            raise OTHER_WORDS.about(self.bucket) from None


def trusted_authorities() -> str:
    """The file of authorities that `SSL_CERT_FILE` names or this machine has; '' for those that botocore brings."""
    known = (os.environ.get("SSL_CERT_FILE"), ssl.get_default_verify_paths().cafile, *_BUNDLES)
    return next((file for file in known if file and os.path.isfile(file)), "")


@functools.lru_cache(maxsize=1)
def botocore_client(known: S3Client) -> Any:
    """botocore's client, of what Veil says and nothing that lies about on the machine."""
    session = botocore.session.Session()
    for place in ("config_file", "credentials_file"):
        session.set_config_variable(place, os.devnull)
    secrets = dict(known.secrets or (("access_key", "-"), ("secret_key", "-")))
    client = session.create_client(
        "s3",
        region_name=known.region,
        endpoint_url=known.endpoint or None,
        aws_access_key_id=secrets["access_key"],
        aws_secret_access_key=secrets["secret_key"],
        aws_session_token=secrets.get("session_token"),
        verify=known.authorities or True,
        config=Config(
            signature_version="s3v4" if known.secrets else UNSIGNED,
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_ANSWER_SECONDS,
            retries={"mode": "standard", "total_max_attempts": _TRIES},
            s3={"addressing_style": "path" if known.endpoint else "auto", "us_east_1_regional_endpoint": "regional"},
            response_checksum_validation="when_required",
            ignore_configured_endpoint_urls=True,
            user_agent="veil",
        ),
    )
    own = urlsplit(client.meta.endpoint_url)
    hosts = (own.hostname, f"{known.bucket}.{own.hostname}")

    def refuse_elsewhere(request: AWSPreparedRequest, **_: object) -> None:
        asked = urlsplit(request.url)
        if asked.hostname not in hosts or _door(asked) != _door(own):
            raise _Elsewhere

    client.meta.events.register("before-send.s3", refuse_elsewhere)
    return client


def _door(address: SplitResult) -> tuple[str, int | None]:
    return address.scheme, address.port
