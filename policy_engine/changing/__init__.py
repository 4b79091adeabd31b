"""From one state of the policies to the next: what would change, whom it would touch, and carrying it out.

Rule: nobody applies what was not planned, and nothing is applied in part.

Reading order: merging and draft (the state that a document leads to), differences; touched, impact, moves, pairing and
comparison (what it does to people), plan with plan_words and plan_warnings, apply; history, export and removal;
delegation (what a document and a change take), reach; row_counts, policy_tests; told_plan with notes (what is told of
all this); facts, unfit.
"""
