"""Relations of other database systems: read by their own drivers, governed in the embedded engine.

A person's SQL never reaches a source. What does is written here: the columns that are needed, and conditions that can
only drop rows which the engine drops again. Reading order: snapshot, arrow_types, conditions, statements, dataset,
opened, connector; then address, rows and one file for each system.
"""
