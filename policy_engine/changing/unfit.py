"""Transforms that a policy puts on columns of a type that they cannot show, found before anybody asks for one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalog.errors import PolicyInvalid
from catalog.model import Dataset
from policy_engine.judging.rulings import applies
from policy_engine.model import Policy
from policy_engine.profile import FieldProfile, Profile, profile
from policy_engine.tag_expressions import holds
from policy_engine.transforms.registry import Types, columns_named, problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """A column, by its dataset's and its own name, and the transform that cannot show it, with the reason."""

    dataset: str
    column: str
    transform: str
    why: str


def unfit_transforms(policy: Policy, datasets: Iterable[Dataset]) -> Iterator[Unfit]:
    """The first column of each dataset that a transform of the policy should show and cannot.

    Columns that are alike are looked at once, whatever dataset they are in, unless the policy tells them apart.
    """
    does_name_columns = bool(policy.scope.columns) or _is_by_other_columns(policy)
    known: dict[int, tuple[str, str]] = {}
    for dataset in datasets if policy.transforms else ():
        fields = profile(dataset)
        types = {path: column.type for path, column in fields.fields.items()} if does_name_columns else {}
        for field in fields.columns if does_name_columns or fields.has_nested else fields.alike:
            for inner in (field, *field.nested):
                found = known.get(inner.kind) or _unfit(policy, inner, types)
                if not does_name_columns:
                    known[inner.kind] = found
                name, why = found
                if name:
                    yield Unfit(dataset=dataset.full_name, column=_name(inner, fields), transform=name, why=why)
                    break
            else:
                continue
            break


def _name(field: FieldProfile, fields: Profile) -> str:
    """The name of a column; what stands for all columns of a kind has none, so the first of them is named."""
    return field.column.name or next(column.name for column, like in fields.likes if like.kind == field.kind)


def _is_by_other_columns(policy: Policy) -> bool:
    try:
        return any(columns_named(rule.call) for rule in policy.transforms)
    except PolicyInvalid:
        return True


def _unfit(policy: Policy, field: FieldProfile, types: Types) -> tuple[str, str]:
    """The transform of the policy that cannot show the field and why, empty when all can."""
    if not applies(policy, field):
        return "", ""
    for rule in policy.transforms:
        if not holds(rule.tagged, field.tags.confirmed, field.tags.suggested, opens=False):
            continue
        try:
            why = problem(rule.call, field.column.type, types)
        except PolicyInvalid:
            why = "is not known to this version"
        if why:
            return rule.call.name, why
    return "", ""
