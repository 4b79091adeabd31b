"""The live state as documents: the vocabulary that is read, in an order that does not change by itself."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from typing import TypeVar

from ruamel.yaml import YAML

from catalog import names
from catalog.model import Database, Dataset, Source, Tag, TagRule
from catalog.people.model import Attribute, Role, User
from policy_engine import tag_expressions
from policy_engine.circumstances import When
from policy_engine.document.scopes import print_scope
from policy_engine.model import Policy
from policy_engine.transforms.calls import print_call

Data = bool | int | float | str | date | list["Data"] | dict[str, "Data"]
T = TypeVar("T", Source, Database, Tag, TagRule, Role, User)
_DAY = timedelta(days=1)


def write(sections: Mapping[str, Data]) -> str:
    """One document as text; empty sections are left out."""
    yaml = YAML(typ="rt")
    yaml.width = 110
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    yaml.dump({"veil": 1, **{key: section for key, section in sections.items() if section}}, stream)
    return stream.getvalue()


def sources(values: Iterable[Source]) -> Data:
    """The section `sources`."""
    return {v.name: {"connector": v.connector, **_sorted(v.options)} for v in _by_name(values)}


def databases(values: Iterable[Database]) -> Data:
    """The section `databases`."""
    return {v.name: _said(comment=v.comment, tags=[*sorted(v.tags)]) for v in _by_name(values)}


def datasets(values: Iterable[Dataset]) -> Data:
    """The section `datasets`: only confirmed tags, as suggestions are a crawler's business."""
    section: dict[str, Data] = {}
    for dataset in sorted(values, key=lambda dataset: (dataset.database, dataset.name)):
        columns: dict[str, Data] = {
            names.join(*column.path): {"tags": [*sorted(column.confirmed)]}
            for column in dataset.columns
            if column.confirmed
        }
        section[names.join(dataset.database, dataset.name)] = {
            "source": dataset.source,
            "relation": dataset.relation,
            **_said(comment=dataset.comment, tags=[*sorted(dataset.confirmed)], columns=columns),
        }
    return section


def tags(values: Iterable[Tag]) -> Data:
    """The section `tags`."""
    return {v.name: {**_said(comment=v.comment), "level": v.level.value} for v in _by_name(values)}


def rules(values: Iterable[TagRule]) -> Data:
    """The section `rules`."""
    return [
        {
            "name": rule.name,
            "tag": rule.tag,
            **_said(
                column_name=rule.column_name or "",
                content=rule.content or "",
                words=[*rule.words],
                words_file=rule.words_file or "",
                detector=rule.detector or "",
            ),
            **({"min_match": rule.min_match, "min_rows": rule.min_rows} if rule.counts_cells else {}),
        }
        for rule in _by_name(values)
    ]


def roles(values: Iterable[Role]) -> Data:
    """The section `roles`."""
    return {
        v.name: {"groups": [*sorted(v.groups)], **_said(capabilities=[*sorted(v.capabilities)])}
        for v in _by_name(values)
    }


def users(values: Iterable[User]) -> Data:
    """The section `users`: groups and attributes, and nothing that a password could be learnt from."""
    return {
        v.name: {"groups": [*sorted(v.groups)], **_said(attributes=_attributes(v.attributes))} for v in _by_name(values)
    }


def policies(values: Iterable[Policy]) -> Data:
    """The section `policies`, by id."""
    return [policy_entry(policy) for policy in sorted(values, key=lambda policy: policy.id)]


def policy_entry(policy: Policy) -> dict[str, Data]:
    """One policy as the document writes it.

    Example:
        {"policy": "analysts", "grant": "select", "to": ["analyst"], "scope": "clinic", "why": "DPO rule 4"}
    """
    transforms: list[Data] = [
        {"tagged": tag_expressions.print_expression(rule.tagged), "with": print_call(rule.call)}
        for rule in policy.transforms
    ]
    entry: dict[str, Data] = {
        "policy": policy.id,
        policy.effect.value: "select",
        "to": [*policy.roles],
        "scope": print_scope(policy.scope),
    }
    if policy.having is not None:
        entry["having"] = tag_expressions.print_expression(policy.having)
    entry |= _said(transform=transforms, where=policy.where or "")
    if policy.when is not None:
        entry["when"] = _when(policy.when)
    if policy.starts_at is not None:
        entry["from"] = _moment(policy.starts_at, timedelta())
    if policy.ends_at is not None:
        entry["until"] = _moment(policy.ends_at, _DAY)
    if not policy.enabled:
        entry["enabled"] = False
    return entry | _said(why=policy.why)


def _when(when: When) -> dict[str, Data]:
    """A condition, one value plain and several as a list."""
    attributes: dict[str, Data] = {name: _one_or_more(values) for name, values in when.attributes}
    return _said(
        group=_one_or_more(when.groups),
        not_group=_one_or_more(when.not_groups),
        attribute=attributes,
        purpose=_one_or_more(when.purposes),
        network=_one_or_more(when.networks),
        time_of_day=when.time_of_day,
        weekdays=[*when.weekdays],
        zone="" if when.zone == When().zone else when.zone,
    )


def _one_or_more(values: tuple[str, ...]) -> Data:
    return values[0] if len(values) == 1 else [*values]


def _attributes(attributes: Mapping[str, Attribute]) -> dict[str, Data]:
    return {name: value if isinstance(value, str) else [*value] for name, value in sorted(attributes.items())}


def _moment(moment: datetime, back: timedelta) -> Data:
    """A date where the moment is the edge of a day (of UTC), as `until` names the last day; else the moment."""
    moment = moment.astimezone(UTC)
    if moment.time() == time():
        return (moment - back).date()
    return moment.isoformat().replace("+00:00", "Z")


def _said(**data: Data) -> dict[str, Data]:
    return {key: value for key, value in data.items() if value}


def _sorted(options: Mapping[str, str]) -> dict[str, Data]:
    return {key: options[key] for key in sorted(options)}


def _by_name(values: Iterable[T]) -> list[T]:
    return sorted(values, key=lambda value: value.name)
