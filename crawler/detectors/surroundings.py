"""What the other columns of a table tell about one: whether it is about people, and of which countries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crawler.detectors import header, tables
from crawler.detectors.column import Column

_POINTS_AT_PEOPLE = frozenset(
    "person_name first_name last_name email_address ssn national_id tax_id date_of_birth mrn health_plan_id username "
    "passport drivers_license phone_number gender marital_status religion race_ethnicity sexual_orientation".split()
)
_POINTS_AT_DEVICES = frozenset("ip_address mac_address device_id username".split())
_COUNTRIES = {row["language"]: row["countries"] for row in tables.rows("languages") if row["countries"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """A table as the judge of one of its columns sees it."""

    languages: Mapping[str, int]
    countries: tuple[str, ...]
    speaks_of_people: bool

    def weight(self, needs: str, column: Column, found: Mapping[Column, str]) -> float:
        """What a table says for a detector that needs one about people, or one that tells who they are.

        `found` is what each column seems to be so far.
        """
        if not needs:
            return 0.0
        others = {detector for other, detector in found.items() if other is not column}
        people = others & _POINTS_AT_PEOPLE
        if len(people) >= 2 or people - {"gender", "phone_number"}:
            return 1.0
        if needs == "identity":
            return -6.5
        is_hinted = self.speaks_of_people or header.speaks_of_person(column.name)
        if people - {"gender"} or is_hinted or (people and "age" in others):
            return -1.0
        if needs == "someone":
            return -1.0 if people else -2.0
        return -1.0 if others & _POINTS_AT_DEVICES else -6.5


def surroundings(names: Iterable[str]) -> Surroundings:
    """What the names of a table's columns say of it."""
    names = tuple(names)
    languages = header.languages_of(names)
    ranked = [language for language, _ in languages.most_common() if language in _COUNTRIES]
    countries = tuple(dict.fromkeys(country for language in ranked[:2] for country in _COUNTRIES[language].split()))
    people = any(header.speaks_of_person(name) for name in names)
    return Surroundings(languages=languages, countries=countries, speaks_of_people=people)
