"""What taking something away leads to: the state without a source and what is read from it, or without a rule."""

from collections.abc import Collection
from dataclasses import replace

from catalog.errors import PolicyInvalid
from catalog.model import Dataset
from catalog.names import fold, nearest
from policy_engine.live import Live

_NAMED = 3


def without_source(live: Live, name: str, *, with_datasets: bool = False) -> Live:
    """The state without a source; raises PolicyInvalid for one that is not there, or that datasets are read from.

    With its datasets go their columns, tags and verdicts; policies stay.

    Example:
        >>> without_source(Live(sources={"lake": lake}), "LAKE").sources
        {}
    """
    source = live.sources.get(fold(name))
    if source is None:
        near = nearest(name, [each.name for each in live.sources.values()])
        raise PolicyInvalid(
            f"there is no source `{name}`", hint=f"did you mean `{near}`?" if near else "list the sources"
        )
    read = {key: each for key, each in live.datasets.items() if fold(each.source) == fold(source.name)}
    if read and not with_datasets:
        raise PolicyInvalid(
            f"{_read(read.values())} read from the source `{source.name}`",
            hint="take them away with it (`--with-datasets`), or keep it",
        )
    return replace(
        live,
        sources={key: each for key, each in live.sources.items() if each is not source},
        datasets={key: each for key, each in live.datasets.items() if key not in read},
    )


def without_rule(live: Live, name: str) -> Live:
    """The state without a rule; raises PolicyInvalid for one that is not there. What it suggested stays to be judged.

    Example:
        >>> without_rule(Live(rules={"mrn by name": rule}), "MRN by name").rules
        {}
    """
    if fold(name) not in live.rules:
        near = nearest(name, [each.name for each in live.rules.values()])
        raise PolicyInvalid(
            f"there is no rule `{name}` of your own",
            hint=f"did you mean `{near}`?" if near else "list the rules; built-in ones stay",
        )
    return replace(live, rules={key: each for key, each in live.rules.items() if key != fold(name)})


def _read(datasets: Collection[Dataset]) -> str:
    names = [f"`{each.full_name}`" for each in datasets]
    if len(names) <= _NAMED:
        return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}"
    return f"{len(names)} datasets ({', '.join(names[:_NAMED])} and others) are"
