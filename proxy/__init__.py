"""The path of one query, from a request to a governed stream.

Rule: the engine receives only SQL that was generated from a checked tree, never the person's text.

Reading order: pipeline is the line itself; then its stations in order: identity, tokens, statement (with grammar,
functions, calls, pivots, describing), relations, information, secure, barrier, families, meanings, labels,
rewrite, verify, wire; problems maps errors, api opens the doors.
"""
