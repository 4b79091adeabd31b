"""The tutorial's clinic: 1,338 patients who do not exist, and the documents that govern them.

The file is the same to the byte on every machine: numbers come from `random.Random.random` alone, whose sequence
Python promises to keep, and from sums and products, which every processor rounds alike.
"""

import csv
import io
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from importlib import resources
from pathlib import Path
from typing import TypeVar

PATIENT_COUNT = 1338
OPT_OUT_SHARE = 0.22
SMOKER_SHARE = 0.205
DATA_FILE = "medical_costs.csv"
SEED = 1338

_T = TypeVar("_T")
_Chance = Callable[[], float]

_WOMEN = (
    "Abena Adriana Aisha Amara Ana Beatriz Camila Carmen Chloe Claire Dalia Elena Emily Esther Fatima Grace Hannah "
    "Ines Ingrid Isabel Jade Julia Keiko Lakshmi Laura Leila Lucia Maria Mei Nadia Naomi Nina Olga Paula Priya Rosa "
    "Ruth Sara Sofia Sunita Tara Valentina Wendy Yasmin Zoe"
).split()
_MEN = (
    "Aaron Ahmed Alejandro Andrew Arjun Benjamin Carlos Chen Daniel David Diego Dmitri Elias Emeka Felix Gabriel "
    "George Hassan Henry Hiroshi Ivan Jamal James Javier Joseph Kofi Kwame Lars Leo Luis Marcus Mateo Michael Minh "
    "Nikhil Noah Omar Oscar Pablo Rafael Samuel Stefan Thomas Victor Yusuf"
).split()
_FAMILIES = (
    "Abdi Adams Alvarez Andersen Baker Banerjee Bauer Brooks Campbell Castillo Chang Clarke Cohen Costa Cruz "
    "Dang Diaz Dubois Edwards Eriksen Farah Fischer Flores Foster Garcia Gomez Gray Gupta Haddad Hall Hansen Hayes "
    "Hernandez Hughes Ito Jackson Jensen Johnson Kaplan Kelly Khan Kim Kowalski Kumar Larsen Lee Lewis Lopez "
    "Martin Mensah Meyer Miller Mitchell Morales Morgan Murphy Nakamura Nguyen Novak Obi Okafor Olsen Ortiz Osei "
    "O'Brien Park Patel Pereira Petrov Quinn Ramirez Reyes Rivera Rossi Roy Sanchez Santos Schmidt Shah Silva Singh "
    "Smith Sokolov Suzuki Tanaka Taylor Torres Tran Turner Vargas Walker Wang White Williams Wong Wright Yilmaz Young"
).split()
_CHILDREN = (0, 0, 0, 0, 1, 1, 2, 2, 3, 4)
_AREA_CODES = {
    "northeast": (212, 215, 401, 413, 518, 617, 802, 860),
    "northwest": (206, 208, 307, 360, 406, 503, 541, 971),
    "southeast": (305, 404, 501, 615, 704, 803, 850, 919),
    "southwest": (210, 303, 405, 505, 602, 702, 801, 915),
}
"""Area codes of each region; the 555-01xx numbers behind them are set aside for fiction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """One row of `medical_costs.csv`, columns in the file's order."""

    id: int
    name: str
    mrn: str
    phone: str
    age: int
    sex: str
    bmi: float
    children: int
    smoker: str
    region: str
    charges: float
    opted_out: int


def patients() -> tuple[Patient, ...]:
    """Everybody in the clinic, the same at every call.

    Example:
        >>> len(patients()), patients() == patients()
        (1338, True)
    """
    chance = random.Random(SEED).random
    issued: set[str] = set()
    return tuple(_patient(number, chance, issued) for number in range(1, PATIENT_COUNT + 1))


def csv_text() -> str:
    """The patients as the text of a CSV file."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [column.name for column in fields(Patient)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(patient) for patient in patients())
    return text.getvalue()


def write(folder: Path) -> tuple[Path, ...]:
    """Puts the clinic's documents into a folder, its data into `data/` beside them, and names the documents."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    (data / DATA_FILE).write_text(csv_text(), encoding="utf-8", newline="")
    return tuple(_copied(name, text, folder) for name, text in documents().items())


def documents() -> dict[str, str]:
    """The tutorial's documents by file name, in the order in which its people write them."""
    shipped = resources.files("veil.cli") / "clinic_documents"
    named = {entry.name: entry.read_text(encoding="utf-8") for entry in shipped.iterdir()}
    return {name: named[name] for name in sorted(named) if name.endswith(".yaml")}


def _copied(name: str, text: str, folder: Path) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def _patient(number: int, chance: _Chance, issued: set[str]) -> Patient:
    sex = _pick(chance, ("female", "male"))
    given = _pick(chance, _WOMEN if sex == "female" else _MEN)
    region = _pick(chance, tuple(_AREA_CODES))
    age = 18 + int(47 * chance())
    bmi = round(min(53.0, max(16.0, 30.5 + 6 * _normal(chance))), 1)
    children = _pick(chance, _CHILDREN)
    is_smoker = chance() < SMOKER_SHARE
    return Patient(
        id=number,
        name=f"{given} {_pick(chance, _FAMILIES)}",
        mrn=_unissued(issued, lambda: f"MRN-{int(10_000_000 * chance()):07d}"),
        phone=_unissued(issued, lambda: f"({_pick(chance, _AREA_CODES[region])}) 555-01{int(100 * chance()):02d}"),
        age=age,
        sex=sex,
        bmi=bmi,
        children=children,
        smoker="yes" if is_smoker else "no",
        region=region,
        charges=_charges(chance, age, bmi, children, is_smoker),
        opted_out=int(chance() < OPT_OUT_SHARE),
    )


def _charges(chance: _Chance, age: int, bmi: float, children: int, is_smoker: bool) -> float:
    """What a year of care costs: age counts squared, and weight only for those who smoke.

    A straight line misses that interaction (R2 about 0.75), a polynomial of degree 2 finds it (above 0.82).
    """
    for_smoking = 21_000 + 1_650 * (bmi - 30) if is_smoker else 0.0
    yearly = 2_500 + 3.3 * age * age + 450 * children + for_smoking + 3_900 * _normal(chance)
    return round(max(yearly, 1_120 + 200 * chance()), 2)


def _normal(chance: _Chance) -> float:
    """A draw that is close to normal, by sums alone: logarithms differ in their last digit between machines."""
    total = 0.0
    for _ in range(12):
        total += chance()
    return total - 6


def _pick(chance: _Chance, choices: Sequence[_T]) -> _T:
    return choices[int(len(choices) * chance())]


def _unissued(issued: set[str], draw: Callable[[], str]) -> str:
    while (number := draw()) in issued:
        pass
    issued.add(number)
    return number


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "clinic"))
