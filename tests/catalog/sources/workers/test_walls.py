"""Behind its walls a worker can read the files of its worlds, and do nothing else, whatever SQL is run in it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from catalog.model import Source
from catalog.sources.connector import Expected
from catalog.sources.engine import EngineSession
from catalog.sources.states import state_told
from tests.catalog.sources.workers.ground import cache, probed

# Each runs as it stands on the configured connection: nothing before it looks at the text.
HOSTILE = """
SELECT * FROM read_text('{outside}')
SELECT * FROM read_blob('{outside}')
SELECT * FROM read_csv('{outside}')
SELECT * FROM read_json('{outside}')
SELECT * FROM read_parquet('{outside}')
SELECT * FROM sniff_csv('{outside}')
SELECT * FROM parquet_metadata('{outside}')
SELECT * FROM '{outside}'
SELECT * FROM read_text('{folder}/lake/../outside.csv')
SELECT * FROM read_text('/proc/self/environ')
SELECT * FROM read_text('/etc/passwd')
SELECT * FROM glob('{folder}/*')
SELECT * FROM glob('/etc/*')
SELECT * FROM read_csv('https://example.com/x.csv')
SELECT * FROM 's3://bucket/x.parquet'
SELECT getenv('PATH')
COPY (SELECT 1) TO '{folder}/written.csv'
COPY (SELECT 1) TO '{folder}/written.parquet' (FORMAT parquet)
COPY (SELECT 1) TO '/dev/stdout'
CREATE TABLE t AS SELECT * FROM read_csv('{outside}')
CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')
EXPORT DATABASE '{folder}/export'
IMPORT DATABASE '{folder}'
ATTACH '{folder}/other.db' AS other
ATTACH '{folder}/other.db' AS other (READ_ONLY)
ATTACH '{folder}/new.db' AS other
ATTACH 'postgres:dbname=x' AS other (TYPE postgres)
SELECT * FROM read_duckdb('{folder}/other.db', table_name = 'secret')
INSTALL httpfs
LOAD httpfs
LOAD '{folder}/evil.duckdb_extension'
INSTALL evil FROM '{folder}'
FORCE INSTALL json
UPDATE EXTENSIONS
SET enable_external_access = true
SET GLOBAL enable_external_access = true
SET allowed_paths = ['{outside}']
SET allowed_directories = ['/']
SET lock_configuration = false
RESET lock_configuration
SET memory_limit = '100GB'
SET threads = 64
SET temp_directory = '{folder}'
SET extension_directory = '{folder}'
SET home_directory = '{folder}'
SET secret_directory = '{folder}'
SET custom_extension_repository = '{folder}'
SET allow_unsigned_extensions = true
SET allow_community_extensions = true
SET autoload_known_extensions = true
SET python_enable_replacements = true
SET log_query_path = '{folder}/log'
PRAGMA enable_profiling = 'json'
PRAGMA profiling_output = '{folder}/profile'
SELECT * FROM duckdb_secrets()
SELECT * FROM worlds
SELECT * FROM resources
SELECT * FROM sys
"""


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    (tmp_path / "lake").mkdir()
    (tmp_path / "spill").mkdir()
    (tmp_path / "lake/n.csv").write_text("n\n1\n")
    (tmp_path / "outside.csv").write_text("secret\n42\n")
    with duckdb.connect(str(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE secret AS SELECT 42 AS secret")
    return tmp_path


@pytest.fixture
def session(lake: Path) -> Iterator[EngineSession]:
    source = Source(name="lake", connector="files", options={"path": str(lake / "lake")})
    with cache(lake / "spill") as made:
        yield made.open([(source, Expected(relation="n.csv", columns=(("n", "BIGINT"),)))])


def test_nothing_beyond_its_files_can_be_reached_by_any_sql(session: EngineSession, lake: Path) -> None:
    before = sorted(path for path in lake.rglob("*") if "spill" not in path.parts)
    statements = [line.format(folder=lake, outside=lake / "outside.csv") for line in HOSTILE.strip().splitlines()]
    ran = {sql: told for sql in statements if not (told := probed(session, f"refused({sql!r})")).startswith("refused")}
    assert ran == {}
    assert sorted(path for path in lake.rglob("*") if "spill" not in path.parts) == before


def test_its_own_files_can_be_read(session: EngineSession, lake: Path) -> None:
    """Otherwise the test above would prove nothing."""
    sql = f"FROM read_csv('{lake / 'lake/n.csv'}')"
    assert probed(session, f"refused({sql!r})") == "ran: [(1,)]"
    assert probed(session, "refused('SELECT 42')") == "ran: [(42,)]"


def test_its_environment_is_empty(session: EngineSession) -> None:
    assert probed(session, "dict(os.environ)") == "{}"
    told = probed(
        session, "sorted(each.split('=')[0] for each in Path('/proc/self/environ').read_text().split(chr(0)))"
    )
    assert set(ast.literal_eval(told)) <= {"", "OPENBLAS_NUM_THREADS", "JE_ARROW_MALLOC_CONF", "TZ", "LC_CTYPE"}


def test_only_its_own_connections_are_open(session: EngineSession) -> None:
    told = probed(
        session, "sorted({os.readlink(f.path).split(':')[0] for f in os.scandir('/proc/self/fd') if f.is_symlink()})"
    )
    held = {state_told(state)[0] for part in session.parts for state in part.scan.states}
    own = {"/dev/null", "socket", f"/proc/{probed(session, 'os.getpid()')}/fd"}
    assert set(ast.literal_eval(told)) <= own | held
    assert probed(session, "[os.readlink(f'/proc/self/fd/{n}') for n in (0, 1, 2)]") == str(["/dev/null"] * 3)


def test_limits_are_set_for_good(session: EngineSession) -> None:
    assert probed(session, "limit('RLIMIT_CORE')") == "(0, 0)"
    assert probed(session, "limit('RLIMIT_FSIZE')") == str((16 * 10**9,) * 2)
    soft, hard = ast.literal_eval(probed(session, "limit('RLIMIT_DATA')"))
    assert soft == hard < 2 * 200 * 10**6 + 4 * 2**30
    soft, hard = ast.literal_eval(probed(session, "limit('RLIMIT_NOFILE')"))
    assert soft == hard <= 2**17


def test_it_cannot_gain_rights_or_be_looked_into(session: EngineSession) -> None:
    assert probed(session, "status('NoNewPrivs')") == "1"
    assert probed(session, "ctypes.CDLL(None).prctl(3)") == "0", "its memory can be read by others"
    assert probed(session, "Path('/proc/self/oom_score_adj').read_text().strip()") == "1000"
    assert probed(session, "os.getcwd()") == "/"


def test_it_was_forked_where_there_is_one_thread_and_nothing_open(session: EngineSession) -> None:
    assert probed(session, "len(os.listdir(f'/proc/{os.getppid()}/task'))") == "1"
    told = probed(
        session, "[os.readlink(f'/proc/{os.getppid()}/fd/{n}') for n in os.listdir(f'/proc/{os.getppid()}/fd')]"
    )
    assert sum("socket" in each for each in ast.literal_eval(told)) == 1, told
