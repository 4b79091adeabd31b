"""Tests of the transforms: SQL against reference, golden vectors, and the promises of each."""
