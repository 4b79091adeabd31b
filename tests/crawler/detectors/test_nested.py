"""Fields inside of fields: what stands above tells what a plain name means, and FHIR tells what its elements hold."""

from collections.abc import Sequence

import pyarrow as pa
import pytest

from crawler.detectors.detect import detect
from tests.crawler.detectors.test_contents import TODAY

MAILS = [f"user{number}@example.org" for number in range(6)]
PHONES = ["+44 20 7946 0958", "+49 30 901820", "+33 1 42 68 53 00", "+41 44 668 18 00", "+39 06 6982 1234"]
ILLS = ["Essential hypertension", "Type 2 diabetes mellitus", "Asthma", "Epilepsy", "Pneumonia", "Migraine"]


def paths(fields: pa.Schema | pa.StructType, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for field in fields:
        type_ = field.type.value_type if pa.types.is_list(field.type) else field.type
        found.append((*above, field.name))
        found += paths(type_, (*above, field.name)) if pa.types.is_struct(type_) else []
    return found


def found(rows: Sequence[object]) -> dict[str, set[str]]:
    """The detectors by path, of the fields in which something is found."""
    table = pa.Table.from_pylist(list(rows))
    tags: dict[str, set[str]] = {}
    for finding in detect(paths(table.schema), table, TODAY):
        tags.setdefault(".".join(finding.path), set()).add(finding.detector)
    return tags


@pytest.mark.parametrize(
    ("path", "values", "expected"),
    [
        ("maritalStatus.text", ["married", "single", "widowed", "divorced"], {"marital_status"}),
        ("medicationCodeableConcept.coding.display", ["Metformin 500 MG", "Lisinopril 10 MG"], {"medication"}),
        ("customers.name", ["Maria Lopez", "James Walker", "Anna Schmidt", "Paul Dubois"], {"person_name"}),
        ("brands.name", ["Calvin Klein", "Ralph Lauren", "Hugo Boss", "Paul Smith"], set()),
        ("address.line", ["12 Elm Street", "4 Oak Avenue", "77 Mill Road", "9 High Street"], {"address"}),
        ("phone.verified", ["true", "false"], set()),
        ("email.status", ["sent", "bounced"], set()),
        ("wobble.value", ["a1", "b2", "c3"], set()),
    ],
)
def test_a_plain_name_is_read_with_the_names_above_it(path: str, values: list[str], expected: set[str]) -> None:
    *above, last = path.split(".")
    rows: list[dict[str, object]] = [{last: value} for value in values]
    for name in reversed(above):
        rows = [{name: [row]} for row in rows]
    beside = [{"email_address": MAILS[place]} | row for place, row in enumerate(rows)]
    assert found(beside).get(path, set()) == expected


def test_one_field_for_several_ways_to_reach_somebody_has_the_tag_of_each() -> None:
    ways = [
        {"contacts": [{"kind": "mail", "value": mail}, {"kind": "call", "value": phone}]}
        for mail, phone in zip(MAILS, PHONES, strict=False)
    ]
    assert found(ways) == {"contacts.value": {"email_address", "phone_number"}}


def test_settings_that_hold_keys_among_other_values_are_told() -> None:
    values = [f"plain-{number}" for number in range(40)] + [f"AKIA{number:016X}" for number in range(4)]
    assert found([{"setting": f"s{place}", "value": value} for place, value in enumerate(values)]) == {
        "value": {"api_key"}
    }


def test_fhir_tells_what_a_code_is_the_code_of() -> None:
    rows = [
        {
            "resourceType": "Condition",
            "subject": {"reference": f"Patient/{place}"},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": f"3834100{place}", "display": ill}]},
            "recordedDate": f"2024-01-1{place}",
        }
        for place, ill in enumerate(ILLS)
    ]
    tags = found(rows)
    assert tags["code.coding.code"] == tags["code.coding.display"] == {"diagnosis"}
    assert tags["recordedDate"] == {"service_date"}
    assert "code.coding.system" not in tags
    plain = [{**row, "resourceType": "Ticket"} for row in rows]
    assert "code.coding.code" not in found(plain)


def test_resources_in_a_bundle_are_known_by_their_types() -> None:
    rows = [
        {"entry": [{"resource": {"resourceType": kind, "valueQuantity": {"value": place + 0.5, "unit": "%"}}}]}
        for place, kind in enumerate(["Observation", "Observation", "Patient"])
    ]
    assert found(rows) == {"entry.resource.valueQuantity.value": {"lab_result"}}
