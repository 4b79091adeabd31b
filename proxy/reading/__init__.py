"""Reads what a person wrote into a checked tree.

Rule: what is not on a list of `dialects/` is refused; nothing has to be forbidden by name.

Reading order: statement (all of it), tokens (limits, before anything is parsed), allowed (what may stand in it),
grammar, functions and shapes (the lists), parameters; then the forms that are spelt out as plainer ones: calls, pivots,
describing.
"""
