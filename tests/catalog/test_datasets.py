"""The store of sources, databases, datasets and columns: names as SQL compares them, and nothing forgotten."""

from pathlib import Path

import pytest

from catalog.crawl_runs import CrawlRuns
from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import PolicyInvalid, SettingsInvalid
from catalog.model import Column, Database, Dataset, Field, Source, TagAssignment, TagOrigin, TagState
from catalog.tags import Tags
from tests.catalog.conftest import PATIENT_FIELDS


def _shape(dataset: Dataset | None) -> list[tuple[str, str]]:
    assert dataset is not None
    return [(column.name, column.type) for column in dataset.columns]


def _column(datasets: Datasets, name: str) -> Column:
    dataset = datasets.dataset("clinic", "patients")
    assert dataset is not None
    return next(column for column in dataset.columns if column.name == name)


def _confirm(tags: Tags, *path: str) -> None:
    tags.confirm("clinic.patients", path, "phi.phone_number", by="ada")


def test_a_source_is_replaced_by_name_in_any_case(datasets: Datasets) -> None:
    datasets.put_source(Source(name="Lake", connector="files", options={"path": "/a"}))
    datasets.put_source(Source(name="LAKE", connector="duckdb", options={"path": "/b"}))
    assert datasets.sources() == (Source(name="Lake", connector="duckdb", options={"path": "/b"}),)
    assert datasets.source("lake") == datasets.sources()[0]
    assert datasets.source("pond") is None


def test_a_database_may_be_empty_and_carries_tags(datasets: Datasets, patients: str) -> None:
    datasets.put_database(Database(name="costs", comment="c", tags=("PHI:mrn",)))
    assert datasets.database("COSTS") == Database(name="costs", comment="c", tags=("phi.mrn",))
    datasets.put_database(Database(name="costs"))
    assert datasets.database("costs") == Database(name="costs")
    assert datasets.database("nowhere") is None


def test_adding_a_database_that_is_there_keeps_its_tags(datasets: Datasets, patients: str) -> None:
    datasets.put_database(Database(name="costs", comment="c", tags=("phi.mrn",)))
    assert not datasets.add_database("Costs")
    assert datasets.database("costs") == Database(name="costs", comment="c", tags=("phi.mrn",))
    assert datasets.add_database("new")


def test_an_undeclared_tag_on_a_database_is_refused_and_changes_nothing(datasets: Datasets, patients: str) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        datasets.put_database(Database(name="costs", tags=("phi.mrm",)))
    assert caught.value.hint == "did you mean `phi.mrn`?"
    assert datasets.database("costs") is None


def test_nested_columns_stand_right_after_their_parent(datasets: Datasets, patients: str) -> None:
    dataset = datasets.dataset("CLINIC", "Patients")
    assert _shape(dataset) == [
        ("mrn", "VARCHAR"),
        ("contact", "STRUCT(phone VARCHAR, email VARCHAR)"),
        ("contact.phone", "VARCHAR"),
        ("contact.email", "VARCHAR"),
        ("age", "BIGINT"),
    ]
    assert dataset is not None
    assert dataset.columns[2].path == ("contact", "phone")
    assert dataset.full_name == "clinic.patients"


def test_a_dotted_name_is_not_a_nested_one(datasets: Datasets, patients: str) -> None:
    fields = (Field(name="a.b", type="INTEGER"), Field(name="a", type="STRUCT", fields=(Field(name="b", type="TEXT"),)))
    datasets.register("clinic", "odd", "lake", "odd.csv", fields)
    dataset = datasets.dataset("clinic", "odd")
    assert dataset is not None
    assert [column.path for column in dataset.columns] == [("a.b",), ("a",), ("a", "b")]


def test_registering_the_same_again_changes_nothing(catalog: Catalog, datasets: Datasets, patients: str) -> None:
    version = catalog.version()
    assert not datasets.register("clinic", "patients", "lake", "patients.csv", PATIENT_FIELDS)
    assert catalog.version() == version


def test_new_retyped_moved_and_renamed_columns_are_brought_up_to_date(datasets: Datasets, patients: str) -> None:
    fields = (Field(name="age", type="DOUBLE"), Field(name="MRN", type="VARCHAR"), Field(name="bmi", type="DOUBLE"))
    assert datasets.register("clinic", "patients", "lake", "patients.csv", fields)
    assert _shape(datasets.dataset("clinic", "patients")) == [("age", "DOUBLE"), ("MRN", "VARCHAR"), ("bmi", "DOUBLE")]


def test_tags_of_a_gone_column_return_with_it(datasets: Datasets, tags: Tags, patients: str) -> None:
    _confirm(tags, "contact", "phone")
    datasets.register("clinic", "patients", "lake", "patients.csv", PATIENT_FIELDS[:1])
    assert _shape(datasets.dataset("clinic", "patients")) == [("mrn", "VARCHAR")]
    datasets.register("clinic", "patients", "lake", "patients.csv", PATIENT_FIELDS)
    assert _column(datasets, "contact.phone").confirmed == {"phi.phone_number"}


def test_that_a_tag_is_wrong_is_not_said_of_a_column_that_was_gone(
    datasets: Datasets, tags: Tags, patients: str
) -> None:
    for path in (("mrn",), ("contact", "phone")):
        tags.reject(patients, path, "phi.phone_number", by="ada")
    datasets.register("clinic", "patients", "lake", "patients.csv", PATIENT_FIELDS)
    assert _column(datasets, "contact.phone").suggested == set()
    datasets.register("clinic", "patients", "lake", "patients.csv", PATIENT_FIELDS[:1])
    assert {each.state for each in tags.assignments()} == {TagState.REJECTED}
    datasets.register("clinic", "patients", "lake", "patients.csv", PATIENT_FIELDS)
    assert _column(datasets, "contact.phone").suggested == {"phi.phone_number"}
    assert _column(datasets, "mrn").suggested == set()


def test_nor_of_what_lies_in_a_document_that_was_gone(datasets: Datasets, tags: Tags, patients: str) -> None:
    document = (Field(name="id", type="BIGINT"), Field(name="Profile", type="JSON"))
    datasets.register("clinic", "people", "lake", "people.json", document)
    tags.confirm("clinic.people", ("profile", "mail"), "phi.mrn", by="ada")
    tags.reject("clinic.people", ("Profile", "mail"), "phi.mrn", by="ada")
    datasets.register("clinic", "people", "lake", "people.json", document[:1])
    datasets.register("clinic", "people", "lake", "people.json", document)
    assert [each.state for each in tags.assignments("clinic.people")] == [TagState.SUGGESTED]


def test_tags_stay_when_a_column_changes_its_case_and_type(datasets: Datasets, tags: Tags, patients: str) -> None:
    _confirm(tags, "mrn")
    datasets.register("clinic", "patients", "lake", "patients.csv", (Field(name="MRN", type="BIGINT"),))
    assert _column(datasets, "MRN").confirmed == {"phi.phone_number"}


def test_tags_of_a_forgotten_dataset_return_with_it(datasets: Datasets, tags: Tags, patients: str) -> None:
    _confirm(tags, "mrn")
    assert datasets.forget("CLINIC", "PATIENTS")
    assert not datasets.forget("clinic", "patients")
    assert datasets.datasets() == ()
    assert datasets.register("clinic", "patients", "lake", "patients.csv", PATIENT_FIELDS)
    assert _column(datasets, "mrn").confirmed == {"phi.phone_number"}


def test_a_comment_stays_unless_a_new_one_is_given(datasets: Datasets, patients: str) -> None:
    datasets.register("clinic", "patients", "lake", "patients.csv", PATIENT_FIELDS, comment="people")
    datasets.register("clinic", "patients", "lake", "patients.csv", PATIENT_FIELDS)
    dataset = datasets.dataset("clinic", "patients")
    assert dataset is not None
    assert dataset.comment == "people"


def test_columns_that_differ_only_in_case_are_refused(datasets: Datasets, patients: str) -> None:
    with pytest.raises(SettingsInvalid, match="upper and lower case"):
        datasets.register("clinic", "x", "lake", "x", (Field(name="a", type="INT"), Field(name="A", type="INT")))
    assert datasets.dataset("clinic", "x") is None


def test_a_dataset_needs_a_known_database_and_source(datasets: Datasets, patients: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        datasets.register("clinc", "x", "lake", "x", ())
    assert caught.value.hint == "did you mean `clinic`?"
    with pytest.raises(SettingsInvalid, match="no source `pond`"):
        datasets.register("clinic", "x", "pond", "x", ())


@pytest.mark.parametrize("name", ["", " ", "a.b", 'a"b', "a\nb", " a"])
def test_a_name_that_could_be_taken_for_another_is_refused(datasets: Datasets, name: str) -> None:
    with pytest.raises(SettingsInvalid, match="cannot name"):
        datasets.put_database(Database(name=name))


def test_datasets_are_listed_by_database_and_found_by_relation(datasets: Datasets, patients: str) -> None:
    datasets.put_database(Database(name="archive"))
    datasets.register("archive", "old patients", "lake", "patients.csv", PATIENT_FIELDS[:1])
    assert [dataset.full_name for dataset in datasets.datasets()] == ["archive.old patients", "clinic.patients"]
    assert [dataset.name for dataset in datasets.datasets("CLINIC")] == ["patients"]
    assert len(datasets.datasets_of("lake", "patients.csv")) == 2
    assert datasets.datasets_of("lake", "other.csv") == ()


def test_non_ascii_letters_keep_their_case(datasets: Datasets, patients: str) -> None:
    datasets.put_database(Database(name="ÄRZTE"))
    assert datasets.database("ärzte") is None
    assert datasets.database("Ärzte") is not None


def test_ten_thousand_datasets_are_loaded_in_a_handful_of_queries(tmp_path: Path) -> None:
    fields = tuple(Field(name=f"c{number}", type="VARCHAR") for number in range(10))
    with Catalog(tmp_path / "large.sqlite") as catalog:
        datasets = Datasets(catalog)
        datasets.put_source(Source(name="lake", connector="files"))
        datasets.put_database(Database(name="big"))
        with catalog.transaction():
            for number in range(10_000):
                datasets.register("big", f"d{number}", "lake", f"{number}.csv", fields)
        queries: list[str] = []
        [database] = catalog._open.values()
        database.conn.set_trace_callback(queries.append)
        loaded = datasets.datasets()
        database.conn.set_trace_callback(None)
    assert len(loaded) == 10_000
    assert all(len(dataset.columns) == 10 for dataset in loaded)
    assert len(queries) <= 6, queries


def test_effective_states_are_kept_apart(datasets: Datasets, tags: Tags, patients: str) -> None:
    tags.suggest(
        TagAssignment(
            dataset=patients, path=("mrn",), tag="phi.mrn", state=TagState.SUGGESTED, origin=TagOrigin.RULE, rule="r"
        )
    )
    _confirm(tags, "mrn")
    _confirm(tags)
    dataset = datasets.dataset("clinic", "patients")
    assert dataset is not None
    assert dataset.confirmed == {"phi.phone_number"}
    assert dataset.columns[0].confirmed == {"phi.phone_number"}
    assert dataset.columns[0].suggested == {"phi.mrn"}
    assert dataset.columns[1].confirmed == frozenset()


def test_a_database_is_removed_when_nothing_is_in_it(datasets: Datasets, patients: str) -> None:
    with pytest.raises(SettingsInvalid, match="the database `Clinic` is not empty"):
        datasets.remove_database("Clinic")
    datasets.forget("clinic", "patients")
    assert datasets.remove_database("Clinic")
    assert not datasets.remove_database("clinic")
    assert datasets.databases() == ()


def test_a_source_goes_with_all_that_was_read_from_it(datasets: Datasets, patients: str) -> None:
    found = datasets.dataset("clinic", "patients")
    assert found is not None
    assert datasets.names() == ((found.database, found.name),)
    assert datasets.counts() == {found.source: 1}
    assert not datasets.remove_source("nowhere")
    assert datasets.remove_source(found.source.upper())
    assert (datasets.sources(), datasets.datasets(), datasets.counts()) == ((), (), {})
    assert [database.name for database in datasets.databases()] == [found.database]


@pytest.mark.parametrize("way", ["the dataset", "its source", "a dataset of that name anew"])
def test_that_a_tag_is_wrong_is_not_said_of_what_a_dataset_is_led_to(
    datasets: Datasets, tags: Tags, patients: str, way: str
) -> None:
    """There it may be right, and a suggestion hides what a verdict would show."""
    tags.reject("clinic.patients", ("contact", "phone"), "phi.phone_number", by="ada")
    tags.confirm("clinic.patients", ("mrn",), "phi.mrn", by="ada")
    dataset = datasets.dataset("clinic", "patients")
    assert dataset is not None
    source = datasets.source(dataset.source)
    assert source is not None
    relation = dataset.relation
    if way == "its source":
        datasets.put_source(Source(name=source.name, connector=source.connector, options={"path": "/elsewhere"}))
    else:
        relation = "other.csv"
        if way != "the dataset":
            datasets.forget("clinic", "patients")
    for _ in range(2):  # what is said then stays
        datasets.register("clinic", "patients", source.name, relation, PATIENT_FIELDS)
        [found] = tags.assignments("clinic.patients", tag="phi.phone_number")
        assert found.state is TagState.SUGGESTED
        [found] = tags.assignments("clinic.patients", tag="phi.mrn")
        assert found.state is TagState.CONFIRMED
    tags.reject("clinic.patients", ("contact", "phone"), "phi.phone_number", by="ada")
    datasets.put_source(Source(name=source.name, connector=source.connector, options=dict(source.options)))
    datasets.register("clinic", "patients", source.name, relation, PATIENT_FIELDS)
    states = {each.state for each in tags.assignments("clinic.patients", tag="phi.phone_number")}
    assert states == ({TagState.SUGGESTED} if way == "its source" else {TagState.REJECTED})


@pytest.mark.parametrize("way", ["the dataset", "its source"])
def test_a_crawl_looks_at_what_a_dataset_is_led_to(
    catalog: Catalog, datasets: Datasets, patients: str, way: str
) -> None:
    """It may have the fingerprint of what was there before, as a copy of that has."""
    runs = CrawlRuns(catalog)
    runs.mark("lake", "patients.csv", "seen")
    datasets.register("clinic", "patients", "lake", "patients.csv", PATIENT_FIELDS)
    assert list(runs.marks("lake").values()) == [("seen",)]
    if way == "its source":
        datasets.put_source(Source(name="lake", connector="files", options={"path": "/elsewhere"}))
    else:
        datasets.register("clinic", "patients", "lake", "other.csv", PATIENT_FIELDS)
    assert not any(mark for marks in runs.marks("lake").values() for mark in marks)
