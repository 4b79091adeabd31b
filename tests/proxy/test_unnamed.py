"""SQL that is told where nobody is told of hidden columns names none, and is else what it was."""

import pytest

from proxy.rewriting.unnamed import unnamed

HIDDEN = frozenset({("boss",), ("contact", "phone"), ("née",), ('a "b"',)})


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ('"_row"."Boss" = 1', '"_row"."?" = 1'),
        ('"_row"."boss"."name"."first" = 1', '"_row"."?" = 1'),
        ('"_row"."contact"."PHONE"."area" = "_row"."contact"."city"', '"_row"."contact"."?" = "_row"."contact"."city"'),
        ('"_row"."contact" IS NULL', '"_row"."contact" IS NULL'),
        ('"_row"."née" = "_row"."NÉE"', '"_row"."?" = "_row"."NÉE"'),
        ('"_row"."a ""B""" = \'"_row"."boss"\'', '"_row"."?" = \'"_row"."boss"\''),
        ('TRY("_row"."boss" + 1) /* "_row"."boss" */', 'TRY("_row"."?" + 1) /* "_row"."boss" */'),
        ('"_lookup"."boss" = "boss" OR \'boss\'', '"_lookup"."boss" = "boss" OR \'boss\''),
        ('"_row".* , "_row"."b"', '"_row".* , "_row"."b"'),
        ('"_row" . "boss"', '"_row" . "?"'),
    ],
)
def test_hidden_columns_have_no_name(sql: str, told: str) -> None:
    assert unnamed(sql, HIDDEN) == told
    assert unnamed(sql, frozenset()) == sql
