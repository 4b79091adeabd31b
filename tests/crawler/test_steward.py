"""A folder that nobody prepared, as a data steward meets it: every tag on it is one to sign, and none is missing."""

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crawler.crawl import crawl_folder

GIVEN = "გიორგი ნინო დავით თამარ ლევან მარიამ".split()
FAMILY = "ბერიძე კაპანაძე გელაშვილი ლომიძე მაისურაძე წიკლაური".split()
FIRST = "Luca Giulia Marco Chiara Paolo Elena".split()
LAST = "Rossi Bianchi Ferrari Russo Romano Colombo".split()


@pytest.fixture(scope="module")
def tags(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """The tags of each tagged column or field, by dataset."""
    folder = tmp_path_factory.mktemp("steward")
    staff(folder / "თანამშრომლები.csv")
    sheet(folder / "HR export.xlsx")
    conditions(folder / "fhir" / "Condition.ndjson.gz")
    orders(folder / "orders.json")
    sales(folder / "sales")
    found: dict[str, dict[str, list[str]]] = {}
    for each in crawl_folder(str(folder)).crawled:
        told = found.setdefault(each.name, {})
        for suggestion in each.suggestions:
            told.setdefault(".".join(suggestion.path), []).append(suggestion.tag)
    return found


def staff(file: Path) -> None:
    """Georgian, with bars between the cells."""
    lines = ["სახელი|გვარი|მობილური|დაბადების თარიღი|ხელფასი|თანამდებობა|დეპარტამენტი"]
    for number in range(24):
        place = number % 6
        who = f"{GIVEN[place]}|{FAMILY[place]}|5{number:02} 12 34 {number + 10}|19{50 + 2 * place}-03-1{place}"
        lines.append(f"{who}|{900 + number}|ბუღალტერი|IT")
    file.write_text("\n".join(lines), encoding="utf-8")


def sheet(file: Path) -> None:
    """Titles above the table, a second sheet of goods."""
    book = openpyxl.Workbook()
    [people] = book.worksheets
    people.title = "Personal"
    people.append(["Personalliste 2024, vertraulich"])
    people.append([])
    people.append(["Nachname", "Vorname", "E-Mail", "IBAN", "Abteilung"])
    for number in range(20):
        people.append(["Huber", "Anna", f"a{number}@firma.at", "DE89370400440532013000", "Lager"])
    goods = book.create_sheet("Waren")
    goods.append(["Artikel", "Bezeichnung", "Preis"])
    for number in range(20):
        goods.append([f"A-{number:04}", f"Schraube M{number}", number * 1.5])
    book.save(file)


def conditions(file: Path) -> None:
    """FHIR, where a code tells nothing by its name."""
    file.parent.mkdir()
    rows = [
        {
            "resourceType": "Condition",
            "id": f"c{number}",
            "subject": {"reference": f"Patient/{number}"},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": f"E11.{number % 9}"}]},
            "recordedDate": "2024-02-03",
        }
        for number in range(20)
    ]
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))


def orders(file: Path) -> None:
    """Nested JSON: one field for several ways to reach somebody, and two countries of two kinds."""
    people = [
        {
            "orderId": f"SO-{number:06}",
            "customer": {
                "name": {"first": FIRST[number % 6], "last": LAST[number % 6]},
                "contacts": [
                    {"kind": "mail", "value": f"l{number}@libero.it"},
                    {"kind": "call", "value": f"+39 347 55512{number:02}"},
                ],
                "address": {"street": f"Via Roma {number}", "country": ("IT", "CH")[number % 2]},
            },
            "lines": [{"sku": f"A{number}", "qty": 1}],
        }
        for number in range(1, 21)
    ]
    file.write_text(json.dumps(people))


def sales(folder: Path) -> None:
    """Partitioned by folders."""
    for year in (2023, 2024):
        (folder / f"year={year}").mkdir(parents=True)
        names = ["Marie Dupont", "Pierre Martin", "Claire Bernard", "Jean Petit", "Anne Laurent", "Luc Moreau"]
        table = pa.table({"client": names * 3, "montant": [float(number) for number in range(18)]})
        pq.write_table(table, folder / f"year={year}" / "part-0.parquet")


EXPECTED = {
    "თანამშრომლები": {
        "სახელი": ["pii.first_name"],
        "გვარი": ["pii.last_name"],
        "მობილური": ["pii.phone_number"],
        "დაბადების თარიღი": ["pii.date_of_birth"],
        "ხელფასი": ["fin.salary"],
        "თანამდებობა": ["qi.occupation"],
    },
    "HR export_Personal": {
        "Nachname": ["pii.last_name"],
        "Vorname": ["pii.first_name"],
        "E-Mail": ["pii.email_address"],
        "IBAN": ["fin.iban"],
    },
    "HR export_Waren": {},
    "Condition": {"code.coding.code": ["phi.diagnosis"], "recordedDate": ["phi.service_date"]},
    "orders": {
        "customer.name.first": ["pii.first_name"],
        "customer.name.last": ["pii.last_name"],
        "customer.contacts.value": ["pii.email_address", "pii.phone_number"],
        "customer.address.street": ["pii.address"],
        "customer.address.country": ["qi.country"],
    },
    "sales": {"client": ["pii.person_name"]},
}


@pytest.mark.parametrize("dataset", EXPECTED)
def test_every_tag_is_one_to_sign(tags: Mapping[str, Mapping[str, Sequence[str]]], dataset: str) -> None:
    assert {column: sorted(found) for column, found in tags[dataset].items()} == EXPECTED[dataset]


def test_every_dataset_is_there(tags: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    assert tags.keys() == EXPECTED.keys()
