"""The held-out tables themselves, read from the descriptions beside this file, and how tags are counted on them."""

import functools
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow as pa
from faker import Faker

from benchmarks.ground.held_out.makers import makers
from crawler.detectors import tables
from crawler.detectors.catalogue import detectors
from crawler.detectors.detect import detect

TODAY = date(2026, 11, 1)
ROWS = 200
_INSTEAD: Mapping[str, frozenset[str]] = {
    "pii.first_name": frozenset({"pii.person_name"}),
    "pii.last_name": frozenset({"pii.person_name"}),
    "pii.tax_id": frozenset({"pii.national_id"}),
    "pii.national_id": frozenset({"pii.tax_id"}),
    "pii.ssn": frozenset({"pii.national_id"}),
    "secret.password_hash": frozenset({"secret.password"}),
    "secret.token": frozenset({"secret.api_key"}),
    "secret.api_key": frozenset({"secret.token"}),
    "secret.private_key": frozenset({"secret.api_key", "secret.password"}),
    "fin.iban": frozenset({"fin.bank_account"}),
}
_NEVER_REQUIRED = frozenset({"qi.country", "qi.employer", "phi.service_date", "phi.lab_result"})


@dataclass(frozen=True, slots=True)
class Labelled:
    """A column's name, its maker, the tag it deserves if any, and whether another opinion is possible."""

    name: str
    maker: str
    tag: str
    is_debatable: bool


@dataclass(frozen=True, slots=True)
class Described:
    """A table as the descriptions tell it."""

    name: str
    group: str
    locale: str
    columns: tuple[Labelled, ...]

    def made(self) -> pa.Table:
        """Its rows, the same at each call."""
        fake, drawn = Faker(self.locale), random.Random(self.name)
        fake.seed_instance(self.name)
        made = {}
        for column in self.columns:
            make = makers()[column.maker][1]
            values = [make(fake, drawn) for _ in range(ROWS)]
            made[column.name] = pa.array(values, from_pandas=True)
        return pa.table(made)


@dataclass(slots=True)
class Score:
    """What was found, missed and said wrongly, by tag; and what was said of each column otherwise than wanted."""

    found: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    clean: int = 0
    clean_tagged: int = 0
    differences: list[str] = field(default_factory=list)

    def f1(self, tag: str) -> float:
        """The harmonic mean of precision and recall of a tag."""
        return 2 * self.found[tag] / max(1, 2 * self.found[tag] + self.missed[tag] + self.wrong[tag])

    @property
    def tags(self) -> list[str]:
        """The tags that some column deserves."""
        return sorted(set(self.found) | set(self.missed))

    @property
    def macro(self) -> float:
        """The mean of the tags' F1."""
        return sum(map(self.f1, self.tags)) / max(1, len(self.tags))

    @property
    def micro(self) -> float:
        """The F1 of all tags together."""
        found, missed, wrong = self.found.total(), self.missed.total(), self.wrong.total()
        return 2 * found / max(1, 2 * found + missed + wrong)

    @property
    def clean_share(self) -> float:
        """The share of columns without a tag of their own that got one."""
        return self.clean_tagged / max(1, self.clean)

    def count(self, table: Described, column: Labelled, said: set[str]) -> None:
        """Counts what was said of a column."""
        wanted = column.tag if column.tag != "-" else ""
        right = {tag for tag in said if tag == wanted or tag in _INSTEAD.get(wanted, ())}
        wrong = set() if column.is_debatable else said - right
        if wanted in _NEVER_REQUIRED:
            wrong -= {wanted}
        elif wanted and right:
            self.found[wanted] += 1
        elif wanted and not column.is_debatable:
            self.missed[wanted] += 1
        self.wrong.update(wrong)
        if not wanted:
            self.clean += 1
            self.clean_tagged += bool(wrong)
        if wrong or (wanted and not right and not column.is_debatable and wanted not in _NEVER_REQUIRED):
            self.differences.append(f"{table.name}.{column.name}: {wanted or '-'} <> {', '.join(sorted(said)) or '-'}")


def described() -> Iterator[Described]:
    """Every held-out table."""
    for group in ("people", "domains", "others"):
        text = (Path(__file__).parent / f"{group}.txt").read_text(encoding="utf-8")
        for block in text.split("\n== ")[1:]:
            title, *lines = block.strip().splitlines()
            name, locale = title.rsplit(" ", 1)
            columns = tuple(_labelled(line, group) for line in lines)
            yield Described(name=name, group=group, locale=locale, columns=columns)


def _labelled(line: str, group: str) -> Labelled:
    name, maker, *tags = line.split(" | ")
    tag = tags[0] if tags else "-" if group == "others" else makers()[maker][0]
    return Labelled(name, maker, tag.rstrip("?"), tag.endswith("?"))


def score(groups: frozenset[str] = frozenset({"people", "domains", "others"})) -> Score:
    """What the detectors say of the held-out tables, counted."""
    counted = Score()
    for table in described():
        if table.group in groups:
            found = detect([(column.name,) for column in table.columns], table.made(), TODAY)
            for column in table.columns:
                said = {
                    _taxonomy()[detectors()[each.detector].tag.name] for each in found if each.path == (column.name,)
                }
                counted.count(table, column, said)
    return counted


@functools.cache
def _taxonomy() -> Mapping[str, str]:
    return {row["tag"]: row["taxonomy"] for row in tables.rows("tags")}
