"""Decides where an expression that may raise can stand, so that no error tells of a value or row that is not seen.

Rule: what is not known to be total may raise.

Reading order: barrier (the judgement of a query), families and numbers (what can be computed of every value), meanings
(what names stand for), late (what is worked out last), outer_joins (what the engine counts wrong).
"""
