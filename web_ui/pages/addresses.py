"""The addresses of policies, whatever their names hold, and texts that lead to the policies that they name."""

import re
from collections.abc import Container
from urllib.parse import urlencode

import flask
from markupsafe import Markup

from proxy.http.addresses import POLICY_BY_QUERY, stands_in_address
from web_ui.wording import marked

_NAMING = re.compile("(?<=[Pp]olicy )`[^`]+`|(?<=[Pp]olicies )`[^`]+`(?:(?:, | and )`[^`]+`)*")


def policy_url(name: str, rev: int | None = None, page: str = "policy.show", **more: str) -> str:
    """Where one policy is told of, as it is now or at a revision; `page` may be the page that edits or removes it.

    A name that an address cannot hold, or that is the name of a page, stands in the query.

    Example: `/policies/clerks?rev=41`, and `/policies/policy?name=a%2Fb`.
    """
    asked = {**({"rev": str(rev)} if rev else {}), **more}
    if stands_in_address(name):
        address = flask.url_for(page, name=name)
    else:
        address, asked = flask.url_for(page, name=POLICY_BY_QUERY), {"name": name, **asked}
    return f"{address}?{urlencode(asked)}" if asked else address


def named(name: str) -> str:
    """The policy that an address speaks of."""
    if name == POLICY_BY_QUERY:
        return flask.request.args.get("name", name)
    return name


def cited(text: str, readable: Container[str] | None = None) -> Markup:
    """The text as `marked` has it, in which each policy that it names leads to the page of that policy.

    With `readable`, only these do.

    Example: "Hidden because policy `clerks` .." has `clerks` as a link to `/policies/clerks`.
    """
    parts, end = [], 0
    for found in _NAMING.finditer(text):
        parts += [marked(text[end : found.start()]), _linked(found[0], readable)]
        end = found.end()
    return Markup("").join((*parts, marked(text[end:])))


def _linked(names: str, readable: Container[str] | None) -> Markup:
    """Names between backticks, each as a link if it may be read."""
    parts = []
    for piece in re.findall("`[^`]+`|[^`]+", names):
        name, shown = piece.strip("`"), marked(piece)
        is_link = piece.startswith("`") and (readable is None or name in readable)
        parts.append(Markup('<a href="{}">{}</a>').format(policy_url(name), shown) if is_link else shown)
    return Markup("").join(parts)
