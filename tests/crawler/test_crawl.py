"""A crawl registers and suggests; a second one tells new, changed and gone, and respects every human verdict."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import PolicyInvalid, SettingsInvalid
from catalog.journal.event import EventKind, Verdict
from catalog.journal.journal import Journal
from catalog.model import Database, Source, Tag, TagRule, TagState
from catalog.tag_assignments import Choice, TagAssignments
from catalog.tags import Tags
from crawler.crawl import Conduct, crawl, crawl_folder
from crawler.report import CrawlReport, Progress, columns_found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "costs.csv").write_text("id,mrn,phone,age\n1,A7,555-123-4567,41\n2,B8,555-123-4568,42\n")
    (folder / "wards.csv").write_text("ward,beds\nnorth,12\n")
    return folder


@pytest.fixture
def catalog(tmp_path: Path, data: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalog.db") as catalog:
        datasets, tags = Datasets(catalog), Tags(catalog)
        datasets.put_source(Source(name="lake", connector="files", options={"path": str(data)}))
        datasets.put_database(Database(name="clinic"))
        tags.put_tag(Tag(name="phi.phone_number"))
        tags.put_rule(TagRule(name="phone by name", tag="phi.phone_number", column_name="phone"))
        yield catalog


def into_clinic(catalog: Catalog) -> CrawlReport:
    return crawl(catalog, "lake", into="clinic", by="ada")


def suggested(catalog: Catalog, dataset: str = "costs") -> dict[str, set[str]]:
    found = Datasets(catalog).dataset("clinic", dataset)
    assert found is not None
    return {column.name: set(column.suggested) for column in found.columns if column.suggested}


def test_first_crawl_registers_and_suggests(catalog: Catalog) -> None:
    report = into_clinic(catalog)
    assert report.new == ("clinic.costs", "clinic.wards")
    assert report.failed == ()
    assert suggested(catalog) == {
        "mrn": {"phi.mrn"},
        "phone": {"phi.phone_number", "pii.phone_number"},
        "age": {"qi.age"},
    }
    tag = Tags(catalog).tag("phi.mrn")
    assert tag is not None
    assert tag.comment == "medical record number"


def test_crawl_without_a_database_only_tells(catalog: Catalog) -> None:
    report = crawl(catalog, "lake", by="ada")
    assert report.found == ("costs", "wards")
    assert Datasets(catalog).datasets() == ()
    assert report.suggestion_count == 4


def test_second_crawl_tells_new_changed_gone_and_unchanged(catalog: Catalog, data: Path) -> None:
    into_clinic(catalog)
    assert into_clinic(catalog).unchanged == ("clinic.costs", "clinic.wards")
    (data / "costs.csv").write_text("id,mrn,mobile\n1,A7,555-123-4567\n")
    (data / "wards.csv").unlink()
    (data / "extra.csv").write_text("a\n1\n")
    report = into_clinic(catalog)
    assert (report.new, report.changed, report.gone) == (("clinic.extra",), ("clinic.costs",), ("clinic.wards",))
    assert Datasets(catalog).dataset("clinic", "wards") is not None
    # what is new where tagged columns have gone may be any of them
    assert suggested(catalog) == {"mrn": {"phi.mrn"}, "mobile": {"pii.phone_number", "phi.phone_number", "qi.age"}}


def test_human_verdicts_are_never_overwritten(catalog: Catalog) -> None:
    into_clinic(catalog)
    tags = Tags(catalog)
    tags.reject("clinic.costs", ("phone",), "pii.phone_number", by="eve")
    tags.confirm("clinic.costs", ("mrn",), "phi.mrn", by="eve")
    report = crawl(catalog, "lake", into="clinic", is_full=True, by="ada")
    [costs] = [each for each in report.crawled if each.name == "clinic.costs"]
    assert {(each.path, each.tag) for each in costs.suggestions} == {
        (("age",), "qi.age"),
        (("mrn",), "phi.mrn"),
        (("phone",), "phi.phone_number"),
    }
    states = {(each.path, each.tag): each.state for each in tags.assignments("clinic.costs")}
    assert states == {
        (("age",), "qi.age"): TagState.SUGGESTED,
        (("mrn",), "phi.mrn"): TagState.CONFIRMED,
        (("phone",), "phi.phone_number"): TagState.SUGGESTED,
        (("phone",), "pii.phone_number"): TagState.REJECTED,
    }


def test_a_column_that_a_crawl_saw_gone_is_judged_anew(catalog: Catalog, data: Path) -> None:
    into_clinic(catalog)
    Tags(catalog).reject("clinic.costs", ("phone",), "phi.phone_number", by="ada")
    whole = (data / "costs.csv").read_text()
    (data / "costs.csv").unlink()
    assert into_clinic(catalog).gone == ("clinic.costs",)
    (data / "costs.csv").write_text(whole)
    into_clinic(catalog)
    assert suggested(catalog)["phone"] == {"pii.phone_number"}
    (data / "costs.csv").write_text("id\n1\n")
    into_clinic(catalog)
    (data / "costs.csv").write_text(whole)
    into_clinic(catalog)
    assert suggested(catalog)["phone"] == {"phi.phone_number", "pii.phone_number"}


def missing(catalog: Catalog) -> dict[str, bool]:
    """The suggested tags of a dataset, and whether they are found no longer."""
    found = Tags(catalog).assignments("clinic.costs", state=TagState.SUGGESTED)
    return {each.tag: each.missing_since is not None for each in found}


def test_what_is_found_no_longer_is_marked_and_still_protects(catalog: Catalog, data: Path) -> None:
    into_clinic(catalog)
    whole = (data / "costs.csv").read_text()
    assert not any(missing(catalog).values())
    (data / "costs.csv").write_text(whole.replace("41", "red and old").replace("42", "blue and new"))
    into_clinic(catalog)
    assert {tag for tag, is_missing in missing(catalog).items() if is_missing} == {"qi.age"}
    assert suggested(catalog)["age"] == {"qi.age"}
    [gone] = TagAssignments(catalog).listed(Choice(search="no longer found"))
    assert gone.assignment.told.startswith(f"{gone.assignment.evidence}; no longer found since 20")
    (data / "costs.csv").write_text(whole)
    into_clinic(catalog)
    assert not any(missing(catalog).values())


def test_a_rule_that_could_not_be_heard_leaves_its_suggestions_unmarked(catalog: Catalog, data: Path) -> None:
    Tags(catalog).put_tag(Tag(name="x.slow"))
    slow = TagRule(name="slow", tag="x.slow", content="[A-Z][0-9]", min_rows=1)
    Tags(catalog).put_rule(slow)
    into_clinic(catalog)
    assert missing(catalog)["x.slow"] is False
    Tags(catalog).put_rule(replace(slow, content="(a|aa)+"))
    (data / "costs.csv").write_text(f"id,mrn,phone,age\n1,{'a' * 100}b,red,old\n2,{'a' * 100}b,blue,new\n")
    report = into_clinic(catalog)
    assert report.timed_out == ("slow",)
    assert not any(missing(catalog).values())


def test_what_was_not_judged_whole_is_looked_at_again(catalog: Catalog, data: Path) -> None:
    Tags(catalog).put_tag(Tag(name="x.slow"))
    Tags(catalog).put_rule(TagRule(name="slow", tag="x.slow", content="(a|aa)+", min_rows=1))
    (data / "costs.csv").write_text(f"id,mrn,kind\n1,{'a' * 100}b,a\n2,{'a' * 100}b,aa\n")
    report = into_clinic(catalog)
    assert report.timed_out == ("slow",)
    assert suggested(catalog) == {"mrn": {"phi.mrn"}, "kind": {"x.slow"}}
    report = crawl(catalog, "lake", into="clinic", by="ada", conduct=Conduct(tells_all=False))
    assert [each.name for each in report.crawled] == ["clinic.costs"]
    assert report.timed_out == ("slow",)


def test_dataset_is_refreshed_where_it_is(catalog: Catalog, data: Path) -> None:
    datasets = Datasets(catalog)
    datasets.put_database(Database(name="elsewhere"))
    crawl(catalog, "lake", path="costs.csv", into="elsewhere", by="ada")
    (data / "costs.csv").write_text("id\n1\n")
    report = into_clinic(catalog)
    assert report.changed == ("elsewhere.costs",)
    assert report.new == ("clinic.wards",)


def test_unreadable_file_is_told_and_the_others_go_on(catalog: Catalog, data: Path) -> None:
    (data / "broken.parquet").write_bytes(b"no parquet")
    (data / "twice.ndjson").write_text('{"a": 1, "A": 2}\n')
    (data / "foreign.csv").write_bytes(b"id,name\n1,caf\xe9\n")
    report = into_clinic(catalog)
    assert "broken.parquet" in [failure.relation for failure in report.failed]
    assert "clinic.costs" in report.new
    assert all(failure.reason for failure in report.failed)
    assert any(failure.reason.startswith("`foreign.csv` is not UTF-8") for failure in report.failed)
    assert "(see line 2)" in str([failure.reason for failure in report.failed])


def test_unreadable_registered_dataset_keeps_its_columns(catalog: Catalog, data: Path) -> None:
    into_clinic(catalog)
    (data / "costs.csv").write_bytes(b"")
    report = into_clinic(catalog)
    assert [failure.relation for failure in report.failed] == ["costs.csv"]
    assert report.gone == ()
    found = Datasets(catalog).dataset("clinic", "costs")
    assert found is not None
    assert len(found.columns) == 4


def test_name_that_is_taken_gets_a_number(catalog: Catalog, data: Path, tmp_path: Path) -> None:
    into_clinic(catalog)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/Costs.csv").write_text("a\n1\n")
    Datasets(catalog).put_source(Source(name="other", connector="files", options={"path": str(tmp_path / "other")}))
    assert crawl(catalog, "other", into="clinic", by="ada").new == ("clinic.Costs_2",)


def test_registered_glob_is_refreshed_though_no_source_lists_it(catalog: Catalog) -> None:
    datasets = Datasets(catalog)
    datasets.register("clinic", "all_wards", "lake", "w*.csv", ())
    report = into_clinic(catalog)
    assert "clinic.all_wards" in report.changed
    assert report.gone == ()


def test_progress_is_told_and_a_stop_is_heard(catalog: Catalog) -> None:
    seen: list[Progress] = []
    watched = Conduct(on_progress=seen.append, should_stop=lambda: bool(seen))
    report = crawl(catalog, "lake", into="clinic", by="ada", conduct=watched)
    assert seen == [Progress(done=0, total=2, relation="costs.csv")]
    assert report.is_stopped
    assert (report.new, report.gone) == (("clinic.costs",), ())
    [end] = Journal(catalog).search(kind=EventKind.CRAWL_END)
    assert end.verdict is Verdict.CANCEL


def test_begin_and_end_are_in_the_journal(catalog: Catalog) -> None:
    into_clinic(catalog)
    end, begin = Journal(catalog).search(user="ada")
    assert (begin.kind, end.kind) == (EventKind.CRAWL_BEGIN, EventKind.CRAWL_END)
    assert end.datasets == ("clinic.costs", "clinic.wards")
    assert end.details["new"] == 2


def test_crawl_that_fails_is_in_the_journal_as_an_error(catalog: Catalog, data: Path) -> None:
    for file in data.iterdir():
        file.unlink()
    data.rmdir()
    with pytest.raises(Exception, match="cannot be found"):
        into_clinic(catalog)
    [end] = Journal(catalog).search(kind=EventKind.CRAWL_END)
    assert end.verdict is Verdict.ERROR


@pytest.mark.parametrize(("source", "into", "near"), [("lak", None, "lake"), ("lake", "clinik", "clinic")])
def test_unknown_names_are_refused_and_nothing_is_written(
    catalog: Catalog, source: str, into: str | None, near: str
) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        crawl(catalog, source, into=into, by="ada")
    assert near in caught.value.hint
    assert Journal(catalog).search() == ()


def test_broken_rule_of_a_home_stops_the_crawl_with_its_name(catalog: Catalog) -> None:
    Tags(catalog).put_rule(TagRule(name="broken", tag="phi.phone_number", column_name="("))
    with pytest.raises(PolicyInvalid, match="`broken`"):
        into_clinic(catalog)


def test_values_are_never_stored(catalog: Catalog, tmp_path: Path) -> None:
    into_clinic(catalog)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("catalog.db*"))
    assert b"555-123-4567" not in stored


def test_bare_folder_is_crawled_without_a_home(data: Path) -> None:
    report = crawl_folder(str(data))
    answer = columns_found(report.crawled)
    assert answer == {
        "datasets": {
            "costs": {
                "columns": {
                    "id": {"type": "BIGINT", "tags": []},
                    "mrn": {
                        "type": "VARCHAR",
                        "tags": [
                            {
                                "tag": "phi.mrn",
                                "confidence": 0.88,
                                "evidence": "name says `mrn`",
                            }
                        ],
                    },
                    "phone": {
                        "type": "VARCHAR",
                        "tags": [
                            {
                                "tag": "pii.phone_number",
                                "confidence": 0.99,
                                "evidence": "name says `phone`; 100 % of 2 values are written like phone numbers",
                            }
                        ],
                    },
                    "age": {
                        "type": "BIGINT",
                        "tags": [{"tag": "qi.age", "confidence": 0.88, "evidence": "name says `age`"}],
                    },
                }
            },
            "wards": {"columns": {"ward": {"type": "VARCHAR", "tags": []}, "beds": {"type": "BIGINT", "tags": []}}},
        }
    }


def test_bare_file_is_crawled_alone(data: Path) -> None:
    assert [each.name for each in crawl_folder(str(data / "wards.csv")).crawled] == ["wards"]
