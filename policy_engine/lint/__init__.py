"""Lint: what is odd about documents although they can be read, found before anybody is harmed by it.

Every family of findings is a function from a Case to findings; none reads a clock, a file or the data.
Reading order: findings, case, names, time, grants, cells, columns, tags, run.
"""
