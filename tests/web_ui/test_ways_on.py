"""What is refused or taken away leads on: to the page of the policy that did it, under the address people know."""

from collections.abc import Callable
from urllib.parse import urlsplit

import flask
import pytest
from flask.testing import FlaskClient

from tests.web_ui.browsing import SignIn
from veil.access import Explanation, complete
from veil.errors import Error, from_problem

Bearer = Callable[[str], dict[str, str]]
ODD = "no land/of yours"
DENIAL = f"veil: 1\npolicies: [{{policy: {ODD}, deny: select, to: [clerk], scope: shop.orders(land), why: ours}}]\n"


def refusal(client: FlaskClient, header: dict[str, str], column: str) -> Error:
    answer = client.post("/api/v1/query", json={"sql": f"select {column} from shop.orders"}, headers=header)
    return from_problem(answer.status_code, answer.get_data())


@pytest.mark.parametrize(("column", "policy"), [("card", "clerks"), ("land", ODD)])
def test_an_error_leads_to_the_policy_that_hides(
    client: FlaskClient, bearer: Bearer, browser: SignIn, column: str, policy: str
) -> None:
    client.post("/api/v1/policies/apply", data=DENIAL, content_type="application/yaml", headers=bearer("max"))
    error = refusal(client, bearer("kim"), column)
    [(name, address)] = error.policies.items()
    assert name == policy
    assert f"  policy   {policy}: {address}" in str(error).splitlines()
    parts = urlsplit(address)
    page = browser("kim").get(f"{parts.path}?{parts.query}")
    assert page.status_code == 200
    assert f"<h1>{policy}</h1>" in page.get_data(as_text=True)


def test_a_misspelt_column_leads_to_no_policy(client: FlaskClient, bearer: Bearer) -> None:
    assert refusal(client, bearer("kim"), "cart").policies == {}


def test_an_explanation_has_the_page_of_each_policy(app: flask.Flask, client: FlaskClient, bearer: Bearer) -> None:
    app.config["PUBLIC_URL"] = "https://veil.example"
    told = client.post("/api/v1/explain", json={"sql": "select * from shop.orders"}, headers=bearer("kim")).get_json()
    address = f"https://veil.example/policies/clerks?rev={told['revision']}"
    assert told["datasets"][0]["pages"] == {"clerks": address}
    assert f"  policy `clerks` stands at {address}" in str(Explanation(complete(told))).splitlines()
