"""Filters and conditions that random policies use, each as SQL or words and once more as plain Python."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from catalog.model import Dataset
from catalog.people.model import Attribute
from policy_engine.circumstances import When
from tests.policy_engine.seen import Asker, Condition, Predicate

Right = tuple[str | None, int | None, str | None]
"""A row of the dataset that lookups read: a person, a level, and who gave it."""


def predicates(dataset: Dataset, rights: Sequence[Right]) -> dict[str, Predicate | None]:
    """What each filter says of a row; None for one that cannot be judged on the dataset."""
    given = [person for person, level, _ in rights if level is not None and level > 1]
    return {
        "age > 40": lambda row, who: _more(row["age"], 40),
        "NOT ok": lambda row, who: _not(row["ok"]),
        "ok OR age > 40": lambda row, who: _either(row["ok"], _more(row["age"], 40)),
        "born >= TRY_CAST('2000-01-01' AS DATE)": lambda row, who: _at_least(row["born"], date(2000, 1, 1)),
        "who = current_user()": lambda row, who: _equal(row["who"], who.user),
        "who = user_attribute('who')": lambda row, who: _equal(row["who"], _single(who.attributes.get("who"))),
        "who IN user_attribute('who')": lambda row, who: _among(row["who"], who.attributes.get("who")),
        "NOT in_set(who, user_attribute('who'))": lambda row, who: _not(_among(row["who"], who.attributes.get("who"))),
        "ok OR in_set(who, 'Ann, x')": lambda row, who: _either(row["ok"], _among(row["who"], ("Ann", "x"))),
        "has_role('one')": lambda row, who: "g1" in who.groups,
        "NOT in_group('g2')": lambda row, who: "g2" not in who.groups,
        "purpose() = 'care'": lambda row, who: _equal(who.purpose, "care"),
        "has_tag(age, 'a.x')": lambda row, who: _carries(dataset, "age", "a.x"),
        "NOT has_tag('age', 'a.x')": lambda row, who: _not(_carries(dataset, "age", "a.x")),
        "columns_with_attribute('a.w') = 'Ann'": _if_one_carries(dataset, "a.w"),
        "who IN (SELECT person FROM shop.rights WHERE level > 1)": lambda row, who: _within(row["who"], given),
        "NOT who IN (SELECT person FROM shop.rights WHERE level > 1)": lambda row, who: _not(
            _within(row["who"], given)
        ),
        "who IN (SELECT person FROM shop.rights WHERE giver = current_user())": lambda row, who: _within(
            row["who"], [person for person, _, giver in rights if giver == who.user]
        ),
        "who IN (SELECT person FROM shop.nothing)": None,
        "TRUE": lambda row, who: True,
        "FALSE": lambda row, who: False,
        "ghost = 1": None,
    }


WHENS: Mapping[When, Condition] = {
    When(groups=("g2",)): lambda who, at: "g2" in who.groups,
    When(not_groups=("g9",)): lambda who, at: "g9" not in who.groups,
    When(attributes=(("who", ("Ann", "Bob")),)): lambda who, at: _any_of(who, ("Ann", "Bob")),
    When(purposes=("care",)): lambda who, at: _equal(who.purpose, "care"),
    When(networks=("10.0.0.0/8",)): lambda who, at: who.address.startswith("10.") if who.address else None,
    When(time_of_day="08:00-18:00"): lambda who, at: _is_between(at, 8, 18),
    When(weekdays=("tue",)): lambda who, at: at.weekday() == 1,
    When(groups=("g1",), purposes=("care",)): lambda who, at: _both("g1" in who.groups, _equal(who.purpose, "care")),
}


def _more(value: object, least: int) -> bool | None:
    return value > least if isinstance(value, int) else None


def _single(value: Attribute | None) -> str | None:
    return value if isinstance(value, str) or value is None else value[0] if len(value) == 1 else None


def _among(value: object, known: Attribute | None) -> bool | None:
    values = (known,) if isinstance(known, str) else known
    return None if value is None or not values else value in values


def _within(value: object, found: Sequence[str | None]) -> bool | None:
    """SQL's IN: nothing is in an empty set; a NULL on either side leaves it open."""
    if not found or value in [one for one in found if one is not None]:
        return bool(found)
    return None if value is None or None in found else False


def _not(value: object) -> bool | None:
    return None if value is None else not value


def _equal(left: object, right: object) -> bool | None:
    return None if left is None or right is None else left == right


def _at_least(value: object, least: date) -> bool | None:
    return value >= least if isinstance(value, date) else None


def _either(left: object, right: object) -> bool | None:
    return True if left is True or right is True else None if left is None or right is None else False


def _both(left: bool | None, right: bool | None) -> bool | None:
    return False if left is False or right is False else None if left is None or right is None else True


def _any_of(who: Asker, wanted: Sequence[str]) -> bool | None:
    value = who.attributes.get("who", ())
    values = (value,) if isinstance(value, str) else value
    return bool(set(values) & set(wanted)) if values else None


def _is_between(at: datetime, first: int, last: int) -> bool:
    return first <= at.hour < last


def _carries(dataset: Dataset, name: str, tag: str) -> bool | None:
    [column] = [column for column in dataset.columns if column.name == name]
    if tag in column.confirmed | dataset.confirmed | dataset.database_tags:
        return True
    return None if tag in column.suggested | dataset.suggested else False


def _if_one_carries(dataset: Dataset, tag: str) -> Predicate | None:
    carriers = [column for column in dataset.columns if tag in column.confirmed | column.suggested]
    if len(carriers) != 1 or tag not in carriers[0].confirmed:
        return None
    return lambda row, who: _equal(row[carriers[0].name], "Ann")
