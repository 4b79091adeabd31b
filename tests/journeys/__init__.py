"""Whole stories, told with real files, a real server process and a real client."""
