"""What MariaDB and MySQL are asked of their own catalog, as SQL: tables, columns, generated ones, sizes, comments, keys
and views, and tables made of others."""

import re
from collections.abc import Iterable, Iterator, Sequence

from catalog.descriptions import KeyPart, references
from catalog.model import Key
from catalog.names import join
from catalog.sources.connector import SharedRows

OWN_SCHEMAS = frozenset({"information_schema", "mysql", "performance_schema", "sys"})
"""What the server keeps for itself, such as statistics of columns and the statements that run."""
_OWN = f"""('{"', '".join(sorted(OWN_SCHEMAS))}')"""
_STORING = "('InnoDB', 'MyISAM', 'Aria', 'MEMORY', 'MRG_MyISAM', 'ARCHIVE', 'ROCKSDB')"
"""What keeps rows itself; other engines of a server fetch them from elsewhere, where a view may work them out."""

_SETTLED_SECONDS = 2
"""After so long no write shows by the second of an earlier one."""

# InnoDB alone tells of each write and each change of columns: when the last one was, to the second, until it lets go of
# the table, or of one of its partitions. MySQL tells it as it was up to a day ago, and nothing of names that change.
TABLES = f"""
SELECT table_schema, table_name, table_type LIKE '%%VIEW', COALESCE(engine NOT IN {_STORING}, TRUE),
  IF(engine = 'InnoDB' AND create_options NOT LIKE '%%partitioned%%' AND VERSION() LIKE '%%MariaDB%%'
      AND update_time < NOW() - INTERVAL {_SETTLED_SECONDS} SECOND,
    CONCAT_WS(':', create_time, update_time, data_length, table_rows, table_comment), '')
FROM information_schema.tables
WHERE table_schema NOT IN {_OWN} AND (%s = '' OR table_schema = %s)
"""

KIND = f"""
SELECT COALESCE(engine NOT IN {_STORING}, TRUE) FROM information_schema.tables
WHERE table_schema = %s AND table_name = %s
"""

COLUMNS = """
SELECT column_name, data_type, column_type, character_set_name, character_octet_length, @@max_allowed_packet
FROM information_schema.columns
WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position
"""

KEY = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = %s AND table_name = %s AND column_key = 'PRI' AND data_type LIKE '%%int'
  AND 1 = (SELECT count(*) FROM information_schema.key_column_usage u
           WHERE u.table_schema = %s AND u.table_name = %s AND u.constraint_name = 'PRIMARY')
"""

# Members of a MERGE table may have rows of one key.
PRIMARY = """
SELECT column_name FROM information_schema.statistics JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = %s AND table_name = %s AND index_name = 'PRIMARY' AND engine <> 'MRG_MyISAM' ORDER BY seq_in_index
"""

COUNT = "SELECT COALESCE(table_rows, 0) FROM information_schema.tables WHERE table_schema = %s AND table_name = %s"

COMMENTS = """
SELECT '', table_comment, 0 FROM information_schema.tables
WHERE table_schema = %s AND table_name = %s AND table_type NOT LIKE '%%VIEW'
UNION ALL
SELECT column_name, column_comment, ordinal_position FROM information_schema.columns
WHERE table_schema = %s AND table_name = %s ORDER BY 3
"""

KEYS = """
SELECT CASE index_name WHEN 'PRIMARY' THEN 'primary' ELSE 'unique' END, index_name, column_name, '', '', '',
  seq_in_index FROM information_schema.statistics WHERE table_schema = %s AND table_name = %s AND non_unique = 0
UNION ALL
SELECT 'foreign', constraint_name, column_name, referenced_table_schema, referenced_table_name,
  referenced_column_name, ordinal_position FROM information_schema.key_column_usage
WHERE table_schema = %s AND table_name = %s AND referenced_table_name IS NOT NULL
ORDER BY 1, 2, 7
"""

REFERENCES = """
SELECT table_schema, table_name, constraint_name, column_name, referenced_table_schema, referenced_table_name,
  referenced_column_name FROM information_schema.key_column_usage
WHERE (%s = '' OR table_schema = %s) AND referenced_table_name IS NOT NULL
ORDER BY table_schema, table_name, constraint_name, ordinal_position
"""

SERVER = "SHOW VARIABLES WHERE variable_name IN ('server_uid', 'server_uuid', 'hostname', 'port', 'datadir')"
"""A server is one wherever its tables are all reached, in whichever of its databases: relations have theirs."""

VIEWS = "SELECT table_schema, table_name, view_definition FROM information_schema.views"

VIEW = "SELECT view_definition FROM information_schema.views WHERE table_schema = %s AND table_name = %s"

GENERATED = """
SELECT table_schema, table_name, column_name, IF(extra LIKE '%% GENERATED%%', COALESCE(generation_expression, ''), NULL)
FROM information_schema.columns WHERE (%s = '' OR table_schema = %s) AND (table_schema, table_name) IN (
  SELECT table_schema, table_name FROM information_schema.columns
  WHERE (%s = '' OR table_schema = %s) AND extra LIKE '%% GENERATED%%')
"""

MERGED = "SELECT table_schema, table_name FROM information_schema.tables WHERE engine = 'MRG_MyISAM'"

NAMES = """
SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position
"""

_NAME = r"`(?:[^`]|``)+`"
_MEMBERS = re.compile(
    rf"\n\) ENGINE=MRG_MyISAM[^'\n]* UNION=\(((?:{_NAME}(?:\.{_NAME})?,?)+)\)"
)  # before what is quoted
_MEMBER = re.compile(rf"(?:({_NAME})\.)?({_NAME})")


def references_told(rows: Iterable[Sequence[object]]) -> dict[str, tuple[Key, ...]]:
    """The foreign keys that rows of REFERENCES tell, by relation."""
    parts = ((join(str(row[0]), str(row[1])), KeyPart("foreign", *map(str, row[2:]))) for row in rows)
    return references(parts)


def merged(schema: str, table: str, made: str) -> Iterator[SharedRows]:
    """That a MERGE table shows the rows of its members, and they some of its, by the statement that makes it.

    Example:
        >>> [each.relation for each in merged("s", "m", "..\\n) ENGINE=MRG_MyISAM UNION=(`a`,`r`.`b`)")]
        ['s.m', 'r.b', 's.a']
    """
    whole, found = join(schema, table), _MEMBERS.search(made)
    parts = () if found is None else _MEMBER.findall(found[1])
    members = sorted({join(_unquoted(of) or schema, _unquoted(name)) for of, name in parts})
    yield SharedRows(relation=whole, others=frozenset(members) or None)
    for member in members:
        yield SharedRows(relation=member, others=frozenset({whole}))


def _unquoted(name: str) -> str:
    return name[1:-1].replace("``", "`")
