"""The form of the sentence builder: fields that say what a policy in a document may say, and are read as that document.

INVARIANT: nothing is judged here. The fields become one entry of a document, and what the engine's own reader makes of
it is the policy, or the error beside the field. A policy that the fields cannot hold whole has no form.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from catalog.drafts import Form
from catalog.errors import PolicyInvalid, VeilError
from catalog.names import fold, join
from policy_engine.changing.facts import unknown
from policy_engine.circumstances import When
from policy_engine.document.model import Document
from policy_engine.document.reading import loads
from policy_engine.document.scopes import print_scope
from policy_engine.document.writing import policy_entry, write
from policy_engine.model import AnyOf, Effect, HasTag, Not, Policy, Scope, TagExpression
from policy_engine.tag_expressions import print_expression
from policy_engine.transforms.calls import print_call
from policy_engine.transforms.composing import EXPRESSION, text_of

_ONE_LINE = ("policy", "effect", "to", "scope", "columns", "pick", "having", "tagged", "with", "arguments")
_TIMES = ("from", "until", "enabled", "attribute", "time_of_day", "weekdays", "zone")
_SEVERAL_LINES = ("where", "group", "not_group", "purpose", "network", "values", "why")
FIELDS = (*_ONE_LINE, *_TIMES, *_SEVERAL_LINES)

PICKS = ("all", "tagged", "untagged", "condition")
"""Which columns: all of the scope, those with or without any of some tags, or those for which a condition holds."""

_LISTED = ("group", "not_group", "purpose", "network")
_FILE = "form"
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")
_NEEDED = {
    "policy": ("the policy has no name yet", "choose one by which plans, reasons and the journal may call it"),
    "to": ("nobody is named yet", "name at least one role"),
    "scope": ("nothing is named yet", "write a database, `database.dataset`, or `*` for everything"),
    "why": ("no reason is given yet", "write it for whoever reads this in two years"),
}
_STAND_INS: Form = {"policy": ("x",), "to": ("x",), "scope": ("*",), "columns": (), "why": ("x",)}
_TOGETHER = {"scope": ("scope", "columns"), "having": ("having", "pick"), "attribute": ("attribute", "values")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The roles and tags that there are, by folded name; of the roles those alone are suggested that may be `told`."""

    roles: AbstractSet[str]
    tags: AbstractSet[str]
    told: AbstractSet[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a form says: a policy, or what is wrong, by field; fields of transforms are `transform-0` and so on."""

    policy: Policy | None = None
    errors: Mapping[str, VeilError] = field(default_factory=dict)


def one(form: Form, name: str) -> str:
    """The first value of a field, without blanks around it."""
    return next(iter(form.get(name, ())), "").strip()


def transform_rows(form: Form) -> tuple[tuple[str, str, str], ...]:
    """The rows of transforms: tags, the transform's name, and its arguments or the expression."""
    return tuple((tagged, name, said) for tagged, name, said in _rows(form, "tagged", "with", "arguments"))


def attribute_rows(form: Form) -> tuple[tuple[str, str], ...]:
    """The rows of attributes: a name, and its values, one a line."""
    return tuple((name, values) for name, values in _rows(form, "attribute", "values"))


def blank_form() -> Form:
    """The form of a policy that nobody has begun to write."""
    return {"effect": (Effect.GRANT.value,), "to": ("",), "pick": ("all",), "enabled": ("true",)}


def read_form(form: Form, known: Known | None = None) -> Reading:
    """What the fields say, as the engine reads them; with all that is wrong, not the first of it alone.

    With `known`, roles and tags that do not exist are told of, too.

    Example:
        >>> read_form({**blank_form(), "policy": ("p",), "to": ("clerk",), "scope": ("shop",), "why": ("x",)}).policy.id
        'p'
    """
    errors: dict[str, VeilError] = {}
    for name, (problem, hint) in _NEEDED.items():
        if not any(map(str.strip, form.get(name, ()))):
            errors[name] = PolicyInvalid(problem, hint=hint)
    if one(form, "pick") in ("", "all") and one(form, "having"):
        errors["having"] = PolicyInvalid("tags are named, and all columns are chosen", hint="choose what they are for")
    said = {**form, **{each: value for name in errors for each, value in _without(form, name).items()}}
    document, places = _read(said, errors)
    for reference in document.references if document and known else ():
        assert known is not None
        names = known.roles if reference.kind == "role" else known.tags
        place = places.get(reference.place.line, "")
        if fold(reference.name) not in names and place not in errors:
            near = known.told if reference.kind == "role" else names
            told = unknown(reference.kind, reference.name, dict.fromkeys(near), reference.place)
            errors[place] = _told(told) if isinstance(told, VeilError) else PolicyInvalid(str(told))
    if errors or document is None:
        return Reading(errors=errors)
    return Reading(policy=document.policies[0].value)


def form_of(policy: Policy) -> Form | None:
    """The form that says exactly what a policy says; None for a policy that no form can hold whole."""
    try:
        [stated] = loads(write({"veil": 1, "policies": [policy_entry(policy)]})).policies
    except VeilError:
        return None
    form = _fields(stated.value)
    breaks = any("\n" in value for name in (*_ONE_LINE, *_TIMES) for value in form.get(name, ()))
    whole = stated.value if stated.value.why else replace(stated.value, why=_STAND_INS["why"][0])
    said = form if stated.value.why else {**form, "why": _STAND_INS["why"]}
    return None if breaks or read_form(said).policy != whole else form


def _fields(policy: Policy) -> Form:
    entry, scope, when = policy_entry(policy), policy.scope, policy.when or When()
    pick, having = _picked(policy.having)
    calls = [rule.call for rule in policy.transforms]
    return {
        "policy": (policy.id,),
        "effect": (policy.effect.value,),
        "to": policy.roles,
        "scope": (print_scope(Scope(database=scope.database, dataset=scope.dataset)),),
        "columns": (", ".join(join(*path) for path in scope.columns),),
        "pick": (pick,),
        "having": (having,),
        "tagged": tuple(print_expression(rule.tagged) for rule in policy.transforms),
        "with": tuple(call.name for call in calls),
        "arguments": tuple(
            text_of(call) if call.name == EXPRESSION else print_call(call)[len(call.name) + 1 : -1] for call in calls
        ),
        "where": (policy.where or "",),
        "from": (str(entry.get("from", "")),),
        "until": (str(entry.get("until", "")),),
        "enabled": ("true" if policy.enabled else "false",),
        "group": ("\n".join(when.groups),),
        "not_group": ("\n".join(when.not_groups),),
        "purpose": ("\n".join(when.purposes),),
        "network": ("\n".join(when.networks),),
        "attribute": tuple(name for name, _ in when.attributes),
        "values": tuple("\n".join(values) for _, values in when.attributes),
        "time_of_day": (when.time_of_day,),
        "weekdays": when.weekdays,
        "zone": ("" if when.zone == When().zone else when.zone,),
        "why": (policy.why,),
    }


def _picked(having: TagExpression | None) -> tuple[str, str]:
    if having is None:
        return "all", ""
    inner = having.inner if isinstance(having, Not) else having
    parts = inner.parts if isinstance(inner, AnyOf) else (inner,)
    tags = [part.tag for part in parts if isinstance(part, HasTag)]
    if len(tags) < len(parts):
        return "condition", print_expression(having)
    return "untagged" if isinstance(having, Not) else "tagged", ", ".join(tags)


def _read(form: Form, errors: dict[str, VeilError]) -> tuple[Document | None, Mapping[int, str]]:
    """The document, once what is wrong has been put aside under its field; None when nothing is left to put aside."""
    while True:
        text, places = _document(form)
        try:
            return loads(text, file=_FILE), places
        except VeilError as error:
            place = places.get(error.position.line, "") if error.position else ""
            if place in errors or not (aside := _without(form, place)):
                errors.setdefault(place, _told(error))
                return None, places
            errors[place] = _told(error)
            form = {**form, **aside}


def _without(form: Form, place: str) -> Form:
    """What the fields of a place hold while what is wrong there is put aside; nothing where that cannot be."""
    if place.startswith("transform-"):
        row = int(place.removeprefix("transform-"))
        return {name: _blanked(form.get(name, ()), row) for name in ("tagged", "with", "arguments")}
    names = _TOGETHER.get(place, (place,))
    if place in _STAND_INS:
        return {name: _STAND_INS[name] for name in names}
    return {} if place in ("", "effect") else {name: () for name in names}


def _blanked(values: Sequence[str], row: int) -> tuple[str, ...]:
    return tuple("" if number == row else value for number, value in enumerate(values))


def _document(form: Form) -> tuple[str, Mapping[int, str]]:
    """The form as a document in JSON, one field a line, and which field stands on which line."""
    lines = [(place, f"{_json(key)}: {value}" if key else value) for place, key, value in _entry(form)]
    when = [(place, f"{_json(place)}: {value}") for place, value in _when(form)]
    if when:
        when[0] = (when[0][0], '"when": {' + when[0][1])
        when[-1] = (when[-1][0], when[-1][1] + "}")
    told = [*lines, *when]
    text = '{"veil": 1, "policies": [{\n' + ",\n".join(line for _, line in told) + "\n}]}"
    return text, {number: place for number, (place, _) in enumerate(told, start=2)}


def _entry(form: Form) -> Iterator[tuple[str, str, str]]:
    """Each key of the entry with its field and its value in JSON; transforms have a line for each."""
    yield "policy", "policy", _json(one(form, "policy"))
    yield "effect", one(form, "effect") or Effect.GRANT.value, _json("select")
    yield "to", "to", _json([role.strip() for role in form.get("to", ()) if role.strip()])
    columns = one(form, "columns")
    yield "scope", "scope", _json(one(form, "scope") + (f"({columns})" if columns else ""))
    if having := _having(form):
        yield "having", "having", _json(having)
    rows = [(number, row) for number, row in enumerate(transform_rows(form)) if any(map(str.strip, row))]
    for place, (number, (tagged, name, arguments)) in enumerate(rows):
        call = arguments if name in ("", EXPRESSION) else f"{name}({arguments})"
        said = _json({"tagged": tagged, "with": call})
        opening, ending = "[" if place == 0 else "", "]" if place == len(rows) - 1 else ""
        yield f"transform-{number}", "transform" if place == 0 else "", f"{opening}{said}{ending}"
    for name in ("where", "from", "until", "why"):
        if said := one(form, name):
            yield name, name, _json(said)
    if one(form, "enabled") == "false":
        yield "enabled", "enabled", "false"


def _having(form: Form) -> str:
    pick, said = one(form, "pick"), one(form, "having")
    if pick in ("", "all"):
        return ""
    if pick == "condition":
        return said
    listed = f"in({', '.join(said.replace(',', ' ').split())})"
    return f"not {listed}" if pick == "untagged" else listed


def _when(form: Form) -> Iterator[tuple[str, str]]:
    for name in _LISTED:
        if several := _lines(one(form, name)):
            yield name, _json(several)
    attributes = [(name.strip(), _lines(values)) for name, values in attribute_rows(form)]
    if said := ", ".join(f"{_json(name)}: {_json(values)}" for name, values in attributes if name or values):
        yield "attribute", "{" + said + "}"
    if said := one(form, "time_of_day"):
        yield "time_of_day", _json(said)
    if weekdays := form.get("weekdays", ()):
        yield "weekdays", _json(list(weekdays))
    if said := one(form, "zone"):
        yield "zone", _json(said)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _rows(form: Form, *names: str) -> Iterator[tuple[str, ...]]:
    columns = [form.get(name, ()) for name in names]
    for number in range(max(map(len, columns))):
        yield tuple(column[number] if number < len(column) else "" for column in columns)


def _json(value: object) -> str:
    """JSON that is YAML as well: what YAML takes for a line's end or for nothing is escaped."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _told(error: VeilError) -> VeilError:
    """The error without the place in a document that nobody sees."""
    line = error.position.line if error.position else 0
    detail = error.detail.removeprefix(f"{_FILE}, line {line}: ").replace("`policies[0].", "`", 1)
    return PolicyInvalid(detail, hint=error.hint)
