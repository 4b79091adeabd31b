"""Drafts of policies: kept as they were filled in, their author's, and without any weight in a decision."""

from datetime import timedelta

from catalog.database import Catalog
from catalog.drafts import Drafts
from tests.catalog.conftest import Clock

FORM = {"policy": ("clerks",), "to": ("clerk", "Ärzte"), "where": ("total >",)}


def test_a_draft_is_found_as_it_was_filled_in(catalog: Catalog, clock: Clock) -> None:
    drafts = Drafts(catalog)
    saved = drafts.save(FORM, name="clerks", by="ada", revision=7, now=clock.now)
    assert (saved.form, saved.name, saved.by, saved.revision) == (FORM, "clerks", "ada", 7)
    assert drafts.draft(saved.id) == saved
    assert drafts.draft("nothing like it") is None


def test_a_draft_that_is_continued_stays_one_and_its_authors(catalog: Catalog, clock: Clock) -> None:
    drafts = Drafts(catalog)
    saved = drafts.save(FORM, name="clerks", by="ada", revision=7, now=clock.now)
    later = clock.now + timedelta(hours=1)
    again = drafts.save({"policy": ("c",)}, name="c", by="max", revision=8, now=later, id=saved.id)
    assert (again.id, again.by, again.form, again.revision) == (saved.id, "ada", {"policy": ("c",)}, 8)
    assert (again.began_at, again.changed_at) == (saved.began_at, later)
    assert drafts.drafts() == (again,)


def test_drafts_are_listed_the_last_changed_first_and_by_author(catalog: Catalog, clock: Clock) -> None:
    drafts = Drafts(catalog)
    first = drafts.save(FORM, name="a", by="ada", revision=1, now=clock.now)
    second = drafts.save(FORM, name="b", by="max", revision=1, now=clock.now + timedelta(hours=1))
    assert drafts.drafts() == (second, first)
    assert drafts.drafts("ADA") == (first,)
    assert drafts.discard(second.id)
    assert not drafts.discard(second.id)
    assert drafts.drafts() == (first,)


def test_a_draft_moves_no_version_of_the_catalog(catalog: Catalog, clock: Clock) -> None:
    before = catalog.version()
    saved = Drafts(catalog).save(FORM, name="a", by="ada", revision=1, now=clock.now)
    Drafts(catalog).discard(saved.id)
    assert catalog.version() == before
