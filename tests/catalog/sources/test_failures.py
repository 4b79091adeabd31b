"""An engine's failure is told in words that fit its cause."""

import duckdb
import pytest

from catalog.errors import SourceUnavailable, SqlInvalid, SqlUnsupported
from catalog.sources.failures import mapped

TEXT = "Invalid Input Error: Malformed JSON at byte 0 of input: unexpected character. Input: x"
FILE = 'Invalid Input Error: Malformed JSON in file "a.json", at byte 6 in record/value 3: unexpected end of data.'


@pytest.mark.parametrize(("text", "kind"), [(TEXT, SqlInvalid), (FILE, SourceUnavailable)])
def test_a_value_that_is_no_json_is_no_damaged_file(text: str, kind: type[Exception]) -> None:
    assert isinstance(mapped(duckdb.Error(text)), kind)


def test_a_query_that_the_engine_cannot_copy_is_no_damaged_file() -> None:
    with duckdb.connect() as engine, pytest.raises(duckdb.Error) as failed:
        engine.execute("SELECT unnest((SELECT {'a': 1}))")
    assert isinstance(mapped(failed.value), SqlUnsupported)
