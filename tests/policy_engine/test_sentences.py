"""A policy reads as one English sentence that leaves nothing out."""

import pytest
from hypothesis import given, settings

from policy_engine.document.reading import loads
from policy_engine.model import Policy
from policy_engine.telling.sentences import sentence
from tests.policy_engine.policies import policies

SAID = {
    "grant: select, to: [clerk], scope: shop, having: not fin.card, where: open <> 0, until: 2026-12-31": (
        "Role `clerk` sees database `shop` without columns tagged `fin.card`, only rows where `open != 0`,"
        " until 31 Dec 2026."
    ),
    "grant: select, to: [a], scope: shop, transform: [{tagged: pii.email, with: tokenize()}]": (
        "Role `a` sees database `shop`, columns tagged `pii.email` through `tokenize()`."
    ),
    "grant: select, to: [a, b, night shift], scope: '*', from: 2026-01-02T08:30:00Z": (
        "Roles `a`, `b` and `night shift` see everything, from 2 Jan 2026, 08:30 UTC."
    ),
    "grant: select, to: [a], scope: shop.orders, having: fin.card or not pii.email": (
        "Role `a` sees dataset `shop.orders`, only columns for which `fin.card or not pii.email` holds."
    ),
    "grant: select, to: [a], scope: shop, having: 'in(fin.card, pii.email)', when: {purpose: care}": (
        "Role `a` sees database `shop`, only columns tagged `fin.card` or `pii.email`, when purpose is care."
    ),
    "restrict: select, to: [a], scope: b, having: c.d, transform: [{tagged: c.d, with: mask()}], where: a = 1": (
        "Whatever is granted, role `a` sees of database `b`, as far as columns tagged `c.d` go, columns tagged"
        " `c.d` at most through `mask()`, only rows where `a = 1`."
    ),
    "restrict: select, to: [a], scope: shop, where: a = 1": (
        "Whatever is granted, role `a` sees of database `shop` only rows where `a = 1`."
    ),
    "restrict: select, to: [a, b], scope: shop, having: fin.card": (
        "Roles `a` and `b` never see columns tagged `fin.card` in database `shop`."
    ),
    "deny: select, to: [a], scope: 'shop.\"Lab Results\"(id, x.y)'": (
        'Role `a` never sees columns `id` and `x.y` of `shop."Lab Results"`.'
    ),
}


@pytest.mark.parametrize(("entry", "said"), SAID.items(), ids=[said[:50] for said in SAID.values()])
def test_each_part_of_a_policy_is_said(entry: str, said: str) -> None:
    [stated] = loads(f"veil: 1\npolicies:\n  - {{policy: p, {entry}}}\n").policies
    assert sentence(stated.value) == said


@settings(max_examples=60, deadline=None)
@given(policies())
def test_every_policy_has_one_sentence_that_names_its_roles_and_ends(policy: Policy) -> None:
    said = sentence(policy)
    assert said.endswith(".")
    assert all(f"`{role}`" in said for role in policy.roles)
    assert (policy.when is None) or "when" in said
