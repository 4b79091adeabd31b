"""The document: what an administrator writes as YAML, and how the live state is written back.

Reading order: places, model, tree, entries, scopes, policies, sections, tests, reading, writing.
"""
