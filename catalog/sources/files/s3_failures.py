"""What it means that a bucket cannot be read. INVARIANT: no text of its server is passed on."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import SSLError
from urllib3.exceptions import NameResolutionError, NewConnectionError

from catalog.errors import SourceUnavailable


@dataclass(frozen=True, slots=True)
class Failure:
    """Why, and what to do."""

    what: str
    hint: str

    def about(self, bucket: str) -> SourceUnavailable:
        """The error about a bucket of that name."""
        return SourceUnavailable(self.what.format(bucket=bucket), hint=self.hint)


ELSEWHERE = Failure(
    "the server of the bucket `{bucket}` leads on to another one", "check `endpoint` and `region`: no other is asked"
)
OTHER_WORDS = Failure(
    "the server of the bucket `{bucket}` does not answer as S3 does", "check `endpoint`, and look at the bucket"
)
_UNKNOWN = Failure("the bucket `{bucket}` cannot be read", "look at the bucket and its rights")
_FAILED = Failure("the server of the bucket `{bucket}` failed on its side", "try again later")
_CREDENTIALS = Failure(
    "the bucket `{bucket}` does not take the credentials",
    "check what the source's options `access_key_..` and `secret_key_..` name",
)
_REFUSED = Failure("the bucket `{bucket}` refuses this reader", "give it the rights s3:ListBucket and s3:GetObject")
_GONE = Failure("an object of the bucket `{bucket}` has gone", "crawl the source again")
_NO_BUCKET = Failure("there is no bucket `{bucket}`", "check the source's path, endpoint and region")
_REGION = Failure("the bucket `{bucket}` is in another region", "check `region`")

_CODES = {
    "InternalError": _FAILED,
    "500": _FAILED,
    "502": _FAILED,
    "503": _FAILED,
    "ServiceUnavailable": _FAILED,
    "SlowDown": _FAILED,
    "InvalidAccessKeyId": _CREDENTIALS,
    "SignatureDoesNotMatch": _CREDENTIALS,
    "InvalidToken": _CREDENTIALS,
    "ExpiredToken": _CREDENTIALS,
    "401": _CREDENTIALS,
    "AccessDenied": _REFUSED,
    "403": _REFUSED,
    "NoSuchKey": _GONE,
    "404": _GONE,
    "NoSuchBucket": _NO_BUCKET,
    "PermanentRedirect": _REGION,
    "TemporaryRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "301": ELSEWHERE,
    "302": ELSEWHERE,
    "303": ELSEWHERE,
    "307": ELSEWHERE,
    "308": ELSEWHERE,
}
"""By the error codes of S3's API, or the status of an answer that has none."""

_NOTHING_LISTENS = Failure(
    "the server of the bucket `{bucket}` cannot be reached: nothing listens at its address",
    "check host and port in `endpoint`, and that the server runs",
)
_NO_HOST = Failure(
    "the server of the bucket `{bucket}` cannot be reached: its host is not known",
    "check the host in `endpoint`, and that this machine can resolve it",
)
_CERTIFICATE = Failure(
    "the certificate of the server of the bucket `{bucket}` cannot be verified",
    "have this machine trust the authority that signed it (or name its file in `SSL_CERT_FILE`), or check the host in"
    " `endpoint`",
)
_NO_TLS = Failure(
    "the server of the bucket `{bucket}` does not speak TLS, or not as it should",
    "check whether `endpoint` should begin with `http://`",
)
_SILENT = Failure(
    "the server of the bucket `{bucket}` cannot be reached",
    "check the source's endpoint and the network, then try again",
)


def refused(bucket: str, code: str) -> SourceUnavailable:
    """The error about a refusal with that code."""
    return _CODES.get(code, _UNKNOWN).about(bucket)


def unreached(bucket: str, error: BaseException) -> SourceUnavailable:
    """The error about a connection that was not made, or broke."""
    causes = list(_causes(error))
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in causes):
        return _CERTIFICATE.about(bucket)
    if any(isinstance(each, (ssl.SSLError, SSLError)) for each in causes):
        return _NO_TLS.about(bucket)
    if any(isinstance(each, NameResolutionError) for each in causes):
        return _NO_HOST.about(bucket)
    if any(isinstance(each, (NewConnectionError, ConnectionRefusedError)) for each in causes):
        return _NOTHING_LISTENS.about(bucket)
    return _SILENT.about(bucket)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        inner = getattr(error, "kwargs", {}).get("error")
        error = inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__
