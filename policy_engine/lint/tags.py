"""Findings about tags and data: sensitive values in the clear, tags without columns, datasets without readers."""

from collections.abc import Iterator, Mapping

from catalog.model import Level
from catalog.names import fold
from policy_engine.judging.cells import CLEAR
from policy_engine.lint.case import Case
from policy_engine.lint.findings import CLEAR_SENSITIVE, UNSEEN_DATASET, UNUSED_TAG, Finding
from policy_engine.model import Policy
from policy_engine.profile import FieldProfile
from policy_engine.tag_expressions import tags_of


def clear_sensitive(case: Case) -> Iterator[Finding]:
    """Grants that show confidential or restricted tags as they are, without naming them and with nothing in the way."""
    sensitive = {name: tag.level for name, tag in case.live.tags.items() if tag.level >= Level.CONFIDENTIAL}
    found: dict[str, dict[str, str]] = {}
    for sight in case.sights():
        grants = {policy.id: policy for policy in sight.bound}
        for field, ruling in sight.ruled:
            if not ruling.is_shown or ruling.least != CLEAR:
                continue
            for item in ruling.contributions:
                if item.showing == CLEAR:
                    where = f"{sight.dataset.full_name}.{field.column.name}"
                    for tag in _unnamed(grants[item.policy], field, sensitive):
                        found.setdefault(item.policy, {}).setdefault(tag, where)
    for name, tags in found.items():
        policy = case.live.policies[fold(name)]
        listed = ", ".join(f"`{tag}` ({sensitive[tag]}, as in `{tags[tag]}`)" for tag in sorted(tags))
        sentence = f"policy `{name}` shows {listed} in the clear, and nothing restricts it"
        yield Finding(kind=CLEAR_SENSITIVE, place=case.place(policy), sentence=sentence)


def _unnamed(policy: Policy, field: FieldProfile, sensitive: Mapping[str, Level]) -> Iterator[str]:
    """The sensitive tags of a field that the policy does not speak of; who names a tag or a column means it."""
    meant = set(tags_of(policy.having)) if policy.having else set()
    if field.path not in {tuple(map(fold, path)) for path in policy.scope.columns}:
        yield from (tag for tag in field.shown_tags if tag in sensitive and tag not in meant)


def unused_tags(case: Case) -> Iterator[Finding]:
    """Declared tags that nothing carries and no rule gives."""
    carried = {rule.tag for rule in case.live.rules.values()}
    for database in case.live.databases.values():
        carried |= set(database.tags)
    for dataset in case.live.datasets.values():
        carried |= dataset.confirmed | dataset.suggested
        for column in dataset.columns:
            carried |= column.confirmed | column.suggested
    places = {stated.value.name: stated.place for stated in case.draft.document.tags}
    for name in case.live.tags.keys() - {tag.lower() for tag in carried} - case.draft.made_up:
        yield Finding(kind=UNUSED_TAG, place=places.get(name), sentence=f"nothing carries the tag `{name}`")


def unseen_datasets(case: Case) -> Iterator[Finding]:
    """Datasets of the documents of which no role sees anything."""
    seen = {sight.dataset.full_name for sight in case.sights() if any(ruling.is_shown for _, ruling in sight.ruled)}
    for stated in case.draft.document.datasets:
        entry = stated.value
        dataset = case.live.datasets[fold(entry.database), fold(entry.name)]
        if dataset.full_name not in seen:
            yield Finding(kind=UNSEEN_DATASET, place=stated.place, sentence=f"nobody sees `{dataset.full_name}`")
