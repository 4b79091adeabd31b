"""The connectors: one file for each kind of place that holds data.

Rule: a connector reads, never writes, and answers only for the relations it was asked to open.

Reading order: connector (what every connector is); the embedded DuckDB: world (closed and locked), opening (relations
in it), run and watch (streaming, time limits, cancel), failures, workers (the processes it runs in), engine (a
session), sessions (kept and shared), engine_types;
then the connector files: file_kinds, file_sets, local_folder and file_layout (which files are meant), file_options,
encodings, private_copies, avro_files, spreadsheets and preparations (what the engine cannot read as it stands),
file_scans, delimited, bad_rows, file_columns and file_samples (how they are read), file_relation (all of it for one
relation), s3_options, hollow and s3_bucket (files in a bucket); and duckdb_file.
"""
