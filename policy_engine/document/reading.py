"""From files to a document: sections read, doubles refused, references noted."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from catalog import names
from catalog.errors import SettingsInvalid
from policy_engine.document import sections
from policy_engine.document.entries import Entry, items
from policy_engine.document.model import Context, Document
from policy_engine.document.places import Place, Stated, invalid
from policy_engine.document.policies import read_policy
from policy_engine.document.rules import read_rules
from policy_engine.document.tests import read_tests
from policy_engine.document.tree import WHOLE_ESTATE, Node, Scalar, Size, parse
from policy_engine.model import Policy

SECTIONS = ("veil", "sources", "databases", "datasets", "tags", "rules", "roles", "users", "policies", "tests")
_SUFFIXES = frozenset({".yaml", ".yml"})
T = TypeVar("T")


def load(paths: Iterable[Path]) -> Document:
    """The document that files, or all YAML files below folders, state together.

    Example:
        load([Path("policies/")])
    """
    files = [file for path in paths for file in _files(path)]
    return _joined([_read(_text(file), file=file.name, folder=file.parent) for file in dict.fromkeys(files)])


def loads(text: str, *, file: str = "document", folder: Path | None = None, most: Size = WHOLE_ESTATE) -> Document:
    """The document that a text states, of no more than `most`; relative source paths are taken from `folder`."""
    return _joined([_read(text, file=file, folder=folder or Path.cwd(), most=most)])


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise SettingsInvalid(f"there is no file or folder `{path}`", hint="name a YAML file, or a folder of them")
    found = sorted(file for file in path.rglob("*") if file.suffix in _SUFFIXES and file.is_file())
    if not found:
        raise SettingsInvalid(f"the folder `{path}` holds no document", hint="documents end in .yaml or .yml")
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise invalid(Place(file=file.name), "the file is not UTF-8 text") from None
    except OSError as error:
        raise SettingsInvalid(f"the file `{file}` cannot be read: {error.strerror}") from None


def _read(text: str, *, file: str, folder: Path, most: Size = WHOLE_ESTATE) -> Document:
    node = parse(text, file=file, most=most)
    if node is None:
        raise invalid(Place(file=file), "the file says nothing", hint="a document begins with `veil: 1`")
    entry = Entry.of(node, "a document", SECTIONS)
    _check_version(entry)
    absent = Scalar(text="", kind="null", place=node.place)
    nodes = {section: entry.nodes.get(section, absent) for section in SECTIONS}
    context = Context(folder=folder.resolve())
    return Document(
        sources=tuple(sections.read_sources(nodes["sources"], context)),
        databases=tuple(sections.read_databases(nodes["databases"], context)),
        datasets=tuple(sections.read_datasets(nodes["datasets"], context)),
        tags=tuple(sections.read_tags(nodes["tags"], context)),
        rules=tuple(read_rules(nodes["rules"], context)),
        roles=tuple(sections.read_roles(nodes["roles"], context)),
        users=tuple(sections.read_users(nodes["users"], context)),
        policies=tuple(_policies(nodes["policies"], context)),
        tests=tuple(read_tests(nodes["tests"])),
        references=tuple(context.references),
    )


def _policies(node: Node, context: Context) -> Iterator[Stated[Policy]]:
    for item in items(node, "a list of policies"):
        yield read_policy(item, context)


def _check_version(entry: Entry) -> None:
    node = entry.nodes.get("veil")
    if node is None:
        raise invalid(entry.place, "has no `veil`", hint="a document begins with `veil: 1`")
    if not isinstance(node, Scalar) or node.text != "1":
        raise invalid(node.place, "must be 1, the version of this vocabulary", hint="write `veil: 1`")


def _joined(documents: list[Document]) -> Document:
    """All files as one document, in which nothing is stated twice."""
    return Document(
        sources=_once("source", ((s.value.name, s) for d in documents for s in d.sources)),
        databases=_once("database", ((s.value.name, s) for d in documents for s in d.databases)),
        datasets=_once("dataset", ((s.value.full_name, s) for d in documents for s in d.datasets)),
        tags=_once("tag", ((s.value.name, s) for d in documents for s in d.tags)),
        rules=_once("rule", ((s.value.name, s) for d in documents for s in d.rules)),
        roles=_once("role", ((s.value.name, s) for d in documents for s in d.roles)),
        users=_once("user", ((s.value.name, s) for d in documents for s in d.users)),
        policies=_once("policy", ((s.value.id, s) for d in documents for s in d.policies)),
        tests=tuple(test for document in documents for test in document.tests),
        references=tuple(reference for document in documents for reference in document.references),
    )


def _once(kind: str, stated: Iterable[tuple[str, Stated[T]]]) -> tuple[Stated[T], ...]:
    known: dict[str, Place] = {}
    kept: list[Stated[T]] = []
    for name, statement in stated:
        earlier = known.get(names.fold(name))
        if earlier is not None:
            problem = f"states the {kind} `{name}` a second time"
            raise invalid(statement.place, problem, hint=f"the first is in {earlier.file}, line {earlier.line}")
        known[names.fold(name)] = statement.place
        kept.append(statement)
    return tuple(kept)
