"""Names that an engine takes for a call where no column bears them are all known here."""

import duckdb

from proxy.reading.functions import VALUE_NAMES


def test_no_other_name_is_a_call() -> None:
    connection = duckdb.connect(":memory:")
    names = {str(name) for (name,) in connection.execute("SELECT function_name FROM duckdb_functions()").fetchall()}
    names |= {str(name) for (name,) in connection.execute("SELECT keyword_name FROM duckdb_keywords()").fetchall()}
    found = set()
    for name in names | VALUE_NAMES:
        try:
            connection.execute('SELECT typeof("' + name.replace('"', '""') + '")').fetchall()
        except duckdb.Error:
            continue
        found.add(name)
    connection.close()
    assert found == VALUE_NAMES
