"""A crawl is a run: it is cancelled, broken off, carried on, passes by what has not changed, and locks nobody out."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.crawl_runs import CrawlRuns, RunState
from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import SettingsInvalid, SourceUnavailable
from catalog.journal.event import EventKind, Verdict
from catalog.journal.journal import Journal
from catalog.model import Database, Field, Source, Tag, TagRule
from catalog.tags import Tags
from crawler.crawl import Conduct, ask_for, carry_on, crawl
from crawler.politeness import Politeness
from crawler.report import CrawlReport, Progress
from crawler.run import fields_of

FILES = 6


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"t{number}.csv").write_text(f"id,email,k{number}\n1,a@example.org,x\n2,b@example.org,y\n")
    return folder


@pytest.fixture
def catalog(tmp_path: Path, data: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalog.db") as catalog:
        datasets = Datasets(catalog)
        datasets.put_source(Source(name="lake", connector="files", options={"path": str(data)}))
        datasets.put_database(Database(name="d"))
        yield catalog


class Watch:
    """Sees which relations are come to, and stops after some of them."""

    def __init__(self, most: int = 1_000) -> None:
        self.seen: list[str] = []
        self.most = most

    def __call__(self, progress: Progress) -> None:
        self.seen.append(progress.relation)

    def is_enough(self) -> bool:
        return len(self.seen) >= self.most


def again(catalog: Catalog, *, is_full: bool = False) -> tuple[CrawlReport, int]:
    """A crawl, and how many relations it sampled."""
    runs = CrawlRuns(catalog)
    report = crawl(catalog, "lake", into="d", by="ada", is_full=is_full)
    return report, sum(bool(item.datasets) for item in runs.items(report.run))


def test_what_has_not_changed_is_not_looked_at_again(catalog: Catalog, data: Path) -> None:
    first, looked = again(catalog)
    assert (len(first.new), looked) == (FILES, FILES)
    second, looked = again(catalog)
    assert (len(second.unchanged), looked) == (FILES, 0)
    (data / "t0.csv").write_text("id,email,phone\n1,a@example.org,x\n")
    third, looked = again(catalog)
    assert (third.changed, looked) == (("d.t0",), 1)


def test_what_is_passed_by_is_told_with_its_columns_and_tags(catalog: Catalog) -> None:
    first, _ = again(catalog)
    Tags(catalog).confirm("d.t0", ("email",), "pii.email_address", by="eve")
    Tags(catalog).reject("d.t5", ("email",), "pii.email_address", by="eve")
    second, _ = again(catalog)
    assert [each.fields for each in second.crawled] == [each.fields for each in first.crawled]
    assert [[tag.tag for tag in each.suggestions] for each in second.crawled] == [*[["pii.email_address"]] * 5, []]


def test_a_rule_a_word_a_removed_tag_and_a_full_crawl_make_it_look_again(catalog: Catalog, tmp_path: Path) -> None:
    again(catalog)
    tags, words = Tags(catalog), tmp_path / "words.txt"
    tags.put_tag(Tag(name="acme.k"))
    words.write_text("y\n")
    tags.put_rule(TagRule(name="k", tag="acme.k", words_file=str(words), min_rows=1, min_match=1.0))
    assert again(catalog)[1] == FILES
    assert again(catalog)[1] == 0
    words.write_text("x\ny\n")
    assert again(catalog)[1] == FILES
    tags.remove("d.t1", ("k1",), "acme.k")
    assert again(catalog)[1] == 1
    assert [each.path for each in tags.assignments("d.t1", tag="acme.k")] == [("k1",)]
    assert again(catalog, is_full=True)[0].unchanged == tuple(f"d.t{number}" for number in range(FILES))


def test_a_dataset_that_was_never_looked_at_is_not_passed_by(catalog: Catalog) -> None:
    again(catalog)
    fields = (Field(name="id", type="BIGINT"), Field(name="email", type="VARCHAR"), Field(name="k0", type="VARCHAR"))
    Datasets(catalog).register("d", "twin", "lake", "t0.csv", fields)
    again(catalog)
    assert [each.tag for each in Tags(catalog).assignments("d.twin")] == ["pii.email_address"]


def test_a_run_that_left_off_goes_on_with_what_is_left(catalog: Catalog) -> None:
    watch, runs = Watch(2), CrawlRuns(catalog)
    run = ask_for(catalog, "lake", into="d", by="ada")
    report = carry_on(catalog, run, conduct=Conduct(on_progress=watch, should_leave=watch.is_enough))
    assert report.is_stopped
    assert (runs.run(run.id).state, runs.run(run.id).done, runs.run(run.id).total) == (RunState.PAUSED, 2, FILES)
    [left] = runs.unfinished("LAKE")
    rest = Watch()
    report = carry_on(catalog, left, conduct=Conduct(on_progress=rest))
    assert watch.seen + rest.seen == [f"t{number}.csv" for number in range(FILES)]
    assert report.new == tuple(f"d.t{number}" for number in range(FILES))
    assert runs.unfinished() == ()
    begins = Journal(catalog).search(kind=EventKind.CRAWL_BEGIN)
    assert [event.details["resumed"] for event in begins] == [True, False]


def test_a_run_is_cancelled_from_elsewhere_and_is_over_then(catalog: Catalog) -> None:
    runs = CrawlRuns(catalog)
    run = ask_for(catalog, "lake", into="d", by="ada")

    def cancel(progress: Progress) -> None:
        if progress.done == 1:
            assert runs.cancel(run.id).state is RunState.RUNNING

    report = carry_on(catalog, run, conduct=Conduct(on_progress=cancel))
    assert (len(report.new), report.is_stopped) == (2, True)
    assert runs.run(run.id).state is RunState.CANCELLED
    assert Journal(catalog).search(kind=EventKind.CRAWL_END)[0].verdict is Verdict.CANCEL
    with pytest.raises(SettingsInvalid, match="is over"):
        carry_on(catalog, run)
    waiting = ask_for(catalog, "lake", into="d", by="ada")
    assert runs.cancel(waiting.id).state is RunState.CANCELLED
    with pytest.raises(SettingsInvalid, match="no crawl 99"):
        runs.cancel(99)


def test_a_source_is_crawled_by_one_at_a_time(catalog: Catalog) -> None:
    refused: list[str] = []

    def meanwhile(progress: Progress) -> None:
        if not refused:
            with pytest.raises(SettingsInvalid, match="being crawled already") as caught:
                crawl(catalog, "LAKE", by="eve")
            refused.append(str(caught.value))

    crawl(catalog, "lake", into="d", by="ada", conduct=Conduct(on_progress=meanwhile))
    assert refused


@pytest.mark.parametrize(
    ("politeness", "why"),
    [(Politeness(most_bytes=1), "1 bytes"), (Politeness(most_seconds=1e-9), "seconds")],
)
def test_a_limit_pauses_a_run_and_says_which(catalog: Catalog, politeness: Politeness, why: str) -> None:
    report = crawl(catalog, "lake", into="d", by="ada", conduct=Conduct(politeness=politeness))
    run = CrawlRuns(catalog).run(report.run)
    assert run.state is RunState.PAUSED
    assert why in run.problem
    assert run.done < FILES


def test_a_source_that_cannot_be_reached_is_a_failed_run(catalog: Catalog, data: Path) -> None:
    for file in data.iterdir():
        file.unlink()
    data.rmdir()
    with pytest.raises(SourceUnavailable):
        crawl(catalog, "lake", into="d", by="ada")
    [run] = CrawlRuns(catalog).runs()
    assert run.state is RunState.FAILED
    assert "cannot be found" in run.problem


def test_others_read_and_write_while_a_crawl_goes_on(catalog: Catalog, data: Path, tmp_path: Path) -> None:
    for number in range(60):
        (data / f"more{number}.csv").write_text("id,name\n1,x\n")
    is_over, written, trouble = threading.Event(), list[int](), list[BaseException]()

    def others() -> None:
        try:
            with Catalog(tmp_path / "catalog.db", busy_seconds=20) as other:
                while not is_over.wait(0.005):
                    Datasets(other).put_database(Database(name="busy", comment=str(len(written))))
                    written.append(len(Datasets(other).sources()))
        except BaseException as error:
            trouble.append(error)

    writer = threading.Thread(target=others)
    writer.start()
    try:
        report = crawl(catalog, "lake", into="d", by="ada")
    finally:
        is_over.set()
        writer.join(60)
    assert trouble == []
    assert len(report.new) == FILES + 60
    assert len(written) > 5


def test_no_transaction_is_open_while_a_source_is_read(catalog: Catalog) -> None:
    open_: list[bool] = []
    conduct = Conduct(on_progress=lambda progress: open_.append(catalog.is_in_transaction))
    crawl(catalog, "lake", into="d", by="ada", conduct=conduct)
    assert open_ == [False] * FILES


def test_fields_are_put_together_again(catalog: Catalog) -> None:
    phone = Field(name="phone", type="VARCHAR")
    fields = (Field(name="a", type="INT"), Field(name="contact", type="STRUCT(phone VARCHAR)", fields=(phone,)))
    Datasets(catalog).register("d", "nested", "lake", "n", fields)
    found = Datasets(catalog).dataset("d", "nested")
    assert found is not None
    assert fields_of(found) == fields


def test_what_is_passed_over_is_told_and_counts_as_no_relation(catalog: Catalog, data: Path) -> None:
    (data / "notes.txt").write_text("a table, perhaps")
    (data / "sub").mkdir()
    (data / "sub" / "old.xls").write_bytes(b"x")
    (data / ".hidden").write_text("x")
    (data / "_SUCCESS").write_text("")
    (data / "away.csv").symlink_to("/etc/hostname")
    report, looked_at = again(catalog)
    assert looked_at == FILES
    told = {each.relation: each.reason for each in report.passed}
    assert told.keys() == {"notes.txt", "sub/old.xls", "away.csv"}
    assert "does not say how it is written" in told["notes.txt"]
    assert "leads out of the source" in told["away.csv"]
    run = CrawlRuns(catalog).run(report.run)
    assert (run.total, run.done, run.counts["passed"]) == (FILES, FILES, 3)
    [event] = Journal(catalog).search(kind=EventKind.CRAWL_END)
    assert event.details["passed"] == 3
    assert [each.relation for each in crawl(catalog, "lake", path="sub", by="ada").passed] == ["sub/old.xls"]


def test_of_very_many_files_the_first_are_told(catalog: Catalog, data: Path) -> None:
    for number in range(1_003):
        (data / f"{number:04}.log").touch()
    passed = again(catalog)[0].passed
    assert (len(passed), passed[-2].relation, passed[-1].relation) == (1_001, "0999.log", "…")
    assert "more than 1,000" in passed[-1].reason
