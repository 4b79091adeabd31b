"""Governed relations as people read them: in datasets' own names, and briefly without any name that is hidden."""

from dataclasses import replace

from catalog.model import Dataset
from catalog.names import fold, quoted
from policy_engine.model import ROW
from policy_engine.transforms.keys import KeyRing
from proxy.rewriting.governing import as_told
from proxy.rewriting.placed import Placed
from proxy.rewriting.secure import Governed
from proxy.rewriting.unnamed import UNNAMED, hidden_paths, unnamed


def own_name(dataset: Dataset) -> str:
    """What people call a dataset, as SQL."""
    return f"{quoted(dataset.database)}.{quoted(dataset.name)}"


def in_words(item: Placed, relation: Governed, sql: str) -> str:
    """The governed relation with datasets' own names in place of physical ones, which nobody can guess."""
    if item.content is not None:
        return own_name(item.decision.dataset)
    text = sql.replace(quoted(item.physical), own_name(item.decision.dataset))
    for column, words in relation.words.items():
        text = text.replace(column, words)
    for lookup in item.decision.lookups:
        text = text.replace(quoted(item.lookups[lookup.name]), own_name(lookup.dataset))
    return text


def told_briefly(item: Placed, keys: KeyRing) -> str:
    """The relation in words that name no hidden column, as which no cell that its source works out tells one; a column
    that is clear but for hidden fields stands there as it would without them.
    """
    if item.content is not None:
        return own_name(item.decision.dataset)
    hidden, relation = hidden_paths(item.decision), as_told(item, keys)
    cells = [each for each in relation.cells if any((fold(name),) in hidden for name in each.columns)]
    untold = {f"{quoted(ROW)}.{quoted(cell.name)}": f"{UNNAMED} /* at the source */" for cell in cells}
    words = replace(relation, words={**relation.words, **untold})
    return unnamed(in_words(item, words, relation.sql), hidden)
