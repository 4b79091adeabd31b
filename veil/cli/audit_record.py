"""`veil audit verify|archive`: proves that the journal is as it was written, and moves its oldest part."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import click

from catalog.errors import SealInvalid, SettingsInvalid
from catalog.journal.archive_files import ArchiveHead, is_archive, read_archive
from catalog.journal.chain import BEFORE_THE_FIRST, Link, Verification, link_of, verify_links
from catalog.journal.event import Event, EventKind
from catalog.journal.seals import RENEWED, Seal, read_seals, refuse_given_up, sealed
from veil.cli.output import Table, format_option, show, show_json
from veil.cli.places import home_option, opened, operator
from veil.cli.printing import echo

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)

_Verify = Callable[[Mapping[int, str]], Verification]


@click.command()
@click.argument("files", type=_FILE, nargs=-1)
@click.option("--seals", "seals_file", type=_FILE, help="Seals to hold exported FILES against.")
@click.option(
    "--key",
    "keys",
    multiple=True,
    help="A public key, in hex, by which seals may be signed; again for each that was in use.",
)
@click.option("--archives", "folder", type=_FOLDER, help="Where the home's archives lie, if they were moved.")
@format_option("table", "json")
@home_option
def verify(
    files: tuple[Path, ...], seals_file: Path | None, keys: tuple[str, ...], folder: Path | None, form: str, home: Path
) -> int:
    """Read the whole chain, of the home and its archives, or of FILES (no home needed); exit 2 at a break.

    FILES are archives and an export, in the order of their events, held against the seals that archives carry
    themselves and those given; the home's journal against its own, or those given. Without `--key` the seals of FILES
    must all be signed by one key, which is told: compare it with the one that you noted. Where the key was renewed,
    name the older and the newer one, and all is verified in one go.

    \b
    Example:
        veil audit verify journal.jsonl --seals seals.jsonl --key 3f0c..
    """
    if files:
        found, signed = _verified(lambda: _seals(files, seals_file, keys), _files(files))
    else:
        with opened(home) as parts:
            book = parts.keeper.book
            found, signed = _verified(
                lambda: read_seals(seals_file, *(keys or book.keys)) if seals_file else book.seals(*keys),
                lambda heads: parts.journal.verify(heads, folder=folder),
            )
            details = {"ok": found.ok, "events": found.count, "seals": len(signed)}
            parts.journal.append(Event(kind=EventKind.AUDIT_VERIFY, user=operator(), details=details))
    if form == "json":
        names = ("ok", "count", "first_break", "what", "head")
        told = {name: getattr(found, name) for name in names}
        by = list(_last_of_each_key(signed))
        show_json(
            {**told, "after": _before(files), "seals": len(signed), "key": by[0] if len(by) == 1 else None, "keys": by}
        )
    elif found.ok:
        echo(f"{found.count:,} events, the chain holds; its head is {found.head}")
        if before := _before(files):
            echo(f"of them 1 to {before:,} are not in these files, and were not looked at; no seal says where files")
            echo(f"begin: had they more events before {before + 1:,} once, these were cut off from their start")
        echo(_sealed_words(signed, found.count))
    elif found.first_break is None:
        echo(f"{found.what}; apart from that the chain of {found.count:,} events holds")
    else:
        echo(f"the chain breaks at event {found.first_break}: {found.what}; {found.count:,} events before it hold")
    return 0 if found.ok else 2


def _files(files: Sequence[Path]) -> _Verify:
    """Verifies files one after the other; the first may be an archive that goes on from an older one."""

    def verify(heads: Mapping[int, str]) -> Verification:
        after, previous = 0, BEFORE_THE_FIRST
        with ExitStack() as opened_files:
            links: list[Iterator[Link]] = []
            for file in files:
                if is_archive(file):
                    head, own = opened_files.enter_context(read_archive(file))
                    if file == files[0]:
                        after, previous = head.first - 1, head.previous_hash
                else:
                    lines = opened_files.enter_context(file.open(encoding="utf-8", errors="surrogateescape"))
                    own = (link_of(line, number) for number, line in enumerate(lines, start=1) if line.strip())
                links.append(own)
            return verify_links(chain(*links), heads, after=after, previous=previous)

    return verify


def _seals(files: Sequence[Path], seals_file: Path | None, keys: tuple[str, ...]) -> tuple[Seal, ...]:
    """The seals that were given and those in the archives, oldest first.

    Raises SealInvalid for a key too many, and for one that signs after it was renewed.
    """
    given = read_seals(seals_file, *keys) if seals_file else ()
    own = [head.seal for head in map(_head_of, filter(is_archive, files))]
    signed = tuple(sorted((*given, *own), key=lambda seal: (seal.count, seal.at)))
    keys = keys or tuple(seal.key for seal in signed[:1])
    if any(seal.key not in keys for seal in signed):
        raise SealInvalid("an archive is sealed with another key", hint=RENEWED)
    refuse_given_up(signed)
    return signed


def _before(files: Sequence[Path]) -> int:
    """How many events lie before those of the files."""
    return _head_of(files[0]).first - 1 if files and is_archive(files[0]) else 0


def _head_of(file: Path) -> ArchiveHead:
    with read_archive(file) as (head, _):
        return head


def _verified(seals: Callable[[], tuple[Seal, ...]], verify: _Verify) -> tuple[Verification, tuple[Seal, ...]]:
    """The chain held against its seals; seals that do not hold themselves are a finding beside it."""
    try:
        signed = seals()
        heads = sealed(signed)
    except SealInvalid as error:
        bare = verify({})
        return (replace(bare, ok=False, what=error.detail) if bare.ok else bare), ()
    return verify(heads), signed


def _sealed_words(signed: tuple[Seal, ...], count: int) -> str:
    if not signed:
        return "no seal was looked at, so a chain written anew, or one whose end is cut off, would not show"
    last, by = signed[-1], _last_of_each_key(signed)
    since = count - last.count
    hold = "1 seal holds" if len(signed) == 1 else f"{len(signed):,} seals hold"
    said = [f"key {key}" + (f" (the last at event {seal.count:,})" if len(by) > 1 else "") for key, seal in by.items()]
    return (
        f"{hold}, signed by {' and '.join(said)}; the last one is of {last.at:%Y-%m-%d %H:%M} UTC, and"
        f" {since:,} events came after it"
    )


def _last_of_each_key(signed: tuple[Seal, ...]) -> Mapping[str, Seal]:
    """The last seal that each key signed, in the order in which the keys came into use."""
    return {seal.key: seal for seal in signed}


@click.command()
@click.option("--before", required=True, help="Archive what happened before this day or time (UTC).")
@click.option("--to", "folder", type=_FOLDER, help="The folder to write to, else as the settings say.")
@format_option("table", "json")
@home_option
def archive(before: str, folder: Path | None, form: str, home: Path) -> None:
    """Move the oldest events of the journal into sealed, compressed files, and keep the chain.

    No event leaves before it has arrived at every sink, and stands in a file that was read again and held.
    `veil audit verify` reads the archives too; keep them where the home's owner cannot write.

    \b
    Example:
        veil audit archive --before 2026-01-01 --to /mnt/archive
    """
    with opened(home) as parts:
        keeper = parts.keeper
        assert keeper.archivist is not None  # a home's keeper has one
        to = folder or keeper.archives
        to.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = tuple(keeper.archivist.archive(moment(before), to, by=operator()))
    rows = tuple((each.first, each.last, str(each.file), each.head) for each in made)
    if form == "json":
        show_json([dict(zip(("first", "last", "file", "head"), row, strict=True)) for row in rows])
        return
    show(Table(columns=("first", "last", "file", "head"), rows=rows), form, empty="no event is that old, and sent")


def moment(text: str) -> datetime:
    """A day or time as people write it, in UTC unless it says otherwise.

    Example:
        >>> moment("2026-03-01").isoformat()
        '2026-03-01T00:00:00+00:00'
    """
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise SettingsInvalid(f"`{text}` is no day or time", hint="write 2026-03-01 or 2026-03-01T12:00") from None
