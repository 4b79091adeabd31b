"""Pages as people use them: a real browser in front of a real server."""
