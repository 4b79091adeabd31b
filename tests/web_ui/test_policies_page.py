"""The list of policies: those of the roles that one holds, or all of them, as sentences."""

from dataclasses import replace

import flask
import pytest

from policy_engine.circumstances import When
from tests.web_ui.browsing import SignIn, text_of
from web_ui.pages.addresses import cited
from web_ui.parts import Parts


def test_the_policies_of_ones_roles_are_listed_and_nobody_elses(browser: SignIn) -> None:
    kim, eve = text_of(browser("kim"), "/policies"), text_of(browser("eve"), "/policies")
    assert "GRANT SELECT ON DATABASE shop HAVING ATTRIBUTE NOT fin.card" in kim
    assert "clerks serve their own land" in kim
    assert "tagged: pii.email" in kim
    assert "bosses" not in kim
    assert "clerks" not in eve
    assert "no policy that you may read" in eve


@pytest.mark.parametrize("user", ["max", "ada"])
def test_administrators_and_auditors_read_every_policy_and_search(browser: SignIn, user: str) -> None:
    text = text_of(browser(user), "/policies")
    assert "clerks" in text
    assert "GRANT SELECT ON CATALOG TO ROLE boss" in text
    found = text_of(browser(user), "/policies?search=OWN+catalog")
    assert "1 policy matches" in found
    assert "fin.card" not in found


def test_the_state_and_the_condition_of_a_policy_are_told(browser: SignIn, shop: Parts) -> None:
    now = shop.policies.current()
    [clerks] = [policy for policy in now.policies if policy.id == "clerks"]
    off = replace(clerks, enabled=False, when=When(purposes=("care",)))
    policies = tuple(off if policy.id == "clerks" else policy for policy in now.policies)
    shop.policies.put(policies, now.roles, by="ada", why="a holiday", difference="~ policy clerks")
    for user in ("kim", "max"):
        text = text_of(browser(user), "/policies")
        assert "switched off" in text
        assert "Role clerk sees database shop without columns tagged fin.card" in text
        assert "when purpose is care." in text
        assert "by ada" in text
        assert ("a holiday" in text) == (user == "max")  # why is told to who reads every policy


def test_a_text_leads_to_the_policies_that_it_names_and_to_nothing_else(app: flask.Flask) -> None:
    with app.test_request_context():
        assert cited("masked because policy `a` transforms columns tagged `t`") == (
            'masked because policy <a href="/policies/a"><code>a</code></a> transforms columns tagged <code>t</code>'
        )
        assert cited("By policies `a`, `b/c` and `<i>` in `d`") == (
            'By policies <a href="/policies/a"><code>a</code></a>,'
            ' <a href="/policies/policy?name=b%2Fc"><code>b/c</code></a>'
            ' and <a href="/policies/policy?name=%3Ci%3E"><code>&lt;i&gt;</code></a>'
            " in <code>d</code>"
        )
        assert cited("policies `a` and `b`", readable=["b"]) == (
            'policies <code>a</code> and <a href="/policies/b"><code>b</code></a>'
        )
        assert cited("<b>policy</b> `x`") == "&lt;b&gt;policy&lt;/b&gt; <code>x</code>"
