"""Who may see what, and why.

Rule: the judging files (model and the words beside it, filters/, transforms/, judging/) do no I/O; time, randomness and
keys are arguments. This room never sees the crawler.

Reading order: the words of a policy (model, circumstances, conditions, tag_expressions, strength); filters/ and
transforms/; judging/, and visibility, the one door to it; document/ and ddl/ (what an administrator writes); state,
store and live (what is in force); changing/ (from one state to the next), requests/, lint/, telling/.
"""
