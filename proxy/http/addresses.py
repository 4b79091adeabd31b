"""Where people reach this server with a browser."""

import re
from collections.abc import Mapping
from typing import cast
from urllib.parse import quote, urlencode

import flask

from policy_engine.telling.explain import DatasetTold, named_in

POLICY_BY_QUERY = "policy"
"""What stands in the address of a policy's page where its name cannot: the name is an argument then."""

_PLAIN = re.compile(r"\w[\w .@-]*(?<! )")
_TAKEN = frozenset({"change", "drafts", "export", "history", "names", "new", "policy", "preview"})


def public_url() -> str:
    """The address under which people reach this server."""
    configured: str = flask.current_app.config.get("PUBLIC_URL", "")
    return configured or flask.request.host_url.rstrip("/")


def stands_in_address(policy: str) -> bool:
    """Whether the page of a policy has its name in its address: no other page has it, and an address can hold it."""
    return bool(_PLAIN.fullmatch(policy)) and policy.lower() not in _TAKEN


def policy_address(policy: str, revision: int) -> str:
    """The page of a policy as it stands in a revision.

    Example: `https://veil.example/policies/clerks?rev=41`.
    """
    name, asked = quote(policy), {"rev": str(revision)}
    if not stands_in_address(policy):
        name, asked = POLICY_BY_QUERY, {"name": policy, **asked}
    return f"{public_url()}/policies/{name}?{urlencode(asked)}"


def with_pages(access: Mapping[str, object]) -> dict[str, object]:
    """A decision as JSON, with the page of each policy that it names.

    Example: `{"datasets": [{"dataset": "shop.orders", .., "pages": {"clerks": "https://veil.example/.."}}], ..}`.
    """
    revision, datasets = cast(int, access["revision"]), cast(list[DatasetTold], access["datasets"])
    paged = [{**each, "pages": {name: policy_address(name, revision) for name in named_in(each)}} for each in datasets]
    return {**access, "datasets": paged}


def ask_address(thing: str) -> str:
    """The page that asks for access to a dataset or column.

    Example: `https://veil.example/requests/new?d=shop.orders.card`.
    """
    return f"{public_url()}/requests/new?{urlencode({'d': thing})}"
