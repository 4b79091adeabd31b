"""What data exists, what it is tagged, where it lives and what happened to it.

Rule: this room knows nothing of policies, queries or pages; it imports no other room.

Reading order: errors, names, clock, model; home, migrations, database; then the stores: lookup, dataset_reader,
datasets, tags, accounts, api_tokens, revisions; sources come as connectors (`sources/`, registry); and last
chain, event_index, journal and seals; `sinks/` passes the journal on.
"""
