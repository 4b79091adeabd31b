"""Okera's auto-tagging rules, as JSON, told in the vocabulary of documents."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import regex

from catalog.errors import PolicyInvalid, VeilError
from catalog.lookup import tag_name
from catalog.model import TagRule
from catalog.names import fold, nearest
from policy_engine.document import writing
from policy_engine.document.writing import Data

_KEYS: Mapping[str, str] = {
    "name": "name",
    "namespace": "namespace",
    "tag": "tag",
    "description": "description",
    "expression": "expression",
    "regex": "expression",
    "applyto": "applies",
    "minrows": "least",
    "minimumrows": "least",
    "maxrows": "most",
    "maximumrows": "most",
    "matchrate": "rate",
    "minmatchrate": "rate",
    "minimummatchrate": "rate",
    "matchcolumnname": "names",
    "matchcolumncomment": "comments",
}
_WHERE = {"content": (True, False), "metadata": (False, True), "both": (True, True)}
_LEAST_SHARE, _ROWS, _SHARE = 0.01, 20, 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A document with the rules and their tags, and what could not be taken over, in words."""

    document: str
    rules: tuple[TagRule, ...]
    remarks: tuple[str, ...]


def import_rules(text: str) -> Imported:
    """The document that says what Okera's rules say; raises PolicyInvalid for what is none of them.

    A rule is an object of name, namespace, tag, description, expression, min_rows, max_rows, match_rate,
    match_column_name and match_column_comment, in any case, with or without underscores; several are a list, or a
    list under one key. One that also looks at names becomes two rules, as either was enough there.

    Example:
        >>> print(import_rules('[{"tag": "pii.badge", "expression": "B[0-9]+", "min_rows": 5}]').document)
        veil: 1
        tags:
          pii.badge: {}
        ...
    """
    rules: list[TagRule] = []
    tags: dict[str, Data] = {}
    remarks: list[str] = []
    for number, item in enumerate(_objects(text), start=1):
        said = _said(item, number)
        tag = _tag(said, number)
        name = str(said.get("name") or tag)
        described = str(said.get("description") or "")
        tags.setdefault(tag, {"comment": described} if described else {})
        made = tuple(_rules(said, name, tag, number))
        rules += made
        remarks += _remarks(said, name, has_rules=bool(made))
    _refuse_doubles(rules)
    sections: dict[str, Data] = {"tags": {name: tags[name] for name in sorted(tags)}, "rules": writing.rules(rules)}
    return Imported(document=writing.write(sections), rules=tuple(rules), remarks=tuple(remarks))


def _objects(text: str) -> list[object]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        raise PolicyInvalid("this is no JSON", hint="export the rules from Okera as JSON") from None
    if isinstance(read, dict) and len(read) == 1 and isinstance(next(iter(read.values())), list):
        read = next(iter(read.values()))
    if isinstance(read, dict):
        read = [read]
    if not isinstance(read, list):
        raise PolicyInvalid("this is no list of rules", hint="a list of objects, or one under a single key")
    return read


def _said(item: object, number: int) -> dict[str, object]:
    if not isinstance(item, dict):
        raise PolicyInvalid(f"rule {number} is no JSON object", hint="each rule is an object")
    said: dict[str, object] = {}
    for key, value in item.items():
        plain = re.sub(r"[\W_]", "", fold(key))
        if plain not in _KEYS:
            near = nearest(key, ("name", "namespace", "tag", "expression", "min_rows", "match_rate"))
            hint = f"did you mean `{near}`?" if near else ""
            raise PolicyInvalid(f"rule {number} has an unknown key `{key}`", hint=hint)
        said[_KEYS[plain]] = value
    return said


def _tag(said: Mapping[str, object], number: int) -> str:
    tag, namespace = str(said.get("tag") or ""), str(said.get("namespace") or "")
    whole = f"{namespace}.{tag}" if namespace and not re.search(r"[.:]", tag) else tag
    try:
        return tag_name(whole)
    except VeilError as error:
        raise PolicyInvalid(f"rule {number}: {error.detail}", hint=error.hint) from None


def _rules(said: Mapping[str, object], name: str, tag: str, number: int) -> Iterator[TagRule]:
    expression = said.get("expression")
    if not isinstance(expression, str) or not expression:
        raise PolicyInvalid(f"rule {number} (`{name}`) has no expression", hint="give it one")
    try:
        regex.compile(expression, regex.VERSION0)
    except regex.error as error:
        raise PolicyInvalid(
            f"the expression of rule {number} (`{name}`) is none here: {error.msg}", hint="rewrite it, then import"
        ) from None
    in_cells, in_names = _where(said, number)
    if in_cells:
        yield TagRule(
            name=name,
            tag=tag,
            content=expression,
            min_match=_share(said.get("rate", _SHARE), number),
            min_rows=max(1, int(_number(said.get("least", _ROWS), number))),
        )
    if in_names:
        yield TagRule(name=f"{name} (by name)" if in_cells else name, tag=tag, column_name=expression)


def _where(said: Mapping[str, object], number: int) -> tuple[bool, bool]:
    """Whether cells are looked at, and whether names are."""
    if "applies" in said:
        applies = fold(str(said["applies"]))
        if applies not in _WHERE:
            raise PolicyInvalid(f"rule {number} applies to `{applies}`", hint="content, metadata or both")
        return _WHERE[applies]
    return True, said.get("names") is True


def _share(value: object, number: int) -> float:
    rate = _number(value, number)
    rate = rate / 100 if rate > 1 else rate
    if not 0 <= rate <= 1:
        raise PolicyInvalid(f"rule {number} has a match rate beyond 100 %", hint="a share from 0 to 1, or a percentage")
    return max(rate, _LEAST_SHARE)


def _number(value: object, number: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**9:
        raise PolicyInvalid(f"rule {number} has something else than a number where one belongs", hint="look at it")
    return value


def _remarks(said: Mapping[str, object], name: str, *, has_rules: bool) -> Iterator[str]:
    if said.get("comments") is True:
        yield f"`{name}` also looked at comments of columns, which rules here do not look at"
    if "most" in said:
        yield f"`{name}` said how many rows to sample: that is a setting here, `rows` in [crawl]"
    if not has_rules:
        yield f"`{name}` looks at nothing that is read here"


def _refuse_doubles(rules: list[TagRule]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if fold(rule.name) in seen:
            raise PolicyInvalid(f"two rules are called `{rule.name}`", hint="give one of them another `name`")
        seen.add(fold(rule.name))
