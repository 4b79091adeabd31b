"""What data exists, what it is tagged, where it lives and what happened to it.

Rule: this room knows nothing of policies, queries or pages; it imports no other room.

Reading order: errors, names, clock, model; home, migrations, database; then the stores: lookup, dataset_reader,
doubles, flows (lineage and descent tell these; a view's SQL is followed by lineage_forms, lineage_text, lineage_names,
lineage_expressions and lineage_trace), datasets, tags, revisions; who there is (`people/`); sources come as connectors
(`sources/`, registry); and last what happened (`journal/`: event, chain, event_index, journal and seals; `sinks/`
passes it on).
"""
