"""Finds datasets in sources and proposes tags for their columns.

Rule: sampled values are judged and forgotten, never stored; a person's verdict is never overwritten.
This room never sees the policy engine.

Reading order: rules, classify, crawl.
"""
