"""The tables that detectors know the world from: small files of words and patterns beside this module."""

import csv
import functools
from collections.abc import Iterator, Mapping
from importlib import resources

Row = Mapping[str, str]

_DATA = resources.files("crawler.detectors") / "data"


@functools.cache
def rows(name: str) -> tuple[Row, ...]:
    """The rows of a CSV file."""
    return tuple(csv.DictReader(_text(f"{name}.csv").splitlines()))


@functools.cache
def phrases(name: str) -> frozenset[str]:
    """The phrases of a word list that separates them by `|`, in lower case."""
    return frozenset(phrase.strip().casefold() for line in _lines(name) for phrase in line.split("|"))


@functools.cache
def words(name: str) -> frozenset[str]:
    """The words of a word list that separates them by spaces, in lower case; `\\s` stands for a space inside one."""
    return frozenset(word.replace("\\s", " ").casefold() for line in _lines(name) for word in line.split())


@functools.cache
def endings(name: str) -> tuple[str, ...]:
    """The entries of a word list that begin with a dash, without it: endings of words."""
    separated = (word.strip() for line in _lines(name) for word in line.replace("|", " ").split())
    return tuple(sorted({word[1:].casefold() for word in separated if word.startswith("-") and len(word) > 1}))


@functools.cache
def languages() -> tuple[str, ...]:
    """The languages whose words for columns are known, as two letters each; English first."""
    return tuple(row["language"] for row in rows("languages"))


def _lines(name: str) -> Iterator[str]:
    return (line for line in _text(f"words/{name}.txt").splitlines() if line and not line.startswith("#"))


def _text(name: str) -> str:
    return (_DATA / name).read_text(encoding="utf-8")
