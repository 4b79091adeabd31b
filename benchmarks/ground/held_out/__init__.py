"""Labelled tables that the detectors were not made with: many countries, hospitals, banks, logs, and look-alikes."""
