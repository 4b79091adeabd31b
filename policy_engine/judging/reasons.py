"""Says in one sentence why a column or a row is shown as it is."""

from collections.abc import Iterable, Mapping, Sequence

from policy_engine.columns_in_words import columns
from policy_engine.conditions import print_when
from policy_engine.judging.rulings import Ruling
from policy_engine.model import Case, Policy
from policy_engine.tag_expressions import is_always, print_expression

_MOST_NAMED = 3
_OF_YOU = {"masked for you by ": "masked by ", "hidden from you because ": "hidden because ", "shown to you ": "shown "}


def shown_reason(words: Sequence[str], cases: Sequence[Case], ruling: Ruling, policies: Mapping[str, Policy]) -> str:
    """Why a visible column looks as it does.

    Example: "masked for you by tokenize because policy `analysts-medical` transforms columns tagged `phi.mrn`".
    """
    if len(cases) > 1 or cases[0].when:
        grants = _named(item.policy for item in ruling.contributions)
        text = f"differs from row to row ({', '.join(words)}) by {grants}{_and_restricted(ruling)}"
        return text + _conditions(policies[item.policy] for item in ruling.contributions)
    call = cases[0].call
    if call is None:
        text = f"shown as it is by {_named(item.policy for item in ruling.contributions)}"
        return text + _conditions(policies[item.policy] for item in ruling.contributions)
    because = [name for name in ruling.raised_by if _tagged(policies[name], call.name)]
    if not because:
        because = [item.policy for item in ruling.contributions if item.showing.call == call]
    said = [f"policy `{name}` {_transforms(policies[name], call.name)}" for name in because[:_MOST_NAMED]]
    text = f"masked for you by {call.name} because " + (" and ".join(said) or "policies disagree on how to show it")
    return text + _conditions(policies[name] for name in dict.fromkeys(because))


def hidden_reason(ruling: Ruling) -> str:
    """Why a column is not there."""
    if ruling.hidden_by:
        said = [f"policy `{policy.id}` hides {_what(policy)}" for policy in ruling.hidden_by[:_MOST_NAMED]]
        return "hidden from you because " + " and ".join(said) + _conditions(ruling.hidden_by)
    if ruling.silent:
        said = [f"policy `{policy.id}` {why}" for policy, why in ruling.silent[:_MOST_NAMED]]
        return "hidden from you because " + " and ".join(said)
    return "hidden from you because no policy shows it"


def of_another(reason: str) -> str:
    """A reason as it is told to somebody else than the person whom it is about.

    Example:
        >>> of_another("hidden from you because no policy shows it")
        'hidden because no policy shows it'
    """
    found = next((words for words in _OF_YOU if reason.startswith(words)), "")
    return _OF_YOU[found] + reason.removeprefix(found) if found else reason


def nested_reason(problem: str) -> str:
    """Why a column is not there although some field in it might be.

    Example: "hidden from you because its field `profile.email` is governed, and nothing can be left out of a JSON".
    """
    return f"hidden from you because {problem}"


def partly_reason(masked: Sequence[str], *, is_less: bool) -> str:
    """What differs inside a column; a field that is not there is not named, for what names it is told elsewhere.

    Example: "shown to you without some of its fields and with `zip` changed".
    """
    said = ["without some of its fields"] if is_less else []
    named = ", ".join(_shortened([f"`{name}`" for name in masked]))
    return "shown to you " + " and ".join([*said, *([f"with {named} changed"] if masked else [])])


def rows_reason(opening: Sequence[Policy], restricting: Sequence[Policy], broken: Sequence[str]) -> str:
    """Why rows are missing, or that none are.

    Example: "only rows where `opted_out <> 1` (policy `analysts-medical`)".
    """
    if broken:
        return f"no rows, because {_named(broken)} cannot be applied"
    filters = [f"`{policy.where}` (policy `{policy.id}`)" for policy in opening]
    limits = [f"`{policy.where}` (policy `{policy.id}`)" for policy in restricting]
    said = [" or ".join(_shortened(filters)), *_shortened(limits)]
    text = " and ".join(part for part in said if part)
    return f"only rows where {text}" if text else "all rows"


def _named(policies: Iterable[str]) -> str:
    names = [f"`{name}`" for name in dict.fromkeys(policies)]
    word = "policy" if len(names) == 1 else "policies"
    return f"{word} {', '.join(_shortened(names))}"


def _shortened(texts: list[str]) -> list[str]:
    more = len(texts) - _MOST_NAMED
    return texts if more <= 0 else [*texts[:_MOST_NAMED], f"{more} more"]


def _conditions(policies: Iterable[Policy]) -> str:
    """In which circumstances policies count at all, for those that do not always.

    Example: "; policy `research` counts when purpose is research".
    """
    said = [f"policy `{policy.id}` counts when {print_when(policy.when)}" for policy in policies if policy.when]
    return f"; {' and '.join(_shortened(said))}" if said else ""


def _tagged(policy: Policy, name: str) -> list[str]:
    return [print_expression(rule.tagged) for rule in policy.transforms if rule.call.name == name]


def _transforms(policy: Policy, name: str) -> str:
    if any(rule.call.name == name and is_always(rule.tagged) for rule in policy.transforms):
        return "transforms every column"
    return f"transforms columns tagged {', '.join(f'`{text}`' for text in _tagged(policy, name))}"


def _what(policy: Policy) -> str:
    return "it" if policy.having is None else columns(policy.having, "may hold")


def _and_restricted(ruling: Ruling) -> str:
    return f" and at least as {_named(ruling.raised_by)} demands" if ruling.raised_by else ""
