"""Statement, policy and document say one thing: whichever way it is written, it reads back as the same policy."""

from dataclasses import asdict, fields, replace

import pytest
from hypothesis import given, settings

from policy_engine.circumstances import When
from policy_engine.ddl.model import PutPolicy
from policy_engine.ddl.naming import generated_id
from policy_engine.ddl.printing import print_line, print_policy
from policy_engine.ddl.reading import read_statement
from policy_engine.document import writing
from policy_engine.document.reading import loads
from policy_engine.model import Policy, TransformCall
from policy_engine.transforms.composing import EXPRESSION
from policy_engine.transforms.known import TRANSFORMS
from tests.policy_engine.calls import calls, transforms_in
from tests.policy_engine.policies import conditions, policies

TUTORIAL = """\
GRANT SELECT ON DATABASE medical_charges HAVING ATTRIBUTE NOT phi.phone_number
  TRANSFORM phi.mrn WITH tokenize() WHERE opted_out != 1 TO ROLE healthcare_analyst_role"""


def policy_of(text: str) -> Policy:
    """The policy that a GRANT, RESTRICT or DENY states."""
    statement = read_statement(text)
    assert isinstance(statement, PutPolicy)
    return statement.policy


def through_a_document(policy: Policy) -> Policy:
    """The policy, written as YAML and read again."""
    [stated] = loads(writing.write({"policies": writing.policies([policy])})).policies
    return stated.value


def test_the_tutorials_statement_is_printed_as_it_is_written() -> None:
    assert print_policy(policy_of(TUTORIAL)) == TUTORIAL
    assert print_line(policy_of(TUTORIAL)) == TUTORIAL.replace("\n  ", " ")


@settings(deadline=None, max_examples=60)
@given(policies())
def test_a_policy_printed_as_a_statement_reads_back(policy: Policy) -> None:
    assert policy_of(print_policy(policy)) == policy
    assert policy_of(print_line(policy)) == policy


@settings(deadline=None, max_examples=60)
@given(policies())
def test_a_statement_printed_again_is_the_same_text(policy: Policy) -> None:
    text = print_policy(policy)
    assert print_policy(policy_of(text)) == text


@settings(deadline=None, max_examples=60)
@given(policies())
def test_a_policy_goes_through_a_document_and_a_statement(policy: Policy) -> None:
    assert policy_of(print_line(through_a_document(policy))) == policy
    assert through_a_document(policy_of(print_line(policy))) == policy


@settings(deadline=None, max_examples=60)
@given(policies())
def test_a_policy_that_nobody_named_has_one_name(policy: Policy) -> None:
    unnamed = replace(policy, id=generated_id(policy))
    text = print_line(unnamed)
    assert "'name'" not in text
    assert policy_of(text) == unnamed
    assert through_a_document(unnamed) == unnamed


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("grant all on server to clerk;", "GRANT SELECT ON CATALOG TO ROLE clerk"),
        ("GRANT SELECT ON VIEW a.v TO ROLE r, R2", "GRANT SELECT ON TABLE a.v TO ROLE r, R2"),
        (
            'GRANT SELECT (`location`.country, "a b") ON TABLE `d`.`t` TO ROLE `to`',
            'GRANT SELECT (location.country, "a b") ON TABLE d.t TO ROLE "to"',
        ),
        (
            "GRANT SELECT ON DATABASE home_${user} HAS ATTRIBUTE (a.b) TO ROLE r",
            'GRANT SELECT ON DATABASE "home_${user}" HAVING ATTRIBUTE a.b TO ROLE r',
        ),
        (
            "DENY SELECT ON CATALOG HAVING ATTRIBUTE not not !a.b or a:c = true and NOT IN(a.d,a.e=true) FROM ROLE r",
            "DENY SELECT ON CATALOG HAVING ATTRIBUTE NOT NOT NOT a.b OR a.c AND NOT IN (a.d, a.e) FROM ROLE r",
        ),
        (
            "DENY SELECT ON CATALOG HAVING ATTRIBUTE a.b != true and a.c != false FROM ROLE r",
            "DENY SELECT ON CATALOG HAVING ATTRIBUTE NOT a.b AND a.c FROM ROLE r",
        ),
        (
            "RESTRICT SELECT ON TABLE d.t TRANSFORM (a.b) WITH `mask`(__COLUMN__, keep_last=>4) FROM r",
            "RESTRICT SELECT ON TABLE d.t TRANSFORM a.b WITH mask(keep_last=>4) FROM ROLE r",
        ),
        (
            "RESTRICT SELECT ON TABLE d.t WHERE a IS DISTINCT FROM b AND c = 'FROM ROLE' -- FROM ROLE x\n FROM ROLE r",
            "RESTRICT SELECT ON TABLE d.t WHERE a IS DISTINCT FROM b AND c = 'FROM ROLE' FROM ROLE r",
        ),
        (
            "GRANT SELECT ON TABLE d.t WHERE \"TO\" <> 'a''b <> c' AND (x = 1 OR x = 2) /* TO y */ TO ROLE r",
            "GRANT SELECT ON TABLE d.t WHERE \"TO\" != 'a''b <> c' AND (x = 1 OR x = 2) TO ROLE r",
        ),
        (
            "GRANT SELECT ON DATABASE transform TRANSFORM where.to WITH null() WHERE a = 1 TO ROLE r",
            'GRANT SELECT ON DATABASE "transform" TRANSFORM where.to WITH null() WHERE a = 1 TO ROLE r',
        ),
        (
            "GRANT SELECT ON CATALOG TO ROLE r POLICYPROPERTIES('ENABLED'='False','start_datetime'='1767225600')",
            "GRANT SELECT ON CATALOG TO ROLE r POLICYPROPERTIES('enabled'='false', 'start_datetime'='1767225600')",
        ),
        ("DENY ALL (a) ON TABLE d.t FROM ROLE r", "DENY ALL (a) ON TABLE d.t FROM ROLE r"),
    ],
)
def test_every_way_of_writing_has_one_printed_form(written: str, printed: str) -> None:
    assert print_line(policy_of(written)) == printed
    assert policy_of(printed) == policy_of(written)


def test_names_are_readable_and_tell_roles_and_clauses_apart() -> None:
    names = [
        policy_of(f"GRANT SELECT ON DATABASE shop {clauses} TO ROLE {role}").id
        for clauses in ("", "WHERE a = 1", "WHERE a = 2", "HAVING ATTRIBUTE a.b")
        for role in ("clerk", "boss")
    ]
    assert len(set(names)) == len(names)
    assert all(name.startswith(("grant-shop-clerk-", "grant-shop-boss-")) for name in names)
    assert policy_of("GRANT SELECT ON DATABASE SHOP TO ROLE Clerk").id == names[0]


def test_a_statement_has_a_place_for_every_part_of_a_policy() -> None:
    said = "id effect roles scope having transforms where when starts_at ends_at enabled why"
    assert {field.name for field in fields(Policy)} == set(said.split()), "print_policy and read_properties need it too"


def test_every_transform_parameter_and_condition_is_drawn() -> None:
    """Without this the properties above could hold of little."""
    drawn: set[tuple[str, str]] = set()

    @settings(max_examples=1500, derandomize=True, database=None, deadline=None)
    @given(calls(), conditions())
    def draw(call: TransformCall, when: When) -> None:
        drawn.add(("", call.name))
        for inner in transforms_in(call):
            drawn.update((inner.name, name) for name in ("", *dict(inner.arguments)))
        drawn.update(("when", name) for name, value in asdict(when).items() if value)

    draw()
    wanted = {(known.name, name) for known in TRANSFORMS for name in ("", *(each.name for each in known.parameters))}
    wanted |= {("when", field.name) for field in fields(When)} | {("", EXPRESSION)}
    assert wanted - drawn == set()
