"""Decisions and policies in words and tables: explain, sentences, who, matrix, coverage.

Rule: what is told is taken from the decision that a query would get.
"""
