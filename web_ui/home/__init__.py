"""What a person finds at home: what waits for them, how the estate stands, what they read, and how to begin.

Rule: every number is of the evaluator or the journal, and is told to nobody who could not read it elsewhere.
Read: estate, steps, tasks, overview.
"""
