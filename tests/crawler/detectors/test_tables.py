"""A table decides together: quasi-identifiers need people, identifiers exclude each other, sentences are searched."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from crawler.detectors.detect import Finding, detect
from tests.crawler.detectors.test_contents import BESIDE, TODAY

TOWNS = ["Bern", "Lyon", "Graz", "Kent", "Oslo", "Gent"]


def found(columns: Mapping[str, Sequence[object]]) -> dict[str, list[str]]:
    table = pa.table(dict(columns))
    tags: dict[str, list[str]] = {name: [] for name in columns}
    for finding in detect([(name,) for name in columns], table, TODAY):
        tags[finding.path[0]].append(finding.detector)
    return tags


def only(columns: Mapping[str, Sequence[object]], name: str) -> Finding:
    [finding] = [
        each for each in detect([(each,) for each in columns], pa.table(dict(columns)), TODAY) if each.path == (name,)
    ]
    return finding


def test_town_counts_beside_people_only() -> None:
    assert found({"city": TOWNS, "population": [1, 2, 3, 4, 5, 6]})["city"] == []
    assert found({"city": TOWNS, "email": BESIDE["email"]})["city"] == ["city"]


def test_an_identifier_is_one_thing() -> None:
    tags = found({"phone": ["4111111111111111", "5500005555555559", "4012888888881881", "6011000990139424"]})
    assert tags["phone"] == ["credit_card"]


def test_sentences_are_searched() -> None:
    notes = ["nothing to add to this case today"] * 40
    notes += [f"please write to user{number} at mail{number}@example.org about this" for number in range(5)]
    notes += [f"the caller can be reached at (312) 555-47{number} after noon" for number in range(10, 16)]
    assert set(found({"notes": notes})["notes"]) == {"email_address", "phone_number"}


def test_sentences_without_anything_are_left_alone() -> None:
    notes = [f"the machine number {number} was moved to hall {number % 7} last week" for number in range(200)]
    assert found({"notes": notes})["notes"] == []


def test_country_follows_from_the_check_and_from_the_words_beside() -> None:
    bsn = ["111222333", "123456782", "232262536", "999999990", "010464554", "192939489"]
    finding = only({"burgerservicenummer": bsn, "achternaam": BESIDE["last_name"]}, "burgerservicenummer")
    assert (finding.detector, finding.country) == ("national_id", "NL")


def test_numbers_keep_the_zeros_that_they_lost() -> None:
    zips = [2139, 60614, 97205, 94105, 10011, 80202, 60601, 30301]
    tags = found({"zip": zips, "last_name": (BESIDE["last_name"] * 2)[:8]})
    assert tags["zip"] == ["postal_code"]


def test_yes_and_no_are_no_data_of_people() -> None:
    assert found({"email": [True, False, True]})["email"] == []
    assert found({"phone": ["yes", "no"] * 10})["phone"] == []


def test_fractions_of_whole_numbers_are_whole_numbers() -> None:
    assert found({"age": [31.0, None, 64.0, 27.0, 45.0, 52.0]})["age"] == ["age"]


def test_nested_fields_are_looked_at_in_their_table() -> None:
    people = [{"email": f"user{number}@example.org", "town": town} for number, town in enumerate(TOWNS)]
    table = pa.table({"contact": people})
    findings = detect([("contact",), ("contact", "email"), ("contact", "town")], table, TODAY)
    assert [(each.path[-1], each.detector) for each in findings] == [("email", "email_address"), ("town", "city")]


def test_evidence_never_holds_a_value() -> None:
    columns = {
        "c1": ["4111111111111111", "5500005555555559", "4012888888881881"] * 3,
        "email": BESIDE["email"] + ["g@example.org"] * 3,
    }
    for finding in detect([("c1",), ("email",)], pa.table(columns), TODAY):
        assert "4111" not in finding.evidence
        assert "example.org" not in finding.evidence


def test_traits_count_beside_each_other_without_a_name() -> None:
    survey: dict[str, list[object]] = {
        "age": [23, 41, 35, 52, 60, 29],
        "female": [0, 1, 0, 1, 1, 0],
        "married": ["yes", "no", "yes", "yes", "no", "no"],
        "black": [0, 0, 1, 0, 1, 0],
        "educ": [12.5, 16.0, 11.0, 9.0, 18.0, 12.0],
    }
    tags = found(survey)
    assert tags == {
        "age": ["age"],
        "female": ["gender"],
        "married": ["marital_status"],
        "black": ["race_ethnicity"],
        "educ": ["education"],
    }


def test_colours_are_no_traits() -> None:
    assert found({"black": [0, 1, 0, 1], "white": [3, 4, 5, 6], "price": [1.5, 2.5, 3.5, 4.5]})["black"] == []


def test_animals_have_no_gender() -> None:
    tags = found({"species": ["Bos taurus", "Ovis aries"] * 3, "sex": ["M", "F"] * 3, "age": [1, 2, 3, 4, 5, 6]})
    assert tags == {"species": [], "sex": [], "age": []}


def test_a_catalogue_of_medicines_is_about_nobody() -> None:
    medicines = ["lisinopril", "metformin", "warfarin", "atorvastatin", "omeprazole", "sertraline"]
    assert found({"drug_name": medicines, "strength": [5, 10, 20, 40, 80, 100]})["drug_name"] == []
    assert found({"drug_name": medicines, "patient_name": BESIDE["patient_name"]})["drug_name"] == ["medication"]


def test_numbers_with_gaps_are_the_same_numbers() -> None:
    zips = [2139.0, None, 97205.0, 94105.0, 10011.0, 80202.0, 60601.0, 30301.0]
    assert found({"zip": zips, "last_name": (BESIDE["last_name"] * 2)[:8]})["zip"] == ["postal_code"]


def test_a_card_inside_a_text_is_no_phone() -> None:
    notes = ["nothing to add to this case today, thank you"] * 30 + ["paid with 4111 1111 1111 1111 at the desk"] * 5
    notes = [f"{note} {number % 7}" for number, note in enumerate(notes)]
    assert found({"notes": notes})["notes"] == ["credit_card"]


def test_a_name_column_without_words_holds_no_names() -> None:
    assert found({"full_name": [f"acme/web-{number}" for number in range(20)]})["full_name"] == []


def test_letters_for_men_and_women_count_beside_people_only() -> None:
    letters = ["m", "w", "w", "m", "w", "m"] * 3
    emails = [f"user{number}@example.org" for number in range(18)]
    assert found({"c9": letters, "c2": emails, "c3": BESIDE["last_name"] * 3})["c9"] == ["gender"]
    assert found({"c9": letters, "c2": list(range(18))})["c9"] == []


def test_parts_of_an_address_stand_in_a_row() -> None:
    states = "AL AK AZ CO CT FL GA HI ID IA KS KY LA ME MD MA MI MN".split()
    zips = [f"{number:05d}" for number in range(10311, 99999, 5003)]
    people = {"c1": [f"user{number}@example.org" for number in range(18)], "c2": BESIDE["last_name"] * 3}
    tags = found({**people, "c3": states, "c4": zips, "c5": [1.5] * 18, "c6": zips})
    assert (tags["c3"], tags["c4"], tags["c6"]) == (["region"], ["postal_code"], [])


def test_towns_are_known_by_how_they_are_made() -> None:
    towns = [
        *("Fieldborough", "Ashville", "North Kelby", "Oakhaven", "Lake Mersey", "Brightmouth", "West Orrin"),
        *("Harrowshire", "Port Wells", "Millburgh", "East Tolland", "Stoneton"),
    ]
    emails = [f"user{number}@example.org" for number in range(12)]
    assert found({"f03": towns, "f01": emails, "f02": BESIDE["last_name"] * 2})["f03"] == ["city"]
    assert found({"f03": towns, "population": list(range(12))})["f03"] == []


def test_a_phone_follows_the_word_for_it_in_a_text() -> None:
    notes = ["the patient feels better and walks again without any help"] * 30
    notes += [
        f"el paciente pide que se le llame por la tarde, Tel. 6{number} 123 4{number}." for number in range(10, 16)
    ]
    assert found({"texto": notes})["texto"] == ["phone_number"]


def test_words_that_most_names_share_say_nothing() -> None:
    letters = ["M", "F", "F", "M", "F", "M"]
    races = ["white", "black", "asian", "white", "black", "other"]
    columns = {"gender_source_value": letters, "race_source_value": races, "care_site_source_value": ["a"] * 6}
    assert found(columns)["gender_source_value"] == []
    tags = found({**columns, "unit_source_value": ["mg"] * 6, "person_id": list(range(6))})
    assert (tags["gender_source_value"], tags["race_source_value"]) == (["gender"], ["race_ethnicity"])


def test_given_and_family_names_stand_side_by_side() -> None:
    families = ["Lopez", "Walker", "Schmidt", "Dubois", "Rossi", "Nowak", "King", "Cohen", "Baker", "Weber", "Hansen"]
    rare = ["Maria", "Tavorin", "Anna", "Quelbi", "Sofia", "Ystred", "Laura", "Ombrin", "Emma", "Zelwy", "Julia"]
    emails = [f"user{number}@example.org" for number in range(11)]
    assert found({"v1": families, "v2": rare, "v3": emails})["v2"] == ["first_name"]


def test_days_of_long_ago_are_births_beside_people_only() -> None:
    days = [f"{1951 + number % 50}-0{1 + number % 9}-1{number % 9}" for number in range(40)]
    emails = [f"user{number}@example.org" for number in range(40)]
    assert found({"c1": days, "c2": list(range(40))})["c1"] == []
    assert found({"c1": days, "c2": emails})["c1"] == ["date_of_birth"]


def test_a_serial_number_beside_a_device_is_the_devices() -> None:
    serials = ["FR8G80NZ1855", "FF5X65DV4479", "FJ6K98UW0416", "FN3F33ZM4684", "FQ7L22AB9013", "FT5P41CD7726"]
    macs = [f"00:1b:44:11:3a:b{number}" for number in range(6)]
    assert found({"serial_no": serials, "mac": macs, "user_email": BESIDE["email"]})["serial_no"] == ["device_id"]
    assert found({"serial_no": serials, "price": [1.5] * 6})["serial_no"] == []


def test_numbers_in_sentences_are_no_streets() -> None:
    notes = ["el cliente no contesta y se cierra el caso sin más"] * 12
    notes += [f"llamar al 64{number} 76 78 39 por la tarde, gracias" for number in range(10)]
    notes += [f"escribir a cliente{number}@example.org para enviar la factura" for number in range(8)]
    assert set(found({"cuerpo": notes})["cuerpo"]) == {"email_address", "phone_number"}


def test_an_english_word_for_a_thing_is_one_unless_the_table_speaks_another_language() -> None:
    log = ["insert", "update", "delete", "insert", "insert", "update"]
    surgery = ["Appendektomie", "Hüftprothese", "Bypass", "Kaiserschnitt", "Bypass", "Arthroskopie"]
    assert found({"operation": log, "changed_by": BESIDE["patient_name"]})["operation"] == []
    german = {"nachname": BESIDE["last_name"], "vorname": BESIDE["first_name"], "geburtsdatum": ["1950-01-02"] * 6}
    assert found({**german, "operation": surgery})["operation"] == ["procedure"]
