"""Finds datasets in sources and proposes tags for their columns.

Rule: sampled values are judged and forgotten, never stored; a person's verdict is never overwritten.
This room never sees the policy engine.

Reading order: rules (how a tag is recognised), builtin (the rules every crawl knows), cells, classify,
report (what a crawl has found), look (reads a source), overlaps and likeness (what may be another dataset),
registrar (writes the catalog), crawl.
"""
