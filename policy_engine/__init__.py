"""Who may see what, and why.

Rule: the judging files (model, tag_expressions, filters/, strength, decide, transforms/) do no I/O;
time, randomness and keys are arguments. This room never sees the crawler.

Reading order: model, tag_expressions, filters/, transforms/, decide, visibility, explain, then the
document (what an administrator writes), plan, impact, and store (numbered revisions).
"""
