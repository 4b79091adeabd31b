"""The connectors: one file for each kind of place that holds data.

Rule: a connector reads, never writes, and answers only for the relations it was asked to open.

Reading order: connector (what every connector is); the embedded DuckDB: world (closed and locked), run and
watch (streaming, time limits, cancel), failures, engine (a session), sessions (kept and shared), engine_types;
then the connectors files (with file_kinds, file_layout, file_scans) and duckdb_file.
"""
