"""The connectors: one file, or one folder, for each kind of place that holds data.

Rule: a connector reads, never writes, and answers only for the relations it was asked to open.

Reading order: connector (what every connector is); the embedded DuckDB: world (closed and locked), opening (relations
in it), stoppable, run and watch (streaming, time limits, cancel), failures, workers (the processes it runs in), engine
(a session), sessions (kept and shared), engine_types;
then the connectors: files and remote, a folder each, private_copies, and duckdb_file.
"""
