"""The store of tags, rules and assignments; above all: a crawler never overrules a person."""

from dataclasses import replace
from datetime import timedelta

import pytest

from catalog.database import Catalog
from catalog.datasets import Datasets
from catalog.errors import PolicyInvalid
from catalog.model import Database, Level, Tag, TagAssignment, TagOrigin, TagRule, TagState
from catalog.tags import Tags
from tests.catalog.conftest import Clock

SUGGESTION = TagAssignment(
    dataset="clinic.patients",
    path=("contact", "phone"),
    tag="phi.phone_number",
    state=TagState.SUGGESTED,
    origin=TagOrigin.RULE,
    rule="phones",
    confidence=0.9,
    evidence="name matches `phone`",
)


def _only(tags: Tags) -> TagAssignment:
    [assignment] = tags.assignments()
    return assignment


def test_tags_are_kept_in_lower_case_and_replaced_by_name(tags: Tags) -> None:
    tags.put_tag(Tag(name="PHI:Mrn"))
    tags.put_tag(Tag(name="phi.mrn", comment="record number", level=Level.RESTRICTED))
    assert tags.tags() == (Tag(name="phi.mrn", comment="record number", level=Level.RESTRICTED),)
    assert tags.tag("Phi.MRN") == tags.tags()[0]
    assert tags.tag("phi.other") is None


@pytest.mark.parametrize("name", ["mrn", "a.b.c", "phi.", ".mrn", "phi mrn", "phi.m-n", ""])
def test_a_text_that_is_no_tag_is_refused(tags: Tags, name: str) -> None:
    with pytest.raises(PolicyInvalid, match="is no tag"):
        tags.put_tag(Tag(name=name))


def test_rules_are_replaced_by_name_and_need_a_declared_tag(tags: Tags, patients: str) -> None:
    rule = TagRule(name="mrn by name", tag="phi.mrn", column_name="mrn")
    tags.put_rule(replace(rule, column_name="m"))
    tags.put_rule(rule)
    assert tags.rules() == (rule,)
    words = TagRule(
        name="by words", tag="phi.mrn", words=("A", "ä"), words_file="/w.txt", detector="mrn", min_match=0.5
    )
    tags.put_rule(words)
    assert tags.rules() == (words, rule)
    with pytest.raises(PolicyInvalid, match="not declared") as caught:
        tags.put_rule(TagRule(name="x", tag="phi.phone_numbr", content="1"))
    assert caught.value.hint == "did you mean `phi.phone_number`?"


def test_an_assignment_keeps_state_origin_and_evidence(tags: Tags, clock: Clock, patients: str) -> None:
    assert tags.suggest(SUGGESTION)
    assert _only(tags) == replace(SUGGESTION, at=clock.now)


def test_suggesting_the_same_again_changes_nothing(tags: Tags, catalog: Catalog, clock: Clock, patients: str) -> None:
    tags.suggest(SUGGESTION)
    before, version = _only(tags), catalog.version()
    clock.move(timedelta(days=1))
    assert tags.suggest(
        replace(SUGGESTION, dataset="CLINIC.Patients", path=("Contact", "PHONE"), tag="PHI.phone_number")
    )
    assert _only(tags) == before
    assert catalog.version() == version


@pytest.mark.parametrize("verdict", [TagState.CONFIRMED, TagState.REJECTED])
@pytest.mark.parametrize("rule", ["phones", "another rule", ""])
def test_a_persons_verdict_is_never_overwritten_by_a_suggestion(
    tags: Tags, patients: str, verdict: TagState, rule: str
) -> None:
    tags.suggest(SUGGESTION)
    judge = tags.confirm if verdict is TagState.CONFIRMED else tags.reject
    judge(patients, ("contact", "phone"), "phi.phone_number", by="ada")
    before = _only(tags)
    assert not tags.suggest(replace(SUGGESTION, rule=rule, confidence=1.0))
    assert not tags.suggest(replace(SUGGESTION, rule=rule, path=("CONTACT", "Phone")))
    tags.assign(replace(SUGGESTION, rule=rule))
    assert _only(tags) == before
    assert (before.state, before.by, before.evidence) == (verdict, "ada", "name matches `phone`")


def test_a_verdict_of_a_document_is_not_overwritten_either(tags: Tags, patients: str) -> None:
    tags.assign(replace(SUGGESTION, state=TagState.CONFIRMED, origin=TagOrigin.DOCUMENT, rule=""))
    assert not tags.suggest(SUGGESTION)
    assert _only(tags).state is TagState.CONFIRMED


def test_a_rule_rejected_on_a_column_is_not_heard_there_with_another_tag(tags: Tags, patients: str) -> None:
    tags.suggest(SUGGESTION)
    tags.reject(patients, SUGGESTION.path, SUGGESTION.tag, by="ada")
    assert not tags.suggest(replace(SUGGESTION, tag="phi.mrn"))
    assert tags.suggest(replace(SUGGESTION, tag="phi.mrn", rule="other"))
    assert tags.suggest(replace(SUGGESTION, path=("mrn",)))


def test_verdicts_without_a_rule_do_not_silence_other_tags(tags: Tags, patients: str) -> None:
    tags.reject(patients, ("mrn",), "phi.phone_number", by="ada")
    assert tags.suggest(replace(SUGGESTION, path=("mrn",), tag="phi.mrn", rule=""))


def test_of_two_rules_the_surer_one_gives_the_evidence(tags: Tags, patients: str) -> None:
    tags.suggest(SUGGESTION)
    assert tags.suggest(replace(SUGGESTION, rule="weak", confidence=0.5))
    assert _only(tags).rule == "phones"
    assert tags.suggest(replace(SUGGESTION, rule="strong", confidence=1.0))
    assert _only(tags).rule == "strong"
    assert tags.suggest(replace(SUGGESTION, rule="strong", confidence=0.8))
    assert _only(tags).confidence == 0.8


def test_a_person_may_change_their_mind_and_needs_no_suggestion(tags: Tags, patients: str) -> None:
    tags.reject(patients, ("age",), "phi.mrn", by="ada")
    assert (_only(tags).state, _only(tags).origin) == (TagState.REJECTED, TagOrigin.PERSON)
    tags.confirm(patients, ("age",), "phi.mrn", by="bob")
    assert (_only(tags).state, _only(tags).by) == (TagState.CONFIRMED, "bob")


def test_a_removed_assignment_may_be_suggested_anew(tags: Tags, patients: str) -> None:
    tags.reject(patients, SUGGESTION.path, SUGGESTION.tag, by="ada")
    assert tags.remove(patients, SUGGESTION.path, SUGGESTION.tag)
    assert not tags.remove(patients, SUGGESTION.path, SUGGESTION.tag)
    assert tags.suggest(SUGGESTION)


def test_a_rejected_tag_does_not_stand_on_the_column(tags: Tags, datasets: Datasets, patients: str) -> None:
    tags.suggest(SUGGESTION)
    tags.reject(patients, SUGGESTION.path, SUGGESTION.tag, by="ada")
    dataset = datasets.dataset("clinic", "patients")
    assert dataset is not None
    assert all(not column.confirmed and not column.suggested for column in dataset.columns)


@pytest.mark.parametrize(
    ("wrong", "message", "hint"),
    [
        ({"tag": "phi.phone_numbr"}, "not declared", "did you mean `phi.phone_number`?"),
        ({"dataset": "clinic.patient"}, "no dataset", "did you mean `clinic.patients`?"),
        ({"dataset": "patients"}, "no dataset's name", "write it like `shop.orders`"),
        ({"path": ("contact", "phne")}, "no column", "did you mean `contact.phone`?"),
    ],
)
def test_a_misspelt_assignment_is_refused(
    tags: Tags, patients: str, wrong: dict[str, str], message: str, hint: str
) -> None:
    confirmed = replace(SUGGESTION, state=TagState.CONFIRMED)
    with pytest.raises(PolicyInvalid, match=message) as caught:
        tags.assign(replace(confirmed, **wrong))  # type: ignore[arg-type]
    assert caught.value.hint == hint
    assert tags.assignments() == ()


def test_quoted_and_plain_dataset_names_mean_the_same(tags: Tags, datasets: Datasets, patients: str) -> None:
    datasets.register("clinic", "Lab Results", "lake", "lab.csv", ())
    for name in ('clinic."Lab Results"', "clinic.lab results"):
        tags.confirm(name, (), "phi.mrn", by="ada")
    assert _only(tags).dataset == "clinic.Lab Results"


def test_assignments_are_chosen_by_dataset_state_and_tag(tags: Tags, patients: str) -> None:
    tags.suggest(SUGGESTION)
    tags.confirm(patients, (), "phi.mrn", by="ada")
    assert len(tags.assignments(patients)) == 2
    assert [found.tag for found in tags.assignments(state=TagState.CONFIRMED)] == ["phi.mrn"]
    assert [found.state for found in tags.assignments(tag="PHI:phone_number")] == [TagState.SUGGESTED]
    with pytest.raises(PolicyInvalid):
        tags.assignments("clinic.nowhere")


def test_a_tag_that_is_removed_is_on_nothing_any_more(tags: Tags, datasets: Datasets, patients: str) -> None:
    tags.suggest(SUGGESTION)
    datasets.put_database(Database(name="clinic", tags=("phi.phone_number",)))
    assert tags.remove_tag("PHI:phone_number")
    assert not tags.remove_tag("phi.phone_number")
    assert tags.assignments() == ()
    assert [database.tags for database in datasets.databases()] == [()]


def test_a_tag_that_a_rule_suggests_stays(tags: Tags, patients: str) -> None:
    tags.put_rule(TagRule(name="mrn by name", tag="phi.mrn", column_name="mrn"))
    with pytest.raises(PolicyInvalid, match="a rule suggests the tag"):
        tags.remove_tag("phi.mrn")
    assert tags.tag("phi.mrn") is not None
