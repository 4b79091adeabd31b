"""Files and objects of one source are read as all of them stood at once, whenever somebody writes to them meanwhile.

What is written is at every moment such that a policy filters the row out.
"""

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import fastavro
import openpyxl
import pyarrow as pa
import pytest

from catalog.sources.connector import Expected, Scan
from catalog.sources.engine import EngineSession
from catalog.sources.files import s3_bucket
from catalog.sources.files.connector import FilesConnector
from catalog.sources.files.s3_bucket import S3Bucket
from catalog.sources.files.s3_looks import LISTING
from catalog.sources.sessions import SessionCache
from tests.proxy.world import governed
from tests.s3_server import S3Server, s3_server

DOCUMENT = """
veil: 1
sources: {data: SOURCE}
databases: {shop: {}}
datasets:
  shop.new: {source: data, relation: NEW}
  shop.other: {source: data, relation: other.csv}
  shop.blocked: {source: data, relation: BLOCKED}
roles: {analyst: {groups: [analysts]}}
policies:
  - policy: some
    grant: select
    to: [analyst]
    scope: shop
    where: not id in (select id from shop.blocked)
    why: a test
"""
SECRET = "SÉCRET"
FIRST_THE_LIST = "select n.* from shop.other o, shop.new n"
FIRST_THE_ROWS = "select * from shop.new"

Put = Callable[[str, bytes], None]


def csv(*rows: tuple[int, str], encoding: str = "utf-8") -> bytes:
    return "".join(f"{id},{note}\n" for id, note in (("id", "note"), *rows)).encode(encoding)


def latin(*rows: tuple[int, str]) -> bytes:
    return csv(*rows, (99, "é"), encoding="latin-1")


def excel(*rows: tuple[int, str]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Sheet")
    for row in (("id", "note"), *rows):
        sheet.append(row)
    book.save(written := io.BytesIO())
    return written.getvalue()


def avro(*rows: tuple[int, str]) -> bytes:
    fields = [{"name": "id", "type": "long"}, {"name": "note", "type": "string"}]
    records = [{"id": id, "note": note} for id, note in rows]
    fastavro.writer(written := io.BytesIO(), {"type": "record", "name": "r", "fields": fields}, records)
    return written.getvalue()


MADE = {"csv": csv, "xlsx": excel, "avro": avro, "latin-1": latin}
"""How files of a kind are made; `latin-1` is a CSV."""


class Shop:
    """The rows, and the list of those that nobody may see, each of a kind; of `parts` there is more than one file."""

    def __init__(self, put: Put, source: str, *, rows: str, blocked: str, parts: bool = False) -> None:
        self._put, self._source, self._parts = put, source, parts
        self._rows, self._blocked = rows, blocked

    def new(self, *ids: int) -> None:
        self._written("new", self._rows, ids)

    def blocked(self, *ids: int) -> None:
        if not self._parts:
            self._written("blocked", self._blocked, ids)
        for id in ids if self._parts else ():
            self._put(f"blocked/part-{id}.csv", csv((id, "x")))

    def begin(self) -> str:
        self._put("other.csv", csv((1, "x")))
        list_of = "blocked" if self._parts else f"blocked.{_ending(self._blocked)}"
        source = self._source.replace("}", ", encoding: latin-1}" if "latin-1" in (self._rows, self._blocked) else "}")
        made = DOCUMENT.replace("SOURCE", source).replace("BLOCKED", list_of)
        return made.replace("NEW", f"new.{_ending(self._rows)}")

    def _written(self, name: str, kind: str, ids: tuple[int, ...]) -> None:
        rows = [(id, SECRET if id == 5 else "x") for id in ids]
        self._put(f"{name}.{_ending(kind).removesuffix('/Sheet')}", MADE[kind](*rows))


def _ending(kind: str) -> str:
    return {"xlsx": "xlsx/Sheet", "latin-1": "csv"}.get(kind, kind)


def replaced(folder: Path) -> Put:
    """Puts a new file in the place of another."""

    def put(name: str, body: bytes) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / ".written").write_bytes(body)
        os.replace(folder / ".written", folder / name)

    return put


@pytest.fixture
def after_a_scan(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Has something done once, when the first relation besides `other` has been scanned."""

    def after(do: Callable[[], None]) -> None:
        scan, left = FilesConnector.scan, [do]

        def scanned(self: FilesConnector, expected: Expected) -> Scan:
            found = scan(self, expected)
            if left and expected.relation != "other.csv":
                left.pop()()
            return found

        monkeypatch.setattr(FilesConnector, "scan", scanned)

    return after


def outcome(folder: Path, shop: Shop, text: str, after: Callable[[Callable[[], None]], None]) -> tuple[object, ...]:
    """What is answered while somebody writes the right first and the row after it, or takes them away in turn."""
    document = shop.begin()
    is_forwards = text == FIRST_THE_LIST
    shop.new(*([1] if is_forwards else [1, 5]))
    shop.blocked(*([6] if is_forwards else [5, 6]))

    def write() -> None:
        if is_forwards:
            shop.blocked(5, 6)
            shop.new(1, 5)
        else:
            shop.new(1)
            shop.blocked(6)

    (folder / "home").mkdir()
    with governed(folder / "home", document) as world:
        after(write)
        return world.outcome(text)


@pytest.mark.parametrize("text", [FIRST_THE_LIST, FIRST_THE_ROWS])
@pytest.mark.parametrize("rows", MADE)
@pytest.mark.parametrize("blocked", MADE)
def test_files_are_read_as_they_stood_at_once(
    tmp_path: Path, text: str, rows: str, blocked: str, after_a_scan: Callable[[Callable[[], None]], None]
) -> None:
    put = replaced(tmp_path / "data")
    shop = Shop(put, f"{{connector: files, path: {tmp_path / 'data'}}}", rows=rows, blocked=blocked)
    told = outcome(tmp_path, shop, text, after_a_scan)
    assert told[0] == "rows", told
    assert SECRET not in str(told)


def test_a_file_that_comes_into_a_folder_is_seen_with_what_came_after_it(
    tmp_path: Path, after_a_scan: Callable[[Callable[[], None]], None]
) -> None:
    put = replaced(tmp_path / "data")
    shop = Shop(put, f"{{connector: files, path: {tmp_path / 'data'}}}", rows="csv", blocked="csv", parts=True)
    told = outcome(tmp_path, shop, FIRST_THE_LIST, after_a_scan)
    assert told[0] == "rows", told
    assert SECRET not in str(told)


@pytest.mark.parametrize("blocked", MADE)
def test_a_query_whose_files_change_before_its_end_is_refused(
    tmp_path: Path, blocked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(
        replaced(tmp_path / "data"),
        f"{{connector: files, path: {tmp_path / 'data'}}}",
        rows="csv",
        blocked=blocked,
    )
    document = shop.begin()
    shop.new(1)
    shop.blocked(6)
    (tmp_path / "home").mkdir()
    open_ = SessionCache.open

    def opened(*arguments: object) -> EngineSession:
        session = open_(*arguments)  # type: ignore[arg-type]
        shop.blocked(5, 6)
        return session

    with governed(tmp_path / "home", document) as world:
        assert world.outcome("select count(*) from shop.new")[0] == "rows"
        with monkeypatch.context() as patch:
            patch.setattr(SessionCache, "open", opened)
            told = world.outcome(FIRST_THE_ROWS)
        assert told[:2] == ("error", "source_unavailable")
        assert world.outcome(FIRST_THE_ROWS)[0] == "rows"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
def lake(server: S3Server, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Put, str]:
    """What writes to a bucket below a prefix of this test's own, and how a document names it."""
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    prefix = "".join(letter if letter.isalnum() else "_" for letter in request.node.name)
    options = server.options(prefix)
    source = ", ".join(f"{name}: '{value}'" for name, value in options.items())
    return lambda name, body: server.put(f"{prefix}/{name}", body), f"{{connector: files, {source}}}"


@pytest.mark.parametrize("text", [FIRST_THE_LIST, FIRST_THE_ROWS])
@pytest.mark.parametrize("parts", [False, True])
def test_objects_are_read_as_they_stood_at_once(
    tmp_path: Path,
    lake: tuple[Put, str],
    text: str,
    parts: bool,
    after_a_scan: Callable[[Callable[[], None]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(s3_bucket, "_FRESH_SECONDS", 0)  # as when a copy takes longer than a listing is used
    told = outcome(tmp_path, Shop(*lake, rows="csv", blocked="csv", parts=parts), text, after_a_scan)
    assert told[0] == "rows", told
    assert SECRET not in str(told)


@pytest.fixture
def listings(monkeypatch: pytest.MonkeyPatch) -> list[pa.Table]:
    """What buckets have been listed as, which is taken for fresh however old it is."""
    monkeypatch.setattr(s3_bucket, "_FRESH_SECONDS", 600)
    found, look = [], S3Bucket._looked

    def looked(self: S3Bucket, *arguments: object, **named: object) -> pa.Table:
        table = look(self, *arguments, **named)  # type: ignore[arg-type]
        if table.schema == LISTING:
            found.append(table)
        return table

    monkeypatch.setattr(S3Bucket, "_looked", looked)
    return found


def test_pages_of_a_listing_are_not_taken_for_one_moment(
    tmp_path: Path, lake: tuple[Put, str], monkeypatch: pytest.MonkeyPatch, listings: list[pa.Table]
) -> None:
    shop = Shop(*lake, rows="csv", blocked="csv")
    document, look = shop.begin(), S3Bucket._looked
    shop.new(1)
    shop.blocked(6)

    def looked(self: S3Bucket, *arguments: object, **named: object) -> pa.Table:
        """The first page is of before the writing, and the second one of after it."""
        table = look(self, *arguments, **named)  # type: ignore[arg-type]
        if len(listings) == 1 and table.schema == LISTING:
            shop.blocked(5, 6)
            shop.new(1, 5)
            later = look(self, *arguments, **named)  # type: ignore[arg-type]
            rows = table.to_pylist()[:1] + [{**row, "page": 2} for row in later.to_pylist()[1:]]
            assert "blocked" in rows[0]["path"]
            return pa.Table.from_pylist(rows, LISTING)
        return table

    (tmp_path / "home").mkdir()
    with governed(tmp_path / "home", document) as world:
        listings.clear()  # of those who stated the datasets
        monkeypatch.setattr(S3Bucket, "_looked", looked)
        told = world.outcome(FIRST_THE_LIST)
    assert told[0] == "rows", told
    assert SECRET not in str(told)
    assert len(listings) == 3


def test_a_bucket_of_one_page_is_listed_once_for_all_relations(
    tmp_path: Path, lake: tuple[Put, str], listings: list[pa.Table]
) -> None:
    shop = Shop(*lake, rows="csv", blocked="csv", parts=True)
    document = shop.begin()
    shop.new(1)
    shop.blocked(5, 6)
    (tmp_path / "home").mkdir()
    with governed(tmp_path / "home", document) as world:
        listings.clear()
        for text in (FIRST_THE_LIST, FIRST_THE_ROWS, FIRST_THE_LIST):
            assert world.outcome(text)[0] == "rows"
    assert len(listings) == 1
    assert set(listings[0]["page"].to_pylist()) == {1}
