"""Decides which tags the columns of a table deserve: names and contents are weighed, then the table is asked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa

from crawler.detectors import (
    dates,
    fhir,
    forms,
    free_text,
    handles,
    header,
    medicine,
    networks,
    patterns,
    people,
    phones,
    places,
    quantities,
    secrets,
    vocabularies,
)
from crawler.detectors.catalogue import Detector, detectors
from crawler.detectors.column import Column, Kind, column
from crawler.detectors.odds import PRIOR, Reading, probability
from crawler.detectors.surroundings import Surroundings, surroundings
from crawler.detectors.words import units_at

_MOST_SURE = 0.99
_LEAST_AGAINST_A_NAME = -1.0
_ANOTHER_THING = -3.0
_CLEARLY = 4.5
_NEEDS_A_NAME = 1.0
_FULL_SILENCE = 5
_AT_HOME = 1.0
_ROUNDS = 2
"""What stands beside a column is asked so often: its neighbour may be known by a neighbour only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a detector found in a column; evidence is told without any value."""

    path: tuple[str, ...]
    detector: str
    confidence: float
    evidence: str
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    detector: Detector
    weight: float
    because: tuple[str, ...]
    country: str = ""
    needs: str = ""


def detect(
    paths: Iterable[tuple[str, ...]], sample: pa.Table, today: date, comments: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """What the detectors find in the columns at these paths; of identifiers one for each column.

    `comments` are those that a source keeps on columns.

    Example: `dob` beside `first_name` gives `date_of_birth`; `city` alone in an atlas gives nothing.
    """
    said = comments or {}
    columns = [column(sample, path, said.get(path[0], "") if len(path) == 1 else "") for path in paths]
    about = surroundings(columns)
    verdicts = {each: tuple(_verdicts(each, about, today)) for each in columns}
    found = {
        each: best.detector.name
        for each, given in verdicts.items()
        if (best := _best(given)) is not None and best.needs == best.detector.needs
    }
    asked = {
        each: tuple(
            replace(verdict, weight=verdict.weight + about.weight(verdict.needs, each, verdict.detector, found))
            for verdict in given
        )
        for each, given in verdicts.items()
    }
    decided = {each: _best(given) for each, given in asked.items()}
    for _ in range(_ROUNDS):
        likely = {each: best.detector.name for each, best in decided.items() if best is not None}
        decided = {
            each: _best(
                replace(verdict, weight=verdict.weight + about.in_a_row(each, verdict.detector, likely))
                for verdict in given
            )
            for each, given in asked.items()
        }
    return tuple(finding for each, best in decided.items() for finding in _told(each, best))


def _told(column: Column, best: _Verdict | None) -> Iterator[Finding]:
    """The best verdict, and what stands inside texts."""
    if best is not None:
        yield _finding(column, best)
    if free_text.is_free_text(column) and (best is None or best.detector.kind not in ("identifier", "secret")):
        yield from _beside(column, best, free_text.search(column))
    elif column.kind is Kind.TEXT:
        yield from _beside(column, best, free_text.mixed(column))


def _beside(column: Column, best: _Verdict | None, readings: Iterable[Reading]) -> Iterator[Finding]:
    """What a column holds besides what it is."""
    for reading in readings:
        inside = detectors()[reading.detector]
        if best is None or not (inside is best.detector or inside.kind == best.detector.kind == "secret"):
            yield _finding(column, _Verdict(detector=inside, weight=reading.weight + PRIOR, because=(reading.because,)))


def _verdicts(column: Column, about: Surroundings, today: date) -> Iterator[_Verdict]:
    """What name and content together say for each detector that either of them speaks of."""
    if column.kind is Kind.NOTHING:
        return
    words = header.without(units_at(column.path), about.shared)
    names = _strongest(
        (
            *header.read(words, about.languages),
            *header.read_comment(column.comment, about.languages),
            *fhir.read(column.path, about.resources),
        )
    )
    contents: dict[str, list[Reading]] = {}
    for reading in _contents(column, about, today):
        contents.setdefault(reading.detector, []).append(reading)
    if _are_handles(contents) and "username" not in names and header.is_of_people(words):
        for each in [names[name] for name in ("person_name", "first_name") if name in names and names[name].weight > 0]:
            names["username"] = replace(each, detector="username", weight=min(each.weight, _CLEARLY))
    is_named = any(
        said.weight >= _CLEARLY and forms.fits(column, detectors()[name].form) > -2 for name, said in names.items()
    )
    elsewhere = _ANOTHER_THING if is_named or header.is_of_other_things(words) else 0.0
    for name in dict.fromkeys((*names, *contents)):
        detector = detectors()[name]
        said = names.get(name)
        is_named = said is not None and said.weight > 0
        seen = _told_best(contents.get(name, []), about.countries, is_named=is_named)
        weight = PRIOR + forms.fits(column, detector.form) + (said.weight if said else elsewhere)
        weight += _seen_weight(seen, detector, column, is_named=is_named)
        because = tuple(each.because for each in (said, seen) if each and each.weight > 0 and each.because)
        yield _Verdict(
            detector=detector,
            weight=weight,
            because=because,
            country=seen.country if seen else "",
            needs=(told.needs if (told := said if is_named else seen) else "") or detector.needs,
        )


def _are_handles(contents: Mapping[str, Sequence[Reading]]) -> bool:
    """Whether the values are no names but what people sign in with: of `assigned_to` either may stand there."""
    no_names = any(each.is_final and each.weight < 0 for each in contents.get("person_name", ()))
    return no_names and any(each.weight > _NEEDS_A_NAME for each in contents.get("username", ()))


def _contents(column: Column, about: Surroundings, today: date) -> Iterator[Reading]:
    if column.is_flag:
        yield from vocabularies.judge(column)
        return
    yield from patterns.judge(column)
    yield from phones.judge(column, about.countries)
    yield from people.judge(column)
    yield from handles.judge(column)
    yield from vocabularies.judge(column)
    yield from places.judge(column)
    yield from dates.judge(column, today)
    yield from quantities.judge(column)
    yield from networks.judge(column)
    yield from secrets.judge(column)
    yield from medicine.judge(column)


def _seen_weight(seen: Reading | None, detector: Detector, column: Column, *, is_named: bool) -> float:
    """What the content adds; its silence speaks against."""
    if seen is None and column.is_flag and detector.name != "gender":
        return 0.0
    if seen is None:
        return detector.silence * min(column.count, _FULL_SILENCE) / _FULL_SILENCE
    if seen.is_final or not is_named:
        return _heard(seen, is_named=is_named)
    return max(seen.weight, _LEAST_AGAINST_A_NAME)


def _heard(reading: Reading, *, is_named: bool) -> float:
    """What a reading counts: little without the name where many things look alike."""
    return reading.weight if is_named or reading.is_alone else min(reading.weight, _NEEDS_A_NAME)


def _told_best(readings: Sequence[Reading], countries: Sequence[str], *, is_named: bool) -> Reading | None:
    """The reading that says most; of countries that the table speaks of rather than others."""
    if not readings:
        return None
    at_home = [_AT_HOME if each.country in countries else 0.0 for each in readings]
    heard = [_heard(each, is_named=is_named) + home for each, home in zip(readings, at_home, strict=True)]
    place = heard.index(max(heard))
    rivals = {each.country for each, weight in zip(readings, heard, strict=True) if weight >= heard[place]}
    return readings[place] if len(rivals) == 1 else replace(readings[place], country="")


def _strongest(readings: Iterable[Reading]) -> dict[str, Reading]:
    """For each detector what the name says most for it, or against it."""
    found: dict[str, Reading] = {}
    for reading in readings:
        if reading.detector not in found or reading.weight > found[reading.detector].weight:
            found[reading.detector] = reading
    return found


def _best(verdicts: Iterable[_Verdict]) -> _Verdict | None:
    likely = [verdict for verdict in verdicts if verdict.weight > 0]
    return max(likely, key=lambda verdict: verdict.weight, default=None)


def _finding(column: Column, verdict: _Verdict) -> Finding:
    country = f" ({verdict.country})" if verdict.country else ""
    return Finding(
        path=column.path,
        detector=verdict.detector.name,
        confidence=round(min(probability(verdict.weight), _MOST_SURE), 2),
        evidence="; ".join(verdict.because) + country,
        country=verdict.country,
    )
