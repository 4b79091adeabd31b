"""What the words of a column's name say that it holds, and what they say that it does not."""

import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from crawler.detectors import tables
from crawler.detectors.catalogue import detectors
from crawler.detectors.odds import Reading
from crawler.detectors.splitting import parts
from crawler.detectors.words import ABOUT, CREATURE, DATE, DONE, PERSON, PLAIN, THING, Sense, Unit, lexicon, units

_WEIGHTS = {"strong": 6.0, "fair": 4.5, "trait": 4.5, "weak": 2.0}
_UNKNOWN_WORD = {"strong": -1.0, "fair": -2.0, "trait": -5.0, "weak": -2.0}
_OTHER_THING = {"strong": -2.5, "fair": -7.0, "trait": -7.0, "weak": -7.0}
_VETO = -7.0
_HEAD_FIRST = frozenset(row["language"] for row in tables.rows("languages") if row["head"] == "first")
_WITH_ADDRESSES = frozenset("email_address ip_address mac_address crypto_wallet".split())
_SHORT = 3
_HEAD_WEIGHT = 3.0
_CLAUSE = re.compile(r"[.;,:(\n]\s| [-–—] ")
_MOST_WORDS = 7
_NO_WORDS = frozenset(
    "col column cols field fld var val attr feature feat unnamed spalte feld champ colonne campo columna coluna kolom "
    "kolumna kolonne sloupec столбец поле".split()
)
_OFTEN, _OFTEN_SHARE = 4, 0.4


def languages_of(names: Iterable[str]) -> Counter[str]:
    """How many of the names speak which language; short words and those of several languages say nothing."""
    votes: Counter[str] = Counter()
    for name in names:
        for unit in units(name):
            found = {sense.language for sense in unit.senses}
            if "en" not in found and len(found) <= 3 and (len(unit.text) > 3 or not unit.text.isascii()):
                votes.update(found)
    return votes


def speaks_of_person(name: str) -> bool:
    """Whether a word of the name stands for people: `customer_id` does, a lone `emp` may be of anything."""
    found = units(name)
    is_lone = len(found) == 1 and len(found[0].text) <= _SHORT and found[0].text.isascii()
    if is_lone:
        return False
    return any(unit.has_role(PERSON) or (any(unit.detectors()) and _holds_person(unit.text)) for unit in found)


def _holds_person(phrase: str) -> bool:
    """Whether a phrase begins with a word for people: `patientid`."""
    return any(phrase.startswith(word) for word in _words_for_people())


@functools.cache
def _words_for_people() -> tuple[str, ...]:
    return tuple(
        word
        for word, senses in lexicon().items()
        if len(word) > _SHORT and any(sense.meaning == PERSON and sense.language == "en" for sense in senses)
    )


def shared(names: Sequence[str]) -> frozenset[str]:
    """Words that stand in so many of a table's names that they tell nothing of one: `source` of `race_source_value`."""
    counts = Counter(text for name in names for text in {unit.text for unit in units(name)})
    return frozenset(text for text, count in counts.items() if count >= max(_OFTEN, _OFTEN_SHARE * len(names)))


def without(found: Sequence[Unit], words: frozenset[str]) -> tuple[Unit, ...]:
    """A name without those of the words that speak against what it holds, as long as some are left."""
    left = tuple(unit for unit in found if unit.text not in words or any(unit.detectors()) or unit.has_role(PERSON))
    return left or tuple(found)


def says_something(name: str) -> bool:
    """Whether the name has a word: `c7` and `col_b` have none."""
    return any(len(part) >= _SHORT and part not in _NO_WORDS for part in parts(name))


def is_of_people(found: Sequence[Unit]) -> bool:
    """Whether a word of the name is of people and of nothing else: `assigned_to` is, `name` may be of anything."""
    return any(unit.has_role(PERSON) or (any(unit.detectors()) and not unit.has_role(PLAIN)) for unit in found)


def speaks_of_creature(name: str) -> bool:
    """Whether a word of the name stands for animals or plants: `species` does."""
    return any(unit.has_role(CREATURE) for unit in units(name))


def read_comment(comment: str, languages: Mapping[str, int]) -> Iterator[Reading]:
    """What a comment on a column says for detectors: its first clause is read like a name, if it is as short as one.

    Example: `E-mail of the customer; optional` speaks for `email_address`.
    """
    clause = _CLAUSE.split(comment.strip(), maxsplit=1)[0]
    found = units(clause) if len(clause.split()) <= _MOST_WORDS else ()
    for reading in read(found, languages):
        if reading.weight > 0:
            yield replace(reading, because=reading.because.replace("name says", "comment says", 1))


def read(found: Sequence[Unit], languages: Mapping[str, int]) -> Iterator[Reading]:
    """What the words of a name say, for and against detectors; `languages` are those of the names beside it.

    Example: `customer_email` speaks for `email_address`, `email_verified` against it.
    """
    if found and all(unit.has_role(PERSON) or unit.has_role(PLAIN) for unit in found) and _is_of_people(found):
        yield Reading(detector="person_name", weight=_WEIGHTS["weak"], because=f"name says `{found[-1].written}`")
    for place, unit in enumerate(found):
        others = (*found[:place], *found[place + 1 :])
        for meaning in dict.fromkeys(sense.meaning for sense in unit.detectors()):
            senses = [sense for sense in unit.detectors() if sense.meaning == meaning]
            sense = max(senses, key=lambda each: _own_weight(each, unit, languages))
            weight = _own_weight(sense, unit, languages) + _beside(sense, others)
            if any(_is_about(other, meaning, is_after=found.index(other) > place) for other in others):
                weight = _VETO
            elif _is_thing(found[-1]) and place < len(found) - 1 and sense.language not in _HEAD_FIRST:
                weight -= 3.0
            elif meaning == "address" and any(_has_own_address(other) for other in others):
                weight = _VETO
            elif not _is_head(found, place, sense, languages):
                weight -= 3.0
            if sense.strength == "trait" and not others:
                weight += 1.0
            yield Reading(
                detector=meaning,
                weight=weight,
                because=_because(unit, sense),
                needs="person" if sense.strength == "trait" else "",
            )


def _is_of_people(found: Sequence[Unit]) -> bool:
    """Whether a name's words speak of people and of nothing that they have: `benef_cust`."""
    return any(unit.has_role(PERSON) for unit in found) and not any(any(unit.detectors()) for unit in found)


def _is_thing(unit: Unit) -> bool:
    """Whether a word means a thing and nothing else: `server`, but neither `region` nor the `id` of `ssn_id`."""
    return unit.text != "id" and unit.has_role(THING) and not unit.has_role(PLAIN) and not any(unit.detectors())


def _has_own_address(unit: Unit) -> bool:
    """Whether an address of the word is no postal one: `client_ip_addr`."""
    return any(sense.meaning in _WITH_ADDRESSES and sense.strength == "strong" for sense in unit.senses)


def _is_about(unit: Unit, detector: str, *, is_after: bool) -> bool:
    """Whether a word makes the name one of something about the datum: a date, a count, a flag.

    Example: `email_verified` is a flag, but `verified_email` is one to write to.
    """
    if unit.has_role(DONE):
        return is_after
    if unit.has_role(DATE):
        return detectors()[detector].form not in ("date", "expiry")
    return unit.has_role(ABOUT) and not unit.has_role(PLAIN)


def is_of_other_things(found: Sequence[Unit]) -> bool:
    """Whether all that is known of a name is that it means something harmless: `isbn`, `order_ref`."""
    return any(
        unit.has_role(role) and not unit.has_role(PLAIN) for unit in found for role in (THING, ABOUT, DATE, DONE)
    ) and not any(any(unit.detectors()) for unit in found)


def _own_weight(sense: Sense, unit: Unit, languages: Mapping[str, int]) -> float:
    weight = _WEIGHTS[sense.strength]
    if _is_harmless_here(sense, unit, languages):
        return _VETO
    is_short = len(unit.text) <= 3 and unit.text.isascii()
    is_shared = len({each.meaning for each in unit.detectors()}) > 1
    is_english = sense.language == "en" or languages.get(sense.language, 0) > 0
    if not is_english and any(each.language == "en" and each.meaning == sense.meaning for each in unit.senses):
        return 0.0
    if not is_english and (is_shared or (unit.text.isascii() and len(unit.text) <= 4)):
        weight -= 4.5 if is_short and len(unit.text) < 3 else 2.5
    if is_shared and sense.language in languages:
        weight += 0.3 * min(languages[sense.language], 5)
    if sense.language == "en" and is_short and "en" not in languages and sum(languages.values()) >= 3:
        weight -= 1.0
    return weight


def _is_harmless_here(sense: Sense, unit: Unit, languages: Mapping[str, int]) -> bool:
    """Whether the table rather speaks a language in which the word is of something else: `persnr` in German.

    A table that does not speak the word's language is taken for an English one: `operation`.
    """
    own = languages.get(sense.language, 0)
    rivals = [languages.get(other.language, 0) for other in unit.senses if other.meaning == THING]
    is_english_thing = any(other.meaning == THING and other.language == "en" for other in unit.senses)
    return bool(rivals) and (max(rivals) > own or (is_english_thing and sense.language != "en" and not own))


def _beside(sense: Sense, others: Sequence[Unit]) -> float:
    """What the other words of a name do to one of its words."""
    weight, is_person = 0.0, any(unit.has_role(PERSON) for unit in others)
    for unit in others:
        if (
            unit.has_role(PLAIN)
            or unit.has_role(PERSON)
            or unit.has_role(DATE)
            or unit.has_role(DONE)
            or any(unit.detectors())
        ):
            weight += 0.0
        elif unit.has_role(THING):
            weight += _OTHER_THING[sense.strength] / (3 if is_person else 1)
        elif not unit.senses:
            weight += _UNKNOWN_WORD[sense.strength]
    return weight + (1.0 if is_person else 0.0)


def _is_head(found: Sequence[Unit], place: int, sense: Sense, languages: Mapping[str, int]) -> bool:
    """Whether the unit is what the name is about: the last one, or the first before `of` or where languages do so."""
    heads = [
        each
        for each, unit in enumerate(found)
        if not unit.has_role(PLAIN)
        and any(_own_weight(other, unit, languages) >= _HEAD_WEIGHT for other in unit.detectors())
    ]
    if place not in heads or len(heads) == 1 or _has_own_address(found[place]):
        return True
    is_first = sense.language in _HEAD_FIRST or any(unit.text == "of" for unit in found[heads[0] : heads[-1]])
    return place == (heads[0] if is_first else heads[-1])


def _because(unit: Unit, sense: Sense) -> str:
    language = "" if sense.language == "en" else f" ({sense.language})"
    return f"name says `{unit.written or unit.text}`{language}"
