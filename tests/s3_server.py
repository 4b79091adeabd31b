"""A real S3-compatible server for tests, in its own process, with people who may and may not read."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.error import URLError

import boto3

from tests.serving import free_port

BUCKET = "lake"
_READS = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Server:
    """Where it listens, and the credentials of somebody who may do everything there."""

    endpoint: str
    access_key: str
    secret_key: str
    process: "subprocess.Popen[bytes]"

    def put(self, key: str, body: bytes) -> None:
        """Writes an object."""
        self._client().put_object(Bucket=BUCKET, Key=key, Body=body)

    def get(self, key: str) -> bytes:
        """Reads an object."""
        body: bytes = self._client().get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return body

    def delete(self, key: str) -> None:
        """Takes an object away."""
        self._client().delete_object(Bucket=BUCKET, Key=key)

    def environment(self) -> dict[str, str]:
        """The credentials as a server's environment has them."""
        return {"LAKE_KEY": self.access_key, "LAKE_SECRET": self.secret_key}

    def options(self, prefix: str, **more: str) -> dict[str, str]:
        """The options of a source that reads what lies below a prefix."""
        path = f"s3://{BUCKET}/{prefix}"
        return {
            "path": path,
            "endpoint": self.endpoint,
            "access_key_env": "LAKE_KEY",
            "secret_key_env": "LAKE_SECRET",
            **more,
        }

    def _client(self) -> "boto3.client":
        return _client("s3", self.endpoint, self.access_key, self.secret_key)


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A server with one empty bucket that only its owner may read."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    endpoint = f"http://127.0.0.1:{port}"
    try:
        _wait(process, endpoint)
        _client("s3", endpoint, "first", "first").create_bucket(Bucket=BUCKET)
        people = _client("iam", endpoint, "first", "first")
        people.create_user(UserName="owner")
        people.put_user_policy(UserName="owner", PolicyName="all", PolicyDocument=json.dumps(_READS))
        key = people.create_access_key(UserName="owner")["AccessKey"]
        _post(f"{endpoint}/moto-api/reset-auth", b"0")  # from now on credentials are looked at
        yield S3Server(
            endpoint=endpoint, access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"], process=process
        )
    finally:
        process.terminate()
        process.wait(timeout=_SECONDS)


def _client(service: str, endpoint: str, access_key: str, secret_key: str) -> "boto3.client":
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
    )


def _wait(process: "subprocess.Popen[bytes]", endpoint: str) -> None:
    until = time.monotonic() + _SECONDS
    while True:
        assert process.poll() is None, "the server ended before it listened"
        assert time.monotonic() < until, "the server does not listen"
        try:
            urllib.request.urlopen(f"{endpoint}/moto-api/", timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(0.2)


def _post(address: str, body: bytes) -> None:
    request = urllib.request.Request(address, data=body, method="POST", headers={"Content-Type": "text/plain"})
    urllib.request.urlopen(request, timeout=30).close()
