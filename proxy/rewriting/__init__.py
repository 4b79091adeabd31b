"""Puts governed relations in the place of datasets, and has the result confirmed.

Rule: what the engine's own parser reads in the finished SQL must be what was decided.

Reading order: relations (where datasets stand), projection and secure (the governed relation of one), rewrite (splices
it in), with_names (what queries of WITH are called meanwhile), verify (reads it again), labels (how columns are
called); information and shows (the catalog as tables); for explanations resolve, fields and mentions; memory remembers
what was settled.
"""
