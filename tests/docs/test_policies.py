"""Every example on the page about policies is read, said as the statement below it, and said back without loss."""

import re
from pathlib import Path

import pytest

from catalog.errors import PolicyInvalid
from policy_engine.ddl.model import PutPolicy
from policy_engine.ddl.printing import print_policy
from policy_engine.ddl.reading import read_statement
from policy_engine.document.policies import KEYS
from policy_engine.document.reading import loads
from policy_engine.document.writing import policy_entry, write

PAGE = (Path(__file__).parent.parent.parent / "docs" / "reference" / "policies.md").read_text(encoding="utf-8")
SAID = re.findall(r"^```yaml\n(.*?)^```\n\n```sql\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
REFUSED = re.findall(r"^```yaml refused\n(.*?)^```\n\n```text\n(.*?)\n```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("text", "statements"), SAID, ids=[text.splitlines()[0] for text, _ in SAID])
def test_an_example_is_the_statement_below_it_and_back(text: str, statements: str) -> None:
    policies = [stated.value for stated in loads(f"veil: 1\npolicies:\n{text}").policies]
    assert "\n".join(map(print_policy, policies)) == statements.rstrip()
    for policy in policies:
        statement = read_statement(print_policy(policy))
        assert isinstance(statement, PutPolicy)
        assert statement.policy == policy
        [again] = loads(write({"policies": [policy_entry(policy)]})).policies
        assert again.value == policy


@pytest.mark.parametrize(("text", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_is_marked_as_refused_is_refused_with_those_words(text: str, words: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        loads(f"veil: 1\npolicies:\n{text}")
    assert words in refused.value.detail
    assert refused.value.hint


def test_every_key_has_an_example() -> None:
    shown = "".join(text for text, _ in SAID)
    assert [key for key in KEYS if not re.search(rf"\b{key}: ?", shown)] == []
    assert PAGE.count("```yaml") == len(SAID) + len(REFUSED)
