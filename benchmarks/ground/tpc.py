"""The data and the queries of TPC-H and TPC-DS, made by an older engine in an environment of its own.

The generators come as extensions of DuckDB 1.5.5, for which wheels exist; they make Parquet files and the texts of the
queries once, into a folder that is kept. Nothing of either benchmark is part of this project.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from catalog.errors import VeilError
from catalog.sources.world import Resources, World
from tests.serving import Home

VERSION = "1.5.5"
PEOPLE = {"h": "hal", "ds": "dee"}

_GENERATE = """
import json, pathlib, sys
import duckdb
name, scale, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
package = __import__("duckdb_extension_tpc" + name)
[extension] = pathlib.Path(package.__file__).parent.glob("extensions/*/*.duckdb_extension")
engine = duckdb.connect(str(folder / "generated.duckdb"))
engine.execute(f"LOAD '{extension}'")
engine.execute(f"CALL {'dbgen' if name == 'h' else 'dsdgen'}(sf={scale})")
for (table,) in engine.execute("SELECT table_name FROM duckdb_tables()").fetchall():
    engine.execute(f"COPY {table} TO '{folder / table}.parquet' (FORMAT parquet)")
queries = engine.execute(f"SELECT query_nr, query FROM tpc{name}_queries()").fetchall()
engine.close()
(folder / "generated.duckdb").unlink()
(folder / "queries.json").write_text(json.dumps({str(number): text for number, text in queries}))
"""

_MASKED = {"h": ("c_phone", "s_phone", "o_clerk"), "ds": ("c_email_address", "ca_street_name", "s_manager")}
_FILTERS = {
    "h": {"lineitem": "l_shipmode <> 'RAIL'", "customer": "c_mktsegment in ('BUILDING', 'AUTOMOBILE', 'HOUSEHOLD')"},
    "ds": {"store_sales": "ss_quantity > 2", "customer_address": "ca_state <> 'AK' or ca_gmt_offset = -6"},
}
_MASK = r"regexp_replace({column}, '[^\p{{P}}\p{{S}}\p{{Z}}\p{{Cc}}]', 'X', 'g')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One benchmark's Parquet files and queries; `name` is `h` or `ds`."""

    name: str
    folder: Path

    @property
    def queries(self) -> Mapping[str, str]:
        """The SQL of every query by its number."""
        found: dict[str, str] = json.loads((self.folder / "queries.json").read_text())
        return found

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables."""
        return tuple(sorted(file.stem for file in self.folder.glob("*.parquet")))

    def columns(self, table: str) -> tuple[str, ...]:
        """The names of a table's columns."""
        return tuple(duckdb.read_parquet(str(self.folder / f"{table}.parquet")).columns)

    def by_hand(self) -> World:
        """An engine like the workers' own, with the views that a careful person would write for the same policies."""
        world = World(Resources(), files=[self.folder / f"{table}.parquet" for table in self.tables])
        self.add_views(world)
        return world

    def add_views(self, world: World) -> None:
        """Makes those views of the tables that an engine can reach."""
        for table in self.tables:
            masked = [name for name in self.columns(table) if name in _MASKED[self.name]]
            replaced = ", ".join(f"{_MASK.format(column=name)} AS {name}" for name in masked)
            star = f"* REPLACE ({replaced})" if masked else "*"
            where = _FILTERS[self.name].get(table, "true")
            file = self.folder / f"{table}.parquet"
            with suppress(VeilError):
                world.rows(f"CREATE VIEW {table} AS SELECT {star} FROM read_parquet('{file}') WHERE {where}")

    def govern(self, folder: Path) -> Home:
        """A home in a folder that governs the tables with masks and filters."""
        (folder / "tpc.yaml").write_text(self._document())
        home = Home(path=folder / "home")
        home.veil("init")
        home.veil("apply", folder / "tpc.yaml")
        return home

    def _document(self) -> str:
        lines = ["veil: 1", f"sources: {{files: {{connector: files, path: '{self.folder}'}}}}", "databases: {tpc: {}}"]
        lines += ["tags: {pii.masked: {}}", "datasets:"]
        for table in self.tables:
            tags = ", ".join(f"{name}: {{tags: [pii.masked]}}" for name in self.columns(table) if name in self._masked)
            lines.append(f"  tpc.{table}: {{source: files, relation: {table}.parquet, columns: {{{tags}}}}}")
        person = PEOPLE[self.name]
        lines += ["roles: {analyst: {groups: [analysts]}}", f"users: {{{person}: {{groups: [analysts]}}}}", "policies:"]
        lines.append(
            "  - {policy: all, grant: select, to: [analyst], scope: tpc, why: benchmark,"
            " transform: [{tagged: pii.masked, with: mask()}]}"
        )
        for table, where in _FILTERS[self.name].items():
            lines.append(
                f"  - {{policy: f-{table.replace('_', '-')}, restrict: select, to: [analyst], scope: tpc.{table},"
                f' where: "{where}", why: benchmark}}'
            )
        return "\n".join(lines) + "\n"

    @property
    def _masked(self) -> tuple[str, ...]:
        return _MASKED[self.name]


def ground(name: str, scale: float) -> Ground:
    """The files of a benchmark at a scale factor, generated on first use (for `h` at 1: about a minute)."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "veil-benchmarks"
    folder = cache / f"tpc{name}-{scale:g}"
    if not (folder / "queries.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        python = _environment(cache / f"duckdb-{VERSION}", name)
        subprocess.run([python, "-c", _GENERATE, name, f"{scale:g}", folder], check=True, timeout=1800)
    return Ground(name=name, folder=folder)


def _environment(folder: Path, name: str) -> Path:
    """An environment with the older engine and the generator; nothing of it meets this project's own."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=300)
    wanted = [f"duckdb=={VERSION}", f"duckdb-extension-tpc{name}=={VERSION}"]
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
    subprocess.run(install, check=True, timeout=600)
    return python
