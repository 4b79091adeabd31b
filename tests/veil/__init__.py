"""Tests of the front door: the Python client and the commands."""
