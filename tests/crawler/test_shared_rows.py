"""Tables that show each other's rows have each other's tags: those that inherit, partitions, and MERGE tables."""

from collections.abc import Callable

from catalog.model import TagState
from catalog.registry import connect
from catalog.sources.connector import KnowsSharedRows
from tests.crawler.conftest import Crawled

INHERITING = """
CREATE TABLE above (id int, note text);
CREATE TABLE middle (more text) INHERITS (above);
CREATE TABLE below (most text) INHERITS (middle);
CREATE TABLE beside () INHERITS (above);
CREATE TABLE alone (id int, note text);
CREATE VIEW seen AS SELECT upper(note) AS loud FROM above;
CREATE VIEW seen_below AS SELECT note AS loud FROM below
"""
PARTS = """
CREATE TABLE above (id int, note text) PARTITION BY LIST (id);
CREATE INDEX ON above (note);
CREATE TABLE below PARTITION OF above FOR VALUES IN (1);
CREATE TABLE beside PARTITION OF above FOR VALUES IN (2)
"""
MERGE = """
CREATE TABLE below (id int, note varchar(9)) ENGINE = MyISAM;
CREATE TABLE "odd`one" (id int, note varchar(9)) ENGINE = MyISAM;
CREATE TABLE alone (id int, note varchar(9)) ENGINE = MyISAM;
CREATE TABLE above (id int, note varchar(9)) ENGINE = MERGE COMMENT = 'UNION=(`alone`)' UNION = (below, "odd`one");
CREATE TABLE none_yet (id int, note varchar(9)) ENGINE = MERGE;
CREATE VIEW seen AS SELECT note AS loud FROM above;
CREATE VIEW unclear AS SELECT note AS loud FROM none_yet
"""


def test_tags_go_from_a_table_to_those_that_inherit_from_it(crawled: Callable[[str, str], Crawled]) -> None:
    tables = crawled("postgres", INHERITING)
    tables.crawl("above", "below", "alone")
    tables.tag("above", "note")
    tables.crawl("middle")
    said = {"note": "derives from `d.above.note`"}
    assert tables.heard("middle") == tables.heard("below") == said
    assert tables.heard("alone") == {}


def test_tags_go_from_those_that_inherit_to_the_table_and_to_the_others(
    crawled: Callable[[str, str], Crawled],
) -> None:
    tables = crawled("postgres", INHERITING)
    tables.crawl("below", "above", "beside")
    tables.tag("below", "note")
    assert tables.heard("above") == {"note": "derives from `d.below.note`"}
    assert tables.heard("beside") == {"note": "derives from `d.above.note`"}


def test_a_column_that_one_of_them_alone_has_keeps_its_tags(crawled: Callable[[str, str], Crawled]) -> None:
    tables = crawled("postgres", INHERITING)
    tables.crawl("below", "above", "middle")
    tables.tag("below", "most")
    tables.tag("middle", "more")
    assert tables.heard("above") == {}
    assert tables.heard("below") == {"more": "derives from `d.middle.more`"}


def test_a_tag_of_a_whole_table_comes_to_all_columns(crawled: Callable[[str, str], Crawled]) -> None:
    tables = crawled("postgres", INHERITING)
    tables.crawl("below", "above")
    tables.tag("below")
    assert tables.heard("above").keys() == {"id", "note"}


def test_what_a_person_rejected_stays_away(crawled: Callable[[str, str], Crawled]) -> None:
    tables = crawled("postgres", INHERITING)
    tables.crawl("below", "above")
    tables.say("above", ("note",), TagState.REJECTED)
    tables.tag("below", "note")
    assert tables.heard("above") == {}


def test_a_view_over_one_of_them_has_the_tags_of_the_others(crawled: Callable[[str, str], Crawled]) -> None:
    tables = crawled("postgres", INHERITING)
    tables.crawl("middle", "seen", "seen_below")
    tables.tag("middle", "note")
    assert tables.heard("seen") == tables.heard("seen_below") == {"loud": "derives from `d.middle.note`"}


def test_tables_that_part_keep_what_they_have_and_get_no_more(crawled: Callable[[str, str], Crawled]) -> None:
    tables = crawled("postgres", INHERITING)
    tables.crawl("beside", "above")
    tables.database.run("ALTER TABLE beside NO INHERIT above")
    tables.crawl("alone")
    tables.tag("above", "note")
    assert tables.heard("beside") == {}


def test_partitions_and_their_table_have_each_others_tags(crawled: Callable[[str, str], Crawled]) -> None:
    tables = crawled("postgres", PARTS)
    tables.declare("above", "below", "beside")
    tables.tag("below", "note")
    assert tables.heard("above") == {"note": "derives from `d.below.note`"}
    assert tables.heard("beside") == {"note": "derives from `d.above.note`"}


def test_merge_tables_and_their_members_have_each_others_tags(crawled: Callable[[str, str], Crawled]) -> None:
    tables = crawled("mariadb", MERGE)
    tables.crawl("above", "below", "alone", "seen")
    tables.tag("above", "note")
    assert tables.heard("below") == {"note": "derives from `d.above.note`"}
    assert tables.heard("seen") == {"loud": "derives from `d.above.note`"}
    assert tables.heard("alone") == {}


def test_where_the_columns_of_a_merge_table_are_called_otherwise_each_may_be_any(
    crawled: Callable[[str, str], Crawled],
) -> None:
    """MERGE takes them in their order; in a table and its members they are the same only if they are called so."""
    tables = crawled(
        "mariadb",
        "CREATE TABLE people (id int, pay int) ENGINE = MyISAM;"
        "CREATE TABLE m (id int, wage int) ENGINE = MERGE UNION = (people);"
        "CREATE VIEW seen AS SELECT wage AS w FROM m",
    )
    tables.crawl("people", "m", "seen")
    tables.tag("people", "pay")
    said = "may derive from `d.people.pay`"
    assert tables.heard("m") == {"id": said, "wage": said}
    assert tables.heard("seen") == {"w": said}


def test_a_merge_table_that_names_no_members_may_be_made_of_anything(
    crawled: Callable[[str, str], Crawled],
) -> None:
    tables = crawled("mariadb", MERGE)
    tables.crawl("none_yet", "unclear", "alone")
    tables.tag("alone", "note")
    said = "may derive from `d.alone.note`"
    assert tables.heard("none_yet") == {"id": said, "note": said}
    assert tables.heard("unclear") == {"loud": said}


def test_the_sources_tell_which_tables_share_rows(crawled: Callable[[str, str], Crawled]) -> None:
    told = {}
    for kind, sql in (("postgres", PARTS), ("mariadb", MERGE)):
        tables = crawled(kind, sql)
        source = connect(tables.database.source)
        assert isinstance(source, KnowsSharedRows)
        prefix = tables.database.relation("")
        told[kind] = {
            each.relation.removeprefix(prefix): each.others and {one.removeprefix(prefix) for one in each.others}
            for each in source.shared_rows()
        }
    assert told == {
        "postgres": {"above": {"below", "beside"}, "below": {"above"}, "beside": {"above"}},
        "mariadb": {"above": {"below", '"odd`one"'}, "below": {"above"}, '"odd`one"': {"above"}, "none_yet": None},
    }
