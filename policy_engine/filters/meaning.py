"""What a row filter asks for, found out once for each text: columns, tags, facts about who asks, other datasets."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from catalog import names
from catalog.lookup import tag_name
from catalog.remembered import remembered
from policy_engine.filters.grammar import lookups, path_of, read, references

Path = tuple[str, ...]
Fact = tuple[str, str]
"""A function about who asks, by name and argument."""

_FACTS = frozenset({"user_attribute", "has_role", "in_group", "now", "purpose"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupUse:
    """One lookup: the dataset it reads, the column it compares with, and every column it names.

    `compared` is the column outside that is looked up, empty when it is no plain column.
    """

    database: str
    dataset: str
    column: Path
    paths: tuple[Path, ...]
    compared: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """All that must be known before the filter can be judged.

    `carriers` are tags whose column is meant; `tagged` are questions whether a column carries a tag; `kinds` are
    those of the tree's parts.
    """

    tree: exp.Expr
    paths: tuple[Path, ...]
    lookups: tuple[LookupUse, ...]
    facts: tuple[Fact, ...]
    carriers: tuple[str, ...]
    tagged: tuple[tuple[Path, str], ...]
    kinds: frozenset[type[exp.Expr]]

    def has(self, *kinds: type[exp.Expr]) -> bool:
        """Whether the filter has a part of any of these very kinds."""
        return not self.kinds.isdisjoint(kinds)

    @property
    def asks_tags(self) -> tuple[str, ...]:
        """The tags that the filter names."""
        return tuple(dict.fromkeys((*self.carriers, *(tag for _, tag in self.tagged))))


@remembered(1024)
def meaning(text: str) -> Meaning:
    """What a filter's text asks for; raises PolicyInvalid when it is no filter."""
    tree = read(text)
    for node in tree.walk():
        node._meta = None  # where it stands in the text; the tree is copied for each person, and this takes most of it
    calls = [node for node in tree.find_all(exp.Anonymous) if isinstance(node.this, str)]
    return Meaning(
        tree=tree,
        paths=tuple(dict.fromkeys(path_of(node) for node in references(tree))),
        lookups=tuple(_lookup(select) for select in lookups(tree)),
        facts=tuple(dict.fromkeys(_facts(tree))),
        carriers=tuple(dict.fromkeys(carrier(node) for node in calls if _name(node) == "columns_with_attribute")),
        tagged=tuple(dict.fromkeys(question(node) for node in calls if _name(node) == "has_tag")),
        kinds=frozenset(map(type, tree.walk())),
    )


def fact(node: exp.Expr) -> Fact | None:
    """The fact about who asks, or when, that a node stands for; None when it is none."""
    if isinstance(node, exp.CurrentUser):
        return "current_user", ""
    if isinstance(node, exp.CurrentTimestamp):
        return "now", ""
    if isinstance(node, exp.CurrentDate):
        return "today", ""
    if not isinstance(node, exp.Anonymous) or _name(node) not in _FACTS:
        return None
    return _name(node), str(node.expressions[0].this) if node.expressions else ""


def carrier(node: exp.Expr) -> str:
    """The tag whose column `columns_with_attribute('..')` means."""
    return tag_name(str(node.expressions[0].this))


def question(node: exp.Expr) -> tuple[Path, str]:
    """The column and the tag of `has_tag(.., '..')`."""
    column, tag = node.expressions
    path = path_of(column) or names.split(str(column.this)) or (str(column.this),)
    return path, tag_name(str(tag.this))


def _facts(tree: exp.Expr) -> Iterator[Fact]:
    for node in tree.find_all(exp.Anonymous, exp.CurrentUser, exp.CurrentTimestamp, exp.CurrentDate):
        if (found := fact(node)) is not None:
            yield found


def _lookup(select: exp.Select) -> LookupUse:
    table = select.args["from_"].this
    compared = select.find_ancestor(exp.In)
    assert compared is not None
    return LookupUse(
        database=table.args["db"].name,
        dataset=table.name,
        column=path_of(select.expressions[0]),
        paths=tuple(dict.fromkeys(path_of(node) for node in references(select))),
        compared=path_of(compared.this),
    )


def _name(node: exp.Expr) -> str:
    return str(node.this).lower()
