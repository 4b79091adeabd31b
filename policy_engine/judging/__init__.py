"""What one subject sees of one dataset: each column, each row, and why.

Rule: a pure function of who asks, the dataset, the policies and the circumstances; what cannot be judged protects.

Reading order: decide (the judgement), policy_index (which policies bind), hearing (all that bind, on datasets alike),
rulings (what they say of a column), nesting (of its fields), cells (of its cells), verdicts, reasons, judged, sights;
kinds and phases tell for whom and how long a judgement holds.
"""
