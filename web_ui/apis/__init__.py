"""The control API under /api/v1, and its description."""
