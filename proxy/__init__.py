"""The path of one query, from a request to a governed stream.

Rule: the engine receives only SQL that was generated from a checked tree, never the person's text.

Reading order: pipeline is the line itself; then its stations in order: identity, statement, functions,
relations, secure, barrier, verify, execute, wire; problems maps errors, api opens the doors.
"""
