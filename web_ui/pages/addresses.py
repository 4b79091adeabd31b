"""The addresses of policies, whatever their names hold."""

import re
from urllib.parse import urlencode

import flask

_PLAIN = re.compile(r"\w[\w .@-]*(?<! )")
_TAKEN = frozenset({"change", "drafts", "export", "history", "names", "new", "policy", "preview"})
_BY_QUERY = "policy"


def policy_url(name: str, rev: int | None = None, page: str = "policy.show", **more: str) -> str:
    """Where one policy is told of, as it is now or at a revision; `page` may be the page that edits or removes it.

    A name that an address cannot hold, or that is the name of a page, stands in the query.

    Example: `/policies/clerks?rev=41`, and `/policies/policy?name=a%2Fb`.
    """
    asked = {**({"rev": str(rev)} if rev else {}), **more}
    if _PLAIN.fullmatch(name) and name.lower() not in _TAKEN:
        address = flask.url_for(page, name=name)
    else:
        address, asked = flask.url_for(page, name=_BY_QUERY), {"name": name, **asked}
    return f"{address}?{urlencode(asked)}" if asked else address


def named(name: str) -> str:
    """The policy that an address speaks of."""
    if name == _BY_QUERY:
        return flask.request.args.get("name", name)
    return name
