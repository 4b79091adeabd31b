"""Queries run in worker processes: what blows up there harms nobody else.

Reading order: messages (what passes between them), walls (what a worker gives up), worker (its loop), fork_server (the
process that makes workers), forking (how the server asks it to), handle, pool, incoming, run (a query under way);
apart (a function of Veil's own).
"""
