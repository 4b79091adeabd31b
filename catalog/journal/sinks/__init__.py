"""Passes the journal on to where auditors and their tools look: files, syslog, and web addresses.

Reading order: brief, forms, targets, delivery.
"""
