"""The shop behind HTTP, and people who ask for access, decide, and look at what they get."""

import io
from collections.abc import Mapping
from datetime import timedelta

import pyarrow as pa
from werkzeug.test import TestResponse

from catalog.people.model import Role
from web_ui.app import create_app
from web_ui.parts import Parts

PATH = "/api/v1/access-requests"
ASK = {"dataset": "shop.orders", "columns": ["card"], "why": "to call back"}
Rows = list[dict[str, object]]


class Desk:
    """Clerks ask, eve decides for the shop, and max is an administrator.

    `story` is what was told to whoever looked last before deciding.
    """

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.app = create_app(parts)
        self.client = self.app.test_client()
        now = parts.policies.current()
        steward = Role(name="steward", groups=frozenset({"guests"}), capabilities=frozenset({"policy:write on shop"}))
        if steward.name not in {role.name for role in now.roles}:
            parts.policies.put(now.policies, (*now.roles, steward), by="test", why="", difference="+ role steward")
        self._opened = parts.policies.current()
        people = ("kim", "max", "ada", "eve")
        self._tokens = {user: parts.tokens.create(user, "test", timedelta(days=400))[0] for user in people}
        self.story: dict[str, object] = {}

    def get(self, user: str, path: str = "") -> TestResponse:
        return self.client.get(PATH + path, headers=self.header(user))

    def post(self, user: str, path: str, body: object) -> TestResponse:
        return self.client.post(PATH + path, json=body, headers=self.header(user))

    def ask(self, user: str = "kim", **more: object) -> int:
        answer = self.post(user, "", {**ASK, **more})
        assert answer.status_code == 201, answer.text
        return int(answer.get_json()["id"])

    def look(self, number: int, user: str = "eve", /, **terms: object) -> Mapping[str, object]:
        """What an approval on these terms would do."""
        names = {"columns": "column"}
        asked = {names.get(name, name): "true" if value is True else value for name, value in terms.items()}
        told = self.client.get(f"{PATH}/{number}", query_string=asked, headers=self.header(user))
        assert told.status_code == 200, told.text
        self.story = told.get_json()
        proposal: Mapping[str, object] = told.get_json()["proposal"]
        return proposal

    def approve(self, number: int, user: str = "eve", /, words: str = "", **terms: object) -> TestResponse:
        """Look at the plan on these terms, then approve that."""
        plan = self.look(number, user, **terms)["plan"]
        return self.post(user, f"/{number}/decide", {"verdict": "approve", "plan": plan, "words": words, **terms})

    def approve_as_known(self, number: int, user: str = "eve") -> TestResponse:
        """Approve without having looked again."""
        return self.post(user, f"/{number}/decide", {"verdict": "approve", "plan": "12345678"})

    def deny(self, number: int, user: str = "eve", words: str = "no") -> TestResponse:
        return self.post(user, f"/{number}/decide", {"verdict": "deny", "words": words})

    def apply(self, policies: str, by: str = "max") -> None:
        """Put more policies in force."""
        done = self.client.post(
            "/api/v1/policies/apply",
            data=f"veil: 1\npolicies:\n{policies}",
            content_type="application/yaml",
            headers=self.header(by),
        )
        assert done.status_code == 200, done.text

    def reset(self) -> None:
        """Have the policies in force again with which the desk was opened, and nothing asked for."""
        with self.parts.catalog.transaction() as tx:
            tx.execute("DELETE FROM access_request")
        opened = self._opened
        self.parts.policies.put(opened.policies, opened.roles, by="test", why="", difference="")

    def sees(self, user: str = "kim", purpose: str = "") -> Rows:
        """The orders as somebody sees them."""
        body = {"sql": "select * from shop.orders order by all", "purpose": purpose}
        answer = self.client.post("/api/v1/query", json=body, headers=self.header(user))
        if answer.status_code in (403, 404):
            return []
        assert answer.status_code == 200, answer.text
        rows: Rows = pa.ipc.open_stream(io.BytesIO(answer.get_data())).read_all().to_pylist()
        return rows

    def header(self, user: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens[user]}"}
