"""Takes a column's name apart into words and phrases that are known, in three dozen languages, with their senses."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog.remembered import remembered
from crawler.detectors import tables
from crawler.detectors.shortening import longer
from crawler.detectors.splitting import parts, spellings

ABOUT, THING, PERSON, PLAIN, DATE, DONE, CREATURE = "about", "thing", "person", "plain", "date", "done", "creature"
_ROLES = frozenset({ABOUT, THING, PERSON, PLAIN, DATE, DONE, CREATURE})
_LONGEST_SPAN = 6
_GLUED_ENDINGS = frozenset("cd nm dt no nr".split())
_TELLING = frozenset({"strong", "fair", "trait"})


@dataclass(frozen=True, slots=True)
class Sense:
    """One meaning of a word: a detector's name or a role, how sure, in which language."""

    meaning: str
    strength: str
    language: str


@dataclass(frozen=True, slots=True)
class Unit:
    """One or several words of a name that mean something together; without senses they are not known.

    `text` is how they are looked up, in one; `written` how they stand in the name, apart.
    """

    text: str
    senses: tuple[Sense, ...]
    written: str = ""

    def has_role(self, role: str) -> bool:
        """Whether one of its senses is the role."""
        return any(sense.meaning == role for sense in self.senses)

    def detectors(self) -> Iterator[Sense]:
        """The senses that are detectors."""
        return (sense for sense in self.senses if sense.meaning not in _ROLES)


@functools.cache
def lexicon() -> Mapping[str, tuple[Sense, ...]]:
    """Every known word and phrase with its senses."""
    found: dict[str, dict[Sense, None]] = {}
    for language in tables.languages():
        for row in tables.rows(f"headers/{language}"):
            sense = Sense(row["detector"], row["strength"] or "strong", language)
            for phrase in row["words"].split("|"):
                for spelling in spellings(phrase):
                    found.setdefault(spelling, {})[sense] = None
    return {word: tuple(senses) for word, senses in found.items()}


@remembered(20_000)
def units(name: str) -> tuple[Unit, ...]:
    """The words of a name, put together to the longest phrases that are known.

    Example: `cust_e_mail` is `cust` (a person) and `email`.
    """
    known, words = lexicon(), [piece for part in parts(name) for piece in _unglued(part)]
    full = [_abbreviations().get(word, word) for word in words]
    best: list[tuple[int, tuple[Unit, ...]]] = [(0, ())]
    for end in range(1, len(words) + 1):
        options = []
        for start in range(max(0, end - _LONGEST_SPAN), end):
            written, meant = "".join(words[start:end]), "".join(full[start:end])
            text = meant if written not in known and meant in known else written
            senses = known.get(text) or _shortened(tuple(full[start:end]))
            if senses or end - start == 1:
                unit = Unit(text, senses, " ".join(words[start:end]))
                options.append((best[start][0] + _worth(unit, len(written)), (*best[start][1], unit)))
        best.append(max(options, key=lambda option: option[0]))
    return best[-1][1]


@remembered(20_000)
def _shortened(words: tuple[str, ...]) -> tuple[Sense, ...]:
    """What words mean of which one is shortened, if they can only mean one thing: less surely than in full."""
    known = lexicon()
    found = {
        sense
        for place, word in enumerate(words)
        if word not in known
        for full in longer(word)
        for sense in known.get("".join((*words[:place], full, *words[place + 1 :])), ())
    }
    if len({sense.meaning for sense in found}) != 1 or any(sense.meaning in _ROLES for sense in found):
        return ()
    are_traits = all(sense.strength == "trait" for sense in found)
    strength = "trait" if are_traits else "fair" if len(words) > 1 else "weak"
    return tuple(sorted({Sense(each.meaning, strength, each.language) for each in found}, key=repr))


def _worth(unit: Unit, length: int) -> int:
    """Longer phrases are worth more, and among the equally long those that are sure of something."""
    is_sure = any(sense.strength == "strong" for sense in unit.detectors())
    return 2 * length**2 + is_sure if unit.senses else 0


@functools.cache
def _abbreviations() -> Mapping[str, str]:
    return {row["short"]: "".join(row["long"].split()) for row in tables.rows("abbreviations")}


def units_at(path: Sequence[str]) -> tuple[Unit, ...]:
    """The words that tell what is at a path: those of its last name, and where they say little by themselves also
    those that are known of the nearest name above that says something.

    Example: `maritalStatus.text` is read as `marital status text`, `address.city` as `city`.
    """
    *above, last = path
    own = units(last)
    told = (sense for unit in own for sense in unit.detectors())
    if not all(unit.senses for unit in own) or any(sense.strength in _TELLING for sense in told):
        return own
    for name in reversed(above):
        known = tuple(unit for unit in map(_one_of, units(name)) if unit.senses)
        if any(not unit.has_role(PLAIN) for unit in known):
            return (*known, *own)
    return own


def _one_of(unit: Unit) -> Unit:
    """What a word for many of something means: of `customers` each is a customer."""
    one = unit.text.removesuffix("s")
    return unit if unit.senses else Unit(one, lexicon().get(one, ()), unit.written)


def _unglued(word: str) -> tuple[str, ...]:
    """A word taken apart into known ones when it is none itself: `kundenemail`, `患者氏名`."""
    known = lexicon()
    if word in known or len(word) < 2:
        return (word,)
    stem, ending = word[:-2], word[-2:]
    if ending in _GLUED_ENDINGS and any(sense.strength == "strong" for sense in known.get(stem, ())):
        return (stem, ending)
    best: list[tuple[float, tuple[str, ...]] | None] = [(0.0, ())] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(end):
            before, piece = best[start], word[start:end]
            if before is None or piece not in known or not _may_be_glued(piece):
                continue
            option = (before[0] + len(piece) ** 2, (*before[1], piece))
            current = best[end]
            if current is None or option[0] > current[0]:
                best[end] = option
    whole = best[-1]
    return whole[1] if whole else (word,)


def _may_be_glued(piece: str) -> bool:
    return len(piece) >= (3 if piece < "\u0370" else 1)
