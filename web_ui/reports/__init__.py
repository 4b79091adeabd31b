"""The reports that auditors and owners ask for: each a question, answered as a table by the evaluator or the journal.

Rule: a report knows nothing of pages, API or command line, and tells nothing beyond the databases of who asks.
Read: report, desk, sight, since, exposure, use, changes, kinds.
"""
