"""What data exists, what it is tagged, where it lives and what happened to it.

Rule: this room knows nothing of policies, queries or pages; it imports no other room.

Reading order: errors, names, model, home, database, migrations, then the stores (sources come
as connectors in `sources/`), and last the journal.
"""
