"""The connectors: one file for each kind of place that holds data.

Rule: a connector reads, never writes, and answers only for the relations it was asked to open.

Reading order: connector (what every connector is), engine (the embedded, locked DuckDB), files, duckdb_file.
"""
