"""A rule is checked when it is written, matches as it says, and can never hang a crawl."""

import time

import pytest

from catalog.errors import PolicyInvalid
from catalog.model import TagRule
from crawler.builtin import BUILTIN_RULES, BUILTIN_TAGS
from crawler.rules import RuleTimedOut, check_rule, compile_rule, compile_rules


def test_name_is_searched_in_any_case() -> None:
    rule = compile_rule(TagRule(name="r", tag="phi.mrn", column_name="mrn"))
    assert rule.fits_name("Patient_MRN")
    assert not rule.fits_name("number")


def test_content_must_match_whole() -> None:
    rule = compile_rule(TagRule(name="r", tag="acme.member_id", content="M[0-9]{7}"))
    assert rule.matching_count({"M1234567": 3, "M12345678": 1, "xM1234567": 1, "m1234567": 1}) == 3


@pytest.mark.parametrize(
    "rule",
    [
        TagRule(name="wrong", tag="a.b"),
        TagRule(name="wrong", tag="a.b", column_name="("),
        TagRule(name="wrong", tag="a.b", content="[a"),
        TagRule(name="wrong", tag="a.b", content="a", min_match=0),
        TagRule(name="wrong", tag="a.b", content="a", min_match=1.5),
        TagRule(name="wrong", tag="a.b", content="a", min_rows=0),
    ],
)
def test_impossible_rule_is_refused_by_name(rule: TagRule) -> None:
    with pytest.raises(PolicyInvalid, match="`wrong`"):
        check_rule(rule)


def test_catastrophic_regex_is_stopped() -> None:
    rule = compile_rule(TagRule(name="slow", tag="a.b", content="(a|aa)+"))
    begun = time.monotonic()
    with pytest.raises(RuleTimedOut, match="slow"):
        rule.matching_count({"a" * 100 + "b": 1})
    assert time.monotonic() - begun < 2


def test_builtin_rules_are_usable_and_their_tags_declared() -> None:
    compile_rules(BUILTIN_RULES)
    assert {rule.tag for rule in BUILTIN_RULES} == {tag.name for tag in BUILTIN_TAGS}
    assert len({rule.name for rule in BUILTIN_RULES}) == len(BUILTIN_RULES)


@pytest.mark.parametrize(
    ("tag", "names", "others"),
    [
        ("pii.email_address", ["email", "E-Mail", "customer_email", "mail_email_addr"], ["emailed_at", "mall"]),
        ("pii.phone_number", ["phone", "phone_no", "mobile", "tel", "Fax"], ["hotel", "cancelled", "telemetry"]),
        ("pii.person_name", ["name", "first_name", "lastname", "patientName"], ["file_name", "product_name", "rename"]),
        ("pii.birth_date", ["dob", "birth_date", "date_of_birth", "birthday"], ["born_in_city", "xdobx", "date"]),
        ("pii.postal_code", ["zip", "zip_code", "postal_code", "PLZ"], ["zipped", "code"]),
        ("pii.ssn", ["ssn", "social_security_no"], ["session", "passno"]),
        ("phi.mrn", ["mrn", "MRN", "patient_mrn", "medical_record_number"], ["amrnx", "record"]),
        ("pci.credit_card", ["credit_card", "card_number", "cc", "pan"], ["card", "discard", "company", "account"]),
        ("pii.ip_address", ["ip", "ip_address", "client_ip", "ipv4"], ["trip", "zip", "ship_to"]),
        ("pii.street_address", ["street", "address", "home_address"], ["ip_address", "email_address", "address_id"]),
        ("pii.iban", ["iban", "customer_iban"], ["urban", "caliban"]),
    ],
)
def test_builtin_names(tag: str, names: list[str], others: list[str]) -> None:
    [rule] = [compile_rule(rule) for rule in BUILTIN_RULES if rule.tag == tag and rule.column_name]
    assert [name for name in names if not rule.fits_name(name)] == []
    assert [name for name in others if rule.fits_name(name)] == []


@pytest.mark.parametrize(
    ("tag", "values", "others"),
    [
        ("pii.email_address", ["ann@x.test", "a.b+c@mail.example.org"], ["ann", "a@b", "@x.test", "a b@x.test"]),
        (
            "pii.phone_number",
            ["+41 44 123 45 67", "(555) 123-4567", "555-123-4567", "+14155550123"],
            ["1234567", "2024-01-02", "12.50"],
        ),
        ("pii.ssn", ["123-45-6789"], ["000-45-6789", "123456789", "123-45-67890"]),
        (
            "pci.credit_card",
            ["4111 1111 1111 1111", "4111111111111111", "378282246310005"],
            ["1234567890123456", "4111"],
        ),
        ("pii.iban", ["CH93 0076 2011 6238 5295 7", "DE89370400440532013000"], ["CH93", "ABCD0123456789"]),
        ("pii.ip_address", ["10.0.0.1", "255.255.255.255"], ["256.1.1.1", "1.2.3", "1.2.3.4.5"]),
    ],
)
def test_builtin_contents(tag: str, values: list[str], others: list[str]) -> None:
    [rule] = [compile_rule(rule) for rule in BUILTIN_RULES if rule.tag == tag and rule.content]
    assert [value for value in values if not rule.matching_count({value: 1})] == []
    assert [value for value in others if rule.matching_count({value: 1})] == []
