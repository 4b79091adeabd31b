"""Which version of Veil this is."""

__version__ = "0.1.0"
