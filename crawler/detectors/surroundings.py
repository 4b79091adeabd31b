"""What the other columns of a table tell about one: whether it is about people, and of which countries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crawler.detectors import fhir, header, tables
from crawler.detectors.catalogue import Detector
from crawler.detectors.column import Column

_POINTS_AT_PEOPLE = frozenset(
    "person_name first_name last_name email_address ssn national_id tax_id date_of_birth mrn health_plan_id username "
    "passport drivers_license phone_number gender marital_status religion race_ethnicity sexual_orientation".split()
)
_TRAITS = frozenset(
    "age gender marital_status race_ethnicity religion education occupation salary nationality trade_union".split()
)
_OF_PEOPLE_ONLY = frozenset("age gender marital_status race_ethnicity religion".split())
_OF_CREATURES_TOO = frozenset("age gender".split())
_DEVICES = frozenset({"mac_address", "device_id"})
_POINTS_AT_DEVICES = frozenset("ip_address mac_address device_id username".split())
_IN_A_ROW, _BESIDE_A_DEVICE = 4.0, 3.0
_BESIDE: Mapping[str, frozenset[str]] = {
    "postal_code": frozenset({"address", "city", "region"}),
    "city": frozenset({"postal_code", "region"}),
    "first_name": frozenset({"last_name"}),
    "last_name": frozenset({"first_name"}),
}
"""What stands in one row with what."""
_COUNTRIES = {row["language"]: row["countries"] for row in tables.rows("languages") if row["countries"]}
_SURE, _NEUTRAL, _OF_DEVICES, _LIKELY, _DOUBTFUL, _NEVER = 1.0, 0.0, -0.5, -1.0, -2.0, -12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """A table as the judge of one of its columns sees it."""

    languages: Mapping[str, int]
    countries: tuple[str, ...]
    speaks_of_people: bool
    speaks_of_creatures: bool
    resources: fhir.Resources
    columns: tuple[Column, ...] = ()
    shared: frozenset[str] = frozenset()

    def weight(self, needs: str, column: Column, detector: Detector, found: Mapping[Column, str]) -> float:
        """What a table says for a detector that needs one about people, or one that tells who they are.

        `found` is what each column seems to be so far.
        """
        others = {name for other, name in found.items() if other is not column}
        people = others & _POINTS_AT_PEOPLE
        is_about_people = len(people) >= 2 or bool(people - {"gender", "phone_number"}) or bool(self.resources)
        if self.speaks_of_creatures and not is_about_people and (needs or detector.name in _OF_CREATURES_TOO):
            return _NEVER
        if detector.name == "device_id" and people and others & _DEVICES:
            return _BESIDE_A_DEVICE
        if not needs:
            return _NEUTRAL
        if is_about_people:
            return _SURE
        if needs == "identity":
            return _NEVER
        is_hinted = self.speaks_of_people or header.speaks_of_person(column.name)
        if needs == "someone" and _are_of_one_person(others, detector.name):
            return _NEUTRAL
        if people - {"gender"} or is_hinted or _are_of_one_person(others, detector.name):
            return _LIKELY
        if needs == "someone":
            return _LIKELY if people else _DOUBTFUL
        return _OF_DEVICES if others & _POINTS_AT_DEVICES else _NEVER

    def in_a_row(self, column: Column, detector: Detector, likely: Mapping[Column, str]) -> float:
        """What the columns right beside say for one whose name says nothing: parts of a name or an address stand in
        a row. `likely` is what each column is likely to be.
        """
        if detector.name not in _BESIDE or header.says_something(column.name):
            return 0.0
        place = self.columns.index(column)
        beside = (*self.columns[max(0, place - 1) : place], *self.columns[place + 1 : place + 2])
        return _IN_A_ROW if any(likely.get(each) in _BESIDE[detector.name] for each in beside) else 0.0


def surroundings(columns: Iterable[Column]) -> Surroundings:
    """What the names of a table's columns say of it, and which of them stand in resources of FHIR."""
    columns = tuple(columns)
    names = tuple(column.name for column in columns)
    languages = header.languages_of(names)
    ranked = [language for language, _ in languages.most_common() if language in _COUNTRIES]
    countries = tuple(dict.fromkeys(country for language in ranked[:2] for country in _COUNTRIES[language].split()))
    return Surroundings(
        languages=languages,
        countries=countries,
        speaks_of_people=any(header.speaks_of_person(name) for name in names),
        speaks_of_creatures=any(header.speaks_of_creature(name) for name in names),
        resources=fhir.resources(columns),
        columns=columns,
        shared=header.shared(names),
    )


def _are_of_one_person(others: set[str], detector: str) -> bool:
    """Whether columns beside this one make a person's traits with it: a survey knows age and schooling, no name."""
    traits = (others | {detector}) & _TRAITS
    return len(traits) >= (2 if others & _OF_PEOPLE_ONLY else 3) and bool(traits & _OF_PEOPLE_ONLY)
