"""How each key of a document is written: what somebody is shown who wrote it otherwise."""

import re
from collections.abc import Mapping

_INDEX = re.compile(r"\[\d+\]")

EXAMPLES: Mapping[str, str] = {
    "": "veil: 1",
    "veil": "veil: 1",
    "sources": "sources: {lake: {connector: files, path: ./data}}",
    "databases": "databases: {clinic: {comment: what care costs}}",
    "datasets": "datasets: {clinic.visits: {source: lake, relation: visits.csv}}",
    "tags": "tags: {phi.mrn: {level: restricted}}",
    "rules": "rules: [{name: mrn by name, tag: phi.mrn, column_name: mrn}]",
    "roles": "roles: {analyst: {groups: [analysts]}}",
    "users": "users: {kim: {groups: [analysts]}}",
    "policies": "policies: [{policy: analysts, grant: select, to: [analyst], scope: clinic}]",
    "tests": "tests: [{as: {groups: [analysts]}, dataset: clinic.visits, sees: {phone: hidden}}]",
    "policies.policy": "policy: analysts-clinic",
    "policies.grant": "grant: select",
    "policies.restrict": "restrict: select",
    "policies.deny": "deny: select",
    "policies.to": "to: [analyst]",
    "policies.scope": "scope: clinic",
    "policies.having": "having: not phi.phone_number",
    "policies.transform": "transform: [{tagged: phi.mrn, with: tokenize()}]",
    "policies.transform.tagged": "tagged: phi.mrn",
    "policies.transform.with": "with: tokenize()",
    "policies.where": "where: opted_out != 1",
    "policies.when": "when: {purpose: care, network: 10.0.0.0/8}",
    "policies.when.group": "group: night shift",
    "policies.when.not_group": "not_group: contractors",
    "policies.when.attribute": "attribute: {clearance: [high, highest]}",
    "policies.when.purpose": "purpose: [care, audit]",
    "policies.when.network": "network: 10.0.0.0/8",
    "policies.when.time_of_day": 'time_of_day: "08:00-18:00"',
    "policies.when.weekdays": "weekdays: [mon, tue]",
    "policies.when.zone": "zone: Europe/Vienna",
    "policies.from": "from: 2026-01-31",
    "policies.until": "until: 2026-12-31",
    "policies.enabled": "enabled: false",
    "policies.why": "why: DPO rule 4, opt-outs",
    "rules.min_match": "min_match: 0.8",
    "rules.min_rows": "min_rows: 20",
    "rules.column_name": "column_name: mrn",
    "rules.content": "content: 'M[0-9]{7}'",
    "tests.as": "as: {groups: [analysts]}",
    "tests.sees": "sees: {phone: hidden}",
    "roles.*.groups": "groups: [analysts]",
    "users.*.groups": "groups: [analysts]",
    "tags.*.level": "level: restricted",
    "datasets.*.source": "source: lake",
    "datasets.*.relation": "relation: visits.csv",
}
"""By the path of a key without numbers; `*` is any name."""


def example(path: str) -> str:
    """A hint that shows how the key at a path is written; empty where there is none.

    Example:
        >>> example("policies[2].transform[0].with")
        'for example `with: tokenize()`'
    """
    plain = _INDEX.sub("", path)
    names = plain.split(".")
    general = f"{names[0]}.*.{names[-1]}" if len(names) > 2 else plain
    shown = EXAMPLES.get(plain) or EXAMPLES.get(general)
    return f"for example `{shown}`" if shown else ""
